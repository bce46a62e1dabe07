/*
 * circuit_breaker: after 8 failures in a row a job rests for 15 minutes, then it tries one batch.
 * Plain data and pure functions; time is an argument.
 */
#ifndef PGPURGED_POLICY_CIRCUIT_BREAKER_H
#define PGPURGED_POLICY_CIRCUIT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum { BREAKER_FAILURES = 8, BREAKER_OPEN_MS = 15 * 60 * 1000 };

enum breaker_state {
    BREAKER_CLOSED, /* batches run; failures in a row are counted */
    BREAKER_OPEN,   /* nothing runs until opened_at + BREAKER_OPEN_MS; then one trial batch may */
    BREAKER_HALF_OPEN, /* one batch is tried: its success closes, its failure opens again */
};

struct breaker {
    enum breaker_state state;
    unsigned failures; /* in a row */
    struct mono opened_at;
};

const char *breaker_state_name(enum breaker_state state); /* "closed", "open", "half_open" */

/* Milliseconds until a batch may be sent; 0 = now. After the 15 minutes it
 * turns an open breaker into a half-open one. */
int64_t breaker_wait_ms(struct breaker *breaker, struct mono now);

void breaker_success(struct breaker *breaker);

/* Returns true if this failure has opened the breaker (the caller logs it). */
bool breaker_failure(struct breaker *breaker, struct mono now);

#endif
