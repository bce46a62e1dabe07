/*
 * slice: the index scan over one partition: due rows' TIDs, some tens of thousands at a time, in
 * the order of their marks from slice to slice, and in the order of the table within one, so that
 * rows of one page go in one batch.
 *
 * A pass is: slices_start(), then slice_send() and slice_read(), batches over the slice's TIDs
 * (struct scan hands them out by their place in it), the next slice, until `at_end`. Rows that come
 * in behind the bound, or whose TID changes meanwhile, are found by another pass. A run owns one
 * struct slices; it keeps the TIDs of one slice (8 bytes each).
 */
#ifndef PGPURGED_ENGINE_INDEX_SLICES_H
#define PGPURGED_ENGINE_INDEX_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "model/tid.h"
#include "net/pg_conn.h"
#include "sql/target_statements.h"

struct slices {
    char from[48];    /* the mark at which the next slice begins; "" = the first one */
    int64_t limit;    /* rows of the next slice */
    bool at_end;      /* the last slice was not full: there is no more */
    bool stuck;       /* a full slice ended with the mark it began with (policy/scan_choice.h) */
    int64_t pages;    /* touched by the slices so far */
    struct tid *tids; /* of the slice, sorted */
    size_t count;
};

void slices_start(struct slices *slices);
void slices_free(struct slices *slices); /* a zeroed one is fine */

/* A query (query.h). */
void slice_send(struct pg *pg, const struct slices *slices, const struct sql_statements *sql,
                const char *cutoff, pg_result_fn *fn, void *arg);

/* Takes the TIDs and moves the bound. Where more rows have the same mark than a slice can hold, the
 * next one is twice as long, so that it gets beyond them even if none of them can go. False with
 * err if the reply makes no sense; nothing has changed then. */
bool slice_read(const struct pg_result *reply, struct slices *slices, struct err *err);

/* Leaves out rows that are known to be rejected, before the slice's first batch. `rejected` is
 * sorted.
 */
void slice_leave_out(struct slices *slices, const struct tid *rejected, size_t rejected_count);

/* Some TIDs of a slice, in order. Points into it; valid until the next slice_read(). */
struct slice_part {
    const struct tid *tids;
    size_t count;
};

/* As PostgreSQL reads a tid[]: {"(0,1)","(0,2)"}. */
void slice_print(const struct slice_part *part, struct text *out);

/* The inverse. Returns the number of TIDs, newly allocated at *tids (NULL if there are none), or -1
 * if it is no such list. */
int64_t slice_parse(const char *list, struct tid **tids);

#endif
