/*
 * plan: `pgpurged --plan [JOB]...`: connects, deletes nothing, and says for each job what would go,
 * how it would be found, how long it would take, what is risky, and the SQL.
 */
#ifndef PGPURGED_PGPURGED_PLAN_H
#define PGPURGED_PGPURGED_PLAN_H

#include "config/settings.h"

/* Prints to stdout. Takes the settings over. Returns an exit code of daemon.h: 1 if a job would be
 * refused or its database can't be reached. */
int plan_run(struct settings *settings, char *const *names, size_t name_count);

#endif
