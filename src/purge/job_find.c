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

static void take_up_pace(struct job *job, bool list)
{
    struct pace_limits limits = {
        .batch_time_ms = (double)job->settings->batch_time_ms,
        .batch_rows = job->settings->batch_rows,
        .duty_percent = (int)job->settings->duty_percent,
        .max_rows_per_second = (double)job->settings->max_rows_per_second,
        .list = list,
    };

    pace_go_on(&job->pace, limits);
}

static void walk_blocks(struct job *job, uint32_t from_block)
{
    job->walk = &job->walks.heap;
    kept_begin_walk(&job->left.kept);
    take_up_pace(job, false);
    walk_begin_pass(&job->walks.heap, from_block, job->pass.began.blocks);
    job_next_batch(job);
}

/* Places of the list are to pace and walk what blocks are on the heap; each holds one due row. */
static void walk_index(struct job *job)
{
    walk_free(&job->walks.list);
    walk_start_list(&job->walks.list);
    kept_begin_walk(&job->left.kept);
    job->walk = &job->walks.list;
    job->pass.whole = true;
    take_up_pace(job, true);
    slices_free(&job->walks.slices);
    slices_start(&job->walks.slices);
    next_slice(job);
}

static void slice_came(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct err err;

    if (!job_talk_succeeded(job, reply))
        return;
    if (!slice_read(reply, &job->walks.slices, &err)) {
        job_close_run(job, RUN_FAILED, err.text);
        return;
    }
    slice_leave_out(&job->walks.slices, job->walks.heap.blocked, job->walks.heap.blocked_count);
    walk_begin_pass(&job->walks.list, 0, (uint32_t)job->walks.slices.count);
    job_next_batch(job);
}

static void next_slice(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    slice_send(job->pg, &job->walks.slices, &job->sql, job->run.cutoff, slice_came, job);
}

void job_end_walk(struct job *job)
{
    if (job->walk == &job->walks.list && !job->walks.slices.at_end)
        next_slice(job);
    else
        job_end_pass(job);
}

struct tid job_row_at(const struct job *job, struct tid position)
{
    return job->walk == &job->walks.heap ? position : job->walks.slices.tids[position.block];
}

char *job_tids_of(const struct job *job, struct tid_range range)
{
    struct slice_part part;
    struct text out = {0};

    if (job->walk == &job->walks.heap)
        return NULL;
    part = (struct slice_part){job->walks.slices.tids + range.from.block,
                               range.to.block - range.from.block};
    slice_print(&part, &out);
    return text_take(&out);
}

/* --- the choice --- */

static void choose(struct job *job, uint32_t from_block)
{
    choose_walk(&job->find.facts, &job->find.choice);
    log_info("job=%s run=%lld pass %d: %s", job->settings->name, (long long)job->run.id,
             job->run.passes, job->find.choice.why);
    job->find.looked_at = 0;
    job->pass.walking = true;
    if (job->find.choice.walk == INDEX_WALK)
        walk_index(job);
    else
        walk_blocks(job, from_block);
}

static void due_answered(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;

    if (talk_outcome(reply) == BATCH_COMMITTED)
        job->find.facts.probed_due = probe_due_read(reply);
    else if (talk_outcome(reply) != BATCH_TOO_SLOW && !job_talk_succeeded(job, reply))
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

static void index_answered(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;

    if (!job_talk_succeeded(job, reply))
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

void job_begin_walk(struct job *job, uint32_t from_block)
{
    job->run.next_block = from_block;
    job->find.facts = (struct choose_facts){
        .wish = job->settings->walk,
        .by_row = job->settings->expires.kind == EXPIRES_BY_ROW,
        .has_index = job->find.index_known && job->find.index.serves,
        .pages = (int64_t)job->pass.began.blocks - from_block,
        .rows = job->leaf->rows,
        .sampled_due = sampled_due(job),
        .probed_due = -1,
        .correlation = job->find.index_known ? job->find.index.correlation : 0,
    };
    if (!choose_asks_index(&job->find.facts))
        choose(job, from_block);
    else if (!job->find.index_known)
        probe_index_send(job->pg, job->leaf->relation, job->settings->expires.column,
                         index_answered, job);
    else
        ask_index(job);
}

/* --- a forecast that was wrong --- */

static enum choose_verdict verdict(const struct job *job, char *why)
{
    bool by_index = job->walk == &job->walks.list;
    struct choose_progress progress = {
        .pages = by_index ? job->walks.slices.pages
                          : (int64_t)walk_block(&job->walks.heap) - job->run.next_block,
        .rows = job->pass.rows,
        .looked_at = job->find.looked_at,
        .stuck = by_index && job->walks.slices.stuck,
    };

    return choose_again(&job->find.facts, &job->find.choice, &progress, why);
}

void job_judge_choice(struct job *job)
{
    char why[sizeof job->find.choice.why];

    if (job->find.reconsidering || walk_is_empty(job->walk) || verdict(job, why) == CHOOSE_GO_ON)
        return;
    log_info("job=%s run=%lld looks again how to find rows: %s", job->settings->name,
             (long long)job->run.id, why);
    job->find.reconsidering = true;
}

static void due_probed_again(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct choose_facts facts = job->find.facts;
    struct choice fresh;

    facts.probed_due = -1;
    if (talk_outcome(reply) == BATCH_COMMITTED)
        facts.probed_due = probe_due_read(reply);
    else if (talk_outcome(reply) != BATCH_TOO_SLOW && !job_talk_succeeded(job, reply))
        return;
    facts.pages = (int64_t)job->walks.heap.end_block - walk_block(&job->walks.heap);
    facts.sampled_due = -1;
    choose_walk(&facts, &fresh);
    if (fresh.walk == INDEX_WALK) {
        job->find.facts = facts;
        job->find.choice = fresh;
        log_info("job=%s run=%lld pass %d: %s", job->settings->name, (long long)job->run.id,
                 job->run.passes, fresh.why);
        walk_index(job);
        return;
    }
    job_next_batch(job); /* the heap walk goes on */
}

void job_reconsider(struct job *job)
{
    job->find.reconsidering = false;
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    if (job->walk == &job->walks.list) {
        snprintf(job->find.choice.why, sizeof job->find.choice.why,
                 "heap walk: the index walk has cost as much as the heap walk would");
        job->find.choice.walk = HEAP_WALK;
        job->find.facts.wish = WALK_HEAP; /* and stays with it for this pass */
        job->pass.whole = true;
        walk_blocks(job, 0);
        return;
    }
    job->find.looked_at = (int64_t)walk_block(&job->walks.heap) - job->run.next_block;
    probe_due_send(job->pg, &job->sql, job->run.cutoff, due_probed_again, job);
}
