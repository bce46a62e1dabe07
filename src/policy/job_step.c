#include "policy/job_step.h"

#include <stddef.h>

/* --- conditions --- */

static bool always(const struct job_facts *facts)
{
    (void)facts;
    return true;
}

static bool is_enabled(const struct job_facts *facts)
{
    return facts->enabled;
}

static bool is_once(const struct job_facts *facts)
{
    return facts->once;
}

static bool is_connected(const struct job_facts *facts)
{
    return facts->connected;
}

static bool is_checked(const struct job_facts *facts)
{
    return facts->checked;
}

static bool has_unresolved(const struct job_facts *facts)
{
    return facts->unresolved;
}

static bool may_drop(const struct job_facts *facts)
{
    return facts->drop;
}

static bool has_silent_triggers(const struct job_facts *facts)
{
    return facts->silent;
}

static bool has_failed(const struct job_facts *facts)
{
    return facts->closing == RUN_FAILED;
}

static bool wants_vacuum(const struct job_facts *facts)
{
    return facts->vacuum;
}

static bool ends_for_window(const struct job_facts *facts)
{
    return facts->reason == REASON_WINDOW;
}

static bool is_open_gate(const struct job_facts *facts)
{
    return facts->gate == REASON_NONE;
}

static bool waits_for_time(const struct job_facts *facts)
{
    return facts->gate == REASON_NOT_DUE || facts->gate == REASON_WINDOW;
}

static bool waits_for_others(const struct job_facts *facts)
{
    return facts->gate == REASON_CHILDREN;
}

/* --- the transitions --- */

/* Where a transition leads that is decided by a function below. */
enum { TO_RETRY = JOB_STEP_COUNT, TO_RESUME, ANY_STEP };

/* Which reason the next step gets. */
enum reason_source { NO_REASON, OF_GATE, OF_STEP, OF_DATABASE, OF_PAUSE, OF_REFUSAL, OF_DISABLED };

/* The first row that fits is taken; what no row says leaves the job where it is. */
static const struct transition {
    int from;
    enum job_event event;
    bool (*when)(const struct job_facts *facts);
    int to;
    enum reason_source reason;
} transitions[] = {
    {STEP_IDLE, EVENT_START, is_enabled, STEP_CONNECT, NO_REASON},
    {STEP_IDLE, EVENT_START, is_once, STEP_ENDED, OF_DISABLED},
    {STEP_IDLE, EVENT_START, always, STEP_IDLE, OF_DISABLED},

    /* With a connection, what became of lost batches comes first, then whether the job is safe. */
    {STEP_CONNECT, EVENT_CONNECTED, has_unresolved, STEP_RESOLVE, NO_REASON},
    {STEP_CONNECT, EVENT_CONNECTED, is_checked, STEP_SCHEDULE, NO_REASON},
    {STEP_CONNECT, EVENT_CONNECTED, always, STEP_PREFLIGHT, NO_REASON},
    {STEP_CONNECT, EVENT_GIVEN_UP, always, STEP_STOP, OF_DATABASE},
    {STEP_RESOLVE, EVENT_DONE, has_unresolved, STEP_RESOLVE, NO_REASON},
    {STEP_RESOLVE, EVENT_DONE, always, STEP_PREFLIGHT, NO_REASON},
    {STEP_PREFLIGHT, EVENT_DONE, always, STEP_SCHEDULE, NO_REASON},

    /* The gates before a run. */
    {STEP_SCHEDULE, EVENT_DONE, is_open_gate, STEP_OPEN, NO_REASON},
    {STEP_SCHEDULE, EVENT_DONE, waits_for_time, STEP_WAIT, OF_GATE},
    {STEP_SCHEDULE, EVENT_DONE, waits_for_others, STEP_QUEUE, OF_GATE},
    {STEP_SCHEDULE, EVENT_DONE, always, STEP_HOLD, OF_GATE},

    /* A run. */
    {STEP_OPEN, EVENT_DONE, always, TO_RESUME, NO_REASON},
    {ANY_STEP, EVENT_LIST, always, STEP_LIST, NO_REASON},
    {ANY_STEP, EVENT_PARTITION, may_drop, STEP_DROP, NO_REASON},
    {ANY_STEP, EVENT_PARTITION, always, STEP_SCAN, NO_REASON},
    {STEP_DROP, EVENT_DONE, always, STEP_SCAN, NO_REASON}, /* its rows have to go one by one */
    {STEP_SCAN, EVENT_DONE, always, STEP_PURGE, NO_REASON},
    {STEP_SCAN, EVENT_REFILL, always, STEP_REFILL, NO_REASON},
    {STEP_PURGE, EVENT_REFILL, always, STEP_REFILL, NO_REASON},
    {STEP_PURGE, EVENT_AGAIN, always, STEP_RESCAN, NO_REASON},
    {STEP_PURGE, EVENT_EMPTY, always, STEP_PASS_END, NO_REASON},
    {STEP_REFILL, EVENT_DONE, always, STEP_PURGE, NO_REASON},
    {STEP_RESCAN, EVENT_DONE, always, STEP_PURGE, NO_REASON},
    {STEP_RESCAN, EVENT_REFILL, always, STEP_REFILL, NO_REASON},
    {STEP_PASS_END, EVENT_AGAIN, always, STEP_SCAN, NO_REASON},
    {ANY_STEP, EVENT_EMPTY, has_silent_triggers, STEP_COUNT_LEFT, NO_REASON},
    {ANY_STEP, EVENT_EMPTY, always, STEP_CLOSE, NO_REASON},
    {ANY_STEP, EVENT_UNREADABLE, always, STEP_CLOSE, NO_REASON},
    {STEP_COUNT_LEFT, EVENT_DONE, always, STEP_CLOSE, NO_REASON},
    {STEP_CLOSE, EVENT_DONE, has_failed, STEP_STOP, OF_REFUSAL},
    {STEP_CLOSE, EVENT_DONE, wants_vacuum, STEP_VACUUM, NO_REASON},
    {STEP_CLOSE, EVENT_DONE, is_once, STEP_ENDED, NO_REASON},
    {STEP_CLOSE, EVENT_DONE, always, STEP_SCHEDULE, NO_REASON},
    {STEP_VACUUM, EVENT_DONE, is_once, STEP_ENDED, NO_REASON},
    {STEP_VACUUM, EVENT_DONE, always, STEP_CONNECT, NO_REASON},
    /* A window that closes is no reason to hold: the schedule says when it opens. */
    {STEP_PAUSE, EVENT_DONE, ends_for_window, STEP_SCHEDULE, NO_REASON},
    {STEP_PAUSE, EVENT_DONE, always, STEP_HOLD, OF_STEP},

    /* Timers. */
    {STEP_BACKOFF, EVENT_TIMER, is_connected, TO_RETRY, NO_REASON},
    {STEP_BACKOFF, EVENT_TIMER, always, STEP_CONNECT, NO_REASON},
    {STEP_WAIT, EVENT_TIMER, always, STEP_CONNECT, NO_REASON},
    {STEP_QUEUE, EVENT_TIMER, always, STEP_CONNECT, NO_REASON},
    {STEP_HOLD, EVENT_TIMER, always, STEP_CONNECT, NO_REASON},

    /* People, and other jobs. One at work sees by its gates that it is paused. */
    {STEP_QUEUE, EVENT_TURN, always, STEP_CONNECT, NO_REASON},
    {STEP_WAIT, EVENT_RUN_NOW, always, STEP_CONNECT, NO_REASON},
    {STEP_QUEUE, EVENT_RUN_NOW, always, STEP_CONNECT, NO_REASON},
    {STEP_HOLD, EVENT_RUN_NOW, always, STEP_CONNECT, NO_REASON},
    {STEP_STOP, EVENT_RUN_NOW, always, STEP_CONNECT, NO_REASON},
    {STEP_HOLD, EVENT_RESUME, always, STEP_CONNECT, NO_REASON},
    {STEP_WAIT, EVENT_PAUSE, always, STEP_HOLD, OF_PAUSE},
    {STEP_QUEUE, EVENT_PAUSE, always, STEP_HOLD, OF_PAUSE},
    {STEP_STOP, EVENT_PAUSE, always, STEP_HOLD, OF_PAUSE},
    {STEP_VACUUM, EVENT_PAUSE, always, STEP_HOLD, OF_PAUSE},
};

static struct job_next to(enum job_step step, enum reason reason)
{
    return (struct job_next){step, reason, true};
}

static struct job_next stay(enum job_step step, const struct job_facts *facts)
{
    return (struct job_next){step, facts->reason, false};
}

static enum reason reason_from(enum reason_source source, const struct job_facts *facts)
{
    switch (source) {
    case NO_REASON:
        return REASON_NONE;
    case OF_GATE:
        return facts->gate;
    case OF_STEP:
        return facts->reason;
    case OF_DATABASE:
        return REASON_DATABASE;
    case OF_PAUSE:
        return REASON_PAUSED;
    case OF_REFUSAL:
        return REASON_REFUSED;
    case OF_DISABLED:
        return REASON_DISABLED;
    }
    return REASON_NONE;
}

static enum job_step step_from(int step, const struct job_facts *facts)
{
    if (step == TO_RETRY)
        return facts->retry;
    return step == TO_RESUME ? facts->resume : (enum job_step)step;
}

static struct job_next look_up(enum job_step step, enum job_event event,
                               const struct job_facts *facts)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        const struct transition *row = &transitions[i];

        if ((row->from == (int)step || row->from == ANY_STEP) && row->event == event &&
            row->when(facts))
            return to(step_from(row->to, facts), reason_from(row->reason, facts));
    }
    return stay(step, facts);
}

/* --- failures --- */

static struct job_next try_again(const struct job_facts *facts, enum reason reason)
{
    if (facts->breaker_open)
        return to(STEP_HOLD, REASON_BREAKER);
    return to(STEP_BACKOFF, reason);
}

/* Anything but a batch has failed. */
static struct job_next after_failed(const struct job_facts *facts)
{
    switch (facts->outcome) {
    case BATCH_LOCKED:
        return try_again(facts, REASON_LOCKED);
    case BATCH_TOO_SLOW:
    case BATCH_CONFLICT:
        return try_again(facts, REASON_ERRORS);
    case BATCH_UNKNOWN:
    case BATCH_TROUBLE:
        return to(STEP_CONNECT, REASON_DATABASE);
    case BATCH_OTHER_DAEMON:
        /* Most likely our own lost session, still at work: its batch ends by statement_timeout. */
        if (facts->unresolved)
            return try_again(facts, REASON_OTHER_DAEMON);
        return to(STEP_HOLD, REASON_OTHER_DAEMON);
    case BATCH_STANDBY:
        return to(STEP_HOLD, REASON_STANDBY);
    case BATCH_SCHEMA: /* --once has nobody who would upgrade it meanwhile */
        return facts->once ? to(STEP_STOP, REASON_REFUSED) : to(STEP_HOLD, REASON_SCHEMA);
    case BATCH_CLOCK:
        return to(STEP_HOLD, REASON_CLOCK);
    case BATCH_COMMITTED:
    case BATCH_TOO_MANY:
    case BATCH_ROW_ERROR:
    case BATCH_WINDOW_CLOSED:
    case BATCH_KILL_SWITCH:
    case BATCH_PARTITION_GONE:
    case BATCH_REFUSED:
        break;
    }
    return to(STEP_STOP, REASON_REFUSED);
}

/* Where nothing can be written, nothing is noted either. */
static struct job_next pause_for(enum reason reason)
{
    return to(reason == REASON_STANDBY ? STEP_HOLD : STEP_PAUSE, reason);
}

/* A lost connection comes before the breaker, which is looked at again before the next batch. */
static struct job_next after_batch_failed(enum job_step step, const struct job_facts *facts)
{
    enum next_verb verb = facts->next.verb;

    if (verb == NEXT_RESOLVE || verb == NEXT_RECONNECT)
        return to(STEP_CONNECT, REASON_DATABASE);
    if (facts->breaker_open)
        return pause_for(REASON_BREAKER);
    switch (verb) {
    case NEXT_SHRINK:
    case NEXT_SKIP_LOCKED:
    case NEXT_RETRY:
        return to(STEP_BACKOFF, facts->next.reason);
    case NEXT_PAUSE:
        return pause_for(facts->next.reason);
    case NEXT_STOP:
    case NEXT_SET_ASIDE: /* too many of them */
        return to(STEP_CLOSE, REASON_NONE);
    case NEXT_LEAVE_PARTITION:
        return to(STEP_LIST, REASON_NONE);
    case NEXT_ADVANCE:
    case NEXT_BISECT:
    case NEXT_RESOLVE:
    case NEXT_RECONNECT:
        break;
    }
    return stay(step, facts);
}

/* --- all together --- */

static struct job_next after(enum job_step step, enum job_event event,
                             const struct job_facts *facts)
{
    if (event == EVENT_FAILED)
        return after_failed(facts);
    if (event == EVENT_BATCH_FAILED)
        return after_batch_failed(step, facts);
    return event == EVENT_GATE ? pause_for(facts->gate) : look_up(step, event, facts);
}

/* A gate that has closed meanwhile keeps the run from beginning another piece of work. */
static struct job_next heed_gate(struct job_next next, const struct job_facts *facts)
{
    bool begins = next.step == STEP_DROP || next.step == STEP_SCAN;

    return begins && facts->gate != REASON_NONE ? pause_for(facts->gate) : next;
}

/* A job that drains begins nothing: an open run is paused, all else is let go. What is in flight
 * completes first, and what is being written is written. */
static struct job_next heed_drain(struct job_next next, const struct job_facts *facts)
{
    if (next.step == STEP_CLOSE || next.step == STEP_PAUSE)
        return next;
    if (facts->run_open && facts->connected &&
        (job_step_is_in_run(next.step) || next.step == STEP_BACKOFF))
        return to(STEP_PAUSE, REASON_DRAIN);
    return to(STEP_DRAINED, REASON_DRAIN);
}

struct job_next job_step(enum job_step step, enum job_event event, const struct job_facts *facts)
{
    struct job_next next;

    if (step == STEP_DRAINED || step == STEP_ENDED)
        return event == EVENT_DRAIN && step == STEP_ENDED ? to(STEP_DRAINED, REASON_DRAIN)
                                                          : stay(step, facts);
    next = heed_gate(after(step, event, facts), facts);
    if (!facts->draining || (!next.enter && (facts->in_flight || job_step_asks(step))))
        return next; /* what is in flight is answered first */
    return heed_drain(next, facts);
}

/* --- what a step is --- */

#define JOB_STEP_ROW(name, state, asks, in_run, sentence) {#name, state, asks, in_run, sentence},
static const struct step_row {
    const char *name;
    enum job_state state;
    bool asks, in_run;
    const char *sentence;
} rows[] = {JOB_STEPS(JOB_STEP_ROW)};

enum job_state job_step_state(enum job_step step)
{
    return rows[step].state;
}

bool job_step_asks(enum job_step step)
{
    return rows[step].asks;
}

bool job_step_is_in_run(enum job_step step)
{
    return rows[step].in_run;
}

const char *job_step_name(enum job_step step)
{
    return rows[step].name;
}

const char *job_step_sentence(enum job_step step)
{
    return rows[step].sentence;
}

const char *job_event_name(enum job_event event)
{
#define JOB_EVENT_NAME(name, sentence) #name,
    static const char *const names[] = {JOB_EVENTS(JOB_EVENT_NAME)};

    return names[event];
}
