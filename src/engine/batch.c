#include "engine/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/query.h"
#include "sql/queries.h"
#include "sql/specification.h"

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

/* A list is done as a whole, or, while there are too many children, not at all. */
static struct tid reached(const struct batch *batch, const struct pg_result *reply)
{
    if (!batch->listed)
        return (struct tid){(uint32_t)pg_result_int(reply, STEP_PURGE, 0, 3),
                            (uint16_t)pg_result_int(reply, STEP_PURGE, 0, 4)};
    return pg_result_bool(reply, STEP_PURGE, 0, 8) ? batch->range.to : batch->range.from;
}

static void read_purged(const struct batch *batch, const struct pg_result *reply,
                        struct batch_result *result)
{
    result->rows = pg_result_int(reply, STEP_PURGE, 0, 0);
    result->skipped = pg_result_int(reply, STEP_PURGE, 0, 1);
    result->chunks = pg_result_int(reply, STEP_PURGE, 0, 2);
    result->reached = reached(batch, reply);
    result->elapsed_ms = pg_result_double(reply, STEP_PURGE, 0, 5);
    result->children = pg_result_int(reply, STEP_PURGE, 0, 6);
    result->rejected = pg_result_text(reply, STEP_PURGE, 0, 7);
    result->blocks = (int64_t)result->reached.block - batch->range.from.block;
}

static void batch_replied(void *arg, const struct pg_result *reply)
{
    struct batch *batch = arg;
    struct batch_result result = {.outcome = outcome_of(batch, reply),
                                  .reached = batch->range.from};

    result.clock.us = pg_result_int(reply, STEP_GUARD, 0, 0);
    if (batch->asks_waiters)
        result.waiters = pg_result_int(reply, STEP_WAITERS, 0, 0);
    if (result.outcome == BATCH_COMMITTED) {
        read_purged(batch, reply, &result);
    } else {
        result.error = pg_result_error(reply);
        /* PU005 carries the number of rows that it has found. */
        if (result.outcome == BATCH_TOO_MANY)
            result.rows = strtoll(result.error->detail, NULL, 10);
    }
    batch->fn(batch->arg, &result);
}

/* The parameters of sql_purge. */
struct purge_values {
    char *specification;
    struct query_number numbers[7];
    char budget[32];
    const char *values[10];
};

static struct specification specification_of(const struct batch_order *order)
{
    return (struct specification){
        .run = order->run,
        .root = order->root,
        .relation = order->relation,
        .job = order->settings->name,
        .cutoff = order->cutoff,
        .policy = order->policy,
        .allow_triggers = order->settings->allow_triggers,
        .statements = order->statements,
    };
}

static struct pg_step purge(const struct batch_order *order, struct purge_values *room)
{
    struct specification specification = specification_of(order);
    struct query_number *n = room->numbers;

    room->specification = specification_of_batch(
        &specification, order->tids != NULL ? BATCH_LIST : BATCH_RANGE, order->skip_locked);
    snprintf(room->budget, sizeof room->budget, "%.3f", order->step.budget_ms);
    room->values[0] = room->specification;
    room->values[1] = query_number(&n[0], order->number);
    room->values[2] = query_number(&n[1], order->range.from.block);
    room->values[3] = query_number(&n[2], order->range.from.offset);
    room->values[4] = query_number(&n[3], order->range.to.block);
    room->values[5] = query_number(&n[4], order->range.to.offset);
    room->values[6] = query_number(&n[5], order->step.chunk_blocks);
    room->values[7] = order->tids;
    room->values[8] = query_number(&n[6], order->step.max_rows);
    room->values[9] = room->budget;
    return (struct pg_step){sql_purge, room->values, ARRAY_LENGTH(room->values)};
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
        [STEP_PURGE] = purge(order, &room),
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
    free(room.specification);
    return batch;
}

void batch_free(struct batch *batch)
{
    free(batch);
}
