/*
 * queries: the fixed statements that stand in src/sql/queries/NAME.sql, each with a comment that
 * says what it asks and what it returns. Compiled in as sql_NAME. Under sql_settings
 * (sql/statements.h).
 */
#ifndef PGPURGED_SQL_QUERIES_H
#define PGPURGED_SQL_QUERIES_H

extern const char sql_relation[];
extern const char sql_references[];
extern const char sql_reference_indexes[];

/* What the plan asks beside that. */
extern const char sql_plan_triggers[];
extern const char sql_plan_locks[];
extern const char sql_plan_wraparound[];
extern const char sql_plan_indexes[];
extern const char sql_plan_toast[];

#endif
