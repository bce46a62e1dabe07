/*
 * Why: the index walk is only worth having if an index is really read and the table is not, and
 * only safe if what the index says is judged once more by the DELETE. And the heap walk reads the
 * pages of its range only for as long as no planner prefers an index to it. Both hang on plans,
 * which change with the data and with the server, so they are asked of a real one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "decide/choose.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"
#include "purge/probe.h"
#include "purge/slice.h"
#include "purge/talk.h"
#include "sql/flights.h"
#include "wire/loop.h"

enum { SOON_MS = 20000 };

/* --- a connection of the daemon's role, made as the daemon makes it --- */

struct walker {
    struct scene scene;
    struct loop *loop;
    struct pg *pg;
    PGconn *role; /* for batches, and to look at plans with */
    struct sql_statements sql;
    const char *cutoff;
    int64_t relation, batch;
    struct slices slices;
    struct probe_index index;
    int64_t probed;
};

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct walker *walker = arg;

    ck_assert_msg(ok, "%s", error->message);
    loop_stop(walker->loop);
}

/* The statements of a rule for public.marks, with a cutoff. The table is made by the test. */
static struct walker walker_new(enum time_type type, const char *zone, const char *cutoff)
{
    struct walker walker = {.scene = scene_new(), .cutoff = cutoff};
    struct sql_target target = {"public", "marks", "mark", type, zone};

    walker.sql = sql_statements_for(&target);
    slices_start(&walker.slices);
    walker.role =
        sql_connect(cluster_conninfo(harness_cluster(), walker.scene.database, "pgpurged"));
    return walker;
}

/* Once the table is there. */
static void walker_connect(struct walker *walker)
{
    const char *conninfo = cluster_conninfo(harness_cluster(), walker->scene.database, "pgpurged");

    sql_exec(walker->scene.own, "GRANT SELECT, DELETE, UPDATE ON marks TO pgpurged");
    walker->relation = sql_int(walker->scene.own, "SELECT 'marks'::regclass::oid::bigint");
    walker->loop = loop_new();
    walker->pg = pg_open(walker->loop, conninfo, "pgpurged", SOON_MS, connected, walker);
    loop_run(walker->loop);
}

static void walker_end(struct walker *walker)
{
    slices_free(&walker->slices);
    sql_statements_free(&walker->sql);
    PQfinish(walker->role);
    pg_close(walker->pg);
    loop_free(walker->loop);
    scene_end(&walker->scene);
}

static void check_done(const struct pg_reply *reply)
{
    ck_assert_msg(pg_reply_fate(reply) == PG_DONE, "%s", pg_reply_error(reply)->message);
}

static void sliced(void *arg, const struct pg_reply *reply)
{
    struct walker *walker = arg;
    struct err err = {""};

    check_done(reply);
    ck_assert_msg(slice_read(reply, &walker->slices, &err), "%s", err.text);
    loop_stop(walker->loop);
}

/* The next slice, of `limit` rows unless it has to be longer. */
static void take_slice(struct walker *walker, int64_t limit)
{
    if (!walker->slices.stuck)
        walker->slices.limit = limit;
    slice_send(walker->pg, &walker->slices, &walker->sql, walker->cutoff, sliced, walker);
    loop_run(walker->loop);
}

static void probed(void *arg, const struct pg_reply *reply)
{
    struct walker *walker = arg;

    check_done(reply);
    walker->probed = probe_due_read(reply);
    loop_stop(walker->loop);
}

static int64_t probe(struct walker *walker)
{
    probe_due_send(walker->pg, &walker->sql, walker->cutoff, probed, walker);
    loop_run(walker->loop);
    return walker->probed;
}

static void found_index(void *arg, const struct pg_reply *reply)
{
    struct walker *walker = arg;

    check_done(reply);
    probe_index_read(reply, &walker->index);
    loop_stop(walker->loop);
}

static void find_index(struct walker *walker)
{
    probe_index_send(walker->pg, walker->relation, "mark", found_index, walker);
    loop_run(walker->loop);
}

static PGresult *query(PGconn *conn, const char *sql, const char *const *values, int count)
{
    PGresult *result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);

    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s\n%s", sql, PQerrorMessage(conn));
    return result;
}

/* --- batches --- */

struct batch_of_tids {
    const char *sqlstate; /* "00000" */
    int64_t rows, skipped;
};

static struct batch_of_tids purge_list(struct walker *walker, const char *list, bool skip_locked,
                                       const char *max_rows)
{
    const char *values[] = {"1",
                            keep_format("%lld", (long long)++walker->batch),
                            "marks",
                            keep_format("%lld", (long long)walker->relation),
                            walker->sql.leaf,
                            walker->cutoff,
                            skip_locked ? walker->sql.delete_tids_skip_locked
                                        : walker->sql.delete_tids,
                            skip_locked ? walker->sql.count_tids : NULL,
                            list,
                            max_rows};
    PGresult *result = PQexecParams(walker->role, sql_purge_tids, ARRAY_LENGTH(values), NULL,
                                    values, NULL, NULL, 0);
    struct batch_of_tids batch = {.sqlstate = "00000"};

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        batch.rows = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        batch.skipped = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    } else {
        batch.sqlstate = keep_format("%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
    }
    PQclear(result);
    return batch;
}

static struct batch_of_tids purge_tids(struct walker *walker, const char *list)
{
    return purge_list(walker, list, false, "1000000");
}

/* Batches of 70 until the slice is worked off. */
static int64_t purge_slice(struct walker *walker)
{
    struct slice_part part;
    int64_t rows = 0;

    while ((part = slice_next(&walker->slices, 70)).count > 0) {
        struct text list = {0};
        struct batch_of_tids batch;

        slice_print(&part, &list);
        batch = purge_tids(walker, list.data);
        ck_assert_str_eq(batch.sqlstate, "00000");
        rows += batch.rows;
        slice_advance(&walker->slices, part.count);
        text_free(&list);
    }
    return rows;
}

/* The TIDs of rows, as a list. */
static const char *tids_where(struct walker *walker, const char *condition)
{
    return sql_text(walker->scene.own, "SELECT array_agg(ctid ORDER BY ctid) FROM marks WHERE %s",
                    condition);
}

/* --- plans --- */

static const char *explain(PGconn *conn, const char *settings, const char *sql,
                           const char *const *values, int count)
{
    struct text plan = {0};
    PGresult *result;

    sql_exec(conn, "BEGIN; %s", settings);
    result = query(conn, keep_format("EXPLAIN (COSTS OFF) %s", sql), values, count);
    for (int i = 0; i < PQntuples(result); i++)
        text_addf(&plan, "%s\n", PQgetvalue(result, i, 0));
    PQclear(result);
    sql_exec(conn, "ROLLBACK");
    return keep_text(text_take(&plan));
}

/* 30,000 rows on some 500 pages; every `nth` of the marked ones is due. `type` of the column. */
static void make_marks(struct walker *walker, const char *type, int nth)
{
    sql_exec(walker->scene.own,
             "CREATE TABLE marks (id bigint PRIMARY KEY, mark %s, filler text);"
             "INSERT INTO marks SELECT i, CASE WHEN i %% 3 = 0 THEN NULL"
             "  WHEN i %% %d = 0 THEN timestamp '2026-01-01' + i * interval '1 minute'"
             "  ELSE timestamp '2026-09-01' + i * interval '1 minute' END, repeat('x', 90)"
             " FROM generate_series(1, 30000) AS i",
             type, nth);
}

static const char cutoff_of_marks[] = "2026-08-01 00:00:00+00";

static const struct plan_case {
    const char *name, *column_type;
    enum time_type type;
    const char *zone, *index;
    int nth;
    bool analyzed;
} plan_cases[] = {
    {"1 % due", "timestamptz", TIME_TIMESTAMPTZ, "", "(mark)", 100, true},
    {"hardly any due", "timestamptz", TIME_TIMESTAMPTZ, "", "(mark)", 10000, true},
    {"1 % due, no statistics", "timestamptz", TIME_TIMESTAMPTZ, "", "(mark)", 100, false},
    {"all due", "timestamptz", TIME_TIMESTAMPTZ, "", "(mark)", 1, true},
    {"partial", "timestamptz", TIME_TIMESTAMPTZ, "", "(mark) WHERE mark IS NOT NULL", 100, true},
    {"two columns", "timestamptz", TIME_TIMESTAMPTZ, "", "(mark, id)", 100, true},
    {"descending", "timestamptz", TIME_TIMESTAMPTZ, "", "(mark DESC NULLS LAST)", 100, true},
    {"domain", "mark_domain", TIME_TIMESTAMPTZ, "", "(mark)", 100, true},
    {"zoneless", "timestamp", TIME_TIMESTAMP, "Europe/Berlin", "(mark)", 100, true},
    {"zoneless, partial", "timestamp", TIME_TIMESTAMP, "Asia/Tokyo",
     "(mark) WHERE mark IS NOT NULL", 100, true},
    {"date", "date", TIME_DATE, "Europe/Berlin", "(mark)", 100, true},
    {"date, partial, all due", "date", TIME_DATE, "Asia/Tokyo", "(mark) WHERE mark IS NOT NULL", 1,
     false},
};

/* Both ends of what is read are in the index's condition. */
static void check_index_plan(const struct plan_case *row, const char *plan, bool index_only)
{
    const char *condition = strstr(plan, "Index Cond: ");

    ck_assert_msg(strstr(plan, index_only ? "Index Only Scan" : "Index Scan") != NULL &&
                      strstr(plan, "due_index on marks") != NULL && condition != NULL &&
                      strstr(plan, "Seq Scan") == NULL && strstr(plan, "Bitmap") == NULL,
                  "%s:\n%s", row->name, plan);
    ck_assert_msg(strstr(condition, " > '") != NULL && strstr(condition, " < '") != NULL, "%s:\n%s",
                  row->name, plan);
}

/* The pages of the range only: no index of the table may lure the planner away. */
static void check_heap_plan(const struct plan_case *row, const char *plan)
{
    ck_assert_msg(strstr(plan, "Tid Range Scan on marks") != NULL &&
                      strstr(plan, "Index") == NULL && strstr(plan, "Bitmap") == NULL &&
                      strstr(plan, "Seq Scan") == NULL,
                  "%s:\n%s", row->name, plan);
}

static void check_tids_plan(const struct plan_case *row, const char *plan)
{
    ck_assert_msg(strstr(plan, "Tid Scan on marks") != NULL && strstr(plan, "Index") == NULL &&
                      strstr(plan, "Bitmap") == NULL && strstr(plan, "Seq Scan") == NULL,
                  "%s:\n%s", row->name, plan);
}

static void check_plans(const struct plan_case *row, struct walker *walker)
{
    static const char *const no_bound[] = {NULL, "50000", cutoff_of_marks};
    static const char *const bound[] = {"2026-01-05", "1000", cutoff_of_marks};
    static const char *const limit[] = {cutoff_of_marks, "100000"};
    static const char *const range[] = {"(16,0)", "(32,0)", cutoff_of_marks};
    static const char *const long_range[] = {"(16,0)", "(400,0)", cutoff_of_marks};
    static const char *const tids[] = {"{\"(1,1)\",\"(300,7)\"}", cutoff_of_marks};
    const struct sql_statements *sql = &walker->sql;
    PGconn *own = walker->role;

    check_index_plan(row, explain(own, sql_index_settings, sql->take_slice, no_bound, 3), false);
    check_index_plan(row, explain(own, sql_index_settings, sql->take_slice, bound, 3), false);
    check_index_plan(row, explain(own, sql_index_settings, sql->probe, limit, 2), true);
    check_heap_plan(row, explain(own, "", sql->delete_range, range, 3));
    check_heap_plan(row, explain(own, "", sql->delete_range, long_range, 3));
    check_heap_plan(row, explain(own, "", sql->delete_skip_locked, range, 3));
    check_heap_plan(row, explain(own, "", sql->count_range, range, 3));
    check_tids_plan(row, explain(own, "SET LOCAL enable_seqscan = off", sql->delete_tids, tids, 2));
    check_tids_plan(
        row, explain(own, "SET LOCAL enable_seqscan = off", sql->delete_tids_skip_locked, tids, 2));
}

START_TEST(each_statement_is_planned_as_it_is_meant)
{
    for (size_t i = 0; i < ARRAY_LENGTH(plan_cases); i++) {
        const struct plan_case *row = &plan_cases[i];
        struct walker walker = walker_new(row->type, row->zone, cutoff_of_marks);
        PGconn *own = walker.scene.own;

        sql_exec(own, "CREATE DOMAIN mark_domain AS timestamptz");
        make_marks(&walker, row->column_type, row->nth);
        sql_exec(own, "CREATE INDEX due_index ON marks %s", row->index);
        if (row->analyzed)
            sql_exec(own, "VACUUM ANALYZE marks");
        walker_connect(&walker);
        check_plans(row, &walker);
        find_index(&walker);
        ck_assert_msg(walker.index.serves, "%s", row->name);
        ck_assert_str_eq(walker.index.name, "public.due_index");
        walker_end(&walker);
    }
}
END_TEST

/* purge_tids() must not read a table of some hundred pages for a few thousand TIDs, which is what
 * the planner would do by itself. */
START_TEST(a_batch_of_tids_does_not_read_the_table)
{
    struct walker walker = walker_new(TIME_TIMESTAMPTZ, "", cutoff_of_marks);

    make_marks(&walker, "timestamptz", 1);
    sql_exec(walker.scene.own, "ANALYZE marks");
    walker_connect(&walker);
    sql_exec(walker.role, "BEGIN");
    ck_assert_int_eq(
        purge_tids(&walker, tids_where(&walker, "mark IS NOT NULL AND id <= 6000")).rows, 4000);
    ck_assert_int_eq(sql_int(walker.role, "SELECT pg_stat_get_xact_numscans('marks'::regclass)"),
                     0);
    ck_assert_str_eq(sql_text(walker.role, "SHOW enable_seqscan"), "on");
    sql_exec(walker.role, "COMMIT");
    walker_end(&walker);
}
END_TEST

/* --- which index serves --- */

static const struct index_case {
    const char *index; /* after CREATE INDEX due_index ON marks */
    bool serves;
} index_cases[] = {
    {"USING btree (mark)", true},
    {"USING btree (mark) WHERE (mark IS NOT NULL)", true},
    {"USING btree (mark DESC, id) INCLUDE (filler)", true},
    {"USING btree (id, mark)", false},
    {"USING btree ((mark + interval '1 day'))", false},
    {"USING btree (mark) WHERE mark IS NULL", false},
    {"USING btree (mark) WHERE mark IS NOT NULL AND id > 7", false},
    {"USING btree (mark) WHERE id > 7", false},
    {"USING hash (mark)", false},
    {"USING brin (mark)", false},
};

START_TEST(only_an_index_that_has_all_marked_rows_in_order_serves)
{
    struct walker walker = walker_new(TIME_TIMESTAMP, "UTC", cutoff_of_marks);
    PGconn *own = walker.scene.own;

    make_marks(&walker, "timestamp", 10);
    walker_connect(&walker);
    find_index(&walker);
    ck_assert(!walker.index.serves);
    for (size_t i = 0; i < ARRAY_LENGTH(index_cases); i++) {
        sql_exec(own, "DROP INDEX IF EXISTS due_index; CREATE INDEX due_index ON marks %s",
                 index_cases[i].index);
        find_index(&walker);
        ck_assert_msg(walker.index.serves == index_cases[i].serves, "%s", index_cases[i].index);
    }
    walker_end(&walker);
}
END_TEST

START_TEST(an_index_that_is_not_valid_does_not_serve)
{
    struct walker walker = walker_new(TIME_TIMESTAMP, "UTC", cutoff_of_marks);
    PGconn *own = walker.scene.own;

    make_marks(&walker, "timestamp", 10);
    sql_exec(own, "CREATE INDEX due_index ON marks (mark);"
                  "UPDATE pg_index SET indisvalid = false"
                  " WHERE indexrelid = 'due_index'::regclass");
    walker_connect(&walker);
    find_index(&walker);
    ck_assert(!walker.index.serves);
    walker_end(&walker);
}
END_TEST

START_TEST(correlation_and_the_smallest_of_several_indexes_are_known)
{
    struct walker walker = walker_new(TIME_TIMESTAMP, "UTC", cutoff_of_marks);
    PGconn *own = walker.scene.own;

    make_marks(&walker, "timestamp", 1);
    sql_exec(own, "CREATE INDEX wide ON marks (mark, filler);"
                  "CREATE SCHEMA \"My shop\"; CREATE INDEX \"The index\" ON marks (mark)");
    walker_connect(&walker);
    find_index(&walker);
    ck_assert_str_eq(walker.index.name, "public.\"The index\"");
    ck_assert_double_eq(walker.index.correlation, 0);
    sql_exec(own, "ANALYZE marks");
    find_index(&walker);
    ck_assert_double_gt(walker.index.correlation, 0.9);
    walker_end(&walker);
}
END_TEST

/* --- the probe --- */

START_TEST(probe_counts_due_rows_exactly_up_to_its_limit)
{
    struct walker walker = walker_new(TIME_TIMESTAMPTZ, "", cutoff_of_marks);
    PGconn *own = walker.scene.own;

    make_marks(&walker, "timestamptz", 100);
    sql_exec(own, "CREATE INDEX due_index ON marks (mark);"
                  "INSERT INTO marks VALUES (-1, 'infinity'), (-2, '-infinity'), (-3, 'epoch'),"
                  " (-4, '9999-12-31'), (-5, NULL), (-6, '2026-08-01 00:00:00+00')");
    walker_connect(&walker);
    ck_assert_int_eq(probe(&walker),
                     sql_int(own, "SELECT count(*) FROM marks WHERE mark > '1970-01-02'"
                                  " AND mark < '2026-08-01 00:00:00+00'"));
    sql_exec(own, "INSERT INTO marks SELECT i, timestamptz '2026-01-01'"
                  " FROM generate_series(100001, 200005) AS i");
    ck_assert_int_eq(probe(&walker), CHOOSE_PROBE_ROWS);
    walker_end(&walker);
}
END_TEST

/* --- slices --- */

/* Ties: 5 rows of each minute, and 700 of one moment. */
static void make_ties(struct walker *walker)
{
    sql_exec(
        walker->scene.own,
        "CREATE TABLE marks (id bigint, mark timestamptz, filler text);"
        "INSERT INTO marks SELECT i, timestamptz '2026-01-01 00:00:00+00'"
        "   + CASE WHEN i %% 4 = 0 THEN 90 ELSE i / 5 %% 500 END * interval '1 minute', 'x'"
        " FROM generate_series(1, 2800) AS i;"
        "INSERT INTO marks SELECT -i, CASE WHEN i %% 2 = 0 THEN"
        "   timestamptz '2026-10-01 00:00:00+00' END, 'live' FROM generate_series(1, 500) AS i;"
        "CREATE INDEX due_index ON marks (mark)");
}

static void note_slice(struct walker *walker)
{
    struct slice_part part = slice_next(&walker->slices, SIZE_MAX);
    struct text list = {0};

    for (size_t i = 1; i < part.count; i++)
        ck_assert(tid_before(part.tids[i - 1], part.tids[i]));
    slice_print(&part, &list);
    sql_exec(walker->scene.own, "INSERT INTO taken SELECT unnest('%s'::tid[])", list.data);
    text_free(&list);
}

START_TEST(slices_take_every_due_row_exactly_once_while_others_insert)
{
    struct walker walker = walker_new(TIME_TIMESTAMPTZ, "", cutoff_of_marks);
    PGconn *own = walker.scene.own;
    int64_t rows = 0, slices = 0;

    make_ties(&walker);
    promises_watch(own, "marks");
    sql_exec(own, "CREATE TABLE taken (tid tid)");
    walker_connect(&walker);
    do {
        take_slice(&walker, 100);
        note_slice(&walker);
        rows += purge_slice(&walker);
        /* live ones, a due one behind the bound, a due one before it, and one like the last */
        sql_exec(own,
                 "INSERT INTO marks SELECT 10000 + %lld * 10 + i, mark FROM (VALUES"
                 " (1, NULL), (2, 'infinity'), (3, '2026-07-31 00:00:00+00'), (4, %s)) AS v (i, m),"
                 " LATERAL (SELECT m::timestamptz) AS c (mark)",
                 (long long)slices,
                 slices % 2 == 0 ? "'2025-12-31 00:00:00+00'"
                                 : keep_format("'%s'", walker.slices.from));
        slices++;
    } while (!slices_at_end(&walker.slices));
    ck_assert_int_ge(slices, 20);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) - count(DISTINCT tid) FROM taken"), 0);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM marks WHERE id BETWEEN 1 AND 2800"), 0);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM marks WHERE id < 0"), 500);
    ck_assert_int_eq(rows, sql_int(own, "SELECT sum(rows) FROM pgpurged.audit"));

    /* What came in behind the bound is the next pass's. */
    slices_free(&walker.slices);
    slices_start(&walker.slices);
    take_slice(&walker, 100);
    rows += purge_slice(&walker);
    ck_assert(slices_at_end(&walker.slices));
    ck_assert_int_eq(probe(&walker), 0);
    ck_assert_int_eq(rows, sql_int(own, "SELECT sum(rows) FROM pgpurged.audit"));
    ck_assert_int_eq(rows, 2800 + 2 * slices);
    walker_end(&walker);
}
END_TEST

/* None of them goes, so each slice begins among rows that were taken before. */
START_TEST(slices_come_to_an_end_where_nothing_can_be_deleted)
{
    struct walker walker = walker_new(TIME_TIMESTAMPTZ, "", cutoff_of_marks);
    PGconn *own = walker.scene.own;
    bool was_stuck = false;
    int slices = 0;

    make_ties(&walker);
    sql_exec(own, "CREATE TABLE taken (tid tid)");
    walker_connect(&walker);
    do {
        take_slice(&walker, 100);
        note_slice(&walker);
        slice_advance(&walker.slices, walker.slices.count);
        was_stuck |= walker.slices.stuck;
    } while (!slices_at_end(&walker.slices) && ++slices < 200);
    ck_assert(slices_at_end(&walker.slices));
    ck_assert(was_stuck);
    ck_assert_int_eq(sql_int(own, "SELECT count(DISTINCT tid) FROM taken"), 2800);
    walker_end(&walker);
}
END_TEST

/* --- zoneless columns: the bound on the raw column must not leave out a due row --- */

static const struct zone_case {
    const char *zone, *around; /* local time around which marks and cutoffs lie */
} zone_cases[] = {
    {"Europe/Berlin", "2026-10-25 02:30"},       /* an hour comes twice */
    {"Europe/Berlin", "2026-03-29 02:30"},       /* an hour is missing */
    {"America/New_York", "2025-11-02 01:30"},    /* twice */
    {"America/New_York", "2026-03-08 02:30"},    /* missing */
    {"Australia/Lord_Howe", "2026-04-05 01:45"}, /* half an hour twice */
    {"Pacific/Apia", "2011-12-30 12:00"},        /* a day is missing */
    {"Asia/Tokyo", "2026-06-01 00:00"},          /* nothing happens */
};

/* Marks every 7 minutes, cutoffs every half an hour, for two days; independent SQL judges. */
static void check_zone(struct walker *walker, const struct zone_case *row, const char *due)
{
    PGconn *own = walker->scene.own;

    for (int minutes = -1440; minutes <= 1440; minutes += 30) {
        walker->cutoff =
            sql_text(own, "SELECT timezone('%s', timestamp '%s') + %d * interval '1 minute'",
                     row->zone, row->around, minutes);
        slices_free(&walker->slices);
        slices_start(&walker->slices);
        take_slice(walker, 100000);
        ck_assert_msg((int64_t)walker->slices.count ==
                          sql_int(own, keep_format("SELECT count(*) FROM marks WHERE %s", due),
                                  row->zone, walker->cutoff),
                      "%s, cutoff %s: %zu rows", row->zone, walker->cutoff, walker->slices.count);
        ck_assert_int_eq(probe(walker), (int64_t)walker->slices.count);
    }
}

static void check_zones(enum time_type type, const char *column, const char *due)
{
    for (size_t i = 0; i < ARRAY_LENGTH(zone_cases); i++) {
        const struct zone_case *row = &zone_cases[i];
        struct walker walker = walker_new(type, row->zone, "");

        sql_exec(walker.scene.own,
                 "CREATE TABLE marks (mark %s);"
                 "INSERT INTO marks SELECT timestamp '%s' + i * interval '7 minutes'"
                 " FROM generate_series(-500, 500) AS i;"
                 "INSERT INTO marks VALUES (NULL), ('infinity'), ('-infinity');"
                 "CREATE INDEX due_index ON marks (mark)",
                 column, row->around);
        walker_connect(&walker);
        check_zone(&walker, row, due);
        walker_end(&walker);
    }
}

START_TEST(index_finds_the_due_rows_of_a_timestamp_on_the_days_of_clock_changes)
{
    check_zones(TIME_TIMESTAMP, "timestamp",
                "isfinite(mark) AND timezone('%s', mark) < timestamptz '%s'");
}
END_TEST

START_TEST(index_finds_the_due_rows_of_a_date_on_the_days_of_clock_changes)
{
    check_zones(TIME_DATE, "date",
                "isfinite(mark) AND timezone('%s', (mark + 1)::timestamp) < timestamptz '%s'");
}
END_TEST

/* Where a mark begins to be one, the index and the heap walk must not differ either. */
START_TEST(index_and_heap_walk_agree_about_the_zero_dates_of_programming_languages)
{
    static const char *const zones[] = {"UTC", "America/New_York", "Pacific/Kiritimati"};
    static const char *const whole[] = {"(0,0)", "(4294967295,0)", "2026-08-01 00:00:00+00"};
    static const struct {
        enum time_type type;
        const char *column;
    } types[] = {
        {TIME_TIMESTAMPTZ, "timestamptz"}, {TIME_TIMESTAMP, "timestamp"}, {TIME_DATE, "date"}};

    for (size_t i = 0; i < ARRAY_LENGTH(types) * ARRAY_LENGTH(zones); i++) {
        struct walker walker = walker_new(types[i / ARRAY_LENGTH(zones)].type,
                                          zones[i % ARRAY_LENGTH(zones)], whole[2]);
        PGresult *counted;

        sql_exec(walker.scene.own,
                 "CREATE TABLE marks (mark %s); CREATE INDEX due_index ON marks (mark);"
                 "INSERT INTO marks SELECT timestamp '1969-12-29' + i * interval '1 hour'"
                 " FROM generate_series(0, 168) AS i",
                 types[i / ARRAY_LENGTH(zones)].column);
        walker_connect(&walker);
        take_slice(&walker, 1000);
        counted = query(walker.role, walker.sql.count_range, whole, ARRAY_LENGTH(whole));
        ck_assert_int_gt(walker.slices.count, 50);
        ck_assert_str_eq(PQgetvalue(counted, 0, 0), keep_format("%zu", walker.slices.count));
        PQclear(counted);
        walker_end(&walker);
    }
}
END_TEST

/* --- purge_tids() --- */

/* 20 due rows, ids 1 to 20, on pages of their own. */
static struct walker twenty(void)
{
    struct walker walker = walker_new(TIME_TIMESTAMPTZ, "", cutoff_of_marks);

    sql_exec(walker.scene.own,
             "CREATE TABLE marks (id bigint, mark timestamptz, filler text)"
             "  WITH (fillfactor = 50);"
             "ALTER TABLE marks ALTER filler SET STORAGE plain;"
             "INSERT INTO marks SELECT i, '2026-01-01 00:00:00+00', repeat('x', 4000)"
             " FROM generate_series(1, 20) AS i");
    promises_watch(walker.scene.own, "marks");
    walker_connect(&walker);
    return walker;
}

START_TEST(audit_row_of_a_list_says_what_is_gone)
{
    struct walker walker = twenty();
    PGconn *own = walker.scene.own;

    ck_assert_int_eq(purge_tids(&walker, tids_where(&walker, "id IN (3, 4, 9)")).rows, 3);
    ck_assert_int_eq(purge_tids(&walker, "{}").rows, 0);
    ck_assert_int_eq(purge_tids(&walker, "{\"(0,77)\",\"(99999,1)\"}").rows, 0);
    ck_assert_int_eq(purge_tids(&walker, "{\"(0,1)\",\"(0,1)\"}").rows, 1);
    ck_assert_str_eq(sql_text(own,
                              "SELECT string_agg(concat_ws(' ', run, batch, job, relation ="
                              " 'marks'::regclass, leaf, rows, cutoff = '%s', from_block,"
                              " to_block, elapsed_ms > 0), '; ' ORDER BY batch)"
                              " FROM pgpurged.audit",
                              cutoff_of_marks),
                     "1 1 marks t \"public\".\"marks\" 3 t 2 9 t; "
                     "1 4 marks t \"public\".\"marks\" 1 t 0 1 t");
    ck_assert_int_eq(promises_check(own, "marks", "id IN (1, 3, 4, 9)"), 4);
    walker_end(&walker);
}
END_TEST

START_TEST(rows_that_are_no_longer_due_stay_though_their_tid_is_in_the_list)
{
    struct walker walker = twenty();
    PGconn *own = walker.scene.own;
    const char *list = tids_where(&walker, "true");

    /* restored, another row at the same TID, and moved but still due */
    sql_exec(own, "UPDATE marks SET mark = NULL WHERE id = 2; DELETE FROM marks WHERE id = 3");
    sql_exec(own, "DELETE FROM %s WHERE id = 3", promises_copy(own, "marks"));
    sql_exec(own, "VACUUM marks");
    sql_exec(own, "INSERT INTO marks SELECT 100 + i, NULL, repeat('y', 4000)"
                  " FROM generate_series(1, 3) AS i");
    sql_exec(own, "UPDATE marks SET filler = 'moved' WHERE id = 20");
    ck_assert_int_eq(sql_int(own,
                             "SELECT count(*) FROM marks WHERE id > 100"
                             " AND ctid = ANY ('%s'::tid[])",
                             list),
                     1);
    ck_assert_int_eq(purge_tids(&walker, list).rows, 17);
    ck_assert_str_eq(sql_text(own, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM marks"),
                     "2 20 101 102 103");
    ck_assert_int_eq(promises_check(own, "marks", "id NOT IN (2, 20)"), 17);
    walker_end(&walker);
}
END_TEST

/* Promise R: the DELETE waits for the lock and looks at the row again. */
START_TEST(a_row_restored_while_the_batch_waits_for_it_stays)
{
    struct walker walker = twenty();
    PGconn *own = walker.scene.own, *other = scene_connect(&walker.scene);
    int backend = PQbackendPID(walker.role);
    PGresult *result;
    const char *values[] = {tids_where(&walker, "true"), walker.sql.delete_tids, walker.sql.leaf};

    sql_exec(other, "BEGIN; UPDATE marks SET mark = NULL WHERE id = 7");
    ck_assert(PQsendQueryParams(walker.role,
                                "SELECT rows FROM pgpurged.purge_tids(1, 1, 'marks',"
                                " 'marks'::regclass, $3, '2026-08-01 00:00:00+00', $2, NULL,"
                                " $1::tid[], 100)",
                                ARRAY_LENGTH(values), NULL, values, NULL, NULL, 0));
    await_sql(own,
              keep_format("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %d",
                          backend),
              SOON_MS);
    sql_exec(other, "COMMIT");
    result = PQgetResult(walker.role);
    ck_assert_str_eq(PQgetvalue(result, 0, 0), "19");
    PQclear(result);
    ck_assert_ptr_null(PQgetResult(walker.role));
    ck_assert_int_eq(sql_int(own, "SELECT id FROM marks"), 7);
    ck_assert_int_eq(promises_check(own, "marks", "id <> 7"), 19);
    PQfinish(other);
    walker_end(&walker);
}
END_TEST

START_TEST(locked_rows_are_skipped_and_counted)
{
    struct walker walker = twenty();
    PGconn *own = walker.scene.own, *other = scene_connect(&walker.scene);
    const char *list = tids_where(&walker, "true");
    struct batch_of_tids batch;

    sql_exec(other, "BEGIN; SELECT FROM marks WHERE id IN (5, 6) FOR UPDATE");
    sql_exec(walker.role, "SET lock_timeout = '50ms'");
    batch = purge_list(&walker, list, false, "100");
    ck_assert_str_eq(batch.sqlstate, "55P03");
    batch = purge_list(&walker, list, true, "100");
    ck_assert_str_eq(batch.sqlstate, "00000");
    ck_assert_int_eq(batch.rows, 18);
    ck_assert_int_eq(batch.skipped, 2);
    sql_exec(other, "ROLLBACK");
    batch = purge_list(&walker, list, true, "100");
    ck_assert_int_eq(batch.rows, 2);
    ck_assert_int_eq(batch.skipped, 0);
    ck_assert_int_eq(promises_check(own, "marks", "true"), 20);
    PQfinish(other);
    walker_end(&walker);
}
END_TEST

START_TEST(a_batch_beyond_its_limits_deletes_nothing)
{
    struct walker walker = twenty();
    PGconn *own = walker.scene.own;
    const char *list = tids_where(&walker, "true");

    ck_assert_str_eq(purge_list(&walker, list, false, "19").sqlstate, "PU005");
    walker.relation++;
    ck_assert_str_eq(purge_tids(&walker, list).sqlstate, "PU004");
    walker.relation--;
    sql_exec(own, "REVOKE INSERT ON pgpurged.audit FROM pgpurged");
    ck_assert_str_eq(purge_tids(&walker, list).sqlstate, "42501");
    ck_assert_int_eq(promises_check(own, "marks", "true"), 0);
    walker_end(&walker);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_statement_is_planned_as_it_is_meant,
        a_batch_of_tids_does_not_read_the_table,
        only_an_index_that_has_all_marked_rows_in_order_serves,
        an_index_that_is_not_valid_does_not_serve,
        correlation_and_the_smallest_of_several_indexes_are_known,
        probe_counts_due_rows_exactly_up_to_its_limit,
        slices_take_every_due_row_exactly_once_while_others_insert,
        slices_come_to_an_end_where_nothing_can_be_deleted,
        index_finds_the_due_rows_of_a_timestamp_on_the_days_of_clock_changes,
        index_finds_the_due_rows_of_a_date_on_the_days_of_clock_changes,
        index_and_heap_walk_agree_about_the_zero_dates_of_programming_languages,
        audit_row_of_a_list_says_what_is_gone,
        rows_that_are_no_longer_due_stay_though_their_tid_is_in_the_list,
        a_row_restored_while_the_batch_waits_for_it_stays,
        locked_rows_are_skipped_and_counted,
        a_batch_beyond_its_limits_deletes_nothing,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
