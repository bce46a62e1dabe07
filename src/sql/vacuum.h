/*
 * vacuum: the statements around a VACUUM after a run, and about the space that it makes reusable.
 * What the role may do is asked of each version in its own way: 17 brought the privilege MAINTAIN.
 */
#ifndef PGPURGED_SQL_VACUUM_H
#define PGPURGED_SQL_VACUUM_H

enum { VERSION_WITH_MAINTAIN = 170000 };

/* $1 relation $2 what makes a row due $3 retention -> bytes of a due row, NULL = none was seen */
extern const char sql_row_bytes[];

/* For --plan. $1 relation $2 our session's process, as libpq knows it -> the GRANT that the role
 * lacks to vacuum it (NULL = none), whether that session is ours alone (false behind a pooler) */
const char *sql_vacuum_rights(int server_version);

/* $1 run -> for each table that it has removed rows of: OID, qualified and quoted name, rows, dead
 * rows, whether autovacuum is on for it, the dead rows at which it comes, the GRANT that the role
 * lacks (NULL = none) */
const char *sql_vacuum_tables(int server_version);

/* Right before a VACUUM, in its session. $1 relation $2 our session's process, as libpq knows it
 * $3 statement_timeout $4 lock_timeout (ms) -> why there must be none: "the kill switch is on";
 * "" = the settings hold now */
const char *sql_vacuum_settings(int server_version);

/* The VACUUM of a table, by its qualified and quoted name; free() it. It must be sent alone: it
 * can't be part of a transaction or of a pipeline with other statements. */
char *sql_vacuum_of(const char *table);

/* While it is at work, in another session. $1 its process -> whether anybody waits for its locks */
extern const char sql_vacuum_waiters[];

/* $1 run $2 relation -> dead rows that are left in it, as far as the server knows */
extern const char sql_note_vacuum[];

#endif
