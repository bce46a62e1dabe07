/*
 * children: the text of what a purge does about rows that refer to due rows: which of them are
 * deleted first, step by step, the deepest first, and which keep the due row.
 *
 * Promise R, for rows of other tables: a child goes only if at that moment its parent is due and
 * locked by us, and nothing at all would keep that parent. Promise A: `watched` names every table
 * in which the server itself may delete or change rows when we delete, so that
 * pgpurged.account_family() can compare.
 */
#ifndef PGPURGED_SQL_CHILDREN_H
#define PGPURGED_SQL_CHILDREN_H

#include "sql/fk_graph.h"

/* What must be true of the due row t of table 0 for it to go, besides being due: nothing refers to
 * it any more. NULL where nothing can. */
char *fk_graph_keep(const struct fk_graph *family);

/* Which rows of table 0: the partition, and conditions on t. */
struct sql_scope {
    const char *partition; /* qualified and quoted */
    const char *rows;      /* the range or the list of TIDs */
    const char *due;
    const char *limit; /* the parameter that says how many rows a step may delete */
};

/*
 * What purge_batch() needs to know (sql/schema.sql), as JSON; NULL where nothing
 * refers to table 0. `rejected` counts for each reference that keeps rows of table 0, in the
 * family's order, the due rows that it keeps; a row kept by several counts for the first of
 * them, those that are not followed before the others.
 */
char *fk_graph_document(const struct fk_graph *family, const struct sql_scope *scope);

/* Whether the server can compare the columns of a reference; reads no row. */
char *sql_try_reference(const struct fk_graph *family, const struct fk_reference *reference);

#endif
