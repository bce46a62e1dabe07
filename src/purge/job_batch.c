/*
 * Batch after batch: sends the next one, and does what next_after() says about the last.
 */
#include <stdio.h>

#include "base/log.h"
#include "decide/next.h"
#include "purge/job_life.h"
#include "purge/talk.h"

enum {
    MOST_BLOCKED_ROWS =
        1000, /* then a person has to look: something is wrong with the whole table */
    MOST_BLOCKED_LOGGED = 10, /* of a run; the counters have them all */
};

static void fail_and_wait(struct job *job, enum reason reason)
{
    job->failures++;
    job_back_off(job, reason, job_next_batch);
}

/* Something smaller to try is progress: the waits don't grow. */
static void narrow_and_wait(struct job *job, enum reason reason)
{
    job->failures = 1;
    job_back_off(job, reason, job_next_batch);
}

static void open_breaker(struct job *job)
{
    job_explain_breaker(job);
    job_pause_run(job, REASON_BREAKER);
}

static void lose_connection(struct job *job)
{
    job->pass.quiet = false;
    job_release(job, true);
    job_enter(job, JOB_CONNECTING, REASON_DATABASE, "%s", job->why);
    job_want_connection(job);
}

static void rest(struct job *job, const struct batch_result *result)
{
    bool by_rate = false;
    int64_t rows = result->outcome == BATCH_COMMITTED ? result->rows : 0;
    double wait_ms = pace_rest_ms(&job->pace, rows, result->busy_ms, &by_rate);

    if (wait_ms <= 0) {
        job_next_batch(job);
        return;
    }
    job_enter(job, JOB_RESTING, by_rate ? REASON_RATE : REASON_DUTY, "%s", "");
    job_set_timer(job, wait_ms, job_next_batch);
}

static void set_row_aside(struct job *job, const struct batch_result *result)
{
    bool locked = result->outcome == BATCH_LOCKED;
    struct tid tid = job->range.range.from;

    walk_set_aside(&job->walk, !locked);
    if (locked) {
        job->pass.skipped++;
        job->host.counters->rows_skipped++;
    } else {
        job->blocked++;
        job->host.counters->rows_blocked++;
        if (job->blocked <= MOST_BLOCKED_LOGGED)
            log_warning("job=%s row (%u,%u) of %s is blocked: %s", job->settings->name, tid.block,
                        tid.offset, job->sql.leaf, job->why);
    }
    if (job->blocked >= MOST_BLOCKED_ROWS)
        job_close_run(job, RUN_INCOMPLETE, "1000 rows are blocked; the rest was not looked at");
    else
        rest(job, result);
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
    rest(job, result); /* the server has worked all the same */
}

static void advance(struct job *job, const struct batch_result *result)
{
    struct pace_sample sample = {result->rows, result->blocks, result->chunks, result->elapsed_ms};

    job->failures = 0;
    breaker_success(&job->breaker);
    job->batch_rows = result->rows;
    job->rows_since_sample += result->rows;
    job->run.rows += result->rows;
    job->run.batches += result->rows > 0;
    job->pass.rows += result->rows;
    job->pass.skipped += result->skipped;
    job->pass.writing_batches += result->rows > 0;
    job->host.counters->rows_deleted += result->rows;
    job->host.counters->rows_skipped += result->skipped;
    job->host.counters->audit_rows += result->rows > 0;
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

    if (result->error != NULL) {
        talk_error(result->error, &err);
        job_note_error(job, result->error);
    }
    snprintf(job->why, sizeof job->why, "%.*s", (int)sizeof job->why - 1, err.text);
    job->host.counters->batches[result->outcome]++;
    histogram_add(&job->host.counters->batch_seconds, result->busy_ms / 1000);
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
        narrow_and_wait(job, next.reason);
        break;
    case NEXT_SKIP_LOCKED:
        walk_narrow_to_block(&job->walk);
        job->skip_locked = true;
        narrow_and_wait(job, next.reason);
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
        job_close_run(job, RUN_FAILED, err.text);
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
        .closes_at = job->window_changes,
    };

    job_enter(job, JOB_RUNNING, REASON_NONE, "%s", "");
    job->batch = batch_send(job->pg, &order, batch_done, job);
}

/* Also from timers, so it looks at everything that may have changed meanwhile. */
void job_next_batch(struct job *job)
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
        job_end_pass(job);
        return;
    }
    job->step = pace_next(&job->pace);
    send_batch(job);
}
