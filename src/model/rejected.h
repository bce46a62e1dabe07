/*
 * rejected: why rows are rejected and how many each, as plain data: what status, metrics and the
 * record of a run show of it.
 *
 * A trigger may say something else of each row, so the list is bounded: once it is full, what is
 * not in it yet is counted in one entry for each reason, without a name or a message. So the sum of
 * the list is always that of the rows, for each reason and altogether.
 */
#ifndef PGPURGED_MODEL_REJECTED_H
#define PGPURGED_MODEL_REJECTED_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/codes.h"

/* What keeps some rows; NULL = not known, or there is none. */
struct rejected_cause {
    enum rejected_reason reason;
    const char
        *name; /* the constraint and its table, a reference as it was declared, or triggers */
    const char *sqlstate, *message; /* what the server says */
};

/* A cause and its number of rows; owns its strings. */
struct rejected_by {
    enum rejected_reason reason;
    char *name, *sqlstate, *message;
    int64_t rows;
};

struct rejected_list {
    struct rejected_by *items;
    size_t count;
};

/* So many more rows for this cause. Texts are copied; what is not UTF-8 in them becomes '?', so
 * that every database takes them back as they are. */
void rejected_list_add(struct rejected_list *list, const struct rejected_cause *cause,
                       int64_t rows);
/* All of another list. */
void rejected_list_add_all(struct rejected_list *list, const struct rejected_list *more);
/* Most rows first. */
void rejected_list_sort(struct rejected_list *list);
void rejected_list_free(struct rejected_list *list); /* a zeroed one is fine; it is empty then */

int64_t rejected_list_rows(const struct rejected_list *list);
int64_t rejected_list_rows_for(const struct rejected_list *list, enum rejected_reason reason);

/* Appends "12 rejected by lines_order_id_fkey on public.lines, 3 rejected by "kept for the auditors
 * (P0001)", ...", the first five and how many more; nothing if there are none. */
void rejected_list_explain(const struct rejected_list *list, struct text *out);
/* Appends what keeps the rows of one entry: a name, or a message in quotes, or the reason. */
void rejected_by_explain(const struct rejected_by *by, struct text *out);
/* Appends " (12 foreign_key, 3 exception)": by reason alone; nothing if there are none. */
void rejected_list_summarize(const struct rejected_list *list, struct text *out);

#endif
