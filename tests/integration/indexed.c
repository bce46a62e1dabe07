/*
 * Why: the index scan deletes TIDs that were read a moment ago. The rows may have been restored,
 * locked, moved or rejected since, the daemon may have died between two slices, and the index may
 * have promised less work than there is. Both promises hold here as they do for the heap scan, and
 * what is due has to go all the same.
 */
#include <check.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

enum { ROWS = 400, DUE = ROWS / 2 };
#define INDEX_SCAN "scan = index\nbatch_rows = 20\n"
#define PATIENT    INDEX_SCAN "lock_timeout = 30s\n"
#define MIDDLE     5

static const char *const indexes[] = {"(deleted_at)", "(deleted_at) WHERE deleted_at IS NOT NULL"};

static struct scene scene_with_index(const char *index)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own, "CREATE INDEX orders_deleted_at ON orders %s", index);
    return scene;
}

/* The one run that there is went by the index and ended like this. */
static void check_run(const struct scene *scene, const char *outcome, int gone)
{
    scene_await_run(scene, "orders", outcome);
    ck_assert_int_eq(promises_check(scene->own, "orders", SCENE_DUE), gone);
    ck_assert_str_eq(sql_text(scene->own, "SELECT concat(count(*), ' ', sum(rows)) FROM"
                                          " pgpurged.runs WHERE scan LIKE 'index scan: %%'"),
                     keep_format("1 %d", gone));
}

/* ---- what the application does meanwhile ---- */

static void check_restored(const char *index)
{
    struct scene scene = scene_with_index(index);
    PGconn *application = scene_connect(&scene);

    sql_exec(application, "BEGIN;"
                          "UPDATE orders SET deleted_at = NULL WHERE id = 42;"
                          "UPDATE promises.orders SET deleted_at = NULL WHERE id = 42");
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT));
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgpurged'"
              " AND datname = current_database() AND wait_event_type = 'Lock')",
              AWAIT_MS);
    sql_exec(application, "COMMIT");
    check_run(&scene, "done", DUE - 1);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}

START_TEST(a_row_restored_while_the_delete_of_its_tid_waits_for_its_lock_survives)
{
    for (size_t i = 0; i < ARRAY_LENGTH(indexes); i++)
        check_restored(indexes[i]);
}
END_TEST

/* A slice outlives its snapshot, so VACUUM may give a TID of it to another row. The run rests
 * between its batches for long enough to do that. */
START_TEST(a_live_row_that_has_taken_the_tid_of_a_due_one_survives)
{
    struct scene scene = scene_new();
    const char *tid;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "CREATE INDEX ON orders (deleted_at)");
    tid = sql_text(scene.own, "SELECT ctid FROM orders WHERE id = 38");
    struct daemon daemon = daemon_start(
        scene_config(&scene, "scan = index\nbatch_rows = 10\nmax_rows_per_second = 3\n"));
    await_sql(scene.own, "SELECT EXISTS (SELECT FROM pgpurged.audit)", AWAIT_MS);
    sql_exec(scene.own, "DELETE FROM orders WHERE id = 38");
    sql_exec(scene.own, "DELETE FROM promises.orders WHERE id = 38");
    sql_exec(scene.own, "VACUUM (INDEX_CLEANUP on, TRUNCATE off) orders");
    sql_exec(scene.own, "INSERT INTO orders SELECT i, NULL, repeat('x', 720)"
                        " FROM generate_series(100, 140) AS i");
    sql_exec(scene.own, "INSERT INTO promises.orders SELECT * FROM orders WHERE id >= 100");
    ck_assert_int_gt(sql_int(scene.own, "SELECT id FROM orders WHERE ctid = '%s'", tid), 99);
    ck_assert_int_gt(scene_due(&scene), 0);
    check_run(&scene, "done", 19);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

static void check_locked(const char *index, const char *grants)
{
    struct scene scene = scene_with_index(index);
    const char *config = scene_config(&scene, INDEX_SCAN "lock_timeout = 5ms");
    PGconn *locker = scene_connect(&scene);

    sql_exec(scene.own, "%s", grants);
    sql_exec(locker, "BEGIN; SELECT FROM orders WHERE id IN (42, 97) FOR UPDATE");
    scene_once(config, 3);
    check_run(&scene, "incomplete", DUE - 2);
    ck_assert_int_eq(sql_int(scene.own, "SELECT skipped FROM pgpurged.runs"), 2);
    PQfinish(locker);
    scene_once(config, 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE);
    scene_end(&scene);
}

START_TEST(locked_tids_are_skipped_and_go_in_the_next_run_whether_the_role_may_lock_or_not)
{
    for (size_t i = 0; i < ARRAY_LENGTH(indexes); i++) {
        check_locked(indexes[i], "SELECT 1");
        check_locked(indexes[i], "REVOKE UPDATE (filler) ON orders FROM pgpurged");
    }
}
END_TEST

/* ---- moved and rejected rows ---- */

/* Its row has another TID when its batch comes, so another pass has to find it. */
static void move_a_due_row(const struct scene *scene)
{
    sql_exec(scene->own, "UPDATE orders SET filler = repeat('y', 700) WHERE id ="
                         " (SELECT id FROM orders WHERE " SCENE_DUE " AND id NOT IN (301)"
                         "  ORDER BY ctid DESC LIMIT 1)");
}

START_TEST(a_row_that_moves_away_from_its_tid_is_found_by_a_later_pass)
{
    struct scene scene = scene_with_index(indexes[0]);

    gate_close(&scene, MIDDLE);
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT));
    gate_await(&scene);
    move_a_due_row(&scene);
    gate_open(&scene);
    check_run(&scene, "done", DUE);
    ck_assert_int_ge(sql_int(scene.own, "SELECT passes FROM pgpurged.runs"), 2);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

#define REJECTED "5, 78, 301"

/* The second pass takes its slices from the index, where the rejected rows still are. */
START_TEST(rejected_rows_are_found_alone_and_left_out_of_later_slices)
{
    struct scene scene = scene_with_index(indexes[0]);

    sql_exec(scene.own,
             "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  IF OLD.id IN (" REJECTED ") THEN RAISE 'kept'; END IF; RETURN OLD; END $$;"
             "CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION keep()");
    gate_close(&scene, MIDDLE);
    struct daemon daemon = daemon_start(scene_config(&scene, PATIENT));
    gate_await(&scene);
    move_a_due_row(&scene);
    gate_open(&scene);
    check_run(&scene, "incomplete", DUE - 3);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders WHERE id IN (" REJECTED ")"),
                     3);
    ck_assert_str_eq(
        sql_text(scene.own, "SELECT concat(rejected, ' ', passes > 1) FROM pgpurged.runs"), "3 t");
    ck_assert_int_eq(daemon_log_count(&daemon, "is rejected: kept"), 3);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* ---- the daemon dies ---- */

START_TEST(an_index_scan_whose_daemon_was_killed_goes_on_at_the_next_start)
{
    struct scene scene = scene_with_index(indexes[1]);
    const char *config = scene_config(&scene, PATIENT);

    gate_close(&scene, MIDDLE);
    struct daemon daemon = daemon_start(config);
    gate_await(&scene);
    daemon_kill9(&daemon);
    gate_open(&scene);
    scene_await_no_daemon(&scene);
    ck_assert_int_gt(promises_check(scene.own, "orders", SCENE_DUE), 0);
    ck_assert_int_gt(scene_due(&scene), 0);

    struct daemon next = daemon_start(config);
    check_run(&scene, "done", DUE);
    daemon_await_log(&next, " goes on: ", AWAIT_MS);
    daemon_stop(&next);
    scene_end(&scene);
}
END_TEST

/* ---- a forecast that was wrong ---- */

/* Marks and rows are in the same order, so statistics say that the due rows, a quarter of all, lie
 * side by side on a quarter of the pages. In truth there are some on every page. */
START_TEST(an_index_scan_that_touches_more_pages_than_forecast_becomes_a_heap_scan)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 12000);
    sql_exec(scene.own, "UPDATE orders SET deleted_at = NULL WHERE id %% 2 = 1;"
                        "UPDATE promises.orders SET deleted_at = NULL WHERE id %% 2 = 1;"
                        "CREATE INDEX ON orders (deleted_at);"
                        "CLUSTER orders USING orders_pkey;"
                        "ANALYZE orders");
    struct daemon daemon = daemon_start(scene_config(&scene, "batch_rows = 20\n"));
    scene_await_run(&scene, "orders", "done");
    ck_assert(daemon_log_has(&daemon, "pass 1: index scan: "));
    ck_assert(daemon_log_has(&daemon, "re-checking how to find rows: the index scan has read"));
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 3000);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(count(*), ' ', sum(rows), ' ', min(scan))"
                                         " FROM pgpurged.runs"),
                     "1 3000 heap scan: the index scan has cost as much as the heap scan would");
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_row_restored_while_the_delete_of_its_tid_waits_for_its_lock_survives,
        a_live_row_that_has_taken_the_tid_of_a_due_one_survives,
        locked_tids_are_skipped_and_go_in_the_next_run_whether_the_role_may_lock_or_not,
        a_row_that_moves_away_from_its_tid_is_found_by_a_later_pass,
        rejected_rows_are_found_alone_and_left_out_of_later_slices,
        an_index_scan_whose_daemon_was_killed_goes_on_at_the_next_start,
        an_index_scan_that_touches_more_pages_than_forecast_becomes_a_heap_scan,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
