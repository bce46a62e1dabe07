#include "policy/circuit_breaker.h"

#include "base/text.h"
#include "policy.h"

static struct mono at_ms(double ms)
{
    return (struct mono){1000000000000 + (int64_t)(ms * 1e6)};
}

static struct breaker broken_at(double ms)
{
    struct breaker breaker = {0};

    for (int i = 0; i < BREAKER_FAILURES; i++)
        breaker_failure(&breaker, at_ms(ms));
    return breaker;
}

START_TEST(eighth_failure_in_a_row_opens_it_and_says_so_once)
{
    struct breaker breaker = {0};

    for (int i = 1; i < BREAKER_FAILURES; i++) {
        ck_assert_msg(!breaker_failure(&breaker, at_ms(0)), "failure %d opened it", i);
        ck_assert_int_eq(breaker.state, BREAKER_CLOSED);
        ck_assert_int_eq(breaker_wait_ms(&breaker, at_ms(0)), 0);
    }
    ck_assert(breaker_failure(&breaker, at_ms(0)));
    ck_assert_int_eq(breaker.state, BREAKER_OPEN);
    ck_assert_int_eq(breaker_wait_ms(&breaker, at_ms(0)), BREAKER_OPEN_MS);
}
END_TEST

START_TEST(success_in_between_starts_the_count_anew)
{
    struct breaker breaker = {0};

    for (int i = 1; i < BREAKER_FAILURES; i++)
        breaker_failure(&breaker, at_ms(0));
    breaker_success(&breaker);
    ck_assert_uint_eq(breaker.failures, 0);
    for (int i = 1; i < BREAKER_FAILURES; i++)
        ck_assert(!breaker_failure(&breaker, at_ms(0)));
    ck_assert(breaker_failure(&breaker, at_ms(0)));
}
END_TEST

static const struct wait {
    double after_ms;
    int64_t wait_ms;
    enum breaker_state state;
} waits[] = {
    {0, BREAKER_OPEN_MS, BREAKER_OPEN},      {1000, BREAKER_OPEN_MS - 1000, BREAKER_OPEN},
    {BREAKER_OPEN_MS - 1, 1, BREAKER_OPEN},  {BREAKER_OPEN_MS - 0.25, 1, BREAKER_OPEN},
    {BREAKER_OPEN_MS, 0, BREAKER_HALF_OPEN}, {10.0 * BREAKER_OPEN_MS, 0, BREAKER_HALF_OPEN},
};

START_TEST(open_breaker_lets_a_trial_through_after_15_minutes)
{
    struct breaker breaker = broken_at(0);

    ck_assert_int_eq(breaker_wait_ms(&breaker, at_ms(waits[_i].after_ms)), waits[_i].wait_ms);
    ck_assert_int_eq(breaker.state, waits[_i].state);
}
END_TEST

START_TEST(trial_that_succeeds_closes_it)
{
    struct breaker breaker = broken_at(0);

    breaker_wait_ms(&breaker, at_ms(BREAKER_OPEN_MS));
    breaker_success(&breaker);
    ck_assert_int_eq(breaker.state, BREAKER_CLOSED);
    ck_assert_uint_eq(breaker.failures, 0);
}
END_TEST

START_TEST(trial_that_fails_opens_it_for_another_15_minutes)
{
    struct breaker breaker = broken_at(0);

    breaker_wait_ms(&breaker, at_ms(BREAKER_OPEN_MS));
    ck_assert(breaker_failure(&breaker, at_ms(BREAKER_OPEN_MS + 50)));
    ck_assert_int_eq(breaker.state, BREAKER_OPEN);
    ck_assert_int_eq(breaker_wait_ms(&breaker, at_ms(BREAKER_OPEN_MS + 50)), BREAKER_OPEN_MS);
}
END_TEST

START_TEST(trial_that_is_not_sent_yet_may_still_be_sent)
{
    struct breaker breaker = broken_at(0);

    breaker_wait_ms(&breaker, at_ms(BREAKER_OPEN_MS));
    ck_assert_int_eq(breaker_wait_ms(&breaker, at_ms(BREAKER_OPEN_MS + 5000)), 0);
    ck_assert_int_eq(breaker.state, BREAKER_HALF_OPEN);
}
END_TEST

START_TEST(late_failure_does_not_keep_it_open_any_longer)
{
    struct breaker breaker = broken_at(0);

    ck_assert(!breaker_failure(&breaker, at_ms(1000)));
    ck_assert_int_eq(breaker_wait_ms(&breaker, at_ms(1000)), BREAKER_OPEN_MS - 1000);
}
END_TEST

START_TEST(states_have_names)
{
    ck_assert_str_eq(breaker_state_name(BREAKER_CLOSED), "closed");
    ck_assert_str_eq(breaker_state_name(BREAKER_OPEN), "open");
    ck_assert_str_eq(breaker_state_name(BREAKER_HALF_OPEN), "half_open");
}
END_TEST

TCase *breaker_cases(void)
{
    TCase *tcase = tcase_create("breaker");

    tcase_add_test(tcase, eighth_failure_in_a_row_opens_it_and_says_so_once);
    tcase_add_test(tcase, success_in_between_starts_the_count_anew);
    tcase_add_loop_test(tcase, open_breaker_lets_a_trial_through_after_15_minutes, 0,
                        ARRAY_LENGTH(waits));
    tcase_add_test(tcase, trial_that_succeeds_closes_it);
    tcase_add_test(tcase, trial_that_fails_opens_it_for_another_15_minutes);
    tcase_add_test(tcase, trial_that_is_not_sent_yet_may_still_be_sent);
    tcase_add_test(tcase, late_failure_does_not_keep_it_open_any_longer);
    tcase_add_test(tcase, states_have_names);
    return tcase;
}
