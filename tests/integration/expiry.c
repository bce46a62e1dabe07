/*
 * Why: real schemas say in many ways that a row is gone, and each has values that mean "live" and
 * look like a time long ago. Every kind is put into a real server, rows on both sides of the cutoff
 * and rows that must never go, under settings of the session that would mislead a careless
 * statement, and found by the table as well as through an index.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/served.h"
#include "integration/session.h"

/* ---- which rows go ---- */

enum { MOST_ROWS = 24 };

struct row {
    const char *values; /* of all columns but the id, in SQL; NULL behind the last one */
    bool goes;
};

struct kind {
    const char *name;
    const char *types;   /* made before the table; NULL = none */
    const char *columns; /* `mark`, if there is one, is indexed for the index scan */
    const char *options; /* of the job */
    struct row rows[MOST_ROWS];
    bool heap_only; /* no index can serve it */
};

#define AGO(interval)            "now() - interval '" interval "'"
#define OLD                      AGO("31 days")
#define JUST                     AGO("30 days") " - interval '10 minutes'"
#define NOT_YET                  AGO("30 days") " + interval '10 minutes'"
#define EPOCH(moment, unit)      "(extract(epoch FROM " moment ") * " unit ")::bigint"
#define IN_ZONE(moment, zone)    "(" moment ") AT TIME ZONE '" zone "'"
#define SECONDS_OF_THESE_DAYS    EPOCH("now()", "1")
#define MILLISECONDS_OF_THE_DAYS EPOCH("now()", "1000")

/* clang-format off */
static const struct kind kinds[] = {
    /* epochs */
    {"epoch_s", NULL, "mark integer", "expires = mark + 30d\nepoch = s",
     {{"NULL", false}, {"0", false}, {"-1", false}, {"1", false}, {"-2147483648", false},
      {"2147483647", false}, {"31535999", false}, {"31536001", true},
      {EPOCH(JUST, "1"), true}, {EPOCH(NOT_YET, "1"), false}, {EPOCH(OLD, "1"), true},
      {EPOCH("now()", "1"), false}}, false},
    {"epoch_ms", NULL, "mark bigint", "expires = mark + 30d\nepoch = ms\nnever_expires = null, 0",
     {{"NULL", false}, {"0", false}, {"-1", false}, {"-9223372036854775808", false},
      {"9223372036854775807", false}, {SECONDS_OF_THESE_DAYS, false},
      {EPOCH(JUST, "1000"), true}, {EPOCH(NOT_YET, "1000"), false}, {EPOCH(OLD, "1000"), true},
      {EPOCH("now()", "1000"), false}, {EPOCH("now()", "1000000"), false}}, false},
    {"epoch_us", NULL, "mark bigint", "expires = mark + 1mo\nepoch = us",
     {{"NULL", false}, {"0", false}, {"9223372036854775807", false},
      {MILLISECONDS_OF_THE_DAYS, false}, {SECONDS_OF_THESE_DAYS, false},
      {EPOCH(AGO("1 month 10 minutes"), "1000000"), true},
      {EPOCH(AGO("1 month -10 minutes"), "1000000"), false}}, false},
    {"epoch_domain", "CREATE DOMAIN ms AS bigint; CREATE DOMAIN gone_at AS ms", "mark gone_at",
     "expires = mark + 30d\nepoch = ms",
     {{"0", false}, {EPOCH(JUST, "1000"), true}, {EPOCH(NOT_YET, "1000"), false}}, false},
    {"epoch_at", NULL, "mark bigint", "expires = at mark\nepoch = s",
     {{"0", false}, {"NULL", false}, {EPOCH(AGO("1 minute"), "1"), true},
      {EPOCH(AGO("-1 minute"), "1"), false}, {"9999999999999", false}}, false},
    {"epoch_live", NULL, "mark bigint", "expires = mark + 30d\nepoch = s\nnever_expires = 999999999, 0, -1",
     {{"999999998", true}, {"999999999", false}, {"1000000000", true}, {"-1", false}}, false},

    /* times */
    {"at", NULL, "mark timestamptz", "expires = at mark",
     {{"NULL", false}, {"'infinity'", false}, {"'-infinity'", false}, {"'9999-12-31'", false},
      {AGO("1 minute"), true}, {AGO("-1 minute"), false}, {AGO("-1 year"), false},
      {"to_timestamp(0)", false}}, false},
    {"at_zoneless", NULL, "mark timestamp", "expires = at mark\ncolumn_timezone = Asia/Tokyo",
     {{IN_ZONE(AGO("1 minute"), "Asia/Tokyo"), true}, {IN_ZONE(AGO("-1 minute"), "Asia/Tokyo"), false},
      {IN_ZONE(AGO("1 minute"), "America/Los_Angeles"), true},
      {IN_ZONE("now() + interval '10 minutes'", "America/Los_Angeles"), true},
      {"'infinity'", false}, {"'-infinity'", false}}, false},
    {"end_of_calendar", NULL, "mark timestamp", "expires = mark + 30d\ncolumn_timezone = Asia/Tokyo",
     {{"'294276-12-31 23:59:59.999999'", false}, {"'4713-01-01 00:00:00 BC'", false},
      {"'infinity'", false}, {"'-infinity'", false}, {"'9999-12-31 23:59:59'", false},
      {IN_ZONE(JUST, "Asia/Tokyo"), true}}, false},
    {"end_of_calendar_west", NULL, "mark timestamp",
     "expires = mark + 30d\ncolumn_timezone = America/Los_Angeles",
     {{"'294276-12-31 23:59:59.999999'", false}, {"'4713-01-01 00:00:00 BC'", false},
      {IN_ZONE(JUST, "America/Los_Angeles"), true}}, false},
    {"end_of_dates", NULL, "mark date", "expires = mark + 30d\ncolumn_timezone = Asia/Tokyo",
     {{"'5874897-12-31'", false}, {"'294277-01-01'", false}, {"'4713-01-01 BC'", false},
      {"'infinity'", false}, {"'-infinity'", false}, {"'9999-12-31'", false}, {"NULL", false},
      {"current_date - 33", true}, {"current_date - 28", false}}, false},
    {"generated", NULL,
     "gone boolean, gone_at timestamptz,"
     " mark timestamptz GENERATED ALWAYS AS (CASE WHEN gone THEN gone_at END) STORED",
     "expires = mark + 30d",
     {{"true, " OLD, true}, {"false, " OLD, false}, {"true, now()", false}, {"true, NULL", false}},
     false},
    {"by_event_time", NULL, "mark timestamptz NOT NULL DEFAULT now()", "expires = mark + 90d",
     {{"DEFAULT", false}, {AGO("89 days"), false}, {AGO("90 days 10 minutes"), true}}, false},
    {"tombstones", "CREATE DOMAIN tombstone AS timestamptz NOT NULL", "mark tombstone",
     "expires = mark + 2w",
     {{AGO("13 days"), false}, {AGO("15 days"), true}, {"'-infinity'", false}}, false},

    /* marks that mean live */
    {"never_expires", NULL, "mark timestamptz",
     "expires = mark + 30d\n"
     "never_expires = null, 0, infinity, -infinity, 9999-12-31, 2001-01-01, 2002-02-02 02:02:02+02,"
     " 2003-03-03 03:03:03.5Z",
     {{"NULL", false}, {"'-infinity'", false}, {"'infinity'", false}, {"'9999-12-31 12:00+00'", false},
      {"'2000-12-31 09:59:59+00'", true}, {"'2000-12-31 10:00:00+00'", false},
      {"'2001-01-01 12:00:00+00'", false}, {"'2001-01-02 11:59:59+00'", false},
      {"'2001-01-02 12:00:00+00'", true}, {"'2002-02-02 00:02:02+00'", false},
      {"'2002-02-02 00:02:03+00'", true}, {"'2002-02-02 02:02:02+00'", true},
      {"'2003-03-03 03:03:03.5+00'", false}, {"'2003-03-03 03:03:03+00'", true}, {OLD, true}}, false},
    {"live_zoneless", NULL, "mark timestamp",
     "expires = mark + 30d\ncolumn_timezone = Asia/Tokyo\n"
     "never_expires = 2001-01-01, 2002-02-02 02:02:02, 2003-03-03 00:00:00+00",
     {{"'2000-12-31 23:59:59.999999'", true}, {"'2001-01-01 00:00:00'", false},
      {"'2001-01-01 23:59:59.999999'", false}, {"'2001-01-02 00:00:00'", true},
      {"'2002-02-02 02:02:02'", false}, {"'2002-02-02 02:02:03'", true},
      {"'2003-03-03 09:00:00'", false}, {"'2003-03-03 00:00:00'", true}}, false},
    {"live_dates", NULL, "mark date",
     "expires = mark + 30d\ncolumn_timezone = UTC\nnever_expires = 2001-02-03, 1999-12-31",
     {{"DATE '2001-02-03'", false}, {"DATE '2001-02-02'", true}, {"DATE '2001-03-02'", true},
      {"DATE '1999-12-31'", false}}, false},

    /* flags */
    {"flag", NULL, "is_deleted boolean, mark timestamptz", "expires = mark + 30d\nflag = is_deleted",
     {{"true, " OLD, true}, {"false, " OLD, false}, {"NULL, " OLD, false}, {"true, NULL", false},
      {"true, '-infinity'", false}, {"true, 'infinity'", false}, {"true, to_timestamp(0)", false},
      {"true, " NOT_YET, false}, {"true, " JUST, true}}, false},
    {"flag_inverted", NULL, "visible boolean, mark timestamptz",
     "expires = mark + 30d\nflag = visible = false",
     {{"false, " OLD, true}, {"true, " OLD, false}, {"NULL, " OLD, false}, {"false, NULL", false}},
     false},
    {"flag_smallint", NULL, "deleted smallint, mark timestamptz",
     "expires = mark + 30d\nflag = deleted",
     {{"1, " OLD, true}, {"0, " OLD, false}, {"2, " OLD, false}, {"-1, " OLD, false},
      {"NULL, " OLD, false}}, false},
    {"flag_number", NULL, "state bigint, mark timestamptz", "expires = mark + 30d\nflag = state = -5",
     {{"-5, " OLD, true}, {"5, " OLD, false}, {"1, " OLD, false}, {"NULL, " OLD, false}}, false},
    {"flag_char", NULL, "gone char(1), mark timestamptz", "expires = mark + 30d\nflag = gone = Y",
     {{"'Y', " OLD, true}, {"'N', " OLD, false}, {"'y', " OLD, false}, {"' ', " OLD, false},
      {"NULL, " OLD, false}}, false},
    {"flag_char_padded", NULL, "gone char(9), mark timestamptz",
     "expires = mark + 30d\nflag = gone = deleted",
     {{"'deleted', " OLD, true}, {"'delete', " OLD, false}}, false},
    {"flag_varchar", NULL, "status varchar(20), mark timestamptz",
     "expires = mark + 30d\nflag = status = deleted",
     {{"'deleted', " OLD, true}, {"'Deleted', " OLD, false}, {"'deleted ', " OLD, false},
      {"'undeleted', " OLD, false}, {"'', " OLD, false}, {"NULL, " OLD, false}}, false},
    {"flag_odd", NULL, "\"Odd \"\"Name\" text, mark timestamptz",
     "expires = mark + 30d\nflag = \"Odd \"\"Name\" = 'it''s a, b'",
     {{"'it''s a, b', " OLD, true}, {"'it''s a', " OLD, false}, {"'b', " OLD, false}}, false},
    {"flag_enum", "CREATE SCHEMA app; CREATE TYPE app.status AS ENUM ('live', 'on hold', 'deleted')",
     "status app.status, mark timestamptz", "expires = mark + 30d\nflag = status = on hold",
     {{"'on hold', " OLD, true}, {"'live', " OLD, false}, {"'deleted', " OLD, false},
      {"NULL, " OLD, false}}, false},
    {"flag_domains",
     "CREATE DOMAIN yes AS boolean; CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN moods AS mood",
     "gone yes, mood moods, mark timestamptz", "expires = mark + 30d\nflag = gone, mood = b",
     {{"true, 'b', " OLD, true}, {"true, 'a', " OLD, false}, {"false, 'b', " OLD, false}}, false},
    {"flags", NULL, "is_deleted boolean, visible boolean, status text, mark timestamptz",
     "expires = mark + 30d\nflag = is_deleted, visible = no, status = gone",
     {{"true, false, 'gone', " OLD, true}, {"false, false, 'gone', " OLD, false},
      {"true, true, 'gone', " OLD, false}, {"true, false, 'here', " OLD, false},
      {"true, false, NULL, " OLD, false}, {"true, false, 'gone', " NOT_YET, false}}, false},
    {"flag_and_epoch", NULL, "is_deleted smallint, mark bigint",
     "expires = mark + 30d\nepoch = ms\nflag = is_deleted",
     {{"1, " EPOCH(OLD, "1000"), true}, {"0, " EPOCH(OLD, "1000"), false}, {"1, 0", false}}, false},

    /* the owner's own expression */
    {"where", NULL, "kind text, pinned boolean, mark timestamptz",
     "expires = mark + 30d\nwhere =\n  kind = 'draft'\n  AND NOT pinned",
     {{"'draft', false, " OLD, true}, {"'draft', true, " OLD, false}, {"'post', false, " OLD, false},
      {"'draft', NULL, " OLD, false}, {"NULL, false, " OLD, false},
      {"'draft', false, " NOT_YET, false}, {"'draft', false, NULL", false}}, false},
    {"where_with_or", NULL, "kind text, is_deleted boolean, mark timestamptz",
     "expires = mark + 30d\nflag = is_deleted\nwhere = kind = 'draft' OR kind = 'it''s; -- spam'",
     {{"'draft', true, " OLD, true}, {"'it''s; -- spam', true, " OLD, true},
      {"'it''s; -- spam', true, " NOT_YET, false}, {"'it''s; -- spam', false, " OLD, false},
      {"'it''s; -- spam', true, NULL", false}, {"'post', true, " OLD, false}}, false},
    {"where_of_time_and_of_other_tables",
     "CREATE SCHEMA held; GRANT USAGE ON SCHEMA held TO PUBLIC;"
     "CREATE TABLE held.kinds (kind text); INSERT INTO held.kinds VALUES ('post');"
     "GRANT SELECT ON held.kinds TO PUBLIC",
     "kind text, mark timestamptz",
     "expires = mark + 30d\nwhere = mark < now() AND"
     " NOT EXISTS (SELECT FROM held.kinds AS k WHERE k.kind = t.kind)",
     {{"'draft', " OLD, true}, {"'post', " OLD, false}}, false},
    {"where_of_a_system_column", NULL, "mark timestamptz",
     "expires = mark + 30d\nwhere = t.xmin IS NOT NULL", {{OLD, true}, {NOT_YET, false}}, false},
    {"where_of_the_owner",
     "CREATE SCHEMA own; GRANT USAGE ON SCHEMA own TO PUBLIC;"
     "CREATE FUNCTION own.is_test(text) RETURNS boolean IMMUTABLE LANGUAGE sql"
     " RETURN $1 LIKE '%@example.org'",
     "email text, mark timestamptz", "expires = mark + 30d\nwhere = own.is_test(t.email)",
     {{"'a@example.org', " OLD, true}, {"'a@example.com', " OLD, false}, {"NULL, " OLD, false}}, false},

    /* a retention in the row */
    {"by_row", NULL, "days integer, mark timestamptz", "expires = mark + days * 1d",
     {{"30, " JUST, true}, {"30, " NOT_YET, false}, {"365, " OLD, false}, {"7, " AGO("8 days"), true},
      {"NULL, " OLD, false}, {"0, " OLD, false}, {"-5, " OLD, false},
      {"36501, " AGO("110 years"), false}, {"2147483647, " OLD, false}, {"-2147483648, " OLD, false},
      {"1, '-infinity'", false}, {"1, 'infinity'", false}, {"30, NULL", false},
      {"36500, '294276-12-31 23:59:59+00'", false}, {"20000, '1970-02-01'", true}}, true},
    {"by_row_small", NULL, "hours smallint, mark timestamptz", "expires = mark + hours * 1h",
     {{"1, " AGO("2 hours"), false}, {"1, " AGO("23 hours 50 minutes"), false},
      {"1, " AGO("24 hours 10 minutes"), true}, {"48, " AGO("47 hours 50 minutes"), false},
      {"48, " AGO("48 hours 10 minutes"), true}}, true},
    {"by_row_months", NULL, "months bigint, mark timestamptz", "expires = mark + months * 1mo",
     {{"1, " AGO("1 month 10 minutes"), true}, {"1, " AGO("1 month -10 minutes"), false},
      {"14, " AGO("14 months 10 minutes"), true}, {"14, " AGO("14 months -10 minutes"), false},
      {"9223372036854775807, " OLD, false}}, true},
    {"by_row_epoch", NULL, "weeks int, mark bigint",
     "expires = mark + weeks * 1w\nepoch = us",
     {{"1, " EPOCH(AGO("8 days"), "1000000"), true}, {"1, " EPOCH(AGO("6 days"), "1000000"), false},
      {"2, " EPOCH(AGO("8 days"), "1000000"), false}, {"1, 0", false}, {"NULL, 1", false},
      {"1, 9223372036854775807", false}, {"2147483647, 9223372036854775807", false}}, true},
    {"by_row_zoneless", NULL, "days int, mark timestamp",
     "expires = mark + days * 1d\ncolumn_timezone = Asia/Tokyo",
     {{"30, " IN_ZONE(JUST, "Asia/Tokyo"), true}, {"30, " IN_ZONE(NOT_YET, "Asia/Tokyo"), false},
      {"30, '294276-12-31 23:59:59'", false}}, true},
};
/* clang-format on */

static const char *table_of(const struct kind *kind, const char *scan)
{
    return keep_format("%s_%s", kind->name, scan);
}

static void make_table(const struct scene *scene, const struct kind *kind, const char *scan)
{
    const char *table = table_of(kind, scan);

    sql_exec(scene->own, "CREATE TABLE %s (id serial, %s); GRANT SELECT, DELETE ON %s TO pgpurged",
             table, kind->columns, table);
    for (size_t i = 0; i < MOST_ROWS && kind->rows[i].values != NULL; i++) {
        bool generated = text_equal(kind->name, "generated");

        sql_exec(scene->own, "INSERT INTO %s VALUES (%zu, %s%s)", table, i, kind->rows[i].values,
                 generated ? ", DEFAULT" : "");
    }
    if (text_equal(scan, "index"))
        sql_exec(scene->own, "CREATE INDEX ON %s (mark)", table);
    promises_watch(scene->own, table);
}

static const char *job_of(const struct kind *kind, const char *scan)
{
    const char *table = table_of(kind, scan);

    return keep_format("[job %s]\ntable = %s\n%s\nscan = %s\n", table, table, kind->options, scan);
}

static const char *ids_that_go(const struct kind *kind)
{
    struct text list = {0};

    text_add(&list, "id IN (-1");
    for (size_t i = 0; i < MOST_ROWS && kind->rows[i].values != NULL; i++)
        if (kind->rows[i].goes)
            text_addf(&list, ", %zu", i);
    text_add(&list, ")");
    return keep_text(text_take(&list));
}

static void check_table(const struct scene *scene, const struct kind *kind, const char *scan)
{
    const char *table = table_of(kind, scan);

    for (size_t i = 0; i < MOST_ROWS && kind->rows[i].values != NULL; i++) {
        int64_t there = sql_int(scene->own, "SELECT count(*) FROM %s WHERE id = %zu", table, i);

        ck_assert_msg(there == !kind->rows[i].goes, "%s: the row (%s) %s", table,
                      kind->rows[i].values, there ? "is still there" : "is gone");
    }
    promises_check(scene->own, table, ids_that_go(kind));
    ck_assert_str_eq(sql_text(scene->own,
                              "SELECT outcome FROM pgpurged.runs WHERE job = '%s'"
                              " AND scan LIKE '%s scan: %%' AND passes < 3",
                              table, scan),
                     "done");
}

/* What a session might have set differently, for the role that purges. */
static void mislead(const struct scene *scene)
{
    static const char *const settings[] = {"TimeZone = 'Pacific/Kiritimati'",
                                           "DateStyle = 'SQL, DMY'", "IntervalStyle = sql_standard",
                                           "extra_float_digits = -15"};

    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        sql_exec(scene->own, "ALTER ROLE pgpurged IN DATABASE %s SET %s", scene->database,
                 settings[i]);
}

static const char *make_all(const struct scene *scene)
{
    struct text jobs = {0};

    sql_exec(scene->own, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'");
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (kinds[i].types != NULL)
            sql_exec(scene->own, "%s", kinds[i].types);
        make_table(scene, &kinds[i], "heap");
        text_add(&jobs, job_of(&kinds[i], "heap"));
        if (kinds[i].heap_only)
            continue;
        make_table(scene, &kinds[i], "index");
        text_add(&jobs, job_of(&kinds[i], "index"));
    }
    return keep_text(text_take(&jobs));
}

START_TEST(of_each_kind_the_rows_go_that_have_expired_and_no_others)
{
    struct scene scene = scene_new();
    const char *jobs = make_all(&scene);

    mislead(&scene);
    scene_once(scene_config_of(&scene, jobs), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        check_table(&scene, &kinds[i], "heap");
        if (!kinds[i].heap_only)
            check_table(&scene, &kinds[i], "index");
    }
    scene_end(&scene);
}
END_TEST

/* When the clocks of Berlin went back, 02:00 to 03:00 came twice; a mark in it is taken for the
 * later one. The cutoff lies in the first of the two. */
START_TEST(a_mark_in_an_hour_that_came_twice_counts_as_the_later_one)
{
    struct scene scene = scene_new();
    int64_t minutes = sql_int(
        scene.own, "SELECT extract(epoch FROM now() - '2025-10-26 00:45:00+00')::bigint / 60");

    sql_exec(scene.own, "CREATE TABLE marks AS SELECT 1 AS id, timestamp '2025-10-26 01:40' AS mark"
                        " UNION ALL SELECT 2, '2025-10-26 02:30' UNION ALL SELECT 3, '2025-10-26 "
                        "03:30'; GRANT SELECT, DELETE ON marks TO pgpurged");
    promises_watch(scene.own, "marks");
    scene_once(scene_config_of(&scene, keep_format("[job marks]\ntable = marks\ncolumn_timezone = "
                                                   "Europe/Berlin\nexpires = mark + %lldmin\n",
                                                   (long long)minutes)),
               0);
    ck_assert_int_eq(promises_check(scene.own, "marks", "id = 1"), 1);
    scene_end(&scene);
}
END_TEST

/* What a run of another rule has begun is not gone on with: the rule stands in pgpurged.policies.
 */
START_TEST(all_that_decides_stands_in_the_record_of_the_run)
{
    struct scene scene = scene_new();
    const char *config = scene_config(
        &scene, "never_expires = 2001-02-03\nflag = filler = 'it''s gone'\nwhere = id % 7 = 3");

    scene_add_orders(&scene, 40);
    scene_once(config, 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders"), 40);
    ck_assert_int_eq(
        sql_int(scene.own, "SELECT count(*) FROM pgpurged.policies WHERE text LIKE '%%2001-02-03%%'"
                           " AND text LIKE '%%\"filler\"%%''it''''s gone''%%'"
                           " AND text LIKE '%%(id %% 7 = 3)%%'"),
        1);
    scene_end(&scene);
}
END_TEST

/* ---- a row that becomes live while its batch waits for it ---- */

static const struct restore {
    const char *what, *options, *change;
} restores[] = {
    {"flag", "flag = filler = gone", "filler = 'back'"},
    {"mark that means live", "never_expires = 2001-01-01", "deleted_at = '2001-01-01 12:00+00'"},
    {"where", "where = id < 1000", "id = id + 1000"},
    {"time", "flag = filler = gone", "deleted_at = now()"},
};

static void check_restored(const struct restore *row)
{
    struct scene scene = scene_new();
    PGconn *application = scene_connect(&scene);
    struct daemon daemon;

    sql_exec(scene.own,
             "CREATE TABLE orders (id bigint, deleted_at timestamptz, filler text);"
             "INSERT INTO orders SELECT i, now() - interval '1 year', 'gone'"
             " FROM generate_series(1, 10) AS i; GRANT SELECT, DELETE ON orders TO pgpurged");
    promises_watch(scene.own, "orders");
    sql_exec(application, "BEGIN; UPDATE orders SET %s WHERE id = 5", row->change);
    daemon = daemon_start(scene_config(
        &scene, keep_format("lock_timeout = 30s\nstatement_timeout = 40s\n%s", row->options)));
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgpurged'"
              " AND wait_event_type = 'Lock' AND datname = current_database())",
              AWAIT_MS);
    sql_exec(application, "COMMIT");
    PQfinish(application);
    scene_await_run(&scene, "orders", "done");
    ck_assert_msg(sql_int(scene.own, "SELECT count(*) FROM orders") == 1, "%s", row->what);
    ck_assert_msg(sql_int(scene.own, "SELECT id %% 1000 FROM orders") == 5, "%s", row->what);
    sql_exec(scene.own, "UPDATE orders SET id = 5"); /* for the comparison with the copy */
    ck_assert_int_eq(promises_check(scene.own, "orders", "id <> 5"), 9);
    daemon_stop(&daemon);
    scene_end(&scene);
}

START_TEST(a_row_that_is_restored_while_its_batch_waits_for_it_stays)
{
    for (size_t i = 0; i < ARRAY_LENGTH(restores); i++)
        check_restored(&restores[i]);
}
END_TEST

static void add_indigestible(const struct scene *scene)
{
    sql_exec(scene->own, "CREATE TABLE orders (id serial, deleted_at timestamptz, payload text);"
                         "INSERT INTO orders (deleted_at, payload)"
                         " SELECT now() - interval '1 year', i FROM generate_series(1, 100) AS i;"
                         "UPDATE orders SET payload = 'x' WHERE id = 42;"
                         "GRANT SELECT, DELETE, UPDATE (payload) ON orders TO pgpurged");
    promises_watch(scene->own, "orders");
}

/* One value that the expression can't digest is an error of its row, and of nothing else. */
START_TEST(a_row_that_the_expression_fails_on_is_rejected_and_all_others_go)
{
    struct served served = served_new();

    add_indigestible(&served.scene);
    served_start(&served, served_config(&served, "", scene_job("where = payload::int > 50")));
    scene_await_run(&served.scene, "orders", "incomplete");
    served_await(&served, "orders", "waiting", "not_due");
    ck_assert_int_eq(promises_check(served.scene.own, "orders", "id > 50"), 50);
    ck_assert_int_eq(sql_int(served.scene.own, "SELECT rejected FROM pgpurged.runs"), 1);
    served_end(&served);
}
END_TEST

/* ---- flagged rows without a time ---- */

/* 6 live, 3 due, and of the flagged ones 4 without a time that means anything. */
static void add_flagged(const struct scene *scene)
{
    sql_exec(scene->own,
             "CREATE TABLE orders (id serial, is_deleted boolean, deleted_at timestamptz);"
             "INSERT INTO orders (is_deleted, deleted_at)"
             " SELECT false, NULL FROM generate_series(1, 6)"
             " UNION ALL SELECT true, now() - interval '31 days' FROM generate_series(1, 3)"
             " UNION ALL SELECT true, now() - interval '3 days' FROM generate_series(1, 2)"
             " UNION ALL SELECT false, '2001-02-03' FROM generate_series(1, 5);"
             "INSERT INTO orders (is_deleted, deleted_at) VALUES (true, NULL), (true, '-infinity'),"
             " (true, '9999-12-31'), (true, '2001-02-03 12:00+00');"
             "GRANT SELECT, DELETE ON orders TO pgpurged");
    promises_watch(scene->own, "orders");
}

#define FLAGGED "flag = is_deleted\nnever_expires = 2001-02-03"

START_TEST(flagged_rows_without_a_time_stay_and_are_counted)
{
    struct served served = served_new();
    struct snapshot *status;

    add_flagged(&served.scene);
    served_start(&served, served_config(&served, "", scene_job(FLAGGED)));
    scene_await_run(&served.scene, "orders", "done");
    served_await(&served, "orders", "waiting", "not_due");
    status = served_status(&served);
    ck_assert_double_eq(snapshot_job(status, "orders")->undated_rows, 4);
    ck_assert_double_eq(snapshot_job(status, "orders")->due_rows, 0);
    snapshot_free(status);
    ck_assert_double_eq(
        served_metric(&served, "pgpurged_job_undated_rows{job_name=\"orders\",database=\"d\"}"), 4);
    ck_assert_int_eq(promises_check(served.scene.own, "orders",
                                    "is_deleted AND deleted_at < now() - interval '30 days'"
                                    " AND deleted_at > '2002-01-01'"),
                     3);
    served_end(&served);
}
END_TEST

START_TEST(the_plan_tells_of_flagged_rows_without_a_time)
{
    struct scene scene = scene_new();
    const char *config, *plan;

    add_flagged(&scene);
    config = scene_config(&scene, FLAGGED);
    ck_assert_int_eq(pgpurged_run(&plan, "--config", config, "--plan", NULL), 0);
    ck_assert_msg(strstr(plan, "4 rows are flagged and have no time") != NULL, "%s", plan);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders"), 20);
    scene_end(&scene);
}
END_TEST

START_TEST(a_job_without_flags_has_no_undated_rows)
{
    struct served served = served_new();
    struct snapshot *status;

    add_flagged(&served.scene);
    served_start(&served, served_config(&served, "", scene_job("never_expires = 2001-02-03")));
    scene_await_run(&served.scene, "orders", "done");
    served_await(&served, "orders", "waiting", "not_due");
    status = served_status(&served);
    ck_assert(isnan(snapshot_job(status, "orders")->undated_rows));
    snapshot_free(status);
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        of_each_kind_the_rows_go_that_have_expired_and_no_others,
        a_mark_in_an_hour_that_came_twice_counts_as_the_later_one,
        all_that_decides_stands_in_the_record_of_the_run,
        a_row_that_is_restored_while_its_batch_waits_for_it_stays,
        a_row_that_the_expression_fails_on_is_rejected_and_all_others_go,
        flagged_rows_without_a_time_stay_and_are_counted,
        the_plan_tells_of_flagged_rows_without_a_time,
        a_job_without_flags_has_no_undated_rows,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
