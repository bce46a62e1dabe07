/*
 * A run, from its opening to its end: passes over the leaf, batch after batch.
 *
 *   open_run -> begin_pass -> [batch -> next_after() -> rest or back off]* -> end_pass ->
 * begin_pass | close
 *
 * A walk misses rows that are updated while it goes on: they move behind it. So a pass that has
 * deleted anything is followed by another one, until a whole pass finds nothing, with one shortcut:
 * where the transaction ids show that nobody but us has written since the pass began, nothing can
 * have moved.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "decide/backoff.h"
#include "decide/next.h"
#include "decide/outcome.h"
#include "purge/job_life.h"
#include "purge/talk.h"

enum {
    MOST_PASSES = 10, /* then the run ends as incomplete, and the next one goes on */
    MOST_BLOCKED_ROWS =
        1000, /* then a person has to look: something is wrong with the whole table */
    MOST_BLOCKED_LOGGED = 10, /* of a run; the counters have them all */
};

static void begin_pass(struct job *job);
static void next_batch(struct job *job);

static struct run_progress progress_of(const struct job *job)
{
    return (struct run_progress){
        .skipped = job->pass.skipped,
        .blocked = job->blocked,
        .passes = job->run.passes,
        .next_block = job->walk.position.block,
    };
}

static uint32_t random_bits(void)
{
    uint32_t bits = 0;

    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
        bits = (uint32_t)mono_now().ns;
    return bits;
}

/* --- the end of a run --- */

static void run_closed(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    int64_t rows = 0, batches = 0;
    double seconds = mono_ms_between(job->run_began, mono_now()) / 1000;
    enum run_outcome outcome = job->closing;

    if (!job_talk_succeeded(job, reply))
        return;
    run_close_read(reply, &rows, &batches);
    job->run_open = false;
    job->wants_run = false;
    job->counters.runs[outcome]++;
    job->counters.run_seconds += seconds;
    log_info(
        "job=%s run=%lld %s: %lld rows in %lld batches, %d %s, %lld locked, %lld blocked, %.1f s",
        job->settings->name, (long long)job->run.id, run_outcome_code(outcome), (long long)rows,
        (long long)batches, job->run.passes, job->run.passes == 1 ? "pass" : "passes",
        (long long)job->pass.skipped, (long long)job->blocked, seconds);
    if (outcome == RUN_FAILED) {
        job_stop(job, job->why);
    } else if (job->host.once) {
        job_release(job, false);
        job_enter(job, JOB_WAITING, REASON_NOT_DUE, "%s", "");
        job->host.ended(job->host.arg, job, outcome);
    } else {
        job_look_at_schedule(job);
    }
}

static void close_run(struct job *job, enum run_outcome outcome, const char *detail)
{
    struct run_progress progress = progress_of(job);

    job->closing = outcome;
    job_enter(job, JOB_FINISHING, REASON_NONE, "%s", detail != NULL ? detail : "");
    run_close_send(job->pg, job->run.id, outcome, &progress, detail, run_closed, job);
}

/* --- a pause --- */

static void run_paused(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    char why[sizeof job->why];

    snprintf(why, sizeof why, "%s", job->why);
    /* Where it can't be noted, the next start begins at the last note: rows are looked at twice, no
     * more. */
    if (pg_reply_fate(reply) == PG_LOST) {
        job_release(job, true);
        job_want_connection(job);
        return;
    }
    if (job->pausing == REASON_WINDOW && !job->draining) {
        job_look_at_schedule(job);
        return;
    }
    job_release(job, false);
    if (job->draining)
        job_finish_drain(job);
    else
        job_hold(job, job->pausing, why);
}

void job_pause_run(struct job *job, enum reason reason)
{
    struct run_progress progress = progress_of(job);

    job->pausing = reason;
    job_enter(job, JOB_FINISHING, reason, "%s", job->why);
    if (reason == REASON_STANDBY) { /* nothing can be written here */
        job_release(job, false);
        job_hold(job, reason, job->why);
        return;
    }
    run_save_send(job->pg, job->run.id, &progress, run_paused, job);
}

/* --- one batch --- */

static void fail_and_wait(struct job *job, enum reason reason)
{
    double wait_ms;

    job->failures++;
    wait_ms = (double)backoff_wait_ms(backoff_for_batches, job->failures, random_bits());
    job_enter(job, JOB_BACKING_OFF, reason, "%s", job->why);
    job_set_timer(job, wait_ms, next_batch);
}

static void open_breaker(struct job *job)
{
    char last[300];

    snprintf(last, sizeof last, "%.299s", job->why);
    snprintf(job->why, sizeof job->why,
             "%d failures in a row, one trial in %d min; the last one: %s", BREAKER_FAILURES,
             BREAKER_OPEN_MS / 60000, last);
    job_pause_run(job, REASON_BREAKER);
}

static void lose_connection(struct job *job)
{
    job->pass.quiet = false;
    job_release(job, true);
    job_enter(job, JOB_CONNECTING, REASON_DATABASE, "%s", job->why);
    job_want_connection(job);
}

static void set_row_aside(struct job *job, const struct batch_result *result)
{
    bool locked = result->outcome == BATCH_LOCKED;
    struct tid tid = job->range.range.from;

    walk_set_aside(&job->walk, !locked);
    if (locked) {
        job->pass.skipped++;
        job->counters.rows_skipped++;
    } else {
        job->blocked++;
        job->counters.rows_blocked++;
        if (job->blocked <= MOST_BLOCKED_LOGGED)
            log_warning("job=%s row (%u,%u) of %s is blocked: %s", job->settings->name, tid.block,
                        tid.offset, job->sql.leaf, job->why);
    }
    if (job->blocked >= MOST_BLOCKED_ROWS)
        close_run(job, RUN_INCOMPLETE, "1000 rows are blocked; the rest was not looked at");
    else
        next_batch(job);
}

static void bisect(struct job *job, const struct batch_result *result)
{
    bool smallest_chunk = job->step.chunk_blocks <= 1 || job->range.narrowed;

    if (result->outcome == BATCH_TOO_MANY) {
        pace_shrink_to_rows(&job->pace, result->rows);
        job->pass
            .writing_batches++; /* rolled back, but it had deleted and taken a transaction id */
    }
    if (result->outcome != BATCH_TOO_MANY || smallest_chunk)
        walk_narrow(&job->walk, 2, job->step.chunk_blocks);
    next_batch(job);
}

static void rest(struct job *job, const struct batch_result *result)
{
    bool by_rate = false;
    double wait_ms = pace_rest_ms(&job->pace, result->rows, result->busy_ms, &by_rate);

    if (wait_ms <= 0) {
        next_batch(job);
        return;
    }
    job_enter(job, JOB_RESTING, by_rate ? REASON_RATE : REASON_DUTY, "%s", "");
    job_set_timer(job, wait_ms, next_batch);
}

static void advance(struct job *job, const struct batch_result *result)
{
    struct pace_sample sample = {result->rows, result->blocks, result->chunks, result->elapsed_ms};

    job->failures = 0;
    breaker_success(&job->breaker);
    job->pass.rows += result->rows;
    job->pass.skipped += result->skipped;
    job->pass.writing_batches += result->rows > 0;
    job->counters.rows_deleted += result->rows;
    job->counters.rows_skipped += result->skipped;
    job->counters.audit_rows += result->rows > 0;
    *job->host.clock = (struct clock_anchor){true, result->clock, mono_now()};
    if (!job->range.narrowed)
        pace_learn(&job->pace, &sample);
    walk_advance(&job->walk, result->reached);
    rest(job, result);
}

static void batch_done(void *arg, const struct batch_result *result)
{
    struct job *job = arg;
    struct next_facts facts = {
        .outcome = result->outcome,
        .one_block = job->range.one_block,
        .one_row = job->range.one_row,
        .skip_locked = job->skip_locked,
        .may_skip_locked = job->table.may_lock,
    };
    struct next next = next_after(&facts);
    struct err err = {""};

    if (result->error != NULL)
        talk_error(result->error, &err);
    snprintf(job->why, sizeof job->why, "%.*s", (int)sizeof job->why - 1, err.text);
    job->counters.batches[result->outcome]++;
    histogram_add(&job->counters.batch_seconds, result->busy_ms / 1000);
    batch_free(job->batch);
    job->batch = NULL;
    job->skip_locked = false;
    log_debug("job=%s batch=%lld %s: %lld rows, %lld blocks in %lld chunks, %.2f ms -> %s",
              job->settings->name, (long long)job->batch_number,
              batch_outcome_code(result->outcome), (long long)result->rows,
              (long long)result->blocks, (long long)result->chunks, result->elapsed_ms,
              next_verb_name(next.verb));

    /* A lost connection comes first: the breaker is looked at again before the next batch. */
    if (next.failure && breaker_failure(&job->breaker, mono_now()) && next.verb != NEXT_RESOLVE &&
        next.verb != NEXT_RECONNECT) {
        open_breaker(job);
        return;
    }
    switch (next.verb) {
    case NEXT_ADVANCE:
        advance(job, result);
        break;
    case NEXT_SHRINK:
        walk_narrow(&job->walk, 4, job->step.chunk_blocks);
        if (result->outcome == BATCH_TOO_SLOW)
            pace_shrink(&job->pace);
        fail_and_wait(job, next.reason);
        break;
    case NEXT_SKIP_LOCKED:
        walk_narrow_to_block(&job->walk);
        job->skip_locked = true;
        fail_and_wait(job, next.reason);
        break;
    case NEXT_SET_ASIDE:
        set_row_aside(job, result);
        break;
    case NEXT_BISECT:
        bisect(job, result);
        break;
    case NEXT_RETRY:
        job->skip_locked = facts.skip_locked;
        fail_and_wait(job, next.reason);
        break;
    case NEXT_RESOLVE:
        job->unresolved = true;
        lose_connection(job);
        break;
    case NEXT_RECONNECT:
        lose_connection(job);
        break;
    case NEXT_PAUSE:
        job_pause_run(job, next.reason);
        break;
    case NEXT_STOP:
        job->checked = false;
        close_run(job, RUN_FAILED, err.text);
        break;
    }
}

static void send_batch(struct job *job)
{
    struct batch_order order = {
        .settings = job->settings,
        .statements = &job->sql,
        .relation = job->table.relation,
        .run = job->run.id,
        .number = ++job->batch_number,
        .cutoff = job->run.cutoff,
        .range = job->range.range,
        .step = job->step,
        .skip_locked = job->skip_locked,
        .expected_clock = guard_expected(job->host.clock, mono_now()),
        .has_closing = job->has_closing,
        .closes_at = job->closes_at,
    };

    job_enter(job, JOB_RUNNING, REASON_NONE, "%s", "");
    job->batch = batch_send(job->pg, &order, batch_done, job);
}

/* --- passes --- */

static bool nobody_else_wrote(const struct job_pass *pass, const struct run_pass *now)
{
    return pass->quiet && now->xmax - pass->began.xmax == (uint64_t)pass->writing_batches;
}

static void pass_ended(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct run_pass now;
    bool nothing_left;

    if (!job_talk_succeeded(job, reply))
        return;
    run_pass_read(reply, &now);
    nothing_left = job->pass.whole && (job->pass.rows == 0 || nobody_else_wrote(&job->pass, &now));
    if (nothing_left && job->pass.skipped == 0 && job->blocked == 0) {
        close_run(job, RUN_DONE, NULL);
    } else if (nothing_left) {
        close_run(job, RUN_INCOMPLETE,
                  "due rows are left that others had locked or the database refuses to delete");
    } else if (job->run.passes >= MOST_PASSES) {
        close_run(job, RUN_INCOMPLETE,
                  "due rows kept moving behind the walk; the next run goes on");
    } else {
        job->run.passes++;
        job->run.next_block = 0;
        begin_pass(job);
    }
}

static void end_pass(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    run_pass_send(job->pg, job->table.relation, pass_ended, job);
}

/* Also from timers, so it looks at everything that may have changed meanwhile. */
static void next_batch(struct job *job)
{
    if (job->draining) {
        job_pause_run(job, REASON_DRAIN);
        return;
    }
    if (job->paused) {
        job_pause_run(job, REASON_PAUSED);
        return;
    }
    if (breaker_wait_ms(&job->breaker, mono_now()) > 0) {
        open_breaker(job);
        return;
    }
    if (!walk_at_end(&job->walk))
        job->range = walk_next(&job->walk);
    if (walk_at_end(&job->walk)) {
        end_pass(job);
        return;
    }
    job->step = pace_next(&job->pace);
    send_batch(job);
}

static void pass_began(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct run_pass now;
    uint32_t from;

    if (!job_talk_succeeded(job, reply))
        return;
    run_pass_read(reply, &now);
    from = job->run.next_block;
    job->pass = (struct job_pass){.began = now, .whole = from == 0, .quiet = now.xmin == now.xmax};
    walk_begin_pass(&job->walk, from, now.blocks);
    next_batch(job);
}

static void begin_pass(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    run_pass_send(job->pg, job->table.relation, pass_began, job);
}

/* --- opening --- */

static void start_fresh(struct job *job)
{
    struct pace_limits limits = {
        .batch_time_ms = (double)job->settings->batch_time_ms,
        .batch_rows = job->settings->batch_rows,
        .duty_percent = (int)job->settings->duty_percent,
        .max_rows_per_second = (double)job->settings->max_rows_per_second,
    };

    walk_free(&job->walk);
    walk_start(&job->walk, job->table.block_size);
    pace_start(&job->pace, limits);
    job->blocked = 0;
    job->run_began = mono_now();
}

static void run_opened(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct run run;
    bool goes_on;

    if (!job_talk_succeeded(job, reply))
        return;
    run_open_read(reply, &run);
    goes_on = job->run_open && run.id == job->run.id;
    /* Numbers of batches that rolled back, or whose fate was unknown, are never used again. */
    if (!goes_on || job->batch_number < run.last_batch)
        job->batch_number = run.last_batch;
    job->run = run;
    job->run_open = true;
    job->failures = 0;
    log_info("job=%s run=%lld %s: cutoff %s, heap walk of %s from block %u, pass %d",
             job->settings->name, (long long)run.id, run.resumed ? "goes on" : "begins", run.cutoff,
             job->sql.leaf, run.next_block, run.passes);
    if (!goes_on) {
        start_fresh(job);
        begin_pass(job);
        return;
    }
    job->pass.quiet = false; /* others may have written while it paused */
    next_batch(job);
}

void job_open_run(struct job *job)
{
    if (job->draining) {
        job_release(job, false);
        job_finish_drain(job);
        return;
    }
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    run_open_send(job->pg, job->settings, job->table.relation, &job->sql, run_opened, job);
}

/* --- a batch whose COMMIT was not answered --- */

static void resolved(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    int64_t rows;

    if (!job_talk_succeeded(job, reply))
        return;
    rows = run_find_batch_read(reply);
    job->unresolved = false;
    job->counters.rows_deleted += rows;
    job->counters.audit_rows += rows > 0;
    job->pass.rows += rows;
    log_info("job=%s batch=%lld of run=%lld was %s: %lld rows", job->settings->name,
             (long long)job->batch_number, (long long)job->run.id,
             rows > 0 ? "committed" : "not committed", (long long)rows);
    job->checked = false; /* the server may have been restarted, restored, replaced */
    job_connected(job, job->pg);
}

void job_resolve(struct job *job)
{
    job_enter(job, JOB_RESOLVING, REASON_NONE, "%s", "");
    run_find_batch_send(job->pg, job->settings->name, job->run.id, job->batch_number, resolved,
                        job);
}
