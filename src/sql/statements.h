/*
 * requests: the fixed statements of each conversation with the database, as a DBA would read them
 * in its log. The texts never change; what varies are parameters, in the order named beside each.
 */
#ifndef PGPURGED_SQL_STATEMENTS_H
#define PGPURGED_SQL_STATEMENTS_H

/* READ COMMITTED READ WRITE whatever the role or the database have as their default. */
extern const char sql_begin[];
extern const char sql_begin_read_only[];
extern const char sql_commit[];

/* search_path, TimeZone, DateStyle, IntervalStyle and bounds on time, for this transaction. */
extern const char sql_settings[];
/* The same where a statement may take $1 milliseconds. */
extern const char sql_patient_settings[];
/* The same for a question that only an index may answer. */
extern const char sql_index_settings[];

/* One batch: begin, guard, purge, commit. */
extern const char sql_guard[]; /* $1 job $2 expected clock (us) $3 closes_at (us or NULL) $4
                                  lock_timeout (ms) $5 statement_timeout (ms) $6 synchronous_commit
                                  $7 wal_compression or NULL -> clock (us) */
/* $1 specification (sql/specification.h) $2 batch $3 from_block $4 from_offset $5 to_block $6
 * to_offset $7 chunk_blocks $8 tids, in order, instead of a range; or NULL $9 max_rows $10
 * budget_ms -> rows, skipped, chunks, next_block, next_offset, elapsed_ms, children, rejected (an
 * array, one for each reference; or NULL), done */
extern const char sql_purge[];

/* Instead of a batch: $1 specification $2 batch -> dropped, rows, why, locked */
extern const char sql_drop_partition[];

/* A run's life. */
extern const char
    sql_open_run[]; /* $1 job $2 relation $3 partition $4 action $5 text of the policy $6 scan
                       $7 retention $8 daemon $9 owner ->  id, cutoff, resumed, next_block,
                       last_batch, passes, rows, batches, cutoff (us), at_partition, policy */
extern const char sql_save_run[]; /* $1 run $2 skipped $3 rejected $4 passes $5 next_block $6 scan
                                     $7 at_partition $8 rejected_by */
extern const char
    sql_close_run[]; /* $1 run $2 outcome $3 skipped $4 rejected $5 passes $6 detail $7
                        scan $8 row_bytes $9 rejected_by -> rows, batches, reusable_bytes */
extern const char sql_find_batch[]; /* $1 job $2 run $3 batch -> rows, 0 = it was not committed */

/* Preflight, under sql_settings. */
extern const char sql_server[];  /* -> version, standby, installed, usage, audit, runs, role,
                                   database,  block_size, replication_role, clock (us), citus,
                                    track_counts */
extern const char sql_version[]; /* -> version of the schema */
/* $1 relation -> of each column: name, declared type, type without domains (NULL if it is none of
 * PostgreSQL's own and no enum), label, whether it may be NULL, the name as SQL needs it; an enum
 * has a row for each of its labels. */
extern const char sql_columns[];
extern const char
    sql_distributed[]; /* $1 relation -> whether Citus lists it; only where sql_server says so */
extern const char sql_zone[]; /* $1 zone -> its name as PostgreSQL has it, NULL if it has none */

/* $1 job -> rows and seconds of the last batches of its last run that has deleted any; or NULL */
extern const char sql_last_batches[];

/* $1 relation $2 column -> the index that the index scan can use, or NULL; how far the order of the
 * marks is the order on disk (-1..1), or NULL where that is not known. */
extern const char sql_index[];

/* $1 relation -> blocks now, xmin, xmax of the snapshot. What the scan needs at the start of a
 * pass. */
extern const char sql_pass[];

/* $1 job $2 zone -> local day, local second, seconds since the last run started or NULL, whether
 * one is open, clock (us), when one was last done (us) or NULL; of the last run that has ended,
 * NULL if there is none: id, started, ended (us), outcome, rows, batches, skipped, rejected,
 * reusable_bytes, vacuumed (us), detail, rejected_by. */
extern const char sql_schedule[];
/* $1 zone $2 local day $3 local second -> that moment as microseconds since 1970, and seconds from
 * now. */
extern const char sql_instant[];

#endif
