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
static struct scaner twenty(void)
{
    struct scaner scaner = scaner_new(TIME_TIMESTAMPTZ, "", MARKS_CUTOFF);

    sql_exec(scaner.scene.own,
             "CREATE TABLE marks (id bigint, mark timestamptz, filler text)"
             "  WITH (fillfactor = 50);"
             "ALTER TABLE marks ALTER filler SET STORAGE plain;"
             "INSERT INTO marks SELECT i, '2026-01-01 00:00:00+00', repeat('x', 4000)"
             " FROM generate_series(1, 20) AS i");
    promises_watch(scaner.scene.own, "marks");
    scaner_connect(&scaner);
    return scaner;
}

START_TEST(audit_row_of_a_list_says_what_is_gone)
{
    struct scaner scaner = twenty();
    PGconn *own = scaner.scene.own;

    ck_assert_int_eq(scaner_purge(&scaner, scaner_tids(&scaner, "id IN (3, 4, 9)")).rows, 3);
    ck_assert_int_eq(scaner_purge(&scaner, "{}").rows, 0);
    ck_assert_int_eq(scaner_purge(&scaner, "{\"(0,77)\",\"(99999,1)\"}").rows, 0);
    ck_assert_int_eq(scaner_purge(&scaner, "{\"(0,1)\",\"(0,1)\"}").rows, 1);
    ck_assert_str_eq(sql_text(own,
                              "SELECT string_agg(concat_ws(' ', run, batch, job, relation ="
                              " 'marks'::regclass, partition, rows, cutoff = '%s', from_block,"
                              " to_block, elapsed_ms > 0), '; ' ORDER BY batch)"
                              " FROM pgpurged.audit",
                              MARKS_CUTOFF),
                     "1 1 marks t \"public\".\"marks\" 3 t 2 9 t; "
                     "1 4 marks t \"public\".\"marks\" 1 t 0 1 t");
    ck_assert_int_eq(promises_check(own, "marks", "id IN (1, 3, 4, 9)"), 4);
    scaner_end(&scaner);
}
END_TEST

START_TEST(rows_that_are_no_longer_due_stay_though_their_tid_is_in_the_list)
{
    struct scaner scaner = twenty();
    PGconn *own = scaner.scene.own;
    const char *list = scaner_tids(&scaner, "true");

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
    ck_assert_int_eq(scaner_purge(&scaner, list).rows, 17);
    ck_assert_str_eq(sql_text(own, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM marks"),
                     "2 20 101 102 103");
    ck_assert_int_eq(promises_check(own, "marks", "id NOT IN (2, 20)"), 17);
    scaner_end(&scaner);
}
END_TEST

/* Promise R: the DELETE waits for the lock and looks at the row again. */
START_TEST(a_row_restored_while_the_batch_waits_for_it_stays)
{
    struct scaner scaner = twenty();
    PGconn *own = scaner.scene.own, *other = scene_connect(&scaner.scene);
    int backend = PQbackendPID(scaner.role);
    PGresult *result;
    char *specification = scaner_specification(&scaner, BATCH_LIST, false);
    const char *values[] = {specification, scaner_tids(&scaner, "true")};

    sql_exec(other, "BEGIN; UPDATE marks SET mark = NULL WHERE id = 7");
    ck_assert(PQsendQueryParams(scaner.role,
                                "SELECT rows FROM pgpurged.purge_batch($1, 1, NULL, NULL, NULL, "
                                "NULL, NULL, $2::tid[], 100, 1000)",
                                ARRAY_LENGTH(values), NULL, values, NULL, NULL, 0));
    free(specification);
    await_sql(own,
              keep_format("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %d",
                          backend),
              AWAIT_MS);
    sql_exec(other, "COMMIT");
    result = PQgetResult(scaner.role);
    ck_assert_str_eq(PQgetvalue(result, 0, 0), "19");
    PQclear(result);
    ck_assert_ptr_null(PQgetResult(scaner.role));
    ck_assert_int_eq(sql_int(own, "SELECT id FROM marks"), 7);
    ck_assert_int_eq(promises_check(own, "marks", "id <> 7"), 19);
    PQfinish(other);
    scaner_end(&scaner);
}
END_TEST

START_TEST(locked_rows_are_skipped_and_counted)
{
    struct scaner scaner = twenty();
    PGconn *own = scaner.scene.own, *other = scene_connect(&scaner.scene);
    const char *list = scaner_tids(&scaner, "true");
    struct scaner_batch batch;

    sql_exec(other, "BEGIN; SELECT FROM marks WHERE id IN (5, 6) FOR UPDATE");
    sql_exec(scaner.role, "SET lock_timeout = '50ms'");
    batch = scaner_purge_limited(&scaner, list, false, 100);
    ck_assert_str_eq(batch.sqlstate, "55P03");
    batch = scaner_purge_limited(&scaner, list, true, 100);
    ck_assert_str_eq(batch.sqlstate, "00000");
    ck_assert_int_eq(batch.rows, 18);
    ck_assert_int_eq(batch.skipped, 2);
    sql_exec(other, "ROLLBACK");
    batch = scaner_purge_limited(&scaner, list, true, 100);
    ck_assert_int_eq(batch.rows, 2);
    ck_assert_int_eq(batch.skipped, 0);
    ck_assert_int_eq(promises_check(own, "marks", "true"), 20);
    PQfinish(other);
    scaner_end(&scaner);
}
END_TEST

START_TEST(a_batch_beyond_its_limits_deletes_nothing)
{
    struct scaner scaner = twenty();
    PGconn *own = scaner.scene.own;
    const char *list = scaner_tids(&scaner, "true");

    ck_assert_str_eq(scaner_purge_limited(&scaner, list, false, 19).sqlstate, "PU005");
    scaner.relation++;
    ck_assert_str_eq(scaner_purge(&scaner, list).sqlstate, "PU004");
    scaner.relation--;
    sql_exec(own, "REVOKE INSERT ON pgpurged.audit FROM pgpurged");
    ck_assert_str_eq(scaner_purge(&scaner, list).sqlstate, "42501");
    ck_assert_int_eq(promises_check(own, "marks", "true"), 0);
    scaner_end(&scaner);
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
