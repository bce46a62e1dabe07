/*
 * references: what is asked of the catalog about the rows that refer to a table, as fixed texts.
 * Under sql_settings (sql/statements.h).
 */
#ifndef PGPURGED_SQL_REFERENCES_H
#define PGPURGED_SQL_REFERENCES_H

/*
 * $1 the table $2 by which references to go further down, as letters: those of confdeltype (a no
 * action, r restrict, c cascade, n set null, d set default), x declared $3 the declared ones:
 * [{"name", "schema", "table", "column", "referenced", "where"}]
 * -> one row for each pair of columns of each reference, in order: number, name, action (such a
 * letter), parent, child (OIDs), part (0 = all of the parent), column of the parent, of the child,
 * operator, collation, deferrable, whether `where` is a column. NULL for a table or a column that
 * isn't there.
 */
extern const char sql_references[];
enum reference_column {
    REF_NUMBER,
    REF_NAME,
    REF_ACTION,
    REF_PARENT,
    REF_CHILD,
    REF_PART,
    REF_KEY,
    REF_COLUMN,
    REF_EQUAL,
    REF_COLLATION,
    REF_DEFERRABLE,
    REF_CONDITION_KNOWN,
};

/* $1 references: [{"child", "columns", "where", "value", "parent", "keys"}] -> for each, in order:
 * whether an index serves it, its columns as they stand in CREATE INDEX, whether a unique index
 * sees to it that a child refers to one row of the parent at most, and which share of the child's
 * rows refers to any, and how many rows of the parent they refer to, by statistics (NULL = not
 * known). */
extern const char fk_reference_indexes[];
enum reference_index_column {
    REF_INDEXED,
    REF_INDEX_COLUMNS,
    REF_KEY_UNIQUE,
    REF_SHARE,
    REF_PARENTS,
};

#endif
