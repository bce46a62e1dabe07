/*
 * references_check: whether a job may do what its settings say about the rows that refer to its
 * table: privileges, policies, rules, indexes, and how much it would be.
 */
#ifndef PGPURGED_CATALOG_REFERENCES_CHECK_H
#define PGPURGED_CATALOG_REFERENCES_CHECK_H

#include "catalog/references.h"

/* `reply` is the one to fk_tables. False with err set if anything is not fine. */
bool references_allowed(const struct references_asked *asked, const struct reference_graph *graph,
                        const struct pg_result *reply, struct err *err);

#endif
