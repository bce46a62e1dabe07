/*
 * How the rows of a pass are found: heap walk or index walk, by the pages that each would touch,
 * and the switch to the other one where the forecast turns out wrong.
 *
 *   job_begin_walk -> index_answered -> due_answered -> choose -> blocks, or slice after slice
 */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "purge/job_life.h"
#include "purge/talk.h"

static void next_slice(struct job *job);

/* --- the two walks --- */

static void start_pace(struct job *job, int64_t most_blocks)
{
    struct pace_limits limits = {
        .batch_time_ms = (double)job->settings->batch_time_ms,
        .batch_rows = job->settings->batch_rows,
        .duty_percent = (int)job->settings->duty_percent,
        .max_rows_per_second = (double)job->settings->max_rows_per_second,
        .most_blocks = most_blocks,
    };

    pace_start(&job->pace, limits);
}

static void walk_blocks(struct job *job, uint32_t from_block)
{
    job->walk = &job->heap;
    kept_begin_walk(&job->kept);
    start_pace(job, PACE_MOST_BLOCKS);
    walk_begin_pass(&job->heap, from_block, job->pass.began.blocks);
    job_next_batch(job);
}

/* Places of the list are to pace and walk what blocks are on the heap; each holds one due row. */
static void walk_index(struct job *job)
{
    walk_free(&job->list);
    walk_start_list(&job->list);
    kept_begin_walk(&job->kept);
    job->walk = &job->list;
    job->pass.whole = true;
    start_pace(job, job->settings->batch_rows);
    slices_free(&job->slices);
    slices_start(&job->slices);
    next_slice(job);
}

static void slice_came(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct err err;

    if (!job_talk_succeeded(job, reply))
        return;
    if (!slice_read(reply, &job->slices, &err)) {
        job_close_run(job, RUN_FAILED, err.text);
        return;
    }
    slice_leave_out(&job->slices, job->heap.blocked, job->heap.blocked_count);
    walk_begin_pass(&job->list, 0, (uint32_t)job->slices.count);
    job_next_batch(job);
}

static void next_slice(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    slice_send(job->pg, &job->slices, &job->sql, job->run.cutoff, slice_came, job);
}

void job_end_walk(struct job *job)
{
    if (job->walk == &job->list && !job->slices.at_end)
        next_slice(job);
    else
        job_end_pass(job);
}

struct tid job_row_at(const struct job *job, struct tid position)
{
    return job->walk == &job->heap ? position : job->slices.tids[position.block];
}

char *job_tids_of(const struct job *job, struct tid_range range)
{
    struct slice_part part;
    struct text out = {0};

    if (job->walk == &job->heap)
        return NULL;
    part =
        (struct slice_part){job->slices.tids + range.from.block, range.to.block - range.from.block};
    slice_print(&part, &out);
    return text_take(&out);
}

/* --- the choice --- */

static void choose(struct job *job, uint32_t from_block)
{
    choose_walk(&job->facts, &job->choice);
    log_info("job=%s run=%lld pass %d: %s", job->settings->name, (long long)job->run.id,
             job->run.passes, job->choice.why);
    job->looked_at = 0;
    job->walking = true;
    if (job->choice.walk == INDEX_WALK)
        walk_index(job);
    else
        walk_blocks(job, from_block);
}

static void due_answered(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;

    if (talk_outcome(reply) == BATCH_COMMITTED)
        job->facts.probed_due = probe_due_read(reply);
    else if (talk_outcome(reply) != BATCH_TOO_SLOW && !job_talk_succeeded(job, reply))
        return;
    choose(job, job->run.next_block);
}

static void ask_index(struct job *job)
{
    bool enough = choose_sample_is_enough(&job->facts);

    if (job->index.serves && !enough) {
        probe_due_send(job->pg, &job->sql, job->run.cutoff, due_answered, job);
        return;
    }
    if (enough)
        job->facts.probed_due = CHOOSE_PROBE_ROWS;
    choose(job, job->run.next_block);
}

static void index_answered(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;

    if (!job_talk_succeeded(job, reply))
        return;
    probe_index_read(reply, &job->index);
    job->index_known = true;
    job->facts.has_index = job->index.serves;
    job->facts.correlation = job->index.correlation;
    ask_index(job);
}

/* The sample is of the whole table, as it was before the first pass. */
static double sampled_due(const struct job *job)
{
    if (job->sampled_at.us == 0 || job->run.passes > 1 || job->table.partitioned)
        return -1;
    return job->sample.due;
}

void job_begin_walk(struct job *job, uint32_t from_block)
{
    job->run.next_block = from_block;
    job->facts = (struct choose_facts){
        .wish = job->settings->walk,
        .by_row = job->settings->expires.kind == EXPIRES_BY_ROW,
        .has_index = job->index_known && job->index.serves,
        .pages = (int64_t)job->pass.began.blocks - from_block,
        .rows = job->leaf->rows,
        .sampled_due = sampled_due(job),
        .probed_due = -1,
        .correlation = job->index_known ? job->index.correlation : 0,
    };
    if (job->settings->walk == WALK_HEAP || job->facts.by_row)
        choose(job, from_block);
    else if (!job->index_known)
        probe_index_send(job->pg, job->leaf->relation, job->settings->expires.column,
                         index_answered, job);
    else
        ask_index(job);
}

/* --- a forecast that was wrong --- */

static enum choose_verdict verdict(const struct job *job, char *why)
{
    bool by_index = job->walk == &job->list;
    struct choose_progress progress = {
        .pages =
            by_index ? job->slices.pages : (int64_t)walk_block(&job->heap) - job->run.next_block,
        .rows = job->pass.rows,
        .looked_at = job->looked_at,
        .stuck = by_index && job->slices.stuck,
    };

    return choose_again(&job->facts, &job->choice, &progress, why);
}

void job_judge_choice(struct job *job)
{
    char why[sizeof job->choice.why];

    if (job->reconsidering || walk_is_empty(job->walk) || verdict(job, why) == CHOOSE_GO_ON)
        return;
    log_info("job=%s run=%lld looks again how to find rows: %s", job->settings->name,
             (long long)job->run.id, why);
    job->reconsidering = true;
}

static void due_probed_again(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct choose_facts facts = job->facts;
    struct choice fresh;

    facts.probed_due = -1;
    if (talk_outcome(reply) == BATCH_COMMITTED)
        facts.probed_due = probe_due_read(reply);
    else if (talk_outcome(reply) != BATCH_TOO_SLOW && !job_talk_succeeded(job, reply))
        return;
    facts.pages = (int64_t)job->heap.end_block - walk_block(&job->heap);
    facts.sampled_due = -1;
    choose_walk(&facts, &fresh);
    if (fresh.walk == INDEX_WALK) {
        job->facts = facts;
        job->choice = fresh;
        log_info("job=%s run=%lld pass %d: %s", job->settings->name, (long long)job->run.id,
                 job->run.passes, fresh.why);
        walk_index(job);
        return;
    }
    job_next_batch(job); /* the heap walk goes on */
}

void job_reconsider(struct job *job)
{
    job->reconsidering = false;
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    if (job->walk == &job->list) {
        snprintf(job->choice.why, sizeof job->choice.why,
                 "heap walk: the index walk has cost as much as the heap walk would");
        job->choice.walk = HEAP_WALK;
        job->facts.wish = WALK_HEAP; /* and stays with it for this pass */
        job->pass.whole = true;
        walk_blocks(job, 0);
        return;
    }
    job->looked_at = (int64_t)walk_block(&job->heap) - job->run.next_block;
    probe_due_send(job->pg, &job->sql, job->run.cutoff, due_probed_again, job);
}
