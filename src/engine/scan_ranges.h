/*
 * scan_ranges: which rows next: one pass over a partition, as ranges of TIDs that are handed out
 * and given back.
 *
 * A pass goes once over the partition's blocks in order, so each page is visited once, dirtied once
 * and logged once. ranges_take() hands out the next range; several may be out at the same time
 * (requests in request, workers). What a batch has not come to is given back and handed out first.
 * After a failure the scan narrows: the next ranges are short, down to a single line pointer, and
 * grow again with each success, so that one row that can't go costs O(log n) batches and no good
 * row waits for it. Rows that the database refuses to delete are remembered for the run by their
 * TID, and later passes step over them. Pure: no I/O; a run owns one ranges.
 */
#ifndef PGPURGED_ENGINE_SCAN_RANGES_H
#define PGPURGED_ENGINE_SCAN_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/tid.h"

struct scan_ranges {
    struct tid_range *pieces; /* not handed out yet: in order, apart from each other */
    size_t piece_count;
    uint32_t end_block;    /* of the partition when the pass began, exclusive */
    uint32_t block_slots;  /* line pointers that a block can have, plus one for {b, 0} */
    uint64_t narrow_slots; /* length of the next range while narrowed; 0 = not narrowed */
    struct tid *rejected;  /* sorted */
    size_t rejected_count;
};

/* What the next batch is about. */
struct scan_range {
    struct tid_range range;
    bool narrowed;  /* shorter than it could be because of a failure */
    bool one_block; /* within one block */
    bool one_row;   /* a single line pointer */
};

void ranges_start(struct scan_ranges *ranges, uint32_t block_size); /* block_size in bytes */
/* A scan over the places of a list: each block is one place, and a row. */
void ranges_start_list(struct scan_ranges *ranges);
void ranges_free(struct scan_ranges *ranges);

/* From here on nothing is out any more. */
void ranges_begin_pass(struct scan_ranges *ranges, uint32_t from_block, uint32_t end_block);

/* Hands out the next range, of at most so many blocks, never empty and without rejected rows. False
 * if everything is handed out. */
bool ranges_take(struct scan_ranges *ranges, int64_t most_blocks, struct scan_range *next);

/* Takes back what nobody has looked at; an empty range is fine. */
void ranges_give_back(struct scan_ranges *ranges, struct tid_range rest);

/* Everything is handed out. */
bool ranges_is_empty(const struct scan_ranges *ranges);

/* The first block that has not been handed out wholly; the partition's end if there is none. With
 * nothing out, everything before it has been looked at. */
uint32_t ranges_block(const struct scan_ranges *ranges);

/* The next ranges will have 1/divisor of the length of this one, which failed (given back already,
 * or about to be), or of `chunk_blocks` if that is less. At least one line pointer. */
void ranges_narrow(struct scan_ranges *ranges, const struct scan_range *failed, unsigned divisor,
                   int64_t chunk_blocks);

/* The next range ends with its block, for a batch with SKIP LOCKED. */
void ranges_narrow_to_block(struct scan_ranges *ranges);

/* After a success: twice as long, until narrowing is over. */
void ranges_widen(struct scan_ranges *ranges);

/* Later passes of the run step over this row. */
void ranges_remember_rejected(struct scan_ranges *ranges, struct tid tid);

#endif
