/*
 * A run, from its opening to its end: passes over the partition, batch after batch.
 *
 *   open_run -> begin_pass -> [batch -> next_after() -> rest or back off]* -> end_pass ->
 * begin_pass | the next partition | close
 *
 * A scan misses rows that are updated while it goes on: they move behind it. So a pass that has
 * deleted anything is followed by another one, until a whole pass finds nothing, with one shortcut:
 * where the transaction ids show that nobody but us has written since the pass began, nothing can
 * have moved.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/job_life.h"
#include "report/json.h"

enum {
    MOST_PASSES = 10,        /* then the run ends as incomplete, and the next one goes on */
    MOST_LEVEL_PASSES = 100, /* the same where each pass makes other rows ready to go */
    LANE_BLOCKS = 1000,      /* a pass over fewer blocks is one worker's */
};

static struct run_progress progress_of(const struct job *job)
{
    return (struct run_progress){
        .skipped = job->left.skipped + job->pass.skipped,
        .rejected = job->left.rejected.rows + fk_blocked_rows(&job->left.fk_blocked),
        .passes = job->run.passes > job->partitions.most_passes ? job->run.passes
                                                                : job->partitions.most_passes,
        .next_block = job->scan == &job->scans.heap ? scan_block(&job->scans.heap) : 0,
        .at_partition =
            job->table.partitioned && job->partition != NULL ? job->partition->relation : 0,
        .scan = job->find.choice.why,
        .row_bytes = job->course.row_bytes,
    };
}

void job_list_rejected(const struct job *job, struct rejected_list *list)
{
    fk_blocked_list(&job->left.fk_blocked, job->table.references, list);
    rejected_list_add_all(list, &job->left.rejected.by);
    rejected_list_sort(list);
}

/* As it stands in the run's row; free() it. */
static char *write_rejected(const struct job *job)
{
    struct rejected_list list = {0};
    struct text out = {0};

    job_list_rejected(job, &list);
    json_write_rejected(&out, &list);
    rejected_list_free(&list);
    return text_take(&out);
}

/* --- the end of a run --- */

static void count_rejected(struct job *job)
{
    struct rejected_list list = {0};

    job_list_rejected(job, &list);
    for (size_t i = 0; i < list.count; i++)
        job->host.counters->rows_rejected[list.items[i].reason] += list.items[i].rows;
    rejected_list_free(&list);
}

static void run_closed(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    int64_t rows = 0, batches = 0;
    double reusable_bytes;
    double seconds = mono_ms_between(job->course.began, mono_now()) / 1000;
    enum run_outcome outcome = job->course.closing;
    struct run_progress progress = progress_of(job);
    char how[40];

    if (!job_query_succeeded(job, reply))
        return;
    run_close_read(reply, &rows, &batches, &reusable_bytes);
    snprintf(how, sizeof how, "%s", run_outcome_code(outcome));
    if (job->left.only_rejected)
        snprintf(how, sizeof how, "done, %lld rejected", (long long)progress.rejected);
    job->course.open = false;
    job->partition = NULL;
    partitions_free(&job->partitions.all);
    job->wants_run = false;
    job->turn.run_ended = mono_now();
    job->host.counters->runs[outcome]++;
    count_rejected(job);
    job->host.counters->run_seconds += seconds;
    if (reusable_bytes > 0)
        job->host.counters->reusable_bytes += (int64_t)reusable_bytes;
    log_info(
        "job=%s run=%lld %s: %lld rows in %lld batches, %d %s, %lld locked, %lld rejected, %.1f s",
        job->settings->name, (long long)job->run.id, how, (long long)rows, (long long)batches,
        progress.passes, progress.passes == 1 ? "pass" : "passes", (long long)progress.skipped,
        (long long)progress.rejected, seconds);
    if (outcome == RUN_FAILED)
        job_stop(job, job->why);
    else
        job_vacuum_after_run(job, rows);
}

void job_close_run(struct job *job, enum run_outcome outcome, const char *detail)
{
    struct run_progress progress = progress_of(job);
    char *rejected_by = write_rejected(job);

    progress.rejected_by = rejected_by;
    job->course.closing = outcome;
    job_enter(job, JOB_FINISHING, REASON_NONE, "%s", detail != NULL ? detail : "");
    run_close_send(job->pg, job->run.id, outcome, &progress, detail, run_closed, job);
    free(rejected_by);
}

/* --- a pause --- */

static void run_paused(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    char why[sizeof job->why];

    snprintf(why, sizeof why, "%s", job->why);
    /* Where it can't be noted, the next start begins at the last note: rows are looked at twice, no
     * more. */
    if (pg_result_status(reply) == PG_LOST) {
        job_release_in_doubt(job, true);
        job_want_connection(job);
        return;
    }
    if (job->course.pausing == REASON_WINDOW && !job->draining) {
        job_look_at_schedule(job);
        return;
    }
    job_release(job, false);
    if (job->draining)
        job_finish_drain(job);
    else
        job_hold(job, job->course.pausing, why);
}

void job_pause_run(struct job *job, enum reason reason)
{
    struct run_progress progress = progress_of(job);
    char *rejected_by;

    job->course.pausing = reason;
    job_enter(job, JOB_FINISHING, reason, "%s", job->why);
    if (reason == REASON_STANDBY) { /* nothing can be written here */
        job_release_in_doubt(job, false);
        job_hold(job, reason, job->why);
        return;
    }
    rejected_by = write_rejected(job);
    progress.rejected_by = rejected_by;
    run_save_send(job->pg, job->run.id, &progress, run_paused, job);
    free(rejected_by);
}

/* --- passes --- */

/* Then nothing can have moved behind the scan, unless our own deletes move rows or make others
 * ready to go. */
static bool nobody_else_wrote(const struct job *job, const struct run_pass *now)
{
    const struct job_pass *pass = &job->pass;
    const struct reference_graph *references = job->table.references;

    if (references != NULL && fk_graph_needs_more_passes(&references->family))
        return false;
    return pass->quiet && now->xmax - pass->began.xmax == (uint64_t)pass->writing_batches;
}

/* Rows that refer to each other, like the posts of a thread, go level by level. */
static int most_passes(const struct job *job)
{
    const struct reference_graph *references = job->table.references;
    bool levels = references != NULL && fk_graph_needs_more_passes(&references->family);

    return levels && fk_blocked_rows_of_pass(&job->left.fk_blocked) > 0 ? MOST_LEVEL_PASSES
                                                                        : MOST_PASSES;
}

static void pass_ended(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct run_pass now;
    bool nothing_left;

    if (!job_query_succeeded(job, reply))
        return;
    run_pass_read(reply, &now);
    nothing_left = job->pass.whole && (job->pass.rows == 0 || nobody_else_wrote(job, &now));
    if (nothing_left) {
        job_partition_over(job);
    } else if (job->run.passes >= most_passes(job)) {
        job->partitions.moving = true;
        job_partition_over(job);
    } else {
        job->run.passes++;
        job->run.next_block = 0;
        job_begin_pass(job);
    }
}

void job_end_pass(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    run_pass_send(job->pg, job->partition->relation, pass_ended, job);
}

/* The other workers begin when their connections stand; a small rest is not worth them. */
static void want_more_lanes(struct job *job, int64_t blocks)
{
    size_t present = job->lanes.wanted;

    for (size_t i = 0; i < job->lanes.count; i++)
        present += job->lanes.all[i].pg != NULL;
    for (; blocks >= LANE_BLOCKS && present < job->lanes.count; present++) {
        job->lanes.wanted++;
        job->host.want(job->host.arg, job);
    }
}

static void pass_began(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct run_pass now;
    uint32_t from;

    if (!job_query_succeeded(job, reply))
        return;
    run_pass_read(reply, &now);
    from = job->run.next_block;
    job->pass = (struct job_pass){
        .began = now,
        .started = mono_now(),
        .whole = from == 0,
        .quiet = now.xmin == now.xmax,
    };
    job->partition->blocks = now.blocks;
    if (!job->table.partitioned)
        job->table.blocks = now.blocks;
    want_more_lanes(job, now.blocks - from);
    job_begin_scan(job, from);
}

void job_begin_pass(struct job *job)
{
    job->pass.scaning = false;
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    run_pass_send(job->pg, job->partition->relation, pass_began, job);
}

/* --- opening --- */

static void start_fresh(struct job *job)
{
    job_start_limits(job);
    job->pace = (struct pace){0};
    rejected_begin_run(&job->left.rejected);
    job->left.only_rejected = false;
    fk_blocked_begin_run(&job->left.fk_blocked, job->table.references);
    job->course.began = mono_now();
    job->course.rows_before = job->run.rows;
}

static void run_opened(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct run run;
    bool goes_on;

    if (!job_query_succeeded(job, reply))
        return;
    run_open_read(reply, &run);
    goes_on = job->course.open && run.id == job->run.id;
    /* Numbers of batches that rolled back, or whose status was unknown, are never used again. */
    if (!goes_on || job->batches.number < run.last_batch)
        job->batches.number = run.last_batch;
    if (goes_on) { /* we know better than the last note */
        run.passes = job->run.passes;
        run.next_block = job->run.next_block;
        run.at_partition = job->run.at_partition;
    }
    job->run = run;
    job->course.open = true;
    job->trouble.failures = 0;
    log_info("job=%s run=%lld %s: cutoff %s, %s from block %u, pass %d", job->settings->name,
             (long long)run.id, run.resumed ? "goes on" : "begins", run.cutoff, job->sql.partition,
             run.next_block, run.passes);
    if (!goes_on) {
        start_fresh(job);
        job_begin_partitions(job);
        return;
    }
    job->pass.quiet = false; /* others may have written while it paused */
    if (job->pass.scaning)
        job_next_batch(job);
    else
        job_go_on_with_partition(job);
}

void job_open_run(struct job *job)
{
    if (job->draining) {
        job_release(job, false);
        job_finish_drain(job);
        return;
    }
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    run_open_send(job->pg, job->settings, job->table.relation, &job->sql, job->host.owner,
                  run_opened, job);
}

/* --- a batch whose COMMIT was not answered --- */

static void resolved(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    int64_t rows, number;

    if (!job_query_succeeded(job, reply))
        return;
    rows = run_find_batch_read(reply);
    number = job->batches.unresolved[--job->batches.unresolved_count];
    job->host.counters->rows_deleted += rows;
    job->host.counters->audit_rows += rows > 0;
    job->pass.rows += rows;
    job->run.rows += rows;
    job->run.batches += rows > 0;
    log_info("job=%s batch=%lld of run=%lld was %s: %lld rows", job->settings->name,
             (long long)number, (long long)job->run.id, rows > 0 ? "committed" : "not committed",
             (long long)rows);
    job->checked = false; /* the server may have been restarted, restored, replaced */
    job_proceed(job);
}

void job_resolve(struct job *job)
{
    job_enter(job, JOB_RESOLVING, REASON_NONE, "%s", "");
    run_find_batch_send(job->pg, job->settings->name, job->run.id,
                        job->batches.unresolved[job->batches.unresolved_count - 1], resolved, job);
}
