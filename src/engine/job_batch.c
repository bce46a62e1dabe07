/*
 * Batch after batch: keeps the lanes of a run busy, and does what next_after() says about each
 * batch.
 *
 *   job_next_batch -> send -> batch_done -> advance | row aside | bisect -> job_next_batch
 *                                        -> anything else: job_settle_with (job_settle.c)
 *
 * Each batch is a transaction of its own with an audit row of its own over a range of its own, so
 * promise A holds however several of them interleave. Behind one that fails, the server refuses the
 * next one of the same lane (25P02): nothing of it has happened, and its range is given back. After
 * a failure only one batch is in flight until one has succeeded.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "policy/sqlstate.h"

enum { MOST_REJECTED_LOGGED = 10 }; /* of a run, and only those that are news */

/* --- pace --- */

static struct mono later(struct mono moment, double ms)
{
    return (struct mono){moment.ns + (int64_t)(ms * 1e6)};
}

static struct mono latest(struct mono a, struct mono b)
{
    return a.ns > b.ns ? a : b;
}

/* As if answers travelled in no time and questions for both: when the server was free for it. */
static struct mono came_to_server(const struct job *job, const struct flight *flight)
{
    return latest(flight->sent, later(flight->began, -pg_round_trip_ms(job->pg)));
}

/* How long the server worked on a batch, and its rest: so far apart the lane's flights leave.
 * Distance and the wait for an answer are rest for the server as well. Several lanes share
 * max_rows_per_second. */
static void set_pace(struct lane *lane, const struct flight *flight, int64_t rows, double server_ms)
{
    struct job *job = lane->job;
    int64_t shared_rows = rows * (int64_t)job->lanes.count;
    double rest_ms = pace_rest_ms(&job->pace, shared_rows, server_ms, &lane->by_rate);

    lane->server_ms = server_ms;
    lane->period_ms = rest_ms > 0 ? server_ms + rest_ms : 0;
    if (job->limits.verdict.action == LIMIT_SLOW)
        lane->period_ms = fmax(lane->period_ms, server_ms) / job->limits.verdict.part;
    /* Those that are in flight left before this was known. */
    lane->may_send = later(came_to_server(job, flight), lane->period_ms * (1 + lane->in_flight));
}

/* --- what came back --- */

static struct rejected_cause cause_of(const struct pg_error *error)
{
    return (struct rejected_cause){
        .reason = rejected_reason_of_sqlstate(error->sqlstate),
        .name = error->constraint[0] != '\0' ? error->constraint : NULL,
        .sqlstate = error->sqlstate,
        .message = error->message,
    };
}

static void set_row_aside(struct job *job, const struct flight *flight,
                          const struct batch_result *result, const char *why)
{
    struct tid tid = job_row_at(job, flight->range.range.from);
    struct rejected_cause cause;

    if (result->outcome == BATCH_LOCKED) {
        job->pass.skipped++;
        job->host.counters->rows_skipped++;
        return;
    }
    scan_remember_rejected(&job->scans.heap, tid);
    cause = cause_of(result->error);
    if (rejected_meet(&job->left.rejected, job->partition->relation, tid, &cause) &&
        job->left.rejected.news <= MOST_REJECTED_LOGGED)
        log_warning("job=%s row (%u,%u) of %s is rejected: %s", job->settings->name, tid.block,
                    tid.offset, job->sql.partition, why);
    if (job->left.rejected.rows >= job->settings->max_rejected_rows)
        job_settle_with(job, (struct next){.verb = NEXT_SET_ASIDE}, why);
}

static void bisect(struct job *job, const struct flight *flight, const struct batch_result *result)
{
    bool too_many = result->outcome == BATCH_TOO_MANY;

    if (too_many) {
        pace_shrink_to_rows(&job->pace, result->rows);
        job->pass
            .writing_batches++; /* rolled back, but it had deleted and taken a transaction id */
    }
    if (!too_many || flight->step.chunk_blocks <= 1 || flight->range.narrowed)
        scan_narrow(job->scan, &flight->range, 2, flight->step.chunk_blocks);
}

static void shrink(struct job *job, const struct flight *flight, const struct batch_result *result)
{
    scan_narrow(job->scan, &flight->range, 4, flight->step.chunk_blocks);
    job->batches.skips_in_vain |= flight->skip_locked;
    if (result->outcome == BATCH_TOO_SLOW)
        pace_shrink(&job->pace);
}

static void skip_locked_rows(struct job *job, const struct flight *flight)
{
    if (job->scan == &job->scans.heap)
        scan_narrow_to_block(job->scan);
    else /* the same rows once more */
        scan_narrow(job->scan, &flight->range, 1, flight->step.chunk_blocks);
    job->batches.skip_locked = true;
}

static void count_batch(struct job *job, const struct batch_result *result)
{
    int64_t gone = result->rows + result->children;

    job->batches.last_rows = gone;
    job->look.rows_since += result->rows;
    job->run.rows += gone;
    job->run.batches += gone > 0;
    job->pass.rows += gone;
    job->pass.skipped += result->skipped;
    fk_blocked_add(&job->left.fk_blocked, result->rejected);
    job->pass.writing_batches += gone > 0;
    job->host.counters->rows_deleted += gone;
    job->host.counters->rows_skipped += result->skipped;
    job->host.counters->audit_rows += gone > 0;
}

static void advance(struct job *job, const struct flight *flight, const struct batch_result *result)
{
    struct tid_range rest = {result->reached, flight->range.range.to};
    struct pace_sample sample = {
        .rows = result->rows + result->children,
        .blocks = result->blocks,
        .chunks = result->chunks,
        .elapsed_ms = result->elapsed_ms,
        .whole = !tid_before(rest.from, rest.to),
    };

    job->trouble.failures = 0;
    job->pass.busy_s += result->elapsed_ms / 1000;
    job->pass.busy_work += (double)result->blocks;
    if (result->waiters > 0)
        limits_note_waiters(&job->limits.limiter, mono_now());
    breaker_success(&job->trouble.breaker);
    count_batch(job, result);
    *job->host.clock = (struct clock_anchor){true, result->clock, mono_now()};
    scan_give_back(job->scan, rest);
    if (flight->range.narrowed)
        scan_widen(job->scan);
    else
        pace_learn(&job->pace, &sample);
    if (job->scan->narrow_slots == 0)
        job->batches.skips_in_vain = false;
}

static void act(struct job *job, const struct flight *flight, const struct batch_result *result,
                struct next next, const char *why)
{
    if (next.verb != NEXT_ADVANCE && next.verb != NEXT_SET_ASIDE)
        scan_give_back(job->scan, flight->range.range);
    switch (next.verb) {
    case NEXT_ADVANCE:
        advance(job, flight, result);
        return;
    case NEXT_SET_ASIDE:
        set_row_aside(job, flight, result, why);
        return;
    case NEXT_BISECT:
        bisect(job, flight, result);
        return;
    case NEXT_SHRINK:
        shrink(job, flight, result);
        break;
    case NEXT_SKIP_LOCKED:
        skip_locked_rows(job, flight);
        break;
    case NEXT_RETRY:
        job->batches.skip_locked = flight->skip_locked;
        break;
    case NEXT_RESOLVE:
        job_note_unresolved(job, flight->number);
        flight->lane->broken = true;
        break;
    case NEXT_RECONNECT:
        flight->lane->broken = true;
        break;
    case NEXT_PAUSE:
    case NEXT_STOP:
    case NEXT_LEAVE_PARTITION:
        break;
    }
    job_settle_with(job, next, why);
}

static void judge(struct job *job, const struct flight *flight, const struct batch_result *result)
{
    struct next_facts facts = {
        .outcome = result->outcome,
        .one_block = flight->range.one_block || job->scan == &job->scans.list,
        .one_row = flight->range.one_row,
        .skip_locked = flight->skip_locked,
        .may_skip_locked = job->partition->may_lock && !job->batches.skips_in_vain,
        .has_family = job->sql.family_range != NULL,
    };
    struct next next = next_after(&facts);
    struct err why = {""};

    if (result->error != NULL) {
        query_error(result->error, &why);
        job_note_error(job, result->error);
        flight->lane->behind = flight->lane->in_flight;
    }
    log_debug("job=%s batch=%lld %s: %lld rows, %lld blocks in %lld chunks, %.2f ms -> %s",
              job->settings->name, (long long)flight->number, batch_outcome_code(result->outcome),
              (long long)result->rows, (long long)result->blocks, (long long)result->chunks,
              result->elapsed_ms, next_verb_name(next.verb));
    job->host.counters->batches[result->outcome]++;
    if (next.failure && breaker_failure(&job->trouble.breaker, mono_now()))
        job->batches.breaker_opened = true;
    act(job, flight, result, next, why.text);
}

/* It left behind one of the same lane that failed: the server has refused it as a whole. */
static bool was_taken_back(struct lane *lane, const struct batch_result *result)
{
    bool behind = lane->behind > 0;

    lane->behind -= behind;
    return behind && result->error != NULL && text_equal(result->error->sqlstate, "25P02");
}

static void batch_done(void *arg, const struct batch_result *result)
{
    struct flight *flight = arg;
    struct lane *lane = flight->lane;
    struct job *job = lane->job;
    struct mono now = mono_now();
    double busy_ms;

    batch_free(flight->batch);
    flight->batch = NULL;
    lane->in_flight--;
    job->lanes.in_flight--;
    flight->began = latest(flight->began, lane->landed);
    lane->landed = now;
    busy_ms = mono_ms_between(flight->began, now);
    if (was_taken_back(lane, result)) {
        scan_give_back(job->scan, flight->range.range);
    } else {
        histogram_add(&job->host.counters->batch_seconds, busy_ms / 1000);
        set_pace(lane, flight,
                 result->outcome == BATCH_COMMITTED ? result->rows + result->children : 0,
                 result->outcome == BATCH_COMMITTED ? result->elapsed_ms : busy_ms);
        judge(job, flight, result);
    }
    job_landed(job);
}

/* --- sending --- */

static void send(struct lane *lane, struct flight *flight)
{
    struct job *job = lane->job;
    char *tids = job_tids_of(job, flight->range.range);
    struct batch_order order = {
        .settings = job->settings,
        .statements = &job->sql,
        .root = job->table.relation,
        .relation = job->partition->relation,
        .run = job->run.id,
        .number = ++job->batches.number,
        .cutoff = job->run.cutoff,
        .range = flight->range.range,
        .step = flight->step,
        .tids = tids,
        .skip_locked = job->batches.skip_locked,
        .ask_waiters = job_asks_waiters(job),
        .wal_compression = job->table.abilities.lz4 ? "lz4" : NULL,
        .expected_clock = guard_expected(job->host.clock, mono_now()),
        .has_closing = job->look.has_closing,
        .closes_at = job->look.window_changes,
    };

    flight->lane = lane;
    flight->number = order.number;
    flight->skip_locked = order.skip_locked;
    flight->sent = flight->began = mono_now();
    job->batches.skip_locked = false;
    job->batches.last_chunk_blocks = flight->step.chunk_blocks;
    lane->may_send = later(flight->sent, lane->period_ms);
    lane->in_flight++;
    job->lanes.in_flight++;
    if (job->state != JOB_RUNNING)
        job_enter(job, JOB_RUNNING, REASON_NONE, "%s", "");
    flight->batch = batch_send(lane->pg, &order, batch_done, flight);
    free(tids);
}

/* After a failure, while the scan is narrow, and on trial: one thing at a time. */
static bool one_at_a_time(const struct job *job)
{
    return job->scan->narrow_slots > 0 || job->batches.skip_locked || job->trouble.failures > 0 ||
           job->pace.one_chunk || job->trouble.breaker.state == BREAKER_HALF_OPEN;
}

/* All connections go to the same server; the first one knows how far it is. */
static int most_in_air(const struct job *job, const struct lane *lane)
{
    return pace_in_flight(pg_round_trip_ms(job->pg), fmax(lane->period_ms, lane->server_ms));
}

static bool has_room(const struct job *job, const struct lane *lane)
{
    if (one_at_a_time(job))
        return lane->pg != NULL && job->lanes.in_flight == 0;
    return lane->pg != NULL && lane->in_flight < most_in_air(job, lane);
}

static struct flight *free_flight(struct lane *lane)
{
    struct flight *flight = lane->flights;

    while (flight->batch != NULL)
        flight++;
    return flight;
}

/* A list has no stretches without a due row to be passed over. */
static int64_t most_blocks(const struct job *job, const struct pace_step *step)
{
    return job->scan == &job->scans.heap ? step->range_blocks : step->chunk_blocks;
}

static void fill_lane(struct job *job, struct lane *lane)
{
    while (has_room(job, lane) && mono_ms_between(lane->may_send, mono_now()) >= 0) {
        struct flight *flight = free_flight(lane);
        struct pace_step step = pace_next(&job->pace);

        if (!scan_take(job->scan, most_blocks(job, &step), &flight->range))
            return;
        flight->step = step;
        send(lane, flight);
    }
}

static enum reason rest_reason(const struct job *job, const struct lane *lane)
{
    if (job->limits.verdict.action == LIMIT_SLOW)
        return job->limits.verdict.reason;
    return lane->by_rate ? REASON_RATE : REASON_DUTY_CYCLE;
}

/* Sleeps until the first lane may send again, if nothing else will wake us. The rest after the last
 * batch of a pass counts as well: what comes next is more work for the server. */
static bool rests(struct job *job)
{
    const struct lane *first = NULL;
    double wait_ms;

    for (size_t i = 0; i < job->lanes.count; i++)
        if (has_room(job, &job->lanes.all[i]) &&
            (first == NULL || job->lanes.all[i].may_send.ns < first->may_send.ns))
            first = &job->lanes.all[i];
    if (first == NULL)
        return false;
    wait_ms = mono_ms_between(mono_now(), first->may_send);
    if (wait_ms <= 0 && scan_is_empty(job->scan))
        return false;
    if (job->lanes.in_flight == 0)
        job_enter(job, JOB_RESTING, rest_reason(job, first), "%s", "");
    job_set_timer(job, fmax(wait_ms, 0), job_next_batch);
    return true;
}

enum reason job_pause_reason(struct job *job)
{
    if (job->draining)
        return REASON_DRAIN;
    if (job->paused)
        return REASON_PAUSED;
    return breaker_wait_ms(&job->trouble.breaker, mono_now()) > 0 ? REASON_BREAKER : REASON_NONE;
}

/* Also from timers, so it looks at everything that may have changed meanwhile. */
void job_next_batch(struct job *job)
{
    enum reason reason = job_pause_reason(job);

    loop_timer_cancel(&job->timer); /* nothing may fire into what follows: a query, a pause */
    if (reason != REASON_NONE) {
        if (job->lanes.in_flight == 0 && reason == REASON_BREAKER)
            job_open_breaker(job);
        else if (job->lanes.in_flight == 0)
            job_pause_run(job, reason);
        return;
    }
    if (job->batches.settling || !job_within_limits(job))
        return;
    job_judge_choice(job);
    if (job->find.reconsidering) {
        if (job->lanes.in_flight == 0)
            job_reconsider(job);
        return;
    }
    for (size_t i = 0; i < job->lanes.count; i++)
        fill_lane(job, &job->lanes.all[i]);
    if (!rests(job) && job->lanes.in_flight == 0 && scan_is_empty(job->scan))
        job_end_scan(job);
}
