#include "config/never_expires.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* ---- dates and times ---- */

/* Exactly so many digits, as a number from `least` to `most`. */
static bool take_number(const char **cursor, int digits, int least, int most, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++, ++*cursor) {
        if (!isdigit((unsigned char)**cursor))
            return false;
        *number = *number * 10 + (**cursor - '0');
    }
    return *number >= least && *number <= most;
}

static bool take_sign(const char **cursor, const char *signs)
{
    if (**cursor == '\0' || strchr(signs, **cursor) == NULL)
        return false;
    ++*cursor;
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **cursor, struct text *out)
{
    int year, month, day;

    if (!take_number(cursor, 4, 1, 9999, &year) || !take_sign(cursor, "-") ||
        !take_number(cursor, 2, 1, 12, &month) || !take_sign(cursor, "-") ||
        !take_number(cursor, 2, 1, days_in(year, month), &day))
        return false;
    text_addf(out, "%04d-%02d-%02d", year, month, day);
    return true;
}

/* PostgreSQL keeps six digits and would round a seventh. */
static bool take_fraction(const char **cursor, struct text *out)
{
    size_t digits;

    if (**cursor != '.')
        return true;
    digits = strspn(*cursor + 1, "0123456789");
    text_add_bytes(out, *cursor, digits + 1);
    *cursor += digits + 1;
    return digits >= 1 && digits <= 6;
}

static bool take_time(const char **cursor, struct text *out)
{
    int hour, minute, second = 0;

    if (!take_number(cursor, 2, 0, 23, &hour) || !take_sign(cursor, ":") ||
        !take_number(cursor, 2, 0, 59, &minute))
        return false;
    if (take_sign(cursor, ":") && !take_number(cursor, 2, 0, 59, &second))
        return false;
    text_addf(out, " %02d:%02d:%02d", hour, minute, second);
    return take_fraction(cursor, out);
}

/* An offset; the name of a zone would make it depend on the server's tables. */
static bool take_zone(const char **cursor, struct text *out)
{
    int hours = 0, minutes = 0;
    char sign = **cursor;

    if (take_sign(cursor, "zZ")) {
        text_add(out, "+00:00");
        return true;
    }
    if (!take_sign(cursor, "+-") || !take_number(cursor, 2, 0, 15, &hours))
        return false;
    if ((take_sign(cursor, ":") || isdigit((unsigned char)**cursor)) &&
        !take_number(cursor, 2, 0, 59, &minutes))
        return false;
    text_addf(out, "%c%02d:%02d", sign, hours, minutes);
    return true;
}

static bool parse_moment(const char *text, struct sentinel *sentinel, struct text *out)
{
    const char *cursor = text;

    if (!take_date(&cursor, out))
        return false;
    sentinel->kind = SENTINEL_DATE;
    if (*cursor == '\0')
        return true;
    if (!take_sign(&cursor, " Tt") || !take_time(&cursor, out))
        return false;
    sentinel->kind = SENTINEL_LOCAL;
    cursor += *cursor == ' ';
    if (*cursor == '\0')
        return true;
    sentinel->kind = SENTINEL_INSTANT;
    return take_zone(&cursor, out) && *cursor == '\0';
}

/* ---- the others ---- */

static bool parse_word(const char *text, struct sentinel *sentinel, struct text *out)
{
    static const char *const words[] = {"null", "0", "infinity", "-infinity"};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcasecmp(words[i], text) == 0) {
            sentinel->kind = SENTINEL_NATURAL;
            text_add(out, words[i]);
            return true;
        }
    }
    return false;
}

static bool parse_number(const char *text, struct sentinel *sentinel, struct text *out)
{
    const char *digits = text + (*text == '-');
    long long number;

    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return false;
    errno = 0;
    number = strtoll(text, NULL, 10);
    sentinel->kind = SENTINEL_NUMBER;
    text_addf(out, "%lld", number);
    return errno == 0;
}

typedef bool parse_fn(const char *text, struct sentinel *sentinel, struct text *out);

static bool parse_sentinel(const char *text, struct sentinel *sentinel, struct err *err)
{
    static parse_fn *const kinds[] = {parse_word, parse_number, parse_moment};

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        struct text out = {0};

        if (kinds[i](text, sentinel, &out)) {
            sentinel->text = text_take(&out);
            return true;
        }
        text_free(&out);
    }
    return err_set(err,
                   "\"%s\" is no mark; write null, 0, infinity, -infinity, a number, a date "
                   "(9999-12-31) or a time (9999-12-31 23:59:59+00)",
                   text);
}

/* ---- the list ---- */

static char *copy_element(const char *begin, size_t length)
{
    struct text element = {0};

    while (length > 0 && strchr(" \t", begin[length - 1]) != NULL)
        length--;
    text_add_bytes(&element, begin, length);
    return text_take(&element);
}

static bool add_element(const char *text, struct never_expires *values, struct err *err)
{
    values->items = mem_grow(values->items, (values->count + 1) * sizeof *values->items);
    values->items[values->count] = (struct sentinel){0};
    if (text[0] == '\0')
        return err_set(err, "a mark is missing beside a comma");
    return parse_sentinel(text, &values->items[values->count], err) && ++values->count > 0;
}

static bool parse_list(const char *text, struct never_expires *values, struct err *err)
{
    for (const char *begin = text;; begin++) {
        size_t length;
        char *element;
        bool added;

        begin += strspn(begin, " \t");
        length = strcspn(begin, ",");
        element = copy_element(begin, length);
        added = add_element(element, values, err);
        free(element);
        begin += length;
        if (!added || *begin == '\0')
            return added;
    }
}

bool never_expires_parse(const char *text, struct never_expires *values, struct err *err)
{
    struct text written = {0};

    *values = (struct never_expires){0};
    if (*text != '\0' && !parse_list(text, values, err)) {
        never_expires_clear(values);
        return false;
    }
    for (size_t i = 0; i < values->count; i++)
        text_addf(&written, "%s%s", i > 0 ? ", " : "", values->items[i].text);
    values->written = text_take(&written);
    return true;
}

void never_expires_clear(struct never_expires *values)
{
    for (size_t i = 0; i < values->count; i++)
        free(values->items[i].text);
    free(values->items);
    free(values->written);
    *values = (struct never_expires){0};
}
