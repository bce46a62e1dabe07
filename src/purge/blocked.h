/*
 * blocked: the rows that a job's runs have met and the database refuses to delete: how many there
 * are in this run, what keeps them, and which of them an earlier run has met already, so that
 * nothing is logged once a day for ever for the same row.
 *
 * A row is known by its place, so one that was updated meanwhile is news again; so is one that
 * stays for another reason than before. What a run has not met any more is forgotten when the next
 * one begins. Pure: no I/O; a job owns one, for as long as the daemon knows it.
 */
#ifndef PGPURGED_PURGE_BLOCKED_H
#define PGPURGED_PURGE_BLOCKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tid.h"
#include "show/blocked.h"

struct blocked_row;

struct blocked {
    int64_t rows;              /* met in this run */
    int64_t news;              /* of those */
    struct blocked_row *known; /* sorted by relation and place */
    size_t known_count;
    struct blocked_list by; /* the rows of this run, in the order in which they were met */
};

void blocked_begin_run(struct blocked *blocked);

/* One more; `relation` is the leaf's OID. Returns whether it is news. */
bool blocked_meet(struct blocked *blocked, int64_t relation, struct tid tid,
                  const struct blocked_cause *cause);

/* So many more of which nobody knows the places. */
void blocked_add(struct blocked *blocked, int64_t rows, const struct blocked_cause *cause);

void blocked_free(struct blocked *blocked); /* a zeroed one is fine */

#endif
