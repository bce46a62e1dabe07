/*
 * When a job runs: looks at what is due and at the clocks, and either takes its turn
 * (job_turn.c) or lets the connection go and sleeps until the next run or the window's opening.
 *
 *   job_look_at_schedule -> [partitions_listed] -> sampled -> schedule_answered
 *     -> window_change_answered -> decide_when
 */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "policy/schedule.h"

enum {
    LONGEST_WAIT_S = 24 * 60 * 60, /* then the clocks are looked at again */
    WAKE_LATE_MS = 20,             /* never a moment before the window opens */
};

/* Whether the database's clock can be trusted at this reading; holds the job if not. */
static bool clock_is_fine(struct job *job, struct wall clock)
{
    double skew_s = 0;
    char why[160];

    if (guard_clock(job->host.clock, clock, wall_now(), mono_now(), &skew_s) == GUARD_CLOCK_FINE) {
        *job->host.clock = (struct clock_anchor){true, clock, mono_now()};
        return true;
    }
    snprintf(why, sizeof why,
             "the clocks of the database and of this machine disagree by %.0f s, or one has "
             "jumped; reload "
             "when somebody has looked",
             skew_s);
    job_release(job, false);
    job_hold(job, REASON_CLOCK, why);
    return false;
}

/* Lets the connection go and sleeps. */
static void wait_until(struct job *job, enum reason reason, double wait_s)
{
    if (job->turn.in_line && reason == REASON_WINDOW)
        log_info("job=%s has waited for jobs that go first until its window closed; it runs when "
                 "it opens again",
                 job->settings->name);
    job->turn.in_line = false;
    job_release(job, false);
    if (job->draining) {
        job_finish_drain(job);
        return;
    }
    job_enter(job, JOB_WAITING, reason, "looks again in %.0f s", wait_s);
    job_set_timer(job, fmin(wait_s, LONGEST_WAIT_S) * 1000 + WAKE_LATE_MS, job_want_connection);
}

double job_seconds_until(const struct job *job, struct wall moment)
{
    return fmax((double)(moment.us - job->look.schedule.clock.us) / 1e6, 0);
}

/* Only while the window is open. */
static double seconds_until_due(const struct job *job)
{
    struct schedule_facts facts = {
        .ever_ran = job->look.schedule.ever_ran,
        .run_open = job->look.schedule.run_open,
        .since_start_s = job->look.schedule.since_start_s,
        .every_s = (double)job->settings->every_ms / 1000,
        .window_always = job->look.window.always,
        .since_opening_s =
            (double)local_seconds_between(job->look.window.opened, job->look.schedule.local),
    };

    return schedule_wait_s(&facts);
}

/* Everything is known: run now, or wait for what? */
static void decide_when(struct job *job)
{
    bool limited = !job->look.window.always;
    double wait_s;

    if (limited && !job->look.window.open) {
        job->look.next_run = job->look.window_changes;
        wait_until(job, REASON_WINDOW, job_seconds_until(job, job->look.window_changes));
        return;
    }
    wait_s = seconds_until_due(job);
    job->look.next_run.us = job->look.schedule.clock.us + (int64_t)(wait_s * 1e6);
    if (wait_s <= 0) {
        job->look.has_closing = limited;
        job_take_turn(job);
        return;
    }
    /* After the window's end the next opening counts, so that has to be looked at. */
    if (limited)
        wait_s = fmin(wait_s, job_seconds_until(job, job->look.window_changes));
    wait_until(job, REASON_NOT_DUE, wait_s);
}

static void window_change_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    double from_now_s;

    if (!job_query_succeeded(job, reply))
        return;
    run_instant_read(reply, &job->look.window_changes, &from_now_s);
    decide_when(job);
}

static void schedule_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    if (!job_query_succeeded(job, reply))
        return;
    run_schedule_read(reply, &job->look.schedule);
    if (!clock_is_fine(job, job->look.schedule.clock))
        return;
    job->look.has_closing = false;
    job->look.window_changes = (struct wall){0};
    job->look.window = window_look(&job->settings->window, job->look.schedule.local);
    if (job->paused) { /* it was looked at all the same, so that status knows how late it is */
        job_release(job, false);
        job_hold(job, REASON_PAUSED, "");
    } else if (job->wants_run || job->host.once)
        job_take_turn(job);
    else if (job->look.window.always)
        decide_when(job);
    else
        run_instant_send(job->pg, job->settings, job->look.window.changes, window_change_answered,
                         job);
}

static int64_t sampled_pages(const struct job *job)
{
    return job->host.once ? SAMPLE_GLANCE_PAGES : SAMPLE_PAGES;
}

static void sampled(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    /* A sample that takes too long, say on a table that is locked, is no reason not to purge. */
    if (query_outcome(reply) == BATCH_COMMITTED) {
        sample_read(reply, job->table.blocks, sampled_pages(job), &job->look.sample);
        job->look.sampled_at = wall_now();
        job->look.rows_since = 0;
    } else if (pg_result_status(reply) == PG_LOST) {
        job_query_succeeded(job, reply);
        return;
    }
    run_schedule_send(job->pg, job->settings, schedule_answered, job);
}

static void ask_for_sample(struct job *job, const struct partitions *partitions)
{
    struct sampled what = {job->settings, &job->table, partitions, sampled_pages(job)};

    sample_send(job->pg, &what, NULL, sampled, job);
}

/* Partitions come and go between two looks. */
static void partitions_listed(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct partitions partitions = {0};

    if (query_outcome(reply) != BATCH_COMMITTED) {
        sampled(job, reply);
        return;
    }
    partitions_read(reply, job->table.role, &partitions);
    job->table.blocks = partitions_blocks(&partitions);
    ask_for_sample(job, &partitions);
    partitions_free(&partitions);
}

void job_look_at_schedule(struct job *job)
{
    if (job->draining) {
        job_release(job, false);
        job_finish_drain(job);
        return;
    }
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", "");
    if (job->table.partitioned)
        partitions_send(job->pg, job->table.relation, partitions_listed, job);
    else
        ask_for_sample(job, NULL);
}
