/*
 * urgency: how much of the time a run may take when it would be late otherwise. Pure.
 *
 * A run ought to be over before its window closes and before the next one is due. Where the work
 * that is left does not fit into that at the configured duty cycle, the duty cycle goes up to what
 * it takes, and a little more because forecasts are wrong, but never above max_duty_cycle. What a
 * batch may take, max_rows_per_second and the limits of the database are not touched; while one of
 * them slows the job, the duty cycle stays as it is configured, because the server has said that it
 * is enough.
 */
#ifndef PGPURGED_POLICY_URGENCY_H
#define PGPURGED_POLICY_URGENCY_H

#include <stdbool.h>

struct urgency_facts {
    double work_left;       /* blocks or rows, an estimate; NAN = not known */
    double work_per_busy_s; /* in the unit of the work left, in a second of batches; 0 = not
                               measured */
    double left_s; /* until the window closes or the next run is due; 0 or less = it is late */
    int duty_cycle_percent, max_duty_cycle_percent;
    bool limited; /* the last verdict was not LIMIT_GO */
};

/* From duty_cycle_percent to the larger of it and max_duty_cycle_percent. */
int urgency_duty_percent(const struct urgency_facts *facts);

#endif
