#include "model/snapshot.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "model/shape.h"

struct snapshot *snapshot_new(size_t database_count, size_t job_count)
{
    struct snapshot *snapshot = mem_new(sizeof *snapshot);

    snapshot->databases = mem_new(database_count * sizeof *snapshot->databases);
    snapshot->database_count = database_count;
    snapshot->jobs = mem_new(job_count * sizeof *snapshot->jobs);
    snapshot->job_count = job_count;
    shape_init(&daemon_shape, &snapshot->daemon);
    for (size_t i = 0; i < database_count; i++) {
        shape_init(&database_shape, &snapshot->databases[i]);
        snapshot->databases[i].backoff_s = 0;
    }
    for (size_t i = 0; i < job_count; i++) {
        shape_init(&job_shape, &snapshot->jobs[i]);
        snapshot->jobs[i].backoff_s = 0;
    }
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    shape_clear(&daemon_shape, &snapshot->daemon);
    for (size_t i = 0; i < snapshot->database_count; i++)
        shape_clear(&database_shape, &snapshot->databases[i]);
    for (size_t i = 0; i < snapshot->job_count; i++)
        shape_clear(&job_shape, &snapshot->jobs[i]);
    free(snapshot->databases);
    free(snapshot->jobs);
    free(snapshot);
}

void snapshot_make_printable(struct snapshot *snapshot)
{
    shape_make_printable(&daemon_shape, &snapshot->daemon);
    for (size_t i = 0; i < snapshot->database_count; i++)
        shape_make_printable(&database_shape, &snapshot->databases[i]);
    for (size_t i = 0; i < snapshot->job_count; i++)
        shape_make_printable(&job_shape, &snapshot->jobs[i]);
}

const struct job_view *snapshot_job(const struct snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->job_count; i++)
        if (snapshot->jobs[i].name != NULL && text_equal(snapshot->jobs[i].name, name))
            return &snapshot->jobs[i];
    return NULL;
}

const struct database_view *snapshot_database(const struct snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->database_count; i++)
        if (snapshot->databases[i].name != NULL && text_equal(snapshot->databases[i].name, name))
            return &snapshot->databases[i];
    return NULL;
}

void run_view_estimate(struct run_view *run)
{
    run->percent = NAN;
    run->eta_s = NAN;
    if (run->blocks <= 0)
        return;
    run->percent = fmin(100, 100.0 * (double)run->block / (double)run->blocks);
    if (run->block > 0 && run->block <= run->blocks)
        run->eta_s = run->pass_s * (double)(run->blocks - run->block) / (double)run->block;
}

/* The one under way has not met all of them yet, unless it has met more. */
static bool met_more_than_last(const struct job_view *job)
{
    return job->run.rejected_rows > job->last_run.rejected_rows;
}

int64_t job_view_rejected_rows(const struct job_view *job)
{
    return met_more_than_last(job) ? job->run.rejected_rows : job->last_run.rejected_rows;
}

const struct rejected_list *job_view_rejected_by(const struct job_view *job)
{
    return met_more_than_last(job) ? &job->run.rejected_by : &job->last_run.rejected_by;
}

const char *job_view_why(const struct job_view *job)
{
    return job->why != NULL ? job->why : reason_sentence(job->reason);
}
