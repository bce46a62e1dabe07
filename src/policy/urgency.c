#include "policy/urgency.h"

#include <math.h>

static const double margin = 1.2;

int urgency_duty_percent(const struct urgency_facts *facts)
{
    double busy_s = facts->work_left / facts->work_per_busy_s;
    double needed = 100 * margin * busy_s / fmax(facts->left_s, 0);

    if (facts->limited || !(facts->work_left > 0) || !(facts->work_per_busy_s > 0) ||
        !(needed > facts->duty_cycle_percent))
        return facts->duty_cycle_percent;
    needed = fmin(ceil(needed), facts->max_duty_cycle_percent);
    return (int)fmax(needed, facts->duty_cycle_percent);
}
