#include "base/clock.h"

#include <time.h>

struct mono mono_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (struct mono){(int64_t)t.tv_sec * 1000000000 + t.tv_nsec};
}

double mono_ms_between(struct mono earlier, struct mono later)
{
    return (double)(later.ns - earlier.ns) / 1e6;
}

struct wall wall_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (struct wall){(int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}
