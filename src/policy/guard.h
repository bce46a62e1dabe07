/*
 * guard: whether the clocks agree well enough to decide what has expired. Pure;
 * doc/decisions.md says why a clock that disagrees holds the job.
 */
#ifndef PGPURGED_POLICY_GUARD_H
#define PGPURGED_POLICY_GUARD_H

#include <stdbool.h>

#include "base/clock.h"

enum { GUARD_CLOCK_TOLERANCE_S = 5 * 60 };

/* What the database's clock said at one moment of ours. */
struct clock_anchor {
    bool known;
    struct wall database;
    struct mono ours;
};

/* What the database's clock should say now, if both clocks go on as they did. */
struct wall guard_expected(const struct clock_anchor *anchor, struct mono now);

enum guard_clock_verdict {
    GUARD_CLOCK_FINE,
    GUARD_CLOCK_SKEWED, /* database and daemon differ by more than the tolerance */
    GUARD_CLOCK_JUMPED, /* the database's clock has moved differently from our monotonic clock */
};

/* Judges a reading of the database's clock taken at (now, ours); `anchor` may be unknown. `skew_s`
 * gets the larger of the two differences, database minus ours, for the message. */
enum guard_clock_verdict guard_clock(const struct clock_anchor *anchor, struct wall database,
                                     struct wall ours, struct mono now, double *skew_s);

#endif
