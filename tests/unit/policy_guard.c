#include "policy/guard.h"

#include "base/text.h"
#include "policy.h"

/* 2026-03-01 00:00:00 UTC by the daemon's clock; everything below is seconds away from it. */
static const int64_t now_us = 1772323200000000;
static const int64_t mono_ns = 123456789000;

static struct wall wall_at(double s)
{
    return (struct wall){now_us + (int64_t)(s * 1e6)};
}

/* The database's clock stands `database_s` before or after ours, and `jump_s` before or after where
 * the anchor, taken an hour ago, says that it should be. */
static const struct guard_case {
    const char *name;
    bool anchored;
    double database_s, jump_s;
    enum guard_clock_verdict verdict;
    double skew_s;
} cases[] = {
    {"clocks agree", true, 0, 0, GUARD_CLOCK_FINE, 0},
    {"a little apart", true, 1.5, -0.5, GUARD_CLOCK_FINE, 1.5},
    {"drifted a little since", true, 1, 30, GUARD_CLOCK_FINE, 30},
    {"database ahead, just within", true, 300, 0, GUARD_CLOCK_FINE, 300},
    {"database ahead", true, 300.001, 0, GUARD_CLOCK_SKEWED, 300.001},
    {"database behind, just within", true, -300, 0, GUARD_CLOCK_FINE, -300},
    {"database behind", true, -300.001, 0, GUARD_CLOCK_SKEWED, -300.001},
    {"jumped forward, just within", true, 0, 300, GUARD_CLOCK_FINE, 300},
    {"jumped forward, into step with us", true, 0, 300.001, GUARD_CLOCK_JUMPED, 300.001},
    {"jumped back, just within", true, 0, -300, GUARD_CLOCK_FINE, -300},
    {"jumped back, into step with us", true, 0, -300.001, GUARD_CLOCK_JUMPED, -300.001},
    {"jumped out of step", true, 86400, 86400, GUARD_CLOCK_JUMPED, 86400},
    {"jumped a little, skewed much", true, -7200, 10, GUARD_CLOCK_SKEWED, -7200},
    {"jumped much, skewed more", true, -7200, -3600, GUARD_CLOCK_JUMPED, -7200},
    {"no anchor: fine", false, 10, 0, GUARD_CLOCK_FINE, 10},
    {"no anchor: a jump is not seen", false, 10, 86400, GUARD_CLOCK_FINE, 10},
    {"no anchor: skew is", false, -301, 0, GUARD_CLOCK_SKEWED, -301},
};

START_TEST(clocks_are_judged_both_ways)
{
    const struct guard_case *row = &cases[_i];
    struct mono hour_ago = {mono_ns - 3600 * (int64_t)1000000000};
    struct clock_anchor anchor = {row->anchored, wall_at(row->database_s - row->jump_s - 3600),
                                  hour_ago};
    double skew_s = -1;
    enum guard_clock_verdict verdict =
        guard_clock(&anchor, wall_at(row->database_s), wall_at(0), (struct mono){mono_ns}, &skew_s);

    ck_assert_msg(verdict == row->verdict, "%s: got %d, not %d", row->name, verdict, row->verdict);
    ck_assert_msg(skew_s > row->skew_s - 1e-6 && skew_s < row->skew_s + 1e-6, "%s: skew %g, not %g",
                  row->name, skew_s, row->skew_s);
}
END_TEST

START_TEST(expected_clock_has_gone_on_as_long_as_ours)
{
    struct clock_anchor anchor = {true, wall_at(0), {mono_ns}};
    struct mono later = {mono_ns + 90 * (int64_t)1000000000 + 1500};

    ck_assert_int_eq(guard_expected(&anchor, later).us, now_us + 90000001);
}
END_TEST

START_TEST(clock_gone_mad_is_a_jump_and_not_an_overflow)
{
    struct clock_anchor anchor = {true, wall_at(0), {mono_ns}};
    double skew_s;

    ck_assert_int_eq(
        guard_clock(&anchor, (struct wall){INT64_MAX}, wall_at(0), (struct mono){mono_ns}, &skew_s),
        GUARD_CLOCK_JUMPED);
    ck_assert_int_eq(
        guard_clock(&anchor, (struct wall){INT64_MIN}, wall_at(0), (struct mono){mono_ns}, &skew_s),
        GUARD_CLOCK_JUMPED);
}
END_TEST

TCase *guard_cases(void)
{
    TCase *tcase = tcase_create("guard");

    tcase_add_loop_test(tcase, clocks_are_judged_both_ways, 0, ARRAY_LENGTH(cases));
    tcase_add_test(tcase, expected_clock_has_gone_on_as_long_as_ours);
    tcase_add_test(tcase, clock_gone_mad_is_a_jump_and_not_an_overflow);
    return tcase;
}
