/* The steps SCAN, REFILL, RESCAN and PASS_END: a pass over a partition. */
#include "base/log.h"
#include "catalog/query.h"
#include "engine/job_life.h"

enum {
    MOST_PASSES = 10,        /* then the run ends as incomplete, and the next one goes on */
    MOST_LEVEL_PASSES = 100, /* where each pass makes other rows ready to go */
    WORKER_BLOCKS = 1000,    /* a pass over fewer blocks is one worker's */
};

/* A scan is selected. Workers begin when their connections stand; a small rest is not worth them.
 */
static void note_scan(struct job *job)
{
    struct pass *pass = &job->pass;

    log_info("job=%s run=%lld pass %d: %s", job->settings->name, job_run_id(job), pass->number,
             pass->selection.choice.why);
    job->targets.at->blocks = pass->began.blocks;
    if (!job->table.partitioned)
        job->table.blocks = pass->began.blocks;
    fk_blocked_begin_scan(&job->totals.fk_blocked);
    if ((int64_t)pass->began.blocks - pass->from_block >= WORKER_BLOCKS)
        pipeline_want_workers(job->pipeline);
}

/* Rows that refer to each other, like the posts of a thread, go level by level. */
static int most_passes(const struct job *job)
{
    return job->pass.target.levels && fk_blocked_rows_of_pass(&job->totals.fk_blocked) > 0
               ? MOST_LEVEL_PASSES
               : MOST_PASSES;
}

static enum job_event after_pass(struct job *job, bool again)
{
    if (again && job->pass.number < most_passes(job)) {
        job->totals.run.passes = ++job->pass.number;
        job->totals.run.next_block = 0;
        return EVENT_AGAIN;
    }
    job->totals.moving |= again;
    return job_end_partition(job);
}

static enum job_event judge_pass(struct job *job, const struct pass_event *event)
{
    struct err why;

    switch (event->answer) {
    case PASS_READY:
    case PASS_REFILL:
        if (job->step == STEP_SCAN || event->answer == PASS_REFILL)
            note_scan(job); /* else it goes on */
        return event->answer == PASS_READY ? EVENT_DONE : EVENT_REFILL;
    case PASS_OVER:
        return after_pass(job, false);
    case PASS_AGAIN:
        return after_pass(job, true);
    case PASS_UNREADABLE:
        job->closing = RUN_FAILED;
        job_set_why(job, event->error->message);
        return EVENT_UNREADABLE;
    case PASS_FAILED:
        query_error(event->error, &why);
        return job_failed(job, event->outcome, event->error, why.text);
    case PASS_ASKED:
        break;
    }
    return EVENT_NONE;
}

void job_on_pass(void *arg, const struct pass_event *event)
{
    struct job *job = arg;

    job->tell(job, judge_pass(job, event));
}

enum job_event job_enter_scan(struct job *job)
{
    job->resume = STEP_SCAN;
    pass_begin(&job->pass, job->pg, job->totals.run.next_block);
    return EVENT_NONE;
}

enum job_event job_enter_refill(struct job *job)
{
    job->resume = STEP_SCAN;
    pass_refill(&job->pass, job->pg);
    return EVENT_NONE;
}

enum job_event job_enter_rescan(struct job *job)
{
    if (pass_rescan(&job->pass, job->pg) == PASS_ASKED)
        return EVENT_NONE;
    note_scan(job); /* the heap scan, from its beginning */
    return EVENT_DONE;
}

enum job_event job_enter_pass_end(struct job *job)
{
    job->resume = STEP_SCAN;
    pass_end(&job->pass, job->pg);
    return EVENT_NONE;
}
