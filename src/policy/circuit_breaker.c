#include "policy/circuit_breaker.h"

#include <math.h>

const char *breaker_state_name(enum breaker_state state)
{
    switch (state) {
    case BREAKER_CLOSED:
        return "closed";
    case BREAKER_OPEN:
        return "open";
    case BREAKER_HALF_OPEN:
        return "half_open";
    }
    return "?";
}

int64_t breaker_wait_ms(struct breaker *breaker, struct mono now)
{
    double left;

    if (breaker->state != BREAKER_OPEN)
        return 0;
    left = BREAKER_OPEN_MS - mono_ms_between(breaker->opened_at, now);
    if (left > 0)
        return (int64_t)ceil(left); /* rounded up: a timer set to it must not come too early */
    breaker->state = BREAKER_HALF_OPEN;
    return 0;
}

void breaker_success(struct breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->failures = 0;
}

bool breaker_failure(struct breaker *breaker, struct mono now)
{
    breaker->failures++;
    if (breaker->state == BREAKER_OPEN)
        return false;
    if (breaker->state == BREAKER_CLOSED && breaker->failures < BREAKER_FAILURES)
        return false;
    breaker->state = BREAKER_OPEN;
    breaker->opened_at = now;
    return true;
}
