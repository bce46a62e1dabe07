/*
 * probe: what an index on the expiry column knows: whether there is one that serves, and how many
 * rows are due, counted through it up to a limit, so that a tiny increment on a huge table is known
 * exactly and at once. The table is not read. Questions and answers in the manner of run.h.
 */
#ifndef PGPURGED_ENGINE_PROBE_H
#define PGPURGED_ENGINE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/pg_conn.h"
#include "sql/target_statements.h"

/* An index that begins with the column, over all rows or all marked ones. */
struct probe_index {
    bool serves;        /* false: there is none */
    char name[160];     /* qualified and quoted, for people */
    double correlation; /* of the marks with the order on disk, -1..1; 0 where not known */
};

void probe_index_send(struct pg *pg, int64_t relation, const char *column, pg_result_fn *fn,
                      void *arg);
void probe_index_read(const struct pg_result *reply, struct probe_index *index);

/* Only where an index serves. It counts no further than CHOOSE_PROBE_ROWS. The reply may be
 * BATCH_TOO_SLOW: too many index entries of deleted rows, or a disk that is too slow for them; then
 * the index scan is no help either (probed_due = -1 in struct choose_facts). */
void probe_due_send(struct pg *pg, const struct sql_statements *sql, const char *cutoff,
                    pg_result_fn *fn, void *arg);
int64_t probe_due_read(const struct pg_result *reply);

#endif
