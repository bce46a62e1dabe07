/*
 * pipeline: batches in flight. It takes ranges from a scan, sends them as batches over one or more
 * connections (workers), and learns from what they come to: how long the next ones may be, when
 * they may leave, what has to be tried in smaller pieces.
 *
 * Each batch is a transaction of its own with an audit row of its own over a range of its own, so
 * promise A holds however several of them interleave. While the server works on one, the next is on
 * its way, and more where the server is far, so that neither distance nor commit latency leaves it
 * idle. Behind one that fails, the server refuses the next one of the same worker (25P02): nothing
 * of it has happened, and its range is given back. After a failure nothing is sent until all in
 * flight have completed; then one event says what the gravest of the failures asks for.
 *
 * Knows no job. Reports by one callback, always from the loop.
 */
#ifndef PGPURGED_ENGINE_PIPELINE_H
#define PGPURGED_ENGINE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "engine/batch.h"
#include "engine/lease.h"
#include "engine/scan.h"
#include "model/rejected.h"
#include "net/loop.h"
#include "policy/guard.h"
#include "policy/next.h"
#include "policy/pacing.h"

struct pipeline;

/* What the batches are about; everything pointed to must stay as long as any is in flight. */
struct pipeline_target {
    const struct job_settings *settings;
    const struct sql_statements *sql;
    const char *cutoff;
    const char *policy;     /* the run's */
    int64_t root, relation; /* OIDs of the job's table and of the partition */
    int64_t run;
    int64_t *number; /* the highest number of a batch that was used; the next one is one more */
    bool partition_may_lock; /* the role may lock its rows: SKIP LOCKED is allowed */
    bool lz4;                /* the role may set wal_compression */
    struct clock_anchor *clock;
    bool has_closing;
    struct wall closes_at; /* only if has_closing */
};

enum pipeline_event_kind {
    PIPELINE_BATCH,  /* one batch has completed: result, next, number, busy_ms */
    PIPELINE_ROW,    /* one row is set aside: row, cause (NULL: somebody has locked it) */
    PIPELINE_READY,  /* more may be sent: pipeline_fill() */
    PIPELINE_FAILED, /* all have completed after a failure: next, why */
};

struct pipeline_event {
    enum pipeline_event_kind kind;
    const struct batch_result *result;
    struct next next;
    bool counts; /* PIPELINE_BATCH: it counts for the circuit breaker, as a failure of its own */
    int64_t number;
    double busy_ms;
    struct tid row;
    const struct rejected_cause *cause;
    const char *why; /* the error, for people; "" if there is none */
};

typedef void pipeline_fn(void *arg, const struct pipeline_event *event);

/* `workers`: the most connections that may be used at a time. */
struct pipeline *pipeline_new(struct loop *loop, const struct lease_pool *pool, size_t workers,
                              pipeline_fn *fn, void *arg);
/* NULL is fine. */
void pipeline_free(struct pipeline *pipeline);

/* A run begins: nothing is known of the pace. */
void pipeline_begin_run(struct pipeline *pipeline);

/* The first worker's connection, which is the caller's. The others are asked of the pool. */
void pipeline_use(struct pipeline *pipeline, struct pg *pg);
/* Before that connection is let go: lets go of all, with nothing in flight, or when what is in
 * flight is given up. `how` is about those of the others that are intact. */
void pipeline_release(struct pipeline *pipeline, enum lease_end how);
/* Asks for the other workers. */
void pipeline_want_workers(struct pipeline *pipeline);

/* What is purged from here on, by which scan. With nothing in flight. */
void pipeline_set_target(struct pipeline *pipeline, const struct pipeline_target *target,
                         struct scan *scan);

/* How fast: what the throttle and the circuit breaker allow. */
struct pipeline_pace {
    int duty_cycle_percent;
    double part; /* of the pace, 0..1 */
    bool one_at_a_time;
    bool ask_waiters; /* the next batch asks who waits for its locks */
};

enum pipeline_activity {
    PIPELINE_IN_FLIGHT, /* something is; PIPELINE_BATCH follows */
    PIPELINE_RESTING,   /* nothing is; PIPELINE_READY follows */
    PIPELINE_EMPTY,     /* nothing is, and the scan has handed everything out */
    PIPELINE_FAILING,   /* a failure waits for the rest to complete; PIPELINE_FAILED follows */
};

/* Sends what may be sent now. */
enum pipeline_activity pipeline_fill(struct pipeline *pipeline, const struct pipeline_pace *pace);

/* Nothing is sent any more until pipeline_fill(). */
void pipeline_stop(struct pipeline *pipeline);

int pipeline_in_flight(const struct pipeline *pipeline);

/* Whether ask_waiters was heeded by the last pipeline_fill(). */
bool pipeline_asked_waiters(const struct pipeline *pipeline);

/* Something else than a batch has failed on the first worker's connection, or asks for `next` once
 * all have completed: PIPELINE_FAILED follows from the loop. */
void pipeline_fail(struct pipeline *pipeline, struct next next, const char *why);

/* The first worker's connection is lost: the same with NEXT_RECONNECT. */
void pipeline_lose(struct pipeline *pipeline, const char *why);

/* Whether max_rows_per_second, rather than the duty cycle, is why it rests. */
bool pipeline_rests_by_rate(const struct pipeline *pipeline);
/* The first worker's connection is lost, or the server unavailable. */
bool pipeline_is_broken(const struct pipeline *pipeline);
int64_t pipeline_chunk_blocks(const struct pipeline *pipeline); /* of the last batch sent */
/* Due rows that are found by smaller and smaller pieces: the scan is narrowed. */
bool pipeline_is_narrowed(const struct pipeline *pipeline);

#endif
