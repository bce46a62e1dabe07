/*
 * job_life: the inside of struct job, for the files that make it work: job.c (the state machine and
 * all that is not a run), job_run.c (the steps of a run) and job_describe.c (what status shows).
 *
 * A function that enters a step returns EVENT_NONE if what it asks for is answered later, or the
 * event that has happened at once. Whoever gets an answer gives the event to job->tell().
 */
#ifndef PGPURGED_ENGINE_JOB_LIFE_H
#define PGPURGED_ENGINE_JOB_LIFE_H

#include "catalog/preflight.h"
#include "engine/job.h"
#include "engine/pass.h"
#include "engine/pipeline.h"
#include "engine/run_totals.h"
#include "engine/schedule.h"
#include "engine/targets.h"
#include "engine/throttle.h"
#include "engine/vacuum.h"
#include "policy/circuit_breaker.h"
#include "policy/job_step.h"

/* What others want of the job. */
struct job_asked {
    bool draining, paused, run_now;
};

/* What was shown last, and since when: job_step_state() and what the pipeline does. */
struct job_shown {
    enum job_state state;
    enum reason reason;
    struct mono since;
    struct wall since_wall;
};

/* What went wrong, and how patient the job is with it. */
struct job_trouble {
    unsigned failures; /* in a row */
    struct breaker breaker;
    double backoff_ms; /* of the wait that goes on */
    int attempts;      /* of --once, while another session runs the job */
    char *message;     /* of the last error; NULL = none */
    char sqlstate[6];
    struct wall at; /* {0} = none */
};

struct job {
    const struct job_settings *settings;
    struct job_host host;
    struct job_asked asked;

    enum job_step step;
    enum reason reason;         /* for which it is in this step */
    enum job_step retry;        /* STEP_BACKOFF: what is tried again with the connection */
    enum job_step resume;       /* where an open run goes on: STEP_PURGE, STEP_SCAN or STEP_LIST */
    char why[512];              /* the last error or other detail of the step */
    char *next_why;             /* of the step that comes; NULL = none */
    enum batch_outcome outcome; /* EVENT_FAILED */
    struct next next;           /* EVENT_BATCH_FAILED */
    enum reason gate;           /* EVENT_DONE of STEP_SCHEDULE */
    void (*tell)(struct job *job, enum job_event event);
    struct job_shown shown;
    struct job_trouble trouble;
    struct loop_timer timer;
    struct mono wakes; /* when it fires, or has fired */

    struct lease *lease;
    struct pg *pg; /* of the lease; everything but batches of other workers goes over it */
    enum lease_end lease_end; /* what becomes of the connection when it is let go */

    struct preflight *preflight;
    bool checked; /* preflight was fine; `table` is valid */
    struct preflight_table table;
    struct sql_statements sql; /* of the partition that the run is at, else of the table */

    struct schedule *schedule;
    struct mono due_since; /* a run is due and not open since then; {0} = it is not */
    struct mono run_ended; /* the last one of this process; {0} = none */
    int64_t rows_since;    /* deleted since the schedule's sample */

    struct run_totals totals;
    bool run_open;
    enum run_outcome closing;
    bool only_rejected;  /* the run has left nothing but rows that the database rejects */
    int64_t *unresolved; /* numbers of batches whose outcome is unknown */
    size_t unresolved_count;
    struct targets targets;
    struct pass pass;
    struct pipeline *pipeline;
    enum pipeline_activity activity; /* as of the last pipeline_fill() */
    struct throttle *throttle;
    enum reason throttled; /* for which it was last; REASON_NONE = it was not */
    struct vacuum *vacuum;
    int64_t removed_rows; /* by the run that has just ended */
};

static inline long long job_run_id(const struct job *job)
{
    return (long long)job->totals.run.id;
}

/* --- job_show.c --- */

/* Logs and tells of the state that is shown, if it has changed; `entered`: a step was, so that its
 * detail is worth a line even if the state is the same. */
void job_show(struct job *job, bool entered);

/* --- job_common.c --- */

/* Keeps the detail of the step that comes. */
void job_set_why(struct job *job, const char *why);
/* A question has failed: keeps what is known, and returns EVENT_FAILED. error may be NULL. */
enum job_event job_failed(struct job *job, enum batch_outcome outcome, const struct pg_error *error,
                          const char *why);
/* Judges a reply: EVENT_NONE if it is fine, else as job_failed(). */
enum job_event job_judge_reply(struct job *job, const struct pg_result *reply);
/* Whether the run ends for now when the window closes; a person may want it to go on. */
bool job_has_closing(const struct job *job);
/* What became of this batch must be asked before the run goes on. */
void job_note_unresolved(struct job *job, int64_t number);
/* Keeps the error of a batch for job_describe(). */
void job_note_batch_error(struct job *job, const struct pg_error *error);
/* A connection was lost, or something unknown has happened: what was done lately is re-checked. */
void job_recheck(struct job *job);
/* What keeps the run from going on; REASON_NONE = nothing. */
enum reason job_go_on_gate(struct job *job);
/* The statements for the partition that the run is at, or for the table. */
void job_make_statements(struct job *job);

/* --- job_targets.c --- */

/* Takes the next partition: EVENT_PARTITION, EVENT_LIST if they are to be listed, EVENT_EMPTY. */
enum job_event job_next_target(struct job *job);
/* Nothing is left to do at this partition: the next one. */
enum job_event job_end_partition(struct job *job);

/* --- entering the steps of a run: job_run.c, job_targets.c, job_drop.c, job_pass.c, job_purge.c
 * --- */

enum job_event job_enter_resolve(struct job *job);
enum job_event job_enter_open(struct job *job);
enum job_event job_enter_list(struct job *job);
enum job_event job_enter_drop(struct job *job);
enum job_event job_enter_scan(struct job *job);
enum job_event job_enter_purge(struct job *job);
enum job_event job_enter_refill(struct job *job);
enum job_event job_enter_rescan(struct job *job);
enum job_event job_enter_pass_end(struct job *job);
enum job_event job_enter_count_left(struct job *job);
enum job_event job_enter_close(struct job *job);
enum job_event job_enter_pause(struct job *job);

/* Whether the partition that the run is at may be dropped in one piece; logs why not. */
bool job_may_drop(struct job *job);
/* Batches have failed, and all have completed: keeps what is known, and returns EVENT_BATCH_FAILED.
 * broken: the job's connection is. */
enum job_event job_batch_failed(struct job *job, struct next next, const char *why, bool broken);
void job_on_pass(void *arg, const struct pass_event *event);
void job_on_pipeline(void *arg, const struct pipeline_event *event);
void job_on_throttle(void *arg, const struct throttle_event *event);

#endif
