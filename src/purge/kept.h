/*
 * kept: how many due rows stay because rows of other tables refer to them, for each reference that
 * keeps some. Counted by each batch (purge_batch() in sql/schema.sql), summed over a pass; a later
 * pass over the same leaf counts anew, so that each row is in the sum once.
 */
#ifndef PGPURGED_PURGE_KEPT_H
#define PGPURGED_PURGE_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "purge/references.h"
#include "show/blocked.h"

struct kept {
    int64_t *pass, *before; /* for each keeper of table 0, in the family's order: of this pass, of
                               leaves that are over */
    size_t count;
};

/* A run begins: nothing is counted yet. `graph` may be NULL. */
void kept_begin_run(struct kept *kept, const struct reference_graph *graph);
/* So does a walk over the leaf. */
void kept_begin_walk(struct kept *kept);
/* What a batch has counted: an array as PostgreSQL writes it; NULL = nothing. */
void kept_add(struct kept *kept, const char *array);
/* Nothing more is done about this leaf. */
void kept_end_leaf(struct kept *kept);

int64_t kept_rows(const struct kept *kept);         /* of the run */
int64_t kept_rows_of_pass(const struct kept *kept); /* of this pass */
int64_t kept_by(const struct kept *kept, size_t i); /* of the run, by the i-th keeper */

/* Adds them to a list, by "comments_post_id_fkey on public.comments" and its kin. */
void kept_list(const struct kept *kept, const struct reference_graph *graph,
               struct blocked_list *list);

void kept_free(struct kept *kept); /* a zeroed one is fine */

#endif
