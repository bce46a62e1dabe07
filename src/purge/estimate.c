#include "purge/estimate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "purge/probe.h"
#include "purge/talk.h"
#include "sql/flights.h"

struct estimation {
    struct pg *pg;
    const struct job_settings *job;
    struct clock_anchor
        clock; /* unknown: a single look has nothing to compare with but our own clock */
    struct preflight *preflight;
    struct estimate estimate;
    struct choose_facts facts;
    estimate_fn *fn;
    void *arg;
};

static bool answered(struct estimation *estimation, const struct pg_reply *reply)
{
    enum batch_outcome outcome = talk_outcome(reply);
    struct err err;

    if (outcome == BATCH_COMMITTED)
        return true;
    talk_error(pg_reply_error(reply), &err);
    estimation->fn(estimation->arg, outcome, &estimation->estimate, &err);
    return false;
}

/* --- how rows would be found: the same questions as job_find.c asks before a run's first pass ---
 */

static void choose(struct estimation *estimation)
{
    choose_walk(&estimation->facts, &estimation->estimate.choice);
    estimation->fn(estimation->arg, BATCH_COMMITTED, &estimation->estimate, NULL);
}

static void due_answered(void *arg, const struct pg_reply *reply)
{
    struct estimation *estimation = arg;

    if (talk_outcome(reply) != BATCH_TOO_SLOW) { /* else the index is no help either */
        if (!answered(estimation, reply))
            return;
        estimation->facts.probed_due = probe_due_read(reply);
    }
    choose(estimation);
}

static void index_answered(void *arg, const struct pg_reply *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;
    struct probe_index index;

    if (!answered(estimation, reply))
        return;
    probe_index_read(reply, &index);
    estimation->facts.has_index = index.serves;
    estimation->facts.correlation = index.correlation;
    if (index.serves)
        probe_due_send(estimation->pg, &estimate->sql, estimate->cutoff, due_answered, estimation);
    else
        choose(estimation);
}

static void sampled(void *arg, const struct pg_reply *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (!answered(estimation, reply))
        return;
    sample_read(reply, estimate->table.blocks, &estimate->sample);
    estimation->facts = (struct choose_facts){
        .wish = estimation->job->walk,
        .pages = estimate->table.blocks,
        .rows = estimate->table.rows,
        .sampled_due = estimate->sample.due,
        .probed_due = -1,
    };
    if (estimation->job->walk == WALK_HEAP)
        choose(estimation);
    else
        probe_index_send(estimation->pg, estimate->table.relation, estimation->job->expires.column,
                         index_answered, estimation);
}

/* --- what it would find --- */

static void rate_answered(void *arg, const struct pg_reply *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (!answered(estimation, reply))
        return;
    estimate->last_rows = pg_reply_double(reply, TALK_STEP, 0, 0);
    estimate->last_seconds = pg_reply_double(reply, TALK_STEP, 0, 1);
    sample_send(estimation->pg, estimation->job, &estimate->sql, estimate->table.blocks, sampled,
                estimation);
}

static void cutoff_answered(void *arg, const struct pg_reply *reply)
{
    struct estimation *estimation = arg;
    const char *values[] = {estimation->job->name};
    const char *cutoff;

    if (!answered(estimation, reply))
        return;
    cutoff = pg_reply_text(reply, TALK_STEP, 0, 0);
    snprintf(estimation->estimate.cutoff, sizeof estimation->estimate.cutoff, "%s",
             cutoff != NULL ? cutoff : "");
    talk_send(estimation->pg, &(struct pg_step){sql_last_rate, values, 1}, true, rate_answered,
              estimation);
}

static void checked(void *arg, enum batch_outcome outcome, const struct preflight_table *table,
                    const struct err *err)
{
    struct estimation *estimation = arg;
    const char *retention = estimation->job->expires.retention;
    const char *values[] = {retention != NULL ? retention : "0"};
    struct sql_target target;

    estimation->estimate.table = *table;
    if (outcome != BATCH_COMMITTED) {
        estimation->fn(estimation->arg, outcome, &estimation->estimate, err);
        return;
    }
    target = preflight_target(estimation->job, table);
    estimation->estimate.sql = sql_statements_for(&target);
    talk_send(estimation->pg, &(struct pg_step){sql_cutoff, values, 1}, true, cutoff_answered,
              estimation);
}

struct estimation *estimate_start(struct pg *pg, const struct job_settings *job, estimate_fn *fn,
                                  void *arg)
{
    struct estimation *estimation = mem_new(sizeof *estimation);

    estimation->pg = pg;
    estimation->job = job;
    estimation->fn = fn;
    estimation->arg = arg;
    estimation->preflight = preflight_start(pg, job, &estimation->clock, checked, estimation);
    return estimation;
}

void estimate_free(struct estimation *estimation)
{
    if (estimation == NULL)
        return;
    preflight_free(estimation->preflight);
    sql_statements_free(&estimation->estimate.sql);
    free(estimation);
}
