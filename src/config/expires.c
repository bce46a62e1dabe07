#include "config/expires.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/duration.h"
#include "config/identifier.h"

/* The least that min_retention can be lowered to. */
enum { SHORTEST_MS = 1000 };

/* `at` as a word of its own, not the beginning of `attempted_at` and not quoted. (strchr() finds
 * the end of the text as well.) */
static bool take_at(const char **cursor)
{
    if (strncasecmp(*cursor, "at", 2) != 0 || strchr(" \t+\"", (*cursor)[2]) == NULL)
        return false;
    *cursor = text_skip_blanks(*cursor + 2);
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
    cursor = text_skip_blanks(cursor);
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

static bool parse_retention(const char *text, struct duration *retention, struct err *err)
{
    if (!duration_parse(text, "d", retention, err))
        return false;
    if (duration_least_ms(*retention) < SHORTEST_MS)
        return err_set(err, "\"%s\" is too short: a retention has at least 1s", text);
    return true;
}

static bool complain_about_missing_unit(const struct expires *expires, struct err *err)
{
    char *mark = column_written(expires->column), *row = column_written(expires->row_column);

    err_set(err,
            "the column %s needs the unit that it counts: write \"%s + %s * 1d\" if it holds a "
            "number of days",
            row, mark, row);
    free(mark);
    free(row);
    return false;
}

/* `delete_after_days * 1d` */
static bool parse_row_retention(const char *cursor, struct expires *expires, struct duration *unit,
                                struct err *err)
{
    if (!identifier_read(&cursor, &expires->row_column, err))
        return false;
    cursor = text_skip_blanks(cursor);
    if (*cursor != '*')
        return complain_about_missing_unit(expires, err);
    if (!parse_retention(text_skip_blanks(cursor + 1), unit, err))
        return false;
    expires->kind = EXPIRES_BY_ROW;
    expires->row_unit = duration_interval(*unit);
    expires->row_unit_least_ms = duration_least_ms(*unit);
    return true;
}

static bool parse_fixed_retention(const char *cursor, struct expires *expires,
                                  struct duration *retention, struct err *err)
{
    if (!parse_retention(cursor, retention, err))
        return false;
    expires->kind = EXPIRES_AFTER_MARK;
    expires->retention = duration_interval(*retention);
    expires->retention_least_ms = duration_least_ms(*retention);
    return true;
}

/* A duration begins with a digit, or with the sign of a wrong one. */
static bool is_duration(const char *text)
{
    return strchr("+-.0123456789", *text) != NULL; /* the end of the text is found as well */
}

static char *write_after_mark(const struct expires *expires, struct duration duration)
{
    struct text written = {0};

    print_column(expires->column, &written);
    text_add(&written, " + ");
    if (expires->kind == EXPIRES_BY_ROW) {
        print_column(expires->row_column, &written);
        text_add(&written, " * ");
    }
    duration_print(duration, &written);
    return text_take(&written);
}

static bool parse_after_mark(const char *cursor, struct expires *expires, struct err *err)
{
    struct duration duration;

    if (!identifier_read(&cursor, &expires->column, err))
        return false;
    cursor = text_skip_blanks(cursor);
    if (*cursor == '\0')
        return complain_about_missing_retention(expires->column, err);
    if (*cursor != '+')
        return err_set(err, "can't be read from \"%s\" on; write COLUMN + RETENTION or at COLUMN",
                       cursor);
    cursor = text_skip_blanks(cursor + 1);
    if (is_duration(cursor) ? !parse_fixed_retention(cursor, expires, &duration, err)
                            : !parse_row_retention(cursor, expires, &duration, err))
        return false;
    expires->written = write_after_mark(expires, duration);
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
    free(expires->row_column);
    free(expires->row_unit);
    free(expires->written);
    *expires = (struct expires){0};
}
