/*
 * Why: "17 rows are rejected" is a question, and the answer must be there for whoever asks at 3
 * a.m. or a month later: which constraint, which trigger, how many each. Status, metrics and the
 * run's record must agree, they must agree with the rows, and none of it may get lost in a restart.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/served.h"
#include "integration/session.h"

enum { ROWS = 400, DUE = ROWS / 2 };

/* Due rows of a scene, by what keeps each: 3, 4, 2, 1 and 2 of them. */
#define REFERRED "1, 2, 397"
#define RAISING  "5, 78, 301, 302"
#define SILENT   "9, 390"
#define DIVIDING "50"
#define NOTED    "201, 202"

enum { REJECTED = 12 };

static void add_stubborn_orders(struct scene *scene)
{
    scene_add_orders(scene, ROWS);
    sql_exec(scene->own,
             "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  IF OLD.id IN (" RAISING ") THEN RAISE 'kept for the auditors'; END IF;"
             "  IF OLD.id IN (" SILENT ") THEN RETURN NULL; END IF;"
             "  PERFORM 1 / (OLD.id <> " DIVIDING ")::int;"
             "  RETURN OLD; END $$;"
             "CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION keep();"
             "CREATE TABLE lines (order_id bigint REFERENCES orders);"
             "INSERT INTO lines SELECT unnest(ARRAY[" REFERRED "]);"
             "CREATE TABLE notes (order_id bigint REFERENCES orders ON DELETE SET NULL,"
             "  CONSTRAINT notes_of_orders CHECK (order_id IS NOT NULL));"
             "INSERT INTO notes SELECT unnest(ARRAY[" NOTED "]);"
             "GRANT SELECT ON lines, notes TO pgpurged");
}

static const struct expected {
    const char *reason;
    int rows;
    const char *told; /* by name, code or message */
} expected[] = {
    {"foreign_key", 3, "lines_order_id_fkey on public.lines"},
    {"constraint", 2, "notes_of_orders on public.notes"},
    {"trigger", 2, "keep"},
    {"exception", 4, "kept for the auditors"},
    {"data", 1, "division by zero"},
    {"uncounted", 0, ""},
    {"too_slow", 0, ""},
    {"other", 0, ""},
};

static bool tells(const struct rejected_by *by, const char *told)
{
    const char *texts[] = {by->name, by->sqlstate, by->message};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        if (texts[i] != NULL && strstr(texts[i], told) != NULL)
            return true;
    return told[0] == '\0';
}

static void assert_told(const struct rejected_list *list, const struct expected *row)
{
    int64_t rows = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct rejected_by *by = &list->items[i];

        if (!text_equal(rejected_reason_code(by->reason), row->reason))
            continue;
        rows += by->rows;
        ck_assert_msg(tells(by, row->told), "%s: nothing of %s", row->reason, row->told);
    }
    ck_assert_msg(rows == row->rows, "%s: %lld, not %d", row->reason, (long long)rows, row->rows);
}

static void assert_status(const struct served *served)
{
    struct snapshot *snapshot = served_status(served);
    const struct last_run_view *last = &snapshot->jobs[0].last_run;

    ck_assert(last->present);
    ck_assert_int_eq(last->rejected_rows, REJECTED);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
        assert_told(&last->rejected_by, &expected[i]);
    snapshot_free(snapshot);
}

/* The gauge says what is so, the counter what the runs since the start have met. */
static void assert_metrics(const struct served *served, bool counted)
{
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        const char *labels =
            keep_format("{job_name=\"orders\",database=\"d\",reason=\"%s\"}", expected[i].reason);
        double now = served_metric(served, keep_format("pgpurged_job_rejected_rows%s", labels));
        double total =
            served_metric(served, keep_format("pgpurged_job_rows_rejected_total%s", labels));

        ck_assert_msg(now == expected[i].rows, "%s: %f", labels, now);
        ck_assert_msg(total == (counted ? expected[i].rows : 0), "%s: %f", labels, total);
    }
}

static const char *record_of(const struct scene *scene)
{
    return sql_text(scene->own,
                    "SELECT concat(outcome, ' ', rejected, ': ', (SELECT string_agg(concat("
                    " b ->> 'reason', ' ', b ->> 'rows', ' ', b ->> 'sqlstate'), ', ' ORDER BY n)"
                    " FROM jsonb_array_elements(rejected_by) WITH ORDINALITY AS a (b, n)))"
                    " FROM pgpurged.runs");
}

START_TEST(rows_that_are_rejected_for_five_reasons_are_told_apart_in_status_metrics_and_record)
{
    struct served served = served_new();
    const char *config;

    add_stubborn_orders(&served.scene);
    config = served_config(&served, "", scene_job("every = 1d\nvacuum = never"));
    served_start(&served, config);
    scene_await_run(&served.scene, "orders", "incomplete");
    served_await(&served, "orders", "waiting", "not_due");
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), DUE - REJECTED);
    ck_assert_int_eq(scene_due(&served.scene), REJECTED);
    ck_assert_str_eq(record_of(&served.scene),
                     "incomplete 12: exception 4 P0001, foreign_key 3 , constraint 2 23514, "
                     "trigger 2 , data 1 22012");
    assert_status(&served);
    assert_metrics(&served, true);

    daemon_stop(&served.daemon);
    served_start(&served, config);
    served_await(&served, "orders", "waiting", "not_due");
    assert_status(&served);
    assert_metrics(&served, false);
    served_end(&served);
}
END_TEST

START_TEST(rows_that_go_after_all_are_rejected_no_more)
{
    struct served served = served_new();

    add_stubborn_orders(&served.scene);
    served_start(&served, served_config(&served, "", scene_job("every = 1s\nvacuum = never")));
    scene_await_run(&served.scene, "orders", "incomplete");
    sql_exec(served.scene.own, "DELETE FROM notes; DELETE FROM lines; DROP TRIGGER keep ON orders");
    await_sql(served.scene.own, "SELECT count(*) >= 2 FROM pgpurged.runs WHERE outcome = 'done'",
              AWAIT_MS);
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), DUE);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
        ck_assert(
            served_metric(&served, keep_format("pgpurged_job_rejected_rows{job_name=\"orders\","
                                               "database=\"d\",reason=\"%s\"}",
                                               expected[i].reason)) == 0);
    served_end(&served);
}
END_TEST

/* Whoever looks while a run is at work, or held in the middle of it, sees what it has met so far.
 */
START_TEST(a_run_under_way_says_what_it_has_met)
{
    struct served served = served_new();
    const struct run_view *run;
    struct snapshot *snapshot;

    scene_add_orders(&served.scene, ROWS);
    sql_exec(served.scene.own, "CREATE TABLE lines (order_id bigint REFERENCES orders);"
                               "INSERT INTO lines SELECT unnest(ARRAY[1, 2, 397]);"
                               "GRANT SELECT ON lines TO pgpurged");
    gate_close(&served.scene, 4);
    served_start(&served, served_config(&served, "", scene_job("batch_rows = 20\nscan = heap")));
    gate_await(&served.scene);
    snapshot = served_status(&served);
    run = &snapshot->jobs[0].run;
    ck_assert(run->present);
    ck_assert_int_eq(run->rejected_rows, 2);
    ck_assert_uint_eq(run->rejected_by.count, 1);
    ck_assert_int_eq(run->rejected_by.items[0].rows, 2);
    ck_assert_str_eq(run->rejected_by.items[0].name, "lines_order_id_fkey on public.lines");
    snapshot_free(snapshot);

    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/pause").status, 200);
    gate_open(&served.scene);
    served_await(&served, "orders", "held", "paused");
    ck_assert_str_eq(sql_text(served.scene.own,
                              "SELECT concat(ended_at, rejected, ' ', rejected_by -> 0 ->> 'name')"
                              " FROM pgpurged.runs"),
                     "2 lines_order_id_fkey on public.lines");
    served_end(&served);
}
END_TEST

/* A message that is cut in the middle of a character would be refused with the whole record, and
 * the run could never be closed. */
START_TEST(a_long_message_in_any_language_does_not_keep_a_run_open)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own,
             "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  IF OLD.id = 78 THEN RAISE '%%', repeat('\303\244', 1000); END IF;"
             "  IF OLD.id = 301 THEN RAISE '%%', repeat('x\303\244', 1000); END IF;"
             "  IF OLD.id = 302 THEN RAISE '%%', repeat('xx\342\202\254', 1000); END IF;"
             "  IF OLD.id = 305 THEN RAISE '%%', repeat('\342\202\254', 1000); END IF;"
             "  RETURN OLD; END $$;"
             "CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION keep()");
    scene_once(scene_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE - 4);
    ck_assert_str_eq(sql_text(scene.own,
                              "SELECT concat(outcome, ' ', rejected, ' ', detail LIKE"
                              " '1 rejected by \"%%', ' ', jsonb_array_length(rejected_by))"
                              " FROM pgpurged.runs"),
                     "incomplete 4 t 4");
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs,"
                                        " jsonb_array_elements(rejected_by) AS b WHERE"
                                        " b ->> 'message' ~ '^(x?x?[\303\244\342\202\254])+x?x?$'"),
                     4);
    scene_end(&scene);
}
END_TEST

/* 40 of them: as many as have room by themselves, and one entry for all others. */
START_TEST(a_message_of_its_own_for_each_row_fills_no_record)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own, "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                        "  IF OLD.id <= 80 THEN RAISE 'order %% is kept', OLD.id; END IF;"
                        "  RETURN OLD; END $$;"
                        "CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW"
                        " EXECUTE FUNCTION keep()");
    scene_once(scene_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE - 40);
    ck_assert_str_eq(sql_text(scene.own,
                              "SELECT concat(rejected, ' ', count(*), ' ', sum((b ->>"
                              " 'rows')::int), ' ', max((b ->> 'rows')::int))"
                              " FROM pgpurged.runs, jsonb_array_elements(rejected_by) AS b"
                              " GROUP BY rejected"),
                     "40 21 40 20");
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rows_that_are_rejected_for_five_reasons_are_told_apart_in_status_metrics_and_record,
        rows_that_go_after_all_are_rejected_no_more,
        a_run_under_way_says_what_it_has_met,
        a_long_message_in_any_language_does_not_keep_a_run_open,
        a_message_of_its_own_for_each_row_fills_no_record,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
