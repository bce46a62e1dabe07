/*
 * Why: applications don't have one tidy table. Whatever its key is, whatever inherits from it, is
 * toasted, unlogged or watched by triggers, what is due goes and is accounted, what isn't stays,
 * and the application's own triggers see each row that goes. A row that can't go is tried again in
 * every run, and is news only once.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* Two of each four rows of a scene are due. */
enum { ROWS = 400, DUE = ROWS / 2 };

/* --- keys --- */

static const struct key {
    const char *what, *columns;
} keys[] = {
    {"bigint", "id bigint PRIMARY KEY"},
    {"uuid", "key uuid PRIMARY KEY DEFAULT gen_random_uuid(), id bigint"},
    {"text", "key text COLLATE \"C\" PRIMARY KEY DEFAULT md5(random()::text), id bigint"},
    {"composite", "id bigint, key int DEFAULT 7, PRIMARY KEY (key, id)"},
    {"none", "id bigint"},
    {"unlogged", "id bigint"},
};

static void make_keyed(const struct scene *scene, const struct key *key)
{
    sql_exec(scene->own,
             "CREATE %s TABLE orders (%s, deleted_at timestamptz, filler text);"
             "INSERT INTO orders (id, deleted_at, filler) SELECT i, CASE i %% 4 WHEN 0 THEN NULL"
             "  WHEN 3 THEN now() - interval '10 days' ELSE now() - interval '31 days' END,"
             "  repeat('x', 720) FROM generate_series(1, %d) AS i;"
             "CREATE INDEX ON orders (deleted_at); GRANT SELECT, DELETE ON orders TO pgpurged",
             text_equal(key->what, "unlogged") ? "UNLOGGED" : "", key->columns, ROWS);
    promises_watch(scene->own, "orders");
}

static void check_key(const struct key *key, const char *options)
{
    struct scene scene = scene_new();

    make_keyed(&scene, key);
    scene_once(scene_config(&scene, options), 0);
    ck_assert_msg(promises_check(scene.own, "orders", SCENE_DUE) == DUE, "%s, %s", key->what,
                  options);
    ck_assert_int_eq(scene_due(&scene), 0);
    scene_end(&scene);
}

START_TEST(a_table_of_any_key_or_none_is_purged_by_either_scan)
{
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        check_key(&keys[i], "scan = heap");
        check_key(&keys[i], "scan = index\nbatch_rows = 30");
    }
}
END_TEST

/* --- inheritance --- */

/* Rows of the parent and of both children stand at the same TIDs. */
static struct scene inheriting_orders(void)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    for (int i = 1; i <= 2; i++) {
        const char *child = keep_format("child_%d", i);

        sql_exec(scene.own,
                 "CREATE TABLE %s () INHERITS (orders);"
                 "INSERT INTO %s SELECT id + %d, deleted_at, filler FROM ONLY orders;"
                 "GRANT SELECT, DELETE ON %s TO pgpurged",
                 child, child, 10000 * i, child);
        promises_watch(scene.own, child);
    }
    return scene;
}

static void assert_gone(const struct scene *scene, int orders, int child_1, int child_2)
{
    ck_assert_int_eq(promises_check(scene->own, "orders", SCENE_DUE), orders);
    ck_assert_int_eq(promises_check(scene->own, "child_1", SCENE_DUE), child_1);
    ck_assert_int_eq(promises_check(scene->own, "child_2", SCENE_DUE), child_2);
}

START_TEST(a_job_on_a_parent_or_on_a_child_touches_no_other_of_the_family)
{
    struct scene scene = inheriting_orders();

    scene_once(
        scene_config_of(&scene, "[job child]\ntable = child_1\nexpires = deleted_at + 30d\n"), 0);
    assert_gone(&scene, 0, DUE, 0);
    scene_once(scene_config(&scene, ""), 0);
    assert_gone(&scene, DUE, DUE, 0);
    scene_end(&scene);
}
END_TEST

/* --- wide rows --- */

/* 10 kB each, stored as they are, in six pieces beside the row. */
static void add_wide_orders(struct scene *scene, int rows)
{
    sql_exec(scene->own,
             "CREATE TABLE orders (id bigint PRIMARY KEY, deleted_at timestamptz, filler text);"
             "ALTER TABLE orders ALTER filler SET STORAGE EXTERNAL;"
             "INSERT INTO orders SELECT i, CASE WHEN i %% 8 > 0 THEN '2020-01-01'::timestamptz END,"
             "  repeat(md5(i::text), 320) FROM generate_series(1, %d) AS i;"
             "GRANT SELECT, DELETE ON orders TO pgpurged",
             rows);
    promises_watch(scene->own, "orders");
}

/* The first batch can't know what a row costs; those after it have less than half its rows, and
 * most of them take about their time. */
static const char wide_batches[] =
    "WITH a AS (SELECT rows, elapsed_ms, row_number() OVER (ORDER BY batch) AS n"
    "           FROM pgpurged.audit)"
    " SELECT concat(max(rows) FILTER (WHERE n > 1) * 2 < max(rows) FILTER (WHERE n = 1), ' ',"
    "  percentile_cont(0.5) WITHIN GROUP (ORDER BY elapsed_ms) FILTER (WHERE n > 1) < 4 * 5)"
    " FROM a";

START_TEST(batches_of_wide_rows_shrink_to_their_time)
{
    struct scene scene = scene_new();

    add_wide_orders(&scene, 4000);
    scene_once(scene_config(&scene, "batch_time = 5ms\nbatch_rows = 5000\nscan = heap"), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 3500);
    ck_assert_str_eq(sql_text(scene.own, wide_batches), "t t");
    scene_end(&scene);
}
END_TEST

/* --- logical replication --- */

/* What the catalog says beforehand is what the server says of a DELETE. */
static const struct published {
    const char *setup;
    bool refused;
} published[] = {
    {"CREATE PUBLICATION p FOR TABLE orders", false}, /* by its primary key */
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey", false},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey; CREATE PUBLICATION p FOR TABLE orders", true},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey; CREATE PUBLICATION p FOR ALL TABLES", true},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey; CREATE PUBLICATION p FOR TABLES IN SCHEMA "
     "public",
     true},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey; CREATE PUBLICATION p FOR TABLES IN SCHEMA "
     "pgpurged",
     false},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey; CREATE PUBLICATION p FOR TABLE orders WITH "
     "(publish = 'insert, update')",
     false},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey, REPLICA IDENTITY FULL;"
     "CREATE PUBLICATION p FOR TABLE orders",
     false},
    {"ALTER TABLE orders REPLICA IDENTITY NOTHING; CREATE PUBLICATION p FOR TABLE orders", true},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD CONSTRAINT u UNIQUE (id);"
     "ALTER TABLE orders REPLICA IDENTITY USING INDEX u; CREATE PUBLICATION p FOR TABLE orders",
     false},
    {"ALTER TABLE orders DROP CONSTRAINT orders_pkey, SET UNLOGGED;"
     "CREATE PUBLICATION p FOR ALL TABLES",
     false},
};

static void check_published(const struct published *row)
{
    struct scene scene = scene_new();
    const char *config = scene_config(&scene, "scan = heap"), *log, *error;

    scene_add_orders(&scene, 20);
    sql_exec(scene.own, "SET client_min_messages = error; %s", row->setup);
    error = sql_error(scene.own, "DELETE FROM orders WHERE false");
    ck_assert_msg((strcmp(error, "55000") == 0) == row->refused, "%s: %s", row->setup, error);
    log = scene_once(config, row->refused ? 1 : 0);
    ck_assert_msg((strstr(log, " without a replica identity") != NULL) == row->refused, "%s",
                  row->setup);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), row->refused ? 0 : 10);
    scene_end(&scene);
}

START_TEST(a_published_table_is_purged_unless_the_server_would_refuse_each_delete)
{
    for (size_t i = 0; i < ARRAY_LENGTH(published); i++)
        check_published(&published[i]);
}
END_TEST

/* --- the application's triggers --- */

/* What it sees: each row that goes, and each statement with the rows of it. */
static const char make_audit_triggers[] =
    "CREATE TABLE log_rows (id bigint); CREATE TABLE log_statements (rows bigint);"
    "CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
    "  INSERT INTO log_rows VALUES (OLD.id); RETURN OLD; END $$;"
    "CREATE FUNCTION log_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
    "  INSERT INTO log_statements SELECT count(*) FROM gone; RETURN NULL; END $$;"
    "CREATE TRIGGER log_row %s DELETE ON orders FOR EACH ROW EXECUTE FUNCTION log_row();"
    "CREATE TRIGGER log_statement AFTER DELETE ON orders REFERENCING OLD TABLE AS gone"
    " FOR EACH STATEMENT EXECUTE FUNCTION log_statement();";

static void check_audit_triggers(const char *when, const char *options)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own, "CREATE INDEX ON orders (deleted_at)");
    sql_exec(scene.own, make_audit_triggers, when);
    scene_once(scene_config(&scene, options), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(DISTINCT id) FROM log_rows"), DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM log_rows"), DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT sum(rows)::bigint FROM log_statements"), DUE);
    scene_end(&scene);
}

START_TEST(the_applications_triggers_see_each_row_that_goes_once)
{
    check_audit_triggers("AFTER", "scan = heap\nbatch_rows = 30");
    check_audit_triggers("BEFORE", "scan = heap");
    check_audit_triggers("AFTER", "scan = index\nbatch_rows = 30");
}
END_TEST

/* Its rows are due by now, but were not at the cutoff: they are the next run's. */
START_TEST(rows_that_become_due_during_a_run_are_not_taken_for_kept_ones)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own, make_audit_triggers, "BEFORE");
    gate_close(&scene, 1);
    daemon = daemon_start(scene_config(&scene, "lock_timeout = 30s"));
    gate_await(&scene);
    sql_exec(scene.own, "INSERT INTO orders SELECT 1000000, cutoff + interval '1 microsecond', ''"
                        " FROM pgpurged.runs");
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- rows that can't go --- */

/* Rows of a scene; all of them are due. */
#define RAISING "5, 78, 301, 302"
#define KEPT    "9, 390"

static void add_stubborn_orders(struct scene *scene, int rows)
{
    scene_add_orders(scene, rows);
    sql_exec(scene->own, "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                         "  IF OLD.id IN (" RAISING ") THEN RAISE 'kept for the auditors'; END IF;"
                         "  IF OLD.id IN (" KEPT ") THEN RETURN NULL; END IF;"
                         "  RETURN OLD; END $$;"
                         "CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW"
                         " EXECUTE FUNCTION keep()");
}

START_TEST(rows_that_raise_and_rows_that_stay_silently_are_counted_under_their_reasons)
{
    struct scene scene = scene_new();
    const char *log;

    add_stubborn_orders(&scene, ROWS);
    log = scene_once(scene_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE - 6);
    ck_assert_str_eq(
        sql_text(scene.own,
                 "SELECT concat(outcome, ' ', rejected, ': ', detail) FROM pgpurged.runs"),
        "incomplete 6: 4 rejected by \"kept for the auditors (P0001)\", "
        "2 rejected by keep (a trigger BEFORE DELETE that raises no error)");
    ck_assert_msg(strstr(log, "run=1 done, 6 rejected: ") != NULL, "%s", keep_tail(log));
    scene_end(&scene);
}
END_TEST

static int occurrences(const char *text, const char *piece)
{
    int count = 0;

    for (text = strstr(text, piece); text != NULL; text = strstr(text + 1, piece))
        count++;
    return count;
}

/* 2,000 blocks of 293 places: halving comes from all of them to one in 19 steps. */
START_TEST(a_rejected_row_costs_a_logarithm_of_batches)
{
    enum { REJECTED = 4, STEPS = 19 };
    struct scene scene = scene_new();
    const char *log;
    int failed;

    add_stubborn_orders(&scene, 20000);
    log = scene_once(scene_config(&scene, "batch_rows = 100000\nbatch_time = 10s"), 3);
    failed = occurrences(log, "-> bisect") + occurrences(log, "-> set_aside");
    ck_assert_int_ge(failed, REJECTED);
    ck_assert_int_le(failed, REJECTED * STEPS);
    ck_assert_int_le(sql_int(scene.own, "SELECT max(batch) FROM pgpurged.audit"),
                     2 * REJECTED * STEPS + 100);
    promises_check(scene.own, "orders", SCENE_DUE);
    scene_end(&scene);
}
END_TEST

START_TEST(a_rejected_row_is_tried_and_said_in_every_run)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    add_stubborn_orders(&scene, ROWS);
    daemon = daemon_start(scene_config(&scene, "every = 1s\nvacuum = never"));
    await_sql(
        scene.own,
        "SELECT count(*) >= 3 FROM pgpurged.runs WHERE outcome = 'incomplete' AND rejected = 6",
        AWAIT_MS);
    daemon_await_log(&daemon, "run=3 done, 6 rejected: ", AWAIT_MS); /* said after it is written */
    ck_assert_int_ge(daemon_log_count(&daemon, "is rejected: kept for the auditors"), 3 * 4);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(DISTINCT run) FROM pgpurged.audit"), 1);

    sql_exec(scene.own, "DROP TRIGGER keep ON orders");
    await_sql(scene.own, "SELECT count(*) = 0 FROM orders WHERE " SCENE_DUE, AWAIT_MS);
    daemon_stop(&daemon);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_table_of_any_key_or_none_is_purged_by_either_scan,
        a_job_on_a_parent_or_on_a_child_touches_no_other_of_the_family,
        batches_of_wide_rows_shrink_to_their_time,
        a_published_table_is_purged_unless_the_server_would_refuse_each_delete,
        the_applications_triggers_see_each_row_that_goes_once,
        rows_that_become_due_during_a_run_are_not_taken_for_kept_ones,
        rows_that_raise_and_rows_that_stay_silently_are_counted_under_their_reasons,
        a_rejected_row_costs_a_logarithm_of_batches,
        a_rejected_row_is_tried_and_said_in_every_run,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
