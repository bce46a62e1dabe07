/*
 * rights: whether a VACUUM of the job's table can be ours. Questions and answers in the manner of
 * run.h.
 */
#ifndef PGPURGED_PURGE_RIGHTS_H
#define PGPURGED_PURGE_RIGHTS_H

#include <stdbool.h>

#include "base/text.h"
#include "config/settings.h"
#include "purge/preflight.h"
#include "wire/pg.h"

struct vacuum_rights {
    bool may;         /* the role has the right to */
    bool own_session; /* its settings are ours alone; false behind a pooler */
    char owner[160];  /* of the table, quoted */
};

void rights_send(struct pg *pg, const struct preflight_table *table, pg_reply_fn *fn, void *arg);
void rights_read(const struct pg_reply *reply, struct vacuum_rights *rights);

/* Appends what keeps our VACUUM from the table, and the GRANT that would help: "role pgpurged may
 * not vacuum public.orders; run: GRANT shop TO pgpurged". Returns false if nothing does. */
bool rights_explain(const struct vacuum_rights *rights, const struct job_settings *job,
                    const struct preflight_table *table, struct text *out);

#endif
