#include "policy/backoff.h"

#include "base/text.h"
#include "policy.h"

static const struct bound {
    unsigned attempt;
    int64_t batches_ms, connections_ms;
} bounds[] = {
    {0, 0, 0},          {1, 100, 1000},
    {2, 200, 2000},     {3, 400, 4000},
    {6, 3200, 32000},   {7, 6400, 60000},
    {9, 25600, 60000},  {10, 30000, 60000},
    {64, 30000, 60000}, {4000000000u, 30000, 60000},
};

START_TEST(bound_doubles_with_each_attempt_up_to_its_cap)
{
    const struct bound *row = &bounds[_i];

    ck_assert_int_eq(backoff_bound_ms(backoff_for_batches, row->attempt), row->batches_ms);
    ck_assert_int_eq(backoff_bound_ms(backoff_for_connections, row->attempt), row->connections_ms);
}
END_TEST

START_TEST(wait_covers_all_of_the_bound_and_nothing_beyond)
{
    const struct bound *row = &bounds[_i];
    int64_t least = row->attempt == 0 ? 0 : 1;

    ck_assert_int_eq(backoff_wait_ms(backoff_for_batches, row->attempt, 0), least);
    ck_assert_int_eq(backoff_wait_ms(backoff_for_batches, row->attempt, UINT32_MAX),
                     row->batches_ms);
}
END_TEST

START_TEST(jitter_is_full_so_the_mean_is_half_the_bound)
{
    double sum = 0;
    enum { STEPS = 1000 };

    for (uint32_t i = 0; i < STEPS; i++)
        sum +=
            (double)backoff_wait_ms(backoff_for_connections, 7, i * (uint32_t)(UINT32_MAX / STEPS));
    ck_assert_double_eq_tol(sum / STEPS, 30000, 100);
}
END_TEST

START_TEST(limits_without_a_base_still_wait_a_millisecond)
{
    struct backoff_limits none = {0, 0};

    ck_assert_int_eq(backoff_wait_ms(none, 3, UINT32_MAX), 1);
}
END_TEST

TCase *backoff_cases(void)
{
    TCase *tcase = tcase_create("backoff");

    tcase_add_loop_test(tcase, bound_doubles_with_each_attempt_up_to_its_cap, 0,
                        ARRAY_LENGTH(bounds));
    tcase_add_loop_test(tcase, wait_covers_all_of_the_bound_and_nothing_beyond, 0,
                        ARRAY_LENGTH(bounds));
    tcase_add_test(tcase, jitter_is_full_so_the_mean_is_half_the_bound);
    tcase_add_test(tcase, limits_without_a_base_still_wait_a_millisecond);
    return tcase;
}
