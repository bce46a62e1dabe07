#include "config/options.h"

#include "config/settings.h"
#include "config/suggest.h"

/* The order of enum log_level. */
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

/* The order of enum synchronous_commit. */
static const char *const synchronous_commits[] = {"off", "local",        "remote_write",
                                                  "on",  "remote_apply", NULL};

/* The order of enum scan_wish. */
static const char *const scans[] = {"auto", "heap", "index", NULL};

/* The order of enum vacuum_wish. */
static const char *const vacuums[] = {"auto", "after", "never", NULL};

/* The order of enum children. */
static const char *const children[] = {"skip", "cascade", "delete", NULL};

/* The order of enum epoch_unit. */
static const char *const epochs[] = {"none", "s", "ms", "us", NULL};

#define FIELD(kind, record, field) .section = kind, .offset = offsetof(struct record, field)
#define DAEMON(field)              FIELD(SECTION_PGPURGED, settings, field)
#define DATABASE(field)            FIELD(SECTION_DATABASE, database_settings, field)
#define JOB(field)                 FIELD(SECTION_JOB, job_settings, field)

/* One row, one option. */
/* clang-format off */
static bool is_database_option(const char *name)
{
    return option_find(SECTION_DATABASE, name) != NULL;
}

const struct config_option config_options[] = {
    /* the daemon */
    {DAEMON(log_level), .name = "log_level", .type = &option_choice, .choices = log_levels,
     .fallback = "info",
     .doc = "How much the daemon writes to stderr."},
    {DAEMON(min_retention_ms), .name = "min_retention", .type = &option_duration, .fallback = "1d",
     .least = "1s", .most = "36500d",
     .doc = "The shortest retention that a job may have. It catches typos: 3h instead of 3d "
            "is an error and deletes nothing."},

    {DAEMON(socket), .name = "socket", .type = &option_path, .fallback = "", .may_be_empty = true,
     .needs_restart = true,
     .doc = "The Unix socket for pgpurgectl and the status. Empty means pgpurged.sock in "
            "the runtime directory of the systemd service; without systemd there is no "
            "socket then."},
    {DAEMON(socket_group), .name = "socket_group", .type = &option_text, .fallback = "",
     .may_be_empty = true, .needs_restart = true,
     .doc = "The group whose members may open the socket and read the status. Empty means "
            "the daemon's own group."},
    {DAEMON(control_group), .name = "control_group", .type = &option_text, .fallback = "",
     .may_be_empty = true, .needs_restart = true,
     .doc = "The group whose members may run, pause and resume jobs and reload the "
            "configuration. Root and the daemon's own user always may."},
    {DAEMON(metrics_listen), .name = "metrics_listen", .type = &option_address, .fallback = "",
     .may_be_empty = true, .needs_restart = true, .example = "127.0.0.1:9788",
     .doc = "ADDRESS:PORT of the TCP port for /metrics and /healthz, without "
            "authentication. Empty means no port."},
    {DAEMON(state_directory), .name = "state_directory", .type = &option_path,
     .fallback = "/var/lib/pgpurged", .needs_restart = true,
     .doc = "The directory in which the daemon stores which jobs are paused."},

    /* a database */
    {DATABASE(conninfo), .name = "conninfo", .type = &option_conninfo,
     .is_ours = is_database_option, .may_continue = true,
     .example = "host=/var/run/postgresql dbname=shop user=pgpurged",
     .doc = "The database, as a connection string of libpq. Put the password into a "
            "passfile and not here."},
    {DATABASE(max_connections), .name = "max_connections", .type = &option_number, .fallback = "2",
     .least = "1", .most = "100", .unit = "connections",
     .doc = "The largest number of connections to this database. Jobs without a connection "
            "wait."},
    {DATABASE(connect_timeout_ms), .name = "connect_timeout", .type = &option_duration,
     .fallback = "10s", .least = "1s", .most = "5min",
     .doc = "The daemon gives up an attempt to connect after this time and tries again "
            "later."},

    /* a database: what holds its jobs back (policy/limits.h) */
    {DATABASE(max_replica_lag_bytes), .name = "max_replica_lag", .type = &option_size,
     .fallback = "64MB", .least = "0", .most = "1000TB",
     .doc = "Jobs are throttled when a replica has more than half of this WAL to replay, "
            "and held when it has more than this. 0 means no limit."},
    {DATABASE(max_replica_lag_ms), .name = "max_replica_lag_time", .type = &option_duration,
     .fallback = "10s", .least = "0s", .most = "1d",
     .doc = "The same limit as a time, compared with replay_lag of pg_stat_replication. 0s "
            "means no limit."},
    {DATABASE(replicas), .name = "replicas", .type = &option_list, .fallback = "",
     .may_be_empty = true,
     .doc = "The replicas that count for these limits, by application_name, separated by "
            "commas. Empty means all. Leave out a replica that is delayed on purpose."},
    {DATABASE(max_slot_lag_bytes), .name = "max_slot_lag", .type = &option_size,
     .fallback = "10GB", .least = "0", .most = "1000TB",
     .doc = "Jobs are throttled when a replication slot retains more than half of this WAL, "
            "and held when it retains more than this. 0 means no limit."},
    {DATABASE(max_wal_rate_bytes), .name = "max_wal_rate", .type = &option_size,
     .fallback = "0", .least = "0", .most = "1TB",
     .doc = "WAL per second of the whole server. Jobs are throttled above it, and held if "
            "the other sessions alone write more. 0 means no limit."},
    {DATABASE(max_active_sessions), .name = "max_active_sessions", .type = &option_number,
     .fallback = "0", .least = "0", .most = "100000", .unit = "sessions",
     .doc = "Jobs are held while more sessions than this are active on the server. The "
            "daemon's own sessions do not count. 0 means no limit."},
    {DATABASE(max_snapshot_age_ms), .name = "max_snapshot_age", .type = &option_duration,
     .fallback = "1h", .least = "0s", .most = "366d",
     .doc = "Jobs are throttled while a transaction older than this keeps VACUUM from "
            "removing dead rows. 0s means no limit."},
    {DATABASE(max_hold_ms), .name = "max_hold", .type = &option_duration, .fallback = "1h",
     .least = "1s", .most = "366d",
     .doc = "The longest time for which these limits may hold a job. After it the job warns "
            "and continues at a twentieth of its pace until the limit is met again."},

    /* a job: what goes */
    {JOB(database), .name = "database", .type = &option_text, .example = "shop",
     .doc = "The section [database NAME] of the table's database."},
    {JOB(table), .name = "table", .type = &option_table, .own_only = true,
     .example = "public.orders",
     .doc = "The table, as SCHEMA.TABLE. Without a schema it is in public. Put a name with "
            "capital letters or blanks into double quotes."},
    {JOB(enabled), .name = "enabled", .type = &option_bool, .fallback = "yes",
     .doc = "With no, the job is shown but never runs."},
    {JOB(expires), .name = "expires", .type = &option_expires, .example = "deleted_at + 30d",
     .doc = "When a row is due: COLUMN + RETENTION for a mark in the past, at COLUMN for a "
            "column that contains the time of expiry, COLUMN + COLUMN * UNIT for a "
            "retention in the row, as in created_at + delete_after_days * 1d. The units of "
            "a retention are min, h, d, w, mo and y."},
    {JOB(epoch), .name = "epoch", .type = &option_choice, .choices = epochs, .fallback = "none",
     .doc = "The unit of an expiry column that is an integer and counts from 1970. Values "
            "of 0 and less mean that the row is live."},
    {JOB(never_expires), .name = "never_expires", .type = &option_never_expires,
     .fallback = "", .may_be_empty = true, .may_continue = true,
     .doc = "Values of the expiry column that mean that a row is live, separated by commas: "
            "dates (they cover the whole day), times, or numbers of an epoch. NULL, 0, "
            "infinite and future values always mean this and need not be listed."},
    {JOB(flags), .name = "flag", .type = &option_flags, .fallback = "", .may_be_empty = true,
     .may_continue = true,
     .doc = "Conditions that a due row must meet as well, all of them, separated by commas: "
            "is_deleted for a column that must be true or 1, visible = false or status = "
            "deleted for a column that must have this value."},
    {JOB(where), .name = "where", .type = &option_condition, .fallback = "", .may_be_empty = true,
     .may_continue = true,
     .doc = "A SQL expression that must be true of a due row as well. Write your own "
            "functions with their schema."},
    {JOB(column_timezone), .name = "column_timezone", .type = &option_zone, .fallback = "",
     .may_be_empty = true,
     .doc = "The time zone of an expiry column without one (timestamp, date). It is "
            "required for such a column and refused for any other. Write a name from "
            "pg_timezone_names, as in Europe/Berlin: an offset such as UTC-5 is refused, because "
            "PostgreSQL reads its sign the other way round."},

    /* a job: when */
    {JOB(window), .name = "window", .type = &option_window, .fallback = "always",
     .may_continue = true, .example = "Mon-Fri 01:00-05:00, Sat-Sun 00:00-08:00",
     .doc = "When the job may run: always, or time spans separated by commas. A span may "
            "have a day or a range of days on which it begins; without one it is valid on "
            "every day. It may cross midnight, as in Mon-Fri 22:00-04:00."},
    {JOB(timezone), .name = "timezone", .type = &option_window_zone, .fallback = "UTC",
     .example = "Europe/Berlin",
     .doc = "The time zone of the window: a name from pg_timezone_names. An offset such as "
            "UTC+2 is refused, because PostgreSQL reads its sign the other way round."},
    {JOB(every_ms), .name = "every", .type = &option_duration, .fallback = "1d", .least = "1s",
     .most = "366d",
     .doc = "The time from the start of a run to the start of the next one."},

    /* a job: how fast */
    {JOB(batch_time_ms), .name = "batch_time", .type = &option_duration, .fallback = "50ms",
     .least = "1ms", .most = "60s",
     .doc = "How long a batch should take. The daemon adapts the size of a batch to what it "
            "has measured."},
    {JOB(batch_rows), .name = "batch_rows", .type = &option_number, .fallback = "1000",
     .least = "1", .most = "1000000", .unit = "rows",
     .doc = "The largest number of rows in a batch."},
    {JOB(duty_cycle_percent), .name = "duty_cycle", .type = &option_percent,
     .fallback = "40", .least = "1", .most = "100", .unit = "percent",
     .doc = "The percentage of time that the job spends in batches. It rests for the "
            "remainder."},
    {JOB(max_duty_cycle_percent), .name = "max_duty_cycle", .type = &option_percent,
     .fallback = "80", .least = "1", .most = "100", .unit = "percent",
     .doc = "duty_cycle may rise to this value if a run would not end before its window "
            "closes or before the next run is due, and only if no limit is near. A value of "
            "duty_cycle or less turns this off."},
    {JOB(max_rows_per_second), .name = "max_rows_per_second", .type = &option_number,
     .fallback = "0", .least = "0", .most = "1000000000", .unit = "rows",
     .doc = "The job rests so that it deletes at most this many rows per second. 0 means no "
            "limit."},
    {JOB(max_rejected_rows), .name = "max_rejected_rows", .type = &option_number,
     .fallback = "10000", .least = "1", .most = "1000000", .unit = "rows",
     .doc = "The daemon separates rows that the database refuses to delete, and deletes all "
            "others. A run that has met this many rejected rows ends as incomplete, because "
            "the whole table has a problem that a person has to solve."},
    {JOB(audit_digest), .name = "audit_digest", .type = &option_columns, .fallback = "",
     .may_be_empty = true,
     .doc = "Columns, usually the primary key. Each audit row then contains a SHA-256 over "
            "their values in the deleted rows, in the order of the deletion. Empty means no "
            "digest."},
    {JOB(drop_partitions), .name = "drop_partitions", .type = &option_bool, .fallback = "no",
     .doc = "With yes, the job drops a partition as a whole if its bounds are in the past "
            "and all its rows are due. This needs the rights of its owner. The partition "
            "must have no triggers ON DELETE, no foreign key that refers to it and no "
            "publication of deletes, and audit_digest must be empty."},
    {JOB(workers), .name = "workers", .type = &option_number, .fallback = "1", .least = "1",
     .most = "64", .unit = "connections",
     .doc = "The number of connections on which the job works at the same time, on "
            "different parts of its table, within max_connections. The limits are for all "
            "workers together, duty_cycle is for each."},
    {JOB(lock_timeout_ms), .name = "lock_timeout", .type = &option_duration, .fallback = "100ms",
     .least = "1ms", .most = "60s",
     .doc = "How long a batch waits for a lock. After it the batch is rolled back and the "
            "next one is smaller."},
    {JOB(statement_timeout_ms), .name = "statement_timeout", .type = &option_duration,
     .fallback = "5s", .least = "10ms", .most = "1h",
     .doc = "The longest time of a batch. At the end of the window it is shortened to the "
            "time that is left."},
    {JOB(synchronous_commit), .name = "synchronous_commit", .type = &option_choice,
     .choices = synchronous_commits, .fallback = "off",
     .doc = "PostgreSQL's parameter of this name, for the batches. With off, a crash of the "
            "server may undo the last batches, always together with their audit rows."},
    {JOB(scan), .name = "scan", .type = &option_choice, .choices = scans, .fallback = "auto",
     .doc = "How the job finds due rows: heap reads the table page by page, index uses an "
            "index that begins with the expiry column, auto takes the scan that reads fewer "
            "pages."},

    /* a job: what hangs on it */
    {JOB(children), .name = "children", .type = &option_choice, .choices = children,
     .fallback = "skip",
     .doc = "What happens to rows that refer to a due row. skip: they keep the due row. "
            "cascade: rows that refer by a foreign key ON DELETE CASCADE are deleted first, "
            "and counted. delete: the same for every foreign key except SET NULL and SET "
            "DEFAULT."},
    {JOB(children_depth), .name = "children_depth", .type = &option_number, .fallback = "3",
     .least = "1", .most = "10", .unit = "levels",
     .doc = "How many levels of references cascade and delete follow. Rows on deeper levels "
            "keep the rows above them."},
    {JOB(children_unindexed), .name = "children_unindexed", .type = &option_list, .fallback = "",
     .may_be_empty = true,
     .doc = "Foreign keys of big tables that may be without an index, by name, separated by "
            "commas. Each batch then reads the whole table."},
    {JOB(non_firing_triggers), .name = "non_firing_triggers", .type = &option_list, .fallback = "",
     .may_be_empty = true,
     .doc = "Triggers ON DELETE FOR EACH STATEMENT of partitioned tables that may stay "
            "without effect, by name, separated by commas. They do not fire, because each "
            "DELETE names a partition. A job whose table has such a trigger is refused "
            "unless the trigger is listed."},
    {JOB(allow_triggers), .name = "allow_triggers", .type = &option_list, .fallback = "",
     .may_be_empty = true,
     .doc = "Triggers that may delete and update other rows when rows are deleted, by name, "
            "separated by commas. Without it such a batch is rolled back and its rows are "
            "rejected, because the other rows may be live. With it these rows get audit rows "
            "of their own tables. If one trigger that can fire is not listed, the changes of "
            "all are judged. A trigger that only inserts rows needs no entry. TRUNCATE, "
            "foreign tables and temporary tables are not counted."},
    {JOB(references), .name = "references", .type = &option_references, .own_only = true,
     .fallback = "", .may_be_empty = true, .may_continue = true,
     .doc = "References without a foreign key, as TABLE.COLUMN, separated by commas. The "
            "column contains the primary key of the job's table, or the column after ->. "
            "where COLUMN = VALUE selects the rows that refer to this table, as in "
            "audit_log.subject_id where subject_type = Post. Such a reference is treated "
            "like a foreign key with NO ACTION. children = delete follows it only if the "
            "referenced column has a unique index."},

    /* a job: afterwards */
    {JOB(vacuum), .name = "vacuum", .type = &option_choice, .choices = vacuums, .fallback = "auto",
     .doc = "Whether the daemon runs a gentle VACUUM inside the window after a run. after: "
            "after each run that has deleted rows. never: never. auto: if the table has "
            "10,000 dead rows or more and autovacuum would not start by itself. The role "
            "needs the rights of the table's owner."},
};
/* clang-format on */

const size_t config_option_count = ARRAY_LENGTH(config_options);

static bool belongs(const struct config_option *option, enum section_kind section)
{
    if (section == SECTION_DEFAULTS)
        return option->section == SECTION_JOB && !option->own_only;
    return option->section == section;
}

const struct config_option *option_find(enum section_kind section, const char *name)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (belongs(&config_options[i], section) && text_equal(config_options[i].name, name))
            return &config_options[i];
    }
    return NULL;
}

static const struct config_option *find_anywhere(const char *name)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (text_equal(config_options[i].name, name))
            return &config_options[i];
    }
    return NULL;
}

bool option_unknown(enum section_kind section, const char *name, struct err *err)
{
    const struct config_option *elsewhere = find_anywhere(name);
    struct suggest nearest = suggest_start(name);

    if (elsewhere != NULL)
        return err_set(err, "%s: is no option of %s; it belongs in %s", name, section_form(section),
                       section_form(elsewhere->section));
    for (size_t i = 0; i < config_option_count; i++) {
        if (belongs(&config_options[i], section))
            suggest_try(&nearest, config_options[i].name);
    }
    if (nearest.name == NULL)
        return err_set(err, "%s: is no option of %s; pgpurged.conf(5) lists them", name,
                       section_form(section));
    return err_set(err, "%s: is no option of %s; did you mean %s?", name, section_form(section),
                   nearest.name);
}
