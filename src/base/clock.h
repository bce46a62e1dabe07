/*
 * clock: two kinds of time that can't be mixed up, because each is a type of its own.
 *
 * struct mono is for durations: it goes on while the machine sleeps and never jumps
 * (CLOCK_BOOTTIME). struct wall is for calendar time: microseconds since 1970-01-01 UTC, the
 * database's or ours. Decisions about rows and windows use the database's wall clock only,
 * because two machines never agree exactly.
 */
#ifndef PGPURGED_BASE_CLOCK_H
#define PGPURGED_BASE_CLOCK_H

#include <stdint.h>

struct mono {
    int64_t ns;
};

struct wall {
    int64_t us;
};

struct mono mono_now(void);

/* Milliseconds from `earlier` to `later`; negative if they are the other way round. */
double mono_ms_between(struct mono earlier, struct mono later);

struct wall wall_now(void);

#endif
