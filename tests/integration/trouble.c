/*
 * Why: somebody changes the database under our feet. Where the audit table can't be written nothing
 * may be deleted (promise A), where the table is no longer the one that was looked at it must not
 * be touched (promise R), and the other jobs of the daemon go on in each case.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

#define SMALL_BATCHES "batch_rows = 20\nbatch_time = 1ms\nlock_timeout = 30s\n"
enum { ROWS = 400, DUE = 200, MIDDLE = 8 };

/* Beside orders, whose run stands at the gate, a table `others` with a job of its own that runs
 * every second. */
static struct scene scene_with_another_job(struct daemon *daemon)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    scene_add_table(&scene, "others", ROWS);
    gate_close(&scene, MIDDLE);
    *daemon = daemon_start(scene_config_of(
        &scene, keep_format("%s[job others]\ntable = others\nexpires = deleted_at + 30d\n%s",
                            scene_job(SMALL_BATCHES), "every = 1s\n")));
    gate_await(&scene);
    return scene;
}

/* The other job begins a run after the trouble has come, and finishes it. */
static void check_other_job_goes_on(const struct scene *scene)
{
    int64_t now = sql_int(scene->own, "SELECT max(id) FROM pgpurged.runs");

    await_sql(scene->own,
              keep_format("SELECT EXISTS (SELECT FROM pgpurged.runs WHERE job = 'others'"
                          " AND outcome = 'done' AND id > %lld)",
                          (long long)now),
              AWAIT_MS);
    ck_assert_int_eq(promises_check(scene->own, "others", SCENE_DUE), DUE);
}

/* ---- the table is another one ---- */

struct change {
    const char *sql;
    const char *undo; /* so that orders can be looked at again */
    const char *said; /* by the daemon */
};

static const struct change changes[] = {
    {"ALTER TABLE orders RENAME TO renamed", "ALTER TABLE renamed RENAME TO orders", "(42P01)"},
    {"ALTER TABLE orders SET SCHEMA promises_not",
     "ALTER TABLE promises_not.orders SET SCHEMA public", "(42P01)"},
    {"ALTER TABLE orders RENAME COLUMN deleted_at TO gone_at",
     "ALTER TABLE orders RENAME COLUMN gone_at TO deleted_at", "(42703)"},
    {"REVOKE DELETE ON orders FROM pgpurged", "SELECT 1", "(42501)"},
    {"REVOKE SELECT ON orders FROM pgpurged", "SELECT 1", "(42501)"},
    {"ALTER TABLE orders RENAME TO renamed;"
     "CREATE TABLE orders AS TABLE renamed; GRANT SELECT, DELETE ON orders TO pgpurged",
     "DROP TABLE orders; ALTER TABLE renamed RENAME TO orders", "(PU004)"},
};

/* The change waits for the lock of the batch at the gate, so it comes between that and the next. */
static void check_change(const struct change *change)
{
    struct daemon daemon;
    struct scene scene = scene_with_another_job(&daemon);
    PGconn *changer = scene_connect(&scene);
    int64_t audited;

    sql_exec(changer, "CREATE SCHEMA promises_not");
    sql_start(changer, change->sql);
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation ="
              " 'orders'::regclass) OR NOT has_table_privilege('pgpurged', 'orders', 'SELECT')"
              " OR NOT has_table_privilege('pgpurged', 'orders', 'DELETE')",
              AWAIT_MS);
    gate_open(&scene);
    ck_assert_str_eq(sql_join(changer), "00000");
    daemon_await_log(&daemon, change->said, AWAIT_MS);
    scene_await_run(&scene, "orders", "failed");
    daemon_await_log(&daemon, "-> stopped (refused)", AWAIT_MS);
    check_other_job_goes_on(&scene);

    sql_exec(changer, "%s", change->undo);
    audited = promises_check(scene.own, "orders", SCENE_DUE);
    ck_assert_int_gt(audited, 0);
    ck_assert_int_lt(audited, DUE);
    daemon_stop(&daemon);
    PQfinish(changer);
    scene_end(&scene);
}

START_TEST(a_table_that_is_changed_or_replaced_in_mid_run_stops_its_job_untouched)
{
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++)
        check_change(&changes[i]);
}
END_TEST

START_TEST(a_table_that_is_dropped_in_mid_run_stops_its_job)
{
    struct daemon daemon;
    struct scene scene = scene_with_another_job(&daemon);
    PGconn *changer = scene_connect(&scene);

    sql_start(changer, "DROP TABLE orders");
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation IS"
              " NOT NULL)",
              AWAIT_MS);
    gate_open(&scene);
    ck_assert_str_eq(sql_join(changer), "00000");
    scene_await_run(&scene, "orders", "failed");
    check_other_job_goes_on(&scene);
    daemon_stop(&daemon);
    PQfinish(changer);
    scene_end(&scene);
}
END_TEST

/* The DELETE waits for the lock of a table that is replaced before it gets it. */
START_TEST(a_table_that_is_replaced_while_the_delete_waits_for_it_is_not_touched)
{
    struct scene scene = scene_new();
    PGconn *changer = scene_connect(&scene);

    scene_add_orders(&scene, ROWS);
    sql_exec(changer, "BEGIN; LOCK TABLE orders IN SHARE MODE");
    struct daemon daemon = daemon_start(scene_config(&scene, SMALL_BATCHES));
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode ="
              " 'RowExclusiveLock')",
              AWAIT_MS);
    sql_exec(changer, "ALTER TABLE orders RENAME TO renamed; CREATE TABLE orders AS TABLE renamed;"
                      "GRANT SELECT, DELETE ON orders TO pgpurged; COMMIT");
    scene_await_run(&scene, "orders", "failed");
    ck_assert(daemon_log_has(&daemon, "(PU004)"));
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders"), ROWS);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM renamed"), ROWS);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit"), 0);
    daemon_stop(&daemon);
    PQfinish(changer);
    scene_end(&scene);
}
END_TEST

/* ---- the audit table can't be written ---- */

/* Raises this SQLSTATE for the audit rows of orders, as a full disk would. */
#define AUDIT_RAISES(sqlstate)                                                                     \
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"                        \
    "  IF NEW.job = 'orders' THEN RAISE EXCEPTION 'no room' USING ERRCODE = '" sqlstate            \
    "'; END IF;"                                                                                   \
    "  RETURN NEW; END $$;"                                                                        \
    "CREATE TRIGGER refuse BEFORE INSERT ON pgpurged.audit FOR EACH ROW EXECUTE FUNCTION refuse()"

struct unwritable {
    const char *sql, *said;
    bool stops;   /* the job, at once */
    bool for_all; /* the other job can't write either */
};

/* Drops the audit row without a word. */
#define AUDIT_SWALLOWS                                                                             \
    "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"                       \
    "  IF NEW.job = 'orders' THEN RETURN NULL; END IF; RETURN NEW; END $$;"                        \
    "CREATE TRIGGER swallow BEFORE INSERT ON pgpurged.audit FOR EACH ROW EXECUTE FUNCTION "        \
    "swallow()"

static const struct unwritable unwritables[] = {
    {"REVOKE INSERT ON pgpurged.audit FROM pgpurged", "(42501)", true, true},
    {"ALTER TABLE pgpurged.audit ADD CHECK (job <> 'orders') NOT VALID", "(23514)", true, false},
    {AUDIT_RAISES("P0001"), "(P0001)", true, false},
    {AUDIT_RAISES("53100"), "(53100)", false, false},
    {AUDIT_SWALLOWS, "(PU007)", true, false},
};

static void check_unwritable(const struct unwritable *unwritable)
{
    struct daemon daemon;
    struct scene scene = scene_with_another_job(&daemon);
    int64_t gone;

    /* The batch at the gate has its place in the audit table still to write. */
    sql_exec(scene.own, "%s", unwritable->sql);
    gone = promises_check(scene.own, "orders", SCENE_DUE);
    gate_open(&scene);
    daemon_await_log(&daemon, unwritable->said, AWAIT_MS);
    if (unwritable->stops)
        daemon_await_log(&daemon, "-> stopped (refused)", AWAIT_MS);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), gone);
    if (!unwritable->for_all)
        check_other_job_goes_on(&scene);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), gone);
    daemon_stop(&daemon);
    scene_end(&scene);
}

START_TEST(nothing_is_deleted_while_the_audit_table_cannot_be_written)
{
    for (size_t i = 0; i < ARRAY_LENGTH(unwritables); i++)
        check_unwritable(&unwritables[i]);
}
END_TEST

START_TEST(a_run_goes_on_when_the_disk_of_the_audit_table_has_room_again)
{
    struct daemon daemon;
    struct scene scene = scene_with_another_job(&daemon);

    sql_exec(scene.own, AUDIT_RAISES("53100"));
    gate_open(&scene);
    daemon_await_log(&daemon, "(53100)", AWAIT_MS);
    sql_exec(scene.own, "DROP TRIGGER refuse ON pgpurged.audit");
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs WHERE job = 'orders'"),
                     1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_table_that_is_changed_or_replaced_in_mid_run_stops_its_job_untouched,
        a_table_that_is_dropped_in_mid_run_stops_its_job,
        a_table_that_is_replaced_while_the_delete_waits_for_it_is_not_touched,
        nothing_is_deleted_while_the_audit_table_cannot_be_written,
        a_run_goes_on_when_the_disk_of_the_audit_table_has_room_again,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
