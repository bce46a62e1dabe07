/*
 * Why: the application goes on while we delete. It restores rows whose DELETE is already waiting
 * for their lock, holds locks for minutes, moves rows behind the scan, and never stops writing.
 * Both promises have to hold, and what is due has to go all the same.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* So long that the daemon never gives up waiting by itself. */
#define PATIENT "lock_timeout = 30s\nstatement_timeout = 60s"

static const char await_daemon_waits_for_lock[] =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgpurged'"
    " AND datname = current_database() AND wait_event_type = 'Lock')";

/* The application restores a row, in the table and in the copy that it will be compared with. */
static void restore(PGconn *session, int id)
{
    sql_exec(session,
             "UPDATE orders SET deleted_at = NULL WHERE id = %d;"
             "UPDATE %s SET deleted_at = NULL WHERE id = %d",
             id, promises_copy(session, "orders"), id);
}

static void assert_is_live(const struct scene *scene, int id)
{
    ck_assert_msg(sql_int(scene->own,
                          "SELECT count(*) FROM orders WHERE id = %d AND deleted_at IS NULL",
                          id) == 1,
                  "row %d was restored and is gone", id);
}

/* ---- one row, one lock ---- */

START_TEST(a_row_restored_while_the_delete_waits_for_its_lock_survives)
{
    struct scene scene = scene_new();
    PGconn *application;

    scene_add_orders(&scene, 100);
    application = scene_connect(&scene);
    sql_exec(application, "BEGIN");
    restore(application, 42);
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT));
    await_sql(scene.own, await_daemon_waits_for_lock, AWAIT_MS);
    sql_exec(application, "COMMIT");
    scene_await_run(&scene, "orders", "done");
    assert_is_live(&scene, 42);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 49);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

START_TEST(a_row_that_was_changed_but_is_still_due_while_the_delete_waits_goes)
{
    struct scene scene = scene_new();
    PGconn *application;

    scene_add_orders(&scene, 100);
    application = scene_connect(&scene);
    sql_exec(application, "BEGIN; UPDATE orders SET filler = 'changed' WHERE id = 42");
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT));
    await_sql(scene.own, await_daemon_waits_for_lock, AWAIT_MS);
    sql_exec(application, "COMMIT");
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 50);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* Its DELETE waits, and then there is nothing to delete any more: it must not be counted. */
START_TEST(a_row_that_somebody_else_deletes_while_the_delete_waits_is_not_counted)
{
    struct scene scene = scene_new();
    PGconn *application;

    scene_add_orders(&scene, 100);
    application = scene_connect(&scene);
    sql_exec(application, "BEGIN; DELETE FROM orders WHERE id = 42; DELETE FROM %s WHERE id = 42",
             promises_copy(application, "orders"));
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT));
    await_sql(scene.own, await_daemon_waits_for_lock, AWAIT_MS);
    sql_exec(application, "COMMIT");
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 49);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/*
 * The second DELETE is the one with SKIP LOCKED, since the first one timed out on the locked row 41
 * of a table of one block. It stands at the gate with its snapshot taken, in which row 42 is due;
 * then the row is restored.
 */
START_TEST(a_row_restored_between_snapshot_and_lock_of_skip_locked_survives)
{
    struct scene scene = scene_new();
    PGconn *application, *locker;

    scene_add_orders(&scene, 100);
    sql_exec(scene.own, "UPDATE orders SET filler = ''");
    sql_exec(scene.own, "VACUUM FULL orders");
    gate_close(&scene, 2);
    application = scene_connect(&scene);
    locker = scene_connect(&scene);
    sql_exec(locker, "BEGIN; SELECT FROM orders WHERE id = 41 FOR UPDATE");
    struct daemon daemon = daemon_start(scene_config(&scene, "statement_timeout = 60s"));
    gate_await(&scene);
    restore(application, 42);
    gate_open(&scene);
    scene_await_run(&scene, "orders", "incomplete");
    assert_is_live(&scene, 42);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 48);
    ck_assert_int_eq(sql_int(scene.own, "SELECT skipped FROM pgpurged.runs"), 1);
    daemon_stop(&daemon);
    PQfinish(locker);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* A restored row survives the plain DELETE as well, without SKIP LOCKED. */
START_TEST(a_row_restored_between_snapshot_and_delete_survives)
{
    struct scene scene = scene_new();
    PGconn *application;

    scene_add_orders(&scene, 100);
    gate_close(&scene, 1);
    application = scene_connect(&scene);
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT));
    gate_await(&scene);
    restore(application, 42);
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    assert_is_live(&scene, 42);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 49);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* ---- locked rows ---- */

static void check_locked_rows(struct scene *scene, const char *locked, int count)
{
    const char *config = scene_config(scene, "lock_timeout = 5ms");
    int64_t due = scene_due(scene);
    PGconn *locker = scene_connect(scene);

    sql_exec(locker, "BEGIN; SELECT FROM orders WHERE id IN (%s) FOR UPDATE", locked);
    scene_once(config, 3);
    ck_assert_int_eq(promises_check(scene->own, "orders", SCENE_DUE), due - count);
    ck_assert_str_eq(sql_text(scene->own, "SELECT outcome || ' ' || skipped FROM pgpurged.runs"),
                     keep_format("incomplete %d", count));
    PQfinish(locker);
    scene_once(config, 0);
    ck_assert_int_eq(promises_check(scene->own, "orders", SCENE_DUE), due);
}

START_TEST(locked_rows_are_skipped_and_counted_and_go_in_the_next_run)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 200);
    check_locked_rows(&scene, "41, 42, 97", 3);
    scene_end(&scene);
}
END_TEST

START_TEST(a_locked_row_is_found_by_bisection_where_the_role_may_not_lock)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 10);
    sql_exec(scene.own, "REVOKE UPDATE (filler) ON orders FROM pgpurged");
    check_locked_rows(&scene, "6", 1);
    scene_end(&scene);
}
END_TEST

/* Each order has two items, which go with it. */
static struct scene scene_with_items(void)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 200);
    sql_exec(scene.own, "CREATE TABLE items (id bigint PRIMARY KEY,"
                        " order_id bigint REFERENCES orders ON DELETE CASCADE);"
                        "INSERT INTO items SELECT i, (i + 1) / 2 FROM generate_series(1, 400) AS i;"
                        "CREATE INDEX ON items (order_id); CREATE INDEX ON orders (deleted_at);"
                        "GRANT SELECT, UPDATE, DELETE ON items TO pgpurged");
    promises_watch(scene.own, "items");
    return scene;
}

static int64_t items_gone(const struct scene *scene)
{
    return promises_check(scene->own, "items",
                          "order_id IN (SELECT id FROM promises.orders WHERE " SCENE_DUE ")");
}

static void check_locked_items(const char *options)
{
    struct scene scene = scene_with_items();
    const char *config =
        scene_config(&scene, keep_format("children = cascade\nlock_timeout = 5ms\n%s", options));
    PGconn *locker = scene_connect(&scene);

    sql_exec(locker, "BEGIN; SELECT FROM items WHERE id IN (83, 193) FOR UPDATE");
    scene_once(config, 3);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 98);
    ck_assert_int_eq(items_gone(&scene), 196);
    ck_assert_str_eq(sql_text(scene.own, "SELECT outcome || ' ' || skipped FROM pgpurged.runs"),
                     "incomplete 2");
    PQfinish(locker);
    scene_once(config, 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 100);
    ck_assert_int_eq(items_gone(&scene), 200);
    scene_end(&scene);
}

START_TEST(a_locked_child_keeps_its_own_parent_and_no_other_row)
{
    check_locked_items("scan = heap");
}
END_TEST

START_TEST(a_locked_child_keeps_its_own_parent_under_the_index_scan)
{
    check_locked_items("scan = index");
}
END_TEST

/* ---- rows that move behind the scan ---- */

/*
 * The first three blocks are nearly empty, so that an UPDATE of a row far ahead puts its new
 * version there, behind the scan, which stands at the sixth DELETE and so in the sixth block at
 * least.
 */
static void make_room_at_the_beginning(const struct scene *scene)
{
    sql_exec(scene->own, "DELETE FROM orders WHERE id < 30 AND id NOT IN (10, 20);"
                         "DELETE FROM promises.orders WHERE id < 30 AND id NOT IN (10, 20)");
    sql_exec(scene->own, "VACUUM orders");
}

static void move_row_behind_the_scan(PGconn *application, int id)
{
    sql_exec(application, "UPDATE orders SET filler = filler || 'y' WHERE id = %d", id);
    ck_assert_int_lt(sql_int(application,
                             "SELECT split_part(trim('()' FROM ctid::text), ',', 1)::int"
                             " FROM orders WHERE id = %d",
                             id),
                     3);
}

static void check_nothing_due_is_left_after_several_passes(const struct scene *scene)
{
    scene_await_run(scene, "orders", "done");
    ck_assert_int_eq(scene_due(scene), 0);
    ck_assert_int_ge(sql_int(scene->own, "SELECT passes FROM pgpurged.runs"), 2);
    promises_check(scene->own, "orders", SCENE_DUE);
}

START_TEST(a_row_that_moves_behind_the_scan_is_found_by_a_later_pass)
{
    struct scene scene = scene_new();
    PGconn *application;

    scene_add_orders(&scene, 400);
    make_room_at_the_beginning(&scene);
    gate_close(&scene, 6);
    application = scene_connect(&scene);
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT "\nbatch_rows = 20"));
    gate_await(&scene);
    move_row_behind_the_scan(application, 397);
    gate_open(&scene);
    check_nothing_due_is_left_after_several_passes(&scene);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* Its transaction id is older than the pass, so that none is missing in the count at the end. */
START_TEST(a_row_moved_by_a_transaction_older_than_the_pass_is_found_as_well)
{
    struct scene scene = scene_new();
    PGconn *application;

    scene_add_orders(&scene, 400);
    make_room_at_the_beginning(&scene);
    gate_close(&scene, 6);
    application = scene_connect(&scene);
    sql_exec(application, "BEGIN; SELECT pg_current_xact_id()");
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT "\nbatch_rows = 20"));
    gate_await(&scene);
    move_row_behind_the_scan(application, 397);
    sql_exec(application, "COMMIT");
    gate_open(&scene);
    check_nothing_due_is_left_after_several_passes(&scene);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* ---- two daemons ---- */

START_TEST(a_second_daemon_with_the_same_job_is_held_while_the_first_runs)
{
    struct scene scene = scene_new();
    const char *config;

    scene_add_orders(&scene, 400);
    gate_close(&scene, 3);
    config = scene_config(&scene, PATIENT "\nbatch_rows = 20");
    struct daemon first = daemon_start(config);
    gate_await(&scene);
    struct daemon second = daemon_start(scene_config(&scene, PATIENT "\nbatch_rows = 20"));
    daemon_await_log(&second, "held (other_daemon)", AWAIT_MS);
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 200);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 1);
    daemon_stop(&second);
    daemon_stop(&first);
    scene_end(&scene);
}
END_TEST

/* Nothing but the rows' own locks stands between them. */
START_TEST(two_daemons_with_jobs_of_different_names_count_no_row_twice)
{
    struct scene scene = scene_new();
    struct daemon daemons[2];

    scene_add_orders(&scene, 4000);
    for (size_t i = 0; i < ARRAY_LENGTH(daemons); i++)
        daemons[i] = daemon_start(scene_config_of(
            &scene, keep_format("[job job%zu]\ntable = orders\nexpires = deleted_at + 30d\n"
                                "batch_rows = 50\n" PATIENT "\n",
                                i)));
    scene_await_run(&scene, "job0", "done");
    scene_await_run(&scene, "job1", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 2000);
    for (size_t i = 0; i < ARRAY_LENGTH(daemons); i++)
        daemon_stop(&daemons[i]);
    scene_end(&scene);
}
END_TEST

/* ---- a storm ---- */

enum { STORM_ROWS = 20000, STORM_MS = 3000 };

/*
 * What the application does to a row, each in one statement: in the table and in the copy together.
 * $ is the row. A row that was restored once is never marked again; one that was touched is noted,
 * since it may move behind every pass.
 */
static const char *const storm_deeds[] = {
    "WITH r AS (UPDATE orders SET deleted_at = NULL WHERE id = %d RETURNING id)"
    " UPDATE promises.orders SET deleted_at = NULL WHERE id IN (SELECT id FROM r)",
    "WITH r AS (UPDATE orders SET filler = filler || 'y' WHERE id = %d RETURNING id)"
    " INSERT INTO touched SELECT id FROM r",
    "WITH r AS (UPDATE orders SET deleted_at = now() - interval '50 days' WHERE id = %d"
    "  AND deleted_at IS NOT NULL RETURNING id, deleted_at), t AS (INSERT INTO touched SELECT id"
    "  FROM r) UPDATE promises.orders AS p SET deleted_at = r.deleted_at FROM r WHERE p.id = r.id",
    "WITH r AS (INSERT INTO orders SELECT 1000000 + %d + 100000 * nextval('arrivals'),"
    "  now() - interval '40 days', 'new' RETURNING *)"
    " INSERT INTO promises.orders SELECT * FROM r",
    "WITH r AS (INSERT INTO orders SELECT 1000000 + %d + 100000 * nextval('arrivals'), NULL, 'new'"
    "  RETURNING *) INSERT INTO promises.orders SELECT * FROM r",
};

static void make_storm_tables(const struct scene *scene)
{
    sql_exec(scene->own, "CREATE TABLE touched (id bigint); CREATE SEQUENCE arrivals");
    sql_exec(scene->own, "CREATE TABLE due_at_start AS SELECT id FROM orders WHERE " SCENE_DUE);
    sql_exec(scene->own, "CREATE INDEX ON promises.orders (id)");
}

/* Some rows are locked for a while; another session does all the rest and gives up where it would
 * have to wait. */
static void storm(const struct scene *scene, unsigned seed)
{
    PGconn *busy = scene_connect(scene), *locker = scene_connect(scene);
    struct mono start = mono_now();

    sql_exec(busy, "SET lock_timeout = '5ms'");
    srand(seed);
    for (int i = 0; mono_ms_between(start, mono_now()) < STORM_MS; i++) {
        sql_error(busy, storm_deeds[(size_t)rand() % ARRAY_LENGTH(storm_deeds)],
                  rand() % STORM_ROWS + 1);
        if (i % 50 == 0)
            sql_exec(locker,
                     "COMMIT; BEGIN;"
                     "SELECT FROM orders WHERE id BETWEEN %d AND %d FOR UPDATE SKIP LOCKED",
                     i % STORM_ROWS, i % STORM_ROWS + 20);
    }
    PQfinish(locker);
    PQfinish(busy);
}

static unsigned storm_seed(void)
{
    const char *asked = getenv("STORM_SEED");
    unsigned seed = asked != NULL ? (unsigned)atoi(asked) : (unsigned)time(NULL);

    printf("STORM_SEED=%u\n", seed);
    return seed;
}

/* Waits for a run that ended after the moment: an earlier run may have met locked rows. */
static void await_run_after(const struct scene *scene, const char *moment)
{
    await_sql(scene->own,
              keep_format("SELECT EXISTS (SELECT FROM pgpurged.runs WHERE outcome = 'done'"
                          " AND ended_at > '%s')",
                          moment),
              AWAIT_MS);
}

static void check_storm(const char *options)
{
    struct scene scene = scene_new();
    const char *config;

    scene_add_orders(&scene, STORM_ROWS);
    sql_exec(scene.own, "CREATE INDEX ON orders (deleted_at)");
    make_storm_tables(&scene);
    config = scene_config(
        &scene, keep_format("batch_rows = 100\nlock_timeout = 5ms\nmax_rows_per_second = 3000\n"
                            "every = 1s\n%s",
                            options));
    struct daemon daemon = daemon_start(config);
    storm(&scene, storm_seed());
    promises_check(scene.own, "orders", SCENE_DUE);
    await_run_after(&scene, sql_text(scene.own, "SELECT clock_timestamp()"));
    daemon_stop(&daemon);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders JOIN due_at_start USING (id)"
                                        " WHERE " SCENE_DUE " AND id NOT IN (TABLE touched)"),
                     0);
    scene_once(config, 0);
    ck_assert_int_eq(scene_due(&scene), 0);
    promises_check(scene.own, "orders", SCENE_DUE);
    scene_end(&scene);
}

START_TEST(both_promises_hold_in_a_storm_and_nothing_due_is_left)
{
    check_storm("scan = heap");
}
END_TEST

START_TEST(both_promises_hold_in_a_storm_with_two_workers)
{
    check_storm("scan = heap\nworkers = 2");
}
END_TEST

START_TEST(both_promises_hold_in_a_storm_under_the_index_scan)
{
    check_storm("scan = index\nworkers = 2");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_row_restored_while_the_delete_waits_for_its_lock_survives,
        a_row_that_was_changed_but_is_still_due_while_the_delete_waits_goes,
        a_row_that_somebody_else_deletes_while_the_delete_waits_is_not_counted,
        a_row_restored_between_snapshot_and_lock_of_skip_locked_survives,
        a_row_restored_between_snapshot_and_delete_survives,
        locked_rows_are_skipped_and_counted_and_go_in_the_next_run,
        a_locked_row_is_found_by_bisection_where_the_role_may_not_lock,
        a_locked_child_keeps_its_own_parent_and_no_other_row,
        a_locked_child_keeps_its_own_parent_under_the_index_scan,
        a_row_that_moves_behind_the_scan_is_found_by_a_later_pass,
        a_row_moved_by_a_transaction_older_than_the_pass_is_found_as_well,
        a_second_daemon_with_the_same_job_is_held_while_the_first_runs,
        two_daemons_with_jobs_of_different_names_count_no_row_twice,
        both_promises_hold_in_a_storm_and_nothing_due_is_left,
        both_promises_hold_in_a_storm_with_two_workers,
        both_promises_hold_in_a_storm_under_the_index_scan,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
