/*
 * What a job does when something goes wrong: it holds and looks again after a while, waits longer
 * the more failures there were in a row, until the breaker opens, connects anew, or stops until
 * somebody has changed something. What has failed is anything but a batch; those are job_batch.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "policy/backoff.h"

enum {
    LOOK_AGAIN_MS = 60 * 1000, /* a standby, a kill switch */
    SCHEMA_LOOK_MS = 5 * 1000, /* somebody is about to upgrade it */
    PAUSED_LOOK_MS = 60 * 60 * 1000,
    OTHER_DAEMON_MS = 5 * 1000, /* it may be a session of ours that is just ending */
    ONCE_LOOKS = 3,             /* so often --once waits for that */
};

/* --- holding and stopping --- */

void job_hold(struct job *job, enum reason reason, const char *why)
{
    job->turn.in_line = false;
    job_enter(job, JOB_HELD, reason, "%s", why);
    if (job->draining)
        job_finish_drain(job);
    else if (reason == REASON_OTHER_DAEMON &&
             (!job->host.once || job->trouble.looks++ < ONCE_LOOKS))
        job_set_timer(job, OTHER_DAEMON_MS, job_want_connection);
    else if (job->host.once)
        job->host.ended(job->host.arg, job, RUN_INCOMPLETE);
    else if (reason == REASON_BREAKER)
        job_set_timer(job, (double)breaker_wait_ms(&job->trouble.breaker, mono_now()),
                      job_want_connection);
    else if (reason == REASON_SCHEMA)
        job_set_timer(job, SCHEMA_LOOK_MS, job_want_connection);
    else if (reason == REASON_PAUSED) /* what is due is looked at all the same */
        job_set_timer(job, PAUSED_LOOK_MS, job_want_connection);
    else if (reason != REASON_CLOCK)
        job_set_timer(job, LOOK_AGAIN_MS, job_want_connection);
}

void job_stop(struct job *job, const char *why)
{
    char kept[sizeof job->why]; /* `why` may be job->why itself, or belong to the connection */

    snprintf(kept, sizeof kept, "%s", why);
    job->checked = false;
    job->course.open = false;
    job->turn.in_line = false;
    job_release(job, false);
    job_enter(job, JOB_STOPPED, REASON_REFUSED, "%s", kept);
    if (job->draining)
        job_finish_drain(job);
    else if (job->host.once)
        job->host.ended(job->host.arg, job, RUN_FAILED);
}

/* --- waiting longer each time --- */

static uint32_t random_bits(void)
{
    uint32_t bits = 0;

    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
        bits = (uint32_t)mono_now().ns;
    return bits;
}

void job_back_off(struct job *job, enum reason reason, void (*then)(struct job *job))
{
    job->trouble.backoff_ms =
        (double)backoff_wait_ms(backoff_for_batches, job->trouble.failures, random_bits());
    job_enter(job, JOB_BACKING_OFF, reason, "%s", job->why);
    job_set_timer(job, job->trouble.backoff_ms, then);
}

void job_explain_breaker(struct job *job)
{
    char last[300];

    snprintf(last, sizeof last, "%.299s", job->why);
    snprintf(job->why, sizeof job->why,
             "%d failures in a row, one trial in %d min; the last one: %s", BREAKER_FAILURES,
             BREAKER_OPEN_MS / 60000, last);
}

/* A lock or a timeout met by a query is the table's trouble: the database's other jobs go on. */
static void try_again_later(struct job *job, enum reason reason, const char *why)
{
    struct mono now = mono_now();

    snprintf(job->why, sizeof job->why, "%s", why);
    job_release_in_doubt(job, false);
    job->trouble.failures++;
    breaker_wait_ms(&job->trouble.breaker, now); /* if its time is over, this was the trial */
    if (breaker_failure(&job->trouble.breaker, now)) {
        job_explain_breaker(job);
        job_hold(job, REASON_BREAKER, job->why);
    } else if (job->draining) {
        job_finish_drain(job);
    } else {
        job_back_off(job, reason, job_want_connection);
    }
}

void job_note_error(struct job *job, const struct pg_error *error)
{
    free(job->trouble.message);
    job->trouble.message = text_copy(error->message);
    snprintf(job->trouble.sqlstate, sizeof job->trouble.sqlstate, "%s", error->sqlstate);
    job->trouble.at = wall_now();
}

/* --- a query that failed --- */

static void meet_other_daemon(struct job *job, const char *why)
{
    /* Most likely our own lost session, still at work: its batch ends by statement_timeout. */
    if (job->batches.unresolved_count > 0) {
        try_again_later(job, REASON_OTHER_DAEMON, why);
        return;
    }
    job_release_in_doubt(job, false);
    job_hold(job, REASON_OTHER_DAEMON, why);
}

static void connect_anew(struct job *job, const char *why)
{
    job_release_in_doubt(job, true);
    job_enter(job, JOB_CONNECTING, REASON_DATABASE, "%s", why);
    job_want_connection(job);
}

void job_query_failed(struct job *job, enum batch_outcome outcome, const char *why)
{
    switch (outcome) {
    case BATCH_COMMITTED:
        break;
    case BATCH_LOCKED:
        try_again_later(job, REASON_LOCKED, why);
        break;
    case BATCH_TOO_SLOW:
    case BATCH_CONFLICT:
        try_again_later(job, REASON_ERRORS, why);
        break;
    case BATCH_UNKNOWN:
    case BATCH_TROUBLE:
        connect_anew(job, why);
        break;
    case BATCH_OTHER_DAEMON:
        meet_other_daemon(job, why);
        break;
    case BATCH_STANDBY:
        job_release_in_doubt(job, false);
        job_hold(job, REASON_STANDBY, why);
        break;
    case BATCH_SCHEMA:
        if (job->host.once) {
            job_stop(job, why);
            break;
        }
        job_release_in_doubt(job, false);
        job_hold(job, REASON_SCHEMA, why);
        break;
    case BATCH_CLOCK:
        job_release_in_doubt(job, false);
        job_hold(job, REASON_CLOCK, why);
        break;
    case BATCH_TOO_MANY:
    case BATCH_ROW_ERROR:
    case BATCH_WINDOW_CLOSED:
    case BATCH_KILL_SWITCH:
    case BATCH_PARTITION_GONE:
    case BATCH_REFUSED:
        job_stop(job, why);
        break;
    }
}

bool job_query_succeeded(struct job *job, const struct pg_result *reply)
{
    enum batch_outcome outcome = query_outcome(reply);
    struct err err;

    if (outcome == BATCH_COMMITTED)
        return true;
    query_error(pg_result_error(reply), &err);
    job_note_error(job, pg_result_error(reply));
    job_query_failed(job, outcome, err.text);
    return false;
}
