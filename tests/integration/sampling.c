/*
 * Why: a limit is worth as much as the figures that it is judged by. What a sample says of
 * replicas, slots, sessions, snapshots and vacuum is compared with what a real server is made to do
 * here, and what the daemon's role can't see has to arrive as "not known", never as a number.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/abilities.h"
#include "catalog/query.h"
#include "engine/limits.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/scene.h"
#include "integration/session.h"
#include "integration/standby.h"
#include "net/loop.h"
#include "sql/queries.h"

#define MB 1048576.0

/* ---- asking ---- */

/* One question on a connection of its own. */
struct question {
    struct loop *loop;
    struct pg *pg;
    struct database_settings database;
    struct table_name table;
    bool about_abilities;
    struct limit_sample sample;
    struct abilities abilities;
};

static void answered(void *arg, const struct pg_result *reply)
{
    struct question *question = arg;

    ck_assert_msg(pg_result_status(reply) == PG_DONE, "%s", pg_result_error(reply)->message);
    ck_assert_int_eq(pg_result_rows(reply, QUERY_STEP), 1);
    if (question->about_abilities)
        abilities_read(reply, &question->abilities);
    else
        limits_read(reply, &question->sample);
    loop_stop(question->loop);
}

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct question *question = arg;

    ck_assert_msg(ok, "%s", error->message);
    if (question->about_abilities)
        abilities_send(question->pg, answered, question);
    else
        limits_send(question->pg, &question->database, &question->table, answered, question);
}

static void ask(struct question *question, const struct scene *scene, const char *user)
{
    question->loop = loop_new();
    question->pg =
        pg_open(question->loop, cluster_conninfo(harness_cluster(), scene->database, user),
                "pgpurged", AWAIT_MS, connected, question);
    loop_run(question->loop);
    pg_close(question->pg);
    loop_free(question->loop);
}

static struct limit_sample sample_for(const struct scene *scene, const char *user,
                                      const char *replicas, const char *table)
{
    struct question question = {
        .database.replicas = text_copy(replicas),
        .table = {.schema = text_copy("public"), .name = text_copy(table)},
    };

    ask(&question, scene, user);
    free(question.database.replicas);
    free(question.table.schema);
    free(question.table.name);
    return question.sample;
}

static struct limit_sample sample_of(const struct scene *scene, const char *user,
                                     const char *replicas)
{
    return sample_for(scene, user, replicas, "orders");
}

static struct limit_sample sample(const struct scene *scene)
{
    return sample_of(scene, "postgres", "");
}

static struct abilities abilities_of(const struct scene *scene, const char *user)
{
    struct question question = {.about_abilities = true};

    ask(&question, scene, user);
    return question.abilities;
}

/* So much WAL, and a little more. */
static void write_wal(const struct scene *scene, int megabytes)
{
    sql_exec(scene->own, "SELECT pg_logical_emit_message(true, 'test', repeat('x', %d))",
             megabytes << 20);
}

/* ---- the tests ---- */

START_TEST(quiet_server_has_nothing_near_a_limit)
{
    struct scene scene = scene_new();
    struct limit_sample sampled = sample(&scene);

    ck_assert(isnan(sampled.facts.replica_lag_bytes));
    ck_assert(isnan(sampled.facts.replica_lag_s));
    ck_assert(isnan(sampled.facts.slot_lag_bytes));
    ck_assert(isnan(sampled.facts.snapshot_age_s));
    ck_assert(sampled.facts.active_sessions < 0.5);
    ck_assert(!sampled.facts.wraparound);
    ck_assert_str_eq(sampled.slot, "");
    ck_assert_str_eq(sampled.snapshot_owner, "");
    scene_end(&scene);
}
END_TEST

START_TEST(wal_position_goes_on_by_what_is_written)
{
    struct scene scene = scene_new();
    double before = sample(&scene).facts.wal_bytes;

    write_wal(&scene, 3);
    ck_assert_double_ge(sample(&scene).facts.wal_bytes - before, 3 * MB);
    scene_end(&scene);
}
END_TEST

START_TEST(slot_that_keeps_nothing_back_is_no_lag)
{
    struct scene scene = scene_new();
    struct limit_sample sampled;

    sql_exec(scene.own, "SELECT pg_create_physical_replication_slot('idle')");
    sampled = sample(&scene);
    ck_assert(isnan(sampled.facts.slot_lag_bytes));
    ck_assert_str_eq(sampled.slot, "");

    sql_exec(scene.own, "SELECT pg_create_physical_replication_slot('old', true)");
    write_wal(&scene, 4);
    sql_exec(scene.own, "CHECKPOINT"); /* a new slot begins at the last one */
    sql_exec(scene.own, "SELECT pg_create_physical_replication_slot('recent', true)");
    sampled = sample(&scene);
    ck_assert_str_eq(sampled.slot, "old");
    ck_assert_double_ge(sampled.facts.slot_lag_bytes, 4 * MB);
    sql_exec(scene.own, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    scene_end(&scene);
}
END_TEST

/* ---- sessions ---- */

START_TEST(sessions_at_work_are_counted_without_ours)
{
    struct scene scene = scene_new();
    PGconn *other = scene_connect(&scene), *ours = scene_connect(&scene);

    sql_exec(ours, "SET application_name = 'pgpurged'"); /* and the role is the one that asks */
    sql_start(other, "SELECT pg_sleep(60)");
    sql_start(ours, "SELECT pg_sleep(60)");
    await_sql(scene.own, "SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
              AWAIT_MS);
    ck_assert_double_eq(sample(&scene).facts.active_sessions, 1);
    sql_exec(scene.own, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                        " WHERE wait_event = 'PgSleep'");
    sql_join(other);
    sql_join(ours);
    ck_assert_double_eq(sample(&scene).facts.active_sessions, 0);
    PQfinish(other);
    PQfinish(ours);
    scene_end(&scene);
}
END_TEST

START_TEST(snapshot_is_known_by_its_pid_and_age)
{
    struct scene scene = scene_new();
    PGconn *old = scene_connect(&scene), *young = scene_connect(&scene);
    struct limit_sample sampled;

    sql_exec(old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    sql_exec(young, "SELECT pg_sleep(0.05); BEGIN; SELECT pg_current_xact_id()");
    sql_exec(scene.own, "SELECT pg_sleep(0.05)");
    sampled = sample(&scene);
    ck_assert_str_eq(sampled.snapshot_owner, keep_format("pid %d", PQbackendPID(old)));
    ck_assert_double_ge(sampled.facts.snapshot_age_s, 0.1);

    sql_exec(old, "COMMIT");
    sampled = sample(&scene);
    ck_assert_str_eq(sampled.snapshot_owner, keep_format("pid %d", PQbackendPID(young)));
    PQfinish(old);
    PQfinish(young);
    scene_end(&scene);
}
END_TEST

/* An open transaction that neither reads nor has written anything yet keeps no row. */
START_TEST(idle_transaction_and_other_databases_keep_no_rows)
{
    struct scene scene = scene_new(), elsewhere = scene_new();
    PGconn *idle = scene_connect(&scene), *other = scene_connect(&elsewhere);

    sql_exec(idle, "BEGIN; SELECT 1");
    sql_exec(other, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    ck_assert(isnan(sample(&scene).facts.snapshot_age_s));
    ck_assert(!isnan(sample(&elsewhere).facts.snapshot_age_s));
    PQfinish(idle);
    PQfinish(other);
    scene_end(&elsewhere);
    scene_end(&scene);
}
END_TEST

START_TEST(prepared_transaction_keeps_rows_as_well)
{
    struct scene scene = scene_new();
    PGconn *session = scene_connect(&scene);

    sql_exec(session, "BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'forgotten'");
    PQfinish(session);
    ck_assert_str_eq(sample(&scene).snapshot_owner, "prepared transaction forgotten");
    sql_exec(scene.own, "ROLLBACK PREPARED 'forgotten'");
    ck_assert_str_eq(sample(&scene).snapshot_owner, "");
    scene_end(&scene);
}
END_TEST

START_TEST(vacuum_keeps_no_rows)
{
    struct scene scene = scene_new();
    PGconn *slow = scene_connect(&scene);

    scene_add_orders(&scene, 2000);
    sql_exec(slow, "SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1");
    sql_start(slow, "VACUUM orders");
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_progress_vacuum AS v JOIN pg_stat_activity AS a"
              " ON a.pid = v.pid WHERE a.backend_xmin IS NOT NULL AND a.wait_event = 'VacuumDelay'"
              " AND v.datname = current_database())",
              AWAIT_MS);
    ck_assert(isnan(sample(&scene).facts.snapshot_age_s));
    sql_exec(scene.own, "SELECT pg_cancel_backend(%d)", PQbackendPID(slow));
    sql_join(slow);
    PQfinish(slow);
    scene_end(&scene);
}
END_TEST

/* ---- what a role may see and do ---- */

START_TEST(role_without_pg_monitor_knows_little_and_nothing_wrong)
{
    struct scene scene = scene_new();
    PGconn *old = scene_connect(&scene);
    struct limit_sample sampled;

    sql_exec(old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    sql_exec(scene.own, "SELECT pg_create_physical_replication_slot('seen', true)");
    sampled = sample_of(&scene, "pgpurged", "");
    ck_assert(isnan(sampled.facts.active_sessions));
    ck_assert(isnan(sampled.facts.snapshot_age_s));
    ck_assert(!sampled.facts.wraparound);
    ck_assert(sampled.facts.wal_bytes > 0);
    ck_assert_str_eq(sampled.slot, "seen");
    ck_assert(!abilities_of(&scene, "pgpurged").sees_all);

    sql_exec(scene.own, "GRANT pg_monitor TO pgpurged");
    sampled = sample_of(&scene, "pgpurged", "");
    ck_assert(sampled.facts.active_sessions < 0.5);
    ck_assert(sampled.facts.snapshot_age_s > 0);
    ck_assert(abilities_of(&scene, "pgpurged").sees_all);
    sql_exec(scene.own, "REVOKE pg_monitor FROM pgpurged");
    sql_exec(scene.own, "SELECT pg_drop_replication_slot('seen')");
    PQfinish(old);
    scene_end(&scene);
}
END_TEST

START_TEST(role_may_compress_wal_after_a_grant)
{
    struct scene scene = scene_new();
    const char *known = "SELECT coalesce('lz4' = ANY (enumvals), false) FROM pg_settings"
                        " WHERE name = 'wal_compression'";

    ck_assert(!abilities_of(&scene, "pgpurged").lz4);
    if (!text_equal(sql_text(scene.own, "%s", known), "t"))
        harness_skip("this server has no lz4 for its WAL");
    ck_assert(abilities_of(&scene, "postgres").lz4);
    sql_exec(scene.own, "GRANT SET ON PARAMETER wal_compression TO pgpurged");
    ck_assert(abilities_of(&scene, "pgpurged").lz4);
    sql_exec(scene.own, "REVOKE SET ON PARAMETER wal_compression FROM pgpurged");
    scene_end(&scene);
}
END_TEST

/* ---- who waits for our locks ---- */

#define WAITERS(n)                                                                                 \
    "SELECT count(*) = " #n " FROM pg_stat_activity WHERE wait_event_type = 'Lock'"                \
    " AND datname = current_database()"

/* Counted inside of the transaction that holds the locks, as a batch does it. */
START_TEST(sessions_that_wait_for_a_batch_are_counted_before_its_commit)
{
    struct scene scene = scene_new();
    PGconn *batch = scene_connect(&scene), *writer = scene_connect(&scene),
           *definer = scene_connect(&scene);

    scene_add_orders(&scene, 20);
    sql_exec(batch, "BEGIN; DELETE FROM orders WHERE id <= 10");
    ck_assert_str_eq(sql_text(batch, "%s", sql_lock_waiters), "0");
    sql_start(writer, "UPDATE orders SET filler = '' WHERE id = 7");
    await_sql(scene.own, WAITERS(1), AWAIT_MS);
    ck_assert_str_eq(sql_text(batch, "%s", sql_lock_waiters), "1");
    sql_start(definer, "ALTER TABLE orders ADD COLUMN more int");
    await_sql(scene.own, WAITERS(2), AWAIT_MS);
    ck_assert_str_eq(sql_text(batch, "%s", sql_lock_waiters), "2");
    ck_assert_str_eq(sql_text(scene.own, "%s", sql_lock_waiters), "0"); /* not for this one */
    sql_exec(batch, "ROLLBACK");
    sql_join(writer);
    sql_join(definer);
    PQfinish(batch);
    PQfinish(writer);
    PQfinish(definer);
    scene_end(&scene);
}
END_TEST

START_TEST(waiters_are_not_known_to_a_role_that_sees_nobody)
{
    struct scene scene = scene_new();
    PGconn *role = sql_connect(cluster_conninfo(harness_cluster(), scene.database, "pgpurged"));

    ck_assert_str_eq(sql_text(role, "%s", sql_lock_waiters), "");
    PQfinish(role);
    scene_end(&scene);
}
END_TEST

/* The batch runs under the database's own search_path, where anybody may have made an operator. */
START_TEST(waiters_are_counted_under_any_search_path)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE SCHEMA evil;"
             "CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
             "CREATE OPERATOR evil.= (FUNCTION = evil.eq, LEFTARG = text, RIGHTARG = text);"
             "CREATE FUNCTION evil.pg_backend_pid() RETURNS int LANGUAGE sql AS 'SELECT 1/0';"
             "CREATE FUNCTION evil.pg_blocking_pids(int) RETURNS int[] LANGUAGE sql AS"
             " 'SELECT NULL::int[]'");
    sql_exec(scene.own, "SET search_path = evil, pg_catalog");
    ck_assert_str_eq(sql_text(scene.own, "%s", sql_lock_waiters), "0");
    scene_end(&scene);
}
END_TEST

/* ---- replicas ---- */

static int64_t position_of(const struct scene *scene)
{
    return sql_int(scene->own, "SELECT pg_current_wal_flush_lsn() - '0/0'");
}

/* Until the server has taken note of it. */
static void await_report(const struct scene *scene, const char *name, int64_t position)
{
    await_sql(scene->own,
              keep_format("SELECT coalesce(bool_or(replay_lsn = '0/0'::pg_lsn + %lld), false)"
                          " FROM pg_stat_replication WHERE application_name = '%s'",
                          (long long)position, name),
              AWAIT_MS);
}

START_TEST(replica_that_is_furthest_behind_is_named)
{
    struct scene scene = scene_new();
    PGconn *near = standby_connect("near"), *far = standby_connect("far");
    int64_t before = position_of(&scene);
    struct limit_sample sampled;

    ck_assert(isnan(sample(&scene).facts.replica_lag_bytes)); /* they have reported nothing yet */
    standby_report(far, before);
    write_wal(&scene, 2);
    standby_report(near, position_of(&scene));
    await_report(&scene, "far", before);
    await_sql(scene.own, "SELECT count(replay_lsn) = 2 FROM pg_stat_replication", AWAIT_MS);
    sampled = sample(&scene);
    ck_assert_str_eq(sampled.furthest_replica, "far");
    ck_assert_double_ge(sampled.facts.replica_lag_bytes, 2 * MB);
    PQfinish(far);
    PQfinish(near);
    await_sql(scene.own, "SELECT count(*) = 0 FROM pg_stat_replication", AWAIT_MS);
    scene_end(&scene);
}
END_TEST

START_TEST(only_listed_replicas_count)
{
    struct scene scene = scene_new();
    PGconn *near = standby_connect("near"), *far = standby_connect("far away");
    int64_t before = position_of(&scene), after;

    standby_report(far, before);
    write_wal(&scene, 2);
    after = position_of(&scene);
    standby_report(near, after);
    await_report(&scene, "far away", before);
    await_report(&scene, "near", after);
    ck_assert_double_lt(sample_of(&scene, "postgres", "near").facts.replica_lag_bytes, MB);
    ck_assert_double_ge(sample_of(&scene, "postgres", "far away").facts.replica_lag_bytes, 2 * MB);
    ck_assert_double_ge(sample_of(&scene, "postgres", "near, far away").facts.replica_lag_bytes,
                        2 * MB);
    ck_assert(isnan(sample_of(&scene, "postgres", "elsewhere").facts.replica_lag_bytes));
    PQfinish(far);
    PQfinish(near);
    await_sql(scene.own, "SELECT count(*) = 0 FROM pg_stat_replication", AWAIT_MS);
    scene_end(&scene);
}
END_TEST

START_TEST(replica_that_is_late_is_known_by_its_time)
{
    struct scene scene = scene_new();
    PGconn *late = standby_connect("late");
    struct limit_sample sampled;
    int64_t after;

    standby_report(late, position_of(&scene));
    /* Little enough to be sent although nobody reads it. */
    sql_exec(scene.own, "SELECT pg_logical_emit_message(true, 'test', 'x')");
    after = position_of(&scene);
    await_sql(scene.own,
              "SELECT bool_and(sent_lsn >= pg_current_wal_flush_lsn())"
              " FROM pg_stat_replication",
              AWAIT_MS);
    sql_exec(scene.own, "SELECT pg_sleep(0.3)");
    standby_report(late, after);
    await_report(&scene, "late", after);
    sampled = sample(&scene);
    ck_assert_str_eq(sampled.latest_replica, "late");
    ck_assert_double_ge(sampled.facts.replica_lag_s, 0.2);
    ck_assert_double_lt(sampled.facts.replica_lag_s, AWAIT_MS / 1000.0);
    PQfinish(late);
    await_sql(scene.own, "SELECT count(*) = 0 FROM pg_stat_replication", AWAIT_MS);
    scene_end(&scene);
}
END_TEST

/* ---- autovacuum ---- */

/* A vacuum so slow that it can be looked at, of a table whose rows have become old enough; one for
 * its new rows, which could come before that and is as slow, is switched off. */
START_TEST(autovacuum_against_wraparound_is_seen_on_its_table_only)
{
    struct scene scene = scene_new(), elsewhere = scene_new();

    scene_add_orders(&scene, 2000);
    sql_exec(scene.own, "ALTER TABLE orders SET (autovacuum_freeze_max_age = 100000,"
                        " autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, "
                        "autovacuum_vacuum_cost_limit = 1)");
    ck_assert(!sample(&scene).facts.wraparound);
    sql_exec(scene.own, "DO $$ BEGIN FOR i IN 1..101000 LOOP PERFORM pg_current_xact_id(); COMMIT;"
                        " END LOOP; END $$");
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE"
              " '%public.orders (to prevent wraparound)' AND backend_type ="
              " 'autovacuum worker')",
              AWAIT_MS);
    ck_assert(sample(&scene).facts.wraparound);
    ck_assert(!sample_for(&scene, "postgres", "", "order").facts.wraparound);
    ck_assert(!sample(&elsewhere).facts.wraparound);
    ck_assert(isnan(sample(&scene).facts.snapshot_age_s)); /* VACUUM keeps no rows */
    scene_end(&elsewhere);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        quiet_server_has_nothing_near_a_limit,
        wal_position_goes_on_by_what_is_written,
        slot_that_keeps_nothing_back_is_no_lag,
        sessions_at_work_are_counted_without_ours,
        snapshot_is_known_by_its_pid_and_age,
        idle_transaction_and_other_databases_keep_no_rows,
        prepared_transaction_keeps_rows_as_well,
        vacuum_keeps_no_rows,
        role_without_pg_monitor_knows_little_and_nothing_wrong,
        role_may_compress_wal_after_a_grant,
        sessions_that_wait_for_a_batch_are_counted_before_its_commit,
        waiters_are_not_known_to_a_role_that_sees_nobody,
        waiters_are_counted_under_any_search_path,
        replica_that_is_furthest_behind_is_named,
        only_listed_replicas_count,
        replica_that_is_late_is_known_by_its_time,
        autovacuum_against_wraparound_is_seen_on_its_table_only,
    };
    return harness_main(tests, ARRAY_LENGTH(tests),
                        &(struct cluster_options){.autovacuum = true,
                                                  .settings = "autovacuum_naptime = 1s\n"
                                                              "max_prepared_transactions = 4"});
}
