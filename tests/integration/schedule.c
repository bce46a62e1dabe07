/*
 * Why: a purge that runs outside of its window, twice as often as asked, on more connections than
 * allowed or faster than allowed is noticed by the application; one that does not go on where it
 * was never ends. The database's clock can't be set by a test, but a window's time zone can: with
 * one of its own, every test begins as many seconds before noon as it likes.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

static const char *closing_in(const struct scene *scene, int seconds)
{
    return keep_format("window = 06:00-12:00\ntimezone = %s\n", scene_noon_in(scene, seconds));
}

static const char *opening_in(const struct scene *scene, int seconds)
{
    return keep_format("window = 12:00-18:00\ntimezone = %s\n", scene_noon_in(scene, seconds));
}

/* Replaces the daemon's configuration by one of scene_config(), and reloads it. */
static void reconfigure(const struct scene *scene, const struct daemon *daemon, const char *options)
{
    config_rewrite(daemon->config, "%s", keep_file(scene_config(scene, options)));
    daemon_signal(daemon, SIGHUP);
}

static int64_t gone(const struct scene *scene)
{
    return promises_check(scene->own, "orders", SCENE_DUE);
}

/* --- windows --- */

START_TEST(nothing_is_deleted_before_the_window_opens)
{
    struct scene scene = scene_new();
    struct daemon daemon;
    const char *now;

    scene_add_orders(&scene, 400);
    now = sql_text(scene.own, "SELECT date_trunc('second', clock_timestamp())");
    daemon = daemon_start(scene_config(&scene, opening_in(&scene, 4)));
    daemon_await_log(&daemon, "job=orders checking -> waiting (window)", AWAIT_MS);
    scene_await_no_daemon(&scene); /* it keeps no connection meanwhile */
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(gone(&scene), 200);
    ck_assert_str_eq(
        sql_text(scene.own, "SELECT min(purged_at) >= timestamptz '%s' + '4 s' FROM pgpurged.audit",
                 now),
        "t");
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(a_run_that_the_window_cuts_off_goes_on_where_it_was)
{
    struct scene scene = scene_new();
    struct daemon daemon;
    int64_t before;

    scene_add_orders(&scene, 4000);
    daemon = daemon_start(
        scene_config(&scene, keep_format("%smax_rows_per_second = 200", closing_in(&scene, 5))));
    daemon_await_log(&daemon, "checking -> waiting (window)", AWAIT_MS);
    before = gone(&scene);
    ck_assert_int_gt(before, 0);
    ck_assert_int_lt(before, 2000);
    ck_assert_str_eq(sql_text(scene.own,
                              "SELECT concat(ended_at IS NULL, next_block > 0, rows = %d)"
                              " FROM pgpurged.runs",
                              (int)before),
                     "ttt");

    reconfigure(&scene, &daemon, "window = always");
    daemon_await_log(&daemon, "goes on: cutoff", AWAIT_MS);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(gone(&scene), 2000);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(the_end_of_the_window_ends_the_batch_in_flight)
{
    struct scene scene = scene_new();
    struct daemon daemon;
    struct mono start;

    scene_add_orders(&scene, 400);
    sql_exec(scene.own, "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                        "  PERFORM pg_sleep(60); RETURN NULL; END $$;"
                        "CREATE TRIGGER dawdle BEFORE DELETE ON orders EXECUTE FUNCTION dawdle()");
    start = mono_now();
    daemon = daemon_start(
        scene_config(&scene, keep_format("%sstatement_timeout = 50s", closing_in(&scene, 5))));
    daemon_await_log(&daemon, "checking -> waiting (window)", AWAIT_MS);
    ck_assert_double_lt(mono_ms_between(start, mono_now()), 40000);
    ck_assert(daemon_log_has(&daemon, "canceling statement due to statement timeout (57014)"));
    scene_await_no_daemon(&scene);
    ck_assert_int_eq(gone(&scene), 0);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(once_runs_outside_of_the_window)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 40);
    scene_once(scene_config(&scene, opening_in(&scene, 3600)), 0);
    ck_assert_int_eq(gone(&scene), 20);
    scene_end(&scene);
}
END_TEST

/* --- every --- */

START_TEST(runs_begin_as_far_apart_as_every_says)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    daemon = daemon_start(scene_config(&scene, "every = 2s"));
    await_sql(scene.own, "SELECT count(*) >= 4 FROM pgpurged.runs WHERE outcome = 'done'",
              AWAIT_MS);
    /* Never earlier, and not always later. */
    ck_assert_str_eq(sql_text(scene.own,
                              "SELECT min(apart) BETWEEN interval '2 s' AND interval '3.5 s'"
                              " FROM (SELECT started_at - lag(started_at) OVER (ORDER BY id) AS"
                              " apart FROM pgpurged.runs) AS r"),
                     "t");
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(a_restart_does_not_begin_a_run_that_is_not_due)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    scene_once(scene_config(&scene, ""), 0);
    daemon = daemon_start(scene_config(&scene, "every = 1d"));
    daemon_await_log(&daemon, "job=orders checking -> waiting (not_due)", AWAIT_MS);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- connections --- */

static const char *config_with(const char *database_options, const struct scene *scene,
                               const char *sections)
{
    return scene_config_through(
        keep_format("%s\n%s", cluster_conninfo(harness_cluster(), scene->database, "pgpurged"),
                    database_options),
        sections);
}

static const char carts[] = "[job carts]\ntable = carts\nexpires = deleted_at + 30d\n";

START_TEST(jobs_of_one_database_share_its_connections)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    scene_add_table(&scene, "carts", 40);
    gate_close(&scene, 1);
    daemon = daemon_start(
        config_with("max_connections = 1", &scene, keep_format("%s%s", scene_job(""), carts)));
    gate_await(&scene);
    ck_assert(daemon_log_has(&daemon, "job=carts connecting -> connecting (max_connections)"));
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pg_stat_activity WHERE"
                                        " application_name = 'pgpurged' AND datname ="
                                        " current_database()"),
                     1);
    ck_assert_int_eq(promises_check(scene.own, "carts", SCENE_DUE), 0);
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    scene_await_run(&scene, "carts", "done");
    ck_assert_int_eq(gone(&scene), 20);
    ck_assert_int_eq(promises_check(scene.own, "carts", SCENE_DUE), 20);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(with_two_connections_two_jobs_run_side_by_side)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    scene_add_table(&scene, "carts", 40);
    gate_close(&scene, 1);
    daemon = daemon_start(
        config_with("max_connections = 2", &scene, keep_format("%s%s", scene_job(""), carts)));
    gate_await(&scene);
    scene_await_run(&scene, "carts", "done");
    ck_assert_int_eq(gone(&scene), 0);
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(a_database_that_is_down_does_not_disturb_another)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    daemon = daemon_start(scene_config(
        &scene, "[database dead]\nconninfo = host=127.0.0.1 port=1 dbname=dead\n"
                "[job ghosts]\ndatabase = dead\ntable = ghosts\nexpires = deleted_at + 30d\n"));
    scene_await_run(&scene, "orders", "done");
    daemon_await_log(&daemon, "database=dead unavailable, next attempt in", AWAIT_MS);
    daemon_await_log(&daemon, "job=ghosts connecting -> connecting (database)", AWAIT_MS);
    ck_assert_int_eq(gone(&scene), 20);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(a_database_that_comes_up_late_is_purged_then)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    PQfinish(scene.own);
    cluster_stop_fast(harness_cluster());
    daemon = daemon_start(scene_config(&scene, ""));
    daemon_await_log(&daemon, "database=d unavailable, next attempt in", AWAIT_MS);
    cluster_start(harness_cluster());
    scene.own = scene_connect(&scene);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(gone(&scene), 20);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- how fast --- */

/* Each batch with the time from its begin to that of the next one, in which it has rested as well.
 */
#define BATCHES                                                                                    \
    "(SELECT rows, elapsed_ms, extract(epoch FROM lead(began) OVER (ORDER BY batch) - began) AS"   \
    "  cycle_s FROM (SELECT *, purged_at - elapsed_ms * interval '1 ms' AS began"                  \
    "                FROM pgpurged.audit) AS a) AS b WHERE cycle_s IS NOT NULL"

/* All together may not go beyond it, and the best have to come near it, whatever has held up the
 * others. */
START_TEST(max_rows_per_second_is_kept_within_a_tenth)
{
    struct scene scene = scene_new();
    double rate, best;

    scene_add_orders(&scene, 8000);
    scene_once(scene_config(&scene, "max_rows_per_second = 1000"), 0);
    rate = atof(sql_text(scene.own, "SELECT sum(rows) / sum(cycle_s) FROM " BATCHES));
    best = atof(sql_text(scene.own, "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY"
                                    " rows / cycle_s) FROM " BATCHES));
    ck_assert_double_lt(rate, 1100);
    ck_assert_double_gt(best, 900);
    ck_assert_int_eq(gone(&scene), 4000);
    scene_end(&scene);
}
END_TEST

/* Each batch sleeps for a while, so that what the test's machine does besides matters little: it
 * can only make the part smaller, and not that of every batch. */
START_TEST(duty_is_the_part_of_the_time_that_is_spent_in_batches)
{
    struct scene scene = scene_new();
    double percent, most;

    scene_add_orders(&scene, 200);
    sql_exec(scene.own, "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                        "  PERFORM pg_sleep(0.03); RETURN NULL; END $$;"
                        "CREATE TRIGGER dawdle BEFORE DELETE ON orders EXECUTE FUNCTION dawdle()");
    scene_once(scene_config(&scene, "duty_cycle = 25\nbatch_rows = 10"), 0);
    percent = atof(sql_text(scene.own, "SELECT sum(elapsed_ms) / 10 / sum(cycle_s) FROM " BATCHES));
    most = atof(sql_text(scene.own, "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY"
                                    " elapsed_ms / 10 / cycle_s) FROM " BATCHES));
    ck_assert_double_le(percent, 27);
    ck_assert_double_ge(most, 18);
    ck_assert_int_eq(gone(&scene), 100);
    scene_end(&scene);
}
END_TEST

START_TEST(the_first_batch_of_a_run_is_small)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 8000);
    scene_once(scene_config(&scene, "batch_rows = 100000\nbatch_time = 60s"), 0);
    ck_assert_int_le(sql_int(scene.own, "SELECT to_block - from_block FROM pgpurged.audit ORDER BY"
                                        " batch LIMIT 1"),
                     16);
    ck_assert_int_gt(sql_int(scene.own, "SELECT max(to_block - from_block) FROM pgpurged.audit"),
                     16);
    ck_assert_int_eq(gone(&scene), 4000);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_is_deleted_before_the_window_opens,
        a_run_that_the_window_cuts_off_goes_on_where_it_was,
        the_end_of_the_window_ends_the_batch_in_flight,
        once_runs_outside_of_the_window,
        runs_begin_as_far_apart_as_every_says,
        a_restart_does_not_begin_a_run_that_is_not_due,
        jobs_of_one_database_share_its_connections,
        with_two_connections_two_jobs_run_side_by_side,
        a_database_that_is_down_does_not_disturb_another,
        a_database_that_comes_up_late_is_purged_then,
        max_rows_per_second_is_kept_within_a_tenth,
        duty_is_the_part_of_the_time_that_is_spent_in_batches,
        the_first_batch_of_a_run_is_small,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
