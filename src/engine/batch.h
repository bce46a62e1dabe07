/*
 * batch: one transaction: BEGIN | guard | the action and its audit row | COMMIT, sent in one
 * request.
 *
 * Promise A is kept here together with pgpurged.purge_batch(): the audit row is written by the
 * statement that deletes, from its exact row count. A batch whose COMMIT was not answered is
 * BATCH_UNKNOWN and nothing else; who gets it must ask the audit table (run_find_batch) before the
 * run goes on.
 */
#ifndef PGPURGED_ENGINE_BATCH_H
#define PGPURGED_ENGINE_BATCH_H

#include "base/clock.h"
#include "engine/scan.h"
#include "model/codes.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"
#include "policy/pacing.h"
#include "sql/target_statements.h"

/* What to do. Everything pointed to must stay until the reply. */
struct batch_order {
    const struct job_settings *settings;
    const struct sql_statements *statements;
    int64_t root;     /* OID of the job's table */
    int64_t relation; /* OID of the partition: the same, or one of its partitions */
    int64_t run, number;
    const char *cutoff;
    const char *policy; /* the run's */
    struct tid_range range;
    struct pace_step step;
    const char *
        tids; /* of the index scan, as PostgreSQL reads a tid[]; NULL: the range is one of blocks */
    bool skip_locked;
    bool ask_waiters;            /* who waits for the batch's locks, just before its COMMIT */
    const char *wal_compression; /* NULL = as it is */
    struct wall expected_clock;  /* of the database */
    bool has_closing;
    struct wall closes_at; /* by the database's clock; only if has_closing */
};

struct batch_result {
    enum batch_outcome outcome;
    int64_t rows, skipped, chunks, blocks;
    int64_t children;     /* rows of other tables, which referred to those of the partition */
    const char *rejected; /* due rows that are left, for each reference that keeps them: an array as
                            PostgreSQL writes it; NULL = nothing refers to the partition's rows */
    int64_t waiters;      /* sessions that waited for its locks; 0 also if it was not asked */
    struct tid reached;   /* how far it has come */
    double elapsed_ms;    /* on the server, from its BEGIN on, without the commit */
    struct wall clock;    /* the database's, at its begin */
    const struct pg_error *error; /* if not committed; valid during the callback */
};

typedef void batch_fn(void *arg, const struct batch_result *result);

/* As the server reads it. */
const char *batch_synchronous_commit(const struct job_settings *job);

struct batch; /* in request; owned by the caller */
struct batch *batch_send(struct pg *pg, const struct batch_order *order, batch_fn *fn, void *arg);
void batch_free(struct batch *batch); /* after its callback, or after pg_close(). NULL is fine */

#endif
