/*
 * forecast: when the rows that are due now will be gone, and whether a job will ever keep up with
 * what expires. Pure: rates and the window come as arguments.
 *
 * A run takes the time that its rows, with those that go with them, or its pages need in batches,
 * whichever is more, and the rests between them. It begins when the window is open and it is due,
 * pauses when the window closes, and goes on at the next opening. Where it would not be over before
 * the window closes or the next run is due, the duty cycle goes up as policy/urgency.h has it. What
 * is forecast is the work of this one run; what expires meanwhile is the next one's.
 *
 * All times are local ones, by the clock on the wall, as in policy/window.h: on the two nights a
 * year on which clocks change, a window is counted an hour too long or too short.
 */
#ifndef PGPURGED_POLICY_FORECAST_H
#define PGPURGED_POLICY_FORECAST_H

#include <stdbool.h>

#include "model/week.h"
#include "policy/schedule.h"
#include "policy/window.h"

/* No forecast goes further than this. */
enum { FORECAST_MOST_DAYS = 36525 };

struct forecast_facts {
    const struct week *week;
    struct local_time now;
    struct schedule_facts schedule; /* as of now; the fields about the window are filled in here */

    double due;                 /* rows */
    double children;            /* rows of other tables that go with a due one, on the average */
    double pages;               /* that the scan reads; a page out of order counts as several */
    double rows_per_busy_s;     /* deleted in a second spent in batches; > 0 */
    double children_per_busy_s; /* deleted in a second spent in batches; > 0 */
    double pages_per_busy_s;    /* read in a second spent in batches; > 0 */
    int duty_cycle_percent, max_duty_cycle_percent;
    double max_rows_per_second; /* children included; 0 = no limit */

    double expiring_per_day; /* rows that become due; NAN = not known */
};

struct forecast {
    double window_s; /* how long the run takes, windows' pauses left out */
    bool ends;       /* within FORECAST_MOST_DAYS; else `begins` and `done` mean nothing */
    struct local_time begins, done;

    double open_s_per_week; /* of the window */
    double rows_per_day;    /* due ones that it has room for, at most, on the average of a week */
    bool never_catches_up;  /* more expires than that; false where it is not known */
};

void forecast_make(const struct forecast_facts *facts, struct forecast *forecast);

#endif
