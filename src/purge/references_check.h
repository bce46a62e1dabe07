/*
 * references_check: whether a job may do what its settings say about the rows that refer to its
 * table: privileges, policies, rules, indexes, and how much it would be.
 */
#ifndef PGPURGED_PURGE_REFERENCES_CHECK_H
#define PGPURGED_PURGE_REFERENCES_CHECK_H

#include "purge/references.h"

/* `reply` is the one to sql_relatives. False with err set if anything is not fine. */
bool references_allowed(const struct references_asked *asked, const struct reference_graph *graph,
                        const struct pg_reply *reply, struct err *err);

#endif
