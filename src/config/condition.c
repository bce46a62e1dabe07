#include "config/condition.h"

#include <string.h>

#include "base/text.h"

/*
 * Where a backslash escapes and where it doesn't depends on the literal and on the server's
 * standard_conforming_strings, and with it where a literal ends. Without one, '' is the only way to
 * write a quote in a literal, and "" in a name.
 */
static bool skip_quoted(const char **cursor, struct err *err)
{
    const char *start = *cursor, *end = strchr(start + 1, *start);

    if (end == NULL)
        return err_set(err, "the quote at %s is not closed", start);
    *cursor = end;
    return true;
}

static bool check_sign(const char *at, int *depth, struct err *err)
{
    if (*at == ';')
        return err_set(err, "a \";\" would begin another statement; write one expression");
    if (text_starts(at, "--") || text_starts(at, "/*"))
        return err_set(err, "\"%.2s\" would begin a comment of SQL; leave it out", at);
    if (*at == '$')
        return err_set(err, "a \"$\" is not allowed: there are no parameters and no dollar quotes; "
                            "a name with one stands in double quotes");
    *depth += (*at == '(') - (*at == ')');
    return *depth >= 0 || err_set(err, "there is a \")\" too many");
}

bool condition_check(const char *text, struct err *err)
{
    int depth = 0;

    if (strchr(text, '\\') != NULL)
        return err_set(err, "a backslash is not allowed: what it means depends on the server; "
                            "write chr(92), or use a function");
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\'' || *at == '"') {
            if (!skip_quoted(&at, err))
                return false;
        } else if (!check_sign(at, &depth, err)) {
            return false;
        }
    }
    return depth == 0 || err_set(err, "a \")\" is missing");
}
