/*
 * blocked: why rows are blocked and how many each, as plain data: what status, metrics and the
 * record of a run show of it.
 *
 * A trigger may say something else of each row, so the list is bounded: once it is full, what is
 * not in it yet is counted in one entry for each reason, without a name or a message. So the sum of
 * the list is always that of the rows, for each reason and altogether.
 */
#ifndef PGPURGED_SHOW_BLOCKED_H
#define PGPURGED_SHOW_BLOCKED_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/words.h"

/* What keeps some rows; NULL = not known, or there is none. */
struct blocked_cause {
    enum blocked_reason reason;
    const char
        *name; /* the constraint and its table, a reference as it was declared, or triggers */
    const char *sqlstate, *message; /* what the server says */
};

/* The same with its rows. */
struct blocked_by {
    enum blocked_reason reason;
    char *name, *sqlstate, *message;
    int64_t rows;
};

struct blocked_list {
    struct blocked_by *items;
    size_t count;
};

/* So many more rows for this cause. Texts are copied; what is not UTF-8 in them becomes '?', so
 * that every database takes them back as they are. */
void blocked_list_add(struct blocked_list *list, const struct blocked_cause *cause, int64_t rows);
/* All of another list. */
void blocked_list_add_all(struct blocked_list *list, const struct blocked_list *more);
/* Most rows first. */
void blocked_list_sort(struct blocked_list *list);
void blocked_list_free(struct blocked_list *list); /* a zeroed one is fine; it is empty then */

int64_t blocked_list_rows(const struct blocked_list *list);
int64_t blocked_list_rows_for(const struct blocked_list *list, enum blocked_reason reason);

/* Appends "12 blocked by lines_order_id_fkey on public.lines, 3 blocked by "kept for the auditors
 * (P0001)", ...", the first five and how many more; nothing if there are none. */
void blocked_list_explain(const struct blocked_list *list, struct text *out);
/* Appends what keeps the rows of one entry: a name, or a message in quotes, or the reason. */
void blocked_by_explain(const struct blocked_by *by, struct text *out);
/* Appends " (12 foreign_key, 3 exception)": by reason alone; nothing if there are none. */
void blocked_list_summarize(const struct blocked_list *list, struct text *out);

#endif
