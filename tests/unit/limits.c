/*
 * src/engine/limits: what a person is told about a limit, and what settings mean as limits. What
 * the server answers is for tests/integration/sampling.c.
 */
#include "engine/limits.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static const struct database_settings settings = {
    .max_replica_lag_bytes = 64 << 20,
    .max_replica_lag_ms = 10000,
    .max_slot_lag_bytes = INT64_C(10) << 30,
    .max_wal_rate_bytes = 20 << 20,
    .max_active_sessions = 8,
    .max_snapshot_age_ms = 3600000,
    .max_hold_ms = 5400000,
};

static const struct limit_sample sample = {
    .facts = {80.5 * 1048576, 3, 12.0 * 1073741824, 0, 9, 7800, false},
    .furthest_replica = "berlin",
    .latest_replica = "tokyo",
    .slot = "debezium",
    .snapshot_owner = "pid 123",
};

static const struct explain_case {
    struct limit_verdict verdict;
    const char *sentence;
} explanations[] = {
    {{LIMIT_HOLD, REASON_REPLICA_LAG, REASON_REPLICA_LAG, 0},
     "replica berlin is 80.5 MiB behind (max_replica_lag = 64MB)"},
    {{LIMIT_SLOW, REASON_MAX_HOLD, REASON_REPLICA_LAG, LIMITS_SLOWEST},
     "held for max_hold = 90min; continues at its lowest pace: replica berlin is 80.5 MiB behind "
     "(max_replica_lag = 64MB)"},
    {{LIMIT_HOLD, REASON_SLOT_LAG, REASON_SLOT_LAG, 0},
     "replication slot debezium retains 12.0 GiB of WAL (max_slot_lag = 10GB)"},
    {{LIMIT_SLOW, REASON_WAL_RATE, REASON_WAL_RATE, 0.5},
     "the server writes WAL at its limit (max_wal_rate = 20MB a second)"},
    {{LIMIT_SLOW, REASON_LOCK_WAITERS, REASON_LOCK_WAITERS, 0.25},
     "other sessions have waited for its locks"},
    {{LIMIT_HOLD, REASON_ACTIVE_SESSIONS, REASON_ACTIVE_SESSIONS, 0},
     "9 sessions are active (max_active_sessions = 8)"},
    {{LIMIT_SLOW, REASON_OLD_SNAPSHOT, REASON_OLD_SNAPSHOT, 0.25},
     "pid 123 has kept VACUUM from removing dead rows for 2h 10min (max_snapshot_age = 1h)"},
    {{LIMIT_HOLD, REASON_WRAPAROUND, REASON_WRAPAROUND, 0},
     "autovacuum works on its table to prevent wraparound"},
};

static void expect_sentence(const struct explain_case *row, const struct limit_sample *facts)
{
    struct text out = {0};

    limits_explain(&row->verdict, facts, &settings, &out);
    ck_assert_str_eq(out.data, row->sentence);
    text_free(&out);
}

START_TEST(verdict_is_explained_as)
{
    expect_sentence(&explanations[_i], &sample);
}
END_TEST

/* Of the two limits of a replica, the one that is used up more; lag in time alone, if bytes are not
 * known. */
START_TEST(replica_that_is_late_is_named_with_its_time)
{
    static const struct explain_case late = {
        {LIMIT_SLOW, REASON_REPLICA_LAG, REASON_REPLICA_LAG, 0.5},
        "replica tokyo is 7.5 s behind (max_replica_lag_time = 10s)"};
    struct limit_sample facts = sample;

    facts.facts.replica_lag_s = 7.5;
    facts.facts.replica_lag_bytes = 40 << 20;
    expect_sentence(&late, &facts);
    facts.facts.replica_lag_bytes = NAN;
    expect_sentence(&late, &facts);
}
END_TEST

START_TEST(setting_of_0_is_no_limit)
{
    static const struct database_settings none = {.max_hold_ms = 1000};
    struct limits limits = limits_of(&none);

    ck_assert(isinf(limits.replica_lag_bytes) && isinf(limits.replica_lag_s));
    ck_assert(isinf(limits.slot_lag_bytes) && isinf(limits.wal_bytes_per_s));
    ck_assert(isinf(limits.active_sessions) && isinf(limits.snapshot_age_s));
    ck_assert_double_eq(limits.max_hold_ms, 1000);
}
END_TEST

START_TEST(settings_become_limits_in_their_units)
{
    struct limits limits = limits_of(&settings);

    ck_assert_double_eq(limits.replica_lag_bytes, 64 << 20);
    ck_assert_double_eq(limits.replica_lag_s, 10);
    ck_assert_double_eq(limits.slot_lag_bytes, 10 * 1073741824.0);
    ck_assert_double_eq(limits.wal_bytes_per_s, 20 << 20);
    ck_assert_double_eq(limits.active_sessions, 8);
    ck_assert_double_eq(limits.snapshot_age_s, 3600);
    ck_assert_double_eq(limits.max_hold_ms, 5400000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("limits");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, verdict_is_explained_as, 0, ARRAY_LENGTH(explanations));
    tcase_add_test(tcase, replica_that_is_late_is_named_with_its_time);
    tcase_add_test(tcase, setting_of_0_is_no_limit);
    tcase_add_test(tcase, settings_become_limits_in_their_units);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
