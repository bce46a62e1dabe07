/*
 * Why: which rows go is the whole point. Every kind of mark that a real table holds is put into a
 * real server, and who is gone afterwards is counted by the test's own SQL; so are names that want
 * quoting, tables that look odd, and a search_path that wants to mislead us.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* ---- marks ---- */

struct mark {
    const char *value; /* in SQL */
    bool goes;
};

struct marks {
    const char *type;
    const char *options; /* of the job: expires, column_timezone */
    const struct mark *marks;
    size_t count;
};

static void insert_marks(const struct scene *scene, const char *table, const struct marks *marks)
{
    sql_exec(scene->own,
             "CREATE TABLE %s (id bigint, mark %s); GRANT SELECT, DELETE ON %s TO pgpurged", table,
             marks->type, table);
    for (size_t i = 0; i < marks->count; i++)
        sql_exec(scene->own, "INSERT INTO %s VALUES (%zu, %s)", table, i, marks->marks[i].value);
}

static void assert_marks(const struct scene *scene, const char *table, const struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++) {
        int64_t there = sql_int(scene->own, "SELECT count(*) FROM %s WHERE id = %zu", table, i);

        ck_assert_msg(there == !marks->marks[i].goes, "%s: %s %s", marks->type,
                      marks->marks[i].value, there ? "is still there" : "is gone");
    }
}

/* The ids of the rows that go, as the condition that promises_check() wants. */
static const char *ids_that_go(const struct marks *marks)
{
    struct text list = {0};

    text_add(&list, "id IN (-1");
    for (size_t i = 0; i < marks->count; i++)
        if (marks->marks[i].goes)
            text_addf(&list, ", %zu", i);
    text_add(&list, ")");
    return keep_text(text_take(&list));
}

static void check_marks(struct scene *scene, const struct marks *marks)
{
    static int made;
    const char *table = keep_format("things_%d", ++made);

    insert_marks(scene, table, marks);
    promises_watch(scene->own, table);
    scene_once(scene_config_of(
                   scene, keep_format("[job %s]\ntable = %s\n%s\n", table, table, marks->options)),
               0);
    assert_marks(scene, table, marks);
    promises_check(scene->own, table, ids_that_go(marks));
}

#define CHECK_MARKS(scene, type, options, cases)                                                   \
    check_marks(scene, &(struct marks){type, options, cases, ARRAY_LENGTH(cases)})

START_TEST(marks_that_were_never_set_or_not_yet_expired_stay)
{
    static const struct mark marks[] = {
        {"NULL", false},
        {"'infinity'", false},
        {"'-infinity'", false},
        {"'9999-12-31 23:59:59+00'", false},
        {"to_timestamp(0)", false},
        {"'0001-01-01 00:00:00+00'", false},
        {"'1969-12-31 23:59:59+00'", false},
        {"now()", false},
        {"now() + interval '1 hour'", false},
        {"now() + interval '30 days'", false},
        {"now() - interval '29 days'", false},
        {"now() - interval '30 days' + interval '10 minutes'", false},
        {"now() - interval '30 days' - interval '10 minutes'", true},
        {"now() - interval '31 days'", true},
        {"now() - interval '20 years'", true},
        {"'1970-01-02 23:59:59+00'", false},
        {"'1970-01-03 00:00:01+00'", true},
    };
    struct scene scene = scene_new();

    CHECK_MARKS(&scene, "timestamptz", "expires = mark + 30d", marks);
    CHECK_MARKS(&scene, "timestamptz(0)", "expires = mark + 720h", marks);
    scene_end(&scene);
}
END_TEST

/* Noon in Tokyo is 17 or 16 hours before noon in Los Angeles: the same text, another moment. */
#define CUTOFF_IN(zone) "(now() - interval '30 days') AT TIME ZONE '" zone "'"

START_TEST(a_mark_without_a_zone_is_judged_in_the_zone_of_its_column)
{
    static const struct mark tokyo[] = {
        {CUTOFF_IN("Asia/Tokyo") " - interval '10 minutes'", true},
        {CUTOFF_IN("Asia/Tokyo") " + interval '10 minutes'", false},
        {CUTOFF_IN("America/Los_Angeles") " - interval '10 minutes'", true},
        {CUTOFF_IN("America/Los_Angeles") " + interval '10 minutes'", true},
        {"NULL", false},
        {"'infinity'", false},
        {"'-infinity'", false},
        {"'1970-01-01 00:00:00'", false},
    };
    static const struct mark los_angeles[] = {
        {CUTOFF_IN("Asia/Tokyo") " - interval '10 minutes'", false},
        {CUTOFF_IN("Asia/Tokyo") " + interval '10 minutes'", false},
        {CUTOFF_IN("America/Los_Angeles") " - interval '10 minutes'", true},
        {CUTOFF_IN("America/Los_Angeles") " + interval '10 minutes'", false},
        {"NULL", false},
        {"'infinity'", false},
        {"'-infinity'", false},
        {"'1969-12-31 16:00:00'", false},
        {"'1970-01-01 00:00:00'", false}, /* the zero of a program, 08:00 by UTC */
    };
    struct scene scene = scene_new();

    CHECK_MARKS(&scene, "timestamp", "expires = mark + 30d\ncolumn_timezone = Asia/Tokyo", tokyo);
    CHECK_MARKS(&scene, "timestamp", "expires = mark + 30d\ncolumn_timezone = America/Los_Angeles",
                los_angeles);
    scene_end(&scene);
}
END_TEST

/* The day on which the cutoff falls has not ended at the cutoff; the day before has. */
START_TEST(a_date_expires_when_its_day_has_ended)
{
    static const struct mark marks[] = {
        {"(" CUTOFF_IN("Europe/Berlin") ")::date", false},
        {"(" CUTOFF_IN("Europe/Berlin") ")::date - 1", true},
        {"(" CUTOFF_IN("Europe/Berlin") ")::date - 400", true},
        {"(" CUTOFF_IN("Europe/Berlin") ")::date + 1", false},
        {"current_date", false},
        {"NULL", false},
        {"'infinity'", false},
        {"'-infinity'", false},
        {"'9999-12-31'", false},
        {"'0001-01-01'", false},
        {"'1969-12-31'", false},
        {"'1970-01-01'", false},
    };
    struct scene scene = scene_new();

    CHECK_MARKS(&scene, "date", "expires = mark + 30d\ncolumn_timezone = Europe/Berlin", marks);
    scene_end(&scene);
}
END_TEST

START_TEST(a_retention_in_months_is_counted_by_the_calendar)
{
    static const struct mark marks[] = {
        {"now() - interval '2 months' - interval '10 minutes'", true},
        {"now() - interval '2 months' + interval '10 minutes'", false},
        {"now() - interval '1 month'", false},
    };
    static const struct mark years[] = {
        {"now() - interval '1 year' - interval '10 minutes'", true},
        {"now() - interval '1 year' + interval '10 minutes'", false},
    };
    struct scene scene = scene_new();

    CHECK_MARKS(&scene, "timestamptz", "expires = mark + 2mo", marks);
    CHECK_MARKS(&scene, "timestamptz", "expires = mark + 1y", years);
    scene_end(&scene);
}
END_TEST

START_TEST(a_time_of_expiry_itself_needs_no_retention)
{
    static const struct mark marks[] = {
        {"now() - interval '1 second'", true},
        {"now() - interval '1 year'", true},
        {"now() + interval '10 minutes'", false},
        {"'infinity'", false},
        {"'-infinity'", false},
        {"to_timestamp(0)", false},
        {"NULL", false},
    };
    struct scene scene = scene_new();

    CHECK_MARKS(&scene, "timestamptz", "expires = at mark", marks);
    scene_end(&scene);
}
END_TEST

START_TEST(a_domain_over_a_time_is_judged_as_that_time)
{
    static const struct mark marks[] = {
        {"now() - interval '31 days'", true},
        {"now()", false},
        {"NULL", false},
    };
    struct scene scene = scene_new();

    sql_exec(scene.own, "CREATE DOMAIN moment AS timestamptz; CREATE DOMAIN mark AS moment");
    CHECK_MARKS(&scene, "mark", "expires = mark + 30d", marks);
    scene_end(&scene);
}
END_TEST

/* ---- names ---- */

static const char longest_name[] = "語語語語語語語語語語語語語語語語語語語語語"; /* 63 bytes */

static const char *const odd_names[][3] = {
    {"public", "orders", "deleted_at"},
    {"Sales", "Order Items", "Deleted At"},
    {"a.b", "c.d", "e.f"},
    {"quo\"ted", "\"", "\"\"x\"\""},
    {"it's", "'; DROP TABLE x; --", "o'clock"},
    {"back\\slash", "\\", "\\'"},
    {"select", "table", "from"},
    {"t", "t", "t"},
    {"$1", "$2", "$3"},
    {"%s", "%I", "%L%n"},
    {longest_name, longest_name, longest_name},
};

static const char *quoted(const char *name)
{
    struct text out = {0};

    text_add(&out, "\"");
    for (const char *c = name; *c != '\0'; c++) {
        text_add_bytes(&out, c, 1);
        if (*c == '"')
            text_add(&out, "\"");
    }
    text_add(&out, "\"");
    return keep_text(text_take(&out));
}

struct odd {
    const char *schema, *table, *column; /* as they stand in SQL */
};

static struct odd odd_at(size_t i)
{
    struct odd odd = {.schema = quoted(odd_names[i][0]), .column = quoted(odd_names[i][2])};

    odd.table = keep_format("%s.%s", odd.schema, quoted(odd_names[i][1]));
    return odd;
}

static void make_odd_table(const struct scene *scene, const struct odd *odd)
{
    sql_exec(scene->own,
             "CREATE SCHEMA IF NOT EXISTS %s; CREATE TABLE %s (id int, %s timestamptz);"
             "INSERT INTO %s SELECT i, now() - i * interval '1 day' FROM generate_series(1, 60) i;"
             "GRANT USAGE ON SCHEMA %s TO pgpurged; GRANT SELECT, DELETE ON %s TO pgpurged",
             odd->schema, odd->table, odd->column, odd->table, odd->schema, odd->table);
    promises_watch(scene->own, odd->table);
}

START_TEST(names_that_want_quoting_are_purged_like_all_others)
{
    struct scene scene = scene_new();
    struct text jobs = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(odd_names); i++) {
        struct odd odd = odd_at(i);

        make_odd_table(&scene, &odd);
        text_addf(&jobs, "[job odd%zu]\ntable = %s\nexpires = %s + 30d\n", i, odd.table,
                  odd.column);
    }
    scene_once(scene_config_of(&scene, keep_text(text_take(&jobs))), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(odd_names); i++)
        ck_assert_msg(promises_check(scene.own, odd_at(i).table, "id >= 30") == 31, "%s",
                      odd_at(i).table);
    scene_end(&scene);
}
END_TEST

/* ---- tables ---- */

START_TEST(a_table_without_any_key_and_full_of_doubles_is_purged)
{
    struct scene scene = scene_new();

    sql_exec(
        scene.own,
        "CREATE TABLE orders (id int, deleted_at timestamptz);"
        "INSERT INTO orders SELECT i %% 3, CASE i %% 3 WHEN 0 THEN '2020-01-01'::timestamptz END"
        " FROM generate_series(1, 900) i; GRANT SELECT, DELETE ON orders TO pgpurged");
    promises_watch(scene.own, "orders");
    scene_once(scene_config(&scene, ""), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 300);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders"), 600);
    scene_end(&scene);
}
END_TEST

START_TEST(a_table_that_inherits_from_the_jobs_table_is_never_touched)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 100);
    sql_exec(scene.own, "CREATE TABLE child () INHERITS (orders);"
                        "INSERT INTO child SELECT * FROM ONLY orders");
    scene_once(scene_config(&scene, ""), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 50);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM child"), 100);
    scene_end(&scene);
}
END_TEST

/* Forty rows to a block, all due: more than a batch may have. */
static void add_dense_orders(struct scene *scene)
{
    sql_exec(scene->own, "CREATE TABLE orders (id int, deleted_at timestamptz, filler text);"
                         "INSERT INTO orders SELECT i, '2020-01-01', repeat('x', 160)"
                         " FROM generate_series(1, 400) i;"
                         "GRANT SELECT, DELETE ON orders TO pgpurged");
    promises_watch(scene->own, "orders");
}

static void check_batch_rows(int batch_rows)
{
    struct scene scene = scene_new();

    add_dense_orders(&scene);
    scene_once(scene_config(&scene, keep_format("batch_rows = %d", batch_rows)), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 400);
    ck_assert_int_le(sql_int(scene.own, "SELECT max(rows) FROM pgpurged.audit"), batch_rows);
    scene_end(&scene);
}

START_TEST(no_batch_ever_has_more_rows_than_batch_rows)
{
    static const int batch_rows[] = {1, 7, 39, 100, 399, 5000};

    for (size_t i = 0; i < ARRAY_LENGTH(batch_rows); i++)
        check_batch_rows(batch_rows[i]);
}
END_TEST

START_TEST(a_second_run_finds_nothing_and_writes_no_audit_row)
{
    struct scene scene = scene_new();
    const char *config;

    scene_add_orders(&scene, 100);
    config = scene_config(&scene, "");
    scene_once(config, 0);
    scene_once(config, 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 50);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(DISTINCT run) FROM pgpurged.audit"), 1);
    ck_assert_str_eq(
        sql_text(scene.own,
                 "SELECT string_agg(outcome || rows, ' ' ORDER BY id) FROM pgpurged.runs"),
        "done50 done0");
    scene_end(&scene);
}
END_TEST

/* ---- a hostile search_path ---- */

/*
 * Schema `hostile`, which will stand before pg_catalog: a twin of every operator between the types
 * that we use, of every function that we call by name, and of the types themselves. Whoever reaches
 * one of them gets an error.
 */
static const char make_hostile[] =
    "CREATE SCHEMA hostile; GRANT USAGE ON SCHEMA hostile TO PUBLIC;"
    "DO $do$ DECLARE o record; n int := 0;"
    "  plain regtype[] := '{bool,int2,int4,int8,float4,float8,numeric,text,name,oid,xid,tid,date,"
    "timestamp,timestamptz,interval}';"
    " BEGIN"
    "  FOR o IN SELECT oprname, oprleft::regtype l, oprright::regtype r, oprresult::regtype result"
    "    FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace"
    "     AND oprleft = ANY (plain) AND oprright = ANY (plain) LOOP"
    "   n := n + 1;"
    "   EXECUTE format($f$CREATE FUNCTION hostile.op%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS"
    "     $b$ BEGIN RAISE EXCEPTION 'hostile operator'; END $b$$f$, n, o.l, o.r, o.result);"
    "   EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %s,"
    "     FUNCTION = hostile.op%s)', o.oprname, o.l, o.r, n);"
    "  END LOOP;"
    "  FOR o IN SELECT proname, pg_get_function_identity_arguments(oid) AS args,"
    "     pg_get_function_result(oid) AS result FROM pg_proc"
    "    WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND provariadic = 0"
    "     AND proname = ANY ('{now,clock_timestamp,set_config,pg_try_advisory_xact_lock,"
    "hashtextextended,date_part,abs,floor,round,format,to_regclass,to_char,timezone,to_timestamp,"
    "current_setting}') LOOP"
    "   EXECUTE format($f$CREATE FUNCTION hostile.%I(%s) RETURNS %s LANGUAGE plpgsql AS"
    "     $b$ BEGIN RAISE EXCEPTION 'hostile function'; END $b$$f$, o.proname, o.args, o.result);"
    "  END LOOP;"
    "  FOR o IN SELECT unnest('{text,tid,oid,timestamptz,name,int8,float8,numeric,timestamp,"
    "interval,regclass}'::text[]) AS name LOOP"
    "   EXECUTE format('CREATE DOMAIN hostile.%I AS pg_catalog.bool CHECK (false)', o.name);"
    "  END LOOP;"
    " END $do$";

static const char *const mark_types[] = {"timestamptz", "timestamp", "date"};

/* Both forms of the DELETE: a row that is locked brings the daemon to SKIP LOCKED. */
START_TEST(a_hostile_search_path_reaches_nothing)
{
    struct scene scene = scene_new();
    struct text jobs = {0};
    PGconn *locker;

    for (size_t i = 0; i < ARRAY_LENGTH(mark_types); i++) {
        sql_exec(scene.own,
                 "CREATE TABLE of_%s AS SELECT i AS id, (now() - i * interval '1 day')::%s AS mark"
                 "  FROM generate_series(1, 60) i;"
                 "GRANT SELECT, DELETE, UPDATE ON of_%s TO pgpurged",
                 mark_types[i], mark_types[i], mark_types[i]);
        promises_watch(scene.own, keep_format("of_%s", mark_types[i]));
        text_addf(&jobs, "[job %s]\ntable = of_%s\nexpires = mark + 30d\nlock_timeout = 20ms\n%s",
                  mark_types[i], mark_types[i], i > 0 ? "column_timezone = UTC\n" : "");
    }
    sql_exec(scene.own, "%s", make_hostile);
    sql_exec(scene.own,
             "ALTER ROLE pgpurged IN DATABASE %s SET search_path = hostile, pg_catalog, public",
             scene.database);
    locker = scene_connect(&scene);
    sql_exec(locker, "BEGIN; SELECT FROM of_timestamptz WHERE id = 40 FOR UPDATE");
    scene_once(scene_config_of(&scene, keep_text(text_take(&jobs))), 3);
    for (size_t i = 0; i < ARRAY_LENGTH(mark_types); i++) {
        int64_t gone = promises_check(scene.own, keep_format("of_%s", mark_types[i]), "id >= 30");

        ck_assert_msg(gone >= 29 && gone <= 31, "%s: %lld", mark_types[i], (long long)gone);
    }
    PQfinish(locker);
    scene_end(&scene);
}
END_TEST

/* ---- the application's triggers ---- */

START_TEST(triggers_of_the_application_fire_and_see_the_search_path_of_the_database)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 200);
    sql_exec(scene.own,
             "CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO PUBLIC;"
             "CREATE TABLE app.trigger_log (level text, id bigint, search_path text);"
             "GRANT INSERT ON app.trigger_log TO PUBLIC;"
             "CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  INSERT INTO trigger_log VALUES (TG_LEVEL, OLD.id, current_setting('search_path'));"
             "  RETURN OLD; END $$;"
             "CREATE TRIGGER per_row AFTER DELETE ON orders FOR EACH ROW"
             "  EXECUTE FUNCTION app.note();"
             "CREATE TRIGGER per_statement BEFORE DELETE ON orders FOR EACH STATEMENT"
             "  EXECUTE FUNCTION app.note();"
             "ALTER DATABASE %s SET search_path = app, public",
             scene.database);
    scene_once(scene_config(&scene, ""), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 100);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(DISTINCT id) FROM app.trigger_log"
                                        " WHERE level = 'ROW'"),
                     100);
    ck_assert_int_ge(
        sql_int(scene.own, "SELECT count(*) FROM app.trigger_log WHERE level = 'STATEMENT'"), 1);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM app.trigger_log"
                                        " WHERE search_path <> 'app, public'"),
                     0);
    scene_end(&scene);
}
END_TEST

/* ---- the database's clock ---- */

START_TEST(the_guard_refuses_when_the_clock_is_not_where_it_should_be)
{
    static const struct {
        const char *expected, *sqlstate;
    } cases[] = {
        {"now()", "00000"},
        {"now() - interval '4 minutes 30 seconds'", "00000"},
        {"now() + interval '4 minutes 30 seconds'", "00000"},
        {"now() - interval '6 minutes'", "PU003"},
        {"now() + interval '6 minutes'", "PU003"},
        {"now() - interval '40 years'", "PU003"},
        {"NULL", "PU003"},
    };
    struct scene scene = scene_new();

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *sqlstate =
            sql_error(scene.own, "SELECT pgpurged.guard('orders', %s, NULL, 100, 1000, 'off')",
                      cases[i].expected);

        ck_assert_msg(text_equal(sqlstate, cases[i].sqlstate), "%s: %s", cases[i].expected,
                      sqlstate);
    }
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        marks_that_were_never_set_or_not_yet_expired_stay,
        a_mark_without_a_zone_is_judged_in_the_zone_of_its_column,
        a_date_expires_when_its_day_has_ended,
        a_retention_in_months_is_counted_by_the_calendar,
        a_time_of_expiry_itself_needs_no_retention,
        a_domain_over_a_time_is_judged_as_that_time,
        names_that_want_quoting_are_purged_like_all_others,
        a_table_without_any_key_and_full_of_doubles_is_purged,
        a_table_that_inherits_from_the_jobs_table_is_never_touched,
        no_batch_ever_has_more_rows_than_batch_rows,
        a_second_run_finds_nothing_and_writes_no_audit_row,
        a_hostile_search_path_reaches_nothing,
        triggers_of_the_application_fire_and_see_the_search_path_of_the_database,
        the_guard_refuses_when_the_clock_is_not_where_it_should_be,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
