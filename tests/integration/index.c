/*
 * Why: the index scan is only worth having if an index is really read and the table is not. And the
 * heap scan reads the pages of its range only for as long as no planner prefers an index to it.
 * Both hang on plans, which change with the data and with the server, so they are asked of a real
 * one.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/scanner.h"
#include "integration/session.h"
#include "policy/scan_choice.h"
#include "sql/queries.h"

/* --- plans --- */

static const char *explain(PGconn *conn, const char *settings, const char *sql,
                           const char *const *values, int count)
{
    struct text plan = {0};
    PGresult *result;

    sql_exec(conn, "BEGIN; %s", settings);
    result = scanner_query(conn, keep_format("EXPLAIN (COSTS OFF) %s", sql), values, count);
    for (int i = 0; i < PQntuples(result); i++)
        text_addf(&plan, "%s\n", PQgetvalue(result, i, 0));
    PQclear(result);
    sql_exec(conn, "ROLLBACK");
    return keep_text(text_take(&plan));
}

/* The statement of a batch; `range` and `list` are arguments of EXECUTE. */
static const char *explain_batch(PGconn *conn, const char *settings, const char *sql,
                                 const char *range, const char *list)
{
    const char *plan;

    sql_exec(conn, "PREPARE batch (tid, tid, timestamptz, tid[]) AS %s", sql);
    plan = explain(conn, settings,
                   keep_format("EXECUTE batch (%s, '%s', %s)", range, MARKS_CUTOFF, list), NULL, 0);
    sql_exec(conn, "DEALLOCATE batch");
    return plan;
}

static const char *explain_range(PGconn *conn, const char *sql, const char *range)
{
    return explain_batch(conn, "", sql, range, "NULL");
}

static const char *explain_list(PGconn *conn, const char *sql)
{
    return explain_batch(conn, "SET LOCAL enable_seqscan = off", sql, "NULL, NULL",
                         "'{\"(1,1)\",\"(300,7)\"}'");
}

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

static void check_plans(const struct plan_case *row, struct scanner *scanner)
{
    static const char *const no_bound[] = {NULL, "50000", MARKS_CUTOFF};
    static const char *const bound[] = {"2026-01-05", "1000", MARKS_CUTOFF};
    static const char *const limit[] = {MARKS_CUTOFF, "100000"};
    const char *range = "'(16,0)', '(32,0)'", *long_range = "'(16,0)', '(400,0)'";
    const struct sql_statements *sql = &scanner->sql;
    PGconn *own = scanner->role;

    check_index_plan(row, explain(own, sql_index_settings, sql->take_slice, no_bound, 3), false);
    check_index_plan(row, explain(own, sql_index_settings, sql->take_slice, bound, 3), false);
    check_index_plan(row, explain(own, sql_index_settings, sql->probe, limit, 2), true);
    check_heap_plan(row, explain_range(own, sql->delete_range, range));
    check_heap_plan(row, explain_range(own, sql->delete_range, long_range));
    check_heap_plan(row, explain_range(own, sql->delete_skip_locked, range));
    check_heap_plan(row, explain_range(own, sql->count_range, range));
    check_tids_plan(row, explain_list(own, sql->delete_tids));
    check_tids_plan(row, explain_list(own, sql->delete_tids_skip_locked));
}

START_TEST(each_statement_is_planned_as_it_is_meant)
{
    for (size_t i = 0; i < ARRAY_LENGTH(plan_cases); i++) {
        const struct plan_case *row = &plan_cases[i];
        struct scanner scanner = scanner_new(row->type, row->zone, MARKS_CUTOFF);
        PGconn *own = scanner.scene.own;

        sql_exec(own, "CREATE DOMAIN mark_domain AS timestamptz");
        scanner_make_marks(&scanner, row->column_type, row->nth);
        sql_exec(own, "CREATE INDEX due_index ON marks %s", row->index);
        if (row->analyzed)
            sql_exec(own, "VACUUM ANALYZE marks");
        scanner_connect(&scanner);
        check_plans(row, &scanner);
        scanner_find_index(&scanner);
        ck_assert_msg(scanner.index.serves, "%s", row->name);
        ck_assert_str_eq(scanner.index.name, "public.due_index");
        scanner_end(&scanner);
    }
}
END_TEST

static void check_epoch_plans(const struct plan_case *row, struct scanner *scanner)
{
    static const char *const slice[] = {"1767571200000", "1000", MARKS_CUTOFF};
    static const char *const limit[] = {MARKS_CUTOFF, "100000"};
    const struct sql_statements *sql = &scanner->sql;
    PGconn *own = scanner->role;
    const char *heap = explain_range(own, sql->delete_range, "'(16,0)', '(32,0)'");

    check_index_plan(row, explain(own, sql_index_settings, sql->take_slice, slice, 3), false);
    check_index_plan(row, explain(own, sql_index_settings, sql->probe, limit, 2), true);
    check_heap_plan(row, heap);
    check_tids_plan(row, explain_list(own, sql->delete_tids));
    /* The cutoff has become a number once, and not for each row. */
    ck_assert_msg(strcasestr(heap, "extract") == NULL && strstr(heap, "floor") == NULL, "%s:\n%s",
                  row->name, heap);
}

START_TEST(an_epoch_is_compared_with_a_number_through_the_index_as_well)
{
    static const struct plan_case rows[] = {{.name = "ms in a bigint", .column_type = "bigint"},
                                            {.name = "ms in a domain", .column_type = "ms"}};

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct scanner scanner = scanner_new(TIME_EPOCH, "", MARKS_CUTOFF);
        PGconn *own = scanner.scene.own;

        scanner_make_marks(&scanner, "timestamptz", 100);
        sql_exec(own,
                 "CREATE DOMAIN ms AS bigint; ALTER TABLE marks ALTER mark TYPE %s"
                 " USING (extract(epoch FROM mark) * 1000)::bigint;"
                 "CREATE INDEX due_index ON marks (mark)",
                 rows[i].column_type);
        sql_exec(own, "VACUUM ANALYZE marks");
        scanner_connect(&scanner);
        check_epoch_plans(&rows[i], &scanner);
        scanner_find_index(&scanner);
        ck_assert_str_eq(scanner.index.name, "public.due_index");
        scanner_end(&scanner);
    }
}
END_TEST

/* purge_batch() must not read a table of some hundred pages for a few thousand TIDs, which is what
 * the planner would do by itself. */
START_TEST(a_batch_of_tids_does_not_read_the_table)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMPTZ, "", MARKS_CUTOFF);

    scanner_make_marks(&scanner, "timestamptz", 1);
    sql_exec(scanner.scene.own, "ANALYZE marks");
    scanner_connect(&scanner);
    sql_exec(scanner.role, "BEGIN");
    ck_assert_int_eq(
        scanner_purge(&scanner, scanner_tids(&scanner, "mark IS NOT NULL AND id <= 6000")).rows,
        4000);
    ck_assert_int_eq(sql_int(scanner.role, "SELECT pg_stat_get_xact_numscans('marks'::regclass)"),
                     0);
    ck_assert_str_eq(sql_text(scanner.role, "SHOW enable_seqscan"), "on");
    sql_exec(scanner.role, "COMMIT");
    scanner_end(&scanner);
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
    struct scanner scanner = scanner_new(TIME_TIMESTAMP, "UTC", MARKS_CUTOFF);
    PGconn *own = scanner.scene.own;

    scanner_make_marks(&scanner, "timestamp", 10);
    scanner_connect(&scanner);
    scanner_find_index(&scanner);
    ck_assert(!scanner.index.serves);
    for (size_t i = 0; i < ARRAY_LENGTH(index_cases); i++) {
        sql_exec(own, "DROP INDEX IF EXISTS due_index; CREATE INDEX due_index ON marks %s",
                 index_cases[i].index);
        scanner_find_index(&scanner);
        ck_assert_msg(scanner.index.serves == index_cases[i].serves, "%s", index_cases[i].index);
    }
    scanner_end(&scanner);
}
END_TEST

START_TEST(an_index_that_is_not_valid_does_not_serve)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMP, "UTC", MARKS_CUTOFF);
    PGconn *own = scanner.scene.own;

    scanner_make_marks(&scanner, "timestamp", 10);
    sql_exec(own, "CREATE INDEX due_index ON marks (mark);"
                  "UPDATE pg_index SET indisvalid = false"
                  " WHERE indexrelid = 'due_index'::regclass");
    scanner_connect(&scanner);
    scanner_find_index(&scanner);
    ck_assert(!scanner.index.serves);
    scanner_end(&scanner);
}
END_TEST

START_TEST(correlation_and_the_smallest_of_several_indexes_are_known)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMP, "UTC", MARKS_CUTOFF);
    PGconn *own = scanner.scene.own;

    scanner_make_marks(&scanner, "timestamp", 1);
    sql_exec(own, "CREATE INDEX wide ON marks (mark, filler);"
                  "CREATE SCHEMA \"My shop\"; CREATE INDEX \"The index\" ON marks (mark)");
    scanner_connect(&scanner);
    scanner_find_index(&scanner);
    ck_assert_str_eq(scanner.index.name, "public.\"The index\"");
    ck_assert_double_eq(scanner.index.correlation, 0);
    sql_exec(own, "ANALYZE marks");
    scanner_find_index(&scanner);
    ck_assert_double_gt(scanner.index.correlation, 0.9);
    scanner_end(&scanner);
}
END_TEST

/* --- the probe --- */

START_TEST(probe_counts_due_rows_exactly_up_to_its_limit)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMPTZ, "", MARKS_CUTOFF);
    PGconn *own = scanner.scene.own;

    scanner_make_marks(&scanner, "timestamptz", 100);
    sql_exec(own, "CREATE INDEX due_index ON marks (mark);"
                  "INSERT INTO marks VALUES (-1, 'infinity'), (-2, '-infinity'), (-3, 'epoch'),"
                  " (-4, '9999-12-31'), (-5, NULL), (-6, '2026-08-01 00:00:00+00')");
    scanner_connect(&scanner);
    ck_assert_int_eq(scanner_probe(&scanner),
                     sql_int(own, "SELECT count(*) FROM marks WHERE mark > '1970-01-02'"
                                  " AND mark < '2026-08-01 00:00:00+00'"));
    sql_exec(own, "INSERT INTO marks SELECT i, timestamptz '2026-01-01'"
                  " FROM generate_series(100001, 200005) AS i");
    ck_assert_int_eq(scanner_probe(&scanner), CHOOSE_PROBE_ROWS);
    scanner_end(&scanner);
}
END_TEST
/* Pages that planning one statement looks at, once the catalog is known. */
static int64_t planning_pages(struct scanner *scanner, const char *execute)
{
    const char *plan = NULL, *at;

    for (int i = 0; i < 2; i++)
        plan = sql_text(scanner->role, "EXPLAIN (BUFFERS, FORMAT JSON) %s", execute);
    at = strstr(plan, "\"Planning\"");
    ck_assert_msg(at != NULL, "%s", plan);
    at = strstr(at, "\"Shared Hit Blocks\":");
    ck_assert_ptr_nonnull(at);
    return strtoll(at + strlen("\"Shared Hit Blocks\":"), NULL, 10);
}

/* To guess how many marks are beyond a bound, PostgreSQL would look up the least one in the index,
 * past all the entries of rows that are gone: then each batch took longer than the one before. */
START_TEST(planning_a_batch_does_not_read_what_earlier_batches_have_left_in_the_index)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMPTZ, "", "2026-08-01 00:00:00+00");

    sql_exec(scanner.scene.own,
             "CREATE TABLE marks (id bigint PRIMARY KEY, mark timestamptz, filler text);"
             "INSERT INTO marks SELECT i, timestamptz '2026-01-01' + i * interval '1 minute',"
             " repeat('x', 90) FROM generate_series(1, 30000) AS i;"
             "CREATE INDEX ON marks (mark)");
    sql_exec(scanner.scene.own, "VACUUM (FREEZE, ANALYZE) marks");
    scanner_connect(&scanner);
    sql_exec(scanner.scene.own, "DELETE FROM marks WHERE id < 25000");
    sql_exec(scanner.role, "PREPARE purge (tid, tid, timestamptz) AS %s", scanner.sql.delete_range);
    ck_assert_int_le(planning_pages(&scanner, "EXECUTE purge ('(400,0)', '(410,0)', '2026-08-01')"),
                     20);
    sql_exec(scanner.role, "PREPARE tids (tid, tid, timestamptz, tid[]) AS %s",
             scanner.sql.delete_tids);
    ck_assert_int_le(
        planning_pages(&scanner, "EXECUTE tids (NULL, NULL, '2026-08-01', '{\"(400,1)\"}')"), 20);
    scanner_end(&scanner);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_statement_is_planned_as_it_is_meant,
        an_epoch_is_compared_with_a_number_through_the_index_as_well,
        a_batch_of_tids_does_not_read_the_table,
        only_an_index_that_has_all_marked_rows_in_order_serves,
        an_index_that_is_not_valid_does_not_serve,
        correlation_and_the_smallest_of_several_indexes_are_known,
        probe_counts_due_rows_exactly_up_to_its_limit,
        planning_a_batch_does_not_read_what_earlier_batches_have_left_in_the_index,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
