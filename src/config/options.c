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
const struct config_option config_options[] = {
    /* the daemon */
    {DAEMON(log_level), .name = "log_level", .type = &option_choice, .choices = log_levels,
     .fallback = "info",
     .doc = "How much is written to stderr."},
    {DAEMON(min_retention_ms), .name = "min_retention", .type = &option_duration, .fallback = "1d",
     .least = "1s", .most = "36500d",
     .doc = "No job's retention may be shorter than this, so that a slip like 3h for 3d is an "
            "error and not a purge."},

    {DAEMON(socket), .name = "socket", .type = &option_path, .fallback = "", .may_be_empty = true,
     .needs_restart = true,
     .doc = "The Unix socket for pgpurgectl and status. Empty means pgpurged.sock in the folder "
            "that systemd makes for the service, and none without systemd."},
    {DAEMON(socket_group), .name = "socket_group", .type = &option_text, .fallback = "",
     .may_be_empty = true, .needs_restart = true,
     .doc = "The group that may open the socket and read status; empty means the daemon's own."},
    {DAEMON(control_group), .name = "control_group", .type = &option_text, .fallback = "",
     .may_be_empty = true, .needs_restart = true,
     .doc = "The group whose members may run, pause and resume jobs and reload, beside root and "
            "the daemon's own user."},
    {DAEMON(metrics_listen), .name = "metrics_listen", .type = &option_address, .fallback = "",
     .may_be_empty = true, .needs_restart = true, .example = "127.0.0.1:9788",
     .doc = "ADDRESS:PORT on which /metrics and /healthz are answered to everyone; empty means "
            "none."},
    {DAEMON(state_directory), .name = "state_directory", .type = &option_path,
     .fallback = "/var/lib/pgpurged", .needs_restart = true,
     .doc = "The folder in which the daemon remembers which jobs are paused."},

    /* a database */
    {DATABASE(conninfo), .name = "conninfo", .type = &option_conninfo, .may_continue = true,
     .example = "host=/var/run/postgresql dbname=shop user=pgpurged",
     .doc = "Where the database is: a connection string as libpq reads it. Keep a password out "
            "of it with passfile."},
    {DATABASE(max_connections), .name = "max_connections", .type = &option_number, .fallback = "2",
     .least = "1", .most = "100", .unit = "connections",
     .doc = "At most so many jobs of this database run at the same time; the others wait."},
    {DATABASE(connect_timeout_ms), .name = "connect_timeout", .type = &option_duration,
     .fallback = "10s", .least = "1s", .most = "5min",
     .doc = "An attempt to connect is given up after this time and made again later."},

    /* a database: what holds its jobs back (policy/limits.h) */
    {DATABASE(max_replica_lag_bytes), .name = "max_replica_lag", .type = &option_size,
     .fallback = "64MB", .least = "0", .most = "1000TB",
     .doc = "Jobs go slower when a replica has more than half of this to replay, and are held when "
            "it has more than this; 0 means no limit."},
    {DATABASE(max_replica_lag_ms), .name = "max_replica_lag_time", .type = &option_duration,
     .fallback = "10s", .least = "0s", .most = "1d",
     .doc = "The same in time, by replay_lag of pg_stat_replication; 0s means no limit."},
    {DATABASE(replicas), .name = "replicas", .type = &option_list, .fallback = "",
     .may_be_empty = true,
     .doc = "The replicas that count, by application_name, separated by commas; empty means all. "
            "Leave out one that is behind on purpose."},
    {DATABASE(max_slot_lag_bytes), .name = "max_slot_lag", .type = &option_size,
     .fallback = "10GB", .least = "0", .most = "1000TB",
     .doc = "Jobs go slower when a replication slot keeps back more than half of this WAL, and are "
            "held when it is more than this; 0 means no limit."},
    {DATABASE(max_wal_rate_bytes), .name = "max_wal_rate", .type = &option_size,
     .fallback = "0", .least = "0", .most = "1TB",
     .doc = "WAL in a second, of all sessions of the server together, beyond which jobs go slower, "
            "and are held if the others alone write more; 0 means no limit."},
    {DATABASE(max_active_sessions), .name = "max_active_sessions", .type = &option_number,
     .fallback = "0", .least = "0", .most = "100000", .unit = "sessions",
     .doc = "Jobs are held while more sessions than this are at work on the server, our own not "
            "counted; 0 means no limit."},
    {DATABASE(max_snapshot_age_ms), .name = "max_snapshot_age", .type = &option_duration,
     .fallback = "1h", .least = "0s", .most = "366d",
     .doc = "Jobs go slower while a transaction older than this keeps deleted rows from being "
            "cleaned up; 0s means no limit."},
    {DATABASE(max_hold_ms), .name = "max_hold", .type = &option_duration, .fallback = "1h",
     .least = "1s", .most = "366d",
     .doc = "A job that one of these limits has held for so long warns, and goes on at a "
            "twentieth of its pace until the limit is kept again."},

    /* a job: what goes */
    {JOB(database), .name = "database", .type = &option_text, .example = "shop",
     .doc = "The section [database NAME] that the table is in."},
    {JOB(table), .name = "table", .type = &option_table, .own_only = true,
     .example = "public.orders",
     .doc = "The table, as SCHEMA.TABLE; without a schema it is in public. A name with capital "
            "letters or blanks stands in double quotes."},
    {JOB(enabled), .name = "enabled", .type = &option_bool, .fallback = "yes",
     .doc = "With no, the job is shown, but never runs."},
    {JOB(expires), .name = "expires", .type = &option_expires, .example = "deleted_at + 30d",
     .doc = "When a row may go: COLUMN + RETENTION for a mark that was set in the past, at "
            "COLUMN for a column that holds the time of expiry itself, COLUMN + COLUMN * UNIT for a "
            "retention that stands in the row, as in created_at + delete_after_days * 1d. A "
            "retention has a unit: min, h, d, w, mo or y."},
    {JOB(epoch), .name = "epoch", .type = &option_choice, .choices = epochs, .fallback = "none",
     .doc = "The unit of an expiry column that is an integer, counted from 1970; 0 and less are no "
            "marks."},
    {JOB(never_expires), .name = "never_expires", .type = &option_never_expires, .fallback = "", .may_be_empty = true,
     .may_continue = true,
     .doc = "Values of the expiry column that mean that a row is live, separated by commas: dates, "
            "which stand for their whole day, times, or numbers of an epoch. NULL, 0, infinite and "
            "future ones mean so in any case, and may be listed."},
    {JOB(flags), .name = "flag", .type = &option_flags, .fallback = "", .may_be_empty = true,
     .may_continue = true,
     .doc = "A row is due only if these say so as well, all of them, separated by commas: "
            "is_deleted for a column that must be true or 1, visible = false or status = deleted "
            "for one that must have a value."},
    {JOB(where), .name = "where", .type = &option_condition, .fallback = "", .may_be_empty = true,
     .may_continue = true,
     .doc = "A row is due only if this SQL expression is true of it as well. A function of your "
            "own needs its schema."},
    {JOB(column_timezone), .name = "column_timezone", .type = &option_text, .fallback = "",
     .may_be_empty = true,
     .doc = "The time zone in which a column without one (timestamp, date) was written; it "
            "must be set for such a column, and for no other."},

    /* a job: when */
    {JOB(window), .name = "window", .type = &option_window, .fallback = "always",
     .may_continue = true, .example = "Mon-Fri 01:00-05:00, Sat-Sun 00:00-08:00",
     .doc = "When the job may run: always, or spans of the week, separated by commas. A span has a "
            "day or a range of days, those on which it begins, or none for every day; it may go "
            "across midnight, as in Mon-Fri 22:00-04:00."},
    {JOB(timezone), .name = "timezone", .type = &option_text, .fallback = "UTC",
     .example = "Europe/Berlin",
     .doc = "The time zone of the window, by a name that PostgreSQL knows."},
    {JOB(every_ms), .name = "every", .type = &option_duration, .fallback = "1d", .least = "1s",
     .most = "366d",
     .doc = "How long after the start of a run the next one is due."},

    /* a job: how fast */
    {JOB(batch_time_ms), .name = "batch_time", .type = &option_duration, .fallback = "50ms",
     .least = "1ms", .most = "60s",
     .doc = "How long a batch should take; its size follows from what was measured."},
    {JOB(batch_rows), .name = "batch_rows", .type = &option_number, .fallback = "1000",
     .least = "1", .most = "1000000", .unit = "rows",
     .doc = "A batch never has more rows than this."},
    {JOB(duty_cycle_percent), .name = "duty_cycle", .type = &option_percent, .fallback = "40", .least = "1",
     .most = "100", .unit = "percent",
     .doc = "Which part of the time is spent in batches; the job rests for the remainder."},
    {JOB(max_duty_cycle_percent), .name = "max_duty_cycle", .type = &option_percent, .fallback = "80",
     .least = "1", .most = "100", .unit = "percent",
     .doc = "duty_cycle may go up to this where a run would not be over before its window closes or the "
            "next one is due, as long as no limit is near; with duty_cycle itself or less it never does."},
    {JOB(max_rows_per_second), .name = "max_rows_per_second", .type = &option_number,
     .fallback = "0", .least = "0", .most = "1000000000", .unit = "rows",
     .doc = "The job rests so that it removes no more rows a second than this; 0 means no "
            "limit."},
    {JOB(max_rejected_rows), .name = "max_rejected_rows", .type = &option_number,
     .fallback = "10000", .least = "1", .most = "1000000", .unit = "rows",
     .doc = "Rows that the database refuses to delete are set aside one by one, and all others go. "
            "A run that has met so many of them ends as incomplete without looking at the rest: "
            "something is wrong with the whole table, and a person has to look."},
    {JOB(audit_digest), .name = "audit_digest", .type = &option_columns, .fallback = "",
     .may_be_empty = true,
     .doc = "Columns, usually the primary key: each audit row gets a SHA-256 over their values in "
            "the rows that are gone, in the order of their deletion. Empty means none."},
    {JOB(drop_partitions), .name = "drop_partitions", .type = &option_bool, .fallback = "no",
     .doc = "With yes, a partition that is over by its bounds and holds nothing but expired rows is "
            "dropped in one piece instead of row by row, which needs its owner's rights. It must "
            "have no triggers ON DELETE, no foreign key may point at it, no publication of deletes "
            "may have it, and audit_digest must be empty."},
    {JOB(workers), .name = "workers", .type = &option_number, .fallback = "1", .least = "1",
     .most = "64", .unit = "connections",
     .doc = "On so many connections at once, within max_connections, the job works on different "
            "parts of its table; the limits hold for all of them together, duty_cycle for each."},
    {JOB(lock_timeout_ms), .name = "lock_timeout", .type = &option_duration, .fallback = "100ms",
     .least = "1ms", .most = "60s",
     .doc = "How long a batch waits for a lock before it gives way and becomes smaller."},
    {JOB(statement_timeout_ms), .name = "statement_timeout", .type = &option_duration,
     .fallback = "5s", .least = "10ms", .most = "1h",
     .doc = "No batch lasts longer than this; at the end of the window it is cut to what is "
            "left."},
    {JOB(synchronous_commit), .name = "synchronous_commit", .type = &option_choice,
     .choices = synchronous_commits, .fallback = "off",
     .doc = "As in PostgreSQL, for the batches. With off, a crash of the server may undo the "
            "last batches, always together with their audit rows."},
    {JOB(scan), .name = "scan", .type = &option_choice, .choices = scans, .fallback = "auto",
     .doc = "How due rows are found: heap reads the table page by page, index takes them from an "
            "index that begins with the column of expires, auto takes what touches fewer pages."},

    /* a job: what hangs on it */
    {JOB(children), .name = "children", .type = &option_choice, .choices = children,
     .fallback = "skip",
     .doc = "What becomes of rows that refer to a due one. With skip they keep it; with cascade "
            "those of a foreign key ON DELETE CASCADE are deleted first, and counted; with delete "
            "those of every foreign key but SET NULL and SET DEFAULT."},
    {JOB(children_depth), .name = "children_depth", .type = &option_number, .fallback = "3",
     .least = "1", .most = "10", .unit = "levels",
     .doc = "So many levels of references are followed with cascade and delete; what is below keeps "
            "the rows above it."},
    {JOB(children_unindexed), .name = "children_unindexed", .type = &option_list, .fallback = "",
     .may_be_empty = true,
     .doc = "Foreign keys of big tables, by name and separated by commas, that may be without an "
            "index; each batch then reads such a table whole."},
    {JOB(non_firing_triggers), .name = "non_firing_triggers", .type = &option_list, .fallback = "",
     .may_be_empty = true,
     .doc = "Triggers ON DELETE FOR EACH STATEMENT of partitioned tables, by name and separated by "
            "commas, that may be silent: each DELETE names a partition, so that they don't fire. "
            "A job with one that is not listed is refused."},
    {JOB(references), .name = "references", .type = &option_references, .own_only = true,
     .fallback = "", .may_be_empty = true, .may_continue = true,
     .doc = "References that no foreign key declares, treated like one with NO ACTION: "
            "TABLE.COLUMN, separated by commas. It holds the table's primary key, or what "
            "-> COLUMN names; where COLUMN = VALUE picks the rows that refer to this table, as in "
            "audit_log.subject_id where subject_type = Post. To be followed by children = delete "
            "it needs a unique index on the column that it refers to."},

    /* a job: afterwards */
    {JOB(vacuum), .name = "vacuum", .type = &option_choice, .choices = vacuums, .fallback = "auto",
     .doc = "Whether the daemon vacuums a table after a run, inside the window and gently: after "
            "each run that has removed rows, never, or auto: if 10,000 dead rows or more are in "
            "it and autovacuum would not come by itself. Only a role with the table owner's "
            "rights may."},
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
