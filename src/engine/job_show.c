/* The state that is shown of a job, and the line in the log when it changes. */
#include "base/log.h"
#include "engine/job_life.h"

static enum job_state state_of(const struct job *job)
{
    const struct limit_verdict *verdict;

    if (job->step != STEP_PURGE)
        return job_step_state(job->step);
    if (pipeline_in_flight(job->pipeline) > 0)
        return JOB_RUNNING;
    verdict = throttle_judge(job->throttle);
    if (verdict == NULL)
        return JOB_CHECKING;
    return verdict->action == LIMIT_HOLD ? JOB_HELD : JOB_RESTING;
}

static enum reason resting_reason(const struct job *job, const struct limit_verdict *verdict)
{
    if (verdict->action == LIMIT_SLOW)
        return verdict->reason;
    return pipeline_rests_by_rate(job->pipeline) ? REASON_RATE : REASON_DUTY_CYCLE;
}

static enum reason reason_of(const struct job *job, enum job_state state)
{
    const struct limit_verdict *verdict;

    if (job->step != STEP_PURGE)
        return job->reason;
    verdict = throttle_judge(job->throttle);
    if (state == JOB_HELD)
        return verdict->reason;
    return state == JOB_RESTING ? resting_reason(job, verdict) : REASON_NONE;
}

/* Between two batches the state changes hundreds of times a second, and between two of hundreds of
 * partitions as well; that is for debugging only. */
static bool is_routine(const struct job *job, enum job_state from, enum job_state to)
{
    bool between_partitions = job->table.partitioned && job->targets.at != NULL;
    bool was =
        from == JOB_RUNNING || from == JOB_RESTING || (between_partitions && from == JOB_CHECKING);

    return was &&
           (to == JOB_RUNNING || to == JOB_RESTING || (between_partitions && to == JOB_CHECKING));
}

static void log_transition(const struct job *job, enum job_state from, const char *why)
{
    const struct job_shown *now = &job->shown;
    const char *separator = why[0] != '\0' ? ": " : "";

    if (is_routine(job, from, now->state))
        log_debug("job=%s %s -> %s", job->settings->name, job_state_code(from),
                  job_state_code(now->state));
    else if (now->state == JOB_STOPPED)
        log_error("job=%s %s -> %s (%s)%s%s", job->settings->name, job_state_code(from),
                  job_state_code(now->state), reason_code(now->reason), separator, why);
    else if (now->state == JOB_HELD || now->reason == REASON_DATABASE)
        log_warning("job=%s %s -> %s (%s)%s%s", job->settings->name, job_state_code(from),
                    job_state_code(now->state), reason_code(now->reason), separator, why);
    else if (now->reason != REASON_NONE)
        log_info("job=%s %s -> %s (%s)%s%s", job->settings->name, job_state_code(from),
                 job_state_code(now->state), reason_code(now->reason), separator, why);
    else
        log_info("job=%s %s -> %s%s%s", job->settings->name, job_state_code(from),
                 job_state_code(now->state), separator, why);
}

/* Counts the time in the state that ends, and tells of the one that begins. */
void job_show(struct job *job, bool entered)
{
    struct job_shown old = job->shown;
    enum job_state state = state_of(job);
    enum reason reason = reason_of(job, state);
    bool same = state == old.state && reason == old.reason;

    if (same && !(entered && job->why[0] != '\0'))
        return;
    job->shown = (struct job_shown){state, reason, mono_now(), wall_now()};
    job->host.counters->held_seconds[old.reason] +=
        mono_ms_between(old.since, job->shown.since) / 1000;
    log_transition(job, old.state, job->why);
    if (!is_routine(job, old.state, state))
        job->host.changed(job->host.arg, job);
}
