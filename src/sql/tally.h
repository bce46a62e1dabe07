/*
 * tally: counts for the plan, of a sample of the pages: what is due, what has become due lately,
 * and what will become due soon. Never for a decision about a row.
 */
#ifndef PGPURGED_SQL_TALLY_H
#define PGPURGED_SQL_TALLY_H

#include "sql/predicate.h"

/*
 * Of a sample of the pages. $1 percent of the pages $2 seed, and the cutoffs: $3 now $4 a week ago
 * $5 later
 * -> a row for each partition of the sample: its OID, rows, rows that are due at $3, the sum of the
 * squares of what is due on each page, rows that are due at $4, at $5, rows whose column is not
 * NULL, when the earliest row is or was due (s since 1970, or NULL), rows that are flagged and have
 * no mark. The text is free()d.
 */
char *sql_tally(const struct sql_target *target, const struct sql_parts *parts);

#endif
