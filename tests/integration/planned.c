/*
 * Why: people decide by the plan whether to let a job loose on their table. So its numbers are
 * compared with counts of the test's own, what it says is missing is run and has to help, and it
 * has to come at once however large the table is.
 */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/harness.h"
#include "integration/plans.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* --- how much is due --- */

static double seconds_since(struct mono start)
{
    return mono_ms_between(start, mono_now()) / 1000;
}

enum { MANY = 3000000 };

/* A third is marked, at places that no page knows of; nothing is random, so that the sample is the
 * same each time. */
static void make_many(const struct scene *scene, int rows)
{
    sql_exec(scene->own,
             "CREATE UNLOGGED TABLE orders (id int, deleted_at timestamptz, filler text);"
             "INSERT INTO orders SELECT i, CASE WHEN hashint4(i) %% 3 = 0"
             "   THEN now() - (abs(hashint4(-i) %% 1000) * 0.1 + 0.05) * interval '1 day' END,"
             "  repeat('x', 40) FROM generate_series(1, %d) AS i;"
             "GRANT SELECT, DELETE, UPDATE ON orders TO pgpurged",
             rows);
}

/* The bound is the product's promise; without a sanitizer it takes a tenth of it. */
START_TEST(plan_of_three_million_rows_takes_less_than_two_seconds)
{
    struct scene scene = scene_new();
    const char *config = scene_config(&scene, "");
    struct mono start;
    int64_t due;
    json_t *plan;

    make_many(&scene, MANY);
    due = scene_due(&scene);
    start = mono_now();
    plan = plans_read(config, NULL, 0);
    ck_assert_msg(seconds_since(start) < 2, "%.1f s", seconds_since(start));
    ck_assert_str_eq(plans_text(plan, "due.basis"), "sampled");
    ck_assert_int_le(plans_number(plan, "due.low"), due);
    ck_assert_int_ge(plans_number(plan, "due.high"), due);
    ck_assert_int_lt(plans_number(plan, "due.high") - plans_number(plan, "due.low"), due / 5);
    ck_assert_int_lt(llabs(plans_number(plan, "due.rows") - due), due / 10);
    ck_assert_int_lt(plans_number(plan, "due.sampled_pages"),
                     plans_number(plan, "table.pages") / 10);
    /* 1,000 steps of a tenth of a day: a third of a hundredth of the rows each day. */
    ck_assert_int_lt(llabs(plans_number(plan, "forecast.expiring_rows_per_day") - MANY / 300),
                     MANY / 3000);

    plan = plans_read(config, "--exact", 0);
    ck_assert_str_eq(plans_text(plan, "due.basis"), "counted");
    ck_assert_int_eq(plans_number(plan, "due.rows"), due);
    ck_assert_int_eq(plans_number(plan, "table.rows"), MANY);

    plan = plans_read(config, "--exact=5ms", 0);
    ck_assert_str_eq(plans_text(plan, "due.basis"), "sampled");
    ck_assert_ptr_nonnull(strstr(plans_text(plan, "due.not_counted"), "longer than 5ms"));
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders"), MANY);
    scene_end(&scene);
}
END_TEST

START_TEST(plan_counts_few_due_rows_through_the_index)
{
    struct scene scene = scene_new();
    json_t *plan;

    make_many(&scene, MANY / 10);
    sql_exec(scene.own, "UPDATE orders SET deleted_at = NULL WHERE id %% 1000 <> 0;"
                        "CREATE INDEX ON orders (deleted_at); ANALYZE orders");
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_str_eq(plans_text(plan, "due.basis"), "indexed");
    ck_assert_str_eq(plans_text(plan, "found_by.scan"), "index");
    ck_assert_int_eq(plans_number(plan, "due.rows"), scene_due(&scene));
    scene_end(&scene);
}
END_TEST

START_TEST(plan_of_a_partitioned_table_counts_by_partition)
{
    struct scene scene = scene_new();
    json_t *plan, *first;

    sql_exec(scene.own, "CREATE TABLE orders (id int, deleted_at timestamptz) PARTITION BY RANGE "
                        "(id)");
    for (int i = 0; i < 12; i++)
        sql_exec(scene.own,
                 "CREATE TABLE orders_%d PARTITION OF orders FOR VALUES FROM (%d) TO (%d)", i,
                 i * 100, (i + 1) * 100);
    sql_exec(scene.own, "INSERT INTO orders SELECT i, CASE WHEN i %% 100 <= i / 100 THEN"
                        "  now() - interval '40 days' END FROM generate_series(0, 1199) AS i;"
                        "DO $$ BEGIN FOR i IN 0..10 LOOP"
                        "  EXECUTE format('GRANT SELECT, DELETE ON orders_%%s TO pgpurged', i);"
                        "END LOOP; END $$;"
                        "GRANT SELECT, DELETE, UPDATE ON orders TO pgpurged");
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_eq(plans_number(plan, "due.rows"), scene_due(&scene));
    ck_assert_int_eq(plans_number(plan, "partition_count"), 12);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "partitions")), 10);
    first = json_array_get(plans_at(plan, "partitions"), 0);
    ck_assert_str_eq(plans_text(first, "name"), "public.orders_11");
    ck_assert_int_eq(plans_number(first, "due_rows"), 12);
    ck_assert_int_eq(plans_number(first, "rows"), 100);
    plans_check_note(plan, "grants", "may not read and delete rows of 1 partition: needed");
    plans_check_note(plan, "grants", "may not lock rows of 12 partitions: where others hold locks");
    plans_run_notes(scene.own, plan, "grants");
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "grants")), 0);
    sql_exec(scene.own, "REVOKE pg_monitor FROM pgpurged");
    scene_end(&scene);
}
END_TEST

/* Whoever reads the foreign table gets an error, as it has no handler. The partitions have their
 * columns in different orders, one may not be read, and the foreign one comes first in the list. */
static void make_partly_foreign(const struct scene *scene)
{
    sql_exec(scene->own,
             "CREATE TABLE orders (id int, deleted_at timestamptz, filler text)"
             "  PARTITION BY RANGE (id);"
             "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
             "CREATE FOREIGN TABLE orders_0 PARTITION OF orders FOR VALUES FROM (0) TO (100)"
             "  SERVER s;"
             "CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (100) TO (200);"
             "CREATE TABLE orders_2 (filler text, gone int, deleted_at timestamptz, id int);"
             "ALTER TABLE orders_2 DROP gone;"
             "ALTER TABLE orders ATTACH PARTITION orders_2 FOR VALUES FROM (200) TO (300);"
             "CREATE TABLE orders_3 PARTITION OF orders FOR VALUES FROM (300) TO (400);"
             "INSERT INTO orders SELECT i, CASE WHEN i %% 4 = 0 THEN now() - interval '40 days'"
             "  END FROM generate_series(100, 399) AS i;"
             "GRANT SELECT, DELETE, UPDATE ON orders, orders_0, orders_1, orders_2 TO pgpurged");
}

START_TEST(plan_of_a_table_with_a_foreign_partition_asks_no_other_server)
{
    static const char *const options[] = {NULL, "--exact"};
    struct scene scene = scene_new();
    const char *config = scene_config(&scene, "where = filler IS NULL\n");

    make_partly_foreign(&scene);
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        json_t *plan = plans_read(config, options[i], 0),
               *partitions = plans_at(plan, "partitions");

        ck_assert_int_eq(plans_number(plan, "due.rows"), 50);
        ck_assert_int_eq(plans_number(plan, "table.rows"), 200);
        ck_assert_str_eq(plans_text(json_array_get(partitions, 0), "name"), "public.orders_1");
        ck_assert_int_eq(plans_number(json_array_get(partitions, 0), "due_rows"), 25);
        ck_assert(json_is_null(plans_at(json_array_get(partitions, 3), "due_rows")));
        ck_assert_ptr_nonnull(strstr(plans_text(plan, "sql"), "\"orders_1\""));
        plans_check_note(plan, "risks", "left alone: public.orders_0 is a foreign table");
    }
    scene_end(&scene);
}
END_TEST

START_TEST(plan_of_a_table_with_nothing_but_a_foreign_partition_finds_nothing)
{
    struct scene scene = scene_new();
    json_t *plan;

    make_partly_foreign(&scene);
    sql_exec(scene.own, "DROP TABLE orders_1, orders_2, orders_3");
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_eq(plans_number(plan, "due.rows"), 0);
    plans_check_note(plan, "risks", "left alone: public.orders_0 is a foreign table");
    scene_end(&scene);
}
END_TEST

/* --- when it will be done --- */

START_TEST(plan_says_that_a_job_never_catches_up)
{
    struct scene scene = scene_new();
    const char *slow = scene_config(&scene, "window = Mon 01:00-02:00\nmax_rows_per_second = 1\n");
    const char *output;
    json_t *plan;

    sql_exec(scene.own, "CREATE TABLE orders (id int, deleted_at timestamptz, filler text);"
                        "INSERT INTO orders SELECT i, now() - i %% 100 * interval '12 hours'"
                        "  FROM generate_series(1, 100000) AS i;"
                        "GRANT SELECT, DELETE, UPDATE ON orders TO pgpurged");
    plan = plans_read(slow, NULL, 0);
    ck_assert(json_is_false(plans_at(plan, "forecast.catches_up")));
    ck_assert_int_eq(plans_number(plan, "forecast.window_rows_per_day"), 514); /* 3600 / 7 */
    ck_assert_int_eq(plans_number(plan, "forecast.expiring_rows_per_day"), 2000);
    plans_check_note(plan, "risks", "more expires than the window takes");
    ck_assert_int_eq(pgpurged_run(&output, "--config", slow, "--plan", NULL), 0);
    ck_assert_ptr_nonnull(strstr(output, "never catches up: about 2,000 rows expire a day, the "
                                         "window takes about 514\n"));
    ck_assert(json_is_true(
        plans_at(plans_read(scene_config(&scene, ""), NULL, 0), "forecast.catches_up")));
    scene_end(&scene);
}
END_TEST

/* 40,000 due rows at one a second are 40,000 s of window: 11 h 6 min 40 s, an hour a week. */
START_TEST(plan_says_when_a_run_will_be_done_given_its_window)
{
    struct scene scene = scene_new();
    json_t *plan;

    sql_exec(scene.own, "CREATE TABLE orders (id int, deleted_at timestamptz, filler text);"
                        "INSERT INTO orders SELECT i, now() - interval '40 days'"
                        "  FROM generate_series(1, 40000) AS i;"
                        "GRANT SELECT, DELETE, UPDATE ON orders TO pgpurged");
    plan = plans_read(scene_config(&scene, "window = Mon 01:00-02:00\ntimezone = Asia/Tokyo\n"
                                           "max_rows_per_second = 1\n"),
                      NULL, 0);
    ck_assert_int_eq(plans_number(plan, "forecast.window_seconds"), 40000);
    /* The second Monday opening counts from the next one on, or from the one that is open now. */
    ck_assert_str_eq(
        sql_text(scene.own,
                 "SELECT timestamp '%s' - date_trunc('week', timestamp '%s') BETWEEN '77 days"
                 " 01:06' AND '84 days 01:07'",
                 plans_text(plan, "forecast.done"), plans_text(plan, "forecast.begins")),
        "t");
    scene_end(&scene);
}
END_TEST

/* Eight chunks of TOAST for each row take longer than the row. */
START_TEST(plan_reckons_with_what_is_stored_beside_wide_rows)
{
    struct scene scene = scene_new();
    json_t *plan;

    scene_add_orders(&scene, 1000);
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_eq(plans_number(plan, "forecast.rows_per_busy_second"), 200000);
    sql_exec(scene.own, "ALTER TABLE orders ALTER filler SET STORAGE EXTERNAL;"
                        "UPDATE orders SET filler = repeat('x', 16000)");
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_lt(plans_number(plan, "forecast.rows_per_busy_second"), 15000);
    ck_assert_int_gt(plans_number(plan, "forecast.rows_per_busy_second"), 8000);
    scene_end(&scene);
}
END_TEST

#define RATE                                                                                       \
    "SELECT 1000 * sum(b.rows) / sum(b.ms) FROM (SELECT sum(rows) AS rows, max(elapsed_ms) AS ms"  \
    "  FROM pgpurged.audit GROUP BY batch) AS b"

/* A batch has an audit row for each table of which rows went, and took its time once. */
START_TEST(plan_reckons_with_children_at_the_pace_of_the_last_run)
{
    struct scene scene = scene_new();
    const char *config = scene_config(&scene, "children = cascade\nbatch_rows = 500\n");
    json_t *plan;

    scene_add_orders(&scene, 2000);
    sql_exec(scene.own, "CREATE TABLE items (order_id bigint REFERENCES orders ON DELETE CASCADE);"
                        "CREATE INDEX ON items (order_id);"
                        "INSERT INTO items SELECT i %% 2000 + 1 FROM generate_series(1, 20000) i;"
                        "GRANT SELECT, DELETE ON items TO pgpurged; ANALYZE");
    scene_once(config, 0);
    plan = plans_read(config, NULL, 0);
    ck_assert(json_is_true(plans_at(plan, "forecast.measured")));
    ck_assert_int_lt(llabs(plans_number(plan, "forecast.rows_per_busy_second") -
                           llround(atof(sql_text(scene.own, RATE)))),
                     2);
    scene_end(&scene);
}
END_TEST

START_TEST(plan_reckons_with_the_pace_of_the_last_run)
{
    struct scene scene = scene_new();
    const char *config = scene_config(&scene, "");
    json_t *plan;
    double rate;

    scene_add_orders(&scene, 8000);
    ck_assert(json_is_false(plans_at(plans_read(config, NULL, 0), "forecast.measured")));
    scene_once(config, 0);
    rate = atof(sql_text(scene.own, RATE));
    plan = plans_read(config, NULL, 0);
    ck_assert(json_is_true(plans_at(plan, "forecast.measured")));
    ck_assert_int_lt(llabs(plans_number(plan, "forecast.rows_per_busy_second") - llround(rate)), 2);
    promises_check(scene.own, "orders", SCENE_DUE);
    scene_end(&scene);
}
END_TEST

/* Ten lines for each order, two parts for each line, and notes of which half are about orders, the
 * other half about lines. */
static void make_parents(struct scene *scene)
{
    scene_add_orders(scene, 2000);
    sql_exec(scene->own,
             "CREATE TABLE items (id int PRIMARY KEY, order_id bigint REFERENCES orders ON DELETE"
             "  CASCADE); CREATE INDEX ON items (order_id);"
             "CREATE TABLE parts (item_id int REFERENCES items); CREATE INDEX ON parts (item_id);"
             "CREATE TABLE notes (about text, id bigint); CREATE INDEX ON notes (about, id);"
             "INSERT INTO items SELECT i, i %% 2000 + 1 FROM generate_series(0, 19999) AS i;"
             "INSERT INTO parts SELECT i / 2 FROM generate_series(0, 39999) AS i;"
             "INSERT INTO parts SELECT NULL FROM generate_series(1, 40000);"
             "INSERT INTO notes SELECT CASE WHEN i %% 2 = 0 THEN 'order' ELSE 'item' END,"
             "  i / 2 %% 2000 + 1 FROM generate_series(0, 7999) AS i;"
             "GRANT SELECT, DELETE, UPDATE ON items, parts, notes TO pgpurged; ANALYZE");
}

static const char *gone_from(const struct scene *scene, const char *table)
{
    return sql_text(
        scene->own,
        "SELECT sum(rows) FROM pgpurged.audit WHERE partition::regclass = '%s'::regclass", table);
}

/* What the plan has said is compared with what a run has done. */
START_TEST(plan_says_how_many_rows_go_with_the_due_ones_and_reckons_with_them)
{
    struct scene scene = scene_new();
    const char *config =
        scene_config(&scene, "children = delete\nreferences = notes.id where about = order\n"
                             "max_rows_per_second = 20000\n");
    json_t *plan, *children, *item;
    size_t i;

    make_parents(&scene);
    ck_assert_uint_eq(
        json_array_size(plans_at(plans_read(scene_config(&scene, ""), NULL, 0), "due.children")),
        0);
    plan = plans_read(config, NULL, 0);
    ck_assert_int_eq(plans_number(plan, "due.rows"), 1000);
    /* 1,000 orders, 10,000 items, 20,000 parts and 2,000 notes */
    ck_assert_int_le(llabs(plans_number(plan, "forecast.window_seconds") - 33000 / 20000), 1);
    ck_assert_int_lt(plans_number(plan, "forecast.window_rows_per_day"), 20000 * 86400LL / 30);
    scene_once(config, 0);
    children = plans_at(plan, "due.children");
    ck_assert_uint_eq(json_array_size(children), 3);
    json_array_foreach(children, i, item)
    {
        double gone = atof(gone_from(&scene, plans_text(item, "table")));

        ck_assert_msg(fabs((double)plans_number(item, "rows") - gone) < gone / 10,
                      "%s: %f and not %lld", plans_text(item, "table"), gone,
                      (long long)plans_number(item, "rows"));
    }
    promises_check(scene.own, "orders", SCENE_DUE);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        plan_of_three_million_rows_takes_less_than_two_seconds,
        plan_counts_few_due_rows_through_the_index,
        plan_of_a_partitioned_table_counts_by_partition,
        plan_of_a_table_with_a_foreign_partition_asks_no_other_server,
        plan_of_a_table_with_nothing_but_a_foreign_partition_finds_nothing,
        plan_says_that_a_job_never_catches_up,
        plan_says_when_a_run_will_be_done_given_its_window,
        plan_reckons_with_the_pace_of_the_last_run,
        plan_reckons_with_what_is_stored_beside_wide_rows,
        plan_reckons_with_children_at_the_pace_of_the_last_run,
        plan_says_how_many_rows_go_with_the_due_ones_and_reckons_with_them,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
