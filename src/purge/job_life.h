/*
 * job_life: the inside of struct job, for the two files that make it work: job.c (waiting,
 * connecting, checking, draining) and job_run.c (a run from open to close).
 */
#ifndef PGPURGED_PURGE_JOB_LIFE_H
#define PGPURGED_PURGE_JOB_LIFE_H

#include "decide/breaker.h"
#include "decide/pace.h"
#include "decide/window.h"
#include "purge/batch.h"
#include "purge/job.h"
#include "purge/preflight.h"
#include "purge/run.h"
#include "purge/walk.h"

/* One pass over the leaf. */
struct job_pass {
    struct run_pass began;
    bool whole;   /* it began at block 0 */
    bool quiet;   /* no other transaction that writes was in progress when it began, and nothing
                     unknown has happened since */
    int64_t rows; /* deleted */
    int64_t writing_batches; /* batches that have deleted rows: each took a transaction id */
    int64_t skipped;         /* due rows left behind because others had locked them */
};

struct job {
    const struct job_settings *settings;
    struct job_host host;
    enum job_state state;
    enum reason reason;
    struct mono since; /* in this state for this reason */
    char why[512];     /* the last error or other detail, for people */

    struct loop_timer timer;
    void (*on_timer)(struct job *job);

    struct pg *pg; /* while it has one */
    struct preflight *preflight;
    bool checked; /* preflight was fine; `table` and `sql` are valid */
    struct preflight_table table;
    struct sql_statements sql;

    struct window_view window; /* as of the last look */
    bool has_closing;
    struct wall closes_at;

    bool run_open;
    struct run run;
    struct mono run_began;
    struct walk walk;
    struct job_pass pass;
    struct pace pace;
    struct pace_step step; /* of the batch in flight */
    struct walk_range range;
    int64_t batch_number;
    struct batch *batch;
    bool skip_locked; /* the next batch uses SKIP LOCKED */
    bool unresolved;  /* the fate of batch_number is unknown */
    int64_t blocked;  /* rows set aside in this run */
    enum reason pausing;
    enum run_outcome closing;

    unsigned failures; /* in a row */
    struct breaker breaker;
    bool draining, paused, wants_run;
    struct job_counters counters;
};

/* The one place where a job changes its state. `why` may be "". */
void job_enter(struct job *job, enum job_state state, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void job_set_timer(struct job *job, double wait_ms, void (*then)(struct job *job));

/* Hands the connection back. */
void job_release(struct job *job, bool broken);

/* Asks for a connection, to go on where it was. */
void job_want_connection(struct job *job);

/* With a connection: is it due, is the window open? */
void job_look_at_schedule(struct job *job);

/* Without a connection: held for a reason, looks again after a while (never for REASON_CLOCK,
 * REASON_PAUSED). */
void job_hold(struct job *job, enum reason reason, const char *why);

/* A talk (anything but a batch) has failed: does what the outcome asks for. Returns false if it
 * has. */
bool job_talk_succeeded(struct job *job, const struct pg_reply *reply);

/* Ends as stopped until a reload; --once: as failed. Gives the connection back. */
void job_stop(struct job *job, const char *why);

/* Everything is put away: tells the host. */
void job_finish_drain(struct job *job);

/* Whether the database's clock can be trusted at this reading; holds the job if not. */
bool job_clock_is_fine(struct job *job, struct wall clock);

/* job_run.c: opens the run or goes on with it. */
void job_open_run(struct job *job);
/* job_run.c: after a lost connection, first of all. */
void job_resolve(struct job *job);
/* job_run.c: notes how far the run has come and lets go, for `reason`. */
void job_pause_run(struct job *job, enum reason reason);

#endif
