/*
 * counter_registry: the counters of jobs and databases by name. They survive a reload, because for
 * Prometheus a counter that starts again at 0 means a restart of the process.
 *
 * What is handed out stays where it is until counter_registry_free().
 */
#ifndef PGPURGED_PGPURGED_COUNTER_REGISTRY_H
#define PGPURGED_PGPURGED_COUNTER_REGISTRY_H

#include <stddef.h>

#include "model/counters.h"

struct counter_registry_entry;

struct counter_registry {
    struct counter_registry_entry **entries; /* {0} to begin with */
    size_t count;
};

/* New ones are zero. */
struct job_counters *counter_registry_job(struct counter_registry *registry, const char *name);
struct database_counters *counter_registry_database(struct counter_registry *registry,
                                                    const char *name);
void counter_registry_free(struct counter_registry *registry);

#endif
