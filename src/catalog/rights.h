/*
 * rights: whether a VACUUM of the job's table can be ours. Questions and answers in the manner of
 * run.h.
 */
#ifndef PGPURGED_CATALOG_RIGHTS_H
#define PGPURGED_CATALOG_RIGHTS_H

#include <stdbool.h>

#include "catalog/preflight.h"
#include "config/settings.h"
#include "net/pg_conn.h"

struct vacuum_rights {
    bool may;         /* the role has the right to */
    bool own_session; /* its settings are ours alone; false behind a pooler */
    char owner[160];  /* of the table, quoted */
};

void rights_send(struct pg *pg, const struct preflight_table *table, pg_result_fn *fn, void *arg);
void rights_read(const struct pg_result *reply, struct vacuum_rights *rights);

/* What keeps our VACUUM from the table: "role pgpurged may not vacuum public.orders"; NULL =
 * nothing does. */
char *rights_complaint(const struct vacuum_rights *rights, const struct job_settings *job,
                       const struct preflight_table *table);
/* The GRANT that would help; NULL = none would. free() both. */
char *rights_grant(const struct vacuum_rights *rights, const struct job_settings *job,
                   const struct preflight_table *table);

#endif
