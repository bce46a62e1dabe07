/*
 * Why: a plan that says how much is due and not what will go wrong is half a plan. Whatever is
 * missing, in the way or better done otherwise is named beforehand, all of it at once; and what the
 * plan says to run is run here, and has to help.
 */
#include <check.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "integration/events.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/plans.h"
#include "integration/scene.h"
#include "integration/session.h"

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
    plan = plans_read(config, NULL, 1);
    plans_check_note(plan, "grants", "GRANT USAGE ON SCHEMA \"Old Shop\" TO pgpurged");
    plans_check_note(plan, "grants", "GRANT SELECT, DELETE ON \"Old Shop\".\"order\" TO pgpurged");
    plans_check_note(plan, "grants",
                     "GRANT UPDATE (\"deletedAt\") ON \"Old Shop\".\"order\" TO pgpurged");
    plans_check_note(plan, "grants", "GRANT pg_monitor TO pgpurged");
    ck_assert_ptr_nonnull(strstr(plans_text(plan, "refused"), "may not use schema"));
    plans_run_notes(scene.own, plan, "grants");
    plan = plans_read(config, NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "grants")), 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "risks")), 0);
    sql_exec(scene.own, "REVOKE pg_monitor FROM pgpurged");
    scene_end(&scene);
}
END_TEST

/* People sort the statements line by line before they paste them. */
START_TEST(a_grant_that_would_not_survive_sorting_by_lines_is_not_shown)
{
    struct scene scene = scene_new();
    json_t *plan, *note;
    size_t i;

    sql_exec(scene.own,
             "CREATE TABLE orders (id int, deleted_at timestamptz) PARTITION BY RANGE (id);"
             "CREATE TABLE \"o\nALTER ROLE pgpurged SUPERUSER;\" PARTITION OF orders DEFAULT;"
             "GRANT SELECT, DELETE ON orders TO pgpurged");
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    plans_check_note(plan, "grants", "1 partition: needed; no statement is shown");
    json_array_foreach(plans_at(plan, "grants"), i, note)
        ck_assert_ptr_null(strchr(plans_text(note, "sql"), '\n'));
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
    plan = plans_read(scene_config(&scene, "flag = gone\n"), NULL, 0);
    ck_assert_int_eq(plans_number(plan, "due.rows"),
                     sql_int(scene.own, "SELECT count(*) FROM orders WHERE gone AND " SCENE_DUE));
    ck_assert_int_eq(plans_number(plan, "due.undated_rows"), 10);
    ck_assert(
        json_is_null(plans_at(plans_read(scene_config(&scene, ""), NULL, 0), "due.undated_rows")));
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
    plan = plans_read(config, NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "hints")), 4);
    plans_check_note(
        plan, "hints",
        "CREATE INDEX CONCURRENTLY ON public.orders (customer) WHERE deleted_at IS NULL");
    plans_check_note(
        plan, "hints",
        "CREATE UNIQUE INDEX CONCURRENTLY ON public.orders (number) WHERE deleted_at IS "
        "NULL;\nALTER TABLE public.orders DROP CONSTRAINT orders_number_key");
    plans_check_note(
        plan, "hints",
        "CREATE UNIQUE INDEX CONCURRENTLY ON public.orders ((number || 'x'::text), customer)"
        " WHERE deleted_at IS NULL;\nDROP INDEX CONCURRENTLY public.orders_odd");
    plans_check_note(
        plan, "hints",
        "CREATE INDEX CONCURRENTLY ON public.orders (deleted_at) WHERE deleted_at IS NOT "
        "NULL");
    plans_run_notes(scene.own, plan, "hints");
    plan = plans_read(config, NULL, 0);
    ck_assert_msg(json_array_size(plans_at(plan, "hints")) == 0, "%s",
                  json_dumps(plans_at(plan, "hints"), 0));
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
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "hints")), 0);
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
    plan = plans_read(
        scene_config(&scene, "children = cascade\nchildren_unindexed = notes_order\n"), NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "references")), 4);
    plans_check_note(plan, "references",
                     "items_order of public.items (CASCADE): rows that refer to due "
                     "ones go first, as level 1");
    plans_check_note(plan, "references",
                     "parts_item of public.parts (CASCADE): rows that refer to due "
                     "ones go first, as level 2");
    plans_check_note(plan, "references",
                     "notes_order of public.notes (NO ACTION, about 20,000 rows): "
                     "rows that it refers to stay, and count as rejected; no index "
                     "serves it");
    plans_check_note(plan, "references",
                     "visits_order of public.visits (SET NULL): the server changes "
                     "rows that refer to what goes");
    plans_run_notes(scene.own, plan, "references");
    ck_assert_ptr_null(
        plans_note(plans_read(scene_config(&scene, ""), NULL, 0), "references", "parts_item"));
    plan = plans_read(scene_config(&scene, "children = cascade\n"), NULL, 0);
    ck_assert_ptr_null(plans_note(plan, "references", "no index"));
    scene_end(&scene);
}
END_TEST

START_TEST(a_job_that_is_refused_for_what_refers_to_it_still_shows_what_is_due)
{
    struct scene scene = scene_new();
    json_t *plan;

    make_family(&scene);
    plan = plans_read(scene_config(&scene, ""), NULL, 1);
    ck_assert_ptr_nonnull(strstr(plans_text(plan, "refused"), "notes_order"));
    plans_check_note(plan, "references", "no index serves it");
    ck_assert_int_eq(plans_number(plan, "due.rows"), scene_due(&scene));
    ck_assert(json_is_null(plans_at(plan, "sql")));
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
    plan = plans_read(scene_config(&scene, "children = cascade\n"), NULL, 1);
    plans_check_note(plan, "grants", "may not read and delete rows of public.items: needed");
    plans_check_note(plan, "grants", "GRANT SELECT, DELETE ON public.items TO pgpurged");
    plans_check_note(plan, "grants", "GRANT SELECT, DELETE ON public.parts TO pgpurged");
    plans_check_note(plan, "grants", "GRANT SELECT ON public.notes TO pgpurged");
    sql_exec(scene.own, "GRANT SELECT, DELETE ON items, parts TO pgpurged;"
                        "GRANT SELECT ON notes TO pgpurged");
    plan = plans_read(scene_config(&scene, "children = cascade\n"), NULL, 1);
    plans_check_note(plan, "grants", "GRANT UPDATE (\"order_id\") ON public.items TO pgpurged");
    sql_exec(scene.own, "REVOKE UPDATE ON orders FROM pgpurged");
    plan = plans_read(scene_config(&scene, "children = cascade\n"), NULL, 1);
    plans_check_note(plan, "grants",
                     "may not lock rows of public.orders, so that one could be restored");
    plans_run_notes(scene.own, plan, "grants");
    plans_read(scene_config(&scene, "children = cascade\n"), NULL, 0);
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
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "triggers")), 2);
    plans_check_note(plan, "triggers", "a_keeper: before each row, public.f, which may keep rows");
    plans_check_note(plan, "triggers", "b_log: after each statement, public.f");
    scene_end(&scene);
}
END_TEST

/* Whoever partitions by inheritance would wait in vain for the rows of the inheritance_children to
 * go. */
START_TEST(tables_that_inherit_from_it_are_a_risk)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "CREATE TABLE \"Old orders\" () INHERITS (orders);");
    plans_check_note(plans_read(scene_config(&scene, ""), NULL, 0), "risks",
                     "1 table inherits from it (public.\"Old orders\"): their rows are not purged");
    sql_exec(scene.own, "CREATE TABLE older () INHERITS (orders);");
    plans_check_note(plans_read(scene_config(&scene, ""), NULL, 0), "risks",
                     "2 tables inherit from it (public.\"Old orders\", ...)");
    scene_end(&scene);
}
END_TEST

START_TEST(a_statement_trigger_of_a_partitioned_table_is_said_not_to_fire)
{
    struct scene scene = events_of(2);
    json_t *plan;

    sql_exec(scene.own, "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
                        " 'BEGIN RETURN OLD; END';"
                        "CREATE TRIGGER a_row AFTER DELETE ON ev FOR EACH ROW EXECUTE FUNCTION f();"
                        "CREATE TRIGGER b_log AFTER DELETE ON ev EXECUTE FUNCTION f();"
                        "CREATE TRIGGER c_partition AFTER DELETE ON ev_1 EXECUTE FUNCTION f();");
    plan = plans_read(events_config(&scene, "non_firing_triggers = b_log"), NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "triggers")), 3);
    plans_check_note(plan, "triggers", "a_row: after each row, public.f");
    plans_check_note(plan, "triggers",
                     "b_log: after each statement, public.f, which does not fire: each DELETE "
                     "names a partition");
    plans_check_note(plan, "triggers", "c_partition: after each statement, public.f");
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
    plan = plans_read(scene_config(&scene, ""), NULL, row->code);
    ck_assert_msg((plans_note(plan, "risks", pid) != NULL) == row->is_seen, "%s", row->locks);
    sql_exec(application, "ROLLBACK");
    PQfinish(application);
    scene_end(&scene);
}

START_TEST(a_prepared_transaction_that_shuts_batches_out_is_named)
{
    struct scene scene = scene_new();
    json_t *plan;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "BEGIN; LOCK TABLE orders IN SHARE MODE; UPDATE orders SET filler = 'y'"
                        " WHERE id = 1; PREPARE TRANSACTION 'forgotten'");
    plan = plans_read(scene_config(&scene, ""), NULL, 0);
    ck_assert_uint_eq(json_array_size(plans_at(plan, "risks")), 1);
    plans_check_note(plan, "risks",
                     "prepared transaction forgotten holds ShareLock on the table, since ");
    sql_exec(scene.own, "ROLLBACK PREPARED 'forgotten'");
    scene_end(&scene);
}
END_TEST

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
    plans_check_note(
        plans_read(config, NULL, 0), "risks",
        "about 1,000 of the due rows stay, by statistics: rows of public.lines refer to "
        "them");
    scene_once(config, 3);
    ck_assert_int_eq(scene_due(&scene), 1000);
    plan = plans_read(config, NULL, 0); /* now it is known, and no guess any more */
    plans_check_note(plan, "risks", "the last run has left 1000 rejected rows");
    ck_assert_ptr_null(plans_note(plan, "risks", "by statistics"));
    ck_assert_ptr_null(plans_note(plans_read(scene_config(&scene, "children = delete\n"), NULL, 0),
                                  "risks", "of the due rows stay"));
    plan = plans_read(scene_config_of(&scene, "[job t]\ntable = threads\n"
                                              "expires = deleted_at + 30d\n"),
                      NULL, 0);
    plans_check_note(plan, "references", "rows that others of the table refer to go after these");
    scene_end(&scene);
}
END_TEST

START_TEST(rows_that_the_last_run_has_left_rejected_are_named)
{
    struct scene scene = scene_new();
    const char *config;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "CREATE TABLE lines (order_id bigint REFERENCES orders);"
                        "INSERT INTO lines VALUES (5); CREATE INDEX ON lines (order_id);"
                        "GRANT SELECT ON lines TO pgpurged");
    config = scene_config(&scene, "");
    ck_assert_ptr_null(plans_note(plans_read(config, NULL, 0), "risks", "rejected"));
    scene_once(config, 3);
    plans_check_note(plans_read(config, NULL, 0), "risks",
                     "the last run has left 1 rejected row: 1 rejected by lines_order_id_fkey on "
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
        every_missing_privilege_is_named_at_once_as_the_grant_to_run,
        a_grant_that_would_not_survive_sorting_by_lines_is_not_shown,
        flagged_rows_without_a_time_are_counted_apart,
        hints_name_the_indexes_that_a_soft_delete_table_lacks_and_are_gone_once_they_are_there,
        an_append_only_table_gets_no_advice_about_deleted_rows,
        references_are_listed_with_what_becomes_of_their_rows,
        a_job_that_is_refused_for_what_refers_to_it_still_shows_what_is_due,
        every_privilege_that_references_need_is_listed_at_once,
        triggers_on_delete_are_listed_and_those_that_may_keep_rows_are_marked,
        a_statement_trigger_of_a_partitioned_table_is_said_not_to_fire,
        tables_that_inherit_from_it_are_a_risk,
        due_rows_that_others_refer_to_are_among_the_risks,
        rows_that_the_last_run_has_left_rejected_are_named,
        who_holds_a_lock_that_shuts_batches_out_is_named,
        a_prepared_transaction_that_shuts_batches_out_is_named,
    };

    return harness_main(tests, ARRAY_LENGTH(tests),
                        &(struct cluster_options){.settings = "max_prepared_transactions = 4"});
}
