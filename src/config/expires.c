#include "config/expires.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/duration.h"
#include "config/identifier.h"

/* The least that min_retention can be lowered to. */
enum { SHORTEST_MS = 1000 };

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* `at` as a word of its own, not the beginning of `attempted_at` and not quoted. (strchr() finds
 * the end of the text as well.) */
static bool take_at(const char **cursor)
{
    if (strncasecmp(*cursor, "at", 2) != 0 || strchr(" \t+\"", (*cursor)[2]) == NULL)
        return false;
    *cursor = skip_blanks(*cursor + 2);
    return true;
}

/* A column named at must keep its quotes, or it would be read back as the word. */
static void print_column(const char *column, struct text *out)
{
    if (text_equal(column, "at"))
        text_add(out, "\"at\"");
    else
        identifier_print(column, out);
}

static char *column_written(const char *column)
{
    struct text written = {0};

    print_column(column, &written);
    return text_take(&written);
}

static bool parse_at(const char *cursor, struct expires *expires, struct err *err)
{
    struct text written = {0};

    if (*cursor == '\0' || *cursor == '+')
        return err_set(err, "a column is missing after \"at\"; if the column is named at, write "
                            "\"at\" in double quotes");
    if (!identifier_read(&cursor, &expires->column, err))
        return false;
    cursor = skip_blanks(cursor);
    if (*cursor == '+')
        return err_set(err, "\"at\" and a retention exclude each other; write %s %s",
                       expires->column, cursor);
    if (*cursor != '\0')
        return err_set(err, "there is something behind the column: \"%s\"", cursor);
    expires->kind = EXPIRES_AT;
    text_add(&written, "at ");
    print_column(expires->column, &written);
    expires->written = text_take(&written);
    return true;
}

static bool complain_about_missing_retention(const char *column, struct err *err)
{
    char *written = column_written(column);

    err_set(err,
            "\"%s\" alone doesn't say when: write \"%s + 30d\" if it is a mark that was set in the "
            "past, or \"at %s\" if it holds the time of expiry itself",
            written, written, written);
    free(written);
    return false;
}

static bool parse_after_mark(const char *cursor, struct expires *expires, struct err *err)
{
    const char *text;
    struct duration retention;
    struct text written = {0};

    if (!identifier_read(&cursor, &expires->column, err))
        return false;
    cursor = skip_blanks(cursor);
    if (*cursor == '\0')
        return complain_about_missing_retention(expires->column, err);
    if (*cursor != '+')
        return err_set(err, "can't be read from \"%s\" on; write COLUMN + RETENTION or at COLUMN",
                       cursor);
    text = skip_blanks(cursor + 1);
    if (!duration_parse(text, "d", &retention, err))
        return false;
    if (duration_least_ms(retention) < SHORTEST_MS)
        return err_set(err, "\"%s\" is too short: a retention has at least 1s", text);
    expires->kind = EXPIRES_AFTER_MARK;
    expires->retention = duration_interval(retention);
    expires->retention_least_ms = duration_least_ms(retention);
    print_column(expires->column, &written);
    text_add(&written, " + ");
    duration_print(retention, &written);
    expires->written = text_take(&written);
    return true;
}

bool expires_parse(const char *text, struct expires *expires, struct err *err)
{
    const char *cursor = text;

    *expires = (struct expires){0};
    if (take_at(&cursor) ? parse_at(cursor, expires, err) : parse_after_mark(cursor, expires, err))
        return true;
    expires_clear(expires);
    return false;
}

void expires_clear(struct expires *expires)
{
    free(expires->column);
    free(expires->retention);
    free(expires->written);
    *expires = (struct expires){0};
}
