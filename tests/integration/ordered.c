/*
 * Why: a due row stays as long as another one refers to it. Where there are jobs on both tables,
 * the rows of both are gone after the same night, or, if the jobs run in the wrong order, after a
 * night for each level. Nobody should have to work out the order by hand; and a job that waits for
 * others must neither wait for ever nor take the connection that they need.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/served.h"
#include "integration/session.h"

enum { ROWS = 200, DUE = ROWS / 2 };

/* Makes `child`, with as many rows as its parent: each refers to the row with its own id, and is
 * due when that one is. `action` of the foreign key; NULL = there is none. */
static void add_child(struct scene *scene, const char *child, const char *parent,
                      const char *action)
{
    scene_add_table(scene, child, ROWS);
    sql_exec(scene->own, "ALTER TABLE %s ADD COLUMN parent bigint", child);
    sql_exec(scene->own, "UPDATE %s SET parent = id", child);
    sql_exec(scene->own, "CREATE INDEX ON %s (parent)", child);
    sql_exec(scene->own, "ANALYZE %s", child);
    if (action != NULL)
        sql_exec(scene->own, "ALTER TABLE %s ADD FOREIGN KEY (parent) REFERENCES %s %s", child,
                 parent, action);
}

static const char *job_on(const char *table, const char *options)
{
    return keep_format("[job %s]\ntable = %s\nexpires = deleted_at + 30d\n%s\n", table, table,
                       options);
}

static const char *config_of(const struct scene *scene, int max_connections, const char *jobs)
{
    return scene_config_through(
        keep_format("%s\nmax_connections = %d",
                    cluster_conninfo(harness_cluster(), scene->database, "pgpurged"),
                    max_connections),
        jobs);
}

static void check_all_gone(const struct scene *scene, const char *table)
{
    ck_assert_int_eq(promises_check(scene->own, table, SCENE_DUE), DUE);
}

/* The jobs' first runs, in the order in which they ended. Each has done everything at once. */
static void check_runs(const struct scene *scene, const char *order)
{
    ck_assert_str_eq(sql_text(scene->own,
                              "SELECT string_agg(job || ' ' || outcome || ' ' || rejected, ', '"
                              " ORDER BY ended_at) FROM pgpurged.runs AS r WHERE NOT EXISTS"
                              " (SELECT FROM pgpurged.runs AS e WHERE e.job = r.job"
                              " AND e.id < r.id)"),
                     order);
    ck_assert_int_eq(sql_int(scene->own, "SELECT count(*) FROM pgpurged.runs AS r JOIN"
                                         " pgpurged.runs AS s ON s.started_at < r.ended_at AND"
                                         " r.started_at < s.started_at"),
                     0);
}

/* --- children first --- */

static const int connections[] = {1, 4};

/* Three tables; in the file the parents stand before their children. */
static struct scene scene_of_three(void)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    add_child(&scene, "items", "orders", "");
    add_child(&scene, "notes", "items", "ON DELETE RESTRICT");
    return scene;
}

static const char *three_jobs(const char *options)
{
    return keep_format("%s%s%s", job_on("orders", options), job_on("items", options),
                       job_on("notes", options));
}

static void check_three(const struct scene *scene)
{
    check_runs(scene, "notes done 0, items done 0, orders done 0");
    check_all_gone(scene, "orders");
    check_all_gone(scene, "items");
    check_all_gone(scene, "notes");
}

START_TEST(once_runs_children_first)
{
    for (size_t i = 0; i < ARRAY_LENGTH(connections); i++) {
        struct scene scene = scene_of_three();
        const char *said = scene_once(config_of(&scene, connections[i], three_jobs("")), 0);

        check_three(&scene);
        /* With more connections orders may be looked at when items are done already. */
        ck_assert(connections[i] > 1 ||
                  strstr(said,
                         "job=orders checking -> waiting (children): job items runs first,"
                         " because rows of public.items refer to rows of public.orders") != NULL);
        scene_end(&scene);
    }
}
END_TEST

START_TEST(a_daemon_runs_children_first)
{
    for (size_t i = 0; i < ARRAY_LENGTH(connections); i++) {
        struct scene scene = scene_of_three();
        struct daemon daemon = daemon_start(config_of(&scene, connections[i], three_jobs("")));

        scene_await_run(&scene, "orders", "done");
        check_three(&scene);
        daemon_stop(&daemon);
        scene_end(&scene);
    }
}
END_TEST

/* Rounds after the first: timers of all jobs go off at the same moment. */
START_TEST(children_go_first_in_each_round)
{
    struct scene scene = scene_of_three();
    struct daemon daemon = daemon_start(config_of(&scene, 4, three_jobs("every = 3s")));

    await_sql(scene.own,
              "SELECT count(*) >= 3 FROM pgpurged.runs WHERE job = 'orders' AND outcome = 'done'",
              AWAIT_MS);
    daemon_stop(&daemon);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs AS p JOIN pgpurged.runs"
                                        " AS c ON p.job = 'orders' AND c.job <> 'orders' AND"
                                        " c.started_at < p.ended_at AND c.ended_at > p.started_at"),
                     0);
    scene_end(&scene);
}
END_TEST

START_TEST(rows_that_would_be_set_to_null_are_purged_before_that)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    add_child(&scene, "items", "orders", "ON DELETE SET NULL");
    scene_once(config_of(&scene, 4, keep_format("%s%s", job_on("orders", ""), job_on("items", ""))),
               0);
    check_runs(&scene, "items done 0, orders done 0");
    check_all_gone(&scene, "orders");
    check_all_gone(&scene, "items");
    ck_assert_int_eq(sql_int(scene.own, "SELECT sum(updated) FROM pgpurged.audit"), 0);
    scene_end(&scene);
}
END_TEST

/* On one connection the run of the child's job is over before the other one is checked. */
START_TEST(once_waits_for_no_job_whose_run_is_over)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    add_child(&scene, "items", "orders", "");
    scene_once(config_of(&scene, 1, keep_format("%s%s", job_on("items", ""), job_on("orders", ""))),
               0);
    check_runs(&scene, "items done 0, orders done 0");
    scene_end(&scene);
}
END_TEST

START_TEST(jobs_on_tables_that_have_nothing_to_do_with_each_other_run_together)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, ROWS);
    scene_add_table(&scene, "carts", ROWS);
    gate_close(&scene, 1);
    daemon = daemon_start(
        config_of(&scene, 4, keep_format("%s%s", job_on("orders", ""), job_on("carts", ""))));
    gate_await(&scene);
    scene_await_run(&scene, "carts", "done");
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(the_plan_says_who_goes_first)
{
    struct scene scene = scene_of_three();
    const char *config = config_of(&scene, 4, three_jobs(""));
    const char *said;

    ck_assert_int_eq(pgpurged_run(&said, "--config", config, "--plan", "orders", NULL), 0);
    ck_assert_msg(strstr(said, "runs after job items, whose rows refer to it") != NULL, "%s", said);
    ck_assert_ptr_null(strstr(said, "runs after job notes"));
    ck_assert_int_eq(pgpurged_run(&said, "--config", config, "--plan", "notes", NULL), 0);
    ck_assert_ptr_null(strstr(said, "runs after"));
    scene_end(&scene);
}
END_TEST

/* --- circles --- */

static void close_circle(const struct scene *scene, const char *action)
{
    sql_exec(scene->own, "ALTER TABLE orders ADD COLUMN last_item bigint REFERENCES items %s",
             action);
    sql_exec(scene->own, "UPDATE orders SET last_item = id");
    sql_exec(scene->own, "CREATE INDEX ON orders (last_item)");
}

START_TEST(a_circle_through_set_null_begins_with_the_table_behind_it)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    add_child(&scene, "items", "orders", "");
    close_circle(&scene, "ON DELETE SET NULL");
    scene_once(config_of(&scene, 4, keep_format("%s%s", job_on("orders", ""), job_on("items", ""))),
               0);
    check_runs(&scene, "items done 0, orders done 0");
    check_all_gone(&scene, "orders");
    check_all_gone(&scene, "items");
    scene_end(&scene);
}
END_TEST

/* Rows that keep each other stay, but the jobs end, one after the other. */
START_TEST(a_circle_that_keeps_all_its_rows_ends_all_the_same)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    add_child(&scene, "items", "orders", "");
    close_circle(&scene, "");
    scene_once(config_of(&scene, 4, keep_format("%s%s", job_on("orders", ""), job_on("items", ""))),
               3);
    check_runs(&scene, "orders incomplete 100, items incomplete 100");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 0);
    ck_assert_int_eq(promises_check(scene.own, "items", SCENE_DUE), 0);
    scene_end(&scene);
}
END_TEST

/* --- who is not waited for --- */

/* A job that will not run keeps nobody waiting: what its rows don't refer to goes. */
static void run_without(const char *options_of_items, int exit_code)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    add_child(&scene, "items", "orders", "");
    sql_exec(scene.own, "DELETE FROM items WHERE id > 100");
    scene_once(
        config_of(&scene, 4,
                  keep_format("%s%s", job_on("orders", ""), job_on("items", options_of_items))),
        exit_code);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 50);
    scene_end(&scene);
}

START_TEST(a_job_that_does_not_run_is_not_waited_for)
{
    run_without("enabled = no", 3);
    run_without("flag = no_such_column", 1);
}
END_TEST

/* The job on items is in the middle of its first batch, and the one on orders waits for it. */
static struct served served_two(const char *foreign_key, const char *options_of_orders)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ROWS);
    add_child(&served.scene, "items", "orders", foreign_key);
    gate_close_on(&served.scene, "items", 1);
    served_start(&served, served_config(&served, "",
                                        keep_format("%s%s", job_on("orders", options_of_orders),
                                                    job_on("items", "batch_rows = 30\n"
                                                                    "statement_timeout = 60s"))));
    gate_await(&served.scene);
    served_await(&served, "orders", "waiting", "children");
    return served;
}

START_TEST(a_reference_that_is_only_declared_counts_as_well)
{
    struct served served = served_two(NULL, "references = items.parent");

    gate_open(&served.scene);
    scene_await_run(&served.scene, "orders", "done");
    check_runs(&served.scene, "items done 0, orders done 0");
    check_all_gone(&served.scene, "orders");
    check_all_gone(&served.scene, "items");
    served_end(&served);
}
END_TEST

START_TEST(a_job_that_is_paused_keeps_nobody_waiting_any_longer)
{
    struct served served = served_two("", "");

    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/items/pause").status, 200);
    gate_open(&served.scene);
    scene_await_run(&served.scene, "orders", "incomplete");
    served_await(&served, "items", "held", "paused");
    promises_check(served.scene.own, "orders", SCENE_DUE);
    served_end(&served);
}
END_TEST

START_TEST(a_job_that_waits_can_be_stopped_and_reloaded)
{
    struct served served = served_two("", "");

    daemon_signal(&served.daemon, SIGHUP);
    gate_open(&served.scene);
    daemon_await_log(&served.daemon, "reloaded", AWAIT_MS);
    scene_await_run(&served.scene, "orders", "done");
    check_all_gone(&served.scene, "orders");
    served_end(&served);
}
END_TEST

START_TEST(sigterm_ends_a_job_that_waits)
{
    struct served served = served_two("", "");

    daemon_signal(&served.daemon, SIGTERM);
    gate_open(&served.scene);
    daemon_await_exit(&served.daemon, 0, AWAIT_MS);
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), 0);
    scene_end(&served.scene);
}
END_TEST

static const char *window(const struct served *served, const char *hours, int seconds_to_noon)
{
    return keep_format("window = %s\ntimezone = %s", hours,
                       scene_noon_in(&served->scene, seconds_to_noon));
}

START_TEST(a_job_that_waits_until_its_window_closes_runs_in_the_next_one)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ROWS);
    add_child(&served.scene, "items", "orders", "");
    gate_close_on(&served.scene, "items", 1);
    served_start(
        &served,
        served_config(&served, "",
                      keep_format("%s%s", job_on("orders", window(&served, "06:00-12:00", 8)),
                                  job_on("items", "statement_timeout = 60s"))));
    gate_await(&served.scene);
    served_await(&served, "orders", "waiting", "children");
    served_await(&served, "orders", "waiting", "window");
    ck_assert_int_eq(daemon_log_count(&served.daemon, "job=orders has waited for jobs that go "
                                                      "first until its window closed"),
                     1);
    gate_open(&served.scene);
    scene_await_run(&served.scene, "items", "done");
    ck_assert_int_eq(
        sql_int(served.scene.own, "SELECT count(*) FROM pgpurged.runs WHERE job = 'orders'"), 0);
    check_all_gone(&served.scene, "items");
    served_end(&served);
}
END_TEST

/* Windows that open at the same time do so by clocks that are not exactly the same. */
START_TEST(a_job_waits_for_one_that_is_due_a_moment_later)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ROWS);
    add_child(&served.scene, "items", "orders", "");
    served_start(
        &served,
        served_config(&served, "",
                      keep_format("%s%s", job_on("orders", window(&served, "12:00-18:00", 4)),
                                  job_on("items", window(&served, "12:00-18:00", 6)))));
    scene_await_run(&served.scene, "orders", "done");
    check_runs(&served.scene, "items done 0, orders done 0");
    served_end(&served);
}
END_TEST

/* A job waits for another's run once, or one that runs all the time would keep it for ever. */
START_TEST(a_job_that_runs_all_the_time_is_waited_for_once)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, ROWS);
    add_child(&scene, "items", "orders", "");
    daemon = daemon_start(config_of(
        &scene, 1,
        keep_format("%s%s", job_on("orders", "every = 1s"), job_on("items", "every = 1s"))));
    await_sql(scene.own, "SELECT count(*) >= 3 FROM pgpurged.runs WHERE job = 'orders'", AWAIT_MS);
    daemon_stop(&daemon);
    check_all_gone(&scene, "orders");
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        once_runs_children_first,
        a_daemon_runs_children_first,
        children_go_first_in_each_round,
        a_reference_that_is_only_declared_counts_as_well,
        rows_that_would_be_set_to_null_are_purged_before_that,
        once_waits_for_no_job_whose_run_is_over,
        jobs_on_tables_that_have_nothing_to_do_with_each_other_run_together,
        the_plan_says_who_goes_first,
        a_circle_through_set_null_begins_with_the_table_behind_it,
        a_circle_that_keeps_all_its_rows_ends_all_the_same,
        a_job_that_does_not_run_is_not_waited_for,
        a_job_that_is_paused_keeps_nobody_waiting_any_longer,
        a_job_that_waits_can_be_stopped_and_reloaded,
        sigterm_ends_a_job_that_waits,
        a_job_that_waits_until_its_window_closes_runs_in_the_next_one,
        a_job_waits_for_one_that_is_due_a_moment_later,
        a_job_that_runs_all_the_time_is_waited_for_once,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
