/*
 * job_spec: what a job is told to do, and how its database is reached, as plain data.
 *
 * config/ fills and frees it (config/settings.h); everybody else only reads it. After a load every
 * job has a database that exists, a table, an expiry rule and all values in range.
 */
#ifndef PGPURGED_MODEL_JOB_SPEC_H
#define PGPURGED_MODEL_JOB_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/columns.h"
#include "model/expiry.h"
#include "model/scans.h"
#include "model/vacuums.h"
#include "model/week.h"

enum expires_kind {
    EXPIRES_AFTER_MARK, /* deleted_at + 30d */
    EXPIRES_AT,         /* at expires_at */
    EXPIRES_BY_ROW      /* created_at + delete_after_days * 1d */
};

struct expires {
    enum expires_kind kind;
    char *column;    /* as PostgreSQL stores the name: unquoted, folded to lower case unless it was
                        quoted */
    char *retention; /* canonical, as written to PostgreSQL's interval: "30 days"; only for
                        EXPIRES_AFTER_MARK */
    int64_t retention_least_ms; /* the shortest that it can be: a month counts 28 days, a year 365;
                                   only for EXPIRES_AFTER_MARK */
    char *row_column;           /* EXPIRES_BY_ROW: holds the retention of the row... */
    char *row_unit;             /* ... in this unit, an interval: "1 day" */
    int64_t row_unit_least_ms;
    int64_t row_least_ms; /* no row's retention counts as less: min_retention */
    char *written;        /* canonical form for --print-config: `deleted_at + 30d` */
};

/* A table's name as PostgreSQL stores it. */
struct table_name {
    char *schema, *name;
    char *written; /* canonical form: `public.orders`, quoted where it must be */
};

/* A reference to the job's table that no foreign key declares: COLUMN of TABLE holds its key. */
struct reference {
    struct table_name table;
    char *column;
    char *referenced;                 /* column of the job's table; NULL = its primary key */
    char *where_column, *where_value; /* only rows with this value refer to it; NULL = all */
    char *written;                    /* canonical form, also its name where one is needed */
};

struct references {
    struct reference *list;
    size_t count;
};

/* What becomes of rows that refer to due ones. */
enum children {
    CHILDREN_SKIP,    /* they keep the due row */
    CHILDREN_CASCADE, /* those of a foreign key ON DELETE CASCADE go first, the others keep it */
    CHILDREN_DELETE   /* they go first */
};

enum synchronous_commit {
    COMMIT_OFF,
    COMMIT_LOCAL,
    COMMIT_REMOTE_WRITE,
    COMMIT_ON,
    COMMIT_REMOTE_APPLY
};

struct job_settings {
    char *name; /* what stands in [job NAME] */
    int line;   /* of its section header */
    char *database;
    struct table_name table;
    bool enabled;
    struct expires expires;
    enum epoch_unit epoch;
    struct never_expires never_expires;
    struct flags flags;
    char *where;           /* one SQL expression; "" = none */
    char *column_timezone; /* zone of a zoneless column; "" = none declared */
    struct week window;
    char *window_written; /* canonical text of the window */
    char *timezone;       /* of the window; checked by the database at preflight */
    int64_t every_ms;
    int64_t batch_time_ms;
    int64_t batch_rows;
    int64_t duty_cycle_percent, max_duty_cycle_percent;
    int64_t max_rows_per_second; /* 0 = no limit */
    int64_t max_rejected_rows;   /* of a run */
    int64_t workers;
    bool drop_partitions;
    struct columns audit_digest; /* of these columns of the rows that go; empty = none */
    int64_t lock_timeout_ms, statement_timeout_ms;
    enum synchronous_commit synchronous_commit;
    enum scan_wish scan;
    enum vacuum_wish vacuum;
    enum children children;
    int64_t children_depth;
    char *children_unindexed;  /* names of references without an index that are accepted, "a, b" */
    char *non_firing_triggers; /* names of triggers that need not fire, "a, b" */
    char *allow_triggers;      /* names of triggers that may change other rows, "a, b" */
    struct references references;
};

struct database_settings {
    char *name;
    int line;
    char *conninfo; /* may hold a password: never printed as it is */
    int64_t max_connections;
    int64_t connect_timeout_ms;
    /* Limits for all of its jobs; 0 = none. */
    int64_t max_replica_lag_bytes, max_replica_lag_ms;
    char *replicas; /* application_names that count: "a, b"; "" = all */
    int64_t max_slot_lag_bytes;
    int64_t max_wal_rate_bytes; /* per second */
    int64_t max_active_sessions;
    int64_t max_snapshot_age_ms;
    int64_t max_hold_ms;
};

#endif
