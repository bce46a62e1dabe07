/*
 * preflight_table: is the job's table one whose rows can be purged, and may this role do it? Reads
 * the answer to sql_table; decides, and says what to do about it.
 */
#ifndef PGPURGED_PURGE_PREFLIGHT_TABLE_H
#define PGPURGED_PURGE_PREFLIGHT_TABLE_H

#include <stdbool.h>

#include "base/err.h"
#include "purge/preflight.h"

/* Fills what `table` says about the table itself; its role must be known. */
bool preflight_judge_table(const struct pg_reply *reply, const struct table_name *name,
                           struct preflight_table *table, struct err *err);

#endif
