/*
 * What status, metrics and client show of a job. Reads struct job, changes nothing.
 */
#include <math.h>

#include "base/text.h"
#include "engine/job_life.h"

/* Since the last look the window has closed, or opened. */
static bool has_changed(const struct schedule_state *seen)
{
    return seen->window_changes.us != 0 && wall_now().us >= seen->window_changes.us;
}

static void describe_window(const struct job *job, struct job_window_view *view)
{
    const struct schedule_state *seen = schedule_state(job->schedule);

    view->spans = text_copy(job->settings->window_written);
    view->timezone = text_copy(job->settings->timezone);
    view->changes = seen->window_changes;
    if (job->settings->window.count == 0)
        view->open = MAYBE_YES;
    else if (seen->runs.clock.us != 0)
        view->open = seen->window.open != has_changed(seen) ? MAYBE_YES : MAYBE_NO;
}

static void describe_partition(const struct job *job, struct run_view *view)
{
    const struct targets *targets = &job->targets;

    if (!job->table.partitioned)
        return;
    view->partition_count = (int64_t)targets->all.count;
    if (targets->at == NULL)
        return;
    view->partition = text_copy(targets->at->table);
    view->partition_number = targets->at - targets->all.items + 1;
}

static void describe_pass(const struct pass *pass, struct run_view *view)
{
    view->pass = pass->number;
    view->pass_s = mono_ms_between(pass->started, mono_now()) / 1000;
    if (scan_is_index(&pass->scan)) { /* what it goes by is rows */
        view->block = pass->rows;
        view->blocks = (int64_t)fmax(pass->selection.choice.due, (double)pass->rows);
    } else {
        view->block = ranges_block(&pass->scan.heap);
        view->blocks = pass->scan.heap.end_block;
    }
}

static void describe_run(const struct job *job, struct run_view *view)
{
    const struct run_totals *totals = &job->totals;
    double seconds = mono_ms_between(totals->began, mono_now()) / 1000;

    view->present = true;
    view->id = totals->run.id;
    view->started.us = wall_now().us - (int64_t)(seconds * 1e6);
    view->cutoff = totals->run.cutoff_at;
    describe_partition(job, view);
    describe_pass(&job->pass, view);
    view->rows = totals->run.rows;
    view->batches = totals->run.batches;
    view->skipped_rows = totals->skipped + job->pass.skipped;
    view->rejected_rows = run_totals_rejected(totals);
    run_totals_list_rejected(totals, job->table.references, &view->rejected_by);
    view->rows_per_second =
        seconds > 0 ? (double)(totals->run.rows - totals->rows_before) / seconds : 0;
    view->batch_rows = totals->last_rows;
    view->chunk_blocks = pipeline_chunk_blocks(job->pipeline);
    run_view_estimate(view);
}

static void describe_last_run(const struct ended_run *last, struct last_run_view *view)
{
    *view = (struct last_run_view){
        .present = last->present,
        .id = last->id,
        .started = last->started,
        .ended = last->ended,
        .outcome = last->outcome,
        .rows = last->rows,
        .batches = last->batches,
        .skipped_rows = last->skipped,
        .rejected_rows = last->rejected,
        .reusable_bytes = last->reusable_bytes,
        .vacuumed = last->vacuumed,
        .detail = last->detail[0] != '\0' ? text_copy(last->detail) : NULL,
    };
    rejected_list_add_all(&view->rejected_by, &last->rejected_by);
}

/* How late the earliest row is grows by itself, also while the database can't be asked. */
static void describe_due(const struct job *job, struct job_view *view)
{
    const struct schedule_state *seen = schedule_state(job->schedule);
    double overdue_s;

    if (seen->sampled_at.us == 0)
        return;
    overdue_s = (double)(wall_now().us - seen->sample.earliest_due.us) / 1e6;
    view->oldest_overdue_s = seen->sample.any_marked ? fmax(overdue_s, 0) : 0;
    view->due_rows = fmax(seen->sample.due - (double)job->rows_since, 0);
    if (job->settings->flags.count > 0)
        view->undated_rows = seen->sample.undated;
}

static void describe_error(const struct job *job, struct error_view *view)
{
    if (job->trouble.at.us == 0)
        return;
    view->present = true;
    view->at = job->trouble.at;
    view->message = text_copy(job->trouble.message);
    if (job->trouble.sqlstate[0] != '\0')
        view->sqlstate = text_copy(job->trouble.sqlstate);
}

/* When a waiting job checks again is next_run; what the log says of it would age here. */
static void describe_why(const struct job *job, struct job_view *view)
{
    struct text why = {0};

    if (job->step == STEP_VACUUM) {
        view->why = text_copy(vacuum_table(job->vacuum));
    } else if (job->why[0] != '\0' && job->shown.state != JOB_WAITING) {
        view->why = text_copy(job->why);
    } else if (job->shown.state == JOB_RESTING && job->throttled != REASON_NONE) {
        throttle_explain(job->throttle, &why);
        view->why = text_take(&why);
    }
}

/* The time in the present state counts as well. */
static void describe_counters(const struct job *job, struct job_counters *counters)
{
    *counters = *job->host.counters;
    counters->held_seconds[job->shown.reason] +=
        mono_ms_between(job->shown.since, mono_now()) / 1000;
}

void job_describe(const struct job *job, struct job_view *view)
{
    const struct job_settings *settings = job->settings;
    const struct schedule_state *seen = schedule_state(job->schedule);

    view->name = text_copy(settings->name);
    view->database = text_copy(settings->database);
    view->table = text_copy(settings->table.written);
    view->enabled = settings->enabled;
    view->state = job->shown.state;
    view->reason = job->shown.reason;
    describe_why(job, view);
    view->since = job->shown.since_wall;
    view->every_s = (double)settings->every_ms / 1000;
    if (view->state == JOB_WAITING && seen->runs.clock.us != 0)
        view->next_run = schedule_next_run(job->schedule);
    view->last_success = seen->runs.last_done;
    view->breaker = text_copy(breaker_state_name(job->trouble.breaker.state));
    view->failures = job->trouble.failures;
    view->backoff_s = job->step == STEP_BACKOFF ? job->trouble.backoff_ms / 1000 : 0;
    describe_window(job, &view->window);
    if (job->run_open)
        describe_run(job, &view->run);
    describe_last_run(&seen->runs.last, &view->last_run);
    describe_due(job, view);
    describe_error(job, &view->error);
    describe_counters(job, &view->counters);
}
