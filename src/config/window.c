#include "config/window.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};

enum { DAYS = ARRAY_LENGTH(days) };

/* One span as written: on every day if first is -1. */
struct span {
    int first, last; /* days, 0 = Monday */
    int from, to;    /* minutes since midnight; to > from, beyond 24:00 if across midnight */
};

static bool read_day(const char **cursor, int *day)
{
    size_t length = 0;

    while (isalpha((unsigned char)(*cursor)[length]))
        length++;
    for (int i = 0; i < DAYS; i++) {
        if ((length == strlen(days[i]) && strncasecmp(*cursor, days[i], length) == 0) ||
            (length == strlen(long_days[i]) && strncasecmp(*cursor, long_days[i], length) == 0)) {
            *cursor += length;
            *day = i;
            return true;
        }
    }
    return false;
}

/* Digits of a time; -1 if there are none or more than two. */
static int read_two_digits(const char **cursor)
{
    size_t digits = strspn(*cursor, "0123456789");
    int number = atoi(*cursor);

    *cursor += digits;
    return digits == 1 || digits == 2 ? number : -1;
}

static bool read_time(const char **cursor, int *minutes)
{
    int hour = read_two_digits(cursor), minute;
    const char *minute_digits;

    if (hour < 0 || **cursor != ':')
        return false;
    minute_digits = ++*cursor;
    minute = read_two_digits(cursor);
    if (minute < 0 || *cursor - minute_digits != 2)
        return false;
    *minutes = 60 * hour + minute;
    return minute < 60 && *minutes <= DAY_MINUTES;
}

/* An optional day or range of days. */
static bool read_days(const char *written, const char **cursor, struct span *span, struct err *err)
{
    span->first = span->last = -1;
    if (!isalpha((unsigned char)**cursor))
        return true;
    if (!read_day(cursor, &span->first))
        return err_set(err,
                       "\"%s\" doesn't begin with a day; the days are Mon Tue Wed Thu Fri Sat Sun",
                       written);
    span->last = span->first;
    *cursor = text_skip_blanks(*cursor);
    if (**cursor == '-') {
        *cursor = text_skip_blanks(*cursor + 1);
        if (!read_day(cursor, &span->last))
            return err_set(err, "\"%s\" needs a day after the \"-\", as in Mon-Fri", written);
        *cursor = text_skip_blanks(*cursor);
    }
    if (**cursor == '\0')
        return err_set(err,
                       "\"%s\" has no time; each span needs its own, \"%s 00:00-24:00\" for the "
                       "whole day",
                       written, written);
    return true;
}

static bool read_times(const char *written, const char **cursor, struct span *span, struct err *err)
{
    bool read = read_time(cursor, &span->from);

    *cursor = text_skip_blanks(*cursor);
    read = read && **cursor == '-';
    if (read)
        *cursor = text_skip_blanks(*cursor + 1);
    if (!read || !read_time(cursor, &span->to) || **cursor != '\0')
        return err_set(err, "\"%s\" is not a span; write for example \"Mon-Fri 01:00-05:00\"",
                       written);
    if (span->from == DAY_MINUTES)
        return err_set(err, "\"%s\" begins at 24:00; write 00:00 and the next day", written);
    if (span->from == span->to)
        return err_set(err, "\"%s\" begins when it ends; the whole day is 00:00-24:00", written);
    if (span->to < span->from)
        span->to += DAY_MINUTES;
    return true;
}

static bool read_span(const char *written, struct span *span, struct err *err)
{
    const char *cursor = written;

    if (*written == '\0')
        return err_set(err, "a span is missing beside a comma");
    if (strcasecmp(written, "always") == 0)
        return err_set(err, "\"always\" stands alone, without other spans");
    return read_days(written, &cursor, span, err) && read_times(written, &cursor, span, err);
}

static void add_to_week(struct week *week, int day, const struct span *span)
{
    week->spans = mem_grow(week->spans, (week->count + 1) * sizeof *week->spans);
    week->spans[week->count++] = (struct week_span){.from = day * DAY_MINUTES + span->from,
                                                    .to = day * DAY_MINUTES + span->to};
}

static void add_span(struct week *week, const struct span *span)
{
    int first = span->first < 0 ? 0 : span->first;
    int last = span->first < 0 ? DAYS - 1 : span->last;

    for (int day = first;; day = (day + 1) % DAYS) {
        add_to_week(week, day, span);
        if (day == last)
            break;
    }
}

/* The end is printed as a time of day again: 22:00-04:00, and 24:00 for midnight. */
static void print_span(const struct span *span, struct text *out)
{
    int to = span->to > DAY_MINUTES ? span->to - DAY_MINUTES : span->to;

    if (out->length > 0)
        text_add(out, ", ");
    if (span->first >= 0)
        text_add(out, days[span->first]);
    if (span->last != span->first)
        text_addf(out, "-%s", days[span->last]);
    if (span->first >= 0)
        text_add(out, " ");
    text_addf(out, "%02d:%02d-%02d:%02d", span->from / 60, span->from % 60, to / 60, to % 60);
}

static int by_start(const void *left, const void *right)
{
    const struct week_span *a = left, *b = right;

    return a->from != b->from ? (a->from > b->from) - (a->from < b->from)
                              : (a->to > b->to) - (a->to < b->to);
}

/* The piece up to the next comma without the blanks around it; the caller frees it. */
static char *take_piece(const char **cursor)
{
    const char *start = text_skip_blanks(*cursor);
    size_t length = strcspn(start, ",");
    struct text piece = {0};

    *cursor = start + length;
    while (length > 0 && strchr(" \t", start[length - 1]) != NULL)
        length--;
    text_add_bytes(&piece, start, length);
    return text_take(&piece);
}

static bool read_spans(const char *text, struct week *week, struct text *written, struct err *err)
{
    const char *cursor = text;

    for (;;) {
        struct span span = {0};
        char *piece = take_piece(&cursor);
        bool read = read_span(piece, &span, err);

        free(piece);
        if (!read)
            return false;
        add_span(week, &span);
        print_span(&span, written);
        if (*cursor == '\0')
            return true;
        cursor++;
    }
}

bool window_parse(const char *text, struct week *week, char **written, struct err *err)
{
    struct text canonical = {0};

    *week = (struct week){0};
    if (strcasecmp(text, "always") == 0) {
        *written = text_copy("always");
        return true;
    }
    if (!read_spans(text, week, &canonical, err)) {
        free(week->spans);
        *week = (struct week){0};
        text_free(&canonical);
        return false;
    }
    qsort(week->spans, week->count, sizeof *week->spans, by_start);
    *written = text_take(&canonical);
    return true;
}
