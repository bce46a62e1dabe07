#include "policy/limits.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "policy.h"

#define MB 1048576.0

/* A limit of each kind, round numbers all of them. */
static const struct limits limits = {
    .replica_lag_bytes = 100 * MB,
    .replica_lag_s = 10,
    .slot_lag_bytes = 1000 * MB,
    .wal_bytes_per_s = 20 * MB,
    .active_sessions = 8,
    .snapshot_age_s = 3600,
    .max_hold_ms = 60000,
};

static const struct limits no_limits = {INFINITY, INFINITY, INFINITY, INFINITY,
                                        INFINITY, INFINITY, 60000};

static const struct limit_facts quiet = {0, 0, 0, 0, 0, 0, false};
static const struct limit_facts unknown = {NAN, NAN, NAN, NAN, NAN, NAN, false};
static const struct limit_facts worst = {1e15, 1e6, 1e15, 1e15, 1e6, 1e9, true};

static struct mono at(double s)
{
    return (struct mono){(int64_t)(s * 1e9)};
}

static void expect(const char *name, struct limit_verdict verdict, enum limit_action action,
                   enum reason reason, double part)
{
    ck_assert_msg(verdict.action == action && verdict.reason == reason &&
                      fabs(verdict.part - part) < 1e-6,
                  "%s: %d, %s, %g, not %d, %s, %g", name, verdict.action,
                  reason_code(verdict.reason), verdict.part, action, reason_code(reason), part);
}

/* ---- one sample ---- */

static const struct sample_case {
    const char *name;
    struct limit_facts facts;
    enum limit_action action;
    enum reason reason;
    double part;
} samples[] = {
    {"nothing going on", {0, 0, 0, 0, 0, 0, false}, LIMIT_GO, REASON_NONE, 1},
    {"nothing known", {NAN, NAN, NAN, NAN, NAN, NAN, false}, LIMIT_GO, REASON_NONE, 1},
    {"half of the lag", {50 * MB, 0, 0, 0, 0, 0, false}, LIMIT_GO, REASON_NONE, 1},
    {"a little more than half",
     {60 * MB, 0, 0, 0, 0, 0, false},
     LIMIT_SLOW,
     REASON_REPLICA_LAG,
     0.8},
    {"three quarters", {75 * MB, 0, 0, 0, 0, 0, false}, LIMIT_SLOW, REASON_REPLICA_LAG, 0.5},
    {"at the limit",
     {100 * MB, 0, 0, 0, 0, 0, false},
     LIMIT_SLOW,
     REASON_REPLICA_LAG,
     LIMITS_SLOWEST},
    {"beyond it", {101 * MB, 0, 0, 0, 0, 0, false}, LIMIT_HOLD, REASON_REPLICA_LAG, 0},
    {"lag in time", {0, 7.5, 0, 0, 0, 0, false}, LIMIT_SLOW, REASON_REPLICA_LAG, 0.5},
    {"too much of it", {NAN, 10.5, 0, 0, 0, 0, false}, LIMIT_HOLD, REASON_REPLICA_LAG, 0},
    {"a slot", {0, 0, 900 * MB, 0, 0, 0, false}, LIMIT_SLOW, REASON_SLOT_LAG, 0.2},
    {"a forgotten slot", {0, 0, 1e12, 0, 0, 0, false}, LIMIT_HOLD, REASON_SLOT_LAG, 0},
    {"as many sessions as allowed", {0, 0, 0, 0, 8, 0, false}, LIMIT_GO, REASON_NONE, 1},
    {"one more", {0, 0, 0, 0, 9, 0, false}, LIMIT_HOLD, REASON_ACTIVE_SESSIONS, 0},
    {"a snapshot not yet old", {0, 0, 0, 0, 0, 3600, false}, LIMIT_GO, REASON_NONE, 1},
    {"an old one", {0, 0, 0, 0, 0, 3601, false}, LIMIT_SLOW, REASON_OLD_SNAPSHOT, 0.25},
    {"wraparound", {0, 0, 0, 0, 0, 0, true}, LIMIT_HOLD, REASON_WRAPAROUND, 0},
    {"a position says nothing alone", {0, 0, 0, 1e15, 0, 0, false}, LIMIT_GO, REASON_NONE, 1},
    {"the strictest is named",
     {60 * MB, 0, 900 * MB, 0, 0, 0, false},
     LIMIT_SLOW,
     REASON_SLOT_LAG,
     0.2},
    {"a hold before all",
     {90 * MB, 0, 0, 0, 9, 9999, false},
     LIMIT_HOLD,
     REASON_ACTIVE_SESSIONS,
     0},
    {"the first of two holds", {200 * MB, 0, 0, 0, 9, 0, true}, LIMIT_HOLD, REASON_REPLICA_LAG, 0},
};

START_TEST(sample_is_judged_as)
{
    const struct sample_case *row = &samples[_i];
    struct limiter limiter;

    limits_start(&limiter, &limits);
    limits_learn(&limiter, &row->facts, at(1));
    expect(row->name, limits_judge(&limiter, at(1)), row->action, row->reason, row->part);
    ck_assert_int_eq(limits_judge(&limiter, at(1)).cause, row->reason);
}
END_TEST

START_TEST(before_the_first_sample_it_goes)
{
    struct limiter limiter;

    limits_start(&limiter, &limits);
    expect("start", limits_judge(&limiter, at(1e6)), LIMIT_GO, REASON_NONE, 1);
}
END_TEST

START_TEST(without_limits_only_wraparound_holds)
{
    struct limiter limiter;
    struct limit_facts facts = worst;

    limits_start(&limiter, &no_limits);
    limits_learn(&limiter, &quiet, at(0));
    limits_learn(&limiter, &facts, at(1));
    expect("worst", limits_judge(&limiter, at(1)), LIMIT_HOLD, REASON_WRAPAROUND, 0);
    facts.wraparound = false;
    limits_learn(&limiter, &facts, at(2));
    expect("the same otherwise", limits_judge(&limiter, at(2)), LIMIT_GO, REASON_NONE, 1);
}
END_TEST

/* ---- one sample after the other ---- */

static const struct {
    double lag_mb;
    enum limit_action action;
    double part;
} lags[] = {
    {99, LIMIT_SLOW, LIMITS_SLOWEST},
    {101, LIMIT_HOLD, 0},
    {99, LIMIT_HOLD, 0}, /* not yet */
    {76, LIMIT_HOLD, 0},
    {75, LIMIT_SLOW, 0.5},
    {99, LIMIT_SLOW, LIMITS_SLOWEST}, /* up again, but not beyond */
    {101, LIMIT_HOLD, 0},
    {NAN, LIMIT_GO, 1}, /* the replica is gone */
    {99, LIMIT_SLOW, LIMITS_SLOWEST},
};

START_TEST(hold_ends_below_three_quarters_of_the_limit)
{
    struct limiter limiter;

    limits_start(&limiter, &limits);
    for (size_t i = 0; i < ARRAY_LENGTH(lags); i++) {
        struct limit_facts facts = quiet;
        char name[32];

        facts.replica_lag_bytes = lags[i].lag_mb * MB;
        snprintf(name, sizeof name, "sample %zu", i);
        limits_learn(&limiter, &facts, at((double)i));
        expect(name, limits_judge(&limiter, at((double)i)), lags[i].action,
               lags[i].action == LIMIT_GO ? REASON_NONE : REASON_REPLICA_LAG, lags[i].part);
    }
}
END_TEST

START_TEST(hold_ends_after_max_hold_at_the_slowest_and_says_so)
{
    struct limiter limiter;
    struct limit_facts lagging = quiet, busy = quiet;
    struct limit_verdict verdict;

    lagging.replica_lag_bytes = 200 * MB;
    busy.active_sessions = 100;
    limits_start(&limiter, &limits);
    limits_learn(&limiter, &lagging, at(100));
    limits_learn(&limiter, &busy, at(140)); /* another reason, but the same hold */
    expect("before", limits_judge(&limiter, at(159.9)), LIMIT_HOLD, REASON_ACTIVE_SESSIONS, 0);
    verdict = limits_judge(&limiter, at(160));
    expect("after", verdict, LIMIT_SLOW, REASON_MAX_HOLD, LIMITS_SLOWEST);
    ck_assert_int_eq(verdict.cause, REASON_ACTIVE_SESSIONS);
    limits_learn(&limiter, &busy, at(1000));
    expect("and for long", limits_judge(&limiter, at(1000)), LIMIT_SLOW, REASON_MAX_HOLD,
           LIMITS_SLOWEST);
    limits_learn(&limiter, &quiet, at(1001));
    expect("until it is over", limits_judge(&limiter, at(1001)), LIMIT_GO, REASON_NONE, 1);
    limits_learn(&limiter, &busy, at(1002));
    expect("the next hold is a new one", limits_judge(&limiter, at(1061)), LIMIT_HOLD,
           REASON_ACTIVE_SESSIONS, 0);
}
END_TEST

START_TEST(sessions_that_waited_slow_it_down_for_a_moment)
{
    struct limiter limiter;

    limits_start(&limiter, &limits);
    limits_learn(&limiter, &quiet, at(0));
    limits_note_waiters(&limiter, at(0.5));
    expect("at once", limits_judge(&limiter, at(0.5)), LIMIT_SLOW, REASON_LOCK_WAITERS, 0.25);
    limits_learn(&limiter, &quiet, at(1));
    expect("a second later", limits_judge(&limiter, at(2.4)), LIMIT_SLOW, REASON_LOCK_WAITERS,
           0.25);
    expect("two seconds later", limits_judge(&limiter, at(2.5)), LIMIT_GO, REASON_NONE, 1);
}
END_TEST

/* ---- the WAL rate: a server on which others write and we write as much as we may ---- */

static const struct wal_case {
    const char *name;
    double others_mb, ours_mb; /* in a second; ours at the full pace */
    enum limit_action action;  /* after a while */
    double least_mb, most_mb;  /* of both together, then */
} wal_cases[] = {
    {"room for all", 5, 10, LIMIT_GO, 15, 15},
    {"just within", 10, 10, LIMIT_GO, 20, 20},
    {"we alone are too many", 0, 100, LIMIT_SLOW, 15, 20},
    {"together too many", 12, 12, LIMIT_SLOW, 15, 20},
    {"room for little of ours", 18, 30, LIMIT_SLOW, 18, 20},
    {"room for nothing", 21, 30, LIMIT_HOLD, 21, 21},
};

START_TEST(wal_rate_comes_to_rest_within_its_limit)
{
    const struct wal_case *row = &wal_cases[_i];
    struct limiter limiter;
    struct limit_facts facts = quiet;
    double rate = 0;

    limits_start(&limiter, &limits);
    for (int s = 0; s < 40; s++) {
        struct limit_verdict verdict = limits_judge(&limiter, at(s));

        rate = row->others_mb + row->ours_mb * verdict.part;
        facts.wal_bytes += rate * MB;
        limits_learn(&limiter, &facts, at(s + 1));
    }
    ck_assert_msg(rate >= row->least_mb - 1e-6 && rate <= row->most_mb + 1e-6,
                  "%s: %g MB/s, not %g to %g", row->name, rate, row->least_mb, row->most_mb);
    ck_assert_msg(limits_judge(&limiter, at(40)).action == row->action, "%s: %d, not %d", row->name,
                  limits_judge(&limiter, at(40)).action, row->action);
}
END_TEST

/* Feeds samples one second apart of a server that writes `mb` a second. */
static struct limit_verdict after_seconds(struct limiter *limiter, struct limit_facts *facts,
                                          double *s, int count, double mb)
{
    for (int i = 0; i < count; i++) {
        facts->wal_bytes += mb * MB;
        *s += 1;
        limits_learn(limiter, facts, at(*s));
    }
    return limits_judge(limiter, at(*s));
}

START_TEST(pace_comes_back_when_others_write_less)
{
    struct limiter limiter;
    struct limit_facts facts = quiet;
    double s = 0;

    limits_start(&limiter, &limits);
    expect("at first", after_seconds(&limiter, &facts, &s, 1, 0), LIMIT_GO, REASON_NONE, 1);
    expect("twice the limit", after_seconds(&limiter, &facts, &s, 1, 40), LIMIT_SLOW,
           REASON_WAL_RATE, 0.5);
    expect("for long", after_seconds(&limiter, &facts, &s, 20, 40), LIMIT_HOLD, REASON_WAL_RATE, 0);
    expect("hardly less than the limit", after_seconds(&limiter, &facts, &s, 1, 19), LIMIT_HOLD,
           REASON_WAL_RATE, 0);
    expect("less", after_seconds(&limiter, &facts, &s, 1, 15), LIMIT_SLOW, REASON_WAL_RATE,
           LIMITS_SLOWEST * 1.25);
    expect("for long", after_seconds(&limiter, &facts, &s, 20, 15), LIMIT_GO, REASON_NONE, 1);
}
END_TEST

START_TEST(samples_too_close_to_each_other_say_nothing_about_a_rate)
{
    struct limiter limiter;
    struct limit_facts facts = quiet;

    limits_start(&limiter, &limits);
    limits_learn(&limiter, &facts, at(1));
    facts.wal_bytes = 16 * MB;
    limits_learn(&limiter, &facts, at(1.01));
    expect("10 ms", limits_judge(&limiter, at(1.01)), LIMIT_GO, REASON_NONE, 1);
    limits_learn(&limiter, &facts, at(2));
    expect("16 MB in a second", limits_judge(&limiter, at(2)), LIMIT_GO, REASON_NONE, 1);
}
END_TEST

START_TEST(wal_that_goes_backwards_or_is_unknown_is_no_rate)
{
    struct limiter limiter;
    struct limit_facts facts = quiet;
    double s = 0;

    limits_start(&limiter, &limits);
    facts.wal_bytes = 1e12;
    expect("held", after_seconds(&limiter, &facts, &s, 20, 100), LIMIT_HOLD, REASON_WAL_RATE, 0);
    facts.wal_bytes = 0;
    limits_learn(&limiter, &facts, at(s + 1));
    expect("another server", limits_judge(&limiter, at(s + 1)), LIMIT_HOLD, REASON_WAL_RATE, 0);
    limits_learn(&limiter, &unknown, at(s + 2));
    expect("unknown", limits_judge(&limiter, at(s + 2)), LIMIT_GO, REASON_NONE, 1);
    facts.wal_bytes = 1e12;
    limits_learn(&limiter, &facts, at(s + 3));
    expect("known again", limits_judge(&limiter, at(s + 3)), LIMIT_GO, REASON_NONE, 1);
}
END_TEST

TCase *limits_cases(void)
{
    TCase *tcase = tcase_create("limits");

    tcase_add_loop_test(tcase, sample_is_judged_as, 0, ARRAY_LENGTH(samples));
    tcase_add_test(tcase, before_the_first_sample_it_goes);
    tcase_add_test(tcase, without_limits_only_wraparound_holds);
    tcase_add_test(tcase, hold_ends_below_three_quarters_of_the_limit);
    tcase_add_test(tcase, hold_ends_after_max_hold_at_the_slowest_and_says_so);
    tcase_add_test(tcase, sessions_that_waited_slow_it_down_for_a_moment);
    tcase_add_loop_test(tcase, wal_rate_comes_to_rest_within_its_limit, 0, ARRAY_LENGTH(wal_cases));
    tcase_add_test(tcase, pace_comes_back_when_others_write_less);
    tcase_add_test(tcase, samples_too_close_to_each_other_say_nothing_about_a_rate);
    tcase_add_test(tcase, wal_that_goes_backwards_or_is_unknown_is_no_rate);
    return tcase;
}
