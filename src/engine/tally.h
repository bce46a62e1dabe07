/*
 * tally: how sure an estimate is, and how much expires, from the pages of a sample
 * (engine/sample.h). For the plan; nothing is decided by it.
 */
#ifndef PGPURGED_ENGINE_TALLY_H
#define PGPURGED_ENGINE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/sequence.h"
#include "engine/sample.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"

/* What the cutoff is now, was a week ago, and will be some hours from now. */
struct cutoffs {
    char now[48], week_ago[48], later[48];
};

/* The parameters of sql_cutoffs, and what it answers. */
void cutoffs_values(const struct job_settings *job, struct question_values *values);
void cutoffs_read(const struct pg_result *reply, struct cutoffs *cutoffs);

struct tally_partition {
    int64_t relation; /* OID */
    double rows, due;
};

/* Of the whole table: estimates, unless all of its pages are in the sample. */
struct tally {
    bool exact; /* all pages were read */
    double rows, due, marked;
    double undated; /* flagged rows that have no mark, and so will never be due; 0 without flags */
    bool any_marked;
    struct wall earliest_due;           /* when the earliest marked row is due, or became so */
    double low, high;                   /* of `due`: two standard errors to each side */
    double pages;                       /* of the sample, about */
    double expiring_per_day;            /* rows that become due */
    struct tally_partition *partitions; /* owned; those that have rows in the sample */
    size_t partition_count;
};

/* The question, and its answer. `sampled` says how many pages are looked at; INT64_MAX = all. */
void tally_values(const struct sampled *sampled, const struct cutoffs *cutoffs,
                  struct question_values *values);
void tally_read(const struct pg_result *reply, const struct sampled *sampled, struct tally *tally);
void tally_free(struct tally *tally); /* a zeroed one is fine */

#endif
