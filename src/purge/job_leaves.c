/*
 * The leaves of a run: the table itself, or its partitions one after the other.
 *
 *   job_begin_leaves -> [begin_leaf -> passes (job_run.c) -> job_leaf_over]* -> end_run
 *
 * Partitions are looked up again when all are done, because one may have been added meanwhile. One
 * that was detached or dropped is left alone at once: from then on its rows are none of the job's.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "purge/job_life.h"
#include "purge/talk.h"

static void next_leaf(struct job *job);

/* --- the end --- */

/* Nothing was deleted any more; is that because nothing is due, or because a trigger keeps what is?
 */
static void kept_rows_sampled(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct sample sample;
    char detail[160];

    if (!job_talk_succeeded(job, reply))
        return;
    sample_read(reply, job->table.blocks, &sample);
    if (sample.due < 1) {
        job_close_run(job, RUN_DONE, NULL);
        return;
    }
    job->blocked += (int64_t)sample.due;
    snprintf(detail, sizeof detail,
             "about %.0f due rows are left that don't go without an error: a trigger BEFORE DELETE "
             "keeps them",
             sample.due);
    job_close_run(job, RUN_INCOMPLETE, detail);
}

static bool may_keep(const struct leaves *leaves)
{
    for (size_t i = 0; i < leaves->count; i++)
        if (leaves->items[i].may_keep)
            return true;
    return false;
}

/* Names the first leaf that can't be purged; false if there is none. */
static bool explain_refusals(const struct leaves *leaves, struct text *detail)
{
    const struct leaf *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < leaves->count; i++) {
        if (leaves->items[i].refusal == NULL)
            continue;
        count++;
        if (first == NULL)
            first = &leaves->items[i];
    }
    if (first != NULL)
        text_addf(detail, "%zu of %zu partitions can't be purged, the first is %s: %s", count,
                  leaves->count, first->table, first->refusal);
    return first != NULL;
}

static void end_run(struct job *job)
{
    struct text detail = {0};

    if (explain_refusals(&job->leaves, &detail))
        job_close_run(job, RUN_INCOMPLETE, detail.data);
    else if (job->moving)
        job_close_run(job, RUN_INCOMPLETE,
                      "due rows kept moving behind the walk; the next run goes on");
    else if (job->skipped_before > 0 || job->blocked > 0)
        job_close_run(job, RUN_INCOMPLETE,
                      "due rows are left that others had locked or the database refuses to delete");
    else if (may_keep(&job->leaves))
        sample_send(job->pg, job->settings, &job->sql, job->table.blocks, kept_rows_sampled, job);
    else
        job_close_run(job, RUN_DONE, NULL);
    text_free(&detail);
}

/* --- one after the other --- */

/* A run that was cut off goes on where it was; what stands before it in the list is done. */
static bool goes_on_here(struct job *job, const struct leaf *leaf)
{
    bool here = job->run.at_leaf == 0 || job->run.at_leaf == leaf->relation;

    job->run.at_leaf = 0;
    return here;
}

static void begin_leaf(struct job *job, struct leaf *leaf)
{
    job->leaf = leaf;
    if (!goes_on_here(job, leaf)) {
        job->run.passes = 1;
        job->run.next_block = 0;
    }
    walk_free(&job->heap);
    walk_start(&job->heap, job->table.block_size);
    job->walk = &job->heap;
    job->index_known = false;
    snprintf(job->choice.why, sizeof job->choice.why, "not chosen yet");
    job_make_statements(job);
    if (job->table.partitioned)
        log_info("job=%s run=%lld comes to %s", job->settings->name, (long long)job->run.id,
                 job->sql.leaf);
    job_begin_pass(job);
}

static void leaves_came(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct leaf *gone;

    if (!job_talk_succeeded(job, reply))
        return;
    job->leaf = NULL;
    leaves_read(reply, job->table.role, &job->leaves);
    gone = leaves_find(&job->leaves, job->leaf_gone);
    if (gone != NULL &&
        gone->refusal == NULL) /* it is still there; then why did the server say so? */
        gone->refusal = text_copy(job->why);
    job->leaf_gone = 0;
    if (!job->listed)
        for (size_t i = 0; i < job->leaves.count; i++)
            if (job->leaves.items[i].refusal != NULL)
                log_warning("job=%s partition %s can't be purged: %s", job->settings->name,
                         job->leaves.items[i].table, job->leaves.items[i].refusal);
    if (!job->listed && leaves_find(&job->leaves, job->run.at_leaf) != NULL)
        leaves_skip_to(&job->leaves, job->run.at_leaf);
    job->listed = true;
    next_leaf(job);
}

static void list_leaves(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", job->leaf_gone != 0 ? job->why : "");
    leaves_send(job->pg, job->table.relation, leaves_came, job);
}

static void next_leaf(struct job *job)
{
    struct leaf *leaf = leaves_next(&job->leaves);

    if (leaf != NULL) {
        job->listed_since = false;
        begin_leaf(job, leaf);
    } else if (job->table.partitioned && !job->listed_since) {
        job->listed_since = true;
        list_leaves(job);
    } else {
        end_run(job);
    }
}

void job_begin_leaves(struct job *job)
{
    leaves_free(&job->leaves);
    job->leaf = NULL;
    job->leaf_gone = 0;
    job->listed = job->listed_since = false;
    job->moving = false;
    job->skipped_before = 0;
    job->most_passes = 1;
    if (job->table.partitioned) {
        job->listed_since = true; /* also when there are none */
        list_leaves(job);
        return;
    }
    leaves_of_table(job->settings, &job->table, &job->leaves);
    next_leaf(job);
}

void job_leaf_over(struct job *job)
{
    job->leaf->over = true;
    job->skipped_before += job->pass.skipped;
    job->pass.skipped = 0;
    if (job->run.passes > job->most_passes)
        job->most_passes = job->run.passes;
    next_leaf(job);
}

void job_leave_leaf(struct job *job)
{
    log_info("job=%s run=%lld leaves %s: %s", job->settings->name, (long long)job->run.id,
             job->sql.leaf, job->why);
    job->leaf->over = true;
    job->leaf_gone = job->leaf->relation;
    job->skipped_before += job->pass.skipped;
    job->pass.skipped = 0;
    job->listed_since = true;
    list_leaves(job);
}
