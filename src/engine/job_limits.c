/*
 * What holds a run back for its database's sake, or hurries it: a sample of the server each second,
 * sent on the job's first connection between its batches, and the verdict of policy/limits.h and
 * policy/urgency.h.
 *
 * A job that is held by a limit keeps its run and its connection, and looks again each second.
 */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "policy/urgency.h"

void job_start_limits(struct job *job)
{
    struct limits limits = limits_of(job->host.database);

    limits_start(&job->limits.limiter, &limits);
    job->limits.known = false;
    job->limits.verdict = limits_judge(&job->limits.limiter, mono_now());
}

/* --- urgency --- */

static double seconds_left(const struct job *job)
{
    double since_start_s = mono_ms_between(job->course.began, mono_now()) / 1000;
    double left_s = (double)job->settings->every_ms / 1000 - since_start_s;

    if (job->look.has_closing)
        left_s = fmin(left_s, (double)(job->look.window_changes.us - wall_now().us) / 1e6);
    return left_s;
}

/* In places of the scan: blocks, or rows of an index scan. */
static double work_left(const struct job *job)
{
    if (job->scan == &job->scans.heap)
        return (double)job->scans.heap.end_block - scan_block(&job->scans.heap);
    return job->find.choice.due >= 0 ? fmax(job->find.choice.due - (double)job->pass.rows, 0) : NAN;
}

static void hurry_if_late(struct job *job)
{
    struct urgency_facts facts = {
        .work_left = work_left(job),
        .work_per_busy_s = job->pass.busy_s > 0 ? job->pass.busy_work / job->pass.busy_s : 0,
        .left_s = seconds_left(job),
        .duty_cycle_percent = (int)job->settings->duty_cycle_percent,
        .max_duty_cycle_percent = (int)job->settings->max_duty_cycle_percent,
        .limited = job->limits.verdict.action != LIMIT_GO,
    };

    job->pace.limits.duty_cycle_percent = urgency_duty_percent(&facts);
}

/* --- samples --- */

/* What the server has written since the last sample, by whomever: a batch's own part can't be told.
 */
static void count_wal(struct job *job, double before)
{
    double written = job->limits.sample.facts.wal_bytes - before;

    if (job->state != JOB_HELD && written > 0) /* false for NAN: one of the two is not known */
        job->host.counters->wal_bytes += (int64_t)written;
}

static void sampled(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    double wal_before = job->limits.known ? job->limits.sample.facts.wal_bytes : NAN;

    job->limits.sampling = false;
    job->lanes.in_flight--;
    job->limits.known = true; /* also if it failed: a fact that is not known holds nothing back */
    if (query_outcome(reply) == BATCH_COMMITTED) {
        limits_read(reply, &job->limits.sample);
        count_wal(job, wal_before);
        limits_learn(&job->limits.limiter, &job->limits.sample.facts, mono_now());
        hurry_if_late(job);
    } else if (pg_result_status(reply) == PG_LOST) {
        job->lanes.all[0].broken = true;
        job_settle_with(job, (struct next){.verb = NEXT_RECONNECT, .reason = REASON_DATABASE},
                        pg_result_error(reply)->message);
    }
    job_landed(job);
}

static void sample_if_due(struct job *job)
{
    struct mono now = mono_now();

    if (job->limits.sampling ||
        (job->limits.known && mono_ms_between(job->limits.sampled_at, now) < LIMITS_SAMPLE_MS))
        return;
    job->limits.sampling = true;
    job->limits.sampled_at = now;
    job->lanes.in_flight++;
    limits_send(job->pg, job->host.database, &job->settings->table, sampled, job);
}

bool job_asks_waiters(struct job *job)
{
    struct mono now = mono_now();

    if (mono_ms_between(job->limits.waiters_at, now) < LIMITS_SAMPLE_MS)
        return false;
    job->limits.waiters_at = now;
    return true;
}

double job_replica_lag_s(const struct job *job)
{
    return job->limits.known ? job->limits.sample.facts.replica_lag_s : NAN;
}

/* --- verdicts --- */

static void hold(struct job *job)
{
    struct text text = {0};
    const char *why;

    if (job->lanes.in_flight - job->limits.sampling > 0)
        return; /* the batch in flight looks again when it lands */
    limits_explain(&job->limits.verdict, &job->limits.sample, job->host.database, &text);
    why = text.data != NULL ? text.data : "";
    if (job->state != JOB_HELD || job->reason != job->limits.verdict.reason)
        job_enter(job, JOB_HELD, job->limits.verdict.reason, "%s", why);
    else /* no news, but status shows how it is now */
        snprintf(job->why, sizeof job->why, "%s", why);
    text_free(&text);
    job_set_timer(job, LIMITS_SAMPLE_MS, job_next_batch);
}

/* Said once where it lasts; WAL and waiting sessions slow a job for moments only. */
static void note_slowing(const struct job *job, enum reason before)
{
    struct text why = {0};

    if (job->limits.verdict.action != LIMIT_SLOW || job->limits.verdict.reason == before)
        return;
    limits_explain(&job->limits.verdict, &job->limits.sample, job->host.database, &why);
    if (job->limits.verdict.reason == REASON_MAX_HOLD)
        log_warning("job=%s %s", job->settings->name, why.data);
    else if (job->limits.verdict.reason == REASON_OLD_SNAPSHOT)
        log_info("job=%s goes slower: %s", job->settings->name, why.data);
    else
        log_debug("job=%s goes slower: %s", job->settings->name, why.data);
    text_free(&why);
}

bool job_within_limits(struct job *job)
{
    enum reason before = job->limits.verdict.reason;

    sample_if_due(job);
    if (!job->limits.known)
        return false; /* the first sample is on its way */
    job->limits.verdict = limits_judge(&job->limits.limiter, mono_now());
    note_slowing(job, before);
    if (job->limits.verdict.action != LIMIT_HOLD)
        return true;
    hold(job);
    return false;
}
