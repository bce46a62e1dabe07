/*
 * job_life: the inside of struct job, for the files that make it work. In the order of its life:
 *
 *   job.c           states and timers, connections, preflight, draining
 *   job_trouble.c   holding, backing off, stopping
 *   job_schedule.c  when the next run is due, and whether the window is open
 *   job_turn.c      who goes first
 *   job_run.c       a run, from open to close, and its passes
 *   job_partitions.c    the leaves that it goes over
 *   job_drop.c      a partition: in one piece, or row by row
 *   job_find.c      how the rows of a pass are found
 *   job_batch.c     batch after batch
 *   job_settle.c    what becomes of the run when one has failed
 *   job_limits.c    what slows them down or holds them
 *   job_vacuum.c    after the run
 *   job_watch.c     whether anybody waits for its VACUUM
 *   job_describe.c  what status shows
 */
#ifndef PGPURGED_ENGINE_JOB_LIFE_H
#define PGPURGED_ENGINE_JOB_LIFE_H

#include "catalog/partitions.h"
#include "catalog/preflight.h"
#include "catalog/rights.h"
#include "engine/batch.h"
#include "engine/drop_partition.h"
#include "engine/fk_blocked.h"
#include "engine/index_slices.h"
#include "engine/job.h"
#include "engine/limits.h"
#include "engine/probe.h"
#include "engine/rejected.h"
#include "engine/run_store.h"
#include "engine/sample.h"
#include "engine/scan.h"
#include "policy/circuit_breaker.h"
#include "policy/next.h"
#include "policy/pacing.h"
#include "policy/scan_choice.h"
#include "policy/window.h"

/* What the last look at the table and at the clocks has shown (job_schedule.c). */
struct job_look {
    struct sample sample;         /* what was due; for people only */
    struct wall sampled_at;       /* {0} = never */
    int64_t rows_since;           /* deleted since the sample */
    struct run_schedule schedule; /* what decides when the next run begins */
    struct window_view window;
    struct wall window_changes; /* when it closes or opens; {0} = never, or not known */
    struct wall next_run;       /* {0} = not known */
    bool has_closing;           /* the run ends for now at window_changes */
};

/* A job's place among those of its database (job_turn.c). */
struct job_turn {
    bool in_line; /* a run is due and not open: host.may_begin() says when */
    struct mono since;
    struct mono run_ended; /* the last one of this process; {0} = none */
};

/* How an open run goes here; what outlives this process is its row in the database, struct run
 * (job_run.c). */
struct job_course {
    bool open;
    struct mono began;
    int64_t rows_before; /* of the run, by an earlier start of it */
    double row_bytes;    /* what a row of the table takes on disk; NAN = not known */
    enum reason pausing;
    enum run_outcome closing;
};

/* The due rows that a run leaves where they are, by why. */
struct job_left {
    int64_t skipped;              /* others had locked them; in leaves that are over */
    struct fk_blocked fk_blocked; /* rows to which others refer */
    struct rejected rejected;     /* rows set aside, and which of them are no news */
    bool only_rejected;           /* nothing else that is due is left at the run's end */
};

/* The leaves of a run, and how far it has come with them (job_partitions.c). */
struct job_partitions {
    struct partitions all;
    int64_t gone;          /* OID of one that the server says is gone; 0 = none */
    bool listed;           /* the partitions were looked up for this run */
    bool listed_since;     /* and again since the last partition was over */
    bool moving;           /* due rows of a partition kept moving behind the scan */
    int rounds;            /* over all partitions */
    int64_t rows_at_round; /* run.rows when the last one began */
    int most_passes;       /* over one partition */
};

/* One pass over the partition (job_run.c). */
struct job_pass {
    struct run_pass began;
    struct mono started;
    bool scaning; /* its way to find rows is chosen: it goes on where it was after a pause */
    bool whole;   /* it began at block 0, and what it has left behind it stayed as it was, as far as
                     we know */
    bool quiet;   /* no other transaction that writes was in progress when it began, and nothing
                     unknown has happened since */
    int64_t rows; /* deleted */
    int64_t writing_batches; /* batches that have deleted rows: each took a transaction id */
    int64_t skipped;         /* due rows left behind because others had locked them */
    double busy_s;           /* spent in batches */
    double busy_work;        /* the places of the scan done in them */
};

/* How the rows of a pass are found, and why so (job_find.c). */
struct job_find {
    struct probe_index index;
    bool index_known;          /* `index` is of this run */
    struct choose_facts facts; /* with which this pass began */
    struct choice choice;      /* likewise */
    int64_t looked_at;         /* struct choose_progress */
    bool reconsidering; /* nothing is sent: the choice is looked at again when all have landed */
};

/* What a pass can go by; job->scan is one of the first two. */
struct job_scans {
    struct scan heap;     /* over the partition's blocks; knows the rows that are rejected */
    struct scan list;     /* over the TIDs of a slice */
    struct slices slices; /* of an index scan */
};

struct lane;

/* A batch on its way. */
struct flight {
    struct lane *lane;
    struct batch *batch; /* NULL = nothing in flight */
    int64_t number;
    struct scan_range range;
    struct pace_step step;
    struct mono sent;
    struct mono began; /* the same, or when the one before it landed if that was later */
    bool skip_locked;
};

/* One connection's share of a run: a worker. All lanes take from the same scan and follow the same
 * pace. While the server works on one flight, the next is on its way, and more where it is far, so
 * that neither distance nor commit latency leaves it idle. */
struct lane {
    struct job *job;
    struct pg *pg; /* NULL = not there */
    struct flight flights[PACE_MOST_IN_FLIGHT];
    int in_flight;
    int behind;           /* of those, sent before one of this lane was known to have failed */
    bool broken;          /* its connection is lost or in trouble */
    struct mono may_send; /* not before, as duty cycle and max_rows_per_second ask */
    struct mono landed;   /* the last one */
    double period_ms;     /* how far apart its flights leave; 0 = as soon as they can */
    double server_ms;     /* how long the server worked on the last one */
    bool by_rate;         /* because of max_rows_per_second */
};

/* The connections of a run. */
struct job_lanes {
    struct lane *all; /* as many as the job may have workers */
    size_t count;
    size_t wanted; /* asked of the host and not there yet */
    int in_flight; /* batches, and samples of the limits, over all lanes */
};

/* The batches of a run, and what becomes of one that failed (job_batch.c). */
struct job_batches {
    int64_t number;      /* the highest one used */
    int64_t *unresolved; /* numbers of those whose status is unknown */
    size_t unresolved_count;
    bool settling; /* something has failed: nothing is sent until all have landed, then `settle` */
    struct next settle;
    bool breaker_opened;       /* by what has failed */
    bool skip_locked;          /* the next batch uses SKIP LOCKED */
    bool skips_in_vain;        /* that has met a lock all the same: not again while the scan is
                                  narrow */
    int64_t last_rows;         /* of the last committed batch */
    int64_t last_chunk_blocks; /* of the last batch that was sent */
};

/* What the database asks of a run (job_limits.c). */
struct job_limits {
    struct limiter limiter;
    struct limit_sample sample;
    struct limit_verdict verdict;       /* the last one */
    bool sampling;                      /* a sample is on its way; counts in lanes.in_flight */
    bool known;                         /* there is one */
    struct mono sampled_at, waiters_at; /* last asked for */
};

/* What went wrong, and how patient the job is with it (job_trouble.c). */
struct job_trouble {
    unsigned failures; /* in a row */
    struct breaker breaker;
    double backoff_ms; /* of the wait that goes on */
    int looks;         /* of --once, while another session runs the job */
    char *message;     /* of the last error; NULL = none */
    char sqlstate[6];
    struct wall at; /* {0} = none */
};

/* A table that is to be vacuumed after a run. */
struct vacuum_table {
    int64_t relation; /* OID */
    char *name;       /* qualified and quoted */
    int64_t rows;     /* that the run has removed from it */
    bool own;         /* a partition of the job's table, and no child */
};

/* What comes after a run (job_vacuum.c). */
struct job_vacuum {
    struct vacuum_table *tables;
    size_t count, next;
    struct mono asked, began; /* which tables; the VACUUM */
    int64_t timeout_ms;       /* of this VACUUM */
    bool wanted;              /* the next connection is for it */
    bool at_work;             /* VACUUM is on its way */
    struct pg *watcher;       /* asks whether anybody waits for it; NULL = not there */
    bool watcher_wanted;      /* asked of the host and not there yet */
    bool watching;            /* its question is on its way */
};

struct job {
    const struct job_settings *settings;
    struct job_host host;
    bool started, draining, paused, wants_run; /* what others ask of it */

    enum job_state state;
    enum reason reason;
    struct mono since;      /* in this state for this reason */
    struct wall since_wall; /* the same, for people */
    char why[512];          /* the last error or other detail */
    struct job_trouble trouble;

    struct loop_timer timer;
    void (*on_timer)(struct job *job);
    struct mono wakes; /* when it fires, or has fired */

    struct pg *pg; /* while it has one; also lanes.all[0].pg. Everything but batches goes over it */
    struct preflight *preflight;
    bool checked; /* preflight was fine; `table` and `sql` are valid */
    struct preflight_table table;
    struct sql_statements sql;
    struct vacuum_rights rights;

    struct job_look look;
    struct job_turn turn;

    struct run run; /* the open one, else the last one */
    struct job_course course;
    struct job_left left;
    struct job_partitions partitions;
    struct partition *partition; /* the one it is at; NULL = none */
    struct job_pass pass;
    struct job_find find;
    struct job_scans scans;
    struct scan *scan; /* the one that this pass goes by */
    struct pace pace;
    struct job_lanes lanes;
    struct job_batches batches;
    struct job_limits limits;

    struct job_vacuum vacuum;
};

/* --- job.c --- */

/* The one place where a job changes its state. `why` may be "". */
void job_enter(struct job *job, enum job_state state, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void job_set_timer(struct job *job, double wait_ms, void (*then)(struct job *job));
/* Asks for a connection, to go on where it was. */
void job_want_connection(struct job *job);
/* With a connection: resolves, checks, or looks at the schedule, whatever comes first. */
void job_proceed(struct job *job);
/* Hands all connections back; `broken` is about the one that queries go over. */
void job_release(struct job *job, bool broken);
/* The same in the middle of a run of which nothing was noted: job_doubt(). */
void job_release_in_doubt(struct job *job, bool broken);
/* The texts, for the partition that the run is at. */
void job_make_statements(struct job *job);
/* Everything is put away: tells the host. */
void job_finish_drain(struct job *job);

/* --- job_trouble.c --- */

/* Without a connection: held for a reason, looks again after a while (never for REASON_CLOCK). */
void job_hold(struct job *job, enum reason reason, const char *why);
/* Ends as stopped until a reload; --once: as failed. Gives the connection back. */
void job_stop(struct job *job, const char *why);
/* A query (anything but a batch) has failed: does what the outcome asks for. Returns false if it
 * has. */
bool job_query_succeeded(struct job *job, const struct pg_result *reply);
/* The same of an outcome that is known already, and not BATCH_COMMITTED. */
void job_query_failed(struct job *job, enum batch_outcome outcome, const char *why);
/* Waits longer the more failures there were in a row, then calls `then`. job->why says what it was.
 */
void job_back_off(struct job *job, enum reason reason, void (*then)(struct job *job));
/* Makes job->why, the last error, tell that the breaker is open because of it. */
void job_explain_breaker(struct job *job);
/* Keeps an error for job_describe(). */
void job_note_error(struct job *job, const struct pg_error *error);

/* --- job_schedule.c and job_turn.c --- */

/* With a connection: is it due, is the window open? */
void job_look_at_schedule(struct job *job);
/* By the database's clock, as of the last look; 0 if it is over. */
double job_seconds_until(const struct job *job, struct wall moment);
/* With a connection: opens the run that is due, when those that go first have run. */
void job_take_turn(struct job *job);

/* --- job_run.c --- */

/* Opens the run or goes on with it. */
void job_open_run(struct job *job);
/* After a lost connection, first of all: what became of the batches whose status is unknown? */
void job_resolve(struct job *job);
/* One more pass over the partition. */
void job_begin_pass(struct job *job);
/* The scan has come to the partition's end. */
void job_end_pass(struct job *job);
/* Notes how far the run has come and lets go, for `reason`. */
void job_pause_run(struct job *job, enum reason reason);
/* Writes the end of the run; `detail` may be NULL. */
void job_close_run(struct job *job, enum run_outcome outcome, const char *detail);
/* Adds what keeps the rejected rows of the run, most of them first. */
void job_list_rejected(const struct job *job, struct rejected_list *list);

/* --- job_partitions.c and job_drop.c --- */

/* A run begins with its first partition. */
void job_begin_partitions(struct job *job);
/* With a new connection: where the partition was, before or between its passes. */
void job_go_on_with_partition(struct job *job);
/* From its beginning, or once more after a pause: drops the partition, or begins a pass over it. */
void job_purge_partition(struct job *job);
/* Nothing is left to do at this partition: the next one, or the end of the run. */
void job_partition_over(struct job *job);
/* Nobody watches the server for a while, and perhaps rows that were deleted are back: this pass is
 * not the last one, and the leaves that were over lately have another turn. */
void job_doubt(struct job *job);
/* This partition is none of the table's any more; job->why says so. All have landed. */
void job_leave_partition(struct job *job);

/* --- job_find.c --- */

/* Chooses how the rows of a pass are found and begins it; the pass's facts are known. */
void job_begin_scan(struct job *job, uint32_t from_block);
/* Everything is handed out and has landed: the next slice, or the end of the pass. */
void job_end_scan(struct job *job);
/* Whether what was found so far contradicts the choice; then find.reconsidering is set. */
void job_judge_choice(struct job *job);
/* All have landed: chooses anew. */
void job_reconsider(struct job *job);
/* The row at the front of a range, as the table knows it. */
struct tid job_row_at(const struct job *job, struct tid position);
/* The TIDs of a range of an index scan, for the server; NULL on a heap scan. free() it. */
char *job_tids_of(const struct job *job, struct tid_range range);

/* --- job_batch.c and job_settle.c --- */

/* Sends the next batch, or ends the pass, or pauses the run if something asks for it. */
void job_next_batch(struct job *job);
/* REASON_NONE, or what asks for a pause. */
enum reason job_pause_reason(struct job *job);
/* Something has landed: goes on, or settles what has failed. */
void job_landed(struct job *job);
/* When all have landed, does what `next` says, unless something graver has happened. */
void job_settle_with(struct job *job, struct next next, const char *why);
/* What became of this one must be asked before the run goes on. */
void job_note_unresolved(struct job *job, int64_t number);
/* Pauses the run for it; job->why is the last failure. */
void job_open_breaker(struct job *job);

/* --- job_limits.c --- */

/* A run begins with no limit known. */
void job_start_limits(struct job *job);
/* Samples if it is time to. Returns whether batches may be sent; else the job is held, or waits for
 * its first sample. */
bool job_within_limits(struct job *job);
/* Whether the next batch is to ask who waits for its locks. */
bool job_asks_waiters(struct job *job);

/* --- job_vacuum.c and job_watch.c --- */

/* After preflight: may we vacuum? Then job_look_at_schedule(). */
void job_learn_rights(struct job *job);
/* Asks how much space a due row takes, then job_open_run(). */
void job_measure_rows(struct job *job);
/* A run that has removed so many rows is closed: vacuums if it is time to, then job_end_run(). */
void job_vacuum_after_run(struct job *job, int64_t rows);
/* The connection that it wanted. */
void job_vacuum_connected(struct job *job);
/* In JOB_VACUUMING: closes its connection at once. */
void job_abandon_vacuum(struct job *job);
/* Nothing is left to do: --once has ended, or the schedule is looked at. */
void job_end_run(struct job *job);
void job_vacuum_free(struct job *job);
/* A VACUUM is on its way: has it watched. */
void job_watch_vacuum(struct job *job);
/* In JOB_VACUUMING: one more connection, and: there will be none. */
void job_vacuum_watched_by(struct job *job, struct pg *pg);
void job_vacuum_unwatched(struct job *job);

#endif
