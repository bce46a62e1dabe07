/*
 * When a job whose run is due has to let others go first (policy/job_order.h): it gives its
 * connection back, so that they can have it, and waits until the host says that it may step
 * forward, or until its window closes; then it runs in the next one.
 *
 *   job_schedule.c -> job_take_turn -> host.may_begin() -> job_measure_rows, the run
 *                  -> wait -> job_step_forward -> job_schedule.c, from the beginning
 */
#include <math.h>

#include "base/text.h"
#include "engine/job_life.h"

enum {
    LOOK_AGAIN_MS = 10 * 60 * 1000, /* at what is due, for status */
    SOON_MS = 30 * 1000,            /* windows that open together are seen to open that exactly */
};

static void wait_in_line(struct job *job, const char *why)
{
    double wait_ms = LOOK_AGAIN_MS;

    if (job->look.has_closing)
        wait_ms = fmin(wait_ms, fmax(job_seconds_until(job, job->look.window_changes), 0) * 1000);
    job_release(job, false);
    if (job->draining) {
        job_finish_drain(job);
        return;
    }
    job_enter(job, JOB_WAITING, REASON_CHILDREN, "%s", why);
    job_set_timer(job, wait_ms, job_want_connection);
}

void job_take_turn(struct job *job)
{
    struct text why = {0};

    if (!job->turn.in_line)
        job->turn.since = mono_now();
    job->turn.in_line = !job->course.open; /* a run that was interrupted goes on */
    if (job->turn.in_line && !job->host.may_begin(job->host.arg, job, &why)) {
        wait_in_line(job, why.data);
    } else {
        job->turn.in_line = false;
        job_measure_rows(job);
    }
    text_free(&why);
}

void job_step_forward(struct job *job)
{
    if (job->state != JOB_WAITING || job->reason != REASON_CHILDREN || job->draining)
        return;
    job_want_connection(job);
}

bool job_is_in_line(const struct job *job)
{
    return job->turn.in_line;
}

bool job_has_run_since_in_line(const struct job *job, const struct job *other)
{
    return mono_ms_between(other->turn.since, job->turn.run_ended) >= 0;
}

static bool is_due_soon(const struct job *job)
{
    return loop_timer_pending(&job->timer) && mono_ms_between(mono_now(), job->wakes) <= SOON_MS;
}

/* These hold all jobs of the database alike, and max_hold ends them. */
static bool holds_all(enum reason reason)
{
    return reason == REASON_REPLICA_LAG || reason == REASON_SLOT_LAG || reason == REASON_WAL_RATE ||
           reason == REASON_ACTIVE_SESSIONS;
}

bool job_is_under_way(const struct job *job)
{
    switch (job->state) {
    case JOB_CONNECTING:
    case JOB_CHECKING:
    case JOB_RUNNING:
    case JOB_RESTING:
    case JOB_BACKING_OFF:
    case JOB_RESOLVING:
    case JOB_FINISHING:
        return true;
    case JOB_WAITING:
        return job->turn.in_line || is_due_soon(job);
    case JOB_HELD:
        return holds_all(job->reason);
    case JOB_STOPPED:
    case JOB_VACUUMING: /* its rows are gone */
        return false;
    }
    return false;
}

const struct fk_graph *job_family(const struct job *job)
{
    return job->checked && job->table.references != NULL ? &job->table.references->family : NULL;
}
