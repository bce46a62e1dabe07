/*
 * What is asked, one after the other:
 *
 *   preflight -> advice -> rights -> cutoffs -> last batches -> schedule -> [leaves] -> [count]
 *     -> sample -> tally -> [index -> due rows through it]
 */
#include "engine/estimate.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "engine/probe.h"
#include "sql/statements.h"

struct estimation {
    struct pg *pg;
    const struct job_settings *job;
    int64_t count_ms;
    struct clock_anchor
        clock; /* unknown: a single look has nothing to compare with but our own clock */
    struct preflight *preflight;
    struct estimate estimate;
    estimate_fn *fn;
    void *arg;
};

static void finish(struct estimation *estimation)
{
    estimation->fn(estimation->arg, &estimation->estimate);
}

/* Whether all went well; ends the estimate if not. What preflight has said goes first. */
static bool answered(struct estimation *estimation, const struct pg_result *reply)
{
    struct estimate *estimate = &estimation->estimate;
    enum batch_outcome outcome = query_outcome(reply);

    if (outcome == BATCH_COMMITTED)
        return true;
    if (estimate->outcome == BATCH_COMMITTED) {
        estimate->outcome = outcome;
        query_error(pg_result_error(reply), &estimate->why);
    }
    finish(estimation);
    return false;
}

static void complete(struct estimation *estimation)
{
    estimation->estimate.complete = true;
    finish(estimation);
}

static void ask(struct estimation *estimation, const char *sql, const char *value, pg_result_fn *fn)
{
    const char *values[] = {value};

    query_send(estimation->pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, true, fn,
               estimation);
}

/* --- how rows would be found: the same questions as job_find.c asks before a run's first pass ---
 */

static void choose(struct estimation *estimation)
{
    choose_scan(&estimation->estimate.facts, &estimation->estimate.choice);
    complete(estimation);
}

static void due_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;

    if (query_outcome(reply) != BATCH_TOO_SLOW) { /* else the index is no help either */
        if (!answered(estimation, reply))
            return;
        estimation->estimate.facts.probed_due = probe_due_read(reply);
    }
    choose(estimation);
}

static void index_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;
    struct probe_index index;

    if (!answered(estimation, reply))
        return;
    probe_index_read(reply, &index);
    estimate->facts.has_index = index.serves;
    estimate->facts.correlation = index.correlation;
    if (choose_sample_is_enough(&estimate->facts))
        estimate->facts.probed_due = CHOOSE_PROBE_ROWS;
    else if (index.serves) {
        probe_due_send(estimation->pg, &estimate->sql, estimate->cutoffs.now, due_answered,
                       estimation);
        return;
    }
    choose(estimation);
}

static void find_out_how(struct estimation *estimation)
{
    const struct job_settings *job = estimation->job;
    struct estimate *estimate = &estimation->estimate;

    estimate->facts = (struct choose_facts){
        .wish = job->scan,
        .by_row = job->expires.kind == EXPIRES_BY_ROW,
        .pages = estimate->table.blocks,
        .rows = estimate->table.rows,
        .sampled_due = estimate->sample.due,
        .probed_due = -1,
    };
    if (estimate->table.partitioned) /* each partition is asked when its turn comes */
        complete(estimation);
    else if (job->scan == SCAN_HEAP || estimate->facts.by_row)
        choose(estimation); /* a small table's index is asked all the same: it counts what is due */
    else
        probe_index_send(estimation->pg, estimate->table.relation, job->expires.column,
                         index_answered, estimation);
}

/* --- what it would find --- */

static struct sampled sampled_of(const struct estimation *estimation)
{
    const struct estimate *estimate = &estimation->estimate;

    return (struct sampled){estimation->job, &estimate->table, &estimate->partitions, SAMPLE_PAGES};
}

static void tallied(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (!answered(estimation, reply))
        return;
    tally_read(reply, estimation->job, estimate->table.blocks, &estimate->tally);
    find_out_how(estimation);
}

static void ask_tally(struct estimation *estimation)
{
    struct sampled sampled = sampled_of(estimation);

    tally_send(estimation->pg, &sampled, &estimation->estimate.cutoffs, tallied, estimation);
}

static void sample_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (!answered(estimation, reply))
        return;
    sample_read(reply, estimate->table.blocks, SAMPLE_PAGES, &estimate->sample);
    ask_tally(estimation);
}

static void ask_sample(struct estimation *estimation)
{
    struct sampled sampled = sampled_of(estimation);

    sample_send(estimation->pg, &sampled, NULL, sample_answered, estimation);
}

static void counted(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    estimate->gave_up = query_outcome(reply) == BATCH_TOO_SLOW;
    if (estimate->gave_up) {
        ask_sample(estimation);
        return;
    }
    if (!answered(estimation, reply))
        return;
    estimate->counted = true;
    sample_read(reply, 0, 0, &estimate->sample); /* all pages */
    ask_tally(estimation);
}

static void look_at_rows(struct estimation *estimation)
{
    struct sampled sampled = sampled_of(estimation);

    if (estimation->count_ms > 0)
        sample_send_all(estimation->pg, &sampled, estimation->count_ms, counted, estimation);
    else
        ask_sample(estimation);
}

/* --- what the table is made of, and when it would be looked at --- */

/* What a run sends is about one partition: the first that it would purge, if there is any. */
static void make_statements(struct estimation *estimation)
{
    struct estimate *estimate = &estimation->estimate;
    const struct partition *partition = partitions_next(&estimate->partitions);
    struct sql_target target = partition != NULL
                                   ? partition_target(estimation->job, &estimate->table, partition)
                                   : preflight_target(estimation->job, &estimate->table);

    estimate->sql = sql_statements_for(&target);
}

static void partitions_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (!answered(estimation, reply))
        return;
    partitions_read(reply, estimate->table.role, &estimate->partitions);
    make_statements(estimation);
    look_at_rows(estimation);
}

static void schedule_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (!answered(estimation, reply))
        return;
    run_schedule_read(reply, &estimate->schedule);
    if (estimate->table.partitioned) {
        partitions_send(estimation->pg, estimate->table.relation, partitions_answered, estimation);
        return;
    }
    make_statements(estimation);
    look_at_rows(estimation);
}

static void rate_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (!answered(estimation, reply))
        return;
    estimate->last_rows = pg_result_double(reply, QUERY_STEP, 0, 0);
    estimate->last_busy_s = pg_result_double(reply, QUERY_STEP, 0, 1);
    run_schedule_send(estimation->pg, estimation->job, schedule_answered, estimation);
}

static void cutoffs_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;

    if (!answered(estimation, reply))
        return;
    cutoffs_read(reply, &estimation->estimate.cutoffs);
    ask(estimation, sql_last_batches, estimation->job->name, rate_answered);
}

static void rights_answered(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;

    if (!answered(estimation, reply))
        return;
    rights_read(reply, &estimation->estimate.rights);
    cutoffs_send(estimation->pg, estimation->job, cutoffs_answered, estimation);
}

/* --- whether it would run at all --- */

static void advised(void *arg, const struct pg_result *reply)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    if (pg_result_status(reply) != PG_LOST)
        advice_read(reply, &estimate->advice);
    if (!answered(estimation, reply))
        return;
    if (!estimate->table.readable) {
        finish(estimation);
        return;
    }
    rights_send(estimation->pg, &estimate->table, rights_answered, estimation);
}

static void checked(void *arg, enum batch_outcome outcome, const struct preflight_table *table,
                    const struct err *err)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    estimate->outcome = outcome;
    estimate->table = *table;
    estimate->references = preflight_references(estimation->preflight);
    if (outcome != BATCH_COMMITTED)
        estimate->why = *err;
    if (outcome == BATCH_UNKNOWN || outcome == BATCH_TROUBLE)
        finish(estimation);
    else
        advice_send(estimation->pg, estimation->job, table->readable, advised, estimation);
}

struct estimation *estimate_start(struct pg *pg, const struct job_settings *job, int64_t count_ms,
                                  estimate_fn *fn, void *arg)
{
    struct estimation *estimation = mem_new(sizeof *estimation);

    estimation->pg = pg;
    estimation->job = job;
    estimation->count_ms = count_ms;
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
    advice_free(&estimation->estimate.advice);
    tally_free(&estimation->estimate.tally);
    partitions_free(&estimation->estimate.partitions);
    sql_statements_free(&estimation->estimate.sql);
    run_schedule_free(&estimation->estimate.schedule);
    free(estimation);
}
