/*
 * job: one job's life, from its start to its drain: waits until it is due, asks for a connection,
 * looks before it leaps (preflight), opens a run, sends batch after batch, and decides by
 * next_after() what comes next. Every change of state goes through one function that logs it once.
 *
 * The host (the daemon) owns jobs and connections. A job that wants a connection says so with
 * host.want() and gets it by job_connected(); it hands it back with host.give_back(). Host
 * functions are called from the loop and from inside job_* functions; they may call job_connected()
 * of another job.
 */
#ifndef PGPURGED_ENGINE_JOB_H
#define PGPURGED_ENGINE_JOB_H

#include <stdbool.h>

#include "base/clock.h"
#include "config/settings.h"
#include "model/codes.h"
#include "model/counters.h"
#include "model/snapshot.h"
#include "net/loop.h"
#include "net/pg_conn.h"
#include "policy/guard.h"
#include "sql/fk_graph.h"

struct job;

struct job_host {
    struct loop *loop;
    const struct database_settings *database;
    struct clock_anchor *clock;    /* of the job's database, shared by all its jobs */
    struct job_counters *counters; /* the job's; they outlive it */
    bool once;                     /* --once: one run now, whatever the window and `every` */
    void *arg;
    const char *owner;                          /* a word for this process that no other has */
    void (*want)(void *arg, struct job *job);   /* for each connection once */
    void (*unwant)(void *arg, struct job *job); /* all that it has not got yet */
    /* broken: the connection is lost or the server in trouble; the pg is the host's again either
     * way. */
    void (*give_back)(void *arg, struct job *job, struct pg *pg, bool broken);
    /* The pg is the host's to close: what is at work on it is to end. */
    void (*drop)(void *arg, struct job *job, struct pg *pg);
    /* A run is due: may it be opened? If not, `why` says for whom the job waits, and the host calls
     * job_step_forward() when it may. */
    bool (*may_begin)(void *arg, struct job *job, struct text *why);
    void (*changed)(void *arg, struct job *job); /* state or reason are others than before */
    void (*drained)(void *arg, struct job *job); /* after job_drain(); job_free() may follow */
    /* --once: the run is over, or can't be had: RUN_INCOMPLETE is also "held". */
    void (*ended)(void *arg, struct job *job, enum run_outcome outcome);
};

/* The settings must stay until job_free(). */
struct job *job_new(const struct job_settings *settings, const struct job_host *host);
/* Best drained. A connection that it still has is closed, and the server finishes the batch in
 * flight or rolls it back. */
void job_free(struct job *job);

void job_start(struct job *job);

/* A connection that the job wanted: its first, or one more for another worker. */
void job_connected(struct job *job, struct pg *pg);

/* None can be had for now: why, for status and log. A job that has one already goes on with it. */
void job_wait_for_connection(struct job *job, enum reason reason, const char *why);

/* Finishes the batch in flight, notes how far the run has come, gives the connection back, calls
 * host.drained() (perhaps at once). A connection that is still being made for it is the host's to
 * drop. */
void job_drain(struct job *job);

/* An operator's wishes. Run: now, even outside of its window. Pause before job_start() holds it
 * from the beginning. */
void job_run_now(struct job *job);
void job_pause(struct job *job);
void job_resume(struct job *job);

/* Jobs that wait for others, by job_turn.c. In line: a run is due, and host.may_begin() was asked.
 * Under way: it runs or is about to, and nothing holds it back for long. */
bool job_is_in_line(const struct job *job);
bool job_is_under_way(const struct job *job);
/* Whether a run of this job has ended since the other one is in line. */
bool job_has_run_since_in_line(const struct job *job, const struct job *other);
/* The tables whose rows refer to those of the job's; NULL = not known yet. */
const struct fk_graph *job_family(const struct job *job);
/* host.may_begin() is to be asked again; a job that does not wait for that does nothing. */
void job_step_forward(struct job *job);

/* --once: the host gives up (no connection to be had). A job that has one already goes on with it.
 */
void job_give_up(struct job *job);

/* What status shows of it. Strings become the view's. */
void job_describe(const struct job *job, struct job_view *view);

const struct job_settings *job_settings(const struct job *job);
enum job_state job_state(const struct job *job);
enum reason job_reason(const struct job *job);
bool job_has_connection(const struct job *job);
/* Of its database, as of its last sample; NAN = not known. */
double job_replica_lag_s(const struct job *job);
bool job_is_paused(const struct job *job);

#endif
