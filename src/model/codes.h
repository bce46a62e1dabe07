/*
 * codes: the closed lists of the domain: the state of a job, the reason that holds it back, the
 * outcome of a batch, a run and a VACUUM, the reason of a rejected row. Each entry is written here
 * once, as a code (log, labels of metrics, JSON, pgpurged.runs) and as a sentence for a person. The
 * codes are part of the API. A new entry is one line.
 */
#ifndef PGPURGED_MODEL_CODES_H
#define PGPURGED_MODEL_CODES_H

/* The state of a job; the codes are values of the metric pgpurged_job_state. */
#define JOB_STATES(X)                                                                              \
    X(JOB_WAITING, "waiting", "waits for its next run")                                            \
    X(JOB_CONNECTING, "connecting", "waits for a connection to its database")                      \
    X(JOB_CHECKING, "checking", "checks the table and the window before the first batch")          \
    X(JOB_RUNNING, "running", "a batch is in flight")                                              \
    X(JOB_RESTING, "resting", "rests between two batches")                                         \
    X(JOB_BACKING_OFF, "backing_off", "waits after a failure before it tries again")               \
    X(JOB_RESOLVING, "resolving",                                                                  \
      "checks in the audit table whether a batch without an answer was committed")                 \
    X(JOB_FINISHING, "finishing", "records the end of its run")                                    \
    X(JOB_VACUUMING, "vacuuming", "vacuums its table after a run")                                 \
    X(JOB_HELD, "held", "could run, but a gate or a limit holds it back")                          \
    X(JOB_STOPPED, "stopped", "can't run until a person has solved a problem")

/* Why a job does not run or is throttled: one list for all gates and limits. */
#define REASONS(X)                                                                                 \
    X(REASON_NONE, "none", "nothing holds it back")                                                \
    X(REASON_NOT_DUE, "not_due", "its next run is not due yet")                                    \
    X(REASON_WINDOW, "window", "its window is closed")                                             \
    X(REASON_DISABLED, "disabled", "it is disabled in the configuration (enabled = no)")           \
    X(REASON_PAUSED, "paused", "an operator has paused it")                                        \
    X(REASON_CHILDREN, "children", "a job on a table that refers to its table runs first")         \
    X(REASON_KILL_SWITCH, "kill_switch", "the kill switch in the database is on")                  \
    X(REASON_OTHER_DAEMON, "other_daemon", "another session is running the same job")              \
    X(REASON_CONNECTION, "max_connections", "other jobs use all connections (max_connections)")    \
    X(REASON_DATABASE, "database", "the database is unavailable")                                  \
    X(REASON_STANDBY, "standby", "the database is a standby")                                      \
    X(REASON_SCHEMA, "schema",                                                                     \
      "the schema pgpurged in the database has another version than the daemon needs")             \
    X(REASON_CLOCK, "clock_skew",                                                                  \
      "the clocks of the database and the daemon differ, or one has jumped")                       \
    X(REASON_REFUSED, "refused",                                                                   \
      "the table, a privilege or the schema does not meet the job's needs")                        \
    X(REASON_LOCKED, "locked", "another session holds locks on its rows or table")                 \
    X(REASON_ERRORS, "error", "the last batch failed")                                             \
    X(REASON_BREAKER, "circuit_breaker",                                                           \
      "too many failures in a row: the circuit breaker is open")                                   \
    X(REASON_RATE, "rate_limit", "max_rows_per_second is reached")                                 \
    X(REASON_DUTY_CYCLE, "duty_cycle", "it rests between batches as duty_cycle asks")              \
    X(REASON_REPLICA_LAG, "replica_lag", "a replica is further behind than max_replica_lag")       \
    X(REASON_SLOT_LAG, "slot_lag", "a replication slot retains more WAL than max_slot_lag")        \
    X(REASON_WAL_RATE, "wal_rate", "max_wal_rate is reached")                                      \
    X(REASON_LOCK_WAITERS, "lock_waiters", "other sessions have waited for its locks")             \
    X(REASON_ACTIVE_SESSIONS, "active_sessions",                                                   \
      "more sessions are active than max_active_sessions")                                         \
    X(REASON_OLD_SNAPSHOT, "old_snapshot",                                                         \
      "an old transaction keeps VACUUM from removing dead rows")                                   \
    X(REASON_WRAPAROUND, "wraparound", "autovacuum works on its table to prevent wraparound")      \
    X(REASON_MAX_HOLD, "max_hold",                                                                 \
      "a limit has held it for max_hold; it continues at its lowest pace")                         \
    X(REASON_DRAIN, "draining", "the daemon is stopping or reloading")

/* How a run ended, as in pgpurged.runs.outcome. An interrupted run has no outcome yet. */
#define RUN_OUTCOMES(X)                                                                            \
    X(RUN_DONE, "done", "nothing due is left")                                                     \
    X(RUN_INCOMPLETE, "incomplete", "due rows are left: locked, rejected, or too many passes")     \
    X(RUN_FAILED, "failed", "an error stopped it")                                                 \
    X(RUN_ABANDONED, "abandoned", "the job's table or rule changed before it was done")

/* How a VACUUM after a run ended. */
#define VACUUM_OUTCOMES(X)                                                                         \
    X(VACUUM_DONE, "done", "the space is reusable")                                                \
    X(VACUUM_LOCKED, "locked", "another session had the table locked, perhaps autovacuum")         \
    X(VACUUM_REFUSED, "refused", "the role may not vacuum the table")                              \
    X(VACUUM_STOPPED, "stopped",                                                                   \
      "its time was over, or the job was paused or the daemon was stopping")                       \
    X(VACUUM_FAILED, "failed", "an error ended it, or the connection was lost")

/* How one batch ended, by the SQLSTATE of the server (policy/sqlstate.h). */
#define BATCH_OUTCOMES(X)                                                                          \
    X(BATCH_COMMITTED, "committed", "deleted and accounted")                                       \
    X(BATCH_LOCKED, "locked", "it waited for a lock longer than lock_timeout")                     \
    X(BATCH_TOO_SLOW, "too_slow", "statement_timeout ended it")                                    \
    X(BATCH_TOO_MANY, "too_many", "the range held more than batch_rows due rows")                  \
    X(BATCH_CONFLICT, "conflict", "serialization failure or deadlock")                             \
    X(BATCH_ROW_ERROR, "row_error", "the database refuses to delete a row")                        \
    X(BATCH_WINDOW_CLOSED, "window_closed", "the window closed")                                   \
    X(BATCH_KILL_SWITCH, "kill_switch", "the kill switch is on")                                   \
    X(BATCH_OTHER_DAEMON, "other_daemon", "another session is running the job")                    \
    X(BATCH_CLOCK, "clock_skew", "the database's clock has jumped")                                \
    X(BATCH_REFUSED, "refused", "the table changed, or a privilege is missing")                    \
    X(BATCH_PARTITION_GONE, "partition_gone", "the partition was detached or dropped")             \
    X(BATCH_STANDBY, "standby", "the database is a standby")                                       \
    X(BATCH_SCHEMA, "schema", "the schema pgpurged has another version than the daemon needs")     \
    X(BATCH_TROUBLE, "unavailable", "the server is unavailable; nothing was committed")            \
    X(BATCH_UNKNOWN, "unknown", "the connection was lost; it may have been committed")

/* Why the database refuses to delete a due row; the sentence continues "17 rows are rejected: ". */
#define REJECTED_REASONS(X)                                                                        \
    X(REJECTED_FOREIGN_KEY, "foreign_key", "rows of another table refer to them")                  \
    X(REJECTED_CONSTRAINT, "constraint", "the delete would violate another constraint")            \
    X(REJECTED_TRIGGER, "trigger", "a trigger BEFORE DELETE that raises no error")                 \
    X(REJECTED_EXCEPTION, "exception", "a trigger or function raises an exception")                \
    X(REJECTED_DATA, "data", "an expression or a trigger fails on them")                           \
    X(REJECTED_UNCOUNTED, "uncounted", "rows would be deleted or updated without being counted")   \
    X(REJECTED_TOO_SLOW, "too_slow", "one row alone takes longer than statement_timeout")          \
    X(REJECTED_OTHER, "other", "another error")

#define CODES_ENUM(name, code, sentence) name,
enum job_state { JOB_STATES(CODES_ENUM) };
enum reason { REASONS(CODES_ENUM) };
enum run_outcome { RUN_OUTCOMES(CODES_ENUM) };
enum vacuum_outcome { VACUUM_OUTCOMES(CODES_ENUM) };
enum batch_outcome { BATCH_OUTCOMES(CODES_ENUM) };
enum rejected_reason { REJECTED_REASONS(CODES_ENUM) };

#define CODES_COUNT(name, code, sentence) +1
enum {
    JOB_STATE_COUNT = 0 JOB_STATES(CODES_COUNT),
    REASON_COUNT = 0 REASONS(CODES_COUNT),
    RUN_OUTCOME_COUNT = 0 RUN_OUTCOMES(CODES_COUNT),
    VACUUM_OUTCOME_COUNT = 0 VACUUM_OUTCOMES(CODES_COUNT),
    BATCH_OUTCOME_COUNT = 0 BATCH_OUTCOMES(CODES_COUNT),
    REJECTED_REASON_COUNT = 0 REJECTED_REASONS(CODES_COUNT)
};

const char *job_state_code(enum job_state state);
const char *job_state_sentence(enum job_state state);
const char *reason_code(enum reason reason);
const char *reason_sentence(enum reason reason);
const char *run_outcome_code(enum run_outcome outcome);
const char *run_outcome_sentence(enum run_outcome outcome);
const char *vacuum_outcome_code(enum vacuum_outcome outcome);
const char *vacuum_outcome_sentence(enum vacuum_outcome outcome);
const char *batch_outcome_code(enum batch_outcome outcome);
const char *batch_outcome_sentence(enum batch_outcome outcome);
const char *rejected_reason_code(enum rejected_reason reason);
const char *rejected_reason_sentence(enum rejected_reason reason);

#endif
