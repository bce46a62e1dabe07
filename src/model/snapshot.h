/*
 * snapshot: what the daemon is doing at one moment, as plain data, for all views of it: JSON,
 * metrics, the terminal, a monitoring check.
 *
 * The daemon fills one for each question, the client gets one by reading JSON. Everything inside
 * belongs to the snapshot: fill strings with text_copy() or text_format(), and snapshot_free() them
 * all. What is not known is explicit: a string is NULL, a moment is {0}, a double is NAN, a `maybe`
 * is MAYBE_UNKNOWN; that is how snapshot_new() hands it out, so only what is known has to be set.
 */
#ifndef PGPURGED_MODEL_SNAPSHOT_H
#define PGPURGED_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/codes.h"
#include "model/counters.h"
#include "model/rejected.h"

enum maybe { MAYBE_UNKNOWN, MAYBE_NO, MAYBE_YES };
enum database_role { ROLE_UNKNOWN, ROLE_PRIMARY, ROLE_STANDBY };

/* The last error of a database or a job. */
struct error_view {
    bool present;
    char *message;
    char *sqlstate; /* NULL if there is none */
    struct wall at;
};

struct daemon_view {
    char *version;
    int64_t pid;
    struct wall now, started;
    char *config_path;
    struct wall reloaded; /* the last try, good or bad; the start counts as the first */
    bool reload_ok;
    char *reload_error; /* why the new file was refused and the old settings are still in force */
    bool stopping;
    int64_t log_lines_lost; /* because the reader of the log was too slow */
};

struct database_view {
    char *name;
    bool up;              /* there is a connection, or the last try to make one succeeded */
    char *server_version; /* "15.4" */
    enum database_role role;
    double replica_lag_s;
    double clock_skew_s; /* the database's clock minus ours */
    enum maybe kill_switch;
    int64_t connections, max_connections;
    double backoff_s; /* until the next attempt to connect; 0 = none is waited for */
    int64_t failures; /* to connect, in a row */
    struct error_view error;
    struct database_counters counters;
};

struct job_window_view {
    char *spans; /* as configured: "Mon-Fri 01:00-05:00", "always" */
    char *timezone;
    enum maybe open;
    struct wall changes; /* when it closes if open, opens if not; {0} if never */
};

/* The run that is under way, or was cut off and goes on later. */
struct run_view {
    bool present;
    int64_t id;
    struct wall started, cutoff;
    char *partition; /* of a partitioned table: the one that the run is at; NULL = none */
    int64_t partition_number,
        partition_count; /* the third of fourteen; 0 = the table is not partitioned */
    int64_t pass;        /* 1, 2, ... over the partition */
    int64_t rows, batches, skipped_rows, rejected_rows;
    struct rejected_list rejected_by;
    double rows_per_second;
    int64_t batch_rows;    /* what the last batch deleted */
    int64_t chunk_blocks;  /* of the next batch */
    int64_t block, blocks; /* the scan's position, and where it ends */
    double pass_s;         /* time worked on this pass so far */
    double percent, eta_s; /* of this pass; run_view_estimate() computes them */
};

struct last_run_view {
    bool present;
    int64_t id;
    struct wall started, ended;
    enum run_outcome outcome;
    int64_t rows, batches, skipped_rows, rejected_rows;
    struct rejected_list rejected_by;
    double reusable_bytes; /* once the table has been vacuumed */
    struct wall vacuumed;  /* by us, after the run; {0} = not */
    char *detail;          /* the error, or what is left and what keeps it; NULL = nothing */
};

struct job_view {
    char *name, *database, *table;
    bool enabled;
    enum job_state state;
    enum reason reason;
    char *why;         /* a sentence with details; NULL stands for the reason's own */
    struct wall since; /* of this state */
    struct job_window_view window;
    double every_s;
    struct wall next_run;
    struct run_view run;
    struct last_run_view last_run;
    struct wall last_success;
    double oldest_overdue_s; /* how late the oldest due row is; 0 = nothing is due */
    double due_rows;         /* an estimate */
    double undated_rows; /* flagged, but without a time, so never due: an estimate; NAN also where
                            the job has no flags */
    char *breaker;       /* breaker_state_name() of policy/ */
    int64_t failures;    /* in a row */
    double backoff_s;    /* until the next try; 0 = none is waited for */
    struct error_view error;
    struct job_counters counters;
};

struct snapshot {
    struct daemon_view daemon;
    struct database_view *databases;
    size_t database_count;
    struct job_view *jobs;
    size_t job_count;
};

/* A snapshot with so many databases and jobs, everything unknown, counters at zero, nothing backing
 * off. */
struct snapshot *snapshot_new(size_t database_count, size_t job_count);
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/* Replaces every string by what a terminal may get (base/printable.h). */
void snapshot_make_printable(struct snapshot *snapshot);

/* NULL if there is none of that name. */
const struct job_view *snapshot_job(const struct snapshot *snapshot, const char *name);
const struct database_view *snapshot_database(const struct snapshot *snapshot, const char *name);

/* Sets percent and eta_s from the position and the time worked; NAN where it is too early to say.
 */
void run_view_estimate(struct run_view *run);

/* Rejected rows that are known now: of the last run, or of the one under way if that found more. */
int64_t job_view_rejected_rows(const struct job_view *job);
/* What keeps these. */
const struct rejected_list *job_view_rejected_by(const struct job_view *job);

/* The sentence that answers "why?": the job's own, or the one of its reason. */
const char *job_view_why(const struct job_view *job);

static inline bool wall_known(struct wall moment)
{
    return moment.us != 0;
}

#endif
