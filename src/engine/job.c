#include "engine/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/job_life.h"

/* --- states --- */

/* Between two batches the state changes hundreds of times a second, and between two of hundreds of
 * partitions as well; that is for debugging only. */
static bool is_routine(const struct job *job, enum job_state from, enum job_state to)
{
    bool between_partitions = job->table.partitioned && job->partition != NULL;
    bool was =
        from == JOB_RUNNING || from == JOB_RESTING || (between_partitions && from == JOB_CHECKING);

    return was &&
           (to == JOB_RUNNING || to == JOB_RESTING || (between_partitions && to == JOB_CHECKING));
}

static void log_transition(const struct job *job, enum job_state from)
{
    const char *separator = job->why[0] != '\0' ? ": " : "";

    if (is_routine(job, from, job->state))
        log_debug("job=%s %s -> %s", job->settings->name, job_state_code(from),
                  job_state_code(job->state));
    else if (job->state == JOB_STOPPED)
        log_error("job=%s %s -> %s (%s)%s%s", job->settings->name, job_state_code(from),
                  job_state_code(job->state), reason_code(job->reason), separator, job->why);
    else if (job->state == JOB_HELD || job->reason == REASON_DATABASE)
        log_warning("job=%s %s -> %s (%s)%s%s", job->settings->name, job_state_code(from),
                    job_state_code(job->state), reason_code(job->reason), separator, job->why);
    else if (job->reason != REASON_NONE)
        log_info("job=%s %s -> %s (%s)%s%s", job->settings->name, job_state_code(from),
                 job_state_code(job->state), reason_code(job->reason), separator, job->why);
    else
        log_info("job=%s %s -> %s%s%s", job->settings->name, job_state_code(from),
                 job_state_code(job->state), separator, job->why);
}

void job_enter(struct job *job, enum job_state state, enum reason reason, const char *format, ...)
{
    enum job_state from = job->state;
    enum reason old_reason = job->reason;
    struct mono now = mono_now();
    char why[sizeof job->why]; /* an argument may be the old job->why */
    va_list args;

    job->host.counters->held_seconds[old_reason] += mono_ms_between(job->since, now) / 1000;
    job->since = now;
    job->since_wall = wall_now();
    job->state = state;
    job->reason = reason;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    memcpy(job->why, why, sizeof why);
    if (from == state && old_reason == reason && job->why[0] == '\0')
        return;
    log_transition(job, from);
    if (!is_routine(job, from, state))
        job->host.changed(job->host.arg, job);
}

static void timer_fired(void *arg)
{
    struct job *job = arg;

    job->on_timer(job);
}

void job_set_timer(struct job *job, double wait_ms, void (*then)(struct job *job))
{
    job->on_timer = then;
    job->wakes.ns = mono_now().ns + (int64_t)(wait_ms * 1e6);
    loop_timer_set(&job->timer, wait_ms);
}

/* --- connecting and checking --- */

void job_release(struct job *job, bool broken)
{
    if (job->lanes.wanted > 0)
        job->host.unwant(job->host.arg, job);
    job->lanes.wanted = 0;
    sql_statements_free(&job->sql); /* 4 kB, which a thousand idle jobs don't need */
    job->lanes.all[0].broken |= broken;
    job->pg = NULL;
    for (size_t i = 0; i < job->lanes.count; i++) {
        struct lane fresh = {.job = job}, old = job->lanes.all[i];

        job->lanes.all[i] = fresh;
        if (old.pg != NULL)
            job->host.give_back(job->host.arg, job, old.pg, old.broken);
    }
}

void job_release_in_doubt(struct job *job, bool broken)
{
    job_doubt(job);
    job_release(job, broken);
}

void job_want_connection(struct job *job)
{
    loop_timer_cancel(&job->timer); /* somebody may have asked for it before the time */
    if (job->draining) {
        job_finish_drain(job);
        return;
    }
    if (job->state != JOB_CONNECTING)
        job_enter(job, JOB_CONNECTING, REASON_NONE, "%s", "");
    job->host.want(job->host.arg, job);
}

void job_wait_for_connection(struct job *job, enum reason reason, const char *why)
{
    if (job->pg != NULL)
        return;
    job_enter(job, JOB_CONNECTING, reason, "%s", why);
}

void job_make_statements(struct job *job)
{
    struct sql_target target = job->partition != NULL
                                   ? partition_target(job->settings, &job->table, job->partition)
                                   : preflight_target(job->settings, &job->table);

    sql_statements_free(&job->sql);
    job->sql = sql_statements_for(&target);
}

static void checked(void *arg, enum batch_outcome outcome, const struct preflight_table *table,
                    const struct err *err)
{
    struct job *job = arg;

    job->table = *table; /* whose references are the preflight's own: it stays until the next one */
    if (outcome != BATCH_COMMITTED) {
        job_query_failed(job, outcome, err->text);
        return;
    }
    job->checked = true;
    *job->host.clock = (struct clock_anchor){true, job->table.clock, mono_now()};
    job_make_statements(job);
    job_learn_rights(job);
}

/* One more worker for a run that is under way. */
static void add_lane(struct job *job, struct pg *pg)
{
    size_t free_lane = 1;

    job->lanes.wanted--;
    while (job->lanes.all[free_lane].pg != NULL)
        free_lane++;
    job->lanes.all[free_lane].pg = pg;
    if (job->state == JOB_RUNNING || job->state == JOB_RESTING)
        job_next_batch(job);
}

void job_connected(struct job *job, struct pg *pg)
{
    if (job->state == JOB_VACUUMING) {
        job_vacuum_watched_by(job, pg);
        return;
    }
    if (job->pg != NULL) {
        add_lane(job, pg);
        return;
    }
    job->pg = job->lanes.all[0].pg = pg;
    job_proceed(job);
}

void job_proceed(struct job *job)
{
    if (job->checked)
        job_make_statements(job);
    if (job->draining) {
        job_release(job, false);
        job_finish_drain(job);
    } else if (job->batches.unresolved_count > 0) {
        job_resolve(job);
    } else if (job->vacuum.wanted) {
        job_vacuum_connected(job);
    } else if (!job->checked) {
        job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
        job->table.references = NULL;
        preflight_free(job->preflight);
        job->preflight = preflight_start(job->pg, job->settings, job->host.clock, checked, job);
    } else {
        job_look_at_schedule(job);
    }
}

/* --- what others ask of a job --- */

void job_start(struct job *job)
{
    job->started = true;
    if (!job->settings->enabled) {
        job_enter(job, JOB_WAITING, REASON_DISABLED, "%s", "");
        if (job->host.once)
            job->host.ended(job->host.arg, job, RUN_DONE);
        return;
    }
    job_want_connection(job);
}

void job_finish_drain(struct job *job)
{
    loop_timer_cancel(&job->timer);
    job->host.drained(job->host.arg, job);
}

/* A job that waits for a reply goes on when it comes and sees `draining` then. */
static bool has_flight_in_air(const struct job *job)
{
    switch (job->state) {
    case JOB_CHECKING:
    case JOB_RUNNING:
    case JOB_RESOLVING:
    case JOB_FINISHING:
        return true;
    case JOB_WAITING:
    case JOB_CONNECTING:
    case JOB_RESTING:
    case JOB_BACKING_OFF:
    case JOB_HELD:
    case JOB_STOPPED:
    case JOB_VACUUMING: /* given up at once */
        return false;
    }
    return false;
}

void job_drain(struct job *job)
{
    job->draining = true;
    if (has_flight_in_air(job) || job->lanes.in_flight > 0)
        return;
    loop_timer_cancel(&job->timer);
    if (job->state == JOB_VACUUMING)
        job_abandon_vacuum(job);
    if (job->pg != NULL && job->course.open)
        job_pause_run(job, REASON_DRAIN);
    else {
        job_release(job, false);
        job_finish_drain(job);
    }
}

/* Whoever resumes or runs a job that the clocks have stopped has looked at them. */
static void forget_clock(struct job *job)
{
    if (job->reason == REASON_CLOCK)
        job->host.clock->known = false;
}

void job_run_now(struct job *job)
{
    job->wants_run = true;
    forget_clock(job);
    if (job->pg == NULL &&
        (job->state == JOB_WAITING || job->state == JOB_HELD || job->state == JOB_STOPPED))
        job_want_connection(job);
}

void job_pause(struct job *job)
{
    job->paused = true;
    if (job->started && (job->state == JOB_WAITING || job->state == JOB_STOPPED)) {
        loop_timer_cancel(&job->timer);
        job_hold(job, REASON_PAUSED, "");
    } else if (job->state == JOB_VACUUMING) {
        job_abandon_vacuum(job);
        job_hold(job, REASON_PAUSED, "");
    }
}

void job_resume(struct job *job)
{
    job->paused = false;
    forget_clock(job);
    if (job->pg == NULL && job->state == JOB_HELD)
        job_want_connection(job);
}

void job_give_up(struct job *job)
{
    if (job->state == JOB_VACUUMING) {
        job_vacuum_unwatched(job);
        return;
    }
    if (job->pg != NULL) { /* it was for one more worker */
        job->lanes.wanted--;
        return;
    }
    if (job->vacuum.wanted) { /* the run itself is over */
        job_end_run(job);
        return;
    }
    job_enter(job, JOB_STOPPED, REASON_DATABASE, "%s", job->why);
    job->host.ended(job->host.arg, job, RUN_FAILED);
}

struct job *job_new(const struct job_settings *settings, const struct job_host *host)
{
    struct job *job = mem_new(sizeof *job);

    job->settings = settings;
    job->host = *host;
    job->scan = &job->scans.heap;
    job->state = JOB_WAITING;
    job->since = mono_now();
    job->lanes.count = (size_t)settings->workers;
    job->lanes.all = mem_new(job->lanes.count * sizeof *job->lanes.all);
    for (size_t i = 0; i < job->lanes.count; i++)
        job->lanes.all[i].job = job;
    loop_timer_init(&job->timer, host->loop, timer_fired, job);
    return job;
}

void job_free(struct job *job)
{
    if (job == NULL)
        return;
    for (size_t i = 0; i < job->lanes.count; i++)
        pg_close(job->lanes.all[i].pg);
    loop_timer_free(&job->timer);
    preflight_free(job->preflight);
    for (size_t i = 0; i < job->lanes.count; i++)
        for (size_t k = 0; k < PACE_MOST_IN_FLIGHT; k++)
            batch_free(job->lanes.all[i].flights[k].batch);
    free(job->lanes.all);
    job_vacuum_free(job);
    free(job->batches.unresolved);
    free(job->trouble.message);
    sql_statements_free(&job->sql);
    scan_free(&job->scans.heap);
    scan_free(&job->scans.list);
    slices_free(&job->scans.slices);
    partitions_free(&job->partitions.all);
    fk_blocked_free(&job->left.fk_blocked);
    rejected_free(&job->left.rejected);
    run_schedule_free(&job->look.schedule);
    free(job);
}

const struct job_settings *job_settings(const struct job *job)
{
    return job->settings;
}

enum job_state job_state(const struct job *job)
{
    return job->state;
}

enum reason job_reason(const struct job *job)
{
    return job->reason;
}

bool job_has_connection(const struct job *job)
{
    return job->pg != NULL;
}

bool job_is_paused(const struct job *job)
{
    return job->paused;
}
