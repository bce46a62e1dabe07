/*
 * job_references: finds the jobs on tables whose rows refer to the table of another job.
 */
#ifndef PGPURGED_PGPURGED_JOB_REFERENCES_H
#define PGPURGED_PGPURGED_JOB_REFERENCES_H

#include <stdbool.h>

#include "config/settings.h"
#include "sql/fk_graph.h"

/* Whether rows of this table, perhaps a partition, refer to those of the family's first. `keeps`:
 * any of these references keeps the row that it refers to. */
bool job_references_to(const struct fk_graph *family, const struct table_name *table, bool *keeps);

#endif
