#include "integration/await.h"

#include <check.h>
#include <time.h>

#include "base/clock.h"

/* Short at first, because most conditions come quickly; then easier on the machine. */
static void pause_between(double waited_ms)
{
    long pause_ms = waited_ms < 50 ? 2 : 20;
    nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000}, NULL);
}

bool await_quietly(await_fn *condition, void *arg, int timeout_ms)
{
    struct mono start = mono_now();
    while (!condition(arg)) {
        double waited_ms = mono_ms_between(start, mono_now());
        if (waited_ms >= timeout_ms)
            return false;
        pause_between(waited_ms);
    }
    return true;
}

void await(await_fn *condition, void *arg, int timeout_ms, const char *what)
{
    if (!await_quietly(condition, arg, timeout_ms))
        ck_abort_msg("waited %d ms in vain for %s", timeout_ms, what);
}
