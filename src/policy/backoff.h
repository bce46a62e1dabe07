/*
 * backoff: how long to wait after the n-th failure in a row: exponential, capped, with full jitter
 * (a random point between 0 and the bound, so that several jobs don't come back in step). Pure: the
 * randomness is an argument.
 */
#ifndef PGPURGED_POLICY_BACKOFF_H
#define PGPURGED_POLICY_BACKOFF_H

#include <stdint.h>

struct backoff_limits {
    int64_t base_ms, cap_ms;
};

extern const struct backoff_limits backoff_for_batches;     /* 100 ms .. 30 s */
extern const struct backoff_limits backoff_for_connections; /* 1 s .. 60 s */

/* The upper bound for attempt 1, 2, ...: base * 2^(attempt-1), at most the cap. Attempt 0 gives 0.
 */
int64_t backoff_bound_ms(struct backoff_limits limits, unsigned attempt);

/* At least 1 ms for attempts from 1; `random` is any 32 random bits. */
int64_t backoff_wait_ms(struct backoff_limits limits, unsigned attempt, uint32_t random);

#endif
