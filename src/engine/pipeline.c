#include "engine/pipeline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "policy/sqlstate.h"

struct worker;

/* A batch on its way. */
struct in_flight {
    struct worker *worker;
    struct batch *batch; /* NULL = nothing is */
    int64_t number;
    struct scan_range range;
    struct pace_step step;
    struct mono sent;
    struct mono began; /* the same, or when the one before it completed if that was later */
    bool skip_locked;
};

/* One connection. All workers take from the same scan and follow the same pace. */
struct worker {
    struct pipeline *pipeline;
    struct lease *lease; /* NULL = not asked for; the first worker's is the caller's */
    struct pg *pg;       /* NULL = not there */
    struct in_flight batches[PACE_MOST_IN_FLIGHT];
    int in_flight;
    int behind;            /* of those, sent before one of this worker was known to have failed */
    bool broken;           /* its connection is lost, or the server unavailable */
    struct mono may_send;  /* not before, as the duty cycle and max_rows_per_second ask */
    struct mono completed; /* the last one */
    double period_ms;      /* how far apart its batches leave; 0 = as soon as they can */
    double server_ms;      /* how long the server worked on the last one */
    bool by_rate;          /* because of max_rows_per_second */
};

struct pipeline {
    const struct lease_pool *pool;
    pipeline_fn *fn;
    void *arg;
    struct loop_timer timer; /* the end of a rest, or a failure from outside */
    size_t most_workers;
    struct worker *workers; /* NULL without a connection */
    size_t worker_count;
    int in_flight; /* over all workers */
    struct pipeline_target target;
    struct scan *scan;
    struct pace pace;
    struct pipeline_pace allowed; /* at the last pipeline_fill() */
    struct next failure;          /* of those that wait for the rest: the gravest; NEXT_ADVANCE =
                                     none */
    char *why;                    /* the error behind it */
    bool skip_locked;             /* the next batch uses SKIP LOCKED */
    bool skips_in_vain;           /* that has met a lock all the same: not again while the scan is
                                     narrow */
    bool asked_waiters;
    int64_t chunk_blocks; /* of the last batch that was sent */
};

/* --- failures --- */

static bool is_failing(const struct pipeline *pipeline)
{
    return pipeline->failure.verb != NEXT_ADVANCE;
}

static void report(struct pipeline *pipeline, enum pipeline_event_kind kind)
{
    pipeline->fn(pipeline->arg, &(struct pipeline_event){.kind = kind, .why = ""});
}

static void report_failure(struct pipeline *pipeline)
{
    struct pipeline_event event = {
        .kind = PIPELINE_FAILED,
        .next = pipeline->failure,
        .why = pipeline->why,
    };

    loop_timer_cancel(&pipeline->timer);
    pipeline->failure = (struct next){.verb = NEXT_ADVANCE};
    pipeline->fn(pipeline->arg, &event);
}

/* Something has completed, or a rest is over. */
static void go_on(struct pipeline *pipeline)
{
    if (!is_failing(pipeline))
        report(pipeline, PIPELINE_READY);
    else if (pipeline->in_flight == 0)
        report_failure(pipeline);
}

static void on_timer(void *arg)
{
    go_on(arg);
}

/* Of two failures the later verb of this list is the graver one. */
static int severity(enum next_verb verb)
{
    static const enum next_verb order[] = {NEXT_SHRINK,    NEXT_SKIP_LOCKED,     NEXT_RETRY,
                                           NEXT_SET_ASIDE, NEXT_LEAVE_PARTITION, NEXT_PAUSE,
                                           NEXT_STOP,      NEXT_RECONNECT,       NEXT_RESOLVE};
    int rank = -1;

    for (int i = 0; i < (int)ARRAY_LENGTH(order); i++)
        if (order[i] == verb)
            rank = i;
    return rank;
}

static void handle_failure(struct pipeline *pipeline, struct next next, const char *why)
{
    if (is_failing(pipeline) && severity(next.verb) <= severity(pipeline->failure.verb))
        return;
    pipeline->failure = next;
    free(pipeline->why);
    pipeline->why = text_copy(why);
}

void pipeline_fail(struct pipeline *pipeline, struct next next, const char *why)
{
    handle_failure(pipeline, next, why);
    if (pipeline->in_flight == 0)
        loop_timer_set(&pipeline->timer, 0);
}

void pipeline_lose(struct pipeline *pipeline, const char *why)
{
    if (pipeline->workers != NULL)
        pipeline->workers[0].broken = true;
    pipeline_fail(pipeline, (struct next){.verb = NEXT_RECONNECT, .reason = REASON_DATABASE}, why);
}

static bool loses_connection(enum next_verb verb)
{
    return verb == NEXT_RESOLVE || verb == NEXT_RECONNECT;
}

/* --- pace --- */

static struct mono later(struct mono moment, double ms)
{
    return (struct mono){moment.ns + (int64_t)(ms * 1e6)};
}

static struct mono latest(struct mono a, struct mono b)
{
    return a.ns > b.ns ? a : b;
}

/* All connections go to the same server; the first one knows how far it is. */
static double round_trip_ms(const struct pipeline *pipeline)
{
    return pg_round_trip_ms(pipeline->workers[0].pg);
}

/* When the server was free for it, as if answers travelled in no time and questions for both. */
static struct mono reached_server(const struct pipeline *pipeline, const struct in_flight *batch)
{
    return latest(batch->sent, later(batch->began, -round_trip_ms(pipeline)));
}

/* How long the server worked on a batch, and its rest: so far apart the worker's batches leave.
 * Distance and the wait for an answer are rest for the server as well. Several workers share
 * max_rows_per_second. */
static void set_pace(struct worker *worker, const struct in_flight *batch, int64_t rows,
                     double server_ms)
{
    struct pipeline *pipeline = worker->pipeline;
    int64_t shared_rows = rows * (int64_t)pipeline->worker_count;
    double rest_ms = pace_rest_ms(&pipeline->pace, shared_rows, server_ms, &worker->by_rate);

    worker->server_ms = server_ms;
    worker->period_ms = rest_ms > 0 ? server_ms + rest_ms : 0;
    if (pipeline->allowed.part < 1)
        worker->period_ms = fmax(worker->period_ms, server_ms) / pipeline->allowed.part;
    /* Those that are in flight left before this was known. */
    worker->may_send =
        later(reached_server(pipeline, batch), worker->period_ms * (1 + worker->in_flight));
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

static void set_row_aside(struct pipeline *pipeline, const struct in_flight *batch,
                          const struct batch_result *result, const char *why)
{
    struct rejected_cause cause;
    struct pipeline_event event = {
        .kind = PIPELINE_ROW,
        .row = pipeline->scan->kind->row_at(pipeline->scan, batch->range.range.from),
        .why = why,
    };

    if (result->outcome != BATCH_LOCKED) {
        scan_remember_rejected(pipeline->scan, event.row);
        cause = cause_of(result->error);
        event.cause = &cause;
    }
    pipeline->fn(pipeline->arg, &event);
}

static void bisect(struct pipeline *pipeline, const struct in_flight *batch,
                   const struct batch_result *result)
{
    bool too_many = result->outcome == BATCH_TOO_MANY;

    if (too_many)
        pace_shrink_to_rows(&pipeline->pace, result->rows);
    if (!too_many || batch->step.chunk_blocks <= 1 || batch->range.narrowed)
        ranges_narrow(scan_ranges(pipeline->scan), &batch->range, 2, batch->step.chunk_blocks);
}

static void shrink(struct pipeline *pipeline, const struct in_flight *batch,
                   const struct batch_result *result)
{
    ranges_narrow(scan_ranges(pipeline->scan), &batch->range, 4, batch->step.chunk_blocks);
    pipeline->skips_in_vain |= batch->skip_locked;
    if (result->outcome == BATCH_TOO_SLOW)
        pace_shrink(&pipeline->pace);
}

static void skip_locked_rows(struct pipeline *pipeline, const struct in_flight *batch)
{
    if (!pipeline->scan->kind->is_list)
        ranges_narrow_to_block(scan_ranges(pipeline->scan));
    else /* the same rows once more */
        ranges_narrow(scan_ranges(pipeline->scan), &batch->range, 1, batch->step.chunk_blocks);
    pipeline->skip_locked = true;
}

static void advance(struct pipeline *pipeline, const struct in_flight *batch,
                    const struct batch_result *result)
{
    struct scan_ranges *ranges = scan_ranges(pipeline->scan);
    struct tid_range rest = {result->reached, batch->range.range.to};
    struct pace_sample sample = {
        .rows = result->rows + result->children,
        .blocks = result->blocks,
        .chunks = result->chunks,
        .elapsed_ms = result->elapsed_ms,
        .whole = !tid_before(rest.from, rest.to),
    };

    ranges_give_back(ranges, rest);
    if (batch->range.narrowed)
        ranges_widen(ranges);
    else
        pace_learn(&pipeline->pace, &sample);
    if (ranges->narrow_slots == 0)
        pipeline->skips_in_vain = false;
}

/* What the verb asks of the scan and the pace. */
static void act(struct pipeline *pipeline, const struct in_flight *batch,
                const struct batch_result *result, struct next next, const char *why)
{
    if (next.verb != NEXT_ADVANCE && next.verb != NEXT_SET_ASIDE)
        ranges_give_back(scan_ranges(pipeline->scan), batch->range.range);
    switch (next.verb) {
    case NEXT_ADVANCE:
        advance(pipeline, batch, result);
        return;
    case NEXT_SET_ASIDE:
        set_row_aside(pipeline, batch, result, why);
        return;
    case NEXT_BISECT:
        bisect(pipeline, batch, result);
        return;
    case NEXT_SHRINK:
        shrink(pipeline, batch, result);
        break;
    case NEXT_SKIP_LOCKED:
        skip_locked_rows(pipeline, batch);
        break;
    case NEXT_RETRY:
        pipeline->skip_locked = batch->skip_locked;
        break;
    case NEXT_RESOLVE:
    case NEXT_RECONNECT:
        batch->worker->broken = true;
        break;
    case NEXT_PAUSE:
    case NEXT_STOP:
    case NEXT_LEAVE_PARTITION:
        break;
    }
    handle_failure(pipeline, next, why);
}

static struct next judge(const struct pipeline *pipeline, const struct in_flight *batch,
                         const struct batch_result *result)
{
    struct next_facts facts = {
        .outcome = result->outcome,
        .one_block = batch->range.one_block || pipeline->scan->kind->is_list,
        .one_row = batch->range.one_row,
        .skip_locked = batch->skip_locked,
        .may_skip_locked = pipeline->target.partition_may_lock && !pipeline->skips_in_vain,
        .has_family = pipeline->target.sql->family_range != NULL,
    };
    struct next next = next_after(&facts);

    log_debug("job=%s batch=%lld %s: %lld rows, %lld blocks in %lld chunks, %.2f ms -> %s",
              pipeline->target.settings->name, (long long)batch->number,
              batch_outcome_code(result->outcome), (long long)result->rows,
              (long long)result->blocks, (long long)result->chunks, result->elapsed_ms,
              next_verb_name(next.verb));
    return next;
}

/* However many batches are in flight when a connection is lost, that is one failure. */
static bool counts(const struct pipeline *pipeline, struct next next)
{
    return next.failure &&
           !(loses_connection(next.verb) && loses_connection(pipeline->failure.verb));
}

static void finish_batch(struct worker *worker, struct in_flight *batch,
                         const struct batch_result *result, double busy_ms)
{
    struct pipeline *pipeline = worker->pipeline;
    bool committed = result->outcome == BATCH_COMMITTED;
    struct next next = judge(pipeline, batch, result);
    struct err why = {""};
    struct pipeline_event event = {
        .kind = PIPELINE_BATCH,
        .result = result,
        .next = next,
        .counts = counts(pipeline, next),
        .number = batch->number,
        .busy_ms = busy_ms,
        .why = why.text,
    };

    set_pace(worker, batch, committed ? result->rows + result->children : 0,
             committed ? result->elapsed_ms : busy_ms);
    if (result->error != NULL) {
        query_error(result->error, &why);
        worker->behind = worker->in_flight;
    }
    pipeline->fn(pipeline->arg, &event);
    act(pipeline, batch, result, next, why.text);
}

/* It left behind one of the same worker that failed: the server has refused it as a whole. */
static bool was_taken_back(struct worker *worker, const struct batch_result *result)
{
    bool behind = worker->behind > 0;

    worker->behind -= behind;
    return behind && result->error != NULL && text_equal(result->error->sqlstate, "25P02");
}

static void on_batch(void *arg, const struct batch_result *result)
{
    struct in_flight *batch = arg;
    struct worker *worker = batch->worker;
    struct pipeline *pipeline = worker->pipeline;
    struct mono now = mono_now();

    batch_free(batch->batch);
    batch->batch = NULL;
    worker->in_flight--;
    pipeline->in_flight--;
    batch->began = latest(batch->began, worker->completed);
    worker->completed = now;
    if (was_taken_back(worker, result))
        ranges_give_back(scan_ranges(pipeline->scan), batch->range.range);
    else
        finish_batch(worker, batch, result, mono_ms_between(batch->began, now));
    go_on(pipeline);
}

/* --- sending --- */

static void note_sent(struct worker *worker, struct in_flight *batch)
{
    struct pipeline *pipeline = worker->pipeline;

    batch->sent = batch->began = mono_now();
    pipeline->skip_locked = false;
    pipeline->chunk_blocks = batch->step.chunk_blocks;
    pipeline->asked_waiters |= pipeline->allowed.ask_waiters;
    pipeline->allowed.ask_waiters = false;
    worker->may_send = later(batch->sent, worker->period_ms);
    worker->in_flight++;
    pipeline->in_flight++;
}

static void send(struct worker *worker, struct in_flight *batch)
{
    struct pipeline *pipeline = worker->pipeline;
    const struct pipeline_target *target = &pipeline->target;
    char *tids = pipeline->scan->kind->tids(pipeline->scan, batch->range.range);
    struct batch_order order = {
        .settings = target->settings,
        .statements = target->sql,
        .root = target->root,
        .relation = target->relation,
        .run = target->run,
        .number = ++*target->number,
        .cutoff = target->cutoff,
        .policy = target->policy,
        .range = batch->range.range,
        .step = batch->step,
        .tids = tids,
        .skip_locked = pipeline->skip_locked,
        .ask_waiters = pipeline->allowed.ask_waiters,
        .wal_compression = target->lz4 ? "lz4" : NULL,
        .expected_clock = guard_expected(target->clock, mono_now()),
        .has_closing = target->has_closing,
        .closes_at = target->closes_at,
    };

    batch->worker = worker;
    batch->number = order.number;
    batch->skip_locked = order.skip_locked;
    note_sent(worker, batch);
    batch->batch = batch_send(worker->pg, &order, on_batch, batch);
    free(tids);
}

/* After a failure, while the scan is narrow, and at the beginning: one batch at a time. */
static bool one_at_a_time(const struct pipeline *pipeline)
{
    return pipeline_is_narrowed(pipeline) || pipeline->skip_locked ||
           pipeline->allowed.one_at_a_time || pipeline->pace.one_chunk;
}

static bool has_room(const struct pipeline *pipeline, const struct worker *worker)
{
    if (worker->pg == NULL)
        return false;
    if (one_at_a_time(pipeline))
        return pipeline->in_flight == 0;
    return worker->in_flight <
           pace_in_flight(round_trip_ms(pipeline), fmax(worker->period_ms, worker->server_ms));
}

static struct in_flight *free_place(struct worker *worker)
{
    struct in_flight *batch = worker->batches;

    while (batch->batch != NULL)
        batch++;
    return batch;
}

static void fill_worker(struct pipeline *pipeline, struct worker *worker)
{
    while (has_room(pipeline, worker) && mono_ms_between(worker->may_send, mono_now()) >= 0) {
        struct in_flight *batch = free_place(worker);
        struct pace_step step = pace_next(&pipeline->pace);

        if (!ranges_take(scan_ranges(pipeline->scan), pipeline->scan->kind->most_places(&step),
                         &batch->range))
            return;
        batch->step = step;
        send(worker, batch);
    }
}

static const struct worker *first_to_send(const struct pipeline *pipeline)
{
    const struct worker *first = NULL;

    for (size_t i = 0; i < pipeline->worker_count; i++) {
        const struct worker *worker = &pipeline->workers[i];

        if (has_room(pipeline, worker) &&
            (first == NULL || worker->may_send.ns < first->may_send.ns))
            first = worker;
    }
    return first;
}

/* Sleeps until the first worker may send again, if nothing else will wake us. The rest after the
 * last batch of a pass counts as well: what comes next is more work for the server. */
static bool rest(struct pipeline *pipeline)
{
    const struct worker *first = first_to_send(pipeline);
    double wait_ms;

    if (first == NULL)
        return false;
    wait_ms = mono_ms_between(mono_now(), first->may_send);
    if (wait_ms <= 0 && scan_is_empty(pipeline->scan))
        return false;
    loop_timer_set(&pipeline->timer, fmax(wait_ms, 0));
    return true;
}

enum pipeline_activity pipeline_fill(struct pipeline *pipeline, const struct pipeline_pace *pace)
{
    bool rests;

    if (is_failing(pipeline))
        return PIPELINE_FAILING;
    loop_timer_cancel(&pipeline->timer);
    pipeline->allowed = *pace;
    pipeline->asked_waiters = false;
    pipeline->pace.limits.duty_cycle_percent = pace->duty_cycle_percent;
    for (size_t i = 0; i < pipeline->worker_count; i++)
        fill_worker(pipeline, &pipeline->workers[i]);
    rests = rest(pipeline);
    if (pipeline->in_flight > 0)
        return PIPELINE_IN_FLIGHT;
    return rests ? PIPELINE_RESTING : PIPELINE_EMPTY;
}

void pipeline_stop(struct pipeline *pipeline)
{
    if (!is_failing(pipeline))
        loop_timer_cancel(&pipeline->timer);
}

/* --- workers --- */

void pipeline_use(struct pipeline *pipeline, struct pg *pg)
{
    pipeline->worker_count = pipeline->most_workers;
    pipeline->workers = mem_new(pipeline->worker_count * sizeof *pipeline->workers);
    for (size_t i = 0; i < pipeline->worker_count; i++)
        pipeline->workers[i].pipeline = pipeline;
    pipeline->workers[0].pg = pg;
}

static void on_lease(void *arg, const struct lease_news *news)
{
    struct worker *worker = arg;
    struct lease *lease = worker->lease;

    switch (news->kind) {
    case LEASE_GRANTED:
        worker->pg = news->pg;
        go_on(worker->pipeline);
        return;
    case LEASE_WAITS: /* the run goes on without it */
        return;
    case LEASE_REFUSED:
        worker->lease = NULL;
        worker->pipeline->pool->end(worker->pipeline->pool->arg, lease, LEASE_INTACT);
        return;
    }
}

void pipeline_want_workers(struct pipeline *pipeline)
{
    for (size_t i = 1; i < pipeline->worker_count; i++) {
        struct worker *worker = &pipeline->workers[i];

        if (worker->lease == NULL)
            worker->lease =
                pipeline->pool->ask(pipeline->pool->arg, LEASE_WORKER, on_lease, worker);
    }
}

static enum lease_end state_of(const struct worker *worker, enum lease_end how)
{
    if (worker->broken)
        return LEASE_BROKEN;
    return worker->in_flight > 0 ? LEASE_SPENT : how;
}

static void free_workers(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->worker_count; i++)
        for (size_t k = 0; k < PACE_MOST_IN_FLIGHT; k++)
            batch_free(pipeline->workers[i].batches[k].batch);
    free(pipeline->workers);
    pipeline->workers = NULL;
    pipeline->worker_count = 0;
    pipeline->in_flight = 0;
}

void pipeline_release(struct pipeline *pipeline, enum lease_end how)
{
    for (size_t i = 1; i < pipeline->worker_count; i++) {
        const struct worker *worker = &pipeline->workers[i];

        if (worker->lease != NULL)
            pipeline->pool->end(pipeline->pool->arg, worker->lease, state_of(worker, how));
    }
    free_workers(pipeline);
}

/* --- its life --- */

struct pipeline *pipeline_new(struct loop *loop, const struct lease_pool *pool, size_t workers,
                              pipeline_fn *fn, void *arg)
{
    struct pipeline *pipeline = mem_new(sizeof *pipeline);

    pipeline->pool = pool;
    pipeline->fn = fn;
    pipeline->arg = arg;
    pipeline->most_workers = workers;
    loop_timer_init(&pipeline->timer, loop, on_timer, pipeline);
    return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    free_workers(pipeline);
    loop_timer_free(&pipeline->timer);
    free(pipeline->why);
    free(pipeline);
}

void pipeline_begin_run(struct pipeline *pipeline)
{
    pipeline->pace = (struct pace){0};
    pipeline->skip_locked = pipeline->skips_in_vain = false;
}

void pipeline_set_target(struct pipeline *pipeline, const struct pipeline_target *target,
                         struct scan *scan)
{
    const struct job_settings *settings = target->settings;
    struct pace_limits limits = {
        .batch_time_ms = (double)settings->batch_time_ms,
        .batch_rows = settings->batch_rows,
        .duty_cycle_percent = (int)settings->duty_cycle_percent,
        .max_rows_per_second = (double)settings->max_rows_per_second,
        .list = scan->kind->is_list,
    };

    pipeline->target = *target;
    pipeline->scan = scan;
    pace_go_on(&pipeline->pace, limits);
}

int pipeline_in_flight(const struct pipeline *pipeline)
{
    return pipeline->in_flight;
}

bool pipeline_asked_waiters(const struct pipeline *pipeline)
{
    return pipeline->asked_waiters;
}

bool pipeline_rests_by_rate(const struct pipeline *pipeline)
{
    const struct worker *first = first_to_send(pipeline);

    return first != NULL && first->by_rate;
}

bool pipeline_is_broken(const struct pipeline *pipeline)
{
    return pipeline->workers != NULL && pipeline->workers[0].broken;
}

int64_t pipeline_chunk_blocks(const struct pipeline *pipeline)
{
    return pipeline->chunk_blocks;
}

bool pipeline_is_narrowed(const struct pipeline *pipeline)
{
    return scan_ranges(pipeline->scan)->narrow_slots > 0;
}
