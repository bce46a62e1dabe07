/*
 * run_totals: what a run has come to so far: what it has deleted, and the due rows that it leaves
 * where they are, by why. Knows no server: it is told what batches have done, and says what is
 * written into the run's record.
 */
#ifndef PGPURGED_ENGINE_RUN_TOTALS_H
#define PGPURGED_ENGINE_RUN_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"
#include "catalog/references.h"
#include "engine/batch.h"
#include "engine/fk_blocked.h"
#include "engine/run_store.h"
#include "model/rejected.h"

struct run_totals {
    struct run run;      /* the open one, else the last one */
    struct mono began;   /* here; an earlier process may have begun it before */
    int64_t rows_before; /* of the run, by an earlier process */
    double row_bytes;    /* what a row of the table takes on disk; NAN = not known */
    int64_t number;      /* the highest number of a batch that was used */
    int64_t last_rows;   /* of the last committed batch */
    int64_t skipped;     /* due rows that others had locked; in partitions that are over */
    int most_passes;     /* over one partition */
    bool moving;         /* due rows of a partition kept moving behind the scan */
    struct fk_blocked fk_blocked;
    int64_t rejected; /* rows that the database refuses to delete, one by one */
    struct rejected_list rejected_by;
};

/* A run that was just opened; `references` may be NULL. */
void run_totals_start(struct run_totals *totals, const struct reference_graph *references);
void run_totals_free(struct run_totals *totals); /* a zeroed one is fine */

/* A committed batch, of this many rows of all tables together. */
void run_totals_add(struct run_totals *totals, int64_t rows);

/* Rows that the database refuses to delete. */
void run_totals_reject(struct run_totals *totals, int64_t rows, const struct rejected_cause *cause);

/* A partition is done, after so many passes, with so many rows skipped in the last one. */
void run_totals_end_partition(struct run_totals *totals, int passes, int64_t skipped);

/* All partitions have their turn again: what was left is counted anew. */
void run_totals_count_anew(struct run_totals *totals, const struct reference_graph *references);

/* Due rows that the database refuses to delete, or that others refer to. */
int64_t run_totals_rejected(const struct run_totals *totals);

/* Adds what keeps them, most rows first. */
void run_totals_list_rejected(const struct run_totals *totals,
                              const struct reference_graph *references, struct rejected_list *list);

/* What is left, and what keeps it; false if nothing is left that is known of. */
bool run_totals_explain_left(const struct run_totals *totals,
                             const struct reference_graph *references, struct text *detail);

/* The list as it stands in the run's record; free() it. */
char *run_totals_rejected_json(const struct run_totals *totals,
                               const struct reference_graph *references);

#endif
