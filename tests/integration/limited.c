/*
 * Why: a limit that is only sampled protects nobody. Here a run is made to meet each of them on a
 * real server: it has to be held or slowed, to say why in words that name the culprit, to go on by
 * itself when the limit is kept again, and to obey an operator meanwhile.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/served.h"
#include "integration/session.h"
#include "integration/standby.h"

#define MB 1048576

/* Half of the rows are due; small batches, so that there are some to be seen between. */
enum { ROWS = 400, DUE = ROWS / 2 };
#define SMALL_BATCHES "batch_rows = 20\nbatch_time = 1ms\n"

/* A daemon that may see everything, over so many rows; it does not run yet. */
static struct served limited_new(int rows)
{
    struct served served = served_new();

    sql_exec(served.scene.own, "GRANT pg_monitor TO pgpurged");
    scene_add_orders(&served.scene, rows);
    return served;
}

/* Options of the database, and of [job orders]. */
static const char *limited_config(const struct served *served, const char *limits,
                                  const char *options)
{
    return config_write(
        served->folder,
        "[pgpurged]\nsocket = %s\nstate_directory = %s\nlog_level = debug\n"
        "[database d]\nconninfo = %s\n%s\n[defaults]\ndatabase = d\nduty_cycle = 100\n%s",
        served->socket, served->folder,
        cluster_conninfo(harness_cluster(), served->scene.database, "pgpurged"), limits,
        scene_job(options));
}

/* Waits until [job orders] is in that state, and its sentence must hold `why`. */
static void await_state(const struct served *served, const char *state, const char *reason,
                        const char *why)
{
    served_await_why(served, "orders", state, reason, why);
}

static void check_all_purged(const struct served *served, int due)
{
    scene_await_run(&served->scene, "orders", "done");
    ck_assert_int_eq(promises_check(served->scene.own, "orders", SCENE_DUE), due);
    ck_assert_int_eq(sql_int(served->scene.own, "SELECT count(*) FROM pgpurged.runs"), 1);
}

/* ---- sessions at work: the limit that is easiest to bring about ---- */

#define MOST_ONE "max_active_sessions = 1"

struct crew {
    PGconn *sessions[2];
};

static struct crew crew_at_work(const struct served *served)
{
    struct crew crew;

    for (size_t i = 0; i < ARRAY_LENGTH(crew.sessions); i++) {
        crew.sessions[i] = scene_connect(&served->scene);
        /* Or it would sleep on when this test has failed, and be counted in the next one. */
        sql_exec(crew.sessions[i], "SET client_connection_check_interval = '500ms'");
        sql_start(crew.sessions[i], "SELECT pg_sleep(600)");
    }
    await_sql(served->scene.own,
              "SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
              " AND datname = current_database()",
              AWAIT_MS);
    return crew;
}

static void crew_goes_home(const struct served *served, struct crew *crew)
{
    sql_exec(served->scene.own, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                                " WHERE wait_event = 'PgSleep'");
    for (size_t i = 0; i < ARRAY_LENGTH(crew->sessions); i++) {
        sql_join(crew->sessions[i]);
        PQfinish(crew->sessions[i]);
    }
}

/* Two sessions are active, and the daemon is held because of it. */
static struct crew start_held(struct served *served, const char *options)
{
    struct crew crew = crew_at_work(served);

    served_start(served, limited_config(served, MOST_ONE, options));
    await_state(served, "held", "active_sessions",
                "2 sessions are active (max_active_sessions = 1)");
    ck_assert_int_eq(scene_due(&served->scene), DUE);
    return crew;
}

START_TEST(sessions_at_work_hold_a_run_before_its_first_batch_until_they_are_done)
{
    struct served served = limited_new(ROWS);
    struct crew crew = start_held(&served, "");

    sql_exec(served.scene.own, "SELECT pg_sleep(1.5)"); /* more than one sample */
    await_state(&served, "held", "active_sessions", "sessions are active");
    ck_assert_int_eq(scene_due(&served.scene), DUE);
    crew_goes_home(&served, &crew);
    check_all_purged(&served, DUE);
    ck_assert_double_ge(
        served_metric(&served, "pgpurged_job_held_seconds_total{job_name=\"orders\",database=\"d\","
                               "reason=\"active_sessions\"}"),
        1);
    served_end(&served);
}
END_TEST

START_TEST(the_client_shows_a_hold_with_its_sentence)
{
    struct served served = limited_new(ROWS);
    struct crew crew = start_held(&served, "");
    const char *output;

    await_state(&served, "held", "active_sessions", "2 sessions"); /* and not the test's own */
    ck_assert_int_eq(
        program_run(&output, BUILT_PGPURGECTL, "--socket", served.socket, "status", "orders", NULL),
        0);
    ck_assert_msg(strstr(output, "held") != NULL &&
                      strstr(output, "2 sessions are active (max_active_sessions = 1)") != NULL,
                  "%s", output);
    crew_goes_home(&served, &crew);
    served_end(&served);
}
END_TEST

static bool names_one_session(void *arg)
{
    struct snapshot *status = served_status(arg);
    bool names = strstr(job_view_why(&status->jobs[0]), "1 session is active") != NULL;

    snapshot_free(status);
    return names;
}

START_TEST(the_sentence_of_a_hold_follows_the_figures)
{
    struct served served = limited_new(ROWS);
    struct crew crew = start_held(&served, "");

    sql_exec(served.scene.own, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                               " WHERE wait_event = 'PgSleep' AND datname = current_database()"
                               " LIMIT 1");
    await(names_one_session, &served, AWAIT_MS, "the sentence with one session in it");
    await_state(&served, "held", "active_sessions", "1 session is active");
    ck_assert_int_eq(daemon_log_count(&served.daemon, "-> held"), 1);
    crew_goes_home(&served, &crew);
    check_all_purged(&served, DUE);
    served_end(&served);
}
END_TEST

START_TEST(a_role_that_sees_nobody_is_not_held)
{
    struct served served = limited_new(ROWS);
    struct crew crew = crew_at_work(&served);

    sql_exec(served.scene.own, "REVOKE pg_monitor FROM pgpurged");
    served_start(&served, limited_config(&served, MOST_ONE, ""));
    check_all_purged(&served, DUE);
    crew_goes_home(&served, &crew);
    served_end(&served);
}
END_TEST

START_TEST(a_hold_ends_after_max_hold_with_a_warning)
{
    struct served served = limited_new(ROWS);
    struct crew crew = crew_at_work(&served);

    served_start(&served, limited_config(&served, MOST_ONE "\nmax_hold = 2s", SMALL_BATCHES));
    await_state(&served, "held", "active_sessions", "2 sessions are active");
    daemon_await_log(&served.daemon,
                     "job=orders held for max_hold = 2s; continues at its lowest pace: 2 sessions",
                     AWAIT_MS);
    check_all_purged(&served, DUE);
    ck_assert_str_eq(sql_text(served.scene.own, "SELECT min(purged_at) - min(started_at) > '2 s'"
                                                " FROM pgpurged.runs, pgpurged.audit"),
                     "t");
    ck_assert_double_gt(
        served_metric(&served, "pgpurged_job_held_seconds_total{job_name=\"orders\",database=\"d\","
                               "reason=\"max_hold\"}"),
        0);
    crew_goes_home(&served, &crew);
    served_end(&served);
}
END_TEST

/* ---- an operator, while it is held ---- */

START_TEST(a_held_daemon_stops_at_once_and_its_run_goes_on_later)
{
    struct served served = limited_new(ROWS);
    struct crew crew = start_held(&served, "");

    daemon_signal(&served.daemon, SIGTERM);
    daemon_await_exit(&served.daemon, 0, 10000);
    ck_assert_int_eq(sql_int(served.scene.own, "SELECT count(*) FROM pgpurged.runs WHERE ended_at"
                                               " IS NULL"),
                     1);
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), 0);
    crew_goes_home(&served, &crew);
    served_start(&served, limited_config(&served, MOST_ONE, ""));
    check_all_purged(&served, DUE);
    served_end(&served);
}
END_TEST

START_TEST(a_held_job_can_be_paused_and_is_held_again_when_resumed)
{
    struct served served = limited_new(ROWS);
    struct crew crew = start_held(&served, "");

    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/pause").status, 200);
    served_await(&served, "orders", "held", "paused");
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/resume").status, 200);
    served_await(&served, "orders", "held", "active_sessions");
    ck_assert_int_eq(scene_due(&served.scene), DUE);
    crew_goes_home(&served, &crew);
    check_all_purged(&served, DUE);
    served_end(&served);
}
END_TEST

START_TEST(the_kill_switch_stops_a_held_job_before_its_next_batch)
{
    struct served served = limited_new(ROWS);
    struct crew crew = start_held(&served, "");

    sql_exec(served.scene.own, "UPDATE pgpurged.kill_switch SET stopped = true, reason = 'wait'");
    crew_goes_home(&served, &crew);
    served_await(&served, "orders", "held", "kill_switch");
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), 0);
    served_end(&served);
}
END_TEST

/* ---- the other limits ---- */

START_TEST(a_replica_that_is_behind_holds_a_run_until_it_has_caught_up)
{
    struct served served = limited_new(ROWS);
    PGconn *standby = standby_connect("far");
    int64_t before = sql_int(served.scene.own, "SELECT pg_current_wal_flush_lsn() - '0/0'");

    sql_exec(served.scene.own, "SELECT pg_logical_emit_message(true, 'test', repeat('x', %d))",
             20 * MB);
    standby_report(standby, before);
    await_sql(served.scene.own, "SELECT count(replay_lsn) = 1 FROM pg_stat_replication", AWAIT_MS);
    served_start(&served, limited_config(&served, "max_replica_lag = 16MB\nreplicas = far", ""));
    await_state(&served, "held", "replica_lag", "replica far is 2");
    await_state(&served, "held", "replica_lag", "behind (max_replica_lag = 16MB)");
    ck_assert_int_eq(scene_due(&served.scene), DUE);
    standby_report(standby, sql_int(served.scene.own, "SELECT pg_current_wal_flush_lsn() - '0/0'"));
    check_all_purged(&served, DUE);
    PQfinish(standby);
    served_end(&served);
}
END_TEST

START_TEST(an_old_snapshot_slows_a_run_and_its_owner_is_named)
{
    struct served served = limited_new(20000);
    PGconn *old = scene_connect(&served.scene);
    const char *owner;

    sql_exec(old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    sql_exec(served.scene.own, "SELECT pg_sleep(1.1)");
    owner = keep_format("pid %d has kept VACUUM from removing dead rows for ", PQbackendPID(old));
    served_start(&served, limited_config(&served, "max_snapshot_age = 1s", SMALL_BATCHES));
    await_state(&served, "resting", "old_snapshot", owner);
    ck_assert(daemon_log_has(&served.daemon, keep_format("job=orders throttled: %s", owner)));
    sql_exec(old, "COMMIT");
    check_all_purged(&served, 10000);
    PQfinish(old);
    served_end(&served);
}
END_TEST

/* The first batch waits behind its DELETE, with its locks. */
START_TEST(a_session_that_waited_for_a_lock_of_ours_slows_the_run_for_a_moment)
{
    struct served served = limited_new(40000);
    PGconn *writer = scene_connect(&served.scene);

    gate_close(&served.scene, 1);
    sql_exec(served.scene.own, "DROP TRIGGER gate ON orders; CREATE TRIGGER gate AFTER DELETE ON"
                               " orders FOR EACH STATEMENT EXECUTE FUNCTION gate()");
    served_start(&served, limited_config(&served, "", SMALL_BATCHES "statement_timeout = 60s"));
    gate_await(&served.scene);
    sql_start(writer, "UPDATE orders SET filler = '' WHERE id = 1");
    await_sql(served.scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'transactionid'"
              " AND datname = current_database())",
              AWAIT_MS);
    gate_open(&served.scene);
    daemon_await_log(&served.daemon,
                     "job=orders throttled: other sessions have waited for its locks", AWAIT_MS);
    ck_assert_str_eq(sql_join(writer), "00000");
    served_await(&served, "orders", "waiting", "not_due");
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), 20000);
    PQfinish(writer);
    served_end(&served);
}
END_TEST

/* Bytes a second of all that the server writes, over some seconds. */
static double wal_rate(PGconn *own)
{
    sql_exec(own, "CREATE TABLE wal AS SELECT pg_current_wal_insert_lsn() AS lsn,"
                  " clock_timestamp() AS at");
    sql_exec(own, "SELECT pg_sleep(5)");
    return atof(sql_text(own, "SELECT (pg_current_wal_insert_lsn() - lsn)"
                              " / extract(epoch FROM clock_timestamp() - at) FROM wal"));
}

/* Every page is written whole after a checkpoint: at its full pace the job makes some 16 MB a
 * second, and on a busy machine still more than it may. */
START_TEST(the_wal_rate_is_kept_within_a_fifth)
{
    struct served served = limited_new(60000);
    PGconn *own = served.scene.own;
    double rate;

    sql_exec(own, "CHECKPOINT");
    served_start(&served, limited_config(&served, "max_wal_rate = 1MB",
                                         SMALL_BATCHES "max_rows_per_second = 10000"));
    await_state(&served, "resting", "wal_rate", "at its limit (max_wal_rate = 1MB a second)");
    sql_exec(own, "SELECT pg_sleep(3)"); /* it finds its share by trying */
    rate = wal_rate(own);
    ck_assert_int_gt(scene_due(&served.scene), 0);
    ck_assert_double_le(rate, MB * 1.2);
    ck_assert_double_ge(rate, MB * 0.5); /* and it makes use of what it may */
    promises_check(own, "orders", SCENE_DUE);
    served_end(&served);
}
END_TEST

/* ---- compression of its WAL ---- */

/* What our transactions run under, as a trigger of the table sees it. */
static const char *compression_seen(struct served *served)
{
    PGconn *own = served->scene.own;

    sql_exec(own, "CREATE TABLE seen (compression text);"
                  "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
                  " BEGIN INSERT INTO public.seen VALUES (current_setting('wal_compression'));"
                  " RETURN NULL; END $$;"
                  "CREATE TRIGGER look BEFORE DELETE ON orders FOR EACH STATEMENT"
                  " EXECUTE FUNCTION look()");
    served_start(served, limited_config(served, "", ""));
    check_all_purged(served, DUE);
    return sql_text(own, "SELECT string_agg(DISTINCT compression, ' ') FROM seen");
}

START_TEST(wal_is_compressed_by_a_role_that_may)
{
    struct served served = limited_new(ROWS);

    if (sql_int(served.scene.own, "SELECT count(*) FROM pg_settings WHERE name ="
                                  " 'wal_compression' AND 'lz4' = ANY (enumvals)") == 0)
        harness_skip("this server has no lz4 for its WAL");
    sql_exec(served.scene.own, "GRANT SET ON PARAMETER wal_compression TO pgpurged");
    ck_assert_str_eq(compression_seen(&served), "lz4");
    sql_exec(served.scene.own, "REVOKE SET ON PARAMETER wal_compression FROM pgpurged");
    served_end(&served);
}
END_TEST

START_TEST(wal_is_as_the_server_has_it_for_a_role_that_may_not_compress)
{
    struct served served = limited_new(ROWS);

    ck_assert_str_eq(compression_seen(&served), "off");
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sessions_at_work_hold_a_run_before_its_first_batch_until_they_are_done,
        the_client_shows_a_hold_with_its_sentence,
        the_sentence_of_a_hold_follows_the_figures,
        a_role_that_sees_nobody_is_not_held,
        a_hold_ends_after_max_hold_with_a_warning,
        a_held_daemon_stops_at_once_and_its_run_goes_on_later,
        a_held_job_can_be_paused_and_is_held_again_when_resumed,
        the_kill_switch_stops_a_held_job_before_its_next_batch,
        a_replica_that_is_behind_holds_a_run_until_it_has_caught_up,
        an_old_snapshot_slows_a_run_and_its_owner_is_named,
        a_session_that_waited_for_a_lock_of_ours_slows_the_run_for_a_moment,
        the_wal_rate_is_kept_within_a_fifth,
        wal_is_compressed_by_a_role_that_may,
        wal_is_as_the_server_has_it_for_a_role_that_may_not_compress,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
