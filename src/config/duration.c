#include "config/duration.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct duration_unit {
    const char *code, *word;
    int64_t ms;
    bool calendar; /* its length depends on the date; ms is the shortest that it can be */
};

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Longer ones would take PostgreSQL's now() - interval towards the beginning of its calendar. */
#define LONGEST_MS (1000 * 365 * DAY_MS)

static const struct duration_unit units[] = {
    {"ms", "millisecond", 1, false},     {"s", "second", SECOND_MS, false},
    {"min", "minute", MINUTE_MS, false}, {"h", "hour", HOUR_MS, false},
    {"d", "day", DAY_MS, false},         {"w", "week", 7 * DAY_MS, false},
    {"mo", "month", 28 * DAY_MS, true},  {"y", "year", 365 * DAY_MS, true},
};

/* What people write instead of the codes, here or in PostgreSQL. */
static const struct {
    const char *written, *code;
} habits[] = {
    {"msec", "ms"}, {"sec", "s"},  {"secs", "s"},  {"mins", "min"}, {"hr", "h"},
    {"hrs", "h"},   {"mon", "mo"}, {"mons", "mo"}, {"yr", "y"},     {"yrs", "y"},
};

static const struct duration_unit *unit_of_code(const char *code)
{
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (text_equal(units[i].code, code))
            return &units[i];
    }
    return NULL;
}

/* "days", "Day", "D": the unit that was probably meant, for the message. */
static const struct duration_unit *unit_meant(const char *written)
{
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        size_t length = strlen(units[i].word);

        if (strcasecmp(units[i].code, written) == 0)
            return &units[i];
        if (strncasecmp(units[i].word, written, length) == 0 &&
            (written[length] == '\0' || strcasecmp(written + length, "s") == 0))
            return &units[i];
    }
    for (size_t i = 0; i < ARRAY_LENGTH(habits); i++) {
        if (strcasecmp(habits[i].written, written) == 0)
            return unit_of_code(habits[i].code);
    }
    return NULL;
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static bool complain_about_unit(const char *text, int64_t count, const char *written,
                                const char *usual_unit, struct err *err)
{
    const struct duration_unit *usual = unit_of_code(usual_unit), *meant = unit_meant(written);
    long long number = count;

    if (written[0] == '\0')
        return err_set(err, "\"%s\" has no unit; write %lld%s for %lld %s%s", text, number,
                       usual->code, number, usual->word, plural(count));
    if (text_equal(written, "m") || text_equal(written, "M"))
        return err_set(err,
                       "\"%s\" is ambiguous (PostgreSQL reads it as %lld minute%s): write %lldmin "
                       "or %lldmo",
                       text, number, plural(count), number, number);
    if (meant != NULL)
        return err_set(err, "\"%s\": write %lld%s", text, number, meant->code);
    return err_set(err, "\"%s\" is not a duration: the units are ms, s, min, h, d, w, mo, y", text);
}

static bool complain_about_number(const char *text, const char *usual_unit, struct err *err)
{
    if (text[0] == '\0')
        return err_set(err, "a duration is missing; write for example 30%s", usual_unit);
    if (text[0] == '-')
        return err_set(err, "\"%s\" is negative; a duration is counted forwards", text);
    return err_set(err, "\"%s\" is not a duration; write a number and a unit, for example 30%s",
                   text, usual_unit);
}

static bool too_long(const char *text, struct err *err)
{
    return err_set(err, "\"%s\" is longer than 1000 years", text);
}

/* The digits at the start of text; -1 if they are too many to be a sensible duration. */
static int64_t leading_number(const char *text, size_t digits)
{
    size_t zeros = strspn(text, "0");

    if (digits > zeros && digits - zeros > 15)
        return -1;
    return strtoll(text, NULL, 10);
}

bool duration_parse(const char *text, const char *usual_unit, struct duration *duration,
                    struct err *err)
{
    size_t digits = strspn(text, "0123456789");
    const char *written = text + digits + strspn(text + digits, " \t");
    int64_t count, ms;

    if (digits == 0)
        return complain_about_number(text, usual_unit, err);
    if (*written == '.' || *written == ',')
        return err_set(err, "\"%s\" is not a whole number; write it in a smaller unit", text);
    count = leading_number(text, digits);
    if (count < 0)
        return too_long(text, err);
    *duration = (struct duration){.count = count, .unit = unit_of_code(written)};
    if (duration->unit == NULL)
        return complain_about_unit(text, count, written, usual_unit, err);
    if (__builtin_mul_overflow(count, duration->unit->ms, &ms) || ms > LONGEST_MS)
        return too_long(text, err);
    return true;
}

bool duration_parse_ms(const char *text, const char *usual_unit, int64_t *ms, struct err *err)
{
    struct duration duration;

    if (!duration_parse(text, usual_unit, &duration, err))
        return false;
    if (duration.unit->calendar)
        return err_set(err, "\"%s\": a %s has no fixed length; write it in days (%lldd)", text,
                       duration.unit->word,
                       (long long)(duration.count * (duration.unit->ms > 28 * DAY_MS ? 365 : 30)));
    *ms = duration_least_ms(duration);
    return true;
}

int64_t duration_least_ms(struct duration duration)
{
    return duration.count * duration.unit->ms;
}

void duration_print(struct duration duration, struct text *out)
{
    text_addf(out, "%lld%s", (long long)duration.count, duration.unit->code);
}

/* Weeks are left out: people say 7d and 28d. */
void duration_print_ms(int64_t ms, struct text *out)
{
    static const char *const codes[] = {"d", "h", "min", "s", "ms"};

    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        const struct duration_unit *unit = unit_of_code(codes[i]);

        if (ms % unit->ms == 0 && (ms > 0 || unit->ms == 1)) {
            duration_print((struct duration){ms / unit->ms, unit}, out);
            return;
        }
    }
}

char *duration_interval(struct duration duration)
{
    return text_format("%lld %s%s", (long long)duration.count, duration.unit->word,
                       plural(duration.count));
}
