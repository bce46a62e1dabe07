/*
 * queries: the fixed statements that stand in src/sql/queries/NAME.sql, each with a comment that
 * says what it asks, its parameters and what it returns. Compiled in as sql_NAME, without the
 * comment and with its line breaks. All but those of transactions and batches run under
 * sql_settings, sql_patient_settings or sql_index_settings. A number at the end of a name is the
 * version of PostgreSQL from which on it is used.
 */
#ifndef PGPURGED_SQL_QUERIES_H
#define PGPURGED_SQL_QUERIES_H

/* Transactions. */
extern const char sql_begin[];
extern const char sql_begin_read_only[];
extern const char sql_commit[];
extern const char sql_settings[];
extern const char sql_patient_settings[];
extern const char sql_index_settings[];

/* Batches. */
extern const char sql_guard[];
extern const char sql_purge[];
extern const char sql_drop_partition[];
extern const char sql_lock_waiters[];
extern const char sql_find_batch[];

/* What the server and the tables are. */
extern const char sql_server[];
extern const char sql_installation[];
extern const char sql_version[];
extern const char sql_abilities_14[];
extern const char sql_abilities_15[];
extern const char sql_zone[];
extern const char sql_relation[];
extern const char sql_columns[];
extern const char sql_distributed[];
extern const char sql_index[];
extern const char sql_references[];
extern const char sql_reference_indexes[];

/* What the plan asks beside that. */
extern const char sql_plan_triggers[];
extern const char sql_plan_locks[];
extern const char sql_plan_wraparound[];
extern const char sql_plan_indexes[];
extern const char sql_plan_toast[];

/* Runs. */
extern const char sql_open_run[];
extern const char sql_save_run[];
extern const char sql_close_run[];
extern const char sql_schedule[];
extern const char sql_instant[];
extern const char sql_pass[];
extern const char sql_limits[];
extern const char sql_last_batches[];
extern const char sql_row_bytes[];
extern const char sql_cutoffs[];

/* VACUUM. */
extern const char sql_vacuum_rights_14[];
extern const char sql_vacuum_rights_17[];
extern const char sql_vacuum_tables_14[];
extern const char sql_vacuum_tables_17[];
extern const char sql_vacuum_settings_14[];
extern const char sql_vacuum_settings_17[];
extern const char sql_vacuum_waiters[];
extern const char sql_note_vacuum[];

#endif
