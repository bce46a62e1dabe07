/*
 * How a partition is purged: in one piece where it is a partition that holds nothing but due rows
 * and may be dropped (drop.h), else row by row.
 *
 *   job_purge_partition -> send_drop -> drop_answered -> partition_dropped   -> job_partition_over
 * (job_partitions.c)
 *                                                -> retry_drop     -> send_drop
 *                  -> purge_row_by_row           -> job_begin_pass (job_run.c)
 */
#include <stdio.h>

#include "base/log.h"
#include "catalog/query.h"
#include "engine/job_life.h"

enum { MOST_DROP_TRIES = 8 };

static void send_drop(struct job *job);

static void purge_row_by_row(struct job *job, const char *why)
{
    if (why[0] != '\0')
        log_info("job=%s run=%lld %s can't be dropped in one piece: %s; its rows are purged one by "
                 "one",
                 job->settings->name, (long long)job->run.id, job->sql.partition, why);
    job_begin_pass(job);
}

static void retry_drop(struct job *job)
{
    enum reason reason = job_pause_reason(job);

    if (reason == REASON_NONE)
        send_drop(job);
    else
        job_pause_run(job, reason);
}

static void partition_dropped(struct job *job, const struct drop_result *result)
{
    log_info("job=%s run=%lld batch=%lld %s is dropped in one piece: %lld rows",
             job->settings->name, (long long)job->run.id, (long long)job->batches.number,
             job->sql.partition, (long long)result->rows);
    job->run.rows += result->rows;
    job->run.batches += result->rows > 0;
    job->look.rows_since += result->rows;
    job->host.counters->rows_deleted += result->rows;
    job->host.counters->audit_rows += result->rows > 0;
    job->pass.skipped = 0; /* what an earlier pass has left behind went with it */
    fk_blocked_begin_scan(&job->left.fk_blocked);
    job_partition_over(job);
}

/* What the server says of the attempt is worth as much as for a batch, but only where the job can't
 * go on at all. */
static void drop_failed(struct job *job, const struct drop_result *result)
{
    struct next_facts facts = {.outcome = result->outcome, .one_block = true, .one_row = true};
    struct next next = next_after(&facts);
    struct err why;

    query_error(result->error, &why);
    job_note_error(job, result->error);
    switch (next.verb) {
    case NEXT_RESOLVE:
        job_note_unresolved(job, job->batches.number);
        job->lanes.all[0].broken = true;
        break;
    case NEXT_RECONNECT:
        job->lanes.all[0].broken = true;
        break;
    case NEXT_PAUSE:
    case NEXT_LEAVE_PARTITION:
        break;
    case NEXT_ADVANCE:
    case NEXT_SHRINK:
    case NEXT_SKIP_LOCKED:
    case NEXT_SET_ASIDE:
    case NEXT_BISECT:
    case NEXT_RETRY:
    case NEXT_STOP:
        purge_row_by_row(job, why.text);
        return;
    }
    job_settle_with(job, next, why.text);
    job_landed(job);
}

static void drop_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct drop_result result;

    drop_read(reply, &result);
    job->host.counters->batches[result.outcome]++;
    if (result.outcome != BATCH_COMMITTED) {
        drop_failed(job, &result);
    } else if (result.dropped) {
        partition_dropped(job, &result);
    } else if (result.locked && ++job->partition->drop_tries < MOST_DROP_TRIES) {
        snprintf(job->why, sizeof job->why, "%s is to be dropped: %s", job->sql.partition,
                 result.why);
        job->trouble.failures = (unsigned)job->partition->drop_tries;
        job_back_off(job, REASON_LOCKED, retry_drop);
    } else {
        purge_row_by_row(job, result.why != NULL ? result.why : "");
    }
}

static void send_drop(struct job *job)
{
    struct drop_order order = {
        .settings = job->settings,
        .statements = &job->sql,
        .root = job->table.relation,
        .relation = job->partition->relation,
        .run = job->run.id,
        .number = ++job->batches.number,
        .cutoff = job->run.cutoff,
        .expected_clock = guard_expected(job->host.clock, mono_now()),
        .has_closing = job->look.has_closing,
        .closes_at = job->look.window_changes,
    };

    job_enter(job, JOB_RUNNING, REASON_NONE, "%s", "");
    drop_send(job->pg, &order, drop_answered, job);
}

/* It goes in one piece if it can, else row by row. */
void job_purge_partition(struct job *job)
{
    char why[256] = "";

    job->trouble.failures = 0;
    job->pass.scaning = false;
    if (!job->table.partitioned || !job->settings->drop_partitions ||
        job->settings->audit_digest.count > 0) /* which wants to see each row */
        job_begin_pass(job);
    else if (job->settings->references.count > 0) /* PostgreSQL would not know */
        purge_row_by_row(job, "references to it are declared");
    else if (drop_allowed(job->partition, job->run.cutoff_at, why, sizeof why))
        send_drop(job);
    else
        purge_row_by_row(job, why);
}
