/*
 * estimate: what a run of a job would find now, how it would find it, and what is known of the
 * table beside that. Deletes nothing and writes nothing; takes a moment however large the table is,
 * unless it is asked to count.
 *
 * First it asks all that a run asks, by the run's own preflight, and then questions of its own, one
 * after the other, as they stand in the table at the end of estimate.c. If preflight refuses the
 * table, its rows are not looked at; if it refuses what refers to the rows, they are.
 */
#ifndef PGPURGED_ENGINE_ESTIMATE_H
#define PGPURGED_ENGINE_ESTIMATE_H

#include <stdbool.h>

#include "base/err.h"
#include "catalog/advice.h"
#include "catalog/partitions.h"
#include "catalog/preflight.h"
#include "engine/run_store.h"
#include "engine/sample.h"
#include "engine/scan_selection.h"
#include "engine/tally.h"
#include "model/codes.h"

struct estimate {
    enum batch_outcome outcome; /* BATCH_COMMITTED: a run would begin; else preflight's outcome */
    struct err why;             /* if it would not */

    struct preflight_table table;
    const struct relation *relation;          /* NULL = there is no such table */
    const struct findings *findings;          /* about it */
    const struct reference_graph *references; /* as preflight_references() has it */
    const struct findings *reference_findings;
    struct advice advice;

    bool complete; /* the rows were looked at; otherwise the rest means nothing */
    struct sql_statements sql;
    struct cutoffs cutoffs;
    struct run_schedule schedule;
    double last_rows, last_busy_s; /* of the last batches that deleted any; 0 = none */
    struct tally tally;
    bool counted;                 /* all pages were read, because that was asked for */
    bool gave_up;                 /* it was asked for and took too long */
    struct partitions partitions; /* of a partitioned table */
    /* How rows would be found; not of a partitioned table, each of whose partitions has its own. */
    struct scan_selection selection;
    char *vacuum_grant; /* what the role lacks to vacuum the table; NULL = nothing */
    bool own_session;   /* false behind a pooler: no VACUUM there */
};

/* The estimate is good until estimate_free(). */
typedef void estimate_fn(void *arg, const struct estimate *estimate);

/* Begins with a preflight. `count_ms`: all rows are counted, within this time; 0 = a sample will
 * do. The object is the caller's: estimate_free() in the callback or later. */
struct estimation *estimate_start(struct pg *pg, const struct job_settings *job, int64_t count_ms,
                                  estimate_fn *fn, void *arg);
void estimate_free(struct estimation *estimation); /* NULL is fine */

#endif
