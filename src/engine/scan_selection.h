/*
 * scan_selection: which scan finds the due rows of a pass: heap or index, by the pages that each
 * would touch (policy/scan_choice.h), and the second thoughts where the forecast turns out wrong.
 * Asks the catalog for an index that serves, and the index for how much is due, where that matters.
 */
#ifndef PGPURGED_ENGINE_SCAN_SELECTION_H
#define PGPURGED_ENGINE_SCAN_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/probe.h"
#include "model/codes.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"
#include "policy/scan_choice.h"
#include "sql/target_statements.h"

/* What is asked about; stays until the answer. */
struct scan_question {
    struct pg *pg;
    const struct job_settings *settings;
    const struct sql_statements *sql;
    const char *cutoff;
    int64_t relation;
};

/* outcome: BATCH_COMMITTED = `choice` is made; else what the failed question means, with error. */
typedef void scan_selected_fn(void *arg, enum batch_outcome outcome, const struct pg_error *error);

struct scan_selection {
    struct choose_facts facts; /* with which the pass began */
    struct choice choice;
    bool index_known; /* `index` is of this partition */
    struct probe_index index;
    int64_t looked_at;           /* struct choose_progress */
    enum choose_verdict verdict; /* of the last review */
    int64_t pages_left;          /* of scan_selection_again() */
    struct scan_question question;
    scan_selected_fn *fn;
    void *arg;
};

/* Another partition: its indexes are not known. */
void scan_selection_start(struct scan_selection *selection);

/* Begins the selection for a pass over `pages` pages with about `rows` rows, of which a sample has
 * found `sampled_due` due (< 0 = not known). Returns true if the choice is made at once; otherwise
 * fn is called. */
bool scan_selection_ask(struct scan_selection *selection, const struct scan_question *question,
                        int64_t pages, double rows, double sampled_due, scan_selected_fn *fn,
                        void *arg);

/* Compares the forecast with what a pass has come to. `why`, of the size of choice.why, says what
 * was wrong; the verdict stays as it is until scan_selection_ask() or _again(). */
enum choose_verdict scan_selection_review(struct scan_selection *selection, int64_t pages,
                                          int64_t rows, bool stuck, char *why);

/* After CHOOSE_SWITCH: the heap scan, for the rest of the pass. */
void scan_selection_switch_to_heap(struct scan_selection *selection);

/* After CHOOSE_LOOK_AGAIN: asks the index once more; `pages` is what the heap scan has still before
 * it, `done` what it has behind it. The choice changes only if the index scan is better now. */
void scan_selection_again(struct scan_selection *selection, const struct scan_question *question,
                          int64_t pages, int64_t done, scan_selected_fn *fn, void *arg);

#endif
