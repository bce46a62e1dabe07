#include "engine/pass.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "catalog/query.h"

void pass_init(struct pass *pass, pass_fn *fn, void *arg)
{
    pass->fn = fn;
    pass->arg = arg;
}

void pass_start(struct pass *pass, const struct pass_target *target, uint32_t block_size,
                int number)
{
    scan_start(&pass->scan, block_size);
    scan_selection_start(&pass->selection);
    pass->target = *target;
    pass->number = number;
    pass->skipped = 0;
}

void pass_free(struct pass *pass)
{
    scan_free(&pass->scan);
}

static void answer(struct pass *pass, enum pass_answer answer)
{
    pass->fn(pass->arg, &(struct pass_event){.answer = answer});
}

static void fail(struct pass *pass, enum batch_outcome outcome, const struct pg_error *error)
{
    pass->fn(pass->arg, &(struct pass_event){PASS_FAILED, outcome, error});
}

/* Whether a question was answered; tells if not. */
static bool answered(struct pass *pass, const struct pg_result *reply)
{
    enum batch_outcome outcome = query_outcome(reply);

    if (outcome == BATCH_COMMITTED)
        return true;
    fail(pass, outcome, pg_result_error(reply));
    return false;
}

static struct scan_question question_of(const struct pass *pass)
{
    return (struct scan_question){pass->pg, pass->target.settings, pass->target.sql,
                                  pass->target.cutoff, pass->target.relation};
}

/* --- the beginning --- */

static enum pass_answer begin_scan(struct pass *pass, uint32_t from_block)
{
    if (pass->selection.choice.scan == INDEX_SCAN) {
        pass->whole = true;
        scan_begin_index(&pass->scan);
        return PASS_REFILL;
    }
    scan_begin_heap(&pass->scan, from_block, pass->began.blocks);
    return PASS_READY;
}

static void on_selected(void *arg, enum batch_outcome outcome, const struct pg_error *error)
{
    struct pass *pass = arg;

    if (outcome == BATCH_COMMITTED)
        answer(pass, begin_scan(pass, pass->from_block));
    else
        fail(pass, outcome, error);
}

static void note_beginning(struct pass *pass, const struct pg_result *reply)
{
    run_pass_read(reply, &pass->began);
    pass->started = mono_now();
    pass->whole = pass->from_block == 0;
    pass->quiet = pass->began.xmin == pass->began.xmax;
    pass->rows = pass->writing_batches = pass->skipped = 0;
    pass->busy_s = pass->busy_places = 0;
}

static void on_begun(void *arg, const struct pg_result *reply)
{
    struct pass *pass = arg;
    struct scan_question question = question_of(pass);
    double sampled_due = pass->number == 1 ? pass->target.sampled_due : -1;

    if (!answered(pass, reply))
        return;
    note_beginning(pass, reply);
    if (scan_selection_ask(&pass->selection, &question,
                           (int64_t)pass->began.blocks - pass->from_block, pass->target.rows,
                           sampled_due, on_selected, pass))
        answer(pass, begin_scan(pass, pass->from_block));
}

void pass_begin(struct pass *pass, struct pg *pg, uint32_t from_block)
{
    pass->pg = pg;
    pass->from_block = from_block;
    run_pass_send(pg, pass->target.relation, on_begun, pass);
}

/* --- more rows --- */

bool pass_may_refill(const struct pass *pass)
{
    return !pass->scan.kind->is_complete(&pass->scan);
}

static void on_refilled(void *arg, const struct pg_result *reply)
{
    struct pass *pass = arg;
    struct pg_error error = {0};
    struct err err;

    if (!answered(pass, reply))
        return;
    if (scan_refilled(&pass->scan, reply, &err)) {
        answer(pass, PASS_READY);
        return;
    }
    snprintf(error.message, sizeof error.message, "%.*s", (int)sizeof error.message - 1, err.text);
    pass->fn(pass->arg, &(struct pass_event){.answer = PASS_UNREADABLE, .error = &error});
}

void pass_refill(struct pass *pass, struct pg *pg)
{
    scan_refill_send(&pass->scan, pg, pass->target.sql, pass->target.cutoff, on_refilled, pass);
}

/* --- a forecast that was wrong --- */

bool pass_review(struct pass *pass, char *why)
{
    why[0] = '\0';
    return pass->selection.verdict != CHOOSE_GO_ON ||
           (!scan_is_empty(&pass->scan) &&
            scan_selection_review(&pass->selection, pass->scan.kind->pages(&pass->scan), pass->rows,
                                  scan_is_index(&pass->scan) && pass->scan.slices.stuck,
                                  why) != CHOOSE_GO_ON);
}

/* The heap scan goes on where it was if the index is no better. */
static void on_selected_again(void *arg, enum batch_outcome outcome, const struct pg_error *error)
{
    struct pass *pass = arg;

    if (outcome != BATCH_COMMITTED)
        fail(pass, outcome, error);
    else if (pass->selection.choice.scan == INDEX_SCAN)
        answer(pass, begin_scan(pass, 0));
    else
        answer(pass, PASS_READY);
}

enum pass_answer pass_rescan(struct pass *pass, struct pg *pg)
{
    struct scan_question question;
    uint32_t block = ranges_block(&pass->scan.heap);

    pass->pg = pg;
    if (scan_is_index(&pass->scan)) {
        scan_selection_switch_to_heap(&pass->selection);
        pass->whole = true;
        return begin_scan(pass, 0);
    }
    question = question_of(pass);
    scan_selection_again(&pass->selection, &question, (int64_t)pass->scan.heap.end_block - block,
                         (int64_t)block - pass->scan.from_block, on_selected_again, pass);
    return PASS_ASKED;
}

/* --- the end --- */

/* Then nothing can have moved behind the scan. */
static bool nobody_else_wrote(const struct pass *pass, const struct run_pass *now)
{
    return !pass->target.levels && pass->quiet &&
           now->xmax - pass->began.xmax == (uint64_t)pass->writing_batches;
}

static void on_ended(void *arg, const struct pg_result *reply)
{
    struct pass *pass = arg;
    struct run_pass now;

    if (!answered(pass, reply))
        return;
    run_pass_read(reply, &now);
    answer(pass, pass->whole && (pass->rows == 0 || nobody_else_wrote(pass, &now)) ? PASS_OVER
                                                                                   : PASS_AGAIN);
}

void pass_end(struct pass *pass, struct pg *pg)
{
    run_pass_send(pg, pass->target.relation, on_ended, pass);
}

void pass_recheck(struct pass *pass)
{
    pass->quiet = pass->whole = false;
}

double pass_places_left(const struct pass *pass)
{
    double due = pass->selection.choice.due;

    if (!scan_is_index(&pass->scan))
        return (double)pass->scan.heap.end_block - ranges_block(&pass->scan.heap);
    return due >= 0 ? fmax(due - (double)pass->rows, 0) : NAN;
}
