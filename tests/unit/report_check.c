#include "report/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* One job and one database with which all is well; each row of the table spoils something. */
static struct snapshot *healthy(void)
{
    struct snapshot *snapshot = snapshot_new(1, 1);
    struct job_view *job = &snapshot->jobs[0];

    snapshot->daemon.now = (struct wall){INT64_C(1795222800000000)};
    snapshot->daemon.started = (struct wall){INT64_C(1795219200000000)}; /* an hour ago */
    snapshot->daemon.reload_ok = true;
    snapshot->databases[0].name = text_copy("shop");
    snapshot->databases[0].up = true;
    snapshot->databases[0].role = ROLE_PRIMARY;
    job->name = text_copy("orders");
    job->database = text_copy("shop");
    job->enabled = true;
    job->breaker = text_copy("closed");
    job->oldest_overdue_s = 7200;
    job->due_rows = 120;
    job->last_success = (struct wall){INT64_C(1795215600000000)}; /* two hours ago */
    job->counters.rows_deleted = 4711;
    return snapshot;
}

static void nothing(struct snapshot *snapshot)
{
    (void)snapshot;
}

static void nothing_due(struct snapshot *snapshot)
{
    snapshot->jobs[0].oldest_overdue_s = 0;
}

static void late(struct snapshot *snapshot)
{
    snapshot->jobs[0].oldest_overdue_s = 2 * 86400 + 1;
}

static void very_late(struct snapshot *snapshot)
{
    snapshot->jobs[0].oldest_overdue_s = 7 * 86400 + 1;
}

static void not_measured(struct snapshot *snapshot)
{
    snapshot->jobs[0].oldest_overdue_s = NAN;
}

static void not_measured_on_a_standby(struct snapshot *snapshot)
{
    snapshot->jobs[0].oldest_overdue_s = NAN;
    snapshot->databases[0].role = ROLE_STANDBY;
}

static void stopped(struct snapshot *snapshot)
{
    snapshot->jobs[0].state = JOB_STOPPED;
    snapshot->jobs[0].oldest_overdue_s = NAN;
    snapshot->jobs[0].why = text_copy("the table is gone | or\nrenamed");
}

static void disabled(struct snapshot *snapshot)
{
    snapshot->jobs[0].enabled = false;
    snapshot->jobs[0].state = JOB_STOPPED;
    snapshot->jobs[0].oldest_overdue_s = NAN;
}

static void paused(struct snapshot *snapshot)
{
    snapshot->jobs[0].state = JOB_HELD;
    snapshot->jobs[0].reason = REASON_PAUSED;
}

static void held_by_the_clock(struct snapshot *snapshot)
{
    snapshot->jobs[0].state = JOB_HELD;
    snapshot->jobs[0].reason = REASON_CLOCK;
}

static void held_by_the_window(struct snapshot *snapshot)
{
    snapshot->jobs[0].state = JOB_HELD;
    snapshot->jobs[0].reason = REASON_WINDOW;
}

static void held_by_a_limit(struct snapshot *snapshot)
{
    snapshot->jobs[0].state = JOB_HELD;
    snapshot->jobs[0].reason = REASON_REPLICA_LAG;
}

static void held_for_max_hold(struct snapshot *snapshot)
{
    snapshot->jobs[0].state = JOB_RESTING;
    snapshot->jobs[0].reason = REASON_MAX_HOLD;
}

static void breaker_open(struct snapshot *snapshot)
{
    free(snapshot->jobs[0].breaker);
    snapshot->jobs[0].breaker = text_copy("open");
    snapshot->jobs[0].failures = 8;
    snapshot->jobs[0].error =
        (struct error_view){.present = true, .message = text_copy("deadlock")};
}

static void breaker_half_open(struct snapshot *snapshot)
{
    free(snapshot->jobs[0].breaker);
    snapshot->jobs[0].breaker = text_copy("half_open");
    snapshot->jobs[0].failures = 8;
}

static void rejected(struct snapshot *snapshot)
{
    snapshot->jobs[0].last_run.present = true;
    snapshot->jobs[0].last_run.rejected_rows = 12;
    rejected_list_add(&snapshot->jobs[0].last_run.rejected_by,
                      &(struct rejected_cause){.reason = REJECTED_TRIGGER}, 3);
    rejected_list_add(&snapshot->jobs[0].last_run.rejected_by,
                      &(struct rejected_cause){.reason = REJECTED_FOREIGN_KEY}, 9);
}

static void one_rejected(struct snapshot *snapshot)
{
    snapshot->jobs[0].last_run.present = true;
    snapshot->jobs[0].last_run.rejected_rows = 1;
}

static void database_down(struct snapshot *snapshot)
{
    snapshot->databases[0].up = false;
    snapshot->databases[0].error =
        (struct error_view){.present = true, .message = text_copy("refused")};
    snapshot->jobs[0].oldest_overdue_s = NAN;
}

static void database_not_seen_yet(struct snapshot *snapshot)
{
    snapshot->databases[0].up = false;
}

static void kill_switch(struct snapshot *snapshot)
{
    snapshot->databases[0].kill_switch = MAYBE_YES;
    snapshot->jobs[0].state = JOB_HELD;
    snapshot->jobs[0].reason = REASON_KILL_SWITCH;
}

static void reload_failed(struct snapshot *snapshot)
{
    snapshot->daemon.reload_ok = false;
    snapshot->daemon.reload_error = text_copy("shop.conf:3: no");
}

static void late_and_paused(struct snapshot *snapshot)
{
    very_late(snapshot);
    paused(snapshot);
}

static void never_succeeded(struct snapshot *snapshot)
{
    snapshot->jobs[0].last_success = (struct wall){0};
}

static const struct row {
    void (*spoil)(struct snapshot *snapshot);
    enum check_status status;
    const char *summary;
    double success_warning_s, success_critical_s;
} rows[] = {
    {nothing, CHECK_OK, "1 job, the oldest due row is 2h late (orders)", NAN, NAN},
    {nothing_due, CHECK_OK, "1 job, nothing is overdue", NAN, NAN},
    {late, CHECK_WARNING, "orders: the oldest due row is 2d late", NAN, NAN},
    {very_late, CHECK_CRITICAL, "orders: the oldest due row is 7d late", NAN, NAN},
    {not_measured, CHECK_UNKNOWN, "orders: the age of the oldest due row is not known yet", NAN,
     NAN},
    {not_measured_on_a_standby, CHECK_OK, "1 job, nothing is overdue", NAN, NAN},
    {stopped, CHECK_CRITICAL, "orders is stopped: the table is gone   or renamed", NAN, NAN},
    {disabled, CHECK_OK, "1 job, nothing is overdue", NAN, NAN},
    {paused, CHECK_WARNING, "orders is held: an operator has paused it", NAN, NAN},
    {held_by_the_clock, CHECK_CRITICAL,
     "orders is held: the clocks of the database and the daemon differ, or one has jumped", NAN,
     NAN},
    {held_by_the_window, CHECK_OK, "1 job, the oldest due row is 2h late (orders)", NAN, NAN},
    {held_by_a_limit, CHECK_OK, "1 job, the oldest due row is 2h late (orders)", NAN, NAN},
    {held_for_max_hold, CHECK_WARNING,
     "orders is throttled: a limit has held it for max_hold; it continues at its lowest pace", NAN,
     NAN},
    {breaker_open, CHECK_CRITICAL, "orders has failed 8 times in a row: deadlock", NAN, NAN},
    {breaker_half_open, CHECK_WARNING, "orders has failed 8 times in a row: nothing holds it back",
     NAN, NAN},
    {rejected, CHECK_WARNING, "orders: 12 rows are rejected (9 foreign_key, 3 trigger)", NAN, NAN},
    {one_rejected, CHECK_WARNING, "orders: 1 row is rejected", NAN, NAN},
    {database_down, CHECK_CRITICAL, "database shop is down: refused", NAN, NAN},
    {database_not_seen_yet, CHECK_CRITICAL, "database shop is down: not connected yet", NAN, NAN},
    {kill_switch, CHECK_WARNING, "the kill switch of database shop is on", NAN, NAN},
    {reload_failed, CHECK_WARNING, "the new configuration was refused: shop.conf:3: no", NAN, NAN},
    {late_and_paused, CHECK_CRITICAL,
     "orders: the oldest due row is 7d late; orders is held: an operator has paused it", NAN, NAN},
    {nothing, CHECK_OK, "1 job, the oldest due row is 2h late (orders)", 7200, 9000},
    {nothing, CHECK_WARNING, "orders: the last successful run was 2h ago", 7199, 9000},
    {nothing, CHECK_CRITICAL, "orders: the last successful run was 2h ago", 3600, 7199},
    {nothing, CHECK_WARNING, "orders: the last successful run was 2h ago", 7199, 7200},
    {never_succeeded, CHECK_WARNING, "orders: no success since the daemon started 1h ago", 3599,
     7200},
    {never_succeeded, CHECK_OK, "1 job, the oldest due row is 2h late (orders)", 3600, 7200},
};

START_TEST(status_and_summary_follow_from_what_is_wrong)
{
    const struct row *row = &rows[_i];
    struct check_limits limits = {2 * 86400, 7 * 86400, row->success_warning_s,
                                  row->success_critical_s};

    for (int with_job = 0; with_job <= 1; with_job++) {
        struct snapshot *snapshot = healthy();
        struct check_result result;

        row->spoil(snapshot);
        result = check_snapshot(snapshot, with_job ? &snapshot->jobs[0] : NULL, &limits);
        ck_assert_str_eq(result.summary.data, row->summary);
        ck_assert_int_eq(result.status, row->status);
        check_clear(&result);
        snapshot_free(snapshot);
    }
}
END_TEST

static const struct check_limits usual = {2 * 86400, 7 * 86400, NAN, NAN};

START_TEST(line_is_what_a_plugin_prints)
{
    struct snapshot *snapshot = healthy();
    struct check_result result = check_snapshot(snapshot, NULL, &usual);
    struct text out = {0};

    check_print(&out, &result);
    ck_assert_str_eq(out.data,
                     "PGPURGED OK - 1 job, the oldest due row is 2h late (orders) | "
                     "overdue=7200s;172800;604800;0 due_rows=120;;;0 rejected_rows=0;0;;0 "
                     "deleted_rows=4711c jobs=1;;;0 held=0;0;;0 stopped=0;;0;0\n");
    text_free(&out);
    check_clear(&result);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(unknown_figures_are_u_in_perfdata)
{
    struct snapshot *snapshot = healthy();
    struct check_limits none = {NAN, NAN, NAN, NAN};
    struct check_result result;

    snapshot->jobs[0].oldest_overdue_s = NAN;
    snapshot->jobs[0].due_rows = NAN;
    result = check_snapshot(snapshot, NULL, &none);
    ck_assert_msg(text_starts(result.perfdata.data, "overdue=U;;;0 due_rows=U;;;0 "), "%s",
                  result.perfdata.data);
    check_clear(&result);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(json_says_the_same)
{
    struct snapshot *snapshot = healthy();
    struct check_result result;
    struct text out = {0};

    very_late(snapshot);
    result = check_snapshot(snapshot, NULL, &usual);
    check_print_json(&out, &result);
    ck_assert_msg(text_starts(out.data, "{\"status\":\"CRITICAL\",\"code\":2,\"message\":\"orders: "
                                        "the oldest due row is 7d late\",\"perfdata\":\"overdue="),
                  "%s", out.data);
    text_free(&out);
    check_clear(&result);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(a_few_of_many_findings_are_told_and_the_rest_counted)
{
    struct snapshot *snapshot = made_up_many(100);
    struct check_result result;

    for (size_t i = 0; i < snapshot->job_count; i++)
        snapshot->jobs[i].state = i % 2 == 0 ? JOB_STOPPED : JOB_RUNNING;
    snapshot->jobs[7].state = JOB_HELD;
    snapshot->jobs[7].reason = REASON_PAUSED;
    result = check_snapshot(snapshot, NULL, &usual);
    ck_assert_int_eq(result.status, CHECK_CRITICAL);
    ck_assert_int_lt(result.summary.length, 500);
    ck_assert_msg(strstr(result.summary.data, "job_0008 is stopped") != NULL, "%s",
                  result.summary.data);
    ck_assert_msg(strstr(result.summary.data, "; and 147 more") != NULL, "%s", result.summary.data);
    check_clear(&result);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(the_job_that_is_latest_is_named)
{
    struct snapshot *snapshot = made_up_many(3);
    struct check_limits none = {NAN, NAN, NAN, NAN};
    struct check_result result;

    snapshot->daemon.reload_ok = true;
    for (size_t i = 0; i < 3; i++) {
        snapshot->jobs[i].last_run.rejected_rows = 0;
        snapshot->jobs[i].run.rejected_rows = 0;
    }
    snapshot->jobs[1].oldest_overdue_s = 86400;
    result = check_snapshot(snapshot, NULL, &none);
    ck_assert_str_eq(result.summary.data, "3 jobs, the oldest due row is 1d late (job_0001)");
    check_clear(&result);
    snapshot_free(snapshot);
}
END_TEST

TCase *check_cases(void)
{
    TCase *tcase = tcase_create("check");

    tcase_add_loop_test(tcase, status_and_summary_follow_from_what_is_wrong, 0, ARRAY_LENGTH(rows));
    tcase_add_test(tcase, line_is_what_a_plugin_prints);
    tcase_add_test(tcase, unknown_figures_are_u_in_perfdata);
    tcase_add_test(tcase, json_says_the_same);
    tcase_add_test(tcase, a_few_of_many_findings_are_told_and_the_rest_counted);
    tcase_add_test(tcase, the_job_that_is_latest_is_named);
    return tcase;
}
