/*
 * What status, metrics and client show of a job. Reads struct job, changes nothing.
 */
#include <math.h>

#include "base/text.h"
#include "engine/job_life.h"

/* Since the last look the window has closed, or opened. */
static bool has_changed(const struct job *job)
{
    return job->look.window_changes.us != 0 && wall_now().us >= job->look.window_changes.us;
}

static void describe_window(const struct job *job, struct job_window_view *view)
{
    view->spans = text_copy(job->settings->window_written);
    view->timezone = text_copy(job->settings->timezone);
    view->changes = job->look.window_changes;
    if (job->settings->window.count == 0)
        view->open = MAYBE_YES;
    else if (job->look.schedule.clock.us != 0)
        view->open = job->look.window.open != has_changed(job) ? MAYBE_YES : MAYBE_NO;
}

static void describe_partition(const struct job *job, struct run_view *view)
{
    if (!job->table.partitioned)
        return;
    view->partition_count = (int64_t)job->partitions.all.count;
    if (job->partition == NULL)
        return;
    view->partition = text_copy(job->partition->table);
    view->partition_number = job->partition - job->partitions.all.items + 1;
}

static void describe_run(const struct job *job, struct run_view *view)
{
    double seconds = mono_ms_between(job->course.began, mono_now()) / 1000;

    view->present = true;
    view->id = job->run.id;
    view->started.us = wall_now().us - (int64_t)(seconds * 1e6);
    view->cutoff = job->run.cutoff_at;
    describe_partition(job, view);
    view->pass = job->run.passes;
    view->rows = job->run.rows;
    view->batches = job->run.batches;
    view->skipped_rows = job->left.skipped + job->pass.skipped;
    view->rejected_rows = job->left.rejected.rows + fk_blocked_rows(&job->left.fk_blocked);
    job_list_rejected(job, &view->rejected_by);
    view->rows_per_second =
        seconds > 0 ? (double)(job->run.rows - job->course.rows_before) / seconds : 0;
    view->batch_rows = job->batches.last_rows;
    view->chunk_blocks = job->batches.last_chunk_blocks;
    if (job->scan == &job->scans.heap) {
        view->block = scan_block(&job->scans.heap);
        view->blocks = job->scans.heap.end_block;
    } else { /* what an index scan goes by is rows */
        view->block = job->pass.rows;
        view->blocks = (int64_t)fmax(job->find.choice.due, (double)job->pass.rows);
    }
    view->pass_s = mono_ms_between(job->pass.started, mono_now()) / 1000;
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
    double overdue_s;

    if (job->look.sampled_at.us == 0)
        return;
    overdue_s = (double)(wall_now().us - job->look.sample.earliest_due.us) / 1e6;
    view->oldest_overdue_s = job->look.sample.any_marked ? fmax(overdue_s, 0) : 0;
    view->due_rows = fmax(job->look.sample.due - (double)job->look.rows_since, 0);
    if (job->settings->flags.count > 0)
        view->undated_rows = job->look.sample.undated;
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

/* When a waiting job looks again is next_run; what the log says of it would age here. */
static void describe_why(const struct job *job, struct job_view *view)
{
    struct text why = {0};

    if (job->why[0] != '\0' && job->state != JOB_WAITING) {
        view->why = text_copy(job->why);
    } else if (job->state == JOB_RESTING && job->limits.verdict.action == LIMIT_SLOW) {
        limits_explain(&job->limits.verdict, &job->limits.sample, job->host.database, &why);
        view->why = text_take(&why);
    }
}

/* The time in the present state counts as well. */
static void describe_counters(const struct job *job, struct job_counters *counters)
{
    *counters = *job->host.counters;
    counters->held_seconds[job->reason] += mono_ms_between(job->since, mono_now()) / 1000;
}

void job_describe(const struct job *job, struct job_view *view)
{
    const struct job_settings *settings = job->settings;

    view->name = text_copy(settings->name);
    view->database = text_copy(settings->database);
    view->table = text_copy(settings->table.written);
    view->enabled = settings->enabled;
    view->state = job->state;
    view->reason = job->reason;
    describe_why(job, view);
    view->since = job->since_wall;
    view->every_s = (double)settings->every_ms / 1000;
    if (job->state == JOB_WAITING)
        view->next_run = job->look.next_run;
    view->last_success = job->look.schedule.last_done;
    view->breaker = text_copy(breaker_state_name(job->trouble.breaker.state));
    view->failures = job->trouble.failures;
    view->backoff_s = job->state == JOB_BACKING_OFF ? job->trouble.backoff_ms / 1000 : 0;
    describe_window(job, &view->window);
    if (job->course.open)
        describe_run(job, &view->run);
    describe_last_run(&job->look.schedule.last, &view->last_run);
    describe_due(job, view);
    describe_error(job, &view->error);
    describe_counters(job, &view->counters);
}
