/*
 * schema: sql/schema.sql with sql/migrations/ in it, as `pgpurged --init-sql` prints it, built into
 * the program so that both are always of one version.
 */
#ifndef PGPURGED_SQL_SCHEMA_H
#define PGPURGED_SQL_SCHEMA_H

#include "base/text.h"

enum { SCHEMA_VERSION = 3 };

/* Appends the script with the login role's name put in; the role is created if it is missing. */
void schema_sql(const char *role, struct text *out);

#endif
