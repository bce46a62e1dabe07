#include "policy/job_step.h"

static struct job_next to(enum job_step step, enum reason reason)
{
    return (struct job_next){step, reason, true};
}

static struct job_next go(enum job_step step)
{
    return to(step, REASON_NONE);
}

static struct job_next stay(enum job_step step, const struct job_facts *facts)
{
    return (struct job_next){step, facts->reason, false};
}

bool job_step_is_in_run(enum job_step step)
{
    switch (step) {
    case STEP_LIST:
    case STEP_DROP:
    case STEP_SCAN:
    case STEP_PURGE:
    case STEP_REFILL:
    case STEP_RESCAN:
    case STEP_PASS_END:
    case STEP_COUNT_LEFT:
        return true;
    case STEP_IDLE:
    case STEP_CONNECT:
    case STEP_RESOLVE:
    case STEP_PREFLIGHT:
    case STEP_SCHEDULE:
    case STEP_WAIT:
    case STEP_QUEUE:
    case STEP_OPEN:
    case STEP_CLOSE:
    case STEP_PAUSE:
    case STEP_VACUUM:
    case STEP_BACKOFF:
    case STEP_HOLD:
    case STEP_STOP:
    case STEP_ENDED:
    case STEP_DRAINED:
        return false;
    }
    return false;
}

bool job_step_asks(enum job_step step)
{
    switch (step) {
    case STEP_RESOLVE:
    case STEP_PREFLIGHT:
    case STEP_SCHEDULE:
    case STEP_OPEN:
    case STEP_LIST:
    case STEP_DROP:
    case STEP_SCAN:
    case STEP_REFILL:
    case STEP_RESCAN:
    case STEP_PASS_END:
    case STEP_COUNT_LEFT:
    case STEP_CLOSE:
    case STEP_PAUSE:
        return true;
    case STEP_IDLE:
    case STEP_CONNECT:
    case STEP_WAIT:
    case STEP_QUEUE:
    case STEP_PURGE:
    case STEP_VACUUM:
    case STEP_BACKOFF:
    case STEP_HOLD:
    case STEP_STOP:
    case STEP_ENDED:
    case STEP_DRAINED:
        return false;
    }
    return false;
}

/* --- connecting --- */

/* With a connection: what comes first? */
static struct job_next proceed(const struct job_facts *facts)
{
    if (facts->unresolved)
        return go(STEP_RESOLVE);
    return go(facts->checked ? STEP_SCHEDULE : STEP_PREFLIGHT);
}

static struct job_next after_run(const struct job_facts *facts)
{
    if (facts->once)
        return go(STEP_ENDED);
    return go(facts->connected ? STEP_SCHEDULE : STEP_CONNECT);
}

static struct job_next after_start(const struct job_facts *facts)
{
    if (facts->enabled)
        return go(STEP_CONNECT);
    return to(facts->once ? STEP_ENDED : STEP_IDLE, REASON_DISABLED);
}

/* --- the gates before a run --- */

static struct job_next after_schedule(const struct job_facts *facts)
{
    switch (facts->gate) {
    case REASON_NONE:
        return go(STEP_OPEN);
    case REASON_NOT_DUE:
    case REASON_WINDOW:
        return to(STEP_WAIT, facts->gate);
    case REASON_CHILDREN:
        return to(STEP_QUEUE, facts->gate);
    case REASON_DISABLED:
    case REASON_PAUSED:
    case REASON_KILL_SWITCH:
    case REASON_OTHER_DAEMON:
    case REASON_CONNECTION:
    case REASON_DATABASE:
    case REASON_STANDBY:
    case REASON_SCHEMA:
    case REASON_CLOCK:
    case REASON_REFUSED:
    case REASON_LOCKED:
    case REASON_ERRORS:
    case REASON_BREAKER:
    case REASON_RATE:
    case REASON_DUTY_CYCLE:
    case REASON_REPLICA_LAG:
    case REASON_SLOT_LAG:
    case REASON_WAL_RATE:
    case REASON_LOCK_WAITERS:
    case REASON_ACTIVE_SESSIONS:
    case REASON_OLD_SNAPSHOT:
    case REASON_WRAPAROUND:
    case REASON_MAX_HOLD:
    case REASON_DRAIN:
        return to(STEP_HOLD, facts->gate);
    }
    return to(STEP_HOLD, facts->gate);
}

/* --- a run --- */

static struct job_next next_partition(const struct job_facts *facts)
{
    return go(facts->drop ? STEP_DROP : STEP_SCAN);
}

static struct job_next nothing_left(const struct job_facts *facts)
{
    return go(facts->silent ? STEP_COUNT_LEFT : STEP_CLOSE);
}

static struct job_next after_close(const struct job_facts *facts)
{
    if (facts->closing == RUN_FAILED)
        return to(STEP_STOP, REASON_REFUSED);
    if (facts->vacuum)
        return go(STEP_VACUUM);
    return after_run(facts);
}

/* A window that closes is no reason to hold: the schedule says when it opens. */
static struct job_next after_pause(const struct job_facts *facts)
{
    if (facts->reason == REASON_WINDOW)
        return go(STEP_SCHEDULE);
    return to(STEP_HOLD, facts->reason);
}

static struct job_next after_done(enum job_step step, const struct job_facts *facts)
{
    switch (step) {
    case STEP_RESOLVE:
        return proceed(facts);
    case STEP_PREFLIGHT:
        return go(STEP_SCHEDULE);
    case STEP_SCHEDULE:
        return after_schedule(facts);
    case STEP_OPEN:
        return go(facts->resume);
    case STEP_DROP: /* its rows have to go one by one */
        return go(STEP_SCAN);
    case STEP_SCAN:
    case STEP_REFILL:
    case STEP_RESCAN:
        return go(STEP_PURGE);
    case STEP_COUNT_LEFT:
        return go(STEP_CLOSE);
    case STEP_CLOSE:
        return after_close(facts);
    case STEP_PAUSE:
        return after_pause(facts);
    case STEP_VACUUM:
        return after_run(facts);
    case STEP_IDLE:
    case STEP_CONNECT:
    case STEP_WAIT:
    case STEP_QUEUE:
    case STEP_LIST:
    case STEP_PURGE:
    case STEP_PASS_END:
    case STEP_BACKOFF:
    case STEP_HOLD:
    case STEP_STOP:
    case STEP_ENDED:
    case STEP_DRAINED:
        break;
    }
    return stay(step, facts);
}

static struct job_next after_again(enum job_step step, const struct job_facts *facts)
{
    if (step == STEP_PASS_END)
        return go(STEP_SCAN);
    if (step == STEP_PURGE)
        return go(STEP_RESCAN);
    return stay(step, facts);
}

static struct job_next after_empty(enum job_step step, const struct job_facts *facts)
{
    switch (step) {
    case STEP_SCAN: /* an index scan begins with no rows at hand */
    case STEP_RESCAN:
        return go(STEP_REFILL);
    case STEP_PURGE:
        return go(STEP_PASS_END);
    case STEP_LIST:
    case STEP_DROP:
    case STEP_PASS_END:
    case STEP_OPEN:
        return nothing_left(facts);
    case STEP_IDLE:
    case STEP_CONNECT:
    case STEP_RESOLVE:
    case STEP_PREFLIGHT:
    case STEP_SCHEDULE:
    case STEP_WAIT:
    case STEP_QUEUE:
    case STEP_REFILL:
    case STEP_COUNT_LEFT:
    case STEP_CLOSE:
    case STEP_PAUSE:
    case STEP_VACUUM:
    case STEP_BACKOFF:
    case STEP_HOLD:
    case STEP_STOP:
    case STEP_ENDED:
    case STEP_DRAINED:
        break;
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
static struct job_next after_failed(enum job_step step, const struct job_facts *facts)
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
    case BATCH_TOO_MANY:
    case BATCH_ROW_ERROR:
    case BATCH_WINDOW_CLOSED:
    case BATCH_KILL_SWITCH:
    case BATCH_PARTITION_GONE:
    case BATCH_REFUSED:
        return to(STEP_STOP, REASON_REFUSED);
    case BATCH_COMMITTED:
        break;
    }
    return stay(step, facts);
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
        return go(STEP_CLOSE);
    case NEXT_LEAVE_PARTITION:
        return go(STEP_LIST);
    case NEXT_ADVANCE:
    case NEXT_BISECT:
    case NEXT_RESOLVE:
    case NEXT_RECONNECT:
        break;
    }
    return stay(step, facts);
}

/* --- timers and people --- */

static struct job_next after_timer(enum job_step step, const struct job_facts *facts)
{
    switch (step) {
    case STEP_BACKOFF:
        return go(facts->connected ? facts->retry : STEP_CONNECT);
    case STEP_WAIT:
    case STEP_QUEUE:
    case STEP_HOLD:
        return go(STEP_CONNECT);
    case STEP_IDLE:
    case STEP_CONNECT:
    case STEP_RESOLVE:
    case STEP_PREFLIGHT:
    case STEP_SCHEDULE:
    case STEP_OPEN:
    case STEP_LIST:
    case STEP_DROP:
    case STEP_SCAN:
    case STEP_PURGE:
    case STEP_REFILL:
    case STEP_RESCAN:
    case STEP_PASS_END:
    case STEP_COUNT_LEFT:
    case STEP_CLOSE:
    case STEP_PAUSE:
    case STEP_VACUUM:
    case STEP_STOP:
    case STEP_ENDED:
    case STEP_DRAINED:
        break;
    }
    return stay(step, facts);
}

static struct job_next when_asked_to_run(enum job_step step, const struct job_facts *facts)
{
    if (step == STEP_WAIT || step == STEP_QUEUE || step == STEP_HOLD || step == STEP_STOP)
        return go(STEP_CONNECT);
    return stay(step, facts);
}

/* A job at work sees it by its gates. */
static struct job_next when_paused(enum job_step step, const struct job_facts *facts)
{
    if (step == STEP_WAIT || step == STEP_QUEUE || step == STEP_STOP || step == STEP_VACUUM)
        return to(STEP_HOLD, REASON_PAUSED);
    return stay(step, facts);
}

/* --- all together --- */

static struct job_next after(enum job_step step, enum job_event event,
                             const struct job_facts *facts)
{
    switch (event) {
    case EVENT_NONE:
        return stay(step, facts);
    case EVENT_START:
        return after_start(facts);
    case EVENT_CONNECTED:
        return step == STEP_CONNECT ? proceed(facts) : stay(step, facts);
    case EVENT_GIVEN_UP:
        return to(STEP_STOP, REASON_DATABASE);
    case EVENT_DONE:
        return after_done(step, facts);
    case EVENT_PARTITION:
        return next_partition(facts);
    case EVENT_LIST:
        return go(STEP_LIST);
    case EVENT_EMPTY:
        return after_empty(step, facts);
    case EVENT_REFILL:
        return go(STEP_REFILL);
    case EVENT_AGAIN:
        return after_again(step, facts);
    case EVENT_FAILED:
        return after_failed(step, facts);
    case EVENT_BATCH_FAILED:
        return after_batch_failed(step, facts);
    case EVENT_UNREADABLE:
        return go(STEP_CLOSE);
    case EVENT_GATE:
        return pause_for(facts->gate);
    case EVENT_TIMER:
        return after_timer(step, facts);
    case EVENT_TURN:
        return step == STEP_QUEUE ? go(STEP_CONNECT) : stay(step, facts);
    case EVENT_RUN_NOW:
        return when_asked_to_run(step, facts);
    case EVENT_PAUSE:
        return when_paused(step, facts);
    case EVENT_RESUME:
        return step == STEP_HOLD ? go(STEP_CONNECT) : stay(step, facts);
    case EVENT_DRAIN:
        return stay(step, facts);
    }
    return stay(step, facts);
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

/* A gate that has closed meanwhile keeps the run from beginning another piece of work. */
static struct job_next heed_gate(struct job_next next, const struct job_facts *facts)
{
    bool begins = next.step == STEP_DROP || next.step == STEP_SCAN;

    return begins && facts->gate != REASON_NONE ? pause_for(facts->gate) : next;
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

/* --- names --- */

enum job_state job_step_state(enum job_step step)
{
#define JOB_STEP_STATE(name, state, sentence) state,
    static const enum job_state states[] = {JOB_STEPS(JOB_STEP_STATE)};

    return states[step];
}

const char *job_step_name(enum job_step step)
{
#define JOB_STEP_NAME(name, state, sentence) #name,
    static const char *const names[] = {JOB_STEPS(JOB_STEP_NAME)};

    return names[step];
}

const char *job_step_sentence(enum job_step step)
{
#define JOB_STEP_SENTENCE(name, state, sentence) sentence,
    static const char *const sentences[] = {JOB_STEPS(JOB_STEP_SENTENCE)};

    return sentences[step];
}

const char *job_event_name(enum job_event event)
{
#define JOB_EVENT_NAME(name, sentence) #name,
    static const char *const names[] = {JOB_EVENTS(JOB_EVENT_NAME)};

    return names[event];
}
