/* The step PURGE: batch after batch, as throttle and gates allow, and what becomes of those that
 * fail. */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "engine/job_life.h"

enum { MOST_REJECTED_LOGGED = 10 }; /* of a run, or of a sweep over its partitions */

/* --- what batches come to --- */

static void count_batch(struct job *job, const struct batch_result *result)
{
    struct job_counters *counters = job->host.counters;
    struct pass *pass = &job->pass;
    int64_t rows = result->rows + result->children;

    run_totals_add(&job->totals, rows);
    fk_blocked_add(&job->totals.fk_blocked, result->rejected);
    job->rows_since += result->rows;
    pass->rows += rows;
    pass->skipped += result->skipped;
    pass->writing_batches += rows > 0;
    pass->busy_s += result->elapsed_ms / 1000;
    pass->busy_places += (double)result->blocks;
    counters->rows_deleted += rows;
    counters->rows_skipped += result->skipped;
    counters->audit_rows += rows > 0;
    *job->host.clock = (struct clock_anchor){true, result->clock, mono_now()};
}

static void on_batch(struct job *job, const struct pipeline_event *event)
{
    const struct batch_result *result = event->result;

    job->host.counters->batches[result->outcome]++;
    histogram_add(&job->host.counters->batch_seconds, event->busy_ms / 1000);
    if (result->error != NULL)
        job_note_batch_error(job, result->error);
    if (result->waiters > 0)
        throttle_note_waiters(job->throttle);
    if (event->next.verb == NEXT_ADVANCE) {
        job->trouble.failures = 0;
        breaker_success(&job->trouble.breaker);
        count_batch(job, result);
    }
    /* It was rolled back, but had deleted and so taken a transaction id. */
    job->pass.writing_batches += result->outcome == BATCH_TOO_MANY;
    if (event->next.verb == NEXT_RESOLVE)
        job_note_unresolved(job, event->number);
    if (event->counts)
        breaker_failure(&job->trouble.breaker, mono_now());
}

static void on_row_set_aside(struct job *job, const struct pipeline_event *event)
{
    struct run_totals *totals = &job->totals;

    if (event->cause == NULL) {
        job->pass.skipped++;
        job->host.counters->rows_skipped++;
        return;
    }
    run_totals_reject(totals, 1, event->cause);
    if (totals->rejected <= MOST_REJECTED_LOGGED)
        log_warning("job=%s row (%u,%u) of %s is rejected: %s", job->settings->name,
                    event->row.block, event->row.offset, job->sql.partition, event->why);
    if (totals->rejected >= job->settings->max_rejected_rows)
        pipeline_fail(job->pipeline, (struct next){.verb = NEXT_SET_ASIDE}, event->why);
}

/* --- sending, and what keeps it from sending --- */

static struct urgency_facts urgency_of(const struct job *job)
{
    const struct pass *pass = &job->pass;
    double since_start_s = mono_ms_between(job->totals.began, mono_now()) / 1000;
    double left_s = (double)job->settings->every_ms / 1000 - since_start_s;

    if (job_has_closing(job))
        left_s =
            fmin(left_s,
                 (double)(schedule_state(job->schedule)->window_changes.us - wall_now().us) / 1e6);
    return (struct urgency_facts){
        .work_left = pass_places_left(pass),
        .work_per_busy_s = pass->busy_s > 0 ? pass->busy_places / pass->busy_s : 0,
        .left_s = left_s,
    };
}

/* Said once where it lasts; WAL and waiting sessions throttle a job for moments only. */
static void log_throttled(struct job *job, const struct limit_verdict *verdict)
{
    struct text why = {0};
    bool is_news = verdict->action == LIMIT_SLOW && verdict->reason != job->throttled;

    job->throttled = verdict->action != LIMIT_GO ? verdict->reason : REASON_NONE;
    if (!is_news)
        return;
    throttle_explain(job->throttle, &why);
    if (verdict->reason == REASON_MAX_HOLD)
        log_warning("job=%s %s", job->settings->name, why.data);
    else if (verdict->reason == REASON_OLD_SNAPSHOT)
        log_info("job=%s throttled: %s", job->settings->name, why.data);
    else
        log_debug("job=%s throttled: %s", job->settings->name, why.data);
    text_free(&why);
}

static void fill(struct job *job, const struct limit_verdict *verdict)
{
    struct pipeline_pace pace = {
        .duty_cycle_percent = throttle_duty_cycle_percent(job->throttle, urgency_of(job)),
        .part = verdict->action == LIMIT_SLOW ? verdict->part : 1,
        .one_at_a_time =
            job->trouble.failures > 0 || job->trouble.breaker.state == BREAKER_HALF_OPEN,
        .ask_waiters = throttle_asks_waiters(job->throttle),
    };

    job->activity = pipeline_fill(job->pipeline, &pace);
    if (pipeline_asked_waiters(job->pipeline))
        throttle_note_asked(job->throttle);
}

/* With the next sample in a second. */
static void hold(struct job *job)
{
    struct text why = {0};

    pipeline_stop(job->pipeline);
    if (pipeline_in_flight(job->pipeline) > 0)
        return; /* its completion looks at the verdict again */
    throttle_explain(job->throttle, &why);
    snprintf(job->why, sizeof job->why, "%s", why.data != NULL ? why.data : "");
    text_free(&why);
    loop_timer_set(&job->timer, LIMITS_SAMPLE_MS);
}

/* Whether the scan has to be selected again; then nothing is sent until all have completed. */
static bool needs_rescan(struct job *job)
{
    char why[sizeof job->pass.selection.choice.why];
    bool needed = pass_review(&job->pass, why);

    if (needed && why[0] != '\0')
        log_info("job=%s run=%lld re-checking how to find rows: %s", job->settings->name,
                 job_run_id(job), why);
    return needed;
}

static enum job_event send_batches(struct job *job)
{
    const struct limit_verdict *verdict;

    throttle_sample(job->throttle, job->pg);
    verdict = throttle_judge(job->throttle);
    if (verdict == NULL)
        return EVENT_NONE; /* the first sample is on its way */
    log_throttled(job, verdict);
    if (verdict->action == LIMIT_HOLD) {
        hold(job);
        return EVENT_NONE;
    }
    if (needs_rescan(job)) {
        pipeline_stop(job->pipeline);
        return pipeline_in_flight(job->pipeline) > 0 ? EVENT_NONE : EVENT_AGAIN;
    }
    fill(job, verdict);
    if (job->activity != PIPELINE_EMPTY)
        return EVENT_NONE;
    return pass_may_refill(&job->pass) ? EVENT_REFILL : EVENT_EMPTY;
}

/* Looks at everything that may have changed since the last batch was sent. */
static enum job_event go_on(struct job *job)
{
    enum reason gate = job_go_on_gate(job);

    loop_timer_cancel(&job->timer);
    job->why[0] = '\0';
    if (gate == REASON_NONE)
        return send_batches(job);
    pipeline_stop(job->pipeline);
    return pipeline_in_flight(job->pipeline) > 0 ? EVENT_NONE : EVENT_GATE;
}

static void set_pipeline_target(struct job *job)
{
    struct pipeline_target target = {
        .settings = job->settings,
        .sql = &job->sql,
        .cutoff = job->totals.run.cutoff,
        .policy = job->totals.run.policy,
        .root = job->table.relation,
        .relation = job->targets.at->relation,
        .run = job->totals.run.id,
        .number = &job->totals.number,
        .partition_may_lock = job->targets.at->may_lock,
        .lz4 = job->table.abilities.lz4,
        .clock = job->host.clock,
        .has_closing = job_has_closing(job),
        .closes_at = schedule_state(job->schedule)->window_changes,
    };

    pipeline_set_target(job->pipeline, &target, &job->pass.scan);
}

enum job_event job_enter_purge(struct job *job)
{
    job->resume = STEP_PURGE;
    set_pipeline_target(job);
    return go_on(job);
}

/* --- failures --- */

static void end_for_rejected_rows(struct job *job)
{
    char detail[120];

    snprintf(detail, sizeof detail,
             "%lld rows are rejected (max_rejected_rows); the rest was not looked at",
             (long long)job->totals.rejected);
    job_set_why(job, detail);
    job->closing = RUN_INCOMPLETE;
}

static void leave_partition(struct job *job, const char *why)
{
    log_info("job=%s run=%lld leaving partition %s: %s", job->settings->name, job_run_id(job),
             job->sql.partition, why);
    targets_at_is_gone(&job->targets, why);
    run_totals_end_partition(&job->totals, job->pass.number, job->pass.skipped);
    job->pass.skipped = 0;
}

enum job_event job_batch_failed(struct job *job, struct next next, const char *why, bool broken)
{
    job->next = next;
    job->retry = job->step;
    job_set_why(job, why);
    switch (next.verb) {
    case NEXT_SHRINK:
    case NEXT_SKIP_LOCKED: /* something smaller to try is progress: the waits don't grow */
        job->trouble.failures = 1;
        break;
    case NEXT_RETRY:
        job->trouble.failures++;
        break;
    case NEXT_RESOLVE:
    case NEXT_RECONNECT:
        job->lease_end = broken ? LEASE_BROKEN : LEASE_INTACT;
        job->checked = false;
        job_recheck(job);
        break;
    case NEXT_STOP:
        job->checked = false;
        job->closing = RUN_FAILED;
        break;
    case NEXT_SET_ASIDE:
        end_for_rejected_rows(job);
        break;
    case NEXT_LEAVE_PARTITION:
        leave_partition(job, why);
        break;
    case NEXT_PAUSE:
    case NEXT_ADVANCE:
    case NEXT_BISECT:
        break;
    }
    return EVENT_BATCH_FAILED;
}

void job_on_pipeline(void *arg, const struct pipeline_event *event)
{
    struct job *job = arg;

    switch (event->kind) {
    case PIPELINE_BATCH:
        on_batch(job, event);
        return;
    case PIPELINE_ROW:
        on_row_set_aside(job, event);
        return;
    case PIPELINE_READY:
        if (job->step == STEP_PURGE)
            job->tell(job, go_on(job));
        return;
    case PIPELINE_FAILED:
        job->tell(
            job, job_batch_failed(job, event->next, event->why, pipeline_is_broken(job->pipeline)));
        return;
    }
}

void job_on_throttle(void *arg, const struct throttle_event *event)
{
    struct job *job = arg;

    if (job->step != STEP_PURGE)
        return;
    if (event->lost) {
        pipeline_lose(job->pipeline, event->error->message);
        return;
    }
    if (job->shown.state != JOB_HELD)
        job->host.counters->wal_bytes += (int64_t)event->wal_bytes;
    job->tell(job, go_on(job));
}
