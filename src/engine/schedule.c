#include "engine/schedule.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/partitions.h"
#include "catalog/query.h"
#include "policy/schedule.h"

struct schedule {
    const struct job_settings *job;
    int64_t pages; /* of a sample */
    schedule_fn *fn;
    void *arg;
    struct pg *pg;
    struct preflight_table *table;
    struct schedule_state state;
};

struct schedule *schedule_new(const struct job_settings *job, bool glance, schedule_fn *fn,
                              void *arg)
{
    struct schedule *schedule = mem_new(sizeof *schedule);

    schedule->job = job;
    schedule->pages = glance ? SAMPLE_GLANCE_PAGES : SAMPLE_PAGES;
    schedule->fn = fn;
    schedule->arg = arg;
    return schedule;
}

void schedule_free(struct schedule *schedule)
{
    if (schedule == NULL)
        return;
    run_schedule_free(&schedule->state.runs);
    free(schedule);
}

static void finish(struct schedule *schedule, const struct pg_result *reply)
{
    enum batch_outcome outcome = query_outcome(reply);

    schedule->fn(schedule->arg, outcome,
                 outcome != BATCH_COMMITTED ? pg_result_error(reply) : NULL);
}

/* --- what is due --- */

static void on_runs(void *arg, const struct pg_result *reply);

static void ask_runs(struct schedule *schedule)
{
    run_schedule_send(schedule->pg, schedule->job, on_runs, schedule);
}

/* A sample that takes too long, say on a table that is locked, is no reason not to purge. */
static void on_sample(void *arg, const struct pg_result *reply)
{
    struct schedule *schedule = arg;

    if (query_outcome(reply) == BATCH_COMMITTED) {
        sample_read(reply, schedule->table->blocks, schedule->pages, &schedule->state.sample);
        schedule->state.sampled_at = wall_now();
    } else if (pg_result_status(reply) == PG_LOST) {
        finish(schedule, reply);
        return;
    }
    ask_runs(schedule);
}

static void ask_sample(struct schedule *schedule, const struct partitions *partitions)
{
    struct sampled what = {schedule->job, schedule->table, partitions, schedule->pages};

    sample_send(schedule->pg, &what, NULL, on_sample, schedule);
}

/* Partitions come and go between two looks. */
static void on_partitions(void *arg, const struct pg_result *reply)
{
    struct schedule *schedule = arg;
    struct partitions partitions = {0};

    if (query_outcome(reply) != BATCH_COMMITTED) {
        on_sample(schedule, reply);
        return;
    }
    partitions_read(reply, schedule->table->role, &partitions);
    schedule->table->blocks = partitions_blocks(&partitions);
    ask_sample(schedule, &partitions);
    partitions_free(&partitions);
}

void schedule_look(struct schedule *schedule, struct pg *pg, struct preflight_table *table)
{
    schedule->pg = pg;
    schedule->table = table;
    if (table->partitioned)
        partitions_send(pg, table->relation, on_partitions, schedule);
    else
        ask_sample(schedule, NULL);
}

void schedule_refresh(struct schedule *schedule, struct pg *pg)
{
    schedule->pg = pg;
    ask_runs(schedule);
}

/* --- when --- */

static void on_window_change(void *arg, const struct pg_result *reply)
{
    struct schedule *schedule = arg;
    double from_now_s;

    if (query_outcome(reply) == BATCH_COMMITTED)
        run_instant_read(reply, &schedule->state.window_changes, &from_now_s);
    finish(schedule, reply);
}

static void on_runs(void *arg, const struct pg_result *reply)
{
    struct schedule *schedule = arg;
    struct schedule_state *state = &schedule->state;

    if (query_outcome(reply) != BATCH_COMMITTED) {
        finish(schedule, reply);
        return;
    }
    run_schedule_read(reply, &state->runs);
    state->window_changes = (struct wall){0};
    state->window = window_look(&schedule->job->window, state->runs.local);
    if (state->window.always)
        finish(schedule, reply);
    else
        run_instant_send(schedule->pg, schedule->job, state->window.changes, on_window_change,
                         schedule);
}

const struct schedule_state *schedule_state(const struct schedule *schedule)
{
    return &schedule->state;
}

double schedule_until_s(const struct schedule *schedule, struct wall moment)
{
    return fmax((double)(moment.us - schedule->state.runs.clock.us) / 1e6, 0);
}

double schedule_due_in_s(const struct schedule *schedule)
{
    const struct schedule_state *state = &schedule->state;
    struct schedule_facts facts = {
        .ever_ran = state->runs.ever_ran,
        .run_open = state->runs.run_open,
        .since_start_s = state->runs.since_start_s,
        .every_s = (double)schedule->job->every_ms / 1000,
        .window_always = state->window.always,
        .since_opening_s = (double)local_seconds_between(state->window.opened, state->runs.local),
    };

    return schedule_wait_s(&facts);
}

struct wall schedule_next_run(const struct schedule *schedule)
{
    const struct schedule_state *state = &schedule->state;

    if (!state->window.always && !state->window.open)
        return state->window_changes;
    return (struct wall){state->runs.clock.us + (int64_t)(schedule_due_in_s(schedule) * 1e6)};
}
