#include "engine/estimate.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/sequence.h"
#include "sql/queries.h"
#include "sql/tally.h"
#include "sql/vacuum.h"

struct estimation {
    struct pg *pg;
    const struct job_settings *job;
    int64_t count_ms;
    struct clock_anchor
        clock; /* unknown: a single look has nothing to compare with but our own clock */
    struct preflight *preflight;
    struct sequence *sequence;
    struct relations relations; /* the table, where preflight has not come to it */
    struct findings findings;
    struct estimate estimate;
    estimate_fn *fn;
    void *arg;
};

/* --- the table, whatever preflight has said of it --- */

static void values_of_name(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;

    question_text(values, estimation->job->table.schema);
    question_text(values, estimation->job->table.name);
}

static void read_locks(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    advice_read_locks(reply, &estimation->estimate.advice);
}

static void read_wraparound(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    estimation->estimate.advice.wraparound_pid = pg_result_int(reply, QUERY_STEP, 0, 0);
}

static void read_triggers(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    advice_read_triggers(reply, &estimation->estimate.advice);
}

static bool is_not_described(void *data)
{
    const struct estimation *estimation = data;

    return estimation->estimate.relation == NULL;
}

/* Without locks: somebody may hold one that keeps everybody out. */
static void values_of_relation(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;
    const struct table_name *name = &estimation->job->table;

    relation_by_name(values, name->schema, name->name, estimation->job->non_firing_triggers, false);
}

static void read_relation(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;
    struct estimate *estimate = &estimation->estimate;

    relations_read(reply, &estimation->relations);
    if (estimation->relations.count == 0)
        return;
    estimate->relation = estimation->relations.items;
    preflight_judge(estimation->job, estimate->table.role, estimate->relation,
                    &estimation->findings);
    estimate->findings = &estimation->findings;
}

/* --- what needs a look at the rows, and a preflight that lets them be looked at --- */

static bool is_readable(void *data)
{
    const struct estimation *estimation = data;

    return estimation->estimate.table.readable;
}

static void values_of_column(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;

    values_of_name(data, values);
    question_text(values, estimation->job->expires.column);
}

static void read_indexes(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    advice_read_indexes(reply, &estimation->estimate.advice);
}

static void read_toast(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    estimation->estimate.advice.toast_bytes = pg_result_double(reply, QUERY_STEP, 0, 0);
}

static void values_of_rights(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;
    const struct preflight_table *table = &estimation->estimate.table;

    values->sql = sql_vacuum_rights(table->server_version);
    question_number(values, table->relation);
    question_number(values, pg_backend_pid(estimation->pg));
}

static void read_rights(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;
    const char *grant = pg_result_text(reply, QUERY_STEP, 0, 0);

    estimation->estimate.vacuum_grant = grant != NULL ? text_copy(grant) : NULL;
    estimation->estimate.own_session = pg_result_bool(reply, QUERY_STEP, 0, 1);
}

static void values_of_cutoffs(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;

    cutoffs_values(estimation->job, values);
}

static void read_cutoffs(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    cutoffs_read(reply, &estimation->estimate.cutoffs);
}

static void values_of_rate(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;

    question_text(values, estimation->job->name);
}

static void read_rate(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    estimation->estimate.last_rows = pg_result_double(reply, QUERY_STEP, 0, 0);
    estimation->estimate.last_busy_s = pg_result_double(reply, QUERY_STEP, 0, 1);
}

static void values_of_schedule(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;

    question_text(values, estimation->job->name);
    question_text(values, estimation->job->timezone);
}

static void read_schedule(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;

    run_schedule_read(reply, &estimation->estimate.schedule);
}

/* --- the partitions --- */

static bool is_partitioned(void *data)
{
    const struct estimation *estimation = data;

    return estimation->estimate.table.readable && estimation->estimate.table.partitioned;
}

static void values_of_partitions(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;

    relation_partitions_of(values, estimation->estimate.table.relation);
}

static void read_partitions(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;
    struct estimate *estimate = &estimation->estimate;

    partitions_read(reply, estimate->table.role, &estimate->partitions);
}

/* --- how much is due --- */

static struct sampled sampled_of(const struct estimation *estimation, int64_t pages)
{
    const struct estimate *estimate = &estimation->estimate;

    return (struct sampled){estimation->job, &estimate->table, &estimate->partitions, pages};
}

static bool is_counted(void *data)
{
    const struct estimation *estimation = data;

    return estimation->estimate.table.readable && estimation->count_ms > 0;
}

static void values_of_count(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;
    struct sampled all = sampled_of(estimation, INT64_MAX);

    tally_values(&all, &estimation->estimate.cutoffs, values);
    values->timeout_ms = estimation->count_ms;
}

static void read_count(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;
    struct sampled all = sampled_of(estimation, INT64_MAX);

    tally_read(reply, &all, &estimation->estimate.tally);
    estimation->estimate.counted = true;
}

static enum batch_outcome count_failed(void *data, enum batch_outcome outcome, struct err *err)
{
    struct estimation *estimation = data;

    (void)err;
    estimation->estimate.gave_up = outcome == BATCH_TOO_SLOW;
    return estimation->estimate.gave_up ? BATCH_COMMITTED : outcome;
}

static bool is_sampled(void *data)
{
    const struct estimation *estimation = data;

    return estimation->estimate.table.readable && !estimation->estimate.counted;
}

static void values_of_sample(void *data, struct question_values *values)
{
    const struct estimation *estimation = data;
    struct sampled sampled = sampled_of(estimation, SAMPLE_PAGES);

    tally_values(&sampled, &estimation->estimate.cutoffs, values);
}

static void read_sample(void *data, const struct pg_result *reply)
{
    struct estimation *estimation = data;
    struct sampled sampled = sampled_of(estimation, SAMPLE_PAGES);

    tally_read(reply, &sampled, &estimation->estimate.tally);
}

static const struct question questions[] = {
    {.sql = sql_plan_locks, .values = values_of_name, .read = read_locks},
    {.sql = sql_plan_wraparound, .values = values_of_name, .read = read_wraparound},
    {.sql = sql_plan_triggers, .values = values_of_name, .read = read_triggers},
    {.sql = sql_relation,
     .wanted = is_not_described,
     .values = values_of_relation,
     .read = read_relation},
    {.sql = sql_plan_indexes,
     .wanted = is_readable,
     .values = values_of_column,
     .read = read_indexes},
    {.sql = sql_plan_toast, .wanted = is_readable, .values = values_of_name, .read = read_toast},
    {.wanted = is_readable, .values = values_of_rights, .read = read_rights},
    {.sql = sql_cutoffs, .wanted = is_readable, .values = values_of_cutoffs, .read = read_cutoffs},
    {.sql = sql_last_batches, .wanted = is_readable, .values = values_of_rate, .read = read_rate},
    {.sql = sql_schedule,
     .wanted = is_readable,
     .values = values_of_schedule,
     .read = read_schedule},
    {.sql = sql_relation,
     .wanted = is_partitioned,
     .values = values_of_partitions,
     .read = read_partitions},
    {.wanted = is_counted,
     .manner = QUESTION_PATIENT,
     .values = values_of_count,
     .read = read_count,
     .failed = count_failed},
    {.wanted = is_sampled, .values = values_of_sample, .read = read_sample},
};

/* --- the end --- */

/* What preflight has said goes first. */
static void finish(struct estimation *estimation, enum batch_outcome outcome, const char *why)
{
    struct estimate *estimate = &estimation->estimate;

    estimate->complete = outcome == BATCH_COMMITTED && estimate->table.readable;
    if (outcome != BATCH_COMMITTED && estimate->outcome == BATCH_COMMITTED) {
        estimate->outcome = outcome;
        err_set(&estimate->why, "%s", why);
    }
    estimation->fn(estimation->arg, estimate);
}

static void on_selected(void *arg, enum batch_outcome outcome, const struct pg_error *error)
{
    finish(arg, outcome, error != NULL ? error->message : "");
}

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

/* As a run selects it before its first pass; each partition is asked when its turn comes. */
static void select_scan(struct estimation *estimation)
{
    struct estimate *estimate = &estimation->estimate;
    const struct preflight_table *table = &estimate->table;
    struct scan_question question = {
        .pg = estimation->pg,
        .settings = estimation->job,
        .sql = &estimate->sql,
        .cutoff = estimate->cutoffs.now,
        .relation = table->relation,
    };

    make_statements(estimation);
    scan_selection_start(&estimate->selection);
    if (table->partitioned ||
        scan_selection_ask(&estimate->selection, &question, table->blocks, table->rows,
                           estimate->tally.due, on_selected, estimation))
        finish(estimation, BATCH_COMMITTED, NULL);
}

static void asked(void *arg, enum batch_outcome outcome, const struct err *err)
{
    struct estimation *estimation = arg;

    if (outcome == BATCH_COMMITTED && estimation->estimate.table.readable)
        select_scan(estimation);
    else
        finish(estimation, outcome, err != NULL ? err->text : "");
}

static void checked(void *arg, enum batch_outcome outcome, const struct preflight_table *table,
                    const struct err *err)
{
    struct estimation *estimation = arg;
    struct estimate *estimate = &estimation->estimate;

    estimate->outcome = outcome;
    estimate->table = *table;
    estimate->references = preflight_references(estimation->preflight);
    estimate->relation = preflight_relation(estimation->preflight);
    estimate->findings = preflight_findings(estimation->preflight);
    estimate->reference_findings = preflight_reference_findings(estimation->preflight);
    if (outcome != BATCH_COMMITTED)
        estimate->why = *err;
    if (outcome == BATCH_UNKNOWN || outcome == BATCH_TROUBLE)
        estimation->fn(estimation->arg, estimate);
    else
        estimation->sequence = sequence_start(
            estimation->pg, &(struct sequence_part){questions, ARRAY_LENGTH(questions), estimation},
            1, asked, estimation);
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
    sequence_free(estimation->sequence);
    preflight_free(estimation->preflight);
    findings_free(&estimation->findings);
    relations_free(&estimation->relations);
    advice_free(&estimation->estimate.advice);
    tally_free(&estimation->estimate.tally);
    partitions_free(&estimation->estimate.partitions);
    sql_statements_free(&estimation->estimate.sql);
    run_schedule_free(&estimation->estimate.schedule);
    free(estimation->estimate.vacuum_grant);
    free(estimation);
}
