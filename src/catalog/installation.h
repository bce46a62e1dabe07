/*
 * installation: whether schema pgpurged is what its owner has made, and nobody else can change it.
 * Judged from the catalog alone, before anything of the schema is called.
 */
#ifndef PGPURGED_CATALOG_INSTALLATION_H
#define PGPURGED_CATALOG_INSTALLATION_H

#include "base/err.h"
#include "model/codes.h"
#include "net/pg_result.h"

/* A judge (catalog/sequence.h) of the answer to sql_installation. BATCH_REFUSED = something of
 * the schema is not its owner's, or the daemon's role may act as the owner; err says what, and what
 * to do. */
enum batch_outcome installation_judge(void *data, const struct pg_result *reply, struct err *err);

#endif
