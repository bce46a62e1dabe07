/*
 * queries: the fixed statements that stand in src/sql/queries/NAME.sql, each with a comment that
 * says what it asks and what it returns. Compiled in as sql_NAME. Under sql_settings
 * (sql/statements.h).
 */
#ifndef PGPURGED_SQL_QUERIES_H
#define PGPURGED_SQL_QUERIES_H

extern const char sql_relation[];

#endif
