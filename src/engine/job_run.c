/*
 * The steps of a run, from its opening to its end, in the order in which they come. Each
 * job_enter_x() asks for something; the on_x() below it takes the answer and tells what has
 * happened.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/drop_partition.h"
#include "engine/job_life.h"
#include "engine/sample.h"
#include "sql/action.h"
#include "sql/vacuum.h"

enum {
    MOST_PASSES = 10,        /* then the run ends as incomplete, and the next one goes on */
    MOST_LEVEL_PASSES = 100, /* where each pass makes other rows ready to go */
    WORKER_BLOCKS = 1000,    /* a pass over fewer blocks is one worker's */
    MOST_DROP_TRIES = 8,
    MOST_REJECTED_LOGGED = 10, /* of a run, or of a sweep over its partitions */
};

static long long run_id(const struct job *job)
{
    return (long long)job->totals.run.id;
}

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
             (long long)number, run_id(job), rows > 0 ? "committed" : "not committed",
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

static void note_unresolved(struct job *job, int64_t number)
{
    job->unresolved =
        mem_grow(job->unresolved, (job->unresolved_count + 1) * sizeof *job->unresolved);
    job->unresolved[job->unresolved_count++] = number;
}

/* --- which partition next --- */

static void start_partition(struct job *job)
{
    struct run *run = &job->totals.run;
    struct partition *partition = job->targets.at;
    const struct reference_graph *references = job->table.references;
    const struct schedule_state *seen = schedule_state(job->schedule);
    bool resumes = !job->table.partitioned || run->at_partition == partition->relation;
    struct pass_target target = {
        .settings = job->settings,
        .sql = &job->sql,
        .cutoff = run->cutoff,
        .relation = partition->relation,
        .rows = partition->rows,
        .sampled_due = seen->sampled_at.us != 0 && !job->table.partitioned ? seen->sample.due : -1,
        .levels = references != NULL && fk_graph_needs_more_passes(&references->family),
    };

    if (!resumes) {
        run->passes = 1;
        run->next_block = 0;
    }
    run->at_partition = 0;
    job_make_statements(job);
    pass_start(&job->pass, &target, job->table.block_size, run->passes, job_on_pass, job);
    if (job->table.partitioned)
        log_info("job=%s run=%lld starting partition %s", job->settings->name, run_id(job),
                 job->sql.partition);
}

static enum job_event next_target(struct job *job)
{
    struct targets_facts facts = {
        .rows = job->totals.run.rows,
        .fk_blocked = fk_blocked_rows(&job->totals.fk_blocked),
        .left = job->totals.skipped > 0 || run_totals_rejected(&job->totals) > 0,
    };

    switch (targets_next(&job->targets, &facts)) {
    case TARGETS_LIST:
        return EVENT_LIST;
    case TARGETS_PARTITION:
        start_partition(job);
        return EVENT_PARTITION;
    case TARGETS_SWEEP:
        run_totals_count_anew(&job->totals, job->table.references);
        return next_target(job);
    case TARGETS_DONE:
        break;
    }
    return EVENT_EMPTY;
}

static enum job_event end_partition(struct job *job)
{
    run_totals_end_partition(&job->totals, job->pass.number, job->pass.skipped);
    job->pass.skipped = 0;
    targets_over(&job->targets);
    return next_target(job);
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
        return next_target(job);
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
             run_id(job), run.resumed ? "goes on" : "begins", run.cutoff, job->sql.partition,
             run.next_block, run.passes);
    if (goes_on)
        return resume(job);
    start_run(job);
    return next_target(job);
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

/* --- LIST --- */

static void warn_of_refusals(const struct job *job)
{
    const struct partitions *all = &job->targets.all;

    for (size_t i = 0; i < all->count && job->targets.lists == 1; i++)
        if (all->items[i].refusal != NULL)
            log_warning("job=%s partition %s can't be purged: %s", job->settings->name,
                        all->items[i].table, all->items[i].refusal);
}

static void on_listed(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    enum job_event event = job_judge_reply(job, reply);

    if (event == EVENT_NONE) {
        targets_read(&job->targets, reply);
        warn_of_refusals(job);
        event = next_target(job);
    }
    job->tell(job, event);
}

enum job_event job_enter_list(struct job *job)
{
    job->resume = STEP_LIST;
    targets_send(&job->targets, job->pg, on_listed, job);
    return EVENT_NONE;
}

/* --- DROP: a partition in one piece --- */

static void log_not_dropped(const struct job *job, const char *why)
{
    if (why[0] != '\0')
        log_info("job=%s run=%lld %s can't be dropped in one piece: %s; its rows are purged one by "
                 "one",
                 job->settings->name, run_id(job), job->sql.partition, why);
}

bool job_may_drop(struct job *job)
{
    char why[256] = "";
    bool may = false;

    if (!job->table.partitioned || !job->settings->drop_partitions || !job->sql.action->may_drop ||
        job->settings->audit_digest.count > 0) /* which wants to see each row */
        return false;
    if (job->settings->references.count > 0) /* PostgreSQL would not know */
        snprintf(why, sizeof why, "references to it are declared");
    else
        may = drop_allowed(job->targets.at, job->totals.run.cutoff_at, why, sizeof why);
    log_not_dropped(job, why);
    return may;
}

static enum job_event note_dropped(struct job *job, const struct drop_result *result)
{
    log_info("job=%s run=%lld batch=%lld %s is dropped in one piece: %lld rows",
             job->settings->name, run_id(job), (long long)job->totals.number, job->sql.partition,
             (long long)result->rows);
    run_totals_add(&job->totals, result->rows);
    job->rows_since += result->rows;
    job->host.counters->rows_deleted += result->rows;
    job->host.counters->audit_rows += result->rows > 0;
    job->pass.skipped = 0; /* what an earlier pass has left behind went with it */
    fk_blocked_begin_scan(&job->totals.fk_blocked);
    return end_partition(job);
}

/* What the server says of the attempt is worth as much as for a batch, but only where the job can't
 * go on at all. */
static enum job_event drop_failed(struct job *job, const struct drop_result *result)
{
    struct next_facts facts = {.outcome = result->outcome, .one_block = true, .one_row = true};
    struct err why;

    query_error(result->error, &why);
    job_note_batch_error(job, result->error);
    job->next = next_after(&facts);
    switch (job->next.verb) {
    case NEXT_RESOLVE:
        note_unresolved(job, job->totals.number);
        break;
    case NEXT_RECONNECT:
    case NEXT_PAUSE:
    case NEXT_LEAVE_PARTITION:
        break;
    case NEXT_ADVANCE:
    case NEXT_SHRINK:
    case NEXT_SKIP_LOCKED:
    case NEXT_SET_ASIDE:
    case NEXT_BISECT:
    case NEXT_RETRY:
    case NEXT_STOP:
        log_not_dropped(job, why.text);
        return EVENT_DONE;
    }
    return job_batch_failed(job, job->next, why.text, true);
}

static enum job_event try_drop_again(struct job *job, const char *why)
{
    char text[sizeof job->why];

    snprintf(text, sizeof text, "%s is to be dropped: %s", job->sql.partition, why);
    job_set_why(job, text);
    job->trouble.failures = (unsigned)job->targets.at->drop_tries;
    job->retry = STEP_DROP;
    job->next = (struct next){.verb = NEXT_RETRY, .reason = REASON_LOCKED};
    return EVENT_BATCH_FAILED;
}

static enum job_event judge_drop(struct job *job, const struct drop_result *result)
{
    if (result->outcome != BATCH_COMMITTED)
        return drop_failed(job, result);
    if (result->dropped)
        return note_dropped(job, result);
    if (result->locked && ++job->targets.at->drop_tries < MOST_DROP_TRIES)
        return try_drop_again(job, result->why);
    log_not_dropped(job, result->why != NULL ? result->why : "");
    return EVENT_DONE;
}

static void on_drop(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct drop_result result;

    drop_read(reply, &result);
    job->host.counters->batches[result.outcome]++;
    job->tell(job, judge_drop(job, &result));
}

enum job_event job_enter_drop(struct job *job)
{
    struct drop_order order = {
        .settings = job->settings,
        .statements = &job->sql,
        .root = job->table.relation,
        .relation = job->targets.at->relation,
        .run = job->totals.run.id,
        .number = ++job->totals.number,
        .cutoff = job->totals.run.cutoff,
        .policy = job->totals.run.policy,
        .expected_clock = guard_expected(job->host.clock, mono_now()),
        .has_closing = job_has_closing(job),
        .closes_at = schedule_state(job->schedule)->window_changes,
    };

    job->resume = STEP_SCAN;
    drop_send(job->pg, &order, on_drop, job);
    return EVENT_NONE;
}

/* --- SCAN, REFILL, RESCAN, PASS_END: a pass --- */

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

/* A scan is selected. Workers begin when their connections stand; a small rest is not worth them.
 */
static void note_scan(struct job *job)
{
    struct pass *pass = &job->pass;

    log_info("job=%s run=%lld pass %d: %s", job->settings->name, run_id(job), pass->number,
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
    return end_partition(job);
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

/* --- PURGE: what batches come to --- */

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
        note_unresolved(job, event->number);
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

/* --- PURGE: sending, and what keeps it from sending --- */

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
                 run_id(job), why);
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

enum job_event job_enter_purge(struct job *job)
{
    job->resume = STEP_PURGE;
    set_pipeline_target(job);
    return go_on(job);
}

/* --- PURGE: failures --- */

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
    log_info("job=%s run=%lld leaving partition %s: %s", job->settings->name, run_id(job),
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
             job->settings->name, run_id(job), how, (long long)rows, (long long)batches,
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
