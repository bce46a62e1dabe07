#include "engine/drop_partition.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "engine/batch.h"
#include "sql/queries.h"
#include "sql/specification.h"

enum { STEP_BEGIN, STEP_GUARD, STEP_DROP, STEP_COMMIT, STEP_COUNT };

/* Counting takes longer than a batch may, and nobody but a writer of this old partition waits. */
enum { COUNT_MS = 60 * 1000, DEADLINE_GRACE_MS = 15 * 1000 };

void drop_send(struct pg *pg, const struct drop_order *order, pg_result_fn *fn, void *arg)
{
    const struct job_settings *job = order->settings;
    int64_t timeout_ms =
        job->statement_timeout_ms > COUNT_MS ? job->statement_timeout_ms : COUNT_MS;
    struct query_number n[5];
    const char *guard[] = {
        job->name,
        query_number(&n[0], order->expected_clock.us),
        order->has_closing ? query_number(&n[1], order->closes_at.us) : NULL,
        query_number(&n[2], job->lock_timeout_ms),
        query_number(&n[3], timeout_ms),
        batch_synchronous_commit(job),
        NULL,
    };
    char *specification = specification_of_drop(&(struct specification){
        .run = order->run,
        .root = order->root,
        .relation = order->relation,
        .job = job->name,
        .cutoff = order->cutoff,
        .policy = order->policy,
        .statements = order->statements,
    });
    const char *drop[] = {specification, query_number(&n[4], order->number)};
    const struct pg_step steps[STEP_COUNT] = {
        [STEP_BEGIN] = {sql_begin, NULL, 0},
        [STEP_GUARD] = {sql_guard, guard, ARRAY_LENGTH(guard)},
        [STEP_DROP] = {sql_drop_partition, drop, ARRAY_LENGTH(drop)},
        [STEP_COMMIT] = {sql_commit, NULL, 0},
    };

    pg_send(pg, steps, STEP_COUNT, timeout_ms + DEADLINE_GRACE_MS, fn, arg);
    free(specification);
}

void drop_read(const struct pg_result *reply, struct drop_result *result)
{
    *result = (struct drop_result){.outcome = query_outcome(reply)};
    if (result->outcome != BATCH_COMMITTED) {
        result->error = pg_result_error(reply);
        return;
    }
    result->dropped = pg_result_bool(reply, STEP_DROP, 0, 0);
    result->rows = pg_result_int(reply, STEP_DROP, 0, 1);
    result->why = pg_result_text(reply, STEP_DROP, 0, 2);
    result->locked = pg_result_bool(reply, STEP_DROP, 0, 3);
}

bool drop_allowed(const struct partition *partition, struct wall cutoff, char *why, size_t size)
{
    why[0] = '\0';
    if (partition->ends.us == 0 || partition->ends.us > cutoff.us)
        return false;
    if (partition->keep_whole != NULL) {
        snprintf(why, size, "%s", partition->keep_whole);
        return false;
    }
    return true;
}
