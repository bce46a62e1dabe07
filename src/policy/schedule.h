/*
 * schedule: when a job's next run is due. Pure; all times in seconds of the database's clock.
 *
 * A run is due when `every` has passed since the last one started. A run that started late (the
 * database was down) must not push all later ones to that hour: the first opening of the window
 * counts as well, once half of `every` has passed.
 */
#ifndef PGPURGED_POLICY_SCHEDULE_H
#define PGPURGED_POLICY_SCHEDULE_H

#include <stdbool.h>

struct schedule_facts {
    bool ever_ran;        /* false: due at once */
    bool run_open;        /* a run that was cut off waits to be continued: due at once */
    double since_start_s; /* since the last run started */
    double every_s;
    bool window_always;
    double since_opening_s; /* since the window opened; only if it is open and not `always` */
};

/* Seconds until the next run is due, 0 = now. Only asked while the window is open. */
double schedule_wait_s(const struct schedule_facts *facts);

#endif
