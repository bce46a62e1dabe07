/*
 * job: one job's life, from its start to its drain: waits until it is due, asks for a connection,
 * checks (preflight), opens a run, sends batch after batch, closes it.
 *
 * job.c is the state machine: entering a step asks for something, and each event is given to
 * policy/job_step.h, which names the next step. What happens inside of a step is done by components
 * that know no job.
 *
 * The host (the daemon) owns jobs and the pool of connections. Host functions are called from the
 * loop and from inside job_* functions, and must not call job_* functions by themselves.
 */
#ifndef PGPURGED_ENGINE_JOB_H
#define PGPURGED_ENGINE_JOB_H

#include <stdbool.h>

#include "base/clock.h"
#include "engine/lease.h"
#include "model/codes.h"
#include "model/counters.h"
#include "model/job_spec.h"
#include "model/snapshot.h"
#include "net/loop.h"
#include "policy/admission.h"
#include "policy/guard.h"
#include "sql/fk_graph.h"

struct job;

struct job_host {
    struct loop *loop;
    const struct database_settings *database;
    const struct lease_pool *pool; /* of connections to it */
    struct clock_anchor *clock;    /* of the job's database, shared by all its jobs */
    struct job_counters *counters; /* the job's; they outlive it */
    bool once;                     /* --once: one run now, whatever the window and `every` */
    struct gate_list gates;        /* looked at after the product's own; {0} = none */
    void *arg;
    const char *owner; /* a word for this process that no other has */
    /* A run is due: may it be opened? If not, `why` says for which job it waits, and the host calls
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

/* Finishes the batches in flight, notes how far the run has come, ends its leases, calls
 * host.drained() (perhaps at once). */
void job_drain(struct job *job);

/* An operator's wishes. Run: now, even outside of its window. Pause before job_start() holds it
 * from the beginning. */
void job_run_now(struct job *job);
void job_pause(struct job *job);
void job_resume(struct job *job);

/* Jobs that wait for others (pgpurged/run_order.h). In line: a run is due, and host.may_begin() was
 * asked. Under way: it runs or is about to, and nothing holds it back for long. */
bool job_is_in_line(const struct job *job);
bool job_is_under_way(const struct job *job);
/* Whether a run of this job has ended since the other one is in line. */
bool job_has_run_since_in_line(const struct job *job, const struct job *other);
/* The tables whose rows refer to those of the job's; NULL = not known yet. */
const struct fk_graph *job_fk_graph(const struct job *job);
/* host.may_begin() is to be asked again; a job that does not wait for that does nothing. */
void job_step_forward(struct job *job);

/* What status shows of it. Strings become the view's. */
void job_describe(const struct job *job, struct job_view *view);

const struct job_settings *job_settings(const struct job *job);
enum job_state job_state(const struct job *job);
enum reason job_reason(const struct job *job);
/* Of its database, as of its last sample; NAN = not known. */
double job_replica_lag_s(const struct job *job);
bool job_is_paused(const struct job *job);

#endif
