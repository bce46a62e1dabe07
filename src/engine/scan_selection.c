#include "engine/scan_selection.h"

#include <stdio.h>

#include "catalog/query.h"

void scan_selection_start(struct scan_selection *selection)
{
    *selection = (struct scan_selection){0};
    snprintf(selection->choice.why, sizeof selection->choice.why, "not chosen yet");
}

static void choose(struct scan_selection *selection)
{
    choose_scan(&selection->facts, &selection->choice);
    selection->looked_at = 0;
    selection->verdict = CHOOSE_GO_ON;
}

static void chosen(struct scan_selection *selection)
{
    choose(selection);
    selection->fn(selection->arg, BATCH_COMMITTED, NULL);
}

static void fail(struct scan_selection *selection, const struct pg_result *reply)
{
    selection->fn(selection->arg, query_outcome(reply), pg_result_error(reply));
}

/* An index that is too slow to be asked is no help for finding rows either. */
static bool read_due(const struct pg_result *reply, int64_t *due)
{
    enum batch_outcome outcome = query_outcome(reply);

    *due = outcome == BATCH_COMMITTED ? probe_due_read(reply) : -1;
    return outcome == BATCH_COMMITTED || outcome == BATCH_TOO_SLOW;
}

static void on_due(void *arg, const struct pg_result *reply)
{
    struct scan_selection *selection = arg;

    if (read_due(reply, &selection->facts.probed_due))
        chosen(selection);
    else
        fail(selection, reply);
}

static void ask_due(struct scan_selection *selection, pg_result_fn *fn)
{
    const struct scan_question *question = &selection->question;

    probe_due_send(question->pg, question->sql, question->cutoff, fn, selection);
}

/* Returns whether the index has to be asked how much is due. */
static bool needs_probe(struct scan_selection *selection)
{
    bool enough = choose_sample_is_enough(&selection->facts);

    if (enough)
        selection->facts.probed_due = CHOOSE_PROBE_ROWS;
    return selection->index.serves && !enough;
}

static void take_index(struct scan_selection *selection)
{
    selection->facts.has_index = selection->index.serves;
    selection->facts.correlation = selection->index.correlation;
}

static void on_index(void *arg, const struct pg_result *reply)
{
    struct scan_selection *selection = arg;

    if (query_outcome(reply) != BATCH_COMMITTED) {
        fail(selection, reply);
        return;
    }
    probe_index_read(reply, &selection->index);
    selection->index_known = true;
    take_index(selection);
    if (needs_probe(selection))
        ask_due(selection, on_due);
    else
        chosen(selection);
}

bool scan_selection_ask(struct scan_selection *selection, const struct scan_question *question,
                        int64_t pages, double rows, double sampled_due, scan_selected_fn *fn,
                        void *arg)
{
    selection->question = *question;
    selection->fn = fn;
    selection->arg = arg;
    selection->facts = (struct choose_facts){
        .wish = question->settings->scan,
        .by_row = question->settings->expires.kind == EXPIRES_BY_ROW,
        .pages = pages,
        .rows = rows,
        .sampled_due = sampled_due,
        .probed_due = -1,
    };
    if (selection->index_known)
        take_index(selection);
    if (choose_asks_index(&selection->facts) && !selection->index_known) {
        probe_index_send(question->pg, question->relation, question->settings->expires.column,
                         on_index, selection);
        return false;
    }
    if (choose_asks_index(&selection->facts) && needs_probe(selection)) {
        ask_due(selection, on_due);
        return false;
    }
    choose(selection);
    return true;
}

/* --- a forecast that was wrong --- */

enum choose_verdict scan_selection_review(struct scan_selection *selection, int64_t pages,
                                          int64_t rows, bool stuck, char *why)
{
    struct choose_progress progress = {
        .pages = pages,
        .rows = rows,
        .looked_at = selection->looked_at,
        .stuck = stuck,
    };

    why[0] = '\0';
    if (selection->verdict == CHOOSE_GO_ON)
        selection->verdict = choose_again(&selection->facts, &selection->choice, &progress, why);
    return selection->verdict;
}

void scan_selection_switch_to_heap(struct scan_selection *selection)
{
    snprintf(selection->choice.why, sizeof selection->choice.why,
             "heap scan: the index scan has cost as much as the heap scan would");
    selection->choice.scan = HEAP_SCAN;
    selection->facts.wish = SCAN_HEAP; /* and stays with it for this pass */
    selection->verdict = CHOOSE_GO_ON;
}

static void on_due_again(void *arg, const struct pg_result *reply)
{
    struct scan_selection *selection = arg;
    struct choose_facts facts = selection->facts;
    struct choice fresh;

    if (!read_due(reply, &facts.probed_due)) {
        fail(selection, reply);
        return;
    }
    facts.pages = selection->pages_left;
    facts.sampled_due = -1;
    choose_scan(&facts, &fresh);
    if (fresh.scan == INDEX_SCAN) {
        selection->facts = facts;
        selection->choice = fresh;
    }
    selection->fn(selection->arg, BATCH_COMMITTED, NULL);
}

void scan_selection_again(struct scan_selection *selection, const struct scan_question *question,
                          int64_t pages, int64_t done, scan_selected_fn *fn, void *arg)
{
    selection->question = *question;
    selection->fn = fn;
    selection->arg = arg;
    selection->looked_at = done;
    selection->verdict = CHOOSE_GO_ON;
    selection->pages_left = pages;
    ask_due(selection, on_due_again);
}
