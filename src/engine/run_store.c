#include "engine/run_store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "config.h"
#include "report/json.h"
#include "sql/action.h"
#include "sql/queries.h"

void run_open_send(struct pg *pg, const struct job_settings *job, int64_t relation,
                   const struct sql_statements *sql, const char *owner, pg_result_fn *fn, void *arg)
{
    struct query_number oid;
    const char *retention = job->expires.retention != NULL ? job->expires.retention : "0";
    /* A run of another retention is another run: its cutoff would be wrong for this one. */
    char *policy = text_format("expires = %s; due: %s", job->expires.written, sql->predicate);
    const char *values[] = {job->name,  query_number(&oid, relation),
                            sql->table, sql->action->name,
                            policy,     "heap scan",
                            retention,  PACKAGE_STRING,
                            owner};

    query_send(pg, &(struct pg_step){sql_open_run, values, ARRAY_LENGTH(values)}, false, fn, arg);
    free(policy);
}

void run_open_read(const struct pg_result *reply, struct run *run)
{
    const char *cutoff = pg_result_text(reply, QUERY_STEP, 0, 1);
    const char *policy = pg_result_text(reply, QUERY_STEP, 0, 10);

    run->id = pg_result_int(reply, QUERY_STEP, 0, 0);
    snprintf(run->cutoff, sizeof run->cutoff, "%s", cutoff != NULL ? cutoff : "");
    snprintf(run->policy, sizeof run->policy, "%s", policy != NULL ? policy : "");
    run->resumed = pg_result_bool(reply, QUERY_STEP, 0, 2);
    run->next_block = (uint32_t)pg_result_int(reply, QUERY_STEP, 0, 3);
    run->last_batch = pg_result_int(reply, QUERY_STEP, 0, 4);
    run->passes = (int)pg_result_int(reply, QUERY_STEP, 0, 5);
    run->rows = pg_result_int(reply, QUERY_STEP, 0, 6);
    run->batches = pg_result_int(reply, QUERY_STEP, 0, 7);
    run->cutoff_at.us = pg_result_int(reply, QUERY_STEP, 0, 8);
    run->at_partition = pg_result_int(reply, QUERY_STEP, 0, 9);
}

void run_save_send(struct pg *pg, int64_t run, const struct run_progress *progress,
                   pg_result_fn *fn, void *arg)
{
    struct query_number n[6];
    const char *values[] = {
        query_number(&n[0], run),
        query_number(&n[1], progress->skipped),
        query_number(&n[2], progress->rejected),
        query_number(&n[3], progress->passes),
        query_number(&n[4], progress->next_block),
        progress->scan,
        progress->at_partition != 0 ? query_number(&n[5], progress->at_partition) : NULL,
        progress->rejected_by,
    };

    query_send(pg, &(struct pg_step){sql_save_run, values, ARRAY_LENGTH(values)}, false, fn, arg);
}

void run_close_send(struct pg *pg, int64_t run, enum run_outcome outcome,
                    const struct run_progress *progress, const char *detail, pg_result_fn *fn,
                    void *arg)
{
    struct query_number n[4];
    char row_bytes[32];
    const char *values[] = {
        query_number(&n[0], run),
        run_outcome_code(outcome),
        query_number(&n[1], progress->skipped),
        query_number(&n[2], progress->rejected),
        query_number(&n[3], progress->passes),
        detail,
        progress->scan,
        isnan(progress->row_bytes) ? NULL : row_bytes,
        progress->rejected_by,
    };

    snprintf(row_bytes, sizeof row_bytes, "%.3f", progress->row_bytes);
    query_send(pg, &(struct pg_step){sql_close_run, values, ARRAY_LENGTH(values)}, false, fn, arg);
}

static double read_known(const struct pg_result *reply, int column)
{
    if (pg_result_text(reply, QUERY_STEP, 0, column) == NULL)
        return NAN;
    return pg_result_double(reply, QUERY_STEP, 0, column);
}

void run_close_read(const struct pg_result *reply, int64_t *rows, int64_t *batches,
                    double *reusable_bytes)
{
    *rows = pg_result_int(reply, QUERY_STEP, 0, 0);
    *batches = pg_result_int(reply, QUERY_STEP, 0, 1);
    *reusable_bytes = read_known(reply, 2);
}

void run_find_batch_send(struct pg *pg, const char *job, int64_t run, int64_t batch,
                         pg_result_fn *fn, void *arg)
{
    struct query_number n[2];
    const char *values[] = {job, query_number(&n[0], run), query_number(&n[1], batch)};

    query_send(pg, &(struct pg_step){sql_find_batch, values, ARRAY_LENGTH(values)}, false, fn, arg);
}

int64_t run_find_batch_read(const struct pg_result *reply)
{
    return pg_result_int(reply, QUERY_STEP, 0, 0);
}

void run_pass_send(struct pg *pg, int64_t relation, pg_result_fn *fn, void *arg)
{
    struct query_number oid;
    const char *values[] = {query_number(&oid, relation)};

    query_send(pg, &(struct pg_step){sql_pass, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

void run_pass_read(const struct pg_result *reply, struct run_pass *pass)
{
    pass->blocks = (uint32_t)pg_result_int(reply, QUERY_STEP, 0, 0);
    pass->xmin = (uint64_t)pg_result_int(reply, QUERY_STEP, 0, 1);
    pass->xmax = (uint64_t)pg_result_int(reply, QUERY_STEP, 0, 2);
}

void run_schedule_send(struct pg *pg, const struct job_settings *job, pg_result_fn *fn, void *arg)
{
    const char *values[] = {job->name, job->timezone};

    query_send(pg, &(struct pg_step){sql_schedule, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

static enum run_outcome outcome_named(const char *code)
{
    for (int outcome = 0; code != NULL && outcome < RUN_OUTCOME_COUNT; outcome++)
        if (text_equal(run_outcome_code((enum run_outcome)outcome), code))
            return (enum run_outcome)outcome;
    return RUN_FAILED;
}

/* The columns of sql_schedule from 6 on. */
static void read_ended_run(const struct pg_result *reply, struct ended_run *run)
{
    const char *detail, *rejected_by;

    rejected_list_free(&run->rejected_by);
    *run = (struct ended_run){
        .present = pg_result_text(reply, QUERY_STEP, 0, 6) != NULL,
        .id = pg_result_int(reply, QUERY_STEP, 0, 6),
        .started = {pg_result_int(reply, QUERY_STEP, 0, 7)},
        .ended = {pg_result_int(reply, QUERY_STEP, 0, 8)},
        .outcome = outcome_named(pg_result_text(reply, QUERY_STEP, 0, 9)),
        .rows = pg_result_int(reply, QUERY_STEP, 0, 10),
        .batches = pg_result_int(reply, QUERY_STEP, 0, 11),
        .skipped = pg_result_int(reply, QUERY_STEP, 0, 12),
        .rejected = pg_result_int(reply, QUERY_STEP, 0, 13),
        .reusable_bytes = read_known(reply, 14),
        .vacuumed = {pg_result_int(reply, QUERY_STEP, 0, 15)},
    };
    detail = pg_result_text(reply, QUERY_STEP, 0, 16);
    snprintf(run->detail, sizeof run->detail, "%s", detail != NULL ? detail : "");
    rejected_by = pg_result_text(reply, QUERY_STEP, 0, 17);
    if (rejected_by != NULL)
        json_read_rejected(rejected_by, &run->rejected_by);
}

void run_schedule_read(const struct pg_result *reply, struct run_schedule *schedule)
{
    schedule->local.day = pg_result_int(reply, QUERY_STEP, 0, 0);
    schedule->local.second = (int)pg_result_int(reply, QUERY_STEP, 0, 1);
    schedule->ever_ran = pg_result_text(reply, QUERY_STEP, 0, 2) != NULL;
    schedule->since_start_s = pg_result_double(reply, QUERY_STEP, 0, 2);
    schedule->run_open = pg_result_bool(reply, QUERY_STEP, 0, 3);
    schedule->clock.us = pg_result_int(reply, QUERY_STEP, 0, 4);
    schedule->ever_done = pg_result_text(reply, QUERY_STEP, 0, 5) != NULL;
    schedule->last_done.us = pg_result_int(reply, QUERY_STEP, 0, 5);
    read_ended_run(reply, &schedule->last);
}

void run_schedule_free(struct run_schedule *schedule)
{
    rejected_list_free(&schedule->last.rejected_by);
}

void run_instant_send(struct pg *pg, const struct job_settings *job, struct local_time local,
                      pg_result_fn *fn, void *arg)
{
    struct query_number n[2];
    const char *values[] = {job->timezone, query_number(&n[0], local.day),
                            query_number(&n[1], local.second)};

    query_send(pg, &(struct pg_step){sql_instant, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

void run_instant_read(const struct pg_result *reply, struct wall *instant, double *from_now_s)
{
    instant->us = pg_result_int(reply, QUERY_STEP, 0, 0);
    *from_now_s = pg_result_double(reply, QUERY_STEP, 0, 1);
}
