/*
 * preflight_column: are the columns that a job's rule names there, and of types that the rule fits?
 * Reads the answer to sql_columns; decides, and says what to write instead.
 */
#ifndef PGPURGED_CATALOG_PREFLIGHT_COLUMN_H
#define PGPURGED_CATALOG_PREFLIGHT_COLUMN_H

#include <stdbool.h>

#include "base/err.h"
#include "catalog/preflight.h"

/* Fills what `table` says about columns. */
bool preflight_columns(const struct pg_result *reply, const struct job_settings *job,
                       struct preflight_table *table, struct err *err);

#endif
