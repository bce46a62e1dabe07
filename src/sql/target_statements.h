/*
 * target_statements: the text of the statements that find due rows of one relation and do to them
 * what the action says.
 *
 * What a batch executes takes the same parameters for a range and for a list: $1 and $2 a half-open
 * range of TIDs (tid), $3 the cutoff (timestamptz), $4 a list of TIDs (tid[]). Names are quoted,
 * operators are qualified with pg_catalog, so that no search_path can steer them; the application's
 * triggers see the database's own search_path.
 */
#ifndef PGPURGED_SQL_TARGET_STATEMENTS_H
#define PGPURGED_SQL_TARGET_STATEMENTS_H

#include <stdbool.h>

#include "sql/predicate.h"

/* The texts, each free()d by sql_statements_free(). */
struct sql_statements {
    const struct action *action; /* sql/action.h */
    bool with_keys;              /* the audit row has a digest of the rows' keys */
    char *predicate;             /* what makes a row due, for people (--plan, pgpurged.policies) */
    char *table;                 /* the job's table, qualified and quoted */
    char *partition;             /* the relation: the job's table, or one of its partitions */
    char *delete_range;          /* the action on due rows of the range; waits for locks up to
                                    lock_timeout */
    char *delete_skip_locked;    /* the same, leaving out rows that others have locked */
    char *count_range;           /* due rows in the range */
    char *delete_tids, *delete_tids_skip_locked, *count_tids; /* the same three for the list */
    char *family_range, *family_tids; /* what refers to the partition's rows, for purge_batch()
                                         (sql/schema.sql); NULL = nothing does */
    char *has_never_expires; /* $1 cutoff -> whether the partition has a row that is not due */
    char *count_partition;   /* $1 cutoff -> its rows, its due rows */

    /* The index scan: what asks the index runs under sql_index_settings (sql/queries.h). */
    char *probe;      /* $1 cutoff $2 limit -> due rows, counted up to the limit */
    char *take_slice; /* $1 mark to begin at (NULL = the first) $2 limit $3 cutoff -> TIDs
                         of due rows in order (tid[]; NULL if there are none), the highest mark
                         among them (the next slice's $1), rows */
};

struct sql_statements sql_statements_for(const struct sql_target *target);
void sql_statements_free(struct sql_statements *statements);

#endif
