#include "engine/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/query.h"
#include "sql/limits.h"
#include "sql/statements.h"

/* The server bounds each statement; what exceeds that by so much is frozen. */
enum { DEADLINE_GRACE_MS = 15 * 1000 };

/* Whether STEP_WAITERS is one of them or not, COMMIT is the last. */
enum { STEP_BEGIN, STEP_GUARD, STEP_PURGE, STEP_WAITERS, STEP_MOST };

struct batch {
    struct tid_range range;
    bool listed;    /* a list of TIDs, which is done as a whole */
    bool partition; /* of the job's table */
    bool asks_waiters;
    batch_fn *fn;
    void *arg;
};

const char *batch_synchronous_commit(const struct job_settings *job)
{
    switch (job->synchronous_commit) {
    case COMMIT_OFF:
        return "off";
    case COMMIT_LOCAL:
        return "local";
    case COMMIT_REMOTE_WRITE:
        return "remote_write";
    case COMMIT_ON:
        return "on";
    case COMMIT_REMOTE_APPLY:
        return "remote_apply";
    }
    return "on";
}

/* What would be a row's fault in the DELETE is none in the guard, nor in the audit table's INSERT:
 * where nothing can be accounted, nothing is deleted (promise A), and cutting the batch into pieces
 * won't help. */
static enum batch_outcome outcome_of(const struct batch *batch, const struct pg_result *reply)
{
    enum batch_outcome outcome = query_outcome(reply);
    const struct pg_error *error = pg_result_error(reply);

    if (outcome == BATCH_ROW_ERROR &&
        (error->step < STEP_PURGE || strstr(error->context, "INSERT INTO pgpurged.audit") != NULL))
        return BATCH_REFUSED;
    /* Partitions come and go. */
    if (batch->partition && outcome == BATCH_REFUSED && text_equal(error->sqlstate, "42P01"))
        return BATCH_PARTITION_GONE;
    return outcome;
}

static void read_ranged(const struct batch *batch, const struct pg_result *reply,
                        struct batch_result *result)
{
    result->rows = pg_result_int(reply, STEP_PURGE, 0, 0);
    result->skipped = pg_result_int(reply, STEP_PURGE, 0, 1);
    result->chunks = pg_result_int(reply, STEP_PURGE, 0, 2);
    result->reached.block = (uint32_t)pg_result_int(reply, STEP_PURGE, 0, 3);
    result->reached.offset = (uint16_t)pg_result_int(reply, STEP_PURGE, 0, 4);
    result->elapsed_ms = pg_result_double(reply, STEP_PURGE, 0, 5);
    result->children = pg_result_int(reply, STEP_PURGE, 0, 6);
    result->rejected = pg_result_text(reply, STEP_PURGE, 0, 7);
    result->blocks = (int64_t)result->reached.block - batch->range.from.block;
}

/* A list is done as a whole, or, while there are too many children, not at all. */
static void read_listed(const struct batch *batch, const struct pg_result *reply,
                        struct batch_result *result)
{
    result->rows = pg_result_int(reply, STEP_PURGE, 0, 0);
    result->skipped = pg_result_int(reply, STEP_PURGE, 0, 1);
    result->elapsed_ms = pg_result_double(reply, STEP_PURGE, 0, 2);
    result->children = pg_result_int(reply, STEP_PURGE, 0, 3);
    result->rejected = pg_result_text(reply, STEP_PURGE, 0, 4);
    if (pg_result_bool(reply, STEP_PURGE, 0, 5))
        result->reached = batch->range.to;
    result->blocks = (int64_t)result->reached.block - batch->range.from.block;
    result->chunks = result->blocks > 0;
}

static void batch_replied(void *arg, const struct pg_result *reply)
{
    struct batch *batch = arg;
    struct batch_result result = {.outcome = outcome_of(batch, reply),
                                  .reached = batch->range.from};

    result.clock.us = pg_result_int(reply, STEP_GUARD, 0, 0);
    if (batch->asks_waiters)
        result.waiters = pg_result_int(reply, STEP_WAITERS, 0, 0);
    if (result.outcome == BATCH_COMMITTED && batch->listed) {
        read_listed(batch, reply, &result);
    } else if (result.outcome == BATCH_COMMITTED) {
        read_ranged(batch, reply, &result);
    } else {
        result.error = pg_result_error(reply);
        /* PU005 carries the number of rows that it has found. */
        if (result.outcome == BATCH_TOO_MANY)
            result.rows = strtoll(result.error->detail, NULL, 10);
    }
    batch->fn(batch->arg, &result);
}

/* The parameters of the statement that deletes: over chunks of blocks, or over a list of TIDs. */
struct purge_values {
    struct query_number numbers[11];
    char budget[32];
    const char *values[18];
};

static struct pg_step purge_blocks(const struct batch_order *order, struct purge_values *room)
{
    const struct sql_statements *sql = order->statements;
    struct query_number *n = room->numbers;
    const char *values[] = {
        query_number(&n[0], order->run),
        query_number(&n[1], order->number),
        order->settings->name,
        query_number(&n[9], order->root),
        query_number(&n[2], order->relation),
        sql->partition,
        order->cutoff,
        order->skip_locked ? sql->delete_skip_locked : sql->delete_range,
        order->skip_locked ? sql->count_range : NULL,
        sql->family_range,
        query_number(&n[3], order->range.from.block),
        query_number(&n[4], order->range.from.offset),
        query_number(&n[5], order->range.to.block),
        query_number(&n[6], order->range.to.offset),
        query_number(&n[7], order->step.chunk_blocks),
        query_number(&n[8], order->step.max_rows),
        room->budget,
        order->settings->audit_digest.count > 0 ? "true" : "false",
    };

    snprintf(room->budget, sizeof room->budget, "%.3f", order->step.budget_ms);
    memcpy(room->values, values, sizeof values);
    return (struct pg_step){sql_purge, room->values, ARRAY_LENGTH(values)};
}

static struct pg_step purge_list(const struct batch_order *order, struct purge_values *room)
{
    const struct sql_statements *sql = order->statements;
    struct query_number *n = room->numbers;
    const char *values[] = {
        query_number(&n[0], order->run),
        query_number(&n[1], order->number),
        order->settings->name,
        query_number(&n[4], order->root),
        query_number(&n[2], order->relation),
        sql->partition,
        order->cutoff,
        order->skip_locked ? sql->delete_tids_skip_locked : sql->delete_tids,
        order->skip_locked ? sql->count_tids : NULL,
        sql->family_tids,
        order->tids,
        query_number(&n[3], order->step.max_rows),
        order->settings->audit_digest.count > 0 ? "true" : "false",
    };

    memcpy(room->values, values, sizeof values);
    return (struct pg_step){sql_purge_tids, room->values, ARRAY_LENGTH(values)};
}

struct batch *batch_send(struct pg *pg, const struct batch_order *order, batch_fn *fn, void *arg)
{
    const struct job_settings *job = order->settings;
    struct batch *batch = mem_new(sizeof *batch);
    struct purge_values room;
    struct query_number n[4];
    const char *guard[] = {
        job->name,
        query_number(&n[0], order->expected_clock.us),
        order->has_closing ? query_number(&n[1], order->closes_at.us) : NULL,
        query_number(&n[2], job->lock_timeout_ms),
        query_number(&n[3], job->statement_timeout_ms),
        batch_synchronous_commit(job),
        order->wal_compression,
    };
    struct pg_step steps[STEP_MOST + 1] = {
        [STEP_BEGIN] = {sql_begin, NULL, 0},
        [STEP_GUARD] = {sql_guard, guard, ARRAY_LENGTH(guard)},
        [STEP_PURGE] = order->tids != NULL ? purge_list(order, &room) : purge_blocks(order, &room),
    };
    size_t count = STEP_WAITERS;

    if (order->ask_waiters)
        steps[count++] = (struct pg_step){sql_lock_waiters, NULL, 0};
    steps[count++] = (struct pg_step){sql_commit, NULL, 0};
    *batch = (struct batch){
        .range = order->range,
        .listed = order->tids != NULL,
        .partition = order->root != order->relation,
        .asks_waiters = order->ask_waiters,
        .fn = fn,
        .arg = arg,
    };
    pg_send(pg, steps, count, job->statement_timeout_ms + DEADLINE_GRACE_MS, batch_replied, batch);
    return batch;
}

void batch_free(struct batch *batch)
{
    free(batch);
}
