/*
 * abilities: what the daemon's role may do in this database beside deleting.
 */
#ifndef PGPURGED_CATALOG_ABILITIES_H
#define PGPURGED_CATALOG_ABILITIES_H

#include <stdbool.h>

#include "net/pg_conn.h"

struct abilities {
    bool sees_all; /* what other sessions do; otherwise most facts are not known */
    bool lz4;      /* SET wal_compression = lz4 */
};

/* The question, as a server of this version understands it. */
const char *abilities_sql(int server_version);

/* Sends one query (query.h). abilities_read() takes what it needs from a reply that is PG_DONE. */
void abilities_send(struct pg *pg, pg_result_fn *fn, void *arg);
void abilities_read(const struct pg_result *reply, struct abilities *abilities);

#endif
