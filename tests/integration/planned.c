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
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* --- reading a plan --- */

/* Every plan of the test's process, which need not be freed. */
static json_t *kept;

/* The plan of the one job in the configuration, or of the first, by `--plan --json` and one more
 * option (NULL = none). */
static json_t *planned(const char *config, const char *option, int expected_code)
{
    const char *output;
    json_error_t error;
    int code = pgpurged_run(&output, "--config", config, "--plan", "--json", option, NULL);
    json_t *document = json_loads(output, 0, &error);

    ck_assert_msg(document != NULL, "%s: %s", error.text, keep_tail(output));
    if (kept == NULL)
        kept = json_array();
    json_array_append_new(kept, document);
    ck_assert_msg(code == expected_code, "exit code %d: %s", code, keep_tail(output));
    return json_array_get(json_object_get(document, "jobs"), 0);
}

/* "due.rows"; NULL if there is no such key, which is an error of the test. */
static json_t *at(json_t *plan, const char *path)
{
    char *rest = text_copy(path);

    for (char *key = strtok(rest, "."); key != NULL; key = strtok(NULL, "."))
        plan = json_object_get(plan, key);
    free(rest);
    ck_assert_msg(plan != NULL, "%s is not there", path);
    return plan;
}

static int64_t number(json_t *plan, const char *path)
{
    ck_assert_msg(json_is_integer(at(plan, path)), "%s is no number", path);
    return json_integer_value(at(plan, path));
}

static const char *text(json_t *plan, const char *path)
{
    const char *value = json_string_value(at(plan, path));

    return value != NULL ? value : "";
}

/* The first note of a group whose text or SQL has this piece; NULL if none has. */
static json_t *note_with(json_t *plan, const char *group, const char *piece)
{
    json_t *notes = at(plan, group), *note;
    size_t i;

    json_array_foreach(notes, i, note) if (strstr(text(note, "text"), piece) != NULL ||
                                           strstr(text(note, "sql"), piece) != NULL) return note;
    return NULL;
}

static void check_note(json_t *plan, const char *group, const char *piece)
{
    ck_assert_msg(note_with(plan, group, piece) != NULL, "%s: nothing about %s in %s", group, piece,
                  json_dumps(at(plan, group), 0));
}

/* Runs the SQL of each note that has any, a statement at a time, as a person would paste it.
 * Whoever runs the grants takes pg_monitor back at the end: other tests have the same role. */
static void run_notes(PGconn *own, json_t *plan, const char *group)
{
    json_t *note;
    size_t i;

    json_array_foreach(at(plan, group), i, note)
    {
        char *sql = text_copy(text(note, "sql"));

        for (char *one = strtok(sql, "\n"); one != NULL; one = strtok(NULL, "\n"))
            sql_exec(own, "%s", one);
        free(sql);
    }
}

static double seconds_since(struct mono start)
{
    return mono_ms_between(start, mono_now()) / 1000;
}

/* --- how much is due --- */

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
    plan = planned(config, NULL, 0);
    ck_assert_msg(seconds_since(start) < 2, "%.1f s", seconds_since(start));
    ck_assert_str_eq(text(plan, "due.basis"), "sampled");
    ck_assert_int_le(number(plan, "due.low"), due);
    ck_assert_int_ge(number(plan, "due.high"), due);
    ck_assert_int_lt(number(plan, "due.high") - number(plan, "due.low"), due / 5);
    ck_assert_int_lt(llabs(number(plan, "due.rows") - due), due / 10);
    ck_assert_int_lt(number(plan, "due.sampled_pages"), number(plan, "table.pages") / 10);
    /* 1,000 steps of a tenth of a day: a third of a hundredth of the rows each day. */
    ck_assert_int_lt(llabs(number(plan, "forecast.expiring_rows_per_day") - MANY / 300),
                     MANY / 3000);

    plan = planned(config, "--exact", 0);
    ck_assert_str_eq(text(plan, "due.basis"), "counted");
    ck_assert_int_eq(number(plan, "due.rows"), due);
    ck_assert_int_eq(number(plan, "table.rows"), MANY);

    plan = planned(config, "--exact=5ms", 0);
    ck_assert_str_eq(text(plan, "due.basis"), "sampled");
    ck_assert_ptr_nonnull(strstr(text(plan, "due.not_counted"), "longer than 5ms"));
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
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_str_eq(text(plan, "due.basis"), "indexed");
    ck_assert_str_eq(text(plan, "found_by.walk"), "index");
    ck_assert_int_eq(number(plan, "due.rows"), scene_due(&scene));
    scene_end(&scene);
}
END_TEST

START_TEST(plan_of_a_partitioned_table_counts_by_leaf)
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
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_eq(number(plan, "due.rows"), scene_due(&scene));
    ck_assert_int_eq(number(plan, "leaf_count"), 12);
    ck_assert_uint_eq(json_array_size(at(plan, "leaves")), 10);
    first = json_array_get(at(plan, "leaves"), 0);
    ck_assert_str_eq(text(first, "name"), "public.orders_11");
    ck_assert_int_eq(number(first, "due_rows"), 12);
    ck_assert_int_eq(number(first, "rows"), 100);
    check_note(plan, "grants", "may not read and purge 1 partition,");
    check_note(plan, "grants", "may not lock rows of 12 partitions: where others hold locks");
    run_notes(scene.own, plan, "grants");
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_uint_eq(json_array_size(at(plan, "grants")), 0);
    sql_exec(scene.own, "REVOKE pg_monitor FROM pgpurged");
    scene_end(&scene);
}
END_TEST

/* Whoever reads the foreign table gets an error, as it has no handler. The leaves have their
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
        json_t *plan = planned(config, options[i], 0), *leaves = at(plan, "leaves");

        ck_assert_int_eq(number(plan, "due.rows"), 50);
        ck_assert_int_eq(number(plan, "table.rows"), 200);
        ck_assert_str_eq(text(json_array_get(leaves, 0), "name"), "public.orders_1");
        ck_assert_int_eq(number(json_array_get(leaves, 0), "due_rows"), 25);
        ck_assert(json_is_null(at(json_array_get(leaves, 3), "due_rows")));
        ck_assert_ptr_nonnull(strstr(text(plan, "sql"), "\"orders_1\""));
        check_note(plan, "risks", "public.orders_0 is left alone: it is a foreign table");
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
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_eq(number(plan, "due.rows"), 0);
    check_note(plan, "risks", "public.orders_0 is left alone: it is a foreign table");
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
    plan = planned(slow, NULL, 0);
    ck_assert(json_is_false(at(plan, "forecast.catches_up")));
    ck_assert_int_eq(number(plan, "forecast.window_rows_per_day"), 514); /* 3600 / 7 */
    ck_assert_int_eq(number(plan, "forecast.expiring_rows_per_day"), 2000);
    check_note(plan, "risks", "more expires than the window takes");
    ck_assert_int_eq(pgpurged_run(&output, "--config", slow, "--plan", NULL), 0);
    ck_assert_ptr_nonnull(strstr(output, "never catches up: about 2,000 rows expire a day, the "
                                         "window takes about 514\n"));
    ck_assert(json_is_true(at(planned(scene_config(&scene, ""), NULL, 0), "forecast.catches_up")));
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
    plan = planned(scene_config(&scene, "window = Mon 01:00-02:00\ntimezone = Asia/Tokyo\n"
                                        "max_rows_per_second = 1\n"),
                   NULL, 0);
    ck_assert_int_eq(number(plan, "forecast.window_seconds"), 40000);
    /* The second Monday opening counts from the next one on, or from the one that is open now. */
    ck_assert_str_eq(
        sql_text(scene.own,
                 "SELECT timestamp '%s' - date_trunc('week', timestamp '%s') BETWEEN '77 days"
                 " 01:06' AND '84 days 01:07'",
                 text(plan, "forecast.done"), text(plan, "forecast.begins")),
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
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_eq(number(plan, "forecast.rows_per_busy_second"), 200000);
    sql_exec(scene.own, "ALTER TABLE orders ALTER filler SET STORAGE EXTERNAL;"
                        "UPDATE orders SET filler = repeat('x', 16000)");
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_int_lt(number(plan, "forecast.rows_per_busy_second"), 15000);
    ck_assert_int_gt(number(plan, "forecast.rows_per_busy_second"), 8000);
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
    plan = planned(config, NULL, 0);
    ck_assert(json_is_true(at(plan, "forecast.measured")));
    ck_assert_int_lt(llabs(number(plan, "forecast.rows_per_busy_second") -
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
    ck_assert(json_is_false(at(planned(config, NULL, 0), "forecast.measured")));
    scene_once(config, 0);
    rate = atof(sql_text(scene.own, RATE));
    plan = planned(config, NULL, 0);
    ck_assert(json_is_true(at(plan, "forecast.measured")));
    ck_assert_int_lt(llabs(number(plan, "forecast.rows_per_busy_second") - llround(rate)), 2);
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
    return sql_text(scene->own,
                    "SELECT sum(rows) FROM pgpurged.audit WHERE leaf::regclass = '%s'::regclass",
                    table);
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
        json_array_size(at(planned(scene_config(&scene, ""), NULL, 0), "due.children")), 0);
    plan = planned(config, NULL, 0);
    ck_assert_int_eq(number(plan, "due.rows"), 1000);
    /* 1,000 orders, 10,000 items, 20,000 parts and 2,000 notes */
    ck_assert_int_le(llabs(number(plan, "forecast.window_seconds") - 33000 / 20000), 1);
    ck_assert_int_lt(number(plan, "forecast.window_rows_per_day"), 20000 * 86400LL / 30);
    scene_once(config, 0);
    children = at(plan, "due.children");
    ck_assert_uint_eq(json_array_size(children), 3);
    json_array_foreach(children, i, item)
    {
        double gone = atof(gone_from(&scene, text(item, "table")));

        ck_assert_msg(fabs((double)number(item, "rows") - gone) < gone / 10, "%s: %f and not %lld",
                      text(item, "table"), gone, (long long)number(item, "rows"));
    }
    promises_check(scene.own, "orders", SCENE_DUE);
    scene_end(&scene);
}
END_TEST

/* --- what is missing, and what would be better --- */

START_TEST(every_missing_privilege_is_named_at_once_as_the_grant_to_run)
{
    struct scene scene = scene_new();
    const char *config;
    json_t *plan;

    sql_exec(scene.own, "CREATE SCHEMA \"Old Shop\";"
                        "CREATE TABLE \"Old Shop\".\"order\" (id int, \"deletedAt\" timestamptz)");
    config = scene_config_of(&scene, "[job old]\ntable = \"Old Shop\".\"order\"\n"
                                     "expires = \"deletedAt\" + 30d\n");
    plan = planned(config, NULL, 1);
    check_note(plan, "grants", "GRANT USAGE ON SCHEMA \"Old Shop\" TO pgpurged");
    check_note(plan, "grants", "GRANT SELECT, DELETE ON \"Old Shop\".\"order\" TO pgpurged");
    check_note(plan, "grants",
               "GRANT UPDATE (\"deletedAt\") ON \"Old Shop\".\"order\" TO pgpurged");
    check_note(plan, "grants", "GRANT pg_monitor TO pgpurged");
    ck_assert_ptr_nonnull(strstr(text(plan, "refused"), "may not use schema"));
    run_notes(scene.own, plan, "grants");
    plan = planned(config, NULL, 0);
    ck_assert_uint_eq(json_array_size(at(plan, "grants")), 0);
    ck_assert_uint_eq(json_array_size(at(plan, "risks")), 0);
    sql_exec(scene.own, "REVOKE pg_monitor FROM pgpurged");
    scene_end(&scene);
}
END_TEST

START_TEST(flagged_rows_without_a_time_are_counted_apart)
{
    struct scene scene = scene_new();
    json_t *plan;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "ALTER TABLE orders ADD gone boolean;"
                        "UPDATE orders SET gone = id %% 8 < 6");
    plan = planned(scene_config(&scene, "flag = gone\n"), NULL, 0);
    ck_assert_int_eq(number(plan, "due.rows"),
                     sql_int(scene.own, "SELECT count(*) FROM orders WHERE gone AND " SCENE_DUE));
    ck_assert_int_eq(number(plan, "due.undated_rows"), 10);
    ck_assert(json_is_null(at(planned(scene_config(&scene, ""), NULL, 0), "due.undated_rows")));
    scene_end(&scene);
}
END_TEST

START_TEST(hints_name_the_indexes_that_a_soft_delete_table_lacks_and_are_gone_once_they_are_there)
{
    struct scene scene = scene_new();
    const char *config = scene_config(&scene, "");
    json_t *plan;

    sql_exec(scene.own, "CREATE TABLE shops (id int PRIMARY KEY);"
                        "CREATE TABLE orders (id int PRIMARY KEY, number text UNIQUE,"
                        "  customer int, deleted_at timestamptz, filler text,"
                        "  shop int REFERENCES shops);"
                        "CREATE INDEX orders_shop ON orders (shop);"
                        "CREATE UNIQUE INDEX orders_of_shop ON orders (shop, id);"
                        "CREATE INDEX orders_customer ON orders (customer);"
                        "CREATE INDEX orders_lower ON orders (lower(number), id);"
                        "CREATE UNIQUE INDEX orders_odd ON orders ((number || 'x'), customer);"
                        "INSERT INTO orders SELECT i, i::text, i %% 100, CASE WHEN i %% 3 = 0 THEN"
                        "  now() - interval '5 days' - i %% 30 * interval '1 hour' END,"
                        "  repeat('x', 600) FROM generate_series(1, 20000) AS i;"
                        "GRANT SELECT, DELETE, UPDATE ON orders TO pgpurged; ANALYZE orders");
    plan = planned(config, NULL, 0);
    ck_assert_uint_eq(json_array_size(at(plan, "hints")), 4);
    check_note(plan, "hints",
               "CREATE INDEX CONCURRENTLY ON public.orders (customer) WHERE deleted_at IS NULL");
    check_note(plan, "hints",
               "CREATE UNIQUE INDEX CONCURRENTLY ON public.orders (number) WHERE deleted_at IS "
               "NULL;\nALTER TABLE public.orders DROP CONSTRAINT orders_number_key");
    check_note(plan, "hints",
               "CREATE UNIQUE INDEX CONCURRENTLY ON public.orders ((number || 'x'::text), customer)"
               " WHERE deleted_at IS NULL;\nDROP INDEX CONCURRENTLY public.orders_odd");
    check_note(plan, "hints",
               "CREATE INDEX CONCURRENTLY ON public.orders (deleted_at) WHERE deleted_at IS NOT "
               "NULL");
    run_notes(scene.own, plan, "hints");
    plan = planned(config, NULL, 0);
    ck_assert_msg(json_array_size(at(plan, "hints")) == 0, "%s", json_dumps(at(plan, "hints"), 0));
    scene_end(&scene);
}
END_TEST

START_TEST(an_append_only_table_gets_no_advice_about_deleted_rows)
{
    struct scene scene = scene_new();
    json_t *plan;

    sql_exec(scene.own, "CREATE TABLE orders (id int PRIMARY KEY, number text UNIQUE,"
                        "  deleted_at timestamptz NOT NULL DEFAULT now(), filler text);"
                        "CREATE INDEX orders_deleted ON orders (deleted_at);"
                        "CREATE INDEX orders_id ON orders (id, number);"
                        "INSERT INTO orders SELECT i, i::text, now() - i * interval '1 min',"
                        "  repeat('x', 600) FROM generate_series(1, 20000) AS i;"
                        "GRANT SELECT, DELETE, UPDATE ON orders TO pgpurged");
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_uint_eq(json_array_size(at(plan, "hints")), 0);
    scene_end(&scene);
}
END_TEST

/* --- what is in the way --- */

/* Enough notes that a reference from them without an index is refused. */
static void make_family(struct scene *scene)
{
    scene_add_orders(scene, 40);
    sql_exec(scene->own, "CREATE TABLE items (id int PRIMARY KEY, order_id bigint CONSTRAINT"
                         "  items_order REFERENCES orders ON DELETE CASCADE);"
                         "CREATE TABLE parts (item_id int CONSTRAINT parts_item REFERENCES items"
                         "  ON DELETE CASCADE);"
                         "CREATE TABLE notes (order_id bigint CONSTRAINT notes_order REFERENCES"
                         "  orders);"
                         "CREATE TABLE visits (order_id bigint CONSTRAINT visits_order REFERENCES"
                         "  orders ON DELETE SET NULL);"
                         "INSERT INTO notes SELECT 4 FROM generate_series(1, 20000);"
                         "ANALYZE notes;"
                         "GRANT SELECT, DELETE, UPDATE ON items, parts, notes, visits TO pgpurged");
}

START_TEST(references_are_listed_with_what_becomes_of_their_rows)
{
    struct scene scene = scene_new();
    json_t *plan;

    make_family(&scene);
    plan = planned(scene_config(&scene, "children = cascade\nchildren_unindexed = notes_order\n"),
                   NULL, 0);
    ck_assert_uint_eq(json_array_size(at(plan, "references")), 4);
    check_note(plan, "references",
               "items_order of public.items (CASCADE): rows that refer to due "
               "ones go first, as level 1");
    check_note(plan, "references",
               "parts_item of public.parts (CASCADE): rows that refer to due "
               "ones go first, as level 2");
    check_note(plan, "references",
               "notes_order of public.notes (NO ACTION, about 20,000 rows): "
               "rows that it refers to stay, and count as blocked; no index "
               "serves it");
    check_note(plan, "references",
               "visits_order of public.visits (SET NULL): the server changes "
               "rows that refer to what goes");
    run_notes(scene.own, plan, "references");
    ck_assert_ptr_null(
        note_with(planned(scene_config(&scene, ""), NULL, 0), "references", "parts_item"));
    plan = planned(scene_config(&scene, "children = cascade\n"), NULL, 0);
    ck_assert_ptr_null(note_with(plan, "references", "no index"));
    scene_end(&scene);
}
END_TEST

START_TEST(a_job_that_is_refused_for_what_refers_to_it_still_shows_what_is_due)
{
    struct scene scene = scene_new();
    json_t *plan;

    make_family(&scene);
    plan = planned(scene_config(&scene, ""), NULL, 1);
    ck_assert_ptr_nonnull(strstr(text(plan, "refused"), "notes_order"));
    check_note(plan, "references", "no index serves it");
    ck_assert_int_eq(number(plan, "due.rows"), scene_due(&scene));
    ck_assert(json_is_null(at(plan, "sql")));
    scene_end(&scene);
}
END_TEST

/* One look at the plan is enough to know them all: otherwise each GRANT shows the next one. */
START_TEST(every_privilege_that_references_need_is_listed_at_once)
{
    struct scene scene = scene_new();
    json_t *plan;

    make_family(&scene);
    sql_exec(scene.own, "CREATE INDEX ON notes (order_id);"
                        "REVOKE ALL ON items, parts, notes, visits FROM pgpurged");
    plan = planned(scene_config(&scene, "children = cascade\n"), NULL, 1);
    check_note(plan, "grants", "may not delete rows that refer to due ones");
    check_note(plan, "grants", "GRANT SELECT, DELETE ON public.items TO pgpurged");
    check_note(plan, "grants", "GRANT SELECT, DELETE ON public.parts TO pgpurged");
    check_note(plan, "grants", "GRANT SELECT ON public.notes TO pgpurged");
    sql_exec(scene.own, "GRANT SELECT, DELETE ON items, parts TO pgpurged;"
                        "GRANT SELECT ON notes TO pgpurged");
    plan = planned(scene_config(&scene, "children = cascade\n"), NULL, 1);
    check_note(plan, "grants", "GRANT UPDATE (\"order_id\") ON public.items TO pgpurged");
    sql_exec(scene.own, "REVOKE UPDATE ON orders FROM pgpurged");
    plan = planned(scene_config(&scene, "children = cascade\n"), NULL, 1);
    check_note(plan, "grants", "may not lock rows: needed, so that none is restored");
    run_notes(scene.own, plan, "grants");
    planned(scene_config(&scene, "children = cascade\n"), NULL, 0);
    sql_exec(scene.own, "REVOKE pg_monitor FROM pgpurged");
    scene_end(&scene);
}
END_TEST

START_TEST(triggers_on_delete_are_listed_and_those_that_may_keep_rows_are_marked)
{
    struct scene scene = scene_new();
    json_t *plan;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
                        " 'BEGIN RETURN OLD; END';"
                        "CREATE TRIGGER a_keeper BEFORE DELETE ON orders FOR EACH ROW EXECUTE"
                        " FUNCTION f();"
                        "CREATE TRIGGER b_log AFTER DELETE ON orders EXECUTE FUNCTION f();"
                        "CREATE TRIGGER c_off BEFORE DELETE ON orders FOR EACH ROW EXECUTE"
                        " FUNCTION f(); ALTER TABLE orders DISABLE TRIGGER c_off;"
                        "CREATE TRIGGER d_update BEFORE UPDATE ON orders FOR EACH ROW EXECUTE"
                        " FUNCTION f();");
    plan = planned(scene_config(&scene, ""), NULL, 0);
    ck_assert_uint_eq(json_array_size(at(plan, "triggers")), 2);
    check_note(plan, "triggers", "a_keeper: before each row, public.f, which may keep rows");
    check_note(plan, "triggers", "b_log: after each statement, public.f");
    scene_end(&scene);
}
END_TEST

static const struct holder {
    const char *locks;
    int code;
    bool is_seen; /* without pg_monitor, which has the age of a transaction */
} holders[] = {
    {"LOCK TABLE orders IN SHARE MODE", 0, true},
    {"LOCK TABLE orders IN ACCESS EXCLUSIVE MODE", 1, true},
    {"UPDATE orders SET filler = 'y' WHERE id = 1", 0, false},
    {"SELECT FROM orders", 0, false},
};

static void check_holder(const struct holder *row)
{
    struct scene scene = scene_new();
    PGconn *application = scene_connect(&scene);
    const char *pid = keep_format("pid %d", PQbackendPID(application));
    json_t *plan;

    scene_add_orders(&scene, 40);
    sql_exec(application, "BEGIN; %s", row->locks);
    plan = planned(scene_config(&scene, ""), NULL, row->code);
    ck_assert_msg((note_with(plan, "risks", pid) != NULL) == row->is_seen, "%s", row->locks);
    sql_exec(application, "ROLLBACK");
    PQfinish(application);
    scene_end(&scene);
}

/* Which the plan says before any run. */
START_TEST(due_rows_that_others_refer_to_are_among_the_risks)
{
    struct scene scene = scene_new();
    const char *config;
    json_t *plan;

    scene_add_orders(&scene, 4000);
    sql_exec(scene.own, "CREATE TABLE lines (order_id bigint REFERENCES orders);"
                        "INSERT INTO lines SELECT i / 3 FROM generate_series(3, 6002) AS i;"
                        "CREATE INDEX ON lines (order_id);"
                        "CREATE TABLE threads (id int PRIMARY KEY, parent int CONSTRAINT thread"
                        "  REFERENCES threads, deleted_at timestamptz);"
                        "GRANT SELECT, DELETE ON lines, threads TO pgpurged; ANALYZE");
    config = scene_config(&scene, "");
    check_note(planned(config, NULL, 0), "risks",
               "about 1,000 of the due rows stay, by statistics: rows of public.lines refer to "
               "them");
    scene_once(config, 3);
    ck_assert_int_eq(scene_due(&scene), 1000);
    ck_assert_ptr_null(note_with(planned(scene_config(&scene, "children = delete\n"), NULL, 0),
                                 "risks", "of the due rows stay"));
    plan = planned(scene_config_of(&scene, "[job t]\ntable = threads\n"
                                           "expires = deleted_at + 30d\n"),
                   NULL, 0);
    check_note(plan, "references", "rows that others of the table refer to go after these");
    scene_end(&scene);
}
END_TEST

START_TEST(rows_that_the_last_run_has_left_blocked_are_named)
{
    struct scene scene = scene_new();
    const char *config;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "CREATE TABLE lines (order_id bigint REFERENCES orders);"
                        "INSERT INTO lines VALUES (5); CREATE INDEX ON lines (order_id);"
                        "GRANT SELECT ON lines TO pgpurged");
    config = scene_config(&scene, "");
    ck_assert_ptr_null(note_with(planned(config, NULL, 0), "risks", "blocked"));
    scene_once(config, 3);
    check_note(planned(config, NULL, 0), "risks",
               "the last run has left 1 blocked row: 1 blocked by lines_order_id_fkey on "
               "public.lines");
    scene_end(&scene);
}
END_TEST

START_TEST(who_holds_a_lock_that_shuts_batches_out_is_named)
{
    for (size_t i = 0; i < ARRAY_LENGTH(holders); i++)
        check_holder(&holders[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        plan_of_three_million_rows_takes_less_than_two_seconds,
        plan_counts_few_due_rows_through_the_index,
        plan_of_a_partitioned_table_counts_by_leaf,
        plan_of_a_table_with_a_foreign_partition_asks_no_other_server,
        plan_of_a_table_with_nothing_but_a_foreign_partition_finds_nothing,
        plan_says_that_a_job_never_catches_up,
        plan_says_when_a_run_will_be_done_given_its_window,
        plan_reckons_with_the_pace_of_the_last_run,
        plan_reckons_with_what_is_stored_beside_wide_rows,
        plan_reckons_with_children_at_the_pace_of_the_last_run,
        plan_says_how_many_rows_go_with_the_due_ones_and_reckons_with_them,
        every_missing_privilege_is_named_at_once_as_the_grant_to_run,
        flagged_rows_without_a_time_are_counted_apart,
        hints_name_the_indexes_that_a_soft_delete_table_lacks_and_are_gone_once_they_are_there,
        an_append_only_table_gets_no_advice_about_deleted_rows,
        references_are_listed_with_what_becomes_of_their_rows,
        a_job_that_is_refused_for_what_refers_to_it_still_shows_what_is_due,
        every_privilege_that_references_need_is_listed_at_once,
        triggers_on_delete_are_listed_and_those_that_may_keep_rows_are_marked,
        due_rows_that_others_refer_to_are_among_the_risks,
        rows_that_the_last_run_has_left_blocked_are_named,
        who_holds_a_lock_that_shuts_batches_out_is_named,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
