/*
 * advice: what the plan asks the catalog about a table, beside what preflight asks: triggers, who
 * holds locks on it, and its indexes; and the SQL that it proposes.
 *
 * The questions take the table's name, so that they are answered where preflight refuses. All but
 * those about indexes and TOAST take no lock on a plain table, so that they are answered while
 * somebody else keeps everyone out. All run under sql_settings and are read only.
 */
#ifndef PGPURGED_SQL_ADVICE_H
#define PGPURGED_SQL_ADVICE_H

#include <stdbool.h>

/* $1 schema $2 table -> triggers on DELETE of the application: name, "before" or "after", whether
 * for each row, its function, whether our statements leave it silent (sql/triggers.h). */
extern const char sql_advice_triggers[];

/* $1 schema $2 table -> sessions that hold locks on the table or its partitions which a batch may
 * have to wait for: "pid 17" or "prepared transaction x", application (NULL = none), lock mode, age
 * of the transaction in seconds (NULL = not shown to this role), whether the lock alone keeps a
 * DELETE out; the worst first, 5 at most. */
extern const char sql_advice_locks[];

/* $1 schema $2 table -> pid of an autovacuum against wraparound at the table or a partition. */
extern const char sql_advice_wraparound[];

/* $1 schema $2 table $3 column -> valid B-tree indexes: name, key columns as SQL, unique, primary,
 * the condition of a partial one (NULL = it is not partial), whether the column is among the keys,
 * whether the condition is "column IS NULL", its constraint (NULL = none), whether a foreign key
 * needs it, scans. */
extern const char sql_advice_indexes[];

/* $1 schema $2 table -> bytes of what is stored beside its rows and those of its partitions, as
 * TOAST.
 */
extern const char sql_advice_toast[];

/* An index over `keys` (as SQL), only of rows where `condition` holds (NULL = all). Not of a
 * partitioned table, which can't have one CONCURRENTLY. */
char *sql_create_index(bool unique, const char *table, const char *keys, const char *condition);

/* What removes the index that is no longer needed then. */
char *sql_drop_index(const char *table, const char *index, const char *constraint);

#endif
