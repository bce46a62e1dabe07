/*
 * rejected: the rows that a job's runs have met and the database refuses to delete: how many there
 * are in this run, what keeps them, and which of them an earlier run has met already, so that
 * nothing is logged once a day for ever for the same row.
 *
 * A row is known by its place, so one that was updated meanwhile is news again; so is one that
 * stays for another reason than before. What a run has not met any more is forgotten when the next
 * one begins. Pure: no I/O; a job owns one, for as long as the daemon knows it.
 */
#ifndef PGPURGED_ENGINE_REJECTED_H
#define PGPURGED_ENGINE_REJECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/rejected.h"
#include "model/tid.h"

struct rejected_row;

struct rejected {
    int64_t rows;               /* met in this run */
    int64_t news;               /* of those */
    struct rejected_row *known; /* sorted by relation and place */
    size_t known_count;
    struct rejected_list by; /* the rows of this run, in the order in which they were met */
};

void rejected_begin_run(struct rejected *rejected);

/* One more; `relation` is the partition's OID. Returns whether it is news. */
bool rejected_meet(struct rejected *rejected, int64_t relation, struct tid tid,
                   const struct rejected_cause *cause);

/* So many more of which nobody knows the places. */
void rejected_add(struct rejected *rejected, int64_t rows, const struct rejected_cause *cause);

void rejected_free(struct rejected *rejected); /* a zeroed one is fine */

#endif
