#include "purge/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "config.h"
#include "purge/talk.h"
#include "show/json.h"
#include "sql/flights.h"

void run_open_send(struct pg *pg, const struct job_settings *job, int64_t relation,
                   const struct sql_statements *sql, const char *owner, pg_reply_fn *fn, void *arg)
{
    struct talk_number oid;
    const char *retention = job->expires.retention != NULL ? job->expires.retention : "0";
    /* A run of another retention is another run: its cutoff would be wrong for this one. */
    char *policy = text_format("expires = %s; due: %s", job->expires.written, sql->predicate);
    const char *values[] = {job->name,      talk_number(&oid, relation),
                            sql->table,     policy,
                            "heap walk",    retention,
                            PACKAGE_STRING, owner};

    talk_send(pg, &(struct pg_step){sql_open_run, values, ARRAY_LENGTH(values)}, false, fn, arg);
    free(policy);
}

void run_open_read(const struct pg_reply *reply, struct run *run)
{
    const char *cutoff = pg_reply_text(reply, TALK_STEP, 0, 1);

    run->id = pg_reply_int(reply, TALK_STEP, 0, 0);
    snprintf(run->cutoff, sizeof run->cutoff, "%s", cutoff != NULL ? cutoff : "");
    run->resumed = pg_reply_bool(reply, TALK_STEP, 0, 2);
    run->next_block = (uint32_t)pg_reply_int(reply, TALK_STEP, 0, 3);
    run->last_batch = pg_reply_int(reply, TALK_STEP, 0, 4);
    run->passes = (int)pg_reply_int(reply, TALK_STEP, 0, 5);
    run->rows = pg_reply_int(reply, TALK_STEP, 0, 6);
    run->batches = pg_reply_int(reply, TALK_STEP, 0, 7);
    run->cutoff_at.us = pg_reply_int(reply, TALK_STEP, 0, 8);
    run->at_leaf = pg_reply_int(reply, TALK_STEP, 0, 9);
}

void run_save_send(struct pg *pg, int64_t run, const struct run_progress *progress, pg_reply_fn *fn,
                   void *arg)
{
    struct talk_number n[6];
    const char *values[] = {
        talk_number(&n[0], run),
        talk_number(&n[1], progress->skipped),
        talk_number(&n[2], progress->blocked),
        talk_number(&n[3], progress->passes),
        talk_number(&n[4], progress->next_block),
        progress->walk,
        progress->at_leaf != 0 ? talk_number(&n[5], progress->at_leaf) : NULL,
        progress->blocked_by,
    };

    talk_send(pg, &(struct pg_step){sql_save_run, values, ARRAY_LENGTH(values)}, false, fn, arg);
}

void run_close_send(struct pg *pg, int64_t run, enum run_outcome outcome,
                    const struct run_progress *progress, const char *detail, pg_reply_fn *fn,
                    void *arg)
{
    struct talk_number n[4];
    char row_bytes[32];
    const char *values[] = {
        talk_number(&n[0], run),
        run_outcome_code(outcome),
        talk_number(&n[1], progress->skipped),
        talk_number(&n[2], progress->blocked),
        talk_number(&n[3], progress->passes),
        detail,
        progress->walk,
        isnan(progress->row_bytes) ? NULL : row_bytes,
        progress->blocked_by,
    };

    snprintf(row_bytes, sizeof row_bytes, "%.3f", progress->row_bytes);
    talk_send(pg, &(struct pg_step){sql_close_run, values, ARRAY_LENGTH(values)}, false, fn, arg);
}

static double read_known(const struct pg_reply *reply, int column)
{
    if (pg_reply_text(reply, TALK_STEP, 0, column) == NULL)
        return NAN;
    return pg_reply_double(reply, TALK_STEP, 0, column);
}

void run_close_read(const struct pg_reply *reply, int64_t *rows, int64_t *batches,
                    double *reusable_bytes)
{
    *rows = pg_reply_int(reply, TALK_STEP, 0, 0);
    *batches = pg_reply_int(reply, TALK_STEP, 0, 1);
    *reusable_bytes = read_known(reply, 2);
}

void run_find_batch_send(struct pg *pg, const char *job, int64_t run, int64_t batch,
                         pg_reply_fn *fn, void *arg)
{
    struct talk_number n[2];
    const char *values[] = {job, talk_number(&n[0], run), talk_number(&n[1], batch)};

    talk_send(pg, &(struct pg_step){sql_find_batch, values, ARRAY_LENGTH(values)}, false, fn, arg);
}

int64_t run_find_batch_read(const struct pg_reply *reply)
{
    return pg_reply_int(reply, TALK_STEP, 0, 0);
}

void run_pass_send(struct pg *pg, int64_t relation, pg_reply_fn *fn, void *arg)
{
    struct talk_number oid;
    const char *values[] = {talk_number(&oid, relation)};

    talk_send(pg, &(struct pg_step){sql_pass, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

void run_pass_read(const struct pg_reply *reply, struct run_pass *pass)
{
    pass->blocks = (uint32_t)pg_reply_int(reply, TALK_STEP, 0, 0);
    pass->xmin = (uint64_t)pg_reply_int(reply, TALK_STEP, 0, 1);
    pass->xmax = (uint64_t)pg_reply_int(reply, TALK_STEP, 0, 2);
}

void run_schedule_send(struct pg *pg, const struct job_settings *job, pg_reply_fn *fn, void *arg)
{
    const char *values[] = {job->name, job->timezone};

    talk_send(pg, &(struct pg_step){sql_schedule, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

static enum run_outcome outcome_named(const char *code)
{
    for (int outcome = 0; code != NULL && outcome < RUN_OUTCOME_COUNT; outcome++)
        if (text_equal(run_outcome_code((enum run_outcome)outcome), code))
            return (enum run_outcome)outcome;
    return RUN_FAILED;
}

/* The columns of sql_schedule from 6 on. */
static void read_ended_run(const struct pg_reply *reply, struct ended_run *run)
{
    const char *detail, *blocked_by;

    blocked_list_free(&run->blocked_by);
    *run = (struct ended_run){
        .present = pg_reply_text(reply, TALK_STEP, 0, 6) != NULL,
        .id = pg_reply_int(reply, TALK_STEP, 0, 6),
        .started = {pg_reply_int(reply, TALK_STEP, 0, 7)},
        .ended = {pg_reply_int(reply, TALK_STEP, 0, 8)},
        .outcome = outcome_named(pg_reply_text(reply, TALK_STEP, 0, 9)),
        .rows = pg_reply_int(reply, TALK_STEP, 0, 10),
        .batches = pg_reply_int(reply, TALK_STEP, 0, 11),
        .skipped = pg_reply_int(reply, TALK_STEP, 0, 12),
        .blocked = pg_reply_int(reply, TALK_STEP, 0, 13),
        .reusable_bytes = read_known(reply, 14),
        .vacuumed = {pg_reply_int(reply, TALK_STEP, 0, 15)},
    };
    detail = pg_reply_text(reply, TALK_STEP, 0, 16);
    snprintf(run->detail, sizeof run->detail, "%s", detail != NULL ? detail : "");
    blocked_by = pg_reply_text(reply, TALK_STEP, 0, 17);
    if (blocked_by != NULL)
        json_read_blocked(blocked_by, &run->blocked_by);
}

void run_schedule_read(const struct pg_reply *reply, struct run_schedule *schedule)
{
    schedule->local.day = pg_reply_int(reply, TALK_STEP, 0, 0);
    schedule->local.second = (int)pg_reply_int(reply, TALK_STEP, 0, 1);
    schedule->ever_ran = pg_reply_text(reply, TALK_STEP, 0, 2) != NULL;
    schedule->since_start_s = pg_reply_double(reply, TALK_STEP, 0, 2);
    schedule->run_open = pg_reply_bool(reply, TALK_STEP, 0, 3);
    schedule->clock.us = pg_reply_int(reply, TALK_STEP, 0, 4);
    schedule->ever_done = pg_reply_text(reply, TALK_STEP, 0, 5) != NULL;
    schedule->last_done.us = pg_reply_int(reply, TALK_STEP, 0, 5);
    read_ended_run(reply, &schedule->last);
}

void run_schedule_free(struct run_schedule *schedule)
{
    blocked_list_free(&schedule->last.blocked_by);
}

void run_instant_send(struct pg *pg, const struct job_settings *job, struct local_time local,
                      pg_reply_fn *fn, void *arg)
{
    struct talk_number n[2];
    const char *values[] = {job->timezone, talk_number(&n[0], local.day),
                            talk_number(&n[1], local.second)};

    talk_send(pg, &(struct pg_step){sql_instant, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

void run_instant_read(const struct pg_reply *reply, struct wall *instant, double *from_now_s)
{
    instant->us = pg_reply_int(reply, TALK_STEP, 0, 0);
    *from_now_s = pg_reply_double(reply, TALK_STEP, 0, 1);
}
