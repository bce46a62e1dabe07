/*
 * advice: which hints a table deserves, whatever purges it. Pure; the words and the SQL are others'
 * business.
 *
 * A soft-delete table keeps rows that the application no longer sees. Its indexes carry them all
 * the same, and a unique index keeps the name of a deleted row taken.
 */
#ifndef PGPURGED_POLICY_ADVICE_H
#define PGPURGED_POLICY_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/scan_choice.h"

struct advice_index {
    bool unique, primary;
    bool partial, of_live_rows; /* it has a condition; that is "column IS NULL" */
    bool has_column;            /* the expiry column is among its keys */
    bool needed;                /* a foreign key refers to it, or its rows are found by it */
    double scans;               /* by the application, so far */
};

struct advice_facts {
    bool soft_delete; /* a mark that is NULL while the row is live decides alone */
    double rows, marked;
    const struct advice_index *indexes;
    size_t index_count;
    bool by_index;              /* the job can find its rows through an index */
    struct choose_facts choose; /* how rows are found now */
    double usually_due;         /* rows that a run usually finds; < 0 = not known */
};

enum { ADVICE_NONE = -1 };

/* The index that would be better over live rows alone: the one that is used most. ADVICE_NONE where
 * few rows are marked, the table is small, or there is such an index already. */
int advice_live_index(const struct advice_facts *facts);

/* Whether the unique index keeps values of deleted rows taken. */
bool advice_unique_index(const struct advice_facts *facts, size_t index);

/* Whether an index on the expiry column would spare the runs most of the table's pages. */
bool advice_purge_index(const struct advice_facts *facts);

#endif
