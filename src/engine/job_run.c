/*
 * The steps at both ends of a run: RESOLVE, OPEN, COUNT_LEFT, CLOSE and PAUSE. Each job_enter_x()
 * asks for something; the on_x() above it takes the answer and tells what has happened.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "engine/sample.h"
#include "sql/queries.h"

/* --- RESOLVE: a batch whose COMMIT was not answered --- */

static void on_resolved(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    enum job_event failed = job_judge_reply(job, reply);
    int64_t rows, number;

    if (failed != EVENT_NONE) {
        job->tell(job, failed);
        return;
    }
    rows = run_find_batch_read(reply);
    number = job->unresolved[--job->unresolved_count];
    job->host.counters->rows_deleted += rows;
    job->host.counters->audit_rows += rows > 0;
    job->pass.rows += rows;
    job->totals.run.rows += rows;
    job->totals.run.batches += rows > 0;
    log_info("job=%s batch=%lld of run=%lld was %s: %lld rows", job->settings->name,
             (long long)number, job_run_id(job), rows > 0 ? "committed" : "not committed",
             (long long)rows);
    job->checked = false;
    job->tell(job, EVENT_DONE);
}

enum job_event job_enter_resolve(struct job *job)
{
    run_find_batch_send(job->pg, job->settings->name, job->totals.run.id,
                        job->unresolved[job->unresolved_count - 1], on_resolved, job);
    return EVENT_NONE;
}

/* --- OPEN --- */

static void start_run(struct job *job)
{
    throttle_begin_run(job->throttle);
    pipeline_begin_run(job->pipeline);
    job->only_rejected = false;
    job->resume = STEP_LIST;
    run_totals_start(&job->totals, job->table.references);
    targets_start(&job->targets, job->settings, &job->table, job->totals.run.at_partition,
                  job->totals.run.rows);
}

/* The row in the database is older than what we know. */
static void go_on_with_run(struct job *job, struct run *run)
{
    const struct run *ours = &job->totals.run;

    run->passes = ours->passes;
    run->next_block = ours->next_block;
    run->at_partition = ours->at_partition;
}

/* Where the run was, in this process or in an earlier one. */
static enum job_event resume(struct job *job)
{
    job->pass.quiet = false; /* others may have written while it paused */
    if (job->targets.at == NULL || job->targets.at->over)
        return job_next_target(job);
    job_make_statements(job);
    return job->resume == STEP_PURGE ? EVENT_DONE : EVENT_PARTITION;
}

static enum job_event open_run(struct job *job, const struct pg_result *reply)
{
    struct run_totals *totals = &job->totals;
    struct run run;
    bool goes_on;

    run_open_read(reply, &run);
    goes_on = job->run_open && run.id == totals->run.id;
    /* Numbers of batches that rolled back, or whose outcome is unknown, are never used again. */
    if (!goes_on || totals->number < run.last_batch)
        totals->number = run.last_batch;
    if (goes_on)
        go_on_with_run(job, &run);
    totals->run = run;
    job->run_open = true;
    job->trouble.failures = 0;
    log_info("job=%s run=%lld %s: cutoff %s, %s from block %u, pass %d", job->settings->name,
             job_run_id(job), run.resumed ? "goes on" : "begins", run.cutoff, job->sql.partition,
             run.next_block, run.passes);
    if (goes_on)
        return resume(job);
    start_run(job);
    return job_next_target(job);
}

static void on_opened(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    enum job_event event = job_judge_reply(job, reply);

    job->tell(job, event == EVENT_NONE ? open_run(job, reply) : event);
}

/* How much space a due row takes: for people only, so that a failure is no reason not to purge. */
static void on_row_bytes(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    if (pg_result_status(reply) == PG_LOST) {
        job->tell(job, job_judge_reply(job, reply));
        return;
    }
    job->totals.row_bytes = NAN;
    if (query_outcome(reply) == BATCH_COMMITTED && pg_result_text(reply, QUERY_STEP, 0, 0) != NULL)
        job->totals.row_bytes = pg_result_double(reply, QUERY_STEP, 0, 0);
    run_open_send(job->pg, job->settings, job->table.relation, &job->sql, job->host.owner,
                  on_opened, job);
}

enum job_event job_enter_open(struct job *job)
{
    struct query_number oid;
    const char *retention = job->settings->expires.retention;
    const char *values[] = {query_number(&oid, job->table.relation), job->sql.predicate,
                            retention != NULL ? retention : "0"};

    query_send(job->pg, &(struct pg_step){sql_row_bytes, values, ARRAY_LENGTH(values)}, true,
               on_row_bytes, job);
    return EVENT_NONE;
}

/* --- COUNT_LEFT --- */

/* Nothing is deleted any more; is that because nothing is due, or because a trigger keeps what is?
 * An estimate can't tell rows that are known to be left from others. */
static void on_left(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct rejected_cause cause = {
        .reason = REJECTED_TRIGGER,
        .name = targets_before_triggers(&job->targets),
    };
    enum job_event failed = job_judge_reply(job, reply);
    double known = (double)(job->totals.skipped + run_totals_rejected(&job->totals));
    struct sample sample;

    if (failed != EVENT_NONE) {
        job->tell(job, failed);
        return;
    }
    sample_read(reply, job->table.blocks, SAMPLE_PAGES, &sample);
    if (sample.due > known && (sample.exact || known == 0))
        run_totals_reject(&job->totals, (int64_t)(sample.due - known), &cause);
    job->tell(job, EVENT_DONE);
}

enum job_event job_enter_count_left(struct job *job)
{
    struct sampled what = {job->settings, &job->table, &job->targets.all, SAMPLE_PAGES};

    sample_send(job->pg, &what, job->totals.run.cutoff, on_left, job);
    return EVENT_NONE;
}

/* --- CLOSE and PAUSE: the run's record --- */

static struct run_progress progress_of(const struct job *job, const char *rejected_by)
{
    const struct run_totals *totals = &job->totals;
    const struct partition *at = job->targets.at;

    return (struct run_progress){
        .skipped = totals->skipped + job->pass.skipped,
        .rejected = run_totals_rejected(totals),
        .rejected_by = rejected_by,
        .passes =
            totals->run.passes > totals->most_passes ? totals->run.passes : totals->most_passes,
        .next_block = scan_is_index(&job->pass.scan) ? 0 : ranges_block(&job->pass.scan.heap),
        .at_partition = job->table.partitioned && at != NULL ? at->relation : 0,
        .scan = job->pass.selection.choice.why,
        .row_bytes = totals->row_bytes,
    };
}

/* How a run ends in which nothing has failed. */
static void judge_end(struct job *job, struct text *detail)
{
    bool left;

    if (targets_explain_refusals(&job->targets, detail)) {
        job->closing = RUN_INCOMPLETE;
    } else if (job->totals.moving) {
        text_add(detail, "due rows kept moving behind the scan; the next run goes on");
        job->closing = RUN_INCOMPLETE;
    } else {
        left = run_totals_explain_left(&job->totals, job->table.references, detail);
        job->only_rejected = left && job->totals.skipped == 0;
        job->closing = left ? RUN_INCOMPLETE : RUN_DONE;
    }
}

static void count_run(struct job *job, double seconds, double reusable_bytes)
{
    struct job_counters *counters = job->host.counters;
    struct rejected_list list = {0};

    run_totals_list_rejected(&job->totals, job->table.references, &list);
    for (size_t i = 0; i < list.count; i++)
        counters->rows_rejected[list.items[i].reason] += list.items[i].rows;
    rejected_list_free(&list);
    counters->runs[job->closing]++;
    counters->run_seconds += seconds;
    if (reusable_bytes > 0)
        counters->reusable_bytes += (int64_t)reusable_bytes;
}

static void log_run(const struct job *job, int64_t rows, int64_t batches, double seconds)
{
    struct run_progress progress = progress_of(job, NULL);
    char how[48];

    snprintf(how, sizeof how, "%s", run_outcome_code(job->closing));
    if (job->only_rejected)
        snprintf(how, sizeof how, "done, %lld rejected", (long long)progress.rejected);
    log_info("job=%s run=%lld %s: %lld rows in %lld batches, %d %s, %lld locked, %lld rejected, "
             "%.1f s",
             job->settings->name, job_run_id(job), how, (long long)rows, (long long)batches,
             progress.passes, progress.passes == 1 ? "pass" : "passes", (long long)progress.skipped,
             (long long)progress.rejected, seconds);
}

static void on_closed(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    enum job_event failed = job_judge_reply(job, reply);
    double seconds = mono_ms_between(job->totals.began, mono_now()) / 1000, reusable_bytes;
    int64_t rows = 0, batches = 0;

    if (failed != EVENT_NONE) {
        job->tell(job, failed);
        return;
    }
    run_close_read(reply, &rows, &batches, &reusable_bytes);
    count_run(job, seconds, reusable_bytes);
    log_run(job, rows, batches, seconds);
    job->run_open = job->asked.run_now = false;
    job->run_ended = mono_now();
    job->removed_rows = rows;
    targets_free(&job->targets);
    if (vacuum_is_wanted(job->vacuum, rows)) /* which may take long: status shows this run */
        schedule_refresh(job->schedule, job->pg);
    else
        job->tell(job, EVENT_DONE);
}

enum job_event job_enter_close(struct job *job)
{
    struct text detail = {0};
    char *rejected_by = run_totals_rejected_json(&job->totals, job->table.references);
    struct run_progress progress;

    if (job->why[0] != '\0')
        text_add(&detail, job->why);
    else
        judge_end(job, &detail);
    snprintf(job->why, sizeof job->why, "%.*s", (int)sizeof job->why - 1,
             detail.data != NULL ? detail.data : "");
    progress = progress_of(job, rejected_by);
    run_close_send(job->pg, job->totals.run.id, job->closing, &progress, detail.data, on_closed,
                   job);
    text_free(&detail);
    free(rejected_by);
    return EVENT_NONE;
}

/* Where it can't be noted, the next start begins at the last note: rows are looked at twice, no
 * more. */
static void on_paused(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    job->tell(job, pg_result_status(reply) == PG_LOST ? job_judge_reply(job, reply) : EVENT_DONE);
}

enum job_event job_enter_pause(struct job *job)
{
    char *rejected_by = run_totals_rejected_json(&job->totals, job->table.references);
    struct run_progress progress = progress_of(job, rejected_by);

    run_save_send(job->pg, job->totals.run.id, &progress, on_paused, job);
    free(rejected_by);
    return EVENT_NONE;
}
