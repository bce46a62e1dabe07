/* The step DROP: a partition that holds nothing but due rows goes in one piece. */
#include <stdio.h>

#include "base/log.h"
#include "catalog/query.h"
#include "engine/drop_partition.h"
#include "engine/job_life.h"
#include "sql/action.h"

enum { MOST_DROP_TRIES = 8 };

static void log_not_dropped(const struct job *job, const char *why)
{
    if (why[0] != '\0')
        log_info("job=%s run=%lld %s can't be dropped in one piece: %s; its rows are purged one by "
                 "one",
                 job->settings->name, job_run_id(job), job->sql.partition, why);
}

bool job_may_drop(struct job *job)
{
    char why[256] = "";
    bool may = false;

    if (!job->table.partitioned || !job->settings->drop_partitions || !job->sql.action->may_drop ||
        job->settings->audit_digest.count > 0) /* which wants to see each row */
        return false;
    if (job->settings->references.count > 0) /* PostgreSQL would not know */
        snprintf(why, sizeof why, "references to it are declared");
    else
        may = drop_allowed(job->targets.at, job->totals.run.cutoff_at, why, sizeof why);
    log_not_dropped(job, why);
    return may;
}

static enum job_event note_dropped(struct job *job, const struct drop_result *result)
{
    log_info("job=%s run=%lld batch=%lld %s is dropped in one piece: %lld rows",
             job->settings->name, job_run_id(job), (long long)job->totals.number,
             job->sql.partition, (long long)result->rows);
    run_totals_add(&job->totals, result->rows);
    job->rows_since += result->rows;
    job->host.counters->rows_deleted += result->rows;
    job->host.counters->audit_rows += result->rows > 0;
    job->pass.skipped = 0; /* what an earlier pass has left behind went with it */
    fk_blocked_begin_scan(&job->totals.fk_blocked);
    return job_end_partition(job);
}

/* What the server says of the attempt is worth as much as for a batch, but only where the job can't
 * go on at all. */
static enum job_event drop_failed(struct job *job, const struct drop_result *result)
{
    struct next_facts facts = {.outcome = result->outcome, .one_block = true, .one_row = true};
    struct err why;

    query_error(result->error, &why);
    job_note_batch_error(job, result->error);
    job->next = next_after(&facts);
    switch (job->next.verb) {
    case NEXT_RESOLVE:
        job_note_unresolved(job, job->totals.number);
        break;
    case NEXT_RECONNECT:
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
        log_not_dropped(job, why.text);
        return EVENT_DONE;
    }
    return job_batch_failed(job, job->next, why.text, true);
}

static enum job_event try_drop_again(struct job *job, const char *why)
{
    char text[sizeof job->why];

    snprintf(text, sizeof text, "%s is to be dropped: %s", job->sql.partition, why);
    job_set_why(job, text);
    job->trouble.failures = (unsigned)job->targets.at->drop_tries;
    job->retry = STEP_DROP;
    job->next = (struct next){.verb = NEXT_RETRY, .reason = REASON_LOCKED};
    return EVENT_BATCH_FAILED;
}

static enum job_event judge_drop(struct job *job, const struct drop_result *result)
{
    if (result->outcome != BATCH_COMMITTED)
        return drop_failed(job, result);
    if (result->dropped)
        return note_dropped(job, result);
    if (result->locked && ++job->targets.at->drop_tries < MOST_DROP_TRIES)
        return try_drop_again(job, result->why);
    log_not_dropped(job, result->why != NULL ? result->why : "");
    return EVENT_DONE;
}

static void on_drop(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct drop_result result;

    drop_read(reply, &result);
    job->host.counters->batches[result.outcome]++;
    job->tell(job, judge_drop(job, &result));
}

enum job_event job_enter_drop(struct job *job)
{
    struct drop_order order = {
        .settings = job->settings,
        .statements = &job->sql,
        .root = job->table.relation,
        .relation = job->targets.at->relation,
        .run = job->totals.run.id,
        .number = ++job->totals.number,
        .cutoff = job->totals.run.cutoff,
        .policy = job->totals.run.policy,
        .expected_clock = guard_expected(job->host.clock, mono_now()),
        .has_closing = job_has_closing(job),
        .closes_at = schedule_state(job->schedule)->window_changes,
    };

    job->resume = STEP_SCAN;
    drop_send(job->pg, &order, on_drop, job);
    return EVENT_NONE;
}
