/*
 * effects: what a DELETE would do beside deleting, or fail to do, as the catalog says beforehand;
 * the same for the job's table, for its partitions and for those whose rows go as children.
 */
#ifndef PGPURGED_CATALOG_DELETE_HAZARDS_H
#define PGPURGED_CATALOG_DELETE_HAZARDS_H

#include <stdbool.h>

#include "base/err.h"

/* The first three are names, "a, b"; NULL = there are none. */
struct delete_hazards {
    const char *rules;        /* ON DELETE */
    const char *non_firing;   /* triggers that don't fire (sql/triggers.h), and are not accepted */
    const char *unidentified; /* publications for which it lacks an identity (sql/published.h) */
    const char *otherwise;    /* what helps as well, " or write ..."; NULL = nothing */
};

/* `what` is how the message calls the table, `name` as SQL needs it. False with err set, and what
 * to do about it, if anything is there. */
bool delete_hazards_allowed(const struct delete_hazards *hazards, const char *what,
                            const char *name, struct err *err);

#endif
