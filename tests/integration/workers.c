/*
 * Why: several workers of one job take from the same scan, share one lock and end one run. Whatever
 * becomes of one of them (refused, killed, stopped in mid-run), no row may be counted twice, none
 * that is due may be left, and the others go on.
 */
#include <check.h>
#include <signal.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* 1,200 blocks, so that it is worth more than one worker; 6,000 rows are due. */
enum { ROWS = 12000, DUE = ROWS / 2 };
#define MIDDLE 40

static const char *config_for(const struct scene *scene, int workers, int max_connections)
{
    return scene_config_through(
        keep_format("%s\nmax_connections = %d",
                    cluster_conninfo(harness_cluster(), scene->database, "pgpurged"),
                    max_connections),
        scene_job(keep_format("batch_rows = 50\nbatch_time = 2ms\nlock_timeout = 30s\n"
                              "workers = %d",
                              workers)));
}

static struct scene scene_with_gate(void)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    gate_close_to_all(&scene, MIDDLE);
    return scene;
}

/* So many workers stand at the gate: all there are, with something gone and something left. */
static void await_workers(const struct scene *scene, int count)
{
    await_sql(scene->own,
              keep_format("SELECT count(*) = %d FROM pg_locks WHERE locktype = 'advisory'"
                          " AND objid = 4242 AND NOT granted AND database ="
                          " (SELECT oid FROM pg_database WHERE datname = current_database())",
                          count),
              AWAIT_MS);
    ck_assert_int_gt(promises_check(scene->own, "orders", SCENE_DUE), 0);
    ck_assert_int_gt(scene_due(scene), DUE / 2);
}

/* All that was due is gone in one run, and each row is counted once, wherever it is counted. */
static void check_one_whole_run(const struct scene *scene)
{
    scene_await_run(scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene->own, "orders", SCENE_DUE), DUE);
    ck_assert_str_eq(sql_text(scene->own, "SELECT concat(count(*), ' ', sum(rows), ' ',"
                                          " sum(batches) = (SELECT count(*) FROM pgpurged.audit))"
                                          " FROM pgpurged.runs"),
                     keep_format("1 %d t", DUE));
}

static void check_workers(int workers)
{
    struct scene scene = scene_with_gate();
    struct daemon daemon = daemon_start(config_for(&scene, workers, workers));

    await_workers(&scene, workers);
    gate_open(&scene);
    check_one_whole_run(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}

START_TEST(two_or_three_workers_share_a_run_and_count_no_row_twice)
{
    for (int workers = 2; workers <= 3; workers++)
        check_workers(workers);
}
END_TEST

START_TEST(workers_that_get_no_connection_are_done_without)
{
    struct scene scene = scene_with_gate();
    struct daemon daemon = daemon_start(config_for(&scene, 3, 1));

    await_workers(&scene, 1);
    gate_open(&scene);
    check_one_whole_run(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* ---- a connection that is refused ---- */

/* Of the daemon's role, so that no session of somebody else's takes one: autovacuum comes and goes.
 */
static void limit_connections(const struct scene *scene, int most)
{
    await_sql(scene->own,
              "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'pgpurged')",
              AWAIT_MS);
    sql_exec(scene->own, "ALTER ROLE pgpurged CONNECTION LIMIT %d", most);
}

static void lift_limit(const struct scene *scene)
{
    sql_exec(scene->own, "ALTER ROLE pgpurged CONNECTION LIMIT -1");
}

START_TEST(a_worker_that_the_server_refuses_at_first_comes_later)
{
    struct scene scene = scene_with_gate();

    limit_connections(&scene, 1);
    struct daemon daemon = daemon_start(config_for(&scene, 2, 2));
    daemon_await_log(&daemon, "too many connections for role", AWAIT_MS);
    await_workers(&scene, 1);
    lift_limit(&scene);
    await_workers(&scene, 2);
    gate_open(&scene);
    check_one_whole_run(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* Slow enough that the second worker is given up long before the run is over. */
START_TEST(one_run_alone_is_not_given_up_because_its_second_worker_is_refused)
{
    struct scene scene = scene_new();
    const char *config;

    scene_add_orders(&scene, ROWS);
    limit_connections(&scene, 1);
    config = scene_config(&scene, "workers = 2\nmax_rows_per_second = 300");
    sql_exec(scene.own, "DELETE FROM orders WHERE id > 4000 AND id < 11000;"
                        "DELETE FROM promises.orders WHERE id > 4000 AND id < 11000");
    scene_once(config, 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 2500);
    lift_limit(&scene);
    scene_end(&scene);
}
END_TEST

/* The server refuses it until that one is done. */
START_TEST(a_job_is_not_given_up_while_another_one_has_a_connection_to_hand_on)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 2000);
    scene_add_table(&scene, "carts", 400);
    limit_connections(&scene, 1);
    scene_once(scene_config_of(&scene, keep_format("%s[job carts]\ntable = carts\n"
                                                   "expires = deleted_at + 30d\n",
                                                   scene_job("max_rows_per_second = 500"))),
               0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 1000);
    ck_assert_int_eq(promises_check(scene.own, "carts", SCENE_DUE), 200);
    lift_limit(&scene);
    scene_end(&scene);
}
END_TEST

/* ---- a worker that dies ---- */

START_TEST(a_run_goes_on_after_one_of_its_workers_was_terminated)
{
    struct scene scene = scene_with_gate();
    struct daemon daemon = daemon_start(config_for(&scene, 3, 3));

    await_workers(&scene, 3);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(pg_terminate_backend(pid)) FROM"
                                        " (SELECT pid FROM pg_stat_activity"
                                        "  WHERE application_name = 'pgpurged'"
                                        "  AND datname = current_database()"
                                        "  AND pid <> (SELECT owner_pid FROM pgpurged.runs)"
                                        "  LIMIT 1) AS one"),
                     1);
    gate_open(&scene);
    check_one_whole_run(&scene);
    ck_assert(daemon_log_has(&daemon, "was not committed: 0 rows"));
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* ---- the daemon ---- */

START_TEST(a_second_daemon_is_held_while_several_workers_run_and_while_one_does)
{
    struct scene scene = scene_with_gate();
    struct daemon first = daemon_start(config_for(&scene, 2, 2));

    await_workers(&scene, 2);
    struct daemon second = daemon_start(config_for(&scene, 2, 2));
    daemon_await_log(&second, "held (other_daemon)", AWAIT_MS);
    gate_open(&scene);
    check_one_whole_run(&scene);
    daemon_stop(&second);
    daemon_stop(&first);
    scene_end(&scene);
}
END_TEST

static void end_by_signal(struct daemon *daemon, struct scene *scene, int signal)
{
    if (signal == SIGKILL) {
        daemon_kill9(daemon);
        gate_open(scene);
    } else {
        daemon_signal(daemon, signal);
        gate_open(scene);
        daemon_await_exit(daemon, 0, AWAIT_MS);
    }
    scene_await_no_daemon(scene);
}

static void check_end_and_next_start(int signal)
{
    struct scene scene = scene_with_gate();
    const char *config = config_for(&scene, 3, 3);
    struct daemon daemon = daemon_start(config);

    await_workers(&scene, 3);
    end_by_signal(&daemon, &scene, signal);
    promises_check(scene.own, "orders", SCENE_DUE);
    ck_assert_int_gt(scene_due(&scene), 0);

    struct daemon next = daemon_start(config);
    check_one_whole_run(&scene);
    daemon_await_log(&next, " goes on: ", AWAIT_MS);
    daemon_stop(&next);
    scene_end(&scene);
}

START_TEST(a_run_of_several_workers_that_was_stopped_or_killed_goes_on_at_the_next_start)
{
    check_end_and_next_start(SIGTERM);
    check_end_and_next_start(SIGKILL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        two_or_three_workers_share_a_run_and_count_no_row_twice,
        workers_that_get_no_connection_are_done_without,
        a_worker_that_the_server_refuses_at_first_comes_later,
        one_run_alone_is_not_given_up_because_its_second_worker_is_refused,
        a_job_is_not_given_up_while_another_one_has_a_connection_to_hand_on,
        a_run_goes_on_after_one_of_its_workers_was_terminated,
        a_second_daemon_is_held_while_several_workers_run_and_while_one_does,
        a_run_of_several_workers_that_was_stopped_or_killed_goes_on_at_the_next_start,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
