/*
 * walk: which rows next: the heap walk over one leaf, as ranges of TIDs that are handed out and
 * given back.
 *
 * A pass goes once over the leaf's blocks in order, so each page is visited once, dirtied once and
 * logged once. walk_take() hands out the next range; several may be out at the same time (flights
 * in the air, workers). What a batch has not come to is given back and handed out first. After a
 * failure the walk narrows: the next ranges are short, down to a single line pointer, and grow
 * again with each success, so that one row that can't go costs O(log n) batches and no good row
 * waits for it. Rows that the database refuses to delete are remembered for the run by their TID,
 * and later passes step over them. Pure: no I/O; a run owns one walk.
 */
#ifndef PGPURGED_PURGE_WALK_H
#define PGPURGED_PURGE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tid.h"

struct walk {
    struct tid_range *pieces; /* not handed out yet: in order, apart from each other */
    size_t piece_count;
    uint32_t end_block;    /* of the leaf when the pass began, exclusive */
    uint32_t block_slots;  /* line pointers that a block can have, plus one for {b, 0} */
    uint64_t narrow_slots; /* length of the next range while narrowed; 0 = not narrowed */
    struct tid *blocked;   /* sorted */
    size_t blocked_count;
};

/* What the next batch is about. */
struct walk_range {
    struct tid_range range;
    bool narrowed;  /* shorter than it could be because of a failure */
    bool one_block; /* within one block */
    bool one_row;   /* a single line pointer */
};

void walk_start(struct walk *walk, uint32_t block_size); /* block_size in bytes */
/* A walk over the places of a list: each block is one place, and a row. */
void walk_start_list(struct walk *walk);
void walk_free(struct walk *walk);

/* From here on nothing is out any more. */
void walk_begin_pass(struct walk *walk, uint32_t from_block, uint32_t end_block);

/* Hands out the next range, of at most so many blocks, never empty and without blocked rows. False
 * if everything is handed out. */
bool walk_take(struct walk *walk, int64_t most_blocks, struct walk_range *next);

/* Takes back what nobody has looked at; an empty range is fine. */
void walk_give_back(struct walk *walk, struct tid_range rest);

/* Everything is handed out. */
bool walk_is_empty(const struct walk *walk);

/* The first block that has not been handed out wholly; the leaf's end if there is none. With
 * nothing out, everything before it has been looked at. */
uint32_t walk_block(const struct walk *walk);

/* The next ranges will have 1/divisor of the length of this one, which failed (given back already,
 * or about to be), or of `chunk_blocks` if that is less. At least one line pointer. */
void walk_narrow(struct walk *walk, const struct walk_range *failed, unsigned divisor,
                 int64_t chunk_blocks);

/* The next range ends with its block, for a batch with SKIP LOCKED. */
void walk_narrow_to_block(struct walk *walk);

/* After a success: twice as long, until narrowing is over. */
void walk_widen(struct walk *walk);

/* Later passes of the run step over this row. */
void walk_remember_blocked(struct walk *walk, struct tid tid);

#endif
