/*
 * limits: decides from a sample of the server whether a job continues, is throttled or is held.
 * Pure; one struct limiter for each run of a job, plain data.
 *
 *   replica_lag      throttled above half of the limit, held above it
 *   slot_lag         throttled above half of the limit, held above it
 *   active_sessions  held above the limit
 *   wraparound       held while autovacuum freezes the rows of the same table
 *   wal_rate         throttled until the whole server is below the limit; held if it is above the
 *                    limit even at the lowest pace of the job
 *   lock_waiters     throttled for a moment after a batch for which other sessions have waited;
 *                    its commit has released the locks
 *   old_snapshot     throttled: VACUUM can't remove the dead rows, and every scan reads them
 *
 * A value above its limit holds the job until it is below three quarters of the limit, so that a
 * job doesn't start and stop with every sample. An unknown value (the role may not see it, or there
 * is none) has no effect.
 *
 * No hold lasts longer than max_hold: a job that never runs must not look healthy, and rows that
 * ought to be gone are a harm as well. Then the job continues at its lowest pace, with a warning
 * (REASON_MAX_HOLD), until the value is below the limit again.
 */
#ifndef PGPURGED_POLICY_LIMITS_H
#define PGPURGED_POLICY_LIMITS_H

#include <stdbool.h>

#include "base/clock.h"
#include "model/codes.h"

enum {
    LIMITS_SAMPLE_MS = 1000, /* how often to sample; costs less than a thousandth of the time */
    LIMITS_WAITED_MS = 2000, /* for how long sessions that have waited count */
};

/* The smallest part of its pace at which a job goes on; less is a hold. */
#define LIMITS_SLOWEST 0.05

/* What is allowed; INFINITY = no limit. */
struct limits {
    double replica_lag_bytes, replica_lag_s;
    double slot_lag_bytes;
    double wal_bytes_per_s;
    double active_sessions;
    double snapshot_age_s;
    double max_hold_ms;
};

/* One sample; NAN = not known. */
struct limit_facts {
    double replica_lag_bytes, replica_lag_s; /* of the replica that is worst */
    double slot_lag_bytes;                   /* of the slot that keeps back most */
    double wal_bytes;                        /* the server's position in its WAL */
    double active_sessions;                  /* ours not counted */
    double snapshot_age_s;                   /* of the oldest transaction that has one */
    bool wraparound;                         /* autovacuum is at our table because of it */
};

enum limit_action {
    LIMIT_GO,   /* nothing is near its limit */
    LIMIT_SLOW, /* rest longer: `part` says how much */
    LIMIT_HOLD, /* send no batch; ask again after the next sample */
};

struct limit_verdict {
    enum limit_action action;
    enum reason reason; /* REASON_NONE for LIMIT_GO */
    enum reason cause;  /* of the reason; with REASON_MAX_HOLD the limit that has held the job */
    double part; /* of duty_cycle and max_rows_per_second: 1 for LIMIT_GO, 0 for LIMIT_HOLD */
};

enum { LIMIT_GAUGE_COUNT = 4 };

struct limiter {
    struct limits limits;
    struct limit_facts facts; /* the last sample */
    bool beyond[LIMIT_GAUGE_COUNT];
    bool wal_known; /* wal_bytes and wal_at hold a position */
    double wal_bytes;
    struct mono wal_at;
    double wal_part; /* what max_wal_rate leaves of the pace */
    bool wal_beyond; /* and it is beyond max_wal_rate all the same */
    bool ever_waited;
    struct mono waited_at;
    bool holding; /* since held_since */
    struct mono held_since;
};

/* Nothing is known yet, so the first verdict is LIMIT_GO. */
void limits_start(struct limiter *limiter, const struct limits *limits);

/* A new sample, taken just now. */
void limits_learn(struct limiter *limiter, const struct limit_facts *facts, struct mono now);

/* Sessions waited for locks of the batch that has just ended. */
void limits_note_waiters(struct limiter *limiter, struct mono now);

/* Before each batch, and before each new sample while it holds. */
struct limit_verdict limits_judge(const struct limiter *limiter, struct mono now);

#endif
