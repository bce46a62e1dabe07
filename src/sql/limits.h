/*
 * limits: what is asked of the server to know whether a job may go on (policy/limits.h), as fixed
 * texts. Only a member of pg_read_all_stats (pg_monitor is one) sees what other sessions do; for
 * everyone else most answers are NULL, which means: not known.
 */
#ifndef PGPURGED_SQL_LIMITS_H
#define PGPURGED_SQL_LIMITS_H

/*
 * $1 the table, "schema.name" without quotes $2 application_names of the replicas that count,
 * "a, b", or "" for all -> one row: position in the WAL (bytes); the replica that is furthest
 * behind in bytes, its lag in bytes; the one that is furthest behind in time, its lag in seconds;
 * the slot that keeps back most, how much in bytes; active sessions; who has the oldest snapshot,
 * its age in seconds; whether autovacuum is at the table to prevent wraparound. Under sql_settings.
 * Takes 0.6 ms, four fifths of them to be planned; 0.75 ms with 80 sessions on the server.
 */
extern const char sql_limits[];

/* -> how many sessions wait for locks of this one, NULL = not known. Anywhere in a transaction,
 * under any search_path; at the end of a batch it counts everyone who has come to wait for it. */
extern const char sql_lock_waiters[];

/* -> whether the role sees what other sessions do; whether it may set wal_compression = lz4. */
const char *sql_abilities(int server_version);

#endif
