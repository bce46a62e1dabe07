/*
 * job_step: the state machine of a job, as one pure function: from the step a job is in, what has
 * happened, and what is known, to the next step and the reason for it. engine/job.c does what the
 * step asks for when it enters it; nobody else says where a job is.
 *
 * What status and metrics show (enum job_state) is derived from the step, so it can't drift.
 */
#ifndef PGPURGED_POLICY_JOB_STEP_H
#define PGPURGED_POLICY_JOB_STEP_H

#include <stdbool.h>

#include "model/codes.h"
#include "policy/next.h"

/* Each step: its public state, whether it waits for the answer to a question on the job's
 * connection, whether an open run is worked on, what it means and what may follow. Beside what is
 * named, every step may be followed by what a failure asks for (CONNECT, BACKOFF, HOLD, STOP), and
 * by DRAINED. */
#define JOB_STEPS(X)                                                                               \
    X(STEP_IDLE, JOB_WAITING, false, false,                                                        \
      "not started yet, or switched off by its configuration; CONNECT once it is started")         \
    X(STEP_CONNECT, JOB_CONNECTING, false, false,                                                  \
      "waits for a connection; then RESOLVE, PREFLIGHT or SCHEDULE, whichever is needed first")    \
    X(STEP_RESOLVE, JOB_RESOLVING, true, false,                                                    \
      "asks the audit table whether a batch without an answer was committed; the next such "       \
      "batch, "                                                                                    \
      "or PREFLIGHT")                                                                              \
    X(STEP_PREFLIGHT, JOB_CHECKING, true, false,                                                   \
      "checks whether the job is safe on this database; SCHEDULE")                                 \
    X(STEP_SCHEDULE, JOB_CHECKING, true, false,                                                    \
      "looks at what is due, and at the database's clock; OPEN if no gate is closed, else WAIT, "  \
      "QUEUE or HOLD")                                                                             \
    X(STEP_WAIT, JOB_WAITING, false, false,                                                        \
      "sleeps without a connection until its next run, or until its window opens; CONNECT")        \
    X(STEP_QUEUE, JOB_WAITING, false, false,                                                       \
      "lets jobs go first whose rows refer to its own; CONNECT")                                   \
    X(STEP_OPEN, JOB_CHECKING, true, false,                                                        \
      "opens its run, or an open one again; LIST, or the step at which the run was paused")        \
    X(STEP_LIST, JOB_CHECKING, true, true,                                                         \
      "lists the partitions of its table; DROP or SCAN with the first one, COUNT_LEFT or CLOSE "   \
      "if none is left")                                                                           \
    X(STEP_DROP, JOB_RUNNING, true, true,                                                          \
      "drops a partition that holds nothing but due rows; the next partition, or SCAN if its "     \
      "rows "                                                                                      \
      "have to go one by one")                                                                     \
    X(STEP_SCAN, JOB_CHECKING, true, true,                                                         \
      "begins a pass over a partition and selects the scan that finds its due rows; PURGE, or "    \
      "REFILL for an index scan")                                                                  \
    X(STEP_PURGE, JOB_RUNNING, false, true,                                                        \
      "sends batch after batch; REFILL, RESCAN or PASS_END, PAUSE if a gate closes, BACKOFF, "     \
      "LIST "                                                                                      \
      "or CLOSE after a failure")                                                                  \
    X(STEP_REFILL, JOB_CHECKING, true, true, "asks the index for more due rows; PURGE")            \
    X(STEP_RESCAN, JOB_CHECKING, true, true,                                                       \
      "the forecast of the scan was wrong: selects it again; PURGE or REFILL")                     \
    X(STEP_PASS_END, JOB_CHECKING, true, true,                                                     \
      "asks whether rows may have moved behind the scan; SCAN once more, or the next partition")   \
    X(STEP_COUNT_LEFT, JOB_CHECKING, true, true,                                                   \
      "counts due rows that triggers have kept without an error; CLOSE")                           \
    X(STEP_CLOSE, JOB_FINISHING, true, false,                                                      \
      "writes the end of the run; VACUUM, SCHEDULE, or STOP")                                      \
    X(STEP_PAUSE, JOB_FINISHING, true, false,                                                      \
      "notes how far the run has come, which stays open; HOLD, or SCHEDULE at the window's end")   \
    X(STEP_VACUUM, JOB_VACUUMING, false, false,                                                    \
      "makes the space of the rows that are gone reusable; SCHEDULE")                              \
    X(STEP_BACKOFF, JOB_BACKING_OFF, false, false,                                                 \
      "waits after a failure; the step that failed, or CONNECT")                                   \
    X(STEP_HOLD, JOB_HELD, false, false,                                                           \
      "could run, but something holds it back; CONNECT after a while")                             \
    X(STEP_STOP, JOB_STOPPED, false, false,                                                        \
      "can't run until somebody has changed something; CONNECT if asked")                          \
    X(STEP_ENDED, JOB_WAITING, false, false, "the one run of --once is over; nothing follows")     \
    X(STEP_DRAINED, JOB_WAITING, false, false,                                                     \
      "everything is put away for a stop or a reload; nothing follows")

/* What happens to a job. */
#define JOB_EVENTS(X)                                                                              \
    X(EVENT_NONE, "nothing yet: what was asked will be answered")                                  \
    X(EVENT_START, "the daemon starts the job")                                                    \
    X(EVENT_CONNECTED, "it has got a connection")                                                  \
    X(EVENT_GIVEN_UP, "--once: no connection can be had")                                          \
    X(EVENT_DONE, "what the step asked for is done, or answered as it should be")                  \
    X(EVENT_PARTITION, "a partition is to be purged next")                                         \
    X(EVENT_LIST, "the partitions are to be listed, again or for the first time")                  \
    X(EVENT_EMPTY, "nothing is left of what the step goes through")                                \
    X(EVENT_REFILL, "all places at hand are handed out, and more can be had")                      \
    X(EVENT_AGAIN, "once more is needed: a pass, a question")                                      \
    X(EVENT_FAILED, "what the step asked has failed: facts.outcome")                               \
    X(EVENT_BATCH_FAILED, "batches have failed and all have completed: facts.next")                \
    X(EVENT_UNREADABLE, "an answer makes no sense")                                                \
    X(EVENT_GATE, "a gate has closed while the run goes on: facts.gate")                           \
    X(EVENT_TIMER, "the time of the step is over")                                                 \
    X(EVENT_TURN, "the jobs that go first have run")                                               \
    X(EVENT_RUN_NOW, "an operator wants a run now")                                                \
    X(EVENT_PAUSE, "an operator pauses the job")                                                   \
    X(EVENT_RESUME, "an operator lets it go on")                                                   \
    X(EVENT_DRAIN, "the daemon stops or reloads")

#define JOB_STEP_ENUM(name, state, asks, in_run, sentence) name,
enum job_step { JOB_STEPS(JOB_STEP_ENUM) };
#define JOB_STEP_COUNT_ONE(name, state, asks, in_run, sentence) +1
enum { JOB_STEP_COUNT = 0 JOB_STEPS(JOB_STEP_COUNT_ONE) };
#define JOB_EVENT_ENUM(name, sentence) name,
enum job_event { JOB_EVENTS(JOB_EVENT_ENUM) };
#define JOB_EVENT_COUNT_ONE(name, sentence) +1
enum { JOB_EVENT_COUNT = 0 JOB_EVENTS(JOB_EVENT_COUNT_ONE) };

/* What is known when an event comes. */
struct job_facts {
    enum reason reason;   /* of the step it is in */
    enum job_step retry;  /* STEP_BACKOFF: what is tried again; needs the connection it still has */
    enum job_step resume; /* where an open run goes on once it is opened again */
    bool enabled, once, draining, paused;
    bool connected;
    bool in_flight; /* STEP_PURGE: a batch is */
    bool checked;   /* preflight was fine since the server was last seen to go away */
    bool run_open;
    bool unresolved; /* the outcome of a batch is unknown */
    bool vacuum;     /* STEP_CLOSE: a VACUUM is to follow */
    bool drop;       /* the next partition may be dropped in one piece */
    bool silent;     /* triggers may have kept due rows without an error */
    bool breaker_open;
    enum batch_outcome outcome; /* EVENT_FAILED */
    struct next next;           /* EVENT_BATCH_FAILED */
    enum reason gate;           /* the gate that is closed; REASON_NONE = none */
    enum run_outcome closing;   /* STEP_CLOSE */
};

struct job_next {
    enum job_step step;
    enum reason reason;
    bool enter; /* false: it stays where it is */
};

struct job_next job_step(enum job_step step, enum job_event event, const struct job_facts *facts);

/* The state that is shown for a step; STEP_PURGE is JOB_RESTING or JOB_HELD while no batch is in
 * flight, which engine/job.c knows. */
enum job_state job_step_state(enum job_step step);
const char *job_step_name(enum job_step step);    /* "STEP_WAIT" */
const char *job_event_name(enum job_event event); /* "EVENT_TIMER" */
const char *job_step_sentence(enum job_step step);

/* Whether an open run is being worked on: it has to be paused before the job lets go. */
bool job_step_is_in_run(enum job_step step);
/* Whether the step waits for the answer to a question on the job's connection. */
bool job_step_asks(enum job_step step);

#endif
