/*
 * scan_choice: selects the heap scan or the index scan, by the pages that each would read. Pure.
 *
 * The heap scan touches every page of the partition once, in order. The index scan takes the TIDs
 * of due rows in slices of CHOOSE_SLICE_ROWS, in the order of their marks, and touches the pages
 * that the rows of a slice are on: one for nearly each row where few are due at random places, all
 * of them anew for each slice where many are, hardly any where rows that expire together lie
 * together. Such a page costs CHOOSE_INDEX_PAGE_COST pages of the heap scan: it is fetched out of
 * order, for the TID, and once more for the DELETE.
 *
 * Measured (3 M rows of 200 bytes on 83,000 pages): 1 % due touches 25,000 pages, index
 * scan 0.35 s, heap scan 0.58 s; 27 % due touches 630,000, index scan 5.5 s, heap scan 1.1 s.
 *
 * Asked before each pass, because what is left after the first one is another question. In a pass,
 * choose_again() compares what was forecast with what is found.
 */
#ifndef PGPURGED_POLICY_SCAN_CHOICE_H
#define PGPURGED_POLICY_SCAN_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/scans.h"

enum {
    CHOOSE_SLICE_ROWS = 50000,
    CHOOSE_PROBE_ROWS = 100000, /* the probe of the index counts no further */
    CHOOSE_INDEX_PAGE_COST = 2,
    CHOOSE_SMALL_PAGES = 1000, /* the heap scan reads so many in a few milliseconds */
};

struct choose_facts {
    enum scan_wish wish;
    bool has_index; /* one that serves the predicate */
    bool by_row; /* the retention stands in the row, so that no order of marks tells what is due */
    int64_t pages;      /* of the partition, or what the heap scan has still before it */
    double rows;        /* of the partition; <= 0 = not known */
    double sampled_due; /* estimated from a sample of the pages; < 0 = not known */
    int64_t probed_due; /* counted through the index, up to CHOOSE_PROBE_ROWS; < 0 = that failed */
    double correlation; /* of the marks with the order on disk, -1..1; 0 = none, or not known */
};

struct choice {
    enum scan_kind scan;
    bool exact;         /* `due` was counted, not estimated */
    double due;         /* rows; < 0 = not known */
    double index_pages; /* what the index scan would touch; < 0 = not known */
    char why[200];      /* "index scan: 10,000 due rows touch about 9,800 of 400,000 pages" */
};

/* Whether the choice depends on an index at all; by wish, by_row and pages. */
bool choose_asks_index(const struct choose_facts *facts);
void choose_scan(const struct choose_facts *facts, struct choice *choice);

/* Whether the sample says enough, so that the index need not be asked: it counts no further than
 * CHOOSE_PROBE_ROWS, and where the sample has found more, and many times what an index scan is good
 * for, it would only say so as well. `probed_due` is then as good as CHOOSE_PROBE_ROWS. */
bool choose_sample_is_enough(const struct choose_facts *facts);

/* What a pass has come to so far. */
struct choose_progress {
    int64_t pages;     /* touched: of the index scan those of each slice, together */
    int64_t rows;      /* due rows found */
    int64_t looked_at; /* `pages` at the last CHOOSE_LOOK_AGAIN of this pass; 0 = never */
    bool stuck;        /* of the index scan: a full slice ended with the mark it began with */
};

enum choose_verdict {
    CHOOSE_GO_ON,      /* as forecast, or the wish is not to be touched */
    CHOOSE_SWITCH,     /* the index scan has cost as much as the heap scan would: begin that */
    CHOOSE_LOOK_AGAIN, /* the heap scan finds far less than was forecast: probe the index, then
                          choose_scan() with the pages that are left and without the sample */
};

/* `facts` and `choice` are those with which the pass began. Switching at that point bounds what a
 * wrong forecast can cost: never more than twice the better scan. `why`, of the size of choice.why,
 * says what was wrong, or gets "". */
enum choose_verdict choose_again(const struct choose_facts *facts, const struct choice *choice,
                                 const struct choose_progress *progress, char *why);

#endif
