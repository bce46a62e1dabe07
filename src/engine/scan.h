/*
 * scan: where the due rows of a partition are: which places next, and how a range of them is bound
 * into the statement that acts on them.
 *
 * A kind of scan is one file and one row: the heap scan goes over the partition's blocks
 * (scan_heap.c), the index scan over the TIDs of due rows that an index has listed (scan_index.c).
 * A place is a block, or a position in the list; struct scan_ranges hands them out. A place that
 * was given back is handed out first.
 */
#ifndef PGPURGED_ENGINE_SCAN_H
#define PGPURGED_ENGINE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/index_slices.h"
#include "engine/scan_ranges.h"
#include "policy/pacing.h"
#include "sql/target_statements.h"

struct scan;

struct scan_method {
    const char *name;
    bool is_list; /* a place holds one row, and one alone is as short as a range can be */
    /* How many places the next batch may have. */
    int64_t (*most_places)(const struct pace_step *step);
    /* The row at a place that is a single row. */
    struct tid (*row_at)(const struct scan *scan, struct tid place);
    /* The TIDs of a range for the statement, to be free()d; NULL = the range itself is bound. */
    char *(*tids)(const struct scan *scan, struct tid_range range);
    /* No more places will come in this pass once those at hand are handed out. */
    bool (*is_complete)(const struct scan *scan);
    /* Pages that were read so far in this pass, for the forecast. */
    int64_t (*pages)(const struct scan *scan);
};

extern const struct scan_method scan_heap, scan_index;

/* Both kinds together, since a partition may change from one to the other. Plain data, zeroed to
 * begin with. */
struct scan {
    const struct scan_method *kind;
    struct scan_ranges heap; /* over blocks; knows the rejected rows of the partition */
    struct scan_ranges list; /* over the places of a slice */
    struct slices slices;
    uint32_t from_block; /* at which the pass began */
};

/* Another partition: nothing is known of it. */
void scan_start(struct scan *scan, uint32_t block_size);
void scan_free(struct scan *scan); /* a zeroed one is fine */

/* A pass: over blocks [from, to), or over what the index lists from its beginning on. */
void scan_begin_heap(struct scan *scan, uint32_t from_block, uint32_t end_block);
void scan_begin_index(struct scan *scan);

/* Of an index scan that has handed everything out: asks for the next rows. scan_refilled() takes
 * the answer; false with err if it makes no sense. */
void scan_refill_send(const struct scan *scan, struct pg *pg, const struct sql_statements *sql,
                      const char *cutoff, pg_result_fn *fn, void *arg);
bool scan_refilled(struct scan *scan, const struct pg_result *reply, struct err *err);

/* The ranges that the present kind hands out. */
struct scan_ranges *scan_ranges(struct scan *scan);

bool scan_is_empty(const struct scan *scan); /* everything at hand is handed out */
bool scan_is_index(const struct scan *scan);

/* A row that the database rejects: later passes of the run step over it. */
void scan_remember_rejected(struct scan *scan, struct tid row);

#endif
