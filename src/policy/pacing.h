/*
 * pacing: the size of the next batch and the rest after it, computed from the times of the last
 * batches. Pure.
 *
 * A batch is worked off on the server in chunks of blocks, one DELETE each (sql/schema.sql,
 * purge_batch). After each chunk, of n rows and t milliseconds, it ends if another one like it
 * would go beyond `max_rows` or `budget_ms`:
 *
 *     rows + n > max_rows   or   elapsed + t > budget_ms
 *
 * So the server keeps the time even where nothing is due for many blocks and then everything is; a
 * budget of 0 means one chunk only. Rows beyond max_rows are an error (PU005), and all is rolled
 * back. pace only has to find a chunk that is about one batch where rows are dense:
 *   - it aims at 0.8 of batch_time or 0.9 of batch_rows, whichever is less, by the milliseconds per
 *     block and the due rows per block that were measured;
 *   - it doubles at most per batch, and is halved at once when a batch took twice its target;
 *   - the peak of due rows per block fades slowly where fewer or none are due;
 *   - it never exceeds PACE_MOST_BLOCKS, so that a dense stretch behind a long empty one ends in a
 *     rollback of some ten thousand rows at worst, not of a million;
 *   - the first batch of a run, and the first one after something went wrong, is a single chunk.
 */
#ifndef PGPURGED_POLICY_PACING_H
#define PGPURGED_POLICY_PACING_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PACE_MOST_REACH = 64,
    PACE_MOST_BLOCKS = 512,
    PACE_FIRST_BLOCKS = 16,
    PACE_MOST_IN_FLIGHT = 8,
    PACE_BLOCK_ROWS = 291, /* more don't fit into 8 kB (PostgreSQL's MaxHeapTuplesPerPage) */
};

struct pace_limits {
    double batch_time_ms;       /* target and budget of a batch */
    int64_t batch_rows;         /* never more than this in a batch */
    int duty_cycle_percent;     /* 1..100: part of the time spent in batches */
    double max_rows_per_second; /* 0 = no limit */
    bool list; /* its places hold a row each, so that a chunk can have as many as rows are in a
                  batch, and not only PACE_MOST_BLOCKS */
};

struct pace {
    struct pace_limits limits;
    double chunk_blocks; /* current size, 1..PACE_MOST_BLOCKS */
    double peak_density; /* due rows per block, fading maximum; 0 = nothing seen yet */
    double ms_per_block; /* smoothed; 0 = nothing seen yet */
    bool one_chunk;      /* the next batch is a single chunk */
    int64_t reach;       /* chunks that the next batch may come to */
};

/* What was measured on one committed batch. */
struct pace_sample {
    int64_t rows, blocks, chunks;
    double elapsed_ms; /* on the server, without network and commit */
    bool whole;        /* it came to the end of its range */
};

struct pace_step {
    int64_t chunk_blocks;
    int64_t range_blocks; /* what the batch is given: one chunk where rows are dense, more where a
                             batch came to the end of its range with time and rows to spare */
    int64_t max_rows; /* batch_rows, or what max_rows_per_second allows in a second if that is less
                         (though never less than one block can hold) */
    double budget_ms; /* batch_time_ms, or 0 for a single chunk */
};

/* A run's first batch is small: it fits into batch_rows however dense the rows are. */
void pace_start(struct pace *pace, struct pace_limits limits);
/* The next pass of the same run, over this partition or another: what was learned holds there as
 * well, if its places are blocks, or those of a list, as before. Starts where there was no pass. */
void pace_go_on(struct pace *pace, struct pace_limits limits);
struct pace_step pace_next(const struct pace *pace);
void pace_learn(struct pace *pace, const struct pace_sample *sample);

/* After a lock timeout or a statement timeout: a quarter. */
void pace_shrink(struct pace *pace);

/* After PU005 with the rows that were found: so small that it fits however they are spread, since
 * all of them may have been in a few blocks of the chunk. Where a single block holds more than
 * batch_rows, the caller has to go below a block by itself. */
void pace_shrink_to_rows(struct pace *pace, int64_t rows);

/* How many batches are to be on their way on one connection, so that the server never waits for the
 * next one: one at work, one that is there when it commits, and those that leave while an answer
 * and its question travel. Batches leave apart_ms apart. From 2 to PACE_MOST_IN_FLIGHT. */
int pace_in_flight(double round_trip_ms, double apart_ms);

/* How long to rest after a batch of `rows` that took `busy_ms` from sending to the reply. `by_rate`
 * tells whether max_rows_per_second rather than duty_cycle asked for it. */
double pace_rest_ms(const struct pace *pace, int64_t rows, double busy_ms, bool *by_rate);

#endif
