/*
 * kin: which jobs are on tables whose rows refer to those of another job's table.
 */
#ifndef PGPURGED_PGPURGED_KIN_H
#define PGPURGED_PGPURGED_KIN_H

#include <stdbool.h>

#include "config/settings.h"
#include "sql/family.h"

/* Whether rows of this table, perhaps a partition, refer to those of the family's first. `keeps`:
 * any of these references keeps the row that it refers to. */
bool kin_refers(const struct sql_family *family, const struct table_name *table, bool *keeps);

#endif
