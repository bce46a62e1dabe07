/*
 * estimate: what a run of a job would find now, from a bounded sample of the table's pages, and how
 * it would find it, chosen as a run's first pass does. Deletes nothing and writes nothing; takes a
 * moment however large the table is.
 */
#ifndef PGPURGED_PURGE_ESTIMATE_H
#define PGPURGED_PURGE_ESTIMATE_H

#include "base/words.h"
#include "decide/choose.h"
#include "purge/preflight.h"
#include "purge/sample.h"

struct estimate {
    struct preflight_table table;
    struct sql_statements sql;
    char cutoff[48];
    struct sample sample;
    struct choice choice;
    double last_rows, last_seconds; /* of the last run that deleted any; 0 = none */
};

typedef void estimate_fn(void *arg, enum batch_outcome outcome, const struct estimate *estimate,
                         const struct err *err);

/* Begins with a preflight; the outcomes are preflight's. The object is the caller's:
 * estimate_free() in the callback or later. */
struct estimation *estimate_start(struct pg *pg, const struct job_settings *job, estimate_fn *fn,
                                  void *arg);
void estimate_free(struct estimation *estimation); /* NULL is fine */

#endif
