/*
 * vacuum: the VACUUM after a run, and which variant of the questions around it a server
 * understands: PostgreSQL 17 brought the privilege MAINTAIN.
 */
#ifndef PGPURGED_SQL_VACUUM_H
#define PGPURGED_SQL_VACUUM_H

enum { VERSION_WITH_MAINTAIN = 170000 };

/* src/sql/queries/vacuum_rights_17.sql and so on. */
const char *sql_vacuum_rights(int server_version);
const char *sql_vacuum_tables(int server_version);
const char *sql_vacuum_settings(int server_version);

/* The VACUUM of a table, by its qualified and quoted name; free() it. It must be sent alone: it
 * can't be part of a transaction or of a pipeline with other statements. */
char *sql_vacuum_of(const char *table);

#endif
