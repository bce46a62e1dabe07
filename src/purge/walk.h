/*
 * walk: which rows next: the heap walk over one leaf, as positions and ranges of TIDs.
 *
 * A pass goes once over the leaf's blocks in order, so each page is visited once, dirtied once and
 * logged once. A batch usually gets everything from the position to the end of the leaf and stops
 * by itself when it has enough (pace). After a failure the walk narrows: the next ranges are short,
 * down to a single line pointer, and grow again with each success, so that one row that can't go
 * costs O(log n) batches and no good row waits for it. Rows that the database refuses to delete are
 * remembered for the run by their TID, and later passes step over them. Pure: no I/O; a run owns
 * one walk.
 */
#ifndef PGPURGED_PURGE_WALK_H
#define PGPURGED_PURGE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tid.h"

struct walk {
    struct tid position;   /* everything before it has been looked at in this pass */
    uint32_t end_block;    /* of the leaf when the pass began, exclusive */
    uint32_t block_slots;  /* line pointers that a block can have, plus one for {b, 0} */
    uint64_t narrow_slots; /* length of the next range while narrowed; 0 = not narrowed */
    struct tid *blocked;   /* sorted */
    size_t blocked_count;
};

/* What the next batch is about. */
struct walk_range {
    struct tid_range range;
    bool narrowed;  /* shorter than to the end of the leaf because of a failure */
    bool one_block; /* within one block */
    bool one_row;   /* a single line pointer */
};

void walk_start(struct walk *walk, uint32_t block_size); /* block_size in bytes */
void walk_free(struct walk *walk);

void walk_begin_pass(struct walk *walk, uint32_t from_block, uint32_t end_block);
bool walk_at_end(const struct walk *walk);

/* The next range, stepping over blocked rows; only if not at the end. May move the position over
 * blocked rows to the end: then the range is empty (from == to) and walk_at_end() is true. */
struct walk_range walk_next(struct walk *walk);

/* A batch was committed and has come as far as `reached`. */
void walk_advance(struct walk *walk, struct tid reached);

/* The next range will have 1/divisor of the length that failed; `chunk_blocks` is the length that
 * an unnarrowed batch tried first. At least one line pointer. */
void walk_narrow(struct walk *walk, unsigned divisor, int64_t chunk_blocks);

/* The rest of the position's block, for a batch with SKIP LOCKED. */
void walk_narrow_to_block(struct walk *walk);

/* Steps over the row at the position; `remember`: later passes of the run step over it as well. */
void walk_set_aside(struct walk *walk, bool remember);

#endif
