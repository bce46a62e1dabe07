/*
 * fk_blocked: the number of due rows that stay because rows of other tables refer to them, for each
 * reference. Counted by each batch (purge_batch() in sql/schema.sql), summed over a pass; a later
 * pass over the same partition counts anew, so that each row is in the sum once.
 */
#ifndef PGPURGED_ENGINE_FK_BLOCKED_H
#define PGPURGED_ENGINE_FK_BLOCKED_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/references.h"
#include "model/rejected.h"

struct fk_blocked {
    int64_t *pass, *before; /* for each reference that keeps rows of table 0, in the order of
                               the graph: of this pass, of partitions that are over */
    size_t count;
};

/* A run begins: nothing is counted yet. `graph` may be NULL. */
void fk_blocked_begin_run(struct fk_blocked *fk_blocked, const struct reference_graph *graph);
/* A scan over the partition begins: this pass has counted nothing yet. */
void fk_blocked_begin_scan(struct fk_blocked *fk_blocked);
/* What a batch has counted: an array as PostgreSQL writes it; NULL = nothing. */
void fk_blocked_add(struct fk_blocked *fk_blocked, const char *array);
/* Nothing more is done about this partition. */
void fk_blocked_end_partition(struct fk_blocked *fk_blocked);

int64_t fk_blocked_rows(const struct fk_blocked *fk_blocked);         /* of the run */
int64_t fk_blocked_rows_of_pass(const struct fk_blocked *fk_blocked); /* of this pass */
int64_t fk_blocked_by(const struct fk_blocked *fk_blocked,
                      size_t i); /* of the run, by the i-th such reference */

/* Adds them to a list, by names as in "comments_post_id_fkey on public.comments". */
void fk_blocked_list(const struct fk_blocked *fk_blocked, const struct reference_graph *graph,
                     struct rejected_list *list);

void fk_blocked_free(struct fk_blocked *fk_blocked); /* a zeroed one is fine */

#endif
