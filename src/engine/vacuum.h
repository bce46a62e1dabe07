/*
 * vacuum: after a run: what it has removed becomes reusable when a VACUUM has been there, and that
 * is ours where policy/vacuum.h says so.
 *
 *   leases a connection -> which tables -> [settings -> VACUUM -> note]* -> closes the connection
 *
 * Its settings hold for the session, so the connection is its own and is closed afterwards.
 * Whatever goes wrong is logged and counted, and never stops the purge.
 *
 * The server itself takes autovacuum out of the way of whoever waits for its lock, but not a VACUUM
 * of ours: an ALTER TABLE would wait for its end, and behind it everybody (78 s at a table of 2 GB,
 * doc/decisions.md). So a second connection asks each second whether anybody waits, and no VACUUM
 * goes on for long without it.
 */
#ifndef PGPURGED_ENGINE_VACUUM_H
#define PGPURGED_ENGINE_VACUUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "engine/lease.h"
#include "model/counters.h"
#include "model/job_spec.h"
#include "net/loop.h"

struct vacuum;

/* It is over; called from the loop. */
typedef void vacuum_fn(void *arg);

/* What is given must stay. */
struct vacuum_host {
    struct loop *loop;
    const struct lease_pool *pool;
    const struct job_settings *job;
    int64_t max_connections; /* of the pool; with fewer than two nothing is vacuumed */
    struct job_counters *counters;
    vacuum_fn *fn;
    void *arg;
};

/* Warns if `vacuum = after` can't be had with so few connections. */
struct vacuum *vacuum_new(const struct vacuum_host *host);
/* Stops it first. NULL is fine. */
void vacuum_free(struct vacuum *vacuum);

/* Whether a run that has removed so many rows is to be followed by vacuum_start(). */
bool vacuum_is_wanted(const struct vacuum *vacuum, int64_t rows);

struct vacuum_run {
    int64_t run;       /* its id: the audit table says which tables it has removed rows of */
    double left_s;     /* of the window; INFINITY = it never closes */
    struct mono since; /* when left_s was known */
};

void vacuum_start(struct vacuum *vacuum, const struct vacuum_run *run);

/* Ends at once: the connection is closed, and the server notices it. No event comes.
 * Nothing happens if it is over. */
void vacuum_stop(struct vacuum *vacuum);

/* The table that is being vacuumed, qualified and quoted; "" if none is. */
const char *vacuum_table(const struct vacuum *vacuum);

#endif
