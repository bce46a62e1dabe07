#include "sql/quote.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static char *quoted(const char *value, const char *prefix, char quote, bool double_backslash)
{
    struct text out = {0};

    text_add(&out, prefix);
    text_add_bytes(&out, &quote, 1);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == quote || (double_backslash && *c == '\\'))
            text_add_bytes(&out, c, 1);
        text_add_bytes(&out, c, 1);
    }
    text_add_bytes(&out, &quote, 1);
    return text_take(&out);
}

char *sql_identifier(const char *name)
{
    return quoted(name, "", '"', false);
}

char *sql_qualified(const char *schema, const char *name)
{
    char *quoted_schema = sql_identifier(schema), *quoted_name = sql_identifier(name);
    char *qualified = text_format("%s.%s", quoted_schema, quoted_name);

    free(quoted_name);
    free(quoted_schema);
    return qualified;
}

char *sql_literal(const char *value)
{
    bool backslash = strchr(value, '\\') != NULL;

    return quoted(value, backslash ? "E" : "", '\'', backslash);
}
