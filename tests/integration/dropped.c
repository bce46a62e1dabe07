/*
 * Why: a partition that holds nothing but expired rows goes in one piece, and nothing else may. The
 * tests look at what stands against it: a live row, a restore in the last moment, bounds that are
 * still open, a foreign key, a trigger, somebody else's lock.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/scene.h"
#include "integration/session.h"

enum { MONTH_ROWS = 100 };

#define PATIENT "drop_partitions = yes\nlock_timeout = 50ms"

/*
 * Partitions of old months, old_1 to old_3, wholly expired, one of this month with expired rows as
 * well, and a default one. They belong to the daemon's role, so that it may drop them.
 */
static struct scene months(void)
{
    struct scene scene = scene_new();

    sql_exec(
        scene.own,
        "CREATE TABLE orders (id bigint, made timestamptz, deleted_at timestamptz)"
        " PARTITION BY RANGE (made);"
        "CREATE TABLE old_1 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');"
        "CREATE TABLE old_2 PARTITION OF orders FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');"
        "CREATE TABLE old_3 PARTITION OF orders FOR VALUES FROM ('2025-03-01') TO ('2025-04-01')"
        " PARTITION BY LIST (id);"
        "CREATE TABLE old_3_rest PARTITION OF old_3 DEFAULT;"
        "CREATE TABLE present PARTITION OF orders FOR VALUES FROM ('2025-04-01') TO ('2999-01-01');"
        "CREATE TABLE others PARTITION OF orders DEFAULT");
    for (int month = 0; month < 5; month++)
        sql_exec(
            scene.own,
            "INSERT INTO orders SELECT %d * 1000 + i, m.made, m.made + interval '1 day'"
            " FROM generate_series(1, %d) AS i,"
            " (SELECT timestamptz '2024-12-15 00:00+00' + interval '1 month' * %d) AS m (made)",
            month, MONTH_ROWS, month);
    sql_exec(scene.own,
             "CREATE TABLE before AS TABLE orders;"
             "GRANT SELECT, DELETE, UPDATE ON orders, old_1, old_2, old_3_rest, present,"
             " others TO pgpurged;"
             "ALTER TABLE old_1 OWNER TO pgpurged; ALTER TABLE old_2 OWNER TO pgpurged;"
             "ALTER TABLE old_3_rest OWNER TO pgpurged;"
             "ALTER TABLE present OWNER TO pgpurged; ALTER TABLE others OWNER TO pgpurged");
    return scene;
}

/* Promises A and R, counted by the test itself. Returns how many are gone. */
static int64_t check_promises(const struct scene *scene)
{
    int64_t gone = sql_int(scene->own, "SELECT count(*) FROM before b WHERE NOT EXISTS"
                                       " (SELECT FROM orders o WHERE o.id = b.id)");

    ck_assert_int_eq(sql_int(scene->own, "SELECT coalesce(sum(rows), 0) FROM pgpurged.audit"),
                     gone);
    ck_assert_int_eq(sql_int(scene->own, "SELECT count(*) FROM before b WHERE (" SCENE_DUE
                                         ") IS NOT TRUE AND NOT EXISTS"
                                         " (SELECT FROM orders o WHERE o.id = b.id)"),
                     0);
    return gone;
}

/* The partitions that are left. */
static const char *left(const struct scene *scene)
{
    return sql_text(scene->own, "SELECT string_agg(relid::text, ' ' ORDER BY relid::text)"
                                " FROM pg_partition_tree('orders') WHERE isleaf");
}

START_TEST(partitions_that_are_over_are_dropped_and_the_others_purged_row_by_row)
{
    struct scene scene = months();
    const char *log = scene_once(scene_config(&scene, PATIENT), 0);

    ck_assert_str_eq(left(&scene), "others present");
    ck_assert_int_eq(check_promises(&scene), 5 * MONTH_ROWS);
    ck_assert_msg(strstr(log, "\"public\".\"old_1\" is dropped in one piece: 100 rows") != NULL,
                  "%s", keep_tail(log));
    ck_assert_str_eq(sql_text(scene.own,
                              "SELECT string_agg(partition || ' ' || rows, ', ' ORDER BY partition)"
                              " FROM pgpurged.audit WHERE partition LIKE '%%old%%'"),
                     "\"public\".\"old_1\" 100, \"public\".\"old_2\" 100, "
                     "\"public\".\"old_3_rest\" 100");
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(outcome, ' ', rows) FROM pgpurged.runs"),
                     "done 500");
    scene_end(&scene);
}
END_TEST

START_TEST(nothing_is_dropped_unless_the_job_says_so)
{
    struct scene scene = months();

    scene_once(scene_config(&scene, ""), 0);
    ck_assert_str_eq(left(&scene), "old_1 old_2 old_3_rest others present");
    ck_assert_int_eq(check_promises(&scene), 5 * MONTH_ROWS);
    scene_end(&scene);
}
END_TEST

static const struct obstacle {
    const char *what, *setup, *word;
    int64_t stay; /* rows that may not go */
} obstacles[] = {
    {"one live row", "UPDATE orders SET deleted_at = NULL WHERE id = 1007", "", 1},
    {"one row marked yesterday",
     "UPDATE orders SET deleted_at = now() - interval '1 day' WHERE id = 1007", "", 1},
    {"not the owner",
     "ALTER TABLE old_1 OWNER TO postgres; GRANT SELECT, DELETE ON old_1 TO pgpurged",
     "only its owner can drop it", 0},
    {"a trigger of the application",
     "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
     "CREATE TRIGGER note AFTER DELETE ON old_1 FOR EACH ROW EXECUTE FUNCTION note()",
     "its triggers ON DELETE (note) would not fire", 0},
    {"a foreign key",
     "ALTER TABLE old_1 ADD UNIQUE (id); CREATE TABLE lines (id bigint REFERENCES old_1 (id));"
     "CREATE INDEX ON lines (id); GRANT SELECT ON lines TO pgpurged",
     "a foreign key points at it", 0},
    {"a publication",
     "ALTER TABLE old_1 REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE old_1",
     "it is published (p), and subscribers would keep its rows", 0},
    {"a view", "CREATE VIEW old_rows AS TABLE old_1", "other objects depend on it", 0},
};

static void check_obstacle(const struct obstacle *row)
{
    struct scene scene = months();
    const char *log;

    sql_exec(scene.own, "%s", row->setup);
    sql_exec(scene.own, "DROP TABLE before; CREATE TABLE before AS TABLE orders");
    log = scene_once(scene_config(&scene, PATIENT), 0);
    ck_assert_msg(strstr(log, row->word) != NULL, "%s: no \"%s\" in %s", row->what, row->word,
                  keep_tail(log));
    ck_assert_str_eq(left(&scene), "old_1 others present");
    ck_assert_int_eq(check_promises(&scene), 5 * MONTH_ROWS - row->stay);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM old_1"), row->stay);
    scene_end(&scene);
}

START_TEST(what_stands_against_it_partitions_a_partition_to_be_purged_row_by_row)
{
    for (size_t i = 0; i < ARRAY_LENGTH(obstacles); i++)
        check_obstacle(&obstacles[i]);
}
END_TEST

/* Promise R: who restores a row gets it, also if the daemon is about to drop the partition. */
START_TEST(a_row_restored_in_the_last_moment_keeps_its_partition)
{
    struct scene scene = months();
    PGconn *other = scene_connect(&scene);
    struct daemon daemon;

    sql_exec(other, "BEGIN; UPDATE orders SET deleted_at = NULL WHERE id = 1007");
    daemon = daemon_start(scene_config(&scene, "drop_partitions = yes\nlock_timeout = 20s"));
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'pgpurged'"
              " AND wait_event_type = 'Lock')",
              AWAIT_MS);
    sql_exec(other, "COMMIT");
    scene_await_run(&scene, "orders", "done");
    daemon_stop(&daemon);
    sql_exec(scene.own, "UPDATE before SET deleted_at = NULL WHERE id = 1007");
    ck_assert_int_eq(check_promises(&scene), 5 * MONTH_ROWS - 1);
    ck_assert_str_eq(sql_text(scene.own, "SELECT id::text FROM old_1"), "1007");
    PQfinish(other);
    scene_end(&scene);
}
END_TEST

/* No queue builds up behind a DROP that waits: it gives way after lock_timeout, again and again,
 * and at last leaves the partition to be purged row by row. */
START_TEST(a_drop_gives_way_to_who_uses_the_table)
{
    struct scene scene = months();
    PGconn *other = scene_connect(&scene);
    const char *log;

    sql_exec(other, "BEGIN; SELECT count(*) FROM orders");
    log = scene_once(scene_config(&scene, PATIENT), 0);
    ck_assert_msg(strstr(log,
                         "\"public\".\"old_1\" is to be dropped: canceling statement due to lock "
                         "timeout") != NULL,
                  "%s", keep_tail(log));
    sql_exec(other, "COMMIT");
    ck_assert_str_eq(left(&scene), "old_1 old_2 old_3_rest others present");
    ck_assert_int_eq(check_promises(&scene), 5 * MONTH_ROWS);
    ck_assert_int_eq(
        sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs WHERE outcome = 'done'"), 1);
    PQfinish(other);
    scene_end(&scene);
}
END_TEST

/* Promise A: the audit row and the table go together or not at all. */
START_TEST(a_drop_that_fails_partitions_no_audit_row)
{
    struct scene scene = months();

    sql_exec(scene.own, "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS"
                        " $$ BEGIN RAISE 'tables are not dropped here'; END $$;"
                        "CREATE EVENT TRIGGER no ON sql_drop EXECUTE FUNCTION no()");
    scene_once(scene_config(&scene, PATIENT), 0);
    sql_exec(scene.own, "DROP EVENT TRIGGER no");
    ck_assert_str_eq(left(&scene), "old_1 old_2 old_3_rest others present");
    ck_assert_int_eq(check_promises(&scene), 5 * MONTH_ROWS);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        partitions_that_are_over_are_dropped_and_the_others_purged_row_by_row,
        nothing_is_dropped_unless_the_job_says_so,
        what_stands_against_it_partitions_a_partition_to_be_purged_row_by_row,
        a_row_restored_in_the_last_moment_keeps_its_partition,
        a_drop_gives_way_to_who_uses_the_table,
        a_drop_that_fails_partitions_no_audit_row,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
