#include "purge/drop.h"

#include <stdio.h>

#include "base/text.h"
#include "purge/batch.h"
#include "purge/talk.h"
#include "sql/flights.h"

enum { STEP_BEGIN, STEP_GUARD, STEP_DROP, STEP_COMMIT, STEP_COUNT };

/* Counting takes longer than a batch may, and nobody but a writer of this old partition waits. */
enum { COUNT_MS = 60 * 1000, DEADLINE_GRACE_MS = 15 * 1000 };

void drop_send(struct pg *pg, const struct drop_order *order, pg_reply_fn *fn, void *arg)
{
    const struct job_settings *job = order->settings;
    int64_t timeout_ms =
        job->statement_timeout_ms > COUNT_MS ? job->statement_timeout_ms : COUNT_MS;
    struct talk_number n[8];
    const char *guard[] = {
        job->name,
        talk_number(&n[0], order->expected_clock.us),
        order->has_closing ? talk_number(&n[1], order->closes_at.us) : NULL,
        talk_number(&n[2], job->lock_timeout_ms),
        talk_number(&n[3], timeout_ms),
        batch_synchronous_commit(job),
        NULL,
    };
    const char *drop[] = {
        talk_number(&n[4], order->run),
        talk_number(&n[5], order->number),
        job->name,
        talk_number(&n[6], order->root),
        talk_number(&n[7], order->relation),
        order->statements->leaf,
        order->cutoff,
        order->statements->has_live,
        order->statements->count_leaf,
    };
    const struct pg_step steps[STEP_COUNT] = {
        [STEP_BEGIN] = {sql_begin, NULL, 0},
        [STEP_GUARD] = {sql_guard, guard, ARRAY_LENGTH(guard)},
        [STEP_DROP] = {sql_drop_leaf, drop, ARRAY_LENGTH(drop)},
        [STEP_COMMIT] = {sql_commit, NULL, 0},
    };

    pg_send(pg, steps, STEP_COUNT, timeout_ms + DEADLINE_GRACE_MS, fn, arg);
}

void drop_read(const struct pg_reply *reply, struct drop_result *result)
{
    *result = (struct drop_result){.outcome = talk_outcome(reply)};
    if (result->outcome != BATCH_COMMITTED) {
        result->error = pg_reply_error(reply);
        return;
    }
    result->dropped = pg_reply_bool(reply, STEP_DROP, 0, 0);
    result->rows = pg_reply_int(reply, STEP_DROP, 0, 1);
    result->why = pg_reply_text(reply, STEP_DROP, 0, 2);
    result->locked = pg_reply_bool(reply, STEP_DROP, 0, 3);
}

bool drop_allowed(const struct leaf *leaf, struct wall cutoff, char *why, size_t size)
{
    why[0] = '\0';
    if (leaf->ends.us == 0 || leaf->ends.us > cutoff.us)
        return false;
    if (leaf->keep_whole != NULL) {
        snprintf(why, size, "%s", leaf->keep_whole);
        return false;
    }
    return true;
}
