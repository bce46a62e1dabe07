/*
 * What becomes of a run after a batch has failed: nothing more is sent, and when all that is in the
 * air has landed, one thing is done: what the gravest of the failures asks for.
 *
 *   job_settle_with, job_landed [until nothing is in flight] -> settle -> job_next_batch, a wait,
 *                                                                a new connection, the run's end
 */
#include <stdio.h>

#include "base/text.h"
#include "engine/job_life.h"

static void fail_and_wait(struct job *job, enum reason reason)
{
    job->trouble.failures++;
    job_back_off(job, reason, job_next_batch);
}

/* Something smaller to try is progress: the waits don't grow. */
static void narrow_and_wait(struct job *job, enum reason reason)
{
    job->trouble.failures = 1;
    job_back_off(job, reason, job_next_batch);
}

void job_open_breaker(struct job *job)
{
    job_explain_breaker(job);
    job_pause_run(job, REASON_BREAKER);
}

static void lose_connection(struct job *job)
{
    job_release_in_doubt(job, false);
    job_enter(job, JOB_CONNECTING, REASON_DATABASE, "%s", job->why);
    job_want_connection(job);
}

static void end_for_rejected_rows(struct job *job)
{
    char detail[120];

    snprintf(detail, sizeof detail,
             "%lld rows are rejected (max_rejected_rows); the rest was not looked at",
             (long long)job->left.rejected.rows);
    job_close_run(job, RUN_INCOMPLETE, detail);
}

static void follow(struct job *job, struct next next)
{
    switch (next.verb) {
    case NEXT_SHRINK:
    case NEXT_SKIP_LOCKED:
        narrow_and_wait(job, next.reason);
        break;
    case NEXT_RETRY:
        fail_and_wait(job, next.reason);
        break;
    case NEXT_RESOLVE:
    case NEXT_RECONNECT:
        lose_connection(job);
        break;
    case NEXT_PAUSE:
        job_pause_run(job, next.reason);
        break;
    case NEXT_STOP:
        job->checked = false;
        job_close_run(job, RUN_FAILED, job->why);
        break;
    case NEXT_SET_ASIDE:
        end_for_rejected_rows(job);
        break;
    case NEXT_LEAVE_PARTITION:
        job_leave_partition(job);
        break;
    case NEXT_ADVANCE:
    case NEXT_BISECT:
        job_next_batch(job);
        break;
    }
}

/* A lost connection comes first: the breaker is looked at again before the next batch. */
static void settle(struct job *job)
{
    struct next next = job->batches.settle;
    bool lost = next.verb == NEXT_RESOLVE || next.verb == NEXT_RECONNECT;
    bool opened = job->batches.breaker_opened;

    loop_timer_cancel(&job->timer); /* of a rest that is over */
    job->batches.settling = false;
    job->batches.breaker_opened = false;
    if (opened && !lost)
        job_open_breaker(job);
    else
        follow(job, next);
}

/* Of two failures the later verb of this list is the graver one. */
static int gravity(enum next_verb verb)
{
    static const enum next_verb order[] = {NEXT_SHRINK,    NEXT_SKIP_LOCKED,     NEXT_RETRY,
                                           NEXT_SET_ASIDE, NEXT_LEAVE_PARTITION, NEXT_PAUSE,
                                           NEXT_STOP,      NEXT_RECONNECT,       NEXT_RESOLVE};
    int rank = -1;

    for (int i = 0; i < (int)ARRAY_LENGTH(order); i++)
        if (order[i] == verb)
            rank = i;
    return rank;
}

void job_settle_with(struct job *job, struct next next, const char *why)
{
    if (job->batches.settling && gravity(next.verb) <= gravity(job->batches.settle.verb))
        return;
    job->batches.settling = true;
    job->batches.settle = next;
    snprintf(job->why, sizeof job->why, "%.*s", (int)sizeof job->why - 1, why);
}

void job_landed(struct job *job)
{
    if (!job->batches.settling)
        job_next_batch(job);
    else if (job->lanes.in_flight == 0)
        settle(job);
}

void job_note_unresolved(struct job *job, int64_t number)
{
    struct job_batches *batches = &job->batches;
    size_t bytes = (batches->unresolved_count + 1) * sizeof *batches->unresolved;

    batches->unresolved = mem_grow(batches->unresolved, bytes);
    batches->unresolved[batches->unresolved_count++] = number;
}
