/*
 * limits: what the server is asked about its limits, how the answers read, and what a person is
 * told. As in run.h, a *_send() sends one query whose reply goes to fn, and a *_read() takes what
 * it needs from a reply that is PG_DONE. What follows from it is decided in policy/limits.h.
 *
 * Who waits for a batch's locks can only be seen while it holds them, that is in its own
 * transaction: sql_lock_waiters, not here.
 */
#ifndef PGPURGED_ENGINE_LIMITS_H
#define PGPURGED_ENGINE_LIMITS_H

#include "base/text.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"
#include "policy/limits.h"

/* A sample with the names that belong to its numbers, "" where there is none. */
struct limit_sample {
    struct limit_facts facts;
    char furthest_replica[64], latest_replica[64]; /* by bytes, by time */
    char slot[64];
    char snapshot_owner[256]; /* "pid 123", "prepared transaction x" */
};

struct limits limits_of(const struct database_settings *database);

void limits_send(struct pg *pg, const struct database_settings *database,
                 const struct table_name *table, pg_result_fn *fn, void *arg);
void limits_read(const struct pg_result *reply, struct limit_sample *sample);

/* Appends why a verdict is not LIMIT_GO, with the names and figures: "replica standby1 is 80.2 MB
 * behind (max_replica_lag = 64MB)". */
void limits_explain(const struct limit_verdict *verdict, const struct limit_sample *sample,
                    const struct database_settings *database, struct text *out);

#endif
