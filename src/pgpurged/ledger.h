/*
 * ledger: the counters of jobs and databases by name. They outlive a reload, since Prometheus takes
 * a counter that starts again for a restart of the process.
 *
 * What is handed out stays where it is until ledger_free().
 */
#ifndef PGPURGED_PGPURGED_LEDGER_H
#define PGPURGED_PGPURGED_LEDGER_H

#include <stddef.h>

#include "base/counters.h"

struct ledger_entry;

struct ledger {
    struct ledger_entry **entries; /* {0} to begin with */
    size_t count;
};

/* New ones are zero. */
struct job_counters *ledger_job(struct ledger *ledger, const char *name);
struct database_counters *ledger_database(struct ledger *ledger, const char *name);
void ledger_free(struct ledger *ledger);

#endif
