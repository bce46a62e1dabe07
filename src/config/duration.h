/*
 * duration: lengths of time as people write them: a whole number and a unit out of
 * `ms s min h d w mo y`.
 *
 * A bare number and `m` are refused, because the reader of a file can't tell what they mean
 * (PostgreSQL reads `3m` as three minutes). A month and a year have no fixed length: they are fine
 * in a retention, where PostgreSQL counts them on its calendar, and refused elsewhere. Pure; a
 * struct duration is plain data.
 */
#ifndef PGPURGED_CONFIG_DURATION_H
#define PGPURGED_CONFIG_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

struct duration_unit;

struct duration {
    int64_t count;
    const struct duration_unit *unit;
};

/* Any unit. `usual_unit` is only for the message about a number without one ("d": "write 30d for 30
 * days"). False if the text is not a duration, is negative, or is longer than 1000 years. */
bool duration_parse(const char *text, const char *usual_unit, struct duration *duration,
                    struct err *err);

/* Reads a duration of fixed length: months and years are refused as well. */
bool duration_parse_ms(const char *text, const char *usual_unit, int64_t *ms, struct err *err);

/* The shortest that it can be: a month counts 28 days, a year 365. */
int64_t duration_least_ms(struct duration duration);

void duration_print(struct duration duration, struct text *out); /* "30d" */
void duration_print_ms(int64_t ms, struct text *out);            /* in the largest unit that fits */
char *duration_interval(struct duration duration); /* "30 days", as PostgreSQL reads it; free() */

#endif
