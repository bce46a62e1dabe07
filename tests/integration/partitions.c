/*
 * Why: a partitioned table is many tables under one name, and a TID means nothing across them. Each
 * partition is purged by itself and named in the audit table, however deep it lies and whatever it
 * is called; one that can't be purged is no reason to leave the others; rows of other leaves at the
 * same TID as a due one must never go.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/ask.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/events.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/served.h"
#include "integration/session.h"

/* A partition of events_of() has a hundred rows, and fifty of them are due. */
enum { DUE = 50 };

/* Each audit row names the partition that it is about, and there are so many of those. */
static void assert_partitions_in_audit(const struct scene *scene, int partitions)
{
    ck_assert_str_eq(sql_text(scene->own,
                              "SELECT concat(count(DISTINCT relation), ' ',"
                              " bool_and(partition::regclass = relation)) FROM pgpurged.audit"),
                     keep_format("%d t", partitions));
}

/* --- partition by partition --- */

/* Leaves on three levels, two of them defaults, some with names that want quoting. */
static struct scene nested_events(void)
{
    struct scene scene = events_new();

    sql_exec(scene.own, "CREATE SCHEMA \"Odd \"\"Schema\"; GRANT USAGE ON SCHEMA"
                        " \"Odd \"\"Schema\" TO pgpurged");
    events_add_partition(&scene, "ev", "ev_1", 1, 101);
    events_add_partition(&scene, "ev", "\"Odd \"\"Schema\".\"語 ev; DROP TABLE ev; --\"", 101, 201);
    events_add_part(&scene, "ev", "ev_3", "FOR VALUES FROM (201) TO (401) PARTITION BY HASH (id)");
    events_add_part(&scene, "ev_3", "\"3.a\"", "FOR VALUES WITH (MODULUS 2, REMAINDER 0)");
    events_add_part(&scene, "ev_3", "\"3.b\"",
                    "FOR VALUES WITH (MODULUS 2, REMAINDER 1)"
                    " PARTITION BY RANGE (id)");
    events_add_partition(&scene, "\"3.b\"", "\"select\"", 201, 301);
    events_add_part(&scene, "\"3.b\"", "ev_3_rest", "DEFAULT");
    events_add_part(&scene, "ev", "ev_rest", "DEFAULT PARTITION BY LIST (id)");
    events_add_part(&scene, "ev_rest", "ev_rest_rest", "DEFAULT");
    events_add_part(&scene, "ev", "ev_empty", "FOR VALUES FROM (9001) TO (9101)");
    events_fill(&scene, "ev", 1, 601);
    events_watch(&scene);
    return scene;
}

static void check_nested(const char *options)
{
    struct scene scene = nested_events();

    scene_once(events_config(&scene, options), 0);
    ck_assert_int_eq(events_check(&scene), 6 * DUE);
    ck_assert_int_eq(events_due(&scene, "ev"), 0);
    assert_partitions_in_audit(&scene, 6);
    scene_end(&scene);
}

START_TEST(partitions_at_any_depth_and_of_any_name_are_purged_one_by_one)
{
    check_nested("scan = heap");
    check_nested("scan = heap\nbatch_rows = 7");
}
END_TEST

START_TEST(partitions_are_purged_through_their_indexes_where_those_serve)
{
    struct scene scene = nested_events();

    sql_exec(scene.own, "CREATE INDEX ON ev (deleted_at); ANALYZE ev");
    scene_once(events_config(&scene, "scan = index\nbatch_rows = 20"), 0);
    ck_assert_int_eq(events_check(&scene), 6 * DUE);
    ck_assert_int_eq(events_due(&scene, "ev"), 0);
    ck_assert_str_eq(sql_text(scene.own, "SELECT left(scan, 10) FROM pgpurged.runs"), "index scan");
    assert_partitions_in_audit(&scene, 6);
    scene_end(&scene);
}
END_TEST

/* Or the run would begin slowly hundreds of times. */
START_TEST(a_partition_goes_on_at_the_pace_of_the_one_before)
{
    struct scene scene = events_of(9);

    scene_once(events_config(&scene, "batch_rows = 1000"), 0);
    ck_assert_int_eq(events_check(&scene), 9 * DUE);
    ck_assert_int_gt(
        sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit WHERE partition ~ 'ev_1'"), 1);
    ck_assert_int_eq(
        sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit WHERE partition ~ 'ev_9'"), 1);
    scene_end(&scene);
}
END_TEST

/* What it has learned there may be far too much here. */
START_TEST(a_dense_partition_behind_a_sparse_one_keeps_to_the_rows_of_a_batch)
{
    struct scene scene = events_new();

    events_add_partition(&scene, "ev", "ev_1", 1, 20001);
    events_add_partition(&scene, "ev", "ev_2", 20001, 30001);
    sql_exec(scene.own, "INSERT INTO ev SELECT i, CASE WHEN i > 20000 OR i %% 1000 = 0 THEN"
                        "  now() - interval '31 days' END, '' FROM generate_series(1, 30000) AS i");
    events_watch(&scene);
    scene_once(events_config(&scene, "batch_rows = 400"), 0);
    ck_assert_int_eq(events_check(&scene), 10020);
    ck_assert_int_le(sql_int(scene.own, "SELECT max(rows) FROM pgpurged.audit"), 400);
    scene_end(&scene);
}
END_TEST

START_TEST(a_table_without_any_partition_is_done_at_once)
{
    struct scene scene = events_new();

    scene_once(events_config(&scene, ""), 0);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(outcome, ' ', rows) FROM pgpurged.runs"),
                     "done 0");
    scene_end(&scene);
}
END_TEST

/* A partition may have its columns in another order, and columns that were dropped. */
START_TEST(a_partition_of_another_shape_is_judged_by_its_own_columns)
{
    struct scene scene = events_of(1);

    sql_exec(scene.own, "CREATE TABLE ev_2 (gone timestamptz, filler text, deleted_at timestamptz,"
                        " id bigint); ALTER TABLE ev_2 DROP gone;"
                        "ALTER TABLE ev ATTACH PARTITION ev_2 FOR VALUES FROM (101) TO (201);"
                        "GRANT SELECT, DELETE ON ev_2 TO pgpurged");
    events_fill(&scene, "ev", 101, 201);
    events_watch(&scene);
    scene_once(events_config(&scene, ""), 0);
    ck_assert_int_eq(events_check(&scene), 2 * DUE);
    scene_end(&scene);
}
END_TEST

/* --- triggers that no DELETE of ours fires --- */

static const char make_statement_triggers[] =
    "CREATE TABLE log (partition text, rows bigint);"
    "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
    "  INSERT INTO log SELECT TG_TABLE_NAME, count(*) FROM gone; RETURN NULL; END $$;"
    "CREATE TRIGGER log AFTER DELETE ON ev REFERENCING OLD TABLE AS gone"
    " FOR EACH STATEMENT EXECUTE FUNCTION log();"
    "CREATE TRIGGER \"Sub log\" AFTER DELETE ON ev_3 REFERENCING OLD TABLE AS gone"
    " FOR EACH STATEMENT EXECUTE FUNCTION log();"
    "CREATE TRIGGER off AFTER DELETE ON ev FOR EACH STATEMENT EXECUTE FUNCTION log();"
    "ALTER TABLE ev DISABLE TRIGGER off;"
    "CREATE TRIGGER partition_log AFTER DELETE ON ev_1 REFERENCING OLD TABLE AS gone"
    " FOR EACH STATEMENT EXECUTE FUNCTION log();";

/* The application's own audit would not see the rows go. */
START_TEST(a_statement_trigger_of_the_partitioned_table_has_to_be_given_up_by_name)
{
    struct scene scene = nested_events();
    const char *log;

    sql_exec(scene.own, "%s", make_statement_triggers);
    log = scene_once(events_config(&scene, "non_firing_triggers = logs, Sub"), 1);
    ck_assert_ptr_nonnull(strstr(log, "public.ev has a trigger ON DELETE FOR EACH STATEMENT (Sub "
                                      "log, log), which would not fire"));
    log = scene_once(events_config(&scene, "non_firing_triggers = log"), 1);
    ck_assert_ptr_nonnull(strstr(log, "non_firing_triggers = Sub log"));
    ck_assert_int_eq(events_check(&scene), 0);
    scene_once(events_config(&scene, "non_firing_triggers = log, Sub log"), 0);
    ck_assert_int_eq(events_check(&scene), 6 * DUE);
    ck_assert_str_eq(sql_text(scene.own, "SELECT string_agg(DISTINCT partition, ',') || sum(rows)"
                                         " FROM log"),
                     keep_format("ev_1%d", DUE));
    scene_end(&scene);
}
END_TEST

/* --- the same TID in several leaves --- */

/* All rows of ev_1 are due, none of ev_2 is, and in ev_3 it is the other half than in ev_4. */
static void check_same_tids(const char *options)
{
    struct scene scene = events_of(4);

    sql_exec(scene.own, "CREATE INDEX ON ev (deleted_at);"
                        "UPDATE ev SET deleted_at = CASE (id - 1) / 100 WHEN 0 THEN '2020-01-01'"
                        "  WHEN 1 THEN NULL ELSE CASE WHEN (id %% 2 = 0) = (id > 300) THEN"
                        "  '2020-01-01'::timestamptz END END");
    for (int i = 1; i <= 4; i++)
        sql_exec(scene.own, "VACUUM FULL ev_%d", i);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(DISTINCT ctid) FROM ev"), 100);
    sql_exec(scene.own, "TRUNCATE promises.was");
    events_watch(&scene);
    scene_once(events_config(&scene, options), 0);
    ck_assert_int_eq(events_check(&scene), 200);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM ev_2"), 100);
    scene_end(&scene);
}

START_TEST(live_rows_at_the_same_tid_as_a_due_row_of_another_partition_stay)
{
    check_same_tids("scan = heap");
    check_same_tids("scan = index");
    check_same_tids("scan = index\nbatch_rows = 3");
}
END_TEST

/* --- several workers --- */

/* 1,100 blocks, so that it is worth more than one worker. */
START_TEST(two_workers_share_a_partition_and_count_no_row_twice)
{
    struct scene scene = events_new();
    struct daemon daemon;

    events_add_partition(&scene, "ev", "ev_1", 1, 101);
    events_add_partition(&scene, "ev", "ev_2", 101, 11101);
    events_add_partition(&scene, "ev", "ev_3", 11101, 22101);
    events_fill(&scene, "ev", 1, 22101);
    events_watch(&scene);
    gate_close_to_all_on(&scene, "ev_2", 40);
    daemon = daemon_start(events_config(&scene, "batch_rows = 50\nbatch_time = 2ms\n"
                                                "lock_timeout = 30s\nworkers = 2"));
    await_sql(scene.own,
              "SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242"
              " AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname ="
              " current_database())",
              AWAIT_MS);
    gate_open(&scene);
    scene_await_run(&scene, "ev", "done");
    ck_assert_int_eq(events_check(&scene), 11050);
    ck_assert_int_eq(events_due(&scene, "ev"), 0);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- leaves that can't be purged --- */

static const struct refused {
    const char *what, *setup;
    const char *detail; /* of the run */
    int rows;           /* of partition ev_2 that are due and stay */
} refused[] = {
    {"no privilege", "REVOKE ALL ON ev_2 FROM pgpurged",
     "the first is ev_2: role pgpurged may not read and delete rows of public.ev_2; run: GRANT "
     "SELECT, DELETE ON public.ev_2 TO pgpurged",
     DUE},
    {"no usage of its schema", "CREATE SCHEMA \"Vault\"; ALTER TABLE ev_2 SET SCHEMA \"Vault\"",
     "the first is ev_2: role pgpurged may not use schema \"Vault\"; run: GRANT USAGE ON "
     "SCHEMA \"Vault\" TO pgpurged",
     DUE},
    {"row level security", "ALTER TABLE ev_2 ENABLE ROW LEVEL SECURITY",
     "row level security of public.ev_2 applies to role pgpurged and would hide rows from the "
     "purge; run: ALTER "
     "ROLE "
     "pgpurged BYPASSRLS",
     DUE},
    {"a rule", "CREATE RULE softly AS ON DELETE TO ev_2 DO INSTEAD NOTHING",
     "public.ev_2 has a rule ON DELETE (softly), so that a row count would not say what is gone",
     DUE},
    {"no replica identity",
     "CREATE PUBLICATION p FOR TABLE ev; ALTER TABLE ev_1 REPLICA IDENTITY FULL;"
     "ALTER TABLE ev_3 ADD PRIMARY KEY (id)",
     "the first is ev_2: public.ev_2 is published (p) without a replica identity, so that the "
     "server refuses each DELETE; give it a primary key, or run: ALTER TABLE public.ev_2 REPLICA "
     "IDENTITY FULL",
     DUE},
    {"a foreign table",
     "DROP TABLE ev_2; DELETE FROM promises.was WHERE id BETWEEN 101 AND 200;"
     "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
     "CREATE FOREIGN TABLE ev_2 PARTITION OF ev FOR VALUES FROM (101) TO (201) SERVER s",
     "the first is ev_2: public.ev_2 is a foreign table", 0},
    {"another access method",
     "CREATE ACCESS METHOD columns TYPE TABLE HANDLER heap_tableam_handler;"
     "ALTER TABLE ev DETACH PARTITION ev_2; ALTER TABLE ev_2 RENAME TO old;"
     "CREATE TABLE ev_2 (LIKE ev) USING columns; INSERT INTO ev_2 TABLE old;"
     "ALTER TABLE ev ATTACH PARTITION ev_2 FOR VALUES FROM (101) TO (201)",
     "the first is ev_2: public.ev_2 is stored by the access method \"columns\"", DUE},
};

static void check_refused(const struct refused *row)
{
    struct scene scene = events_of(3);
    const char *log, *detail;

    sql_exec(scene.own, "%s", row->setup);
    log = scene_once(events_config(&scene, ""), 3);
    detail = sql_text(scene.own, "SELECT concat(outcome, ': ', detail) FROM pgpurged.runs");
    ck_assert_msg(strstr(detail, "incomplete: 1 of 3 partitions can't be purged") == detail, "%s",
                  detail);
    ck_assert_msg(strstr(detail, row->detail) != NULL, "%s: %s", row->what, detail);
    ck_assert_msg(strstr(log, "partition ev_2 can't be purged: ") != NULL, "%s", keep_tail(log));
    ck_assert_msg(events_check(&scene) == 2 * DUE, "%s", row->what);
    ck_assert_int_eq(events_due(&scene, "ev_1") + events_due(&scene, "ev_3"), 0);
    scene_end(&scene);
}

START_TEST(a_partition_that_cannot_be_purged_partitions_the_run_incomplete_and_the_others_purged)
{
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
        check_refused(&refused[i]);
}
END_TEST

/* Whoever reads that foreign table gets an error, so that nothing would be known of the others; and
 * a partition that is added later is seen as well. */
START_TEST(a_foreign_partition_is_not_read_to_see_how_much_is_due)
{
    static const char series[] = "pgpurged_job_due_rows{job_name=\"ev\",database=\"d\"}";
    struct served served = served_new();
    struct scene *scene = &served.scene;

    events_make(scene);
    events_add_partitions(scene, 3);
    sql_exec(scene->own,
             "DROP TABLE ev_2; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER"
             " w; CREATE FOREIGN TABLE ev_2 PARTITION OF ev FOR VALUES FROM (101) TO (201) SERVER"
             " s");
    served_start(&served,
                 served_config(&served, "",
                               keep_format("[job ev]\ntable = ev\nexpires = deleted_at + 30d\n"
                                           "window = %s 12:00-13:00\n",
                                           sql_text(scene->own, "SELECT to_char(now() + interval"
                                                                " '3 days', 'Dy')"))));
    served_await(&served, "ev", "waiting", "window");
    ck_assert_double_eq(served_metric(&served, series), 2 * DUE);
    events_add_partition(scene, "ev", "ev_4", 301, 401);
    events_fill(scene, "ev", 301, 401);
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/ev/pause").status, 200);
    served_await(&served, "ev", "held", "paused");
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/ev/resume").status, 200);
    served_await(&served, "ev", "waiting", "window");
    ck_assert_double_eq(served_metric(&served, series), 3 * DUE);
    served_end(&served);
}
END_TEST

/* What stands behind "run: " in the run's detail. */
START_TEST(the_grant_in_the_detail_is_what_the_partition_lacks)
{
    struct scene scene = events_of(3);
    const char *config = events_config(&scene, "");

    sql_exec(scene.own, "REVOKE ALL ON ev_2 FROM pgpurged");
    scene_once(config, 3);
    sql_exec(scene.own, "%s",
             sql_text(scene.own, "SELECT substring(detail FROM 'run: (.*)') FROM pgpurged.runs"));
    scene_once(config, 0);
    ck_assert_int_eq(events_check(&scene), 3 * DUE);
    scene_end(&scene);
}
END_TEST

/* --- rows that can't go --- */

/* Two of them in ev_1 and one in ev_3; all three are due. */
#define UNLUCKY "5, 78, 201"

static void make_trigger(const struct scene *scene, const char *what)
{
    sql_exec(scene->own,
             "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  IF OLD.id IN (" UNLUCKY ") THEN %s; END IF; RETURN OLD; END $$;"
             "CREATE TRIGGER keep BEFORE DELETE ON ev FOR EACH ROW EXECUTE FUNCTION keep()",
             what);
}

static void check_unlucky(const struct scene *scene)
{
    ck_assert_int_eq(events_check(scene), 3 * DUE - 3);
    ck_assert_int_eq(sql_int(scene->own, "SELECT count(*) FROM ev WHERE id IN (" UNLUCKY ")"), 3);
    ck_assert_str_eq(sql_text(scene->own, "SELECT concat(outcome, ' ', rejected) FROM pgpurged.runs"
                                          " ORDER BY id DESC LIMIT 1"),
                     "incomplete 3");
}

/* A session that writes elsewhere makes each partition need a second pass; ten in a row would be
 * too many for one partition. */
START_TEST(passes_are_counted_for_each_partition)
{
    struct scene scene = events_of(12);
    PGconn *other = scene_connect(&scene);

    sql_exec(scene.own, "CREATE TABLE elsewhere (i int)");
    sql_exec(other, "BEGIN; INSERT INTO elsewhere VALUES (1)");
    scene_once(events_config(&scene, ""), 0);
    sql_exec(other, "COMMIT");
    ck_assert_int_eq(events_check(&scene), 12 * DUE);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(outcome, ' ', passes) FROM pgpurged.runs"),
                     "done 2");
    PQfinish(other);
    scene_end(&scene);
}
END_TEST

START_TEST(rows_that_a_trigger_of_the_table_refuses_stay_in_each_partition_and_all_others_go)
{
    struct scene scene = events_of(3);

    make_trigger(&scene, "RAISE 'kept for the auditors'");
    scene_once(events_config(&scene, ""), 3);
    check_unlucky(&scene);
    scene_end(&scene);
}
END_TEST

START_TEST(rows_that_a_trigger_of_the_table_keeps_silently_are_seen_and_counted)
{
    struct scene scene = events_of(3);

    make_trigger(&scene, "RETURN NULL");
    scene_once(events_config(&scene, ""), 3);
    check_unlucky(&scene);
    ck_assert_int_le(sql_int(scene.own, "SELECT passes FROM pgpurged.runs"), 2);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        partitions_at_any_depth_and_of_any_name_are_purged_one_by_one,
        partitions_are_purged_through_their_indexes_where_those_serve,
        a_partition_goes_on_at_the_pace_of_the_one_before,
        a_dense_partition_behind_a_sparse_one_keeps_to_the_rows_of_a_batch,
        a_table_without_any_partition_is_done_at_once,
        a_partition_of_another_shape_is_judged_by_its_own_columns,
        a_statement_trigger_of_the_partitioned_table_has_to_be_given_up_by_name,
        live_rows_at_the_same_tid_as_a_due_row_of_another_partition_stay,
        two_workers_share_a_partition_and_count_no_row_twice,
        a_partition_that_cannot_be_purged_partitions_the_run_incomplete_and_the_others_purged,
        a_foreign_partition_is_not_read_to_see_how_much_is_due,
        the_grant_in_the_detail_is_what_the_partition_lacks,
        passes_are_counted_for_each_partition,
        rows_that_a_trigger_of_the_table_refuses_stay_in_each_partition_and_all_others_go,
        rows_that_a_trigger_of_the_table_keeps_silently_are_seen_and_counted,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
