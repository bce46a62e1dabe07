/*
 * tally: how sure an estimate is, and how much expires, from the pages of a sample
 * (engine/sample.h). For the plan; nothing is decided by it.
 */
#ifndef PGPURGED_ENGINE_TALLY_H
#define PGPURGED_ENGINE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "engine/sample.h"
#include "net/pg_conn.h"
#include "sql/action.h"

/* What the cutoff is now, was a week ago, and will be some hours from now. */
struct cutoffs {
    char now[48], week_ago[48], later[48];
};

void cutoffs_send(struct pg *pg, const struct job_settings *job, pg_result_fn *fn, void *arg);
void cutoffs_read(const struct pg_result *reply, struct cutoffs *cutoffs);

struct tally_partition {
    int64_t relation; /* OID */
    double rows, due;
};

/* Of the whole table: estimates, unless all of its pages are in the sample. */
struct tally {
    double rows, due, marked;
    double low, high;                   /* of `due`: two standard errors to each side */
    double pages;                       /* of the sample, about */
    double expiring_per_day;            /* rows that become due */
    struct tally_partition *partitions; /* owned; those that have rows in the sample */
    size_t partition_count;
};

void tally_send(struct pg *pg, const struct sampled *sampled, const struct cutoffs *cutoffs,
                pg_result_fn *fn, void *arg);
/* `blocks` is the size of the table, of which SAMPLE_PAGES were looked at. */
void tally_read(const struct pg_result *reply, const struct job_settings *job, int64_t blocks,
                struct tally *tally);
void tally_free(struct tally *tally); /* a zeroed one is fine */

#endif
