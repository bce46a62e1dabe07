/*
 * window: whether a moment lies in a window, and when that changes. Pure.
 *
 * A moment is a local wall-clock time as the database tells it; what comes
 * back is local too, and the database turns it into an instant again, so that the days on which the
 * clocks change are its business: a window 01:00-05:00 is four hours by the clock on the wall,
 * whatever that means.
 */
#ifndef PGPURGED_POLICY_WINDOW_H
#define PGPURGED_POLICY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "model/week.h"

/* A local wall-clock time: days since 1970-01-01 (a Thursday) and seconds since midnight. */
struct local_time {
    int64_t day;
    int second;
};

struct window_view {
    bool always; /* no spans: it never closes and the times below mean nothing */
    bool open;
    struct local_time opened;  /* if open: when this span began */
    struct local_time changes; /* when it closes (if open) or opens (if not); adjoining and
                                  overlapping spans count as one */
};

struct window_view window_look(const struct week *week, struct local_time now);

/* A moment so many seconds later by the clock on the wall; they may be negative. */
struct local_time local_time_add(struct local_time time, int64_t seconds);

/* Seconds from a to b by the clock on the wall. */
int64_t local_seconds_between(struct local_time a, struct local_time b);

#endif
