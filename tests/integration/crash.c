/*
 * Why: promise A has to hold whatever dies: the daemon, its backend, the server, the network, and
 * the answer to a COMMIT. Each test stops a run in the middle at a known place, lets something die,
 * and looks whether the run comes to its end by itself, all rows accounted for, none twice.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/proxy.h"
#include "integration/scene.h"
#include "integration/session.h"
#include "policy/pacing.h"

/* Small batches, so that the gate is in the middle of the run: 400 rows in 40 blocks, 200 due. */
enum { ROWS = 400, DUE = 200 };
#define SMALL_BATCHES "batch_rows = 20\nbatch_time = 1ms\nlock_timeout = 30s\n"
#define MIDDLE        8

static struct scene scene_with_gate(void)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    gate_close(&scene, MIDDLE);
    return scene;
}

/* Something is gone and something is left: the gate is where it should be. */
static void await_middle(const struct scene *scene)
{
    gate_await(scene);
    ck_assert_int_gt(sql_int(scene->own, "SELECT count(*) FROM pgpurged.audit"), 0);
    ck_assert_int_gt(scene_due(scene), 20);
}

/* The one run that there is has come to its end: all that was due is gone, and accounted once. */
static void check_one_whole_run(const struct scene *scene)
{
    scene_await_run(scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene->own, "orders", SCENE_DUE), DUE);
    ck_assert_str_eq(sql_text(scene->own, "SELECT count(*) || ' ' || sum(rows) FROM pgpurged.runs"),
                     "1 200");
    ck_assert_int_eq(sql_int(scene->own,
                             "SELECT count(*) FROM pgpurged.runs r WHERE batches <>"
                             " (SELECT count(*) FROM pgpurged.audit a WHERE a.run = r.id)"),
                     0);
}

/* ---- the daemon ---- */

START_TEST(a_run_whose_daemon_was_killed_goes_on_at_the_next_start)
{
    struct scene scene = scene_with_gate();
    const char *config = scene_config(&scene, SMALL_BATCHES);
    struct daemon daemon = daemon_start(config);

    await_middle(&scene);
    daemon_kill9(&daemon);
    gate_open(&scene);
    scene_await_no_daemon(&scene); /* its session ends the batch that it was sent */
    promises_check(scene.own, "orders", SCENE_DUE);
    ck_assert_int_gt(scene_due(&scene), 0);

    struct daemon next = daemon_start(config);
    check_one_whole_run(&scene);
    daemon_await_log(&next, " goes on: ", AWAIT_MS);
    daemon_stop(&next);
    scene_end(&scene);
}
END_TEST

/* ---- its backend ---- */

START_TEST(a_run_whose_session_was_terminated_goes_on_by_itself)
{
    struct scene scene = scene_with_gate();
    struct daemon daemon = daemon_start(scene_config(&scene, SMALL_BATCHES));

    await_middle(&scene);
    sql_exec(scene.own, "SELECT pg_terminate_backend(%d)", scene_backend(&scene));
    scene_await_no_daemon(&scene);
    gate_open(&scene);
    check_one_whole_run(&scene);
    ck_assert(daemon_log_has(&daemon, "was not committed: 0 rows"));
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

static bool is_thrown_out(void *arg)
{
    return !text_equal(sql_error(arg, "SELECT 1"), "00000");
}

/* The server takes it for a crash and throws everybody out, our own session with its gate too. */
START_TEST(a_run_goes_on_by_itself_after_the_server_has_crashed)
{
    struct scene scene = scene_with_gate();
    struct daemon daemon = daemon_start(scene_config(&scene, SMALL_BATCHES));

    await_middle(&scene);
    ck_assert_int_eq(kill(scene_backend(&scene), SIGKILL), 0);
    await(is_thrown_out, scene.own, AWAIT_MS, "the crash");
    cluster_start(harness_cluster()); /* returns when it answers again */
    PQfinish(scene.own);
    scene.own = scene_connect(&scene);
    check_one_whole_run(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* ---- the server ---- */

static void check_restart(void (*stop)(struct cluster *cluster))
{
    struct scene scene = scene_with_gate();
    struct daemon daemon = daemon_start(scene_config(&scene, SMALL_BATCHES));

    await_middle(&scene);
    stop(harness_cluster());
    daemon_await_log(&daemon, "(database)", AWAIT_MS);
    cluster_start(harness_cluster());
    PQfinish(scene.own);
    scene.own = scene_connect(&scene);
    check_one_whole_run(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}

START_TEST(a_run_goes_on_by_itself_after_a_fast_restart_of_the_server)
{
    check_restart(cluster_stop_fast);
}
END_TEST

START_TEST(a_run_goes_on_by_itself_after_an_immediate_restart_of_the_server)
{
    check_restart(cluster_stop_immediate);
}
END_TEST

/* ---- the network ---- */

static struct proxy proxy_to_cluster(double delay_ms)
{
    struct proxy proxy;
    struct proxy_options options = {.server = cluster_socket(harness_cluster()),
                                    .delay_ms = delay_ms};

    ck_assert(proxy_start(&proxy, &options));
    return proxy;
}

static const char *config_through(const struct proxy *proxy, const struct scene *scene,
                                  const char *options)
{
    return scene_config_through(cluster_conninfo_through(proxy->port, scene->database, "pgpurged"),
                                scene_job(options));
}

/*
 * The gate holds the batch whose COMMIT was sent with it long ago; a cut towards the server meets
 * the next batch, one towards the client meets the answer of this one.
 */
static void check_cut_commit(enum proxy_direction direction, bool forwarded, const char *found)
{
    struct scene scene = scene_with_gate();
    struct proxy proxy = proxy_to_cluster(0);
    struct daemon daemon = daemon_start(config_through(&proxy, &scene, SMALL_BATCHES));
    int lost;

    await_middle(&scene);
    proxy_cut_at(&proxy, direction, "COMMIT", forwarded);
    gate_open(&scene);
    check_one_whole_run(&scene);
    ck_assert_int_eq(proxy_cuts(&proxy), 1);
    daemon_await_log(&daemon, found, AWAIT_MS);
    /* One batch, and perhaps others that were on their way as well. */
    lost = daemon_log_count(&daemon, " was committed: ") +
           daemon_log_count(&daemon, " was not committed: ");
    ck_assert_int_ge(lost, 1);
    ck_assert_int_le(lost, PACE_MOST_IN_FLIGHT);
    daemon_stop(&daemon);
    proxy_stop(&proxy);
    scene_end(&scene);
}

START_TEST(a_commit_that_never_reached_the_server_is_found_out_and_done_again)
{
    check_cut_commit(PROXY_TO_SERVER, false, " was not committed: 0 rows");
}
END_TEST

START_TEST(a_commit_that_reached_the_server_and_was_not_answered_is_found_out)
{
    check_cut_commit(PROXY_TO_SERVER, true, " was committed: ");
}
END_TEST

START_TEST(a_commit_whose_answer_is_lost_is_found_out)
{
    check_cut_commit(PROXY_TO_CLIENT, false, " was committed: ");
}
END_TEST

/* All is done but the run's record, and a row is left that somebody has locked. */
static void check_cut_end(bool forwarded)
{
    struct scene scene = scene_new();
    PGconn *other = scene_connect(&scene);
    struct proxy proxy = proxy_to_cluster(0);
    struct daemon daemon;

    scene_add_orders(&scene, ROWS);
    sql_exec(other, "BEGIN; SELECT FROM orders WHERE id = 1 FOR UPDATE");
    proxy_cut_at(&proxy, PROXY_TO_SERVER, "pgpurged.close_run", forwarded);
    daemon = daemon_start(config_through(&proxy, &scene, "lock_timeout = 20ms\n"));
    scene_await_run(&scene, "orders", "incomplete");
    ck_assert_int_eq(proxy_cuts(&proxy), 1);
    ck_assert_int_eq(scene_due(&scene), 1);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(count(*), ' ', sum(skipped)) FROM"
                                         " pgpurged.runs"),
                     "1 1");
    daemon_stop(&daemon);
    proxy_stop(&proxy);
    PQfinish(other);
    scene_end(&scene);
}

START_TEST(a_run_whose_end_is_cut_off_counts_what_is_left_once)
{
    check_cut_end(false);
    check_cut_end(true);
}
END_TEST

/* The network is gone, but the session on the server has not noticed: it waits at the gate, and
 * nobody can say yet what becomes of its batch. */
START_TEST(a_lost_session_that_is_still_at_work_is_waited_for)
{
    struct scene scene = scene_with_gate();
    struct proxy proxy = proxy_to_cluster(0);
    struct daemon daemon = daemon_start(config_through(&proxy, &scene, SMALL_BATCHES));
    struct proxy_options again = {.server = cluster_socket(harness_cluster()), .port = proxy.port};

    await_middle(&scene);
    proxy_stop(&proxy);
    ck_assert(proxy_start(&proxy, &again));
    daemon_await_log(&daemon, "(other_daemon)", AWAIT_MS);
    gate_open(&scene);
    check_one_whole_run(&scene);
    daemon_await_log(&daemon, " was committed: ", AWAIT_MS);
    daemon_stop(&daemon);
    proxy_stop(&proxy);
    scene_end(&scene);
}
END_TEST

/* The answer of the batch at the gate never comes; the daemon gives it up by its own clock, and the
 * way is free again. */
START_TEST(a_server_that_is_frozen_is_given_up_and_the_run_goes_on_when_it_answers)
{
    struct scene scene = scene_with_gate();
    struct proxy proxy = proxy_to_cluster(0);
    struct daemon daemon =
        daemon_start(config_through(&proxy, &scene, SMALL_BATCHES "statement_timeout = 2s\n"));

    await_middle(&scene);
    proxy_freeze(&proxy, true);
    gate_open(&scene);
    daemon_await_log(&daemon, "did not answer in time", AWAIT_MS);
    proxy_freeze(&proxy, false);
    check_one_whole_run(&scene);
    daemon_stop(&daemon);
    proxy_stop(&proxy);
    scene_end(&scene);
}
END_TEST

/* ---- one flight per batch ---- */

/* Batches in what a run has said, whether they deleted anything or not. */
static int64_t batches_in(const char *log)
{
    int64_t count = 0;

    for (const char *at = log; (at = strstr(at, " batch=")) != NULL; at++)
        count++;
    return count;
}

/* Flights of a run over a table of so many rows that belong to no batch. */
static int64_t other_flights(int rows, int64_t *batches)
{
    struct scene scene = scene_new();
    struct proxy proxy = proxy_to_cluster(0);
    int64_t flights;

    scene_add_orders(&scene, rows);
    *batches = batches_in(scene_once(config_through(&proxy, &scene, SMALL_BATCHES), 0));
    flights = proxy_bursts(&proxy);
    proxy_stop(&proxy);
    scene_end(&scene);
    return flights - *batches;
}

START_TEST(each_batch_is_one_round_trip)
{
    int64_t few, many;
    int64_t others_of_few = other_flights(40, &few), others_of_many = other_flights(4000, &many);

    ck_assert_int_ge(many, few + 100);
    /* Two that leave at once are one burst to the proxy. */
    ck_assert_int_le(others_of_many, others_of_few);
}
END_TEST

/*
 * What a batch takes with the network slower by this much. Up to eight are on their way at a time
 * and may come in close to each other, so it is an eighth of what eight take; and of all such it is
 * one of the quickest, which nobody else on the machine has held up.
 */
static double batch_ms(double round_trip_ms)
{
    struct scene scene = scene_new();
    struct proxy proxy = proxy_to_cluster(round_trip_ms / 2);
    double quick;

    scene_add_orders(&scene, 2000);
    scene_once(config_through(&proxy, &scene, SMALL_BATCHES "duty_cycle = 100\n"), 0);
    quick = atof(sql_text(
        scene.own, "SELECT percentile_cont(0.1) WITHIN GROUP (ORDER BY extract(epoch FROM eight))"
                   "  * 1000 / 8 FROM (SELECT purged_at - lag(purged_at, 8) OVER (ORDER BY batch)"
                   "  AS eight FROM pgpurged.audit) AS eights"));
    proxy_stop(&proxy);
    scene_end(&scene);
    return quick;
}

/* Four round trips for each would cost 40 ms, one 10 ms, one that is shared by two 5 ms. */
START_TEST(eight_batches_share_a_round_trip_of_ten_milliseconds)
{
    double near_ms = batch_ms(0), far_ms = batch_ms(10);

    ck_assert_double_ge(far_ms, 1); /* the proxy is in between */
    ck_assert_double_lt(far_ms - near_ms, 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_run_whose_daemon_was_killed_goes_on_at_the_next_start,
        a_run_whose_session_was_terminated_goes_on_by_itself,
        a_run_goes_on_by_itself_after_the_server_has_crashed,
        a_run_goes_on_by_itself_after_a_fast_restart_of_the_server,
        a_run_goes_on_by_itself_after_an_immediate_restart_of_the_server,
        a_commit_that_never_reached_the_server_is_found_out_and_done_again,
        a_commit_that_reached_the_server_and_was_not_answered_is_found_out,
        a_commit_whose_answer_is_lost_is_found_out,
        a_run_whose_end_is_cut_off_counts_what_is_left_once,
        a_lost_session_that_is_still_at_work_is_waited_for,
        a_server_that_is_frozen_is_given_up_and_the_run_goes_on_when_it_answers,
        each_batch_is_one_round_trip,
        eight_batches_share_a_round_trip_of_ten_milliseconds,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
