#include "policy/next.h"

static struct next step(enum next_verb verb, enum reason reason, bool failure)
{
    return (struct next){.verb = verb, .reason = reason, .failure = failure};
}

static struct next after_lock(const struct next_facts *facts)
{
    bool may_skip = facts->may_skip_locked && !facts->skip_locked;

    if (facts->skip_locked && !facts->has_family)
        return step(NEXT_RETRY, REASON_LOCKED, true);
    if (facts->one_row && !may_skip)
        return step(NEXT_SET_ASIDE, REASON_LOCKED, true);
    if ((facts->one_block || facts->one_row) && may_skip)
        return step(NEXT_SKIP_LOCKED, REASON_LOCKED, false);
    return step(NEXT_SHRINK, REASON_LOCKED, false);
}

/* A single row that takes longer than statement_timeout is as good as rejected. */
static struct next after_timeout(const struct next_facts *facts)
{
    if (facts->one_row)
        return step(NEXT_SET_ASIDE, REASON_ERRORS, true);
    return step(NEXT_SHRINK, REASON_ERRORS, false);
}

/* One row can't be more than batch_rows of them: if it is, something is not as we believe it to
 * be. */
static struct next after_too_many(const struct next_facts *facts)
{
    if (facts->one_row)
        return step(NEXT_STOP, REASON_REFUSED, false);
    return step(NEXT_BISECT, REASON_NONE, false);
}

static struct next after_row_error(const struct next_facts *facts)
{
    if (facts->one_row)
        return step(NEXT_SET_ASIDE, REASON_ERRORS, false);
    return step(NEXT_BISECT, REASON_NONE, false);
}

struct next next_after(const struct next_facts *facts)
{
    switch (facts->outcome) {
    case BATCH_COMMITTED:
        return step(NEXT_ADVANCE, REASON_NONE, false);
    case BATCH_LOCKED:
        return after_lock(facts);
    case BATCH_TOO_SLOW:
        return after_timeout(facts);
    case BATCH_TOO_MANY:
        return after_too_many(facts);
    case BATCH_CONFLICT:
        return step(NEXT_RETRY, REASON_ERRORS, true);
    case BATCH_ROW_ERROR:
        return after_row_error(facts);
    case BATCH_WINDOW_CLOSED:
        return step(NEXT_PAUSE, REASON_WINDOW, false);
    case BATCH_KILL_SWITCH:
        return step(NEXT_PAUSE, REASON_KILL_SWITCH, false);
    case BATCH_OTHER_DAEMON:
        return step(NEXT_PAUSE, REASON_OTHER_DAEMON, false);
    case BATCH_CLOCK:
        return step(NEXT_PAUSE, REASON_CLOCK, false);
    case BATCH_STANDBY:
        return step(NEXT_PAUSE, REASON_STANDBY, false);
    case BATCH_SCHEMA:
        return step(NEXT_PAUSE, REASON_SCHEMA, false);
    case BATCH_REFUSED:
        return step(NEXT_STOP, REASON_REFUSED, false);
    case BATCH_PARTITION_GONE:
        return step(NEXT_LEAVE_PARTITION, REASON_NONE, false);
    case BATCH_TROUBLE:
        return step(NEXT_RECONNECT, REASON_DATABASE, true);
    case BATCH_UNKNOWN:
        return step(NEXT_RESOLVE, REASON_DATABASE, true);
    }
    return step(NEXT_STOP, REASON_REFUSED, false);
}

const char *next_verb_name(enum next_verb verb)
{
    switch (verb) {
    case NEXT_ADVANCE:
        return "advance";
    case NEXT_SHRINK:
        return "shrink";
    case NEXT_SKIP_LOCKED:
        return "skip_locked";
    case NEXT_SET_ASIDE:
        return "set_aside";
    case NEXT_BISECT:
        return "bisect";
    case NEXT_RETRY:
        return "retry";
    case NEXT_RESOLVE:
        return "resolve";
    case NEXT_PAUSE:
        return "pause";
    case NEXT_RECONNECT:
        return "reconnect";
    case NEXT_LEAVE_PARTITION:
        return "leave_partition";
    case NEXT_STOP:
        return "stop";
    }
    return "?";
}
