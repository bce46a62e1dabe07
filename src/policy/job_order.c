#include "policy/job_order.h"

#include <stdlib.h>

#include "base/text.h"

/* A search from job to job, along references. */
struct search {
    const struct order_job *jobs;
    size_t target;
    bool only_keepers;
    bool *seen;
};

static bool finds(const struct search *search, size_t from)
{
    const struct order_job *job = &search->jobs[from];

    if (from == search->target)
        return true;
    if (search->seen[from] || !job->under_way)
        return false;
    search->seen[from] = true;
    for (size_t i = 0; i < job->reference_count; i++)
        if ((job->references[i].keeps || !search->only_keepers) &&
            finds(search, job->references[i].job))
            return true;
    return false;
}

/* Whether `from` would wait for `target`, perhaps by way of others. */
static bool leads_to(const struct order_job *jobs, size_t count, size_t from, size_t target,
                     bool only_keepers)
{
    struct search search = {jobs, target, only_keepers, mem_new(count * sizeof *search.seen)};
    bool found = finds(&search, from);

    free(search.seen);
    return found;
}

/* What is left without a circle: of a circle of references that keep rows, those to a job further
 * down the file are given up, and some reference of any circle is one of those. */
static bool counts(const struct order_job *jobs, size_t count, size_t job,
                   const struct order_reference *reference)
{
    size_t other = reference->job;

    if (other == job || !jobs[other].under_way)
        return false;
    if (!reference->keeps)
        return !leads_to(jobs, count, other, job, false);
    return other < job || !leads_to(jobs, count, other, job, true);
}

size_t order_waits_for(const struct order_job *jobs, size_t count, size_t job)
{
    for (size_t i = 0; i < jobs[job].reference_count; i++)
        if (counts(jobs, count, job, &jobs[job].references[i]))
            return jobs[job].references[i].job;
    return count;
}
