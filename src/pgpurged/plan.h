/*
 * plan: `pgpurged --plan [JOB]...`: connects, deletes nothing, and says for each job what would go,
 * how it would be found, when it would be done, what is risky, and the SQL.
 */
#ifndef PGPURGED_PGPURGED_PLAN_H
#define PGPURGED_PGPURGED_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"

struct plan_order {
    char *const *names; /* of jobs; none = all */
    size_t name_count;
    int64_t count_ms; /* --exact: counts, within this time for each job; 0 = estimates */
    bool json;
};

/* Prints to stdout. Takes the settings over. Returns an exit code of daemon.h: 1 if a job would be
 * refused or its database can't be reached. */
int plan_run(struct settings *settings, const struct plan_order *order);

#endif
