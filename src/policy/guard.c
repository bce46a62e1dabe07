#include "policy/guard.h"

#include <math.h>

struct wall guard_expected(const struct clock_anchor *anchor, struct mono now)
{
    return (struct wall){anchor->database.us + (now.ns - anchor->ours.ns) / 1000};
}

/* In doubles, so that a clock gone mad can't overflow the difference. */
static double seconds_ahead(struct wall database, struct wall reference)
{
    return ((double)database.us - (double)reference.us) / 1e6;
}

enum guard_clock_verdict guard_clock(const struct clock_anchor *anchor, struct wall database,
                                     struct wall ours, struct mono now, double *skew_s)
{
    double skew = seconds_ahead(database, ours);
    double jump = anchor->known ? seconds_ahead(database, guard_expected(anchor, now)) : 0;

    *skew_s = fabs(jump) > fabs(skew) ? jump : skew;
    /* The jump first: it says which of the two clocks it was, the skew only that they differ. */
    if (fabs(jump) > GUARD_CLOCK_TOLERANCE_S)
        return GUARD_CLOCK_JUMPED;
    if (fabs(skew) > GUARD_CLOCK_TOLERANCE_S)
        return GUARD_CLOCK_SKEWED;
    return GUARD_CLOCK_FINE;
}
