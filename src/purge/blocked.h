/*
 * blocked: the rows that a job's runs have met and the database refuses to delete: how many there
 * are in this run, for which reasons, and which of them an earlier run has met already, so that
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

#include "base/text.h"
#include "base/tid.h"

struct blocked_row;
struct blocked_reason;

struct blocked {
    int64_t rows; /* met in this run */
    int64_t news; /* of those */
    struct blocked_row *known;
    size_t known_count;
    struct blocked_reason *reasons; /* of this run, in the order in which they were met */
    size_t reason_count;
};

void blocked_begin_run(struct blocked *blocked);

/* One more: `relation` is the leaf's OID, `why` what the server says. Returns whether it is news.
 */
bool blocked_meet(struct blocked *blocked, int64_t relation, struct tid tid, const char *why);

/* So many more of which nobody knows the places. */
void blocked_add(struct blocked *blocked, int64_t rows, const char *why);

/* Appends `12 blocked by "kept for the auditors (P0001)", ...`, at most three of the reasons;
 * nothing if there are none. */
void blocked_explain(const struct blocked *blocked, struct text *out);

void blocked_free(struct blocked *blocked); /* a zeroed one is fine */

#endif
