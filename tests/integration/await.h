/*
 * await: a test waits for a condition, never for a while. It polls, and gives up after a time that
 * is generous enough for a slow machine under sanitizers.
 */
#ifndef PGPURGED_INTEGRATION_AWAIT_H
#define PGPURGED_INTEGRATION_AWAIT_H

#include <stdbool.h>

typedef bool await_fn(void *arg);

/* For timeouts where nothing better is known. */
enum { AWAIT_MS = 60000 };

/* Whether the condition came true within the time. It is asked at least once. */
bool await_quietly(await_fn *condition, void *arg, int timeout_ms);

/* Waits for the condition; the test fails if it does not come true: "waited 500 ms in vain for
 * WHAT". */
void await(await_fn *condition, void *arg, int timeout_ms, const char *what);

#endif
