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
#include "purge/sample.h"
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
    struct mono since;      /* in this state for this reason */
    struct wall since_wall; /* the same, for people */
    char why[512];          /* the last error or other detail */
    struct pg_error last_error;
    struct wall last_error_at; /* {0} = none */

    struct loop_timer timer;
    void (*on_timer)(struct job *job);

    struct pg *pg; /* while it has one */
    struct preflight *preflight;
    bool checked; /* preflight was fine; `table` and `sql` are valid */
    struct preflight_table table;
    struct sql_statements sql;

    struct sample sample;         /* what was due at the last look; for people only */
    struct wall sampled_at;       /* {0} = never */
    int64_t rows_since_sample;    /* deleted */
    struct run_schedule schedule; /* as of the last look */
    struct window_view window;    /* likewise */
    struct wall window_changes;   /* when it closes or opens; {0} = never, or not known */
    struct wall next_run;         /* {0} = not known */
    bool has_closing;             /* the run ends for now at window_changes */

    bool run_open;
    struct run run;
    struct mono run_began, pass_began;
    int64_t rows_before; /* of the run, by an earlier start of it */
    struct walk walk;
    struct job_pass pass;
    struct pace pace;
    struct pace_step step; /* of the batch in flight */
    struct walk_range range;
    int64_t batch_number;
    struct batch *batch;
    int64_t batch_rows; /* of the last committed batch */
    double backoff_ms;  /* of the wait that goes on */
    bool skip_locked;   /* the next batch uses SKIP LOCKED */
    bool unresolved;    /* the fate of batch_number is unknown */
    int64_t blocked;    /* rows set aside in this run */
    enum reason pausing;
    enum run_outcome closing;

    unsigned failures; /* in a row */
    struct breaker breaker;
    bool started, draining, paused, wants_run;
};

/* The one place where a job changes its state. `why` may be "". */
void job_enter(struct job *job, enum job_state state, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void job_set_timer(struct job *job, double wait_ms, void (*then)(struct job *job));

/* Hands the connection back. */
void job_release(struct job *job, bool broken);

/* Asks for a connection, to go on where it was. */
void job_want_connection(struct job *job);

/* job_schedule.c: with a connection: is it due, is the window open? */
void job_look_at_schedule(struct job *job);

/* Without a connection: held for a reason, looks again after a while (never for REASON_CLOCK,
 * REASON_PAUSED). */
void job_hold(struct job *job, enum reason reason, const char *why);

/* A talk (anything but a batch) has failed: does what the outcome asks for. Returns false if it
 * has. */
bool job_talk_succeeded(struct job *job, const struct pg_reply *reply);

/* Waits longer the more failures there were in a row, then calls `then`. job->why says what it was.
 */
void job_back_off(struct job *job, enum reason reason, void (*then)(struct job *job));

/* Makes job->why, the last error, tell that the breaker is open because of it. */
void job_explain_breaker(struct job *job);

/* Keeps an error for job_describe(). */
void job_note_error(struct job *job, const struct pg_error *error);

/* Ends as stopped until a reload; --once: as failed. Gives the connection back. */
void job_stop(struct job *job, const char *why);

/* Everything is put away: tells the host. */
void job_finish_drain(struct job *job);

/* job_run.c: opens the run or goes on with it. */
void job_open_run(struct job *job);
/* job_run.c: the walk has come to the leaf's end. */
void job_end_pass(struct job *job);
/* job_run.c: writes the end of the run; `detail` may be NULL. */
void job_close_run(struct job *job, enum run_outcome outcome, const char *detail);
/* job_run.c: after a lost connection, first of all. */
void job_resolve(struct job *job);
/* job_run.c: notes how far the run has come and lets go, for `reason`. */
void job_pause_run(struct job *job, enum reason reason);

/* job_batch.c: sends the next batch, or ends the pass, or pauses the run if something asks for it.
 */
void job_next_batch(struct job *job);

#endif
