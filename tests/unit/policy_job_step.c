/*
 * The state machine of a job as a table of cases, and what must hold in every step: draining,
 * pausing, failing, losing the connection.
 */
#include "policy/job_step.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy.h"

/* Facts of a case, beside those that an event carries. */
enum {
    ENABLED = 1,
    ONCE = 2,
    DRAINING = 4,
    CONNECTED = 8,
    IN_FLIGHT = 16,
    CHECKED = 32,
    OPEN = 64,
    UNRESOLVED = 128,
    VACUUM = 256,
    DROP = 512,
    SILENT = 1024,
    BREAKER = 2048,
};

/* A run that is under way. */
#define RUN (ENABLED | CONNECTED | CHECKED | OPEN)

static struct job_facts facts_of(int flags)
{
    return (struct job_facts){
        .retry = STEP_PURGE,
        .resume = STEP_PURGE,
        .enabled = (flags & ENABLED) != 0,
        .once = (flags & ONCE) != 0,
        .draining = (flags & DRAINING) != 0,
        .connected = (flags & CONNECTED) != 0,
        .in_flight = (flags & IN_FLIGHT) != 0,
        .checked = (flags & CHECKED) != 0,
        .run_open = (flags & OPEN) != 0,
        .unresolved = (flags & UNRESOLVED) != 0,
        .vacuum = (flags & VACUUM) != 0,
        .drop = (flags & DROP) != 0,
        .silent = (flags & SILENT) != 0,
        .breaker_open = (flags & BREAKER) != 0,
        .closing = RUN_DONE,
    };
}

/* --- where each step leads to --- */

static const struct step_case {
    enum job_step step;
    enum job_event event;
    int flags;
    enum job_step next;
    enum reason reason;
} cases[] = {
    {STEP_IDLE, EVENT_START, ENABLED, STEP_CONNECT, REASON_NONE},
    {STEP_IDLE, EVENT_START, 0, STEP_IDLE, REASON_DISABLED},
    {STEP_IDLE, EVENT_START, ONCE, STEP_ENDED, REASON_DISABLED},

    {STEP_CONNECT, EVENT_CONNECTED, CONNECTED, STEP_PREFLIGHT, REASON_NONE},
    {STEP_CONNECT, EVENT_CONNECTED, CONNECTED | CHECKED, STEP_SCHEDULE, REASON_NONE},
    {STEP_CONNECT, EVENT_CONNECTED, RUN | UNRESOLVED, STEP_RESOLVE, REASON_NONE},
    {STEP_CONNECT, EVENT_GIVEN_UP, ENABLED | ONCE, STEP_STOP, REASON_DATABASE},

    {STEP_RESOLVE, EVENT_DONE, RUN | UNRESOLVED, STEP_RESOLVE, REASON_NONE},
    {STEP_RESOLVE, EVENT_DONE, ENABLED | CONNECTED | OPEN, STEP_PREFLIGHT, REASON_NONE},
    {STEP_PREFLIGHT, EVENT_DONE, CONNECTED | CHECKED, STEP_SCHEDULE, REASON_NONE},
    {STEP_SCHEDULE, EVENT_DONE, CONNECTED | CHECKED, STEP_OPEN, REASON_NONE},

    {STEP_WAIT, EVENT_TIMER, CHECKED, STEP_CONNECT, REASON_NONE},
    {STEP_WAIT, EVENT_RUN_NOW, CHECKED, STEP_CONNECT, REASON_NONE},
    {STEP_WAIT, EVENT_PAUSE, CHECKED, STEP_HOLD, REASON_PAUSED},
    {STEP_QUEUE, EVENT_TURN, CHECKED, STEP_CONNECT, REASON_NONE},
    {STEP_QUEUE, EVENT_TIMER, CHECKED, STEP_CONNECT, REASON_NONE},
    {STEP_QUEUE, EVENT_PAUSE, CHECKED, STEP_HOLD, REASON_PAUSED},
    {STEP_HOLD, EVENT_TIMER, 0, STEP_CONNECT, REASON_NONE},
    {STEP_HOLD, EVENT_RESUME, 0, STEP_CONNECT, REASON_NONE},
    {STEP_HOLD, EVENT_RUN_NOW, 0, STEP_CONNECT, REASON_NONE},
    {STEP_STOP, EVENT_RUN_NOW, 0, STEP_CONNECT, REASON_NONE},
    {STEP_STOP, EVENT_PAUSE, 0, STEP_HOLD, REASON_PAUSED},

    {STEP_OPEN, EVENT_LIST, RUN, STEP_LIST, REASON_NONE},
    {STEP_OPEN, EVENT_PARTITION, RUN, STEP_SCAN, REASON_NONE},
    {STEP_OPEN, EVENT_PARTITION, RUN | DROP, STEP_DROP, REASON_NONE},
    {STEP_OPEN, EVENT_DONE, RUN, STEP_PURGE, REASON_NONE}, /* it goes on where it was */
    {STEP_LIST, EVENT_PARTITION, RUN, STEP_SCAN, REASON_NONE},
    {STEP_LIST, EVENT_EMPTY, RUN, STEP_CLOSE, REASON_NONE},
    {STEP_LIST, EVENT_EMPTY, RUN | SILENT, STEP_COUNT_LEFT, REASON_NONE},
    {STEP_DROP, EVENT_DONE, RUN, STEP_SCAN, REASON_NONE},
    {STEP_DROP, EVENT_PARTITION, RUN | DROP, STEP_DROP, REASON_NONE},
    {STEP_DROP, EVENT_EMPTY, RUN, STEP_CLOSE, REASON_NONE},
    {STEP_SCAN, EVENT_DONE, RUN, STEP_PURGE, REASON_NONE},
    {STEP_SCAN, EVENT_REFILL, RUN, STEP_REFILL, REASON_NONE},
    {STEP_SCAN, EVENT_UNREADABLE, RUN, STEP_CLOSE, REASON_NONE},
    {STEP_PURGE, EVENT_EMPTY, RUN, STEP_PASS_END, REASON_NONE},
    {STEP_PURGE, EVENT_REFILL, RUN, STEP_REFILL, REASON_NONE},
    {STEP_PURGE, EVENT_AGAIN, RUN, STEP_RESCAN, REASON_NONE},
    {STEP_REFILL, EVENT_DONE, RUN, STEP_PURGE, REASON_NONE},
    {STEP_REFILL, EVENT_UNREADABLE, RUN, STEP_CLOSE, REASON_NONE},
    {STEP_RESCAN, EVENT_DONE, RUN, STEP_PURGE, REASON_NONE},
    {STEP_RESCAN, EVENT_REFILL, RUN, STEP_REFILL, REASON_NONE},
    {STEP_PASS_END, EVENT_AGAIN, RUN, STEP_SCAN, REASON_NONE},
    {STEP_PASS_END, EVENT_PARTITION, RUN, STEP_SCAN, REASON_NONE},
    {STEP_PASS_END, EVENT_LIST, RUN, STEP_LIST, REASON_NONE},
    {STEP_PASS_END, EVENT_EMPTY, RUN, STEP_CLOSE, REASON_NONE},
    {STEP_COUNT_LEFT, EVENT_DONE, RUN, STEP_CLOSE, REASON_NONE},

    {STEP_CLOSE, EVENT_DONE, ENABLED | CONNECTED | CHECKED, STEP_SCHEDULE, REASON_NONE},
    {STEP_CLOSE, EVENT_DONE, ENABLED | CONNECTED | CHECKED | VACUUM, STEP_VACUUM, REASON_NONE},
    {STEP_CLOSE, EVENT_DONE, ENABLED | CONNECTED | CHECKED | ONCE, STEP_ENDED, REASON_NONE},
    {STEP_VACUUM, EVENT_DONE, ENABLED | CHECKED, STEP_CONNECT, REASON_NONE},
    {STEP_VACUUM, EVENT_DONE, ENABLED | CHECKED | ONCE, STEP_ENDED, REASON_NONE},
    {STEP_VACUUM, EVENT_PAUSE, ENABLED | CHECKED, STEP_HOLD, REASON_PAUSED},
    {STEP_BACKOFF, EVENT_TIMER, RUN, STEP_PURGE, REASON_NONE},
    {STEP_BACKOFF, EVENT_TIMER, ENABLED | CHECKED | OPEN, STEP_CONNECT, REASON_NONE},

    /* Nobody asked for it, or it has come too late. */
    {STEP_WAIT, EVENT_RESUME, 0, STEP_WAIT, REASON_NONE},
    {STEP_WAIT, EVENT_TURN, 0, STEP_WAIT, REASON_NONE},
    {STEP_PURGE, EVENT_RUN_NOW, RUN, STEP_PURGE, REASON_NONE},
    {STEP_PURGE, EVENT_PAUSE, RUN, STEP_PURGE, REASON_NONE}, /* its gate closes */
    {STEP_IDLE, EVENT_PAUSE, 0, STEP_IDLE, REASON_NONE},
    {STEP_IDLE, EVENT_RUN_NOW, 0, STEP_IDLE, REASON_NONE},
    {STEP_ENDED, EVENT_TIMER, ONCE, STEP_ENDED, REASON_NONE},
    {STEP_DRAINED, EVENT_CONNECTED, DRAINING, STEP_DRAINED, REASON_NONE},
};

static void expect(struct job_next got, enum job_step step, enum reason reason, const char *what)
{
    ck_assert_msg(got.step == step && got.reason == reason, "%s: %s (%s) instead of %s (%s)", what,
                  job_step_name(got.step), reason_code(got.reason), job_step_name(step),
                  reason_code(reason));
}

START_TEST(each_event_leads_to_its_step)
{
    const struct step_case *row = &cases[_i];
    struct job_facts facts = facts_of(row->flags);
    char *what = text_format("%s %s", job_step_name(row->step), job_event_name(row->event));

    expect(job_step(row->step, row->event, &facts), row->next, row->reason, what);
    free(what);
}
END_TEST

/* --- the gates before a run --- */

START_TEST(a_closed_gate_names_where_the_job_waits)
{
    struct job_facts facts = facts_of(CONNECTED | CHECKED);

    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
        enum job_step step = reason == REASON_NOT_DUE || reason == REASON_WINDOW ? STEP_WAIT
                             : reason == REASON_CHILDREN                         ? STEP_QUEUE
                                                                                 : STEP_HOLD;

        facts.gate = (enum reason)reason;
        expect(job_step(STEP_SCHEDULE, EVENT_DONE, &facts), step, facts.gate,
               reason_code(facts.gate));
    }
}
END_TEST

START_TEST(a_gate_that_closes_in_a_run_pauses_it_before_new_work_begins)
{
    static const struct {
        enum job_step step;
        enum job_event event;
    } begins[] = {
        {STEP_OPEN, EVENT_PARTITION}, {STEP_LIST, EVENT_PARTITION},
        {STEP_DROP, EVENT_PARTITION}, {STEP_DROP, EVENT_DONE},
        {STEP_PASS_END, EVENT_AGAIN}, {STEP_PASS_END, EVENT_PARTITION},
        {STEP_PURGE, EVENT_GATE},
    };
    struct job_facts facts = facts_of(RUN | DROP);

    for (size_t i = 0; i < ARRAY_LENGTH(begins); i++) {
        facts.gate = REASON_PAUSED;
        expect(job_step(begins[i].step, begins[i].event, &facts), STEP_PAUSE, REASON_PAUSED,
               job_step_name(begins[i].step));
        facts.gate = REASON_BREAKER;
        expect(job_step(begins[i].step, begins[i].event, &facts), STEP_PAUSE, REASON_BREAKER,
               job_step_name(begins[i].step));
    }
}
END_TEST

START_TEST(a_paused_run_is_held_and_one_at_its_windows_end_is_scheduled)
{
    struct job_facts facts = facts_of(RUN);

    facts.reason = REASON_PAUSED;
    expect(job_step(STEP_PAUSE, EVENT_DONE, &facts), STEP_HOLD, REASON_PAUSED, "paused");
    facts.reason = REASON_WINDOW;
    expect(job_step(STEP_PAUSE, EVENT_DONE, &facts), STEP_SCHEDULE, REASON_NONE, "window");
}
END_TEST

/* --- failures --- */

static const struct failed_case {
    enum batch_outcome outcome;
    int flags;
    enum job_step next;
    enum reason reason;
} failed_cases[] = {
    {BATCH_LOCKED, RUN, STEP_BACKOFF, REASON_LOCKED},
    {BATCH_TOO_SLOW, RUN, STEP_BACKOFF, REASON_ERRORS},
    {BATCH_CONFLICT, RUN, STEP_BACKOFF, REASON_ERRORS},
    {BATCH_LOCKED, RUN | BREAKER, STEP_HOLD, REASON_BREAKER},
    {BATCH_TOO_SLOW, RUN | BREAKER, STEP_HOLD, REASON_BREAKER},
    {BATCH_UNKNOWN, RUN, STEP_CONNECT, REASON_DATABASE},
    {BATCH_TROUBLE, RUN, STEP_CONNECT, REASON_DATABASE},
    {BATCH_UNKNOWN, RUN | BREAKER, STEP_CONNECT, REASON_DATABASE},
    {BATCH_OTHER_DAEMON, RUN, STEP_HOLD, REASON_OTHER_DAEMON},
    {BATCH_OTHER_DAEMON, RUN | UNRESOLVED, STEP_BACKOFF, REASON_OTHER_DAEMON},
    {BATCH_STANDBY, RUN, STEP_HOLD, REASON_STANDBY},
    {BATCH_SCHEMA, RUN, STEP_HOLD, REASON_SCHEMA},
    {BATCH_SCHEMA, RUN | ONCE, STEP_STOP, REASON_REFUSED},
    {BATCH_CLOCK, RUN, STEP_HOLD, REASON_CLOCK},
    {BATCH_TOO_MANY, RUN, STEP_STOP, REASON_REFUSED},
    {BATCH_ROW_ERROR, RUN, STEP_STOP, REASON_REFUSED},
    {BATCH_WINDOW_CLOSED, RUN, STEP_STOP, REASON_REFUSED},
    {BATCH_KILL_SWITCH, RUN, STEP_STOP, REASON_REFUSED},
    {BATCH_PARTITION_GONE, RUN, STEP_STOP, REASON_REFUSED},
    {BATCH_REFUSED, RUN, STEP_STOP, REASON_REFUSED},
};

START_TEST(a_question_that_fails_does_so_alike_in_every_step_that_asks)
{
    const struct failed_case *row = &failed_cases[_i];

    for (int step = 0; step < JOB_STEP_COUNT; step++) {
        struct job_facts facts = facts_of(row->flags);

        facts.outcome = row->outcome;
        if (job_step_asks((enum job_step)step))
            expect(job_step((enum job_step)step, EVENT_FAILED, &facts), row->next, row->reason,
                   job_step_name((enum job_step)step));
    }
}
END_TEST

static const struct batch_failed_case {
    enum next_verb verb;
    enum reason why;
    int flags;
    enum job_step next;
    enum reason reason;
} batch_failed_cases[] = {
    {NEXT_SHRINK, REASON_LOCKED, RUN, STEP_BACKOFF, REASON_LOCKED},
    {NEXT_SKIP_LOCKED, REASON_LOCKED, RUN, STEP_BACKOFF, REASON_LOCKED},
    {NEXT_RETRY, REASON_ERRORS, RUN, STEP_BACKOFF, REASON_ERRORS},
    {NEXT_RETRY, REASON_ERRORS, RUN | BREAKER, STEP_PAUSE, REASON_BREAKER},
    {NEXT_RESOLVE, REASON_DATABASE, RUN, STEP_CONNECT, REASON_DATABASE},
    {NEXT_RECONNECT, REASON_DATABASE, RUN, STEP_CONNECT, REASON_DATABASE},
    /* A lost connection comes first. */
    {NEXT_RESOLVE, REASON_DATABASE, RUN | BREAKER, STEP_CONNECT, REASON_DATABASE},
    {NEXT_PAUSE, REASON_WINDOW, RUN, STEP_PAUSE, REASON_WINDOW},
    {NEXT_PAUSE, REASON_KILL_SWITCH, RUN, STEP_PAUSE, REASON_KILL_SWITCH},
    {NEXT_PAUSE, REASON_STANDBY, RUN, STEP_HOLD, REASON_STANDBY}, /* nothing can be written */
    {NEXT_STOP, REASON_REFUSED, RUN, STEP_CLOSE, REASON_NONE},
    {NEXT_SET_ASIDE, REASON_NONE, RUN, STEP_CLOSE, REASON_NONE},
    {NEXT_LEAVE_PARTITION, REASON_NONE, RUN, STEP_LIST, REASON_NONE},
};

START_TEST(batches_that_fail_lead_to_what_the_gravest_asks_for)
{
    const struct batch_failed_case *row = &batch_failed_cases[_i];
    struct job_facts facts = facts_of(row->flags);

    facts.next = (struct next){.verb = row->verb, .reason = row->why};
    expect(job_step(STEP_PURGE, EVENT_BATCH_FAILED, &facts), row->next, row->reason,
           next_verb_name(row->verb));
}
END_TEST

START_TEST(a_run_that_has_failed_stops_the_job)
{
    struct job_facts facts = facts_of(ENABLED | CONNECTED | CHECKED);

    facts.closing = RUN_FAILED;
    expect(job_step(STEP_CLOSE, EVENT_DONE, &facts), STEP_STOP, REASON_REFUSED, "failed");
}
END_TEST

/* --- draining, which is a reload as well --- */

static bool is_way_out(enum job_step step)
{
    return step == STEP_PAUSE || step == STEP_CLOSE || step == STEP_DRAINED;
}

START_TEST(a_step_without_a_question_drains_at_once)
{
    for (int i = 0; i < JOB_STEP_COUNT; i++) {
        enum job_step step = (enum job_step)i;
        bool in_run = step == STEP_PURGE || step == STEP_BACKOFF;
        struct job_facts facts = facts_of(DRAINING | (in_run ? RUN : ENABLED | CHECKED));

        if (!job_step_asks(step))
            expect(job_step(step, EVENT_DRAIN, &facts), in_run ? STEP_PAUSE : STEP_DRAINED,
                   step == STEP_DRAINED ? REASON_NONE : REASON_DRAIN, job_step_name(step));
    }
}
END_TEST

START_TEST(what_is_in_flight_is_answered_before_a_job_drains)
{
    struct job_facts facts = facts_of(RUN | DRAINING | IN_FLIGHT);

    for (int i = 0; i < JOB_STEP_COUNT; i++) {
        enum job_step step = (enum job_step)i;

        if (job_step_asks(step) || step == STEP_PURGE)
            ck_assert_msg(!job_step(step, EVENT_DRAIN, &facts).enter, "%s", job_step_name(step));
    }
}
END_TEST

/* With any facts: bit 16 and up choose the outcome, the verb and the gate. */
static struct job_facts any_facts(uint32_t bits)
{
    struct job_facts facts = facts_of((int)(bits & 0xFFF) | DRAINING);

    facts.outcome = (enum batch_outcome)((bits >> 16 & 0xF) % BATCH_OUTCOME_COUNT);
    facts.next.verb = (enum next_verb)((bits >> 20) % (NEXT_STOP + 1));
    facts.gate = (bits >> 24 & 1) != 0 ? REASON_DRAIN : REASON_NONE;
    facts.reason = (bits >> 25 & 1) != 0 ? REASON_WINDOW : REASON_NONE;
    facts.closing = (bits >> 26 & 1) != 0 ? RUN_FAILED : RUN_DONE;
    return facts;
}

START_TEST(whatever_is_answered_a_job_that_drains_begins_nothing)
{
    uint32_t bits = 1;

    for (int round = 0; round < 200; round++) {
        struct job_facts facts;

        bits = bits * 1664525u + 1013904223u;
        facts = any_facts(bits);
        for (int i = 0; i < JOB_STEP_COUNT * JOB_EVENT_COUNT; i++) {
            enum job_step step = (enum job_step)(i % JOB_STEP_COUNT);
            struct job_next next = job_step(step, (enum job_event)(i / JOB_STEP_COUNT), &facts);

            ck_assert_msg(!next.enter || is_way_out(next.step), "%s %s -> %s", job_step_name(step),
                          job_event_name((enum job_event)(i / JOB_STEP_COUNT)),
                          job_step_name(next.step));
        }
    }
}
END_TEST

START_TEST(a_connection_lost_while_draining_ends_the_drain)
{
    for (int i = 0; i < JOB_STEP_COUNT; i++) {
        struct job_facts facts = facts_of(RUN | DRAINING);

        facts.outcome = BATCH_UNKNOWN;
        if (job_step_asks((enum job_step)i))
            expect(job_step((enum job_step)i, EVENT_FAILED, &facts), STEP_DRAINED, REASON_DRAIN,
                   job_step_name((enum job_step)i));
    }
}
END_TEST

/* --- what is shown --- */

START_TEST(every_step_has_a_state_a_name_and_a_sentence)
{
    for (int i = 0; i < JOB_STEP_COUNT; i++) {
        enum job_step step = (enum job_step)i;

        ck_assert_ptr_nonnull(job_state_code(job_step_state(step)));
        ck_assert_msg(text_starts(job_step_name(step), "STEP_"), "%s", job_step_name(step));
        ck_assert_uint_gt(strlen(job_step_sentence(step)), 20);
    }
    ck_assert_int_eq(job_step_state(STEP_VACUUM), JOB_VACUUMING);
    ck_assert_int_eq(job_step_state(STEP_HOLD), JOB_HELD);
}
END_TEST

TCase *job_step_cases(void)
{
    TCase *tcase = tcase_create("job_step");

    tcase_add_loop_test(tcase, each_event_leads_to_its_step, 0, ARRAY_LENGTH(cases));
    tcase_add_test(tcase, a_closed_gate_names_where_the_job_waits);
    tcase_add_test(tcase, a_gate_that_closes_in_a_run_pauses_it_before_new_work_begins);
    tcase_add_test(tcase, a_paused_run_is_held_and_one_at_its_windows_end_is_scheduled);
    tcase_add_loop_test(tcase, a_question_that_fails_does_so_alike_in_every_step_that_asks, 0,
                        ARRAY_LENGTH(failed_cases));
    tcase_add_loop_test(tcase, batches_that_fail_lead_to_what_the_gravest_asks_for, 0,
                        ARRAY_LENGTH(batch_failed_cases));
    tcase_add_test(tcase, a_run_that_has_failed_stops_the_job);
    tcase_add_test(tcase, a_step_without_a_question_drains_at_once);
    tcase_add_test(tcase, what_is_in_flight_is_answered_before_a_job_drains);
    tcase_add_test(tcase, whatever_is_answered_a_job_that_drains_begins_nothing);
    tcase_add_test(tcase, a_connection_lost_while_draining_ends_the_drain);
    tcase_add_test(tcase, every_step_has_a_state_a_name_and_a_sentence);
    return tcase;
}
