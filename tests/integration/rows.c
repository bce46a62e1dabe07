/*
 * Why: one row that can't go must not keep the others. Each such row is found, set aside, counted
 * and named; all others go. A table that nothing can be done about opens the breaker instead of
 * being tried for ever.
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
#include "integration/session.h"

enum { ROWS = 400, DUE = ROWS / 2 };

/* Due rows of a scene: 5, 78 and 301. */
#define UNLUCKY "5, 78, 301"

static const struct stubborn {
    const char *what, *setup, *message;
} stubborn_rows[] = {
    {"a trigger raises",
     "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
     "  IF OLD.id IN (" UNLUCKY ") THEN RAISE 'kept for the auditors'; END IF; RETURN OLD; END $$;"
     "CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION keep()",
     "is rejected: kept for the auditors (P0001)"},
    {"a child refers to them",
     "CREATE TABLE lines (order_id bigint REFERENCES orders); GRANT SELECT ON lines TO pgpurged;"
     "INSERT INTO lines SELECT unnest(ARRAY[" UNLUCKY "])",
     "3 rejected by lines_order_id_fkey on public.lines"},
    {"a deferred constraint says no at COMMIT",
     "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
     "  IF OLD.id IN (" UNLUCKY ") THEN RAISE 'too late' USING ERRCODE = '23503'; END IF;"
     "  RETURN NULL; END $$;"
     "CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON orders DEFERRABLE INITIALLY DEFERRED"
     " FOR EACH ROW EXECUTE FUNCTION refuse()",
     "is rejected: too late (23503)"},
    {"a trigger divides by zero",
     "CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
     "  PERFORM 1 / (OLD.id NOT IN (" UNLUCKY "))::int; RETURN OLD; END $$;"
     "CREATE TRIGGER divide AFTER DELETE ON orders FOR EACH ROW EXECUTE FUNCTION divide()",
     "is rejected: division by zero (22012)"},
};

static void check_rejected(const struct scene *scene, const char *what, int rejected)
{
    ck_assert_msg(promises_check(scene->own, "orders", SCENE_DUE) == DUE - rejected, "%s", what);
    ck_assert_msg(scene_due(scene) == rejected, "%s", what);
    ck_assert_str_eq(sql_text(scene->own, "SELECT concat(outcome, ' ', rejected, ' ', skipped)"
                                          " FROM pgpurged.runs"),
                     keep_format("incomplete %d 0", rejected));
}

static void check_stubborn(const struct stubborn *row)
{
    struct scene scene = scene_new();
    const char *log;

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own, "%s", row->setup);
    log = scene_once(scene_config(&scene, ""), 3);
    ck_assert_msg(strstr(log, row->message) != NULL, "%s: no \"%s\" in %s", row->what, row->message,
                  keep_tail(log));
    check_rejected(&scene, row->what, 3);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders WHERE id IN (" UNLUCKY ")"),
                     3);
    scene_end(&scene);
}

START_TEST(rows_that_the_database_refuses_to_delete_stay_and_all_others_go)
{
    for (size_t i = 0; i < ARRAY_LENGTH(stubborn_rows); i++)
        check_stubborn(&stubborn_rows[i]);
}
END_TEST

START_TEST(a_row_that_takes_longer_than_statement_timeout_is_rejected)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own,
             "CREATE FUNCTION brood() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  IF OLD.id = 78 THEN PERFORM pg_sleep(60); END IF; RETURN OLD; END $$;"
             "CREATE TRIGGER brood BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION brood()");
    scene_once(scene_config(&scene, "statement_timeout = 200ms"), 3);
    check_rejected(&scene, "78 takes too long", 1);
    scene_end(&scene);
}
END_TEST

static void add_trigger(const struct scene *scene, const char *when, const char *does)
{
    sql_exec(scene->own,
             "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; END $$;"
             "CREATE TRIGGER no BEFORE DELETE ON orders FOR EACH ROW WHEN (%s)"
             " EXECUTE FUNCTION no()",
             does, when);
}

/* No error, no row gone: the run ends, and says that due rows are left. */
START_TEST(a_trigger_that_swallows_the_delete_partitions_the_run_incomplete)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    add_trigger(&scene, "true", "RETURN NULL");
    scene_once(scene_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 0);
    ck_assert_int_eq(scene_due(&scene), DUE);
    ck_assert_int_eq(sql_int(scene.own,
                             "SELECT count(*) FROM pgpurged.runs WHERE outcome ="
                             " 'incomplete' AND passes <= 2 AND rejected = %d",
                             DUE),
                     1);
    scene_end(&scene);
}
END_TEST

START_TEST(a_table_of_which_no_row_can_go_is_given_up_after_max_rejected_rows)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 2200);
    add_trigger(&scene, "true", "RAISE 'never'");
    scene_once(scene_config(&scene, "max_rejected_rows = 400"), 3);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 0);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(outcome, ' ', rejected, ' ', detail)"
                                         " FROM pgpurged.runs"),
                     "incomplete 400 400 rows are rejected (max_rejected_rows); the rest was not"
                     " looked at");
    scene_end(&scene);
}
END_TEST

/* All that is held stands together, before everything else. */
START_TEST(rows_behind_very_many_rejected_ones_go)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 8000);
    add_trigger(&scene, "OLD.id <= 3000", "RAISE 'never'");
    scene_once(scene_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE " AND id > 3000"), 2500);
    ck_assert_int_eq(sql_int(scene.own, "SELECT rejected FROM pgpurged.runs"), 1500);
    scene_end(&scene);
}
END_TEST

/* --- the breaker --- */

static struct daemon start_on_locked_table(struct scene *scene, PGconn *holder)
{
    sql_exec(holder, "BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE");
    return daemon_start(scene_config(scene, "lock_timeout = 10ms"));
}

static void purge_after_release(struct scene *scene, struct daemon *daemon, PGconn *holder)
{
    sql_exec(holder, "COMMIT");
    PQfinish(holder);
    ck_assert_int_eq(scene_due(scene), 6);
    daemon_signal(daemon, SIGHUP); /* the trial would be in a quarter of an hour */
    await_sql(scene->own, "SELECT count(*) = 4 FROM orders", AWAIT_MS);
    scene_await_run(scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene->own, "orders", SCENE_DUE), 6);
    daemon_stop(daemon);
}

/* Once the table's only block is tried with SKIP LOCKED, each timeout is a failure. */
START_TEST(a_locked_table_is_left_alone_after_eight_failures_in_a_row)
{
    struct scene scene = scene_new();
    PGconn *holder = scene_connect(&scene);
    struct daemon daemon;

    scene_add_orders(&scene, 10);
    daemon = start_on_locked_table(&scene, holder);
    daemon_await_log(&daemon, "finishing -> held (circuit_breaker): 8 failures in a row",
                     2 * AWAIT_MS);
    ck_assert(daemon_log_has(&daemon, "one trial in 15 min; the last one: "));
    ck_assert(daemon_log_has(&daemon, "(55P03)"));
    ck_assert_int_eq(daemon_log_count(&daemon, "running -> backing_off (locked)"), 8);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit"), 0);
    purge_after_release(&scene, &daemon, holder);
    scene_end(&scene);
}
END_TEST

/* Without the privilege for SKIP LOCKED each row is tried alone. */
START_TEST(a_locked_table_is_not_taken_for_so_many_locked_rows)
{
    struct scene scene = scene_new();
    PGconn *holder = scene_connect(&scene);
    struct daemon daemon;

    scene_add_orders(&scene, 10);
    sql_exec(scene.own, "REVOKE UPDATE (filler) ON orders FROM pgpurged");
    daemon = start_on_locked_table(&scene, holder);
    daemon_await_log(&daemon, "held (circuit_breaker): 8 failures in a row", AWAIT_MS);
    purge_after_release(&scene, &daemon, holder);
    scene_end(&scene);
}
END_TEST

/* The table can't even be looked at. That is no trouble of the database. */
START_TEST(a_table_locked_at_the_start_keeps_its_job_waiting_and_no_other)
{
    struct scene scene = scene_new();
    PGconn *holder = scene_connect(&scene);
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    scene_add_table(&scene, "carts", 40);
    sql_exec(holder, "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
    daemon = daemon_start(
        scene_config(&scene, "[job carts]\ntable = carts\nexpires = deleted_at + 30d\n"));
    daemon_await_log(&daemon, "job=orders checking -> backing_off (locked)", AWAIT_MS);
    scene_await_run(&scene, "carts", "done");
    ck_assert(!daemon_log_has(&daemon, "unavailable"));

    sql_exec(holder, "COMMIT");
    PQfinish(holder);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 20);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rows_that_the_database_refuses_to_delete_stay_and_all_others_go,
        a_row_that_takes_longer_than_statement_timeout_is_rejected,
        a_trigger_that_swallows_the_delete_partitions_the_run_incomplete,
        a_table_of_which_no_row_can_go_is_given_up_after_max_rejected_rows,
        rows_behind_very_many_rejected_ones_go,
        a_locked_table_is_left_alone_after_eight_failures_in_a_row,
        a_locked_table_is_not_taken_for_so_many_locked_rows,
        a_table_locked_at_the_start_keeps_its_job_waiting_and_no_other,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
