/*
 * Why: a list of TIDs is old when its batch runs. What the index said of a row is judged once more
 * by the DELETE (promise R), and the audit row says exactly what is gone (promise A).
 */
#include <check.h>
#include <stdlib.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scanner.h"
#include "integration/session.h"

/* 20 due rows, ids 1 to 20, on pages of their own. */
static struct scanner twenty(void)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMPTZ, "", MARKS_CUTOFF);

    sql_exec(scanner.scene.own,
             "CREATE TABLE marks (id bigint, mark timestamptz, filler text)"
             "  WITH (fillfactor = 50);"
             "ALTER TABLE marks ALTER filler SET STORAGE plain;"
             "INSERT INTO marks SELECT i, '2026-01-01 00:00:00+00', repeat('x', 4000)"
             " FROM generate_series(1, 20) AS i");
    promises_watch(scanner.scene.own, "marks");
    scanner_connect(&scanner);
    return scanner;
}

START_TEST(audit_row_of_a_list_says_what_is_gone)
{
    struct scanner scanner = twenty();
    PGconn *own = scanner.scene.own;

    ck_assert_int_eq(scanner_purge(&scanner, scanner_tids(&scanner, "id IN (3, 4, 9)")).rows, 3);
    ck_assert_int_eq(scanner_purge(&scanner, "{}").rows, 0);
    ck_assert_int_eq(scanner_purge(&scanner, "{\"(0,77)\",\"(99999,1)\"}").rows, 0);
    ck_assert_int_eq(scanner_purge(&scanner, "{\"(0,1)\",\"(0,1)\"}").rows, 1);
    ck_assert_str_eq(sql_text(own,
                              "SELECT string_agg(concat_ws(' ', run, batch, job, relation ="
                              " 'marks'::regclass, partition, rows, cutoff = '%s', from_block,"
                              " to_block, elapsed_ms > 0), '; ' ORDER BY batch)"
                              " FROM pgpurged.audit",
                              MARKS_CUTOFF),
                     "1 1 marks t \"public\".\"marks\" 3 t 2 9 t; "
                     "1 4 marks t \"public\".\"marks\" 1 t 0 1 t");
    ck_assert_int_eq(promises_check(own, "marks", "id IN (1, 3, 4, 9)"), 4);
    scanner_end(&scanner);
}
END_TEST

START_TEST(rows_that_are_no_longer_due_stay_though_their_tid_is_in_the_list)
{
    struct scanner scanner = twenty();
    PGconn *own = scanner.scene.own;
    const char *list = scanner_tids(&scanner, "true");

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
    ck_assert_int_eq(scanner_purge(&scanner, list).rows, 17);
    ck_assert_str_eq(sql_text(own, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM marks"),
                     "2 20 101 102 103");
    ck_assert_int_eq(promises_check(own, "marks", "id NOT IN (2, 20)"), 17);
    scanner_end(&scanner);
}
END_TEST

/* Promise R: the DELETE waits for the lock and looks at the row again. */
START_TEST(a_row_restored_while_the_batch_waits_for_it_stays)
{
    struct scanner scanner = twenty();
    PGconn *own = scanner.scene.own, *other = scene_connect(&scanner.scene);
    int backend = PQbackendPID(scanner.role);
    PGresult *result;
    char *specification = scanner_specification(&scanner, BATCH_LIST, false);
    const char *values[] = {specification, scanner_tids(&scanner, "true")};

    sql_exec(other, "BEGIN; UPDATE marks SET mark = NULL WHERE id = 7");
    ck_assert(PQsendQueryParams(scanner.role,
                                "SELECT rows FROM pgpurged.purge_batch($1, 1, NULL, NULL, NULL, "
                                "NULL, NULL, $2::tid[], 100, 1000)",
                                ARRAY_LENGTH(values), NULL, values, NULL, NULL, 0));
    free(specification);
    await_sql(own,
              keep_format("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %d",
                          backend),
              AWAIT_MS);
    sql_exec(other, "COMMIT");
    result = PQgetResult(scanner.role);
    ck_assert_str_eq(PQgetvalue(result, 0, 0), "19");
    PQclear(result);
    ck_assert_ptr_null(PQgetResult(scanner.role));
    ck_assert_int_eq(sql_int(own, "SELECT id FROM marks"), 7);
    ck_assert_int_eq(promises_check(own, "marks", "id <> 7"), 19);
    PQfinish(other);
    scanner_end(&scanner);
}
END_TEST

START_TEST(locked_rows_are_skipped_and_counted)
{
    struct scanner scanner = twenty();
    PGconn *own = scanner.scene.own, *other = scene_connect(&scanner.scene);
    const char *list = scanner_tids(&scanner, "true");
    struct scanner_batch batch;

    sql_exec(other, "BEGIN; SELECT FROM marks WHERE id IN (5, 6) FOR UPDATE");
    sql_exec(scanner.role, "SET lock_timeout = '50ms'");
    batch = scanner_purge_limited(&scanner, list, false, 100);
    ck_assert_str_eq(batch.sqlstate, "55P03");
    batch = scanner_purge_limited(&scanner, list, true, 100);
    ck_assert_str_eq(batch.sqlstate, "00000");
    ck_assert_int_eq(batch.rows, 18);
    ck_assert_int_eq(batch.skipped, 2);
    sql_exec(other, "ROLLBACK");
    batch = scanner_purge_limited(&scanner, list, true, 100);
    ck_assert_int_eq(batch.rows, 2);
    ck_assert_int_eq(batch.skipped, 0);
    ck_assert_int_eq(promises_check(own, "marks", "true"), 20);
    PQfinish(other);
    scanner_end(&scanner);
}
END_TEST

START_TEST(a_batch_beyond_its_limits_deletes_nothing)
{
    struct scanner scanner = twenty();
    PGconn *own = scanner.scene.own;
    const char *list = scanner_tids(&scanner, "true");

    ck_assert_str_eq(scanner_purge_limited(&scanner, list, false, 19).sqlstate, "PU005");
    scanner.relation++;
    ck_assert_str_eq(scanner_purge(&scanner, list).sqlstate, "PU004");
    scanner.relation--;
    sql_exec(own, "REVOKE INSERT ON pgpurged.audit FROM pgpurged");
    ck_assert_str_eq(scanner_purge(&scanner, list).sqlstate, "42501");
    ck_assert_int_eq(promises_check(own, "marks", "true"), 0);
    scanner_end(&scanner);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        audit_row_of_a_list_says_what_is_gone,
        rows_that_are_no_longer_due_stay_though_their_tid_is_in_the_list,
        a_row_restored_while_the_batch_waits_for_it_stays,
        locked_rows_are_skipped_and_counted,
        a_batch_beyond_its_limits_deletes_nothing,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
