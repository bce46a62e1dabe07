/*
 * preflight_table: is the job's table one whose rows can be purged, and may this role do it? Reads
 * the answer to sql_table; decides, and says what to do about it.
 */
#ifndef PGPURGED_CATALOG_PREFLIGHT_TABLE_H
#define PGPURGED_CATALOG_PREFLIGHT_TABLE_H

#include <stdbool.h>

#include "base/err.h"
#include "catalog/preflight.h"

/* Fills what `table` says about the table itself; its role must be known. */
bool preflight_judge_table(const struct pg_result *reply, const struct table_name *name,
                           struct preflight_table *table, struct err *err);

#endif
