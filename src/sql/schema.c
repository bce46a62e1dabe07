#include "sql/schema.h"

#include <stdlib.h>
#include <string.h>

#include "sql/quote.h"

/* Made at build time from sql/schema.sql and sql/migrations/; ends with NULL. */
extern const char *const schema_lines[];

static void add_line(struct text *out, const char *line, const char *token, const char *value)
{
    const char *found;

    while ((found = strstr(line, token)) != NULL) {
        text_add_bytes(out, line, (size_t)(found - line));
        text_add(out, value);
        line = found + strlen(token);
    }
    text_add(out, line);
}

void schema_sql(const char *role, struct text *out)
{
    char *identifier = sql_identifier(role), *literal = sql_literal(role);

    for (const char *const *line = schema_lines; *line != NULL; line++) {
        if (strstr(*line, "@ROLE_LITERAL@") != NULL) /* the name itself may hold a token */
            add_line(out, *line, "@ROLE_LITERAL@", literal);
        else
            add_line(out, *line, "@ROLE@", identifier);
        text_add(out, "\n");
    }
    free(literal);
    free(identifier);
}
