/*
 * sample: how much is due in a table, from a bounded number of its pages, so that it takes a moment
 * however large the table is. For people and metrics; beyond that it only spares the index a probe
 * where very much is due (policy/scan_choice.h).
 */
#ifndef PGPURGED_ENGINE_SAMPLE_H
#define PGPURGED_ENGINE_SAMPLE_H

#include <stdbool.h>

#include "base/clock.h"
#include "catalog/partitions.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"
#include "sql/target_statements.h"

enum {
    SAMPLE_PAGES = 2000,
    SAMPLE_GLANCE_PAGES = 300, /* where a run waits for it and nobody watches (--once) */
};

struct sample {
    bool exact;       /* it was the whole table */
    double rows, due; /* of the whole table; estimates unless exact */
    double undated; /* flagged rows that have no mark, and so will never be due; 0 without flags */
    bool any_marked;
    struct wall
        earliest_due; /* when the earliest marked row is due, or became so; only if any_marked */
};

/* What to sample; `partitions` are used for a partitioned table only. */
struct sampled {
    const struct job_settings *job;
    const struct preflight_table *table;
    const struct partitions *partitions;
    int64_t pages; /* at most so many of them */
};

/* How many percent of a table of `blocks` pages are `pages` of them; at most 100. */
double sample_percent(int64_t blocks, int64_t pages);

/* A query (catalog/query.h). `cutoff`: what is due at that of a run, and not what has become due
 * since; NULL = what is due now. */
void sample_send(struct pg *pg, const struct sampled *sampled, const char *cutoff, pg_result_fn *fn,
                 void *arg);
/* `blocks` is the size of the table, of which so many pages were to be looked at. */
void sample_read(const struct pg_result *reply, int64_t blocks, int64_t pages,
                 struct sample *sample);

#endif
