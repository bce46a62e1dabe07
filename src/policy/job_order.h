/*
 * job_order: which job waits for which, if rows of their tables refer to each other. The job on the
 * referring table runs first, because a due row stays while another row refers to it. Pure.
 *
 * A job waits only for jobs that are running or about to run. There is never a circle of waiting
 * jobs, so of these jobs there is always one that waits for no other.
 */
#ifndef PGPURGED_POLICY_JOB_ORDER_H
#define PGPURGED_POLICY_JOB_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* Rows of another job's table refer to those of this one's. */
struct order_reference {
    size_t job; /* the other one */
    bool keeps; /* they keep the row that they refer to; false: they are only set to NULL or to a
                   default when it goes, so that going first merely saves work */
};

struct order_job {
    bool under_way; /* it runs or is about to run, and nothing holds it back for long */
    const struct order_reference *references;
    size_t reference_count; /* 0 also for one that waits for nobody any more: it has begun */
};

/* The job, one of `count`, that jobs[job] has to wait for; `count` = none, it may begin. In a
 * circle a reference that keeps no rows is given up first, then the job that stands first in `jobs`
 * begins.
 */
size_t order_waits_for(const struct order_job *jobs, size_t count, size_t job);

#endif
