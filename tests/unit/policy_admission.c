/* The gates before and in a run: which of them is named, and one that somebody adds. */
#include "policy/admission.h"

#include "base/text.h"
#include "policy.h"

/* A job that may run now. */
static const struct gate_facts open_gates = {
    .enabled = true,
    .clock_fine = true,
    .window_open = true,
};

static enum reason begin(const struct gate_facts *facts)
{
    return admission_judge(&admission_gates, GATE_BEGIN, facts);
}

static enum reason go_on(const struct gate_facts *facts)
{
    return admission_judge(&admission_gates, GATE_GO_ON, facts);
}

START_TEST(nothing_keeps_a_job_that_is_due)
{
    ck_assert_int_eq(begin(&open_gates), REASON_NONE);
    ck_assert_int_eq(go_on(&open_gates), REASON_NONE);
}
END_TEST

START_TEST(each_gate_is_named_where_it_is_looked_at)
{
    struct gate_facts disabled = open_gates, draining = open_gates, clock = open_gates;
    struct gate_facts paused = open_gates, breaker = open_gates, window = open_gates;
    struct gate_facts early = open_gates, order = open_gates;

    disabled.enabled = false;
    draining.draining = true;
    clock.clock_fine = false;
    paused.paused = true;
    breaker.breaker_open = true;
    window.window_open = false;
    early.due_in_s = 5;
    order.others_first = true;
    ck_assert_int_eq(begin(&disabled), REASON_DISABLED);
    ck_assert_int_eq(begin(&clock), REASON_CLOCK);
    ck_assert_int_eq(begin(&paused), REASON_PAUSED);
    ck_assert_int_eq(begin(&window), REASON_WINDOW);
    ck_assert_int_eq(begin(&early), REASON_NOT_DUE);
    ck_assert_int_eq(begin(&order), REASON_CHILDREN);
    ck_assert_int_eq(go_on(&draining), REASON_DRAIN);
    ck_assert_int_eq(go_on(&paused), REASON_PAUSED);
    ck_assert_int_eq(go_on(&breaker), REASON_BREAKER);
    /* The server itself watches the window while batches are sent. */
    ck_assert_int_eq(go_on(&window), REASON_NONE);
    ck_assert_int_eq(begin(&breaker), REASON_NONE); /* one trial may begin */
}
END_TEST

START_TEST(a_person_opens_window_and_schedule_and_nothing_else)
{
    struct gate_facts facts = open_gates;

    facts.asked = true;
    facts.window_open = false;
    facts.due_in_s = 1000;
    ck_assert_int_eq(begin(&facts), REASON_NONE);
    facts.others_first = true;
    ck_assert_int_eq(begin(&facts), REASON_CHILDREN);
    facts.paused = true;
    ck_assert_int_eq(begin(&facts), REASON_PAUSED);
}
END_TEST

START_TEST(the_first_closed_gate_is_the_reason)
{
    struct gate_facts facts = {.paused = true, .due_in_s = 1, .others_first = true};

    ck_assert_int_eq(begin(&facts), REASON_DISABLED);
    facts.enabled = true;
    ck_assert_int_eq(begin(&facts), REASON_CLOCK);
    facts.clock_fine = true;
    ck_assert_int_eq(begin(&facts), REASON_PAUSED);
    facts.paused = false;
    ck_assert_int_eq(begin(&facts), REASON_WINDOW);
    facts.window_open = true;
    ck_assert_int_eq(begin(&facts), REASON_NOT_DUE);
}
END_TEST

static bool is_closed(const struct gate_facts *facts, void *arg)
{
    const bool *closed = arg;

    (void)facts;
    return *closed;
}

START_TEST(a_gate_that_is_added_is_looked_at_at_its_moments)
{
    bool closed = true;
    struct gate gate = {REASON_LOCKED, GATE_GO_ON, is_closed, &closed};
    struct gate_list list = {&gate, 1};

    ck_assert_int_eq(admission_judge(&list, GATE_BEGIN, &open_gates), REASON_NONE);
    ck_assert_int_eq(admission_judge(&list, GATE_GO_ON, &open_gates), REASON_LOCKED);
    closed = false;
    ck_assert_int_eq(admission_judge(&list, GATE_GO_ON, &open_gates), REASON_NONE);
}
END_TEST

TCase *admission_cases(void)
{
    TCase *tcase = tcase_create("admission");

    tcase_add_test(tcase, nothing_keeps_a_job_that_is_due);
    tcase_add_test(tcase, each_gate_is_named_where_it_is_looked_at);
    tcase_add_test(tcase, a_person_opens_window_and_schedule_and_nothing_else);
    tcase_add_test(tcase, the_first_closed_gate_is_the_reason);
    tcase_add_test(tcase, a_gate_that_is_added_is_looked_at_at_its_moments);
    return tcase;
}
