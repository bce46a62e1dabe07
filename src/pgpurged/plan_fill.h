/*
 * plan_fill: from what was found out about a job (engine/estimate.h) to its plan (model/plan.h):
 * the words, the forecast, and what it is reckoned from.
 */
#ifndef PGPURGED_PGPURGED_PLAN_FILL_H
#define PGPURGED_PGPURGED_PLAN_FILL_H

#include "config/settings.h"
#include "engine/estimate.h"
#include "model/plan.h"

/* What is known without a connection. The plan is the caller's: plan_clear() it. */
void plan_fill_settings(struct plan *plan, const struct job_settings *job,
                        const struct database_settings *database);

/* The rest. `count_ms` is what the estimate was allowed for counting. */
void plan_fill(struct plan *plan, const struct job_settings *job,
               const struct database_settings *database, const struct estimate *estimate,
               int64_t count_ms);

/* plan_findings.c: what the requirements say, of the table, its partitions and what refers to it:
 * missing privileges, each GRANT once, and risks. */
void plan_fill_findings(struct plan *plan, const struct estimate *estimate);

/* plan_notes.c: privileges that are not about a relation, triggers, risks, and hints. */
void plan_fill_notes(struct plan *plan, const struct job_settings *job,
                     const struct estimate *estimate);

/* plan_references.c: the rows of other tables that go with the due ones. */
void plan_fill_children(struct plan *plan, const struct reference_graph *graph);
/* plan_references.c: the due rows that stay because others refer to them. */
void plan_fill_kept(struct plan *plan, const struct reference_graph *graph);
/* plan_references.c: what refers to the table's rows, and what becomes of it. */
void plan_fill_references(struct plan *plan, const struct reference_graph *graph);
/* plan_references.c: the jobs that go first. */
void plan_fill_order(struct plan *plan, const struct settings *settings,
                     const struct job_settings *job, const struct reference_graph *graph);

#endif
