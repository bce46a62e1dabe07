/*
 * Watches a VACUUM of ours (job_vacuum.c). Unlike autovacuum, which the server itself takes out of
 * the way of who waits for its lock, ours would let an ALTER TABLE wait, and behind it everybody.
 * So a second connection asks each second whether anybody waits, and no VACUUM goes on for long
 * without it.
 */
#include "base/log.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "sql/vacuum.h"

enum {
    WATCH_MS = 1000,
    UNWATCHED_MS = 5 * 1000, /* most that a VACUUM is at work before it is watched */
};

static void watch(struct job *job);

static void stop(struct job *job, const char *why)
{
    log_info("job=%s %s", job->settings->name, why);
    job_abandon_vacuum(job);
    job_end_run(job);
}

static void watched(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    job->vacuum.watching = false;
    if (!job->vacuum.at_work)
        return;
    if (pg_result_status(reply) == PG_LOST)
        stop(job, "the connection that watches its VACUUM is lost");
    else if (pg_result_bool(reply, QUERY_STEP, 0, 0))
        stop(job, "somebody waits for the lock of its VACUUM");
    else
        job_set_timer(job, WATCH_MS, watch);
}

static void watch(struct job *job)
{
    struct job_vacuum *vacuum = &job->vacuum;
    struct query_number pid;
    const char *values[] = {query_number(&pid, pg_backend_pid(job->pg))};

    if (vacuum->watcher == NULL && mono_ms_between(vacuum->began, mono_now()) > UNWATCHED_MS) {
        stop(job, "no connection is free to watch its VACUUM");
    } else if (vacuum->watcher == NULL || vacuum->watching) {
        job_set_timer(job, WATCH_MS, watch);
    } else {
        vacuum->watching = true;
        query_send(vacuum->watcher, &(struct pg_step){sql_vacuum_waiters, values, 1}, true, watched,
                   job);
    }
}

void job_watch_vacuum(struct job *job)
{
    struct job_vacuum *vacuum = &job->vacuum;

    job_set_timer(job, WATCH_MS, watch);
    if (vacuum->watcher != NULL || vacuum->watcher_wanted)
        return;
    vacuum->watcher_wanted = true;
    job->host.want(job->host.arg, job);
}

void job_vacuum_watched_by(struct job *job, struct pg *pg)
{
    job->vacuum.watcher_wanted = false;
    job->vacuum.watcher = pg;
}

void job_vacuum_unwatched(struct job *job)
{
    job->vacuum.watcher_wanted = false;
}
