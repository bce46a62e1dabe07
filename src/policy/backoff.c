#include "policy/backoff.h"

const struct backoff_limits backoff_for_batches = {100, 30 * 1000};
const struct backoff_limits backoff_for_connections = {1000, 60 * 1000};

int64_t backoff_bound_ms(struct backoff_limits limits, unsigned attempt)
{
    int64_t bound = limits.base_ms;

    if (attempt == 0)
        return 0;
    while (--attempt > 0 && bound < limits.cap_ms)
        bound *= 2;
    return bound < limits.cap_ms ? bound : limits.cap_ms;
}

int64_t backoff_wait_ms(struct backoff_limits limits, unsigned attempt, uint32_t random)
{
    double part = (double)random / 4294967296.0; /* 0 <= part < 1 */

    if (attempt == 0)
        return 0;
    return 1 + (int64_t)(part * (double)backoff_bound_ms(limits, attempt));
}
