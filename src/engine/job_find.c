/*
 * How the rows of a pass are found: heap scan or index scan, by the pages that each would touch,
 * and the switch to the other one where the forecast turns out wrong.
 *
 *   job_begin_scan -> index_answered -> due_answered -> choose -> blocks, or slice after slice
 */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"

static void next_slice(struct job *job);

/* --- the two scans --- */

static void take_up_pace(struct job *job, bool list)
{
    struct pace_limits limits = {
        .batch_time_ms = (double)job->settings->batch_time_ms,
        .batch_rows = job->settings->batch_rows,
        .duty_cycle_percent = (int)job->settings->duty_cycle_percent,
        .max_rows_per_second = (double)job->settings->max_rows_per_second,
        .list = list,
    };

    pace_go_on(&job->pace, limits);
}

static void scan_blocks(struct job *job, uint32_t from_block)
{
    job->scan = &job->scans.heap;
    fk_blocked_begin_scan(&job->left.fk_blocked);
    take_up_pace(job, false);
    scan_begin_pass(&job->scans.heap, from_block, job->pass.began.blocks);
    job_next_batch(job);
}

/* Places of the list are to pace and scan what blocks are on the heap; each holds one due row. */
static void scan_index(struct job *job)
{
    scan_free(&job->scans.list);
    scan_start_list(&job->scans.list);
    fk_blocked_begin_scan(&job->left.fk_blocked);
    job->scan = &job->scans.list;
    job->pass.whole = true;
    take_up_pace(job, true);
    slices_free(&job->scans.slices);
    slices_start(&job->scans.slices);
    next_slice(job);
}

static void slice_came(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct err err;

    if (!job_query_succeeded(job, reply))
        return;
    if (!slice_read(reply, &job->scans.slices, &err)) {
        job_close_run(job, RUN_FAILED, err.text);
        return;
    }
    slice_leave_out(&job->scans.slices, job->scans.heap.rejected, job->scans.heap.rejected_count);
    scan_begin_pass(&job->scans.list, 0, (uint32_t)job->scans.slices.count);
    job_next_batch(job);
}

static void next_slice(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    slice_send(job->pg, &job->scans.slices, &job->sql, job->run.cutoff, slice_came, job);
}

void job_end_scan(struct job *job)
{
    if (job->scan == &job->scans.list && !job->scans.slices.at_end)
        next_slice(job);
    else
        job_end_pass(job);
}

struct tid job_row_at(const struct job *job, struct tid position)
{
    return job->scan == &job->scans.heap ? position : job->scans.slices.tids[position.block];
}

char *job_tids_of(const struct job *job, struct tid_range range)
{
    struct slice_part part;
    struct text out = {0};

    if (job->scan == &job->scans.heap)
        return NULL;
    part = (struct slice_part){job->scans.slices.tids + range.from.block,
                               range.to.block - range.from.block};
    slice_print(&part, &out);
    return text_take(&out);
}

/* --- the choice --- */

static void choose(struct job *job, uint32_t from_block)
{
    choose_scan(&job->find.facts, &job->find.choice);
    log_info("job=%s run=%lld pass %d: %s", job->settings->name, (long long)job->run.id,
             job->run.passes, job->find.choice.why);
    job->find.looked_at = 0;
    job->pass.scaning = true;
    if (job->find.choice.scan == INDEX_SCAN)
        scan_index(job);
    else
        scan_blocks(job, from_block);
}

static void due_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    if (query_outcome(reply) == BATCH_COMMITTED)
        job->find.facts.probed_due = probe_due_read(reply);
    else if (query_outcome(reply) != BATCH_TOO_SLOW && !job_query_succeeded(job, reply))
        return;
    choose(job, job->run.next_block);
}

static void ask_index(struct job *job)
{
    bool enough = choose_sample_is_enough(&job->find.facts);

    if (job->find.index.serves && !enough) {
        probe_due_send(job->pg, &job->sql, job->run.cutoff, due_answered, job);
        return;
    }
    if (enough)
        job->find.facts.probed_due = CHOOSE_PROBE_ROWS;
    choose(job, job->run.next_block);
}

static void index_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    if (!job_query_succeeded(job, reply))
        return;
    probe_index_read(reply, &job->find.index);
    job->find.index_known = true;
    job->find.facts.has_index = job->find.index.serves;
    job->find.facts.correlation = job->find.index.correlation;
    ask_index(job);
}

/* The sample is of the whole table, as it was before the first pass. */
static double sampled_due(const struct job *job)
{
    if (job->look.sampled_at.us == 0 || job->run.passes > 1 || job->table.partitioned)
        return -1;
    return job->look.sample.due;
}

void job_begin_scan(struct job *job, uint32_t from_block)
{
    job->run.next_block = from_block;
    job->find.facts = (struct choose_facts){
        .wish = job->settings->scan,
        .by_row = job->settings->expires.kind == EXPIRES_BY_ROW,
        .has_index = job->find.index_known && job->find.index.serves,
        .pages = (int64_t)job->pass.began.blocks - from_block,
        .rows = job->partition->rows,
        .sampled_due = sampled_due(job),
        .probed_due = -1,
        .correlation = job->find.index_known ? job->find.index.correlation : 0,
    };
    if (!choose_asks_index(&job->find.facts))
        choose(job, from_block);
    else if (!job->find.index_known)
        probe_index_send(job->pg, job->partition->relation, job->settings->expires.column,
                         index_answered, job);
    else
        ask_index(job);
}

/* --- a forecast that was wrong --- */

static enum choose_verdict verdict(const struct job *job, char *why)
{
    bool by_index = job->scan == &job->scans.list;
    struct choose_progress progress = {
        .pages = by_index ? job->scans.slices.pages
                          : (int64_t)scan_block(&job->scans.heap) - job->run.next_block,
        .rows = job->pass.rows,
        .looked_at = job->find.looked_at,
        .stuck = by_index && job->scans.slices.stuck,
    };

    return choose_again(&job->find.facts, &job->find.choice, &progress, why);
}

void job_judge_choice(struct job *job)
{
    char why[sizeof job->find.choice.why];

    if (job->find.reconsidering || scan_is_empty(job->scan) || verdict(job, why) == CHOOSE_GO_ON)
        return;
    log_info("job=%s run=%lld looks again how to find rows: %s", job->settings->name,
             (long long)job->run.id, why);
    job->find.reconsidering = true;
}

static void due_probed_again(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct choose_facts facts = job->find.facts;
    struct choice fresh;

    facts.probed_due = -1;
    if (query_outcome(reply) == BATCH_COMMITTED)
        facts.probed_due = probe_due_read(reply);
    else if (query_outcome(reply) != BATCH_TOO_SLOW && !job_query_succeeded(job, reply))
        return;
    facts.pages = (int64_t)job->scans.heap.end_block - scan_block(&job->scans.heap);
    facts.sampled_due = -1;
    choose_scan(&facts, &fresh);
    if (fresh.scan == INDEX_SCAN) {
        job->find.facts = facts;
        job->find.choice = fresh;
        log_info("job=%s run=%lld pass %d: %s", job->settings->name, (long long)job->run.id,
                 job->run.passes, fresh.why);
        scan_index(job);
        return;
    }
    job_next_batch(job); /* the heap scan goes on */
}

void job_reconsider(struct job *job)
{
    job->find.reconsidering = false;
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    if (job->scan == &job->scans.list) {
        snprintf(job->find.choice.why, sizeof job->find.choice.why,
                 "heap scan: the index scan has cost as much as the heap scan would");
        job->find.choice.scan = HEAP_SCAN;
        job->find.facts.wish = SCAN_HEAP; /* and stays with it for this pass */
        job->pass.whole = true;
        scan_blocks(job, 0);
        return;
    }
    job->find.looked_at = (int64_t)scan_block(&job->scans.heap) - job->run.next_block;
    probe_due_send(job->pg, &job->sql, job->run.cutoff, due_probed_again, job);
}
