/*
 * Why: what happens to a due row is a seam. This test has an action of its own, which scrubs rows
 * instead of deleting them, and purges a table with it through the engine's own batch: the rows are
 * found, changed, judged once more under their lock, and accounted like every other (promises A and
 * R).
 */
#include <check.h>
#include <stdlib.h>

#include "base/text.h"
#include "engine/batch.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/scanner.h"
#include "integration/session.h"
#include "sql/action.h"
#include "sql/quote.h"

/* --- the action: all that a new one needs --- */

static char *scrub_rows(const struct sql_target *target, const char *relation,
                        const char *condition)
{
    char *mark = sql_identifier(target->column);
    char *sql = text_format("UPDATE ONLY %s AS t SET %s = NULL, filler = 'scrubbed'\n"
                            " WHERE %s",
                            relation, mark, condition);

    free(mark);
    return sql;
}

static const struct action scrub = {
    .name = "scrub",
    .privileges = "SELECT, UPDATE",
    .statement = scrub_rows,
};

/* --- a table that is purged with it --- */

#define LIVE_BEFORE "SELECT count(*) FROM marks WHERE mark >= timestamptz '" MARKS_CUTOFF "'"

/* 60 rows: 30 due, 20 live, 10 without a mark. */
static struct scanner sixty(void)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMPTZ, "", MARKS_CUTOFF);
    struct sql_target target = {.schema = "public",
                                .table = "marks",
                                .column = "mark",
                                .type = TIME_TIMESTAMPTZ,
                                .action = &scrub};

    sql_statements_free(&scanner.sql);
    scanner.sql = sql_statements_for(&target);
    sql_exec(scanner.scene.own,
             "CREATE TABLE marks (id bigint, mark timestamptz, filler text);"
             "INSERT INTO marks SELECT i, CASE WHEN i <= 30 THEN timestamptz '2026-01-01'"
             " WHEN i <= 50 THEN timestamptz '2026-09-01' END, 'x'"
             " FROM generate_series(1, 60) AS i");
    scanner_connect(&scanner);
    sql_exec(scanner.scene.own,
             "REVOKE DELETE ON marks FROM pgpurged; GRANT %s ON marks TO pgpurged",
             scrub.privileges);
    return scanner;
}

struct waiting {
    struct loop *loop;
    struct batch_result result;
};

static void purged(void *arg, const struct batch_result *result)
{
    struct waiting *waiting = arg;

    ck_assert_msg(result->outcome == BATCH_COMMITTED, "%s", result->error->message);
    waiting->result = *result;
    loop_stop(waiting->loop);
}

/* One batch, as a run sends it; `list` NULL = of the whole table. Returns its rows. */
static int64_t purge(struct scanner *scanner, const char *list, bool skip_locked)
{
    static char name[] = "marks";
    struct waiting waiting = {.loop = scanner->loop};
    struct job_settings job = {
        .name = name, .lock_timeout_ms = 1000, .statement_timeout_ms = AWAIT_MS};
    struct batch_order order = {
        .settings = &job,
        .statements = &scanner->sql,
        .root = scanner->relation,
        .relation = scanner->relation,
        .run = 1,
        .number = ++scanner->batch,
        .cutoff = scanner->cutoff,
        .policy = "a hash",
        .range = {{0, 0}, {100, 0}},
        .step = {.chunk_blocks = 10, .max_rows = 1000, .budget_ms = AWAIT_MS},
        .tids = list,
        .skip_locked = skip_locked,
        .expected_clock = wall_now(),
    };
    struct batch *batch = batch_send(scanner->pg, &order, purged, &waiting);

    loop_run(scanner->loop);
    batch_free(batch);
    return waiting.result.rows;
}

/* Promise A: rows changed, rows accounted, under the action's own name. */
static void assert_scrubbed(PGconn *own, int rows)
{
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM marks WHERE filler = 'scrubbed'"), rows);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM marks"), 60);
    ck_assert_int_eq(sql_int(own, LIVE_BEFORE), 20);
    ck_assert_int_eq(sql_int(own, "SELECT sum(rows) FROM pgpurged.audit WHERE action = 'scrub'"
                                  " AND relation = 'marks'::regclass AND job = 'marks'"),
                     rows);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.audit WHERE action <> 'scrub'"),
                     0);
}

START_TEST(a_batch_of_a_range_does_what_another_action_says)
{
    struct scanner scanner = sixty();

    ck_assert_int_eq(purge(&scanner, NULL, false), 30);
    ck_assert_int_eq(purge(&scanner, NULL, false), 0);
    assert_scrubbed(scanner.scene.own, 30);
    scanner_end(&scanner);
}
END_TEST

START_TEST(a_batch_of_a_list_does_it_to_due_rows_only)
{
    struct scanner scanner = sixty();

    ck_assert_int_eq(purge(&scanner, scanner_tids(&scanner, "id BETWEEN 21 AND 60"), false), 10);
    assert_scrubbed(scanner.scene.own, 10);
    scanner_end(&scanner);
}
END_TEST

START_TEST(rows_that_others_have_locked_are_skipped_by_another_action_as_well)
{
    struct scanner scanner = sixty();
    PGconn *other = scene_connect(&scanner.scene);

    sql_exec(other, "BEGIN; SELECT FROM marks WHERE id <= 7 FOR UPDATE");
    ck_assert_int_eq(purge(&scanner, NULL, true), 23);
    assert_scrubbed(scanner.scene.own, 23);
    PQfinish(other);
    scanner_end(&scanner);
}
END_TEST

/* Promise R: the application restores a row while the batch waits for its lock. */
START_TEST(a_row_restored_while_another_action_waits_for_it_stays_as_it_is)
{
    struct scanner scanner = sixty();
    PGconn *own = scanner.scene.own, *other = scene_connect(&scanner.scene);
    char *specification = scanner_specification(&scanner, BATCH_RANGE, false);
    const char *values[] = {specification};

    sql_exec(other, "BEGIN; UPDATE marks SET mark = NULL WHERE id = 3");
    ck_assert(PQsendQueryParams(
        scanner.role, "SELECT pgpurged.purge_batch($1, 1, 0, 0, 100, 0, 10, NULL, 1000, 60000)",
        ARRAY_LENGTH(values), NULL, values, NULL, NULL, 0));
    await_sql(own,
              keep_format("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %d",
                          PQbackendPID(scanner.role)),
              AWAIT_MS);
    sql_exec(other, "COMMIT");
    PQclear(PQgetResult(scanner.role));
    ck_assert_ptr_null(PQgetResult(scanner.role));
    assert_scrubbed(own, 29);
    ck_assert_str_eq(sql_text(own, "SELECT filler FROM marks WHERE id = 3"), "x");
    free(specification);
    PQfinish(other);
    scanner_end(&scanner);
}
END_TEST

/* A new audit value is one key of the specification and one column of the audit table. */
START_TEST(a_key_of_the_specification_fills_the_column_of_its_name)
{
    struct scanner scanner = sixty();
    char *specification = scanner_specification(&scanner, BATCH_RANGE, false);
    const char *values[] = {keep_format("{\"ticket\":\"CASE-7\",%s", specification + 1)};

    sql_exec(scanner.scene.own, "ALTER TABLE pgpurged.audit ADD COLUMN ticket text");
    PQclear(scanner_query(scanner.role,
                          "SELECT pgpurged.purge_batch($1, 1, 0, 0, 100, 0, 10, NULL, 1000, 60000)",
                          values, ARRAY_LENGTH(values)));
    ck_assert_str_eq(sql_text(scanner.scene.own, "SELECT concat(rows, ' ', ticket) FROM"
                                                 " pgpurged.audit"),
                     "30 CASE-7");
    free(specification);
    scanner_end(&scanner);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_batch_of_a_range_does_what_another_action_says,
        a_batch_of_a_list_does_it_to_due_rows_only,
        rows_that_others_have_locked_are_skipped_by_another_action_as_well,
        a_row_restored_while_another_action_waits_for_it_stays_as_it_is,
        a_key_of_the_specification_fills_the_column_of_its_name,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
