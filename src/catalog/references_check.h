/*
 * references_check: whether a job may do what its settings say about the rows that refer to its
 * table: privileges, policies, rules, indexes, and how much it would be.
 */
#ifndef PGPURGED_CATALOG_REFERENCES_CHECK_H
#define PGPURGED_CATALOG_REFERENCES_CHECK_H

#include "catalog/references.h"

/* Of each table what the requirements say, by what it is to the others. */
void references_judge(const struct references_asked *asked, const struct reference_graph *graph,
                      const struct relations *relations, struct findings *findings);

/* What is true of them all together. False with err set if anything is not fine. */
bool references_allowed(const struct references_asked *asked, const struct reference_graph *graph,
                        struct err *err);

#endif
