/*
 * Why: a partitioned table is not the same at the end of a run as at its beginning. Partitions are
 * added, detached, dropped, renamed and locked while the run is at them; the run itself is cut off
 * and goes on. What is a partition is purged in the same run, what is none any more is left alone
 * from that moment on, and whatever happens, rows and audit table agree, partition by partition.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/events.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/served.h"
#include "integration/session.h"

/* A partition of events_of() has a hundred rows, and fifty of them are due. */
enum { DUE = 50 };

/* A run that stands in the middle of ev_2, with small batches. */
static struct daemon start_at_ev_2(struct scene *scene, const char *options)
{
    struct daemon daemon;

    gate_close_on(scene, "ev_2", 3);
    daemon = daemon_start(events_config(scene, keep_format(EVENTS_SLOWLY "%s", options)));
    gate_await(scene);
    ck_assert_int_gt(events_due(scene, "ev_2"), 10);
    return daemon;
}

/* --- what others do to the partition that the run is at --- */

/* Each is done by another session while a batch is in ev_2, and waits for the batch's end; the
 * next batch comes too late. */
static const struct change {
    const char *what, *sql;
    const char *fk_blocked; /* what is true at the end, in SQL */
    int gone;               /* of the leaves that can be counted; at least */
} changes[] = {
    {"detached", "ALTER TABLE ev DETACH PARTITION ev_2",
     "(SELECT count(*) > 10 FROM ev_2 WHERE " SCENE_DUE ")", 2 * DUE},
    {"detached concurrently", "ALTER TABLE ev DETACH PARTITION ev_2 CONCURRENTLY",
     "(SELECT count(*) > 10 FROM ev_2 WHERE " SCENE_DUE ")", 2 * DUE},
    {"dropped", "DROP TABLE ev_2", "to_regclass('ev_2') IS NULL", 2 * DUE},
    {"renamed", "ALTER TABLE ev_2 RENAME TO \"Ev 2\"",
     "(SELECT count(*) = 0 FROM \"Ev 2\" WHERE " SCENE_DUE ")", 3 * DUE},
    {"put into another schema",
     "CREATE SCHEMA attic; GRANT USAGE ON SCHEMA attic TO pgpurged;"
     "ALTER TABLE ev_2 SET SCHEMA attic",
     "(SELECT count(*) = 0 FROM attic.ev_2 WHERE " SCENE_DUE ")", 3 * DUE},
    {"replaced by an empty one",
     "ALTER TABLE ev DETACH PARTITION ev_2; ALTER TABLE ev_2 RENAME TO ev_2_kept;"
     "CREATE TABLE ev_2 PARTITION OF ev FOR VALUES FROM (101) TO (201);"
     "GRANT SELECT, DELETE ON ev_2 TO pgpurged",
     "(SELECT count(*) > 10 FROM ev_2_kept WHERE " SCENE_DUE ")", 2 * DUE},
};

static const char await_change_waits[] =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name <> 'pgpurged' AND pid <> pg_backend_pid() AND wait_event_type = 'Lock')";

static void check_change(const struct change *row)
{
    struct scene scene = events_of(3);
    PGconn *application = scene_connect(&scene);
    struct daemon daemon = start_at_ev_2(&scene, "");

    sql_start(application, row->sql);
    await_sql(scene.own, await_change_waits, AWAIT_MS);
    gate_open(&scene);
    ck_assert_str_eq(sql_join(application), "00000");
    scene_await_run(&scene, "ev", "done");
    ck_assert_msg(events_due(&scene, "ev_1") + events_due(&scene, "ev_3") == 0, "%s", row->what);
    ck_assert_msg(sql_int(scene.own, "SELECT (%s)::int", row->fk_blocked) == 1, "%s", row->what);
    ck_assert_msg(events_check(&scene) >= row->gone, "%s", row->what);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}

START_TEST(a_partition_that_changes_under_the_run_is_left_alone_or_followed)
{
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++)
        check_change(&changes[i]);
}
END_TEST

/* The rows of a branch that is detached with all its leaves are none of the job's either. */
START_TEST(a_branch_that_is_detached_during_a_run_is_left_alone)
{
    struct scene scene = events_of(1);
    PGconn *application = scene_connect(&scene);
    struct daemon daemon;

    events_add_part(&scene, "ev", "ev_b", "FOR VALUES FROM (101) TO (301) PARTITION BY RANGE (id)");
    events_add_partition(&scene, "ev_b", "ev_2", 101, 201);
    events_add_partition(&scene, "ev_b", "ev_3", 201, 301);
    events_fill(&scene, "ev", 101, 301);
    events_watch(&scene);
    daemon = start_at_ev_2(&scene, "");
    sql_start(application, "ALTER TABLE ev DETACH PARTITION ev_b");
    await_sql(scene.own, await_change_waits, AWAIT_MS);
    gate_open(&scene);
    ck_assert_str_eq(sql_join(application), "00000");
    scene_await_run(&scene, "ev", "done");
    ck_assert_int_eq(events_due(&scene, "ev"), 0);
    ck_assert_int_eq(events_due(&scene, "ev_3"), DUE);
    ck_assert_int_gt(events_due(&scene, "ev_2"), 10);
    events_check(&scene);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* Somebody has cancelled a DETACH ... CONCURRENTLY half way; it waits to be finalized. */
START_TEST(a_partition_whose_detachment_is_pending_keeps_its_rows)
{
    struct scene scene = events_of(3);
    PGconn *reader = scene_connect(&scene), *application = scene_connect(&scene);

    sql_exec(reader, "BEGIN; SELECT FROM ev LIMIT 1");
    sql_start(application, "ALTER TABLE ev DETACH PARTITION ev_2 CONCURRENTLY");
    await_sql(scene.own, "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhdetachpending)",
              AWAIT_MS);
    sql_exec(scene.own, "SELECT pg_cancel_backend(%d)", PQbackendPID(application));
    ck_assert_str_eq(sql_join(application), "57014");
    sql_exec(reader, "COMMIT");
    scene_once(events_config(&scene, ""), 0);
    ck_assert_int_eq(events_check(&scene), 2 * DUE);
    ck_assert_int_eq(events_due(&scene, "ev_2"), DUE);
    PQfinish(application);
    PQfinish(reader);
    scene_end(&scene);
}
END_TEST

/* The table of that name may be another one by now, and this one somebody's archive. */
START_TEST(a_partitioned_table_that_is_renamed_during_a_run_stops_the_job)
{
    struct scene scene = events_of(3);
    struct daemon daemon = start_at_ev_2(&scene, "");
    int64_t due;

    sql_exec(scene.own, "ALTER TABLE ev RENAME TO archive");
    due = events_due(&scene, "archive");
    gate_open(&scene);
    scene_await_run(&scene, "ev", "failed");
    ck_assert_int_eq(events_due(&scene, "archive"), due);
    ck_assert(daemon_log_has(&daemon, "is not called as before the run"));
    sql_exec(scene.own, "ALTER TABLE archive RENAME TO ev");
    events_check(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* Its name comes before the one that the run is at. */
START_TEST(a_partition_that_is_added_during_a_run_is_purged_in_the_same_run)
{
    struct scene scene = events_of(3);
    struct daemon daemon = start_at_ev_2(&scene, "");

    events_add_partition(&scene, "ev", "ev_0", 1001, 1101);
    events_fill(&scene, "ev_0", 1001, 1101);
    events_watch(&scene);
    gate_open(&scene);
    scene_await_run(&scene, "ev", "done");
    ck_assert_int_eq(events_check(&scene), 4 * DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- leaves that are locked --- */

/* Nothing is due in ev_1: what is known of its pass must not be taken for one over ev_2. */
START_TEST(a_partition_that_is_locked_when_the_run_comes_to_it_is_purged_later)
{
    struct scene scene = events_of(2);
    PGconn *application = scene_connect(&scene);
    struct daemon daemon;

    sql_exec(scene.own, "UPDATE ev_1 SET deleted_at = NULL; UPDATE promises.was SET due = false"
                        " WHERE id <= 100");
    gate_close_on(&scene, "ev_1", 1);
    daemon = daemon_start(events_config(&scene, "lock_timeout = 10ms"));
    gate_await(&scene);
    sql_exec(application, "BEGIN; LOCK TABLE ONLY ev_2 IN ACCESS EXCLUSIVE MODE");
    gate_open(&scene);
    daemon_await_log(&daemon, "job=ev checking -> backing_off (locked)", AWAIT_MS);
    sql_exec(application, "COMMIT");
    scene_await_run(&scene, "ev", "done");
    ck_assert_int_eq(events_check(&scene), DUE);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* Then not even the leaves can be listed. */
START_TEST(a_run_that_finds_a_partition_locked_at_its_beginning_waits_for_it)
{
    struct scene scene = events_of(2);
    PGconn *application = scene_connect(&scene);
    struct daemon daemon =
        daemon_start(events_config(&scene, "lock_timeout = 10ms\nevery = 1s\nvacuum = never"));

    scene_await_run(&scene, "ev", "done");
    sql_exec(application, "BEGIN; LOCK TABLE ONLY ev_1 IN ACCESS EXCLUSIVE MODE");
    daemon_await_log(&daemon, "job=ev checking -> backing_off (locked)", AWAIT_MS);
    sql_exec(application, "UPDATE ev_1 SET deleted_at = '2020-01-01' WHERE id = 4;"
                          "UPDATE promises.was SET due = true WHERE id = 4; COMMIT");
    await_sql(scene.own, "SELECT NOT EXISTS (SELECT FROM ev_1 WHERE id = 4)", AWAIT_MS);
    daemon_stop(&daemon);
    ck_assert_int_eq(events_check(&scene), 2 * DUE + 1);
    PQfinish(application);
    scene_end(&scene);
}
END_TEST

/* --- a run that is cut off --- */

/* All that was due is gone in one run, and each row is counted once. */
static void check_one_whole_run(const struct scene *scene, int partitions)
{
    scene_await_run(scene, "ev", "done");
    ck_assert_int_eq(events_check(scene), partitions * DUE);
    ck_assert_int_eq(events_due(scene, "ev"), 0);
    ck_assert_str_eq(sql_text(scene->own, "SELECT concat(count(*), ' ', sum(rows)) FROM"
                                          " pgpurged.runs"),
                     keep_format("1 %d", partitions * DUE));
}

START_TEST(a_run_that_is_stopped_goes_on_at_its_partition)
{
    struct scene scene = events_of(3);
    struct daemon daemon = start_at_ev_2(&scene, ""), next;

    daemon_signal(&daemon, SIGTERM);
    gate_open(&scene);
    daemon_await_exit(&daemon, 0, AWAIT_MS);
    ck_assert_str_eq(sql_text(scene.own, "SELECT at_partition::regclass FROM pgpurged.runs"),
                     "ev_2");
    ck_assert_int_gt(events_check(&scene), DUE);

    next = daemon_start(daemon.config);
    check_one_whole_run(&scene, 3);
    ck_assert_int_eq(daemon_log_count(&next, "starting partition \"public\".\"ev_1\""), 1);
    ck_assert_int_eq(daemon_log_count(&next, "starting partition \"public\".\"ev_2\""), 2);
    daemon_stop(&next);
    scene_end(&scene);
}
END_TEST

/* Else the run would end as done, and rows of the leaves before would be due for ever unsaid. */
START_TEST(a_run_that_is_stopped_forgets_no_rejected_rows_of_partitions_that_were_over)
{
    struct scene scene = events_of(3);
    struct daemon daemon, next;

    sql_exec(scene.own, "CREATE TABLE notes AS SELECT unnest(ARRAY[1, 98, 201])::bigint AS ev_id;"
                        "GRANT SELECT ON notes TO pgpurged");
    ck_assert_int_eq(
        sql_int(scene.own, "SELECT count(*) FROM ev WHERE id IN (1, 98, 201) AND " SCENE_DUE), 3);
    daemon = start_at_ev_2(&scene, "references = notes.ev_id -> id\n");
    daemon_signal(&daemon, SIGTERM);
    gate_open(&scene);
    daemon_await_exit(&daemon, 0, AWAIT_MS);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(ended_at, rejected) FROM pgpurged.runs"),
                     "2");

    next = daemon_start(daemon.config);
    scene_await_run(&scene, "ev", "incomplete");
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(rejected, ' ', count(*) OVER ())"
                                         " FROM pgpurged.runs"),
                     "3 1");
    ck_assert_int_eq(events_check(&scene), 3 * DUE - 3);
    daemon_stop(&next);
    scene_end(&scene);
}
END_TEST

START_TEST(a_run_whose_daemon_is_killed_loses_and_doubles_nothing)
{
    struct scene scene = events_of(3);
    struct daemon daemon = start_at_ev_2(&scene, ""), next;

    daemon_kill9(&daemon);
    gate_open(&scene);
    scene_await_no_daemon(&scene);
    ck_assert_int_gt(events_check(&scene), DUE);
    next = daemon_start(daemon.config);
    check_one_whole_run(&scene, 3);
    daemon_stop(&next);
    scene_end(&scene);
}
END_TEST

START_TEST(a_run_whose_session_is_terminated_goes_on_at_its_partition)
{
    struct scene scene = events_of(3);
    struct daemon daemon = start_at_ev_2(&scene, "");
    const char *log;

    sql_exec(scene.own, "SELECT pg_terminate_backend(%d)", scene_backend(&scene));
    gate_open(&scene);
    check_one_whole_run(&scene, 3);
    /* Only then it looks again at the one before: after a crash rows might be back there. */
    log = strstr(daemon_log(&daemon), "re-checking what was done shortly before");
    ck_assert(log != NULL && strstr(log, "starting partition \"public\".\"ev_1\"") != NULL);
    ck_assert_int_eq(daemon_log_count(&daemon, "starting partition \"public\".\"ev_1\""), 2);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* The partition at which it was is gone when it goes on. */
START_TEST(a_run_whose_partition_is_dropped_while_it_is_stopped_goes_on_with_the_others)
{
    struct scene scene = events_of(3);
    struct daemon daemon = start_at_ev_2(&scene, ""), next;

    daemon_signal(&daemon, SIGTERM);
    gate_open(&scene);
    daemon_await_exit(&daemon, 0, AWAIT_MS);
    sql_exec(scene.own, "DROP TABLE ev_2");
    next = daemon_start(daemon.config);
    scene_await_run(&scene, "ev", "done");
    ck_assert_int_eq(events_check(&scene), 2 * DUE);
    daemon_stop(&next);
    scene_end(&scene);
}
END_TEST

/* ev_1 alone takes less than a second, all twelve together more than six. */
START_TEST(a_run_that_the_window_cuts_off_goes_on_at_its_partition)
{
    struct scene scene = events_of(12);
    const char *window =
        keep_format("window = 06:00-12:00\ntimezone = %s\nmax_rows_per_second = 80\n"
                    "batch_rows = 10",
                    scene_noon_in(&scene, 6));
    struct daemon daemon = daemon_start(events_config(&scene, window));

    daemon_await_log(&daemon, "checking -> waiting (window)", AWAIT_MS);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(ended_at IS NULL, at_partition IS NOT NULL,"
                                         " at_partition <> 'ev_1'::regclass) FROM pgpurged.runs"),
                     "ttt");
    ck_assert_int_lt(events_check(&scene), 12 * DUE);
    config_rewrite(daemon.config, "%s", keep_file(events_config(&scene, "window = always")));
    daemon_signal(&daemon, SIGHUP);
    check_one_whole_run(&scene, 12);
    ck_assert_int_eq(daemon_log_count(&daemon, "starting partition \"public\".\"ev_1\""), 1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- what people see of it --- */

START_TEST(status_says_which_partition_a_run_is_at)
{
    struct served served = served_new();
    struct snapshot *status;
    const struct run_view *run;

    events_make(&served.scene);
    events_add_partitions(&served.scene, 3);
    gate_close_on(&served.scene, "ev_2", 1);
    served_start(&served,
                 served_config(&served, "", "[job ev]\ntable = ev\nexpires = deleted_at + 30d\n"));
    gate_await(&served.scene);
    status = served_status(&served);
    run = &snapshot_job(status, "ev")->run;
    ck_assert_str_eq(run->partition, "ev_2");
    ck_assert_int_eq(run->partition_number, 2);
    ck_assert_int_eq(run->partition_count, 3);
    snapshot_free(status);
    gate_open(&served.scene);
    check_one_whole_run(&served.scene, 3);
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_partition_that_changes_under_the_run_is_left_alone_or_followed,
        a_branch_that_is_detached_during_a_run_is_left_alone,
        a_partition_whose_detachment_is_pending_keeps_its_rows,
        a_partitioned_table_that_is_renamed_during_a_run_stops_the_job,
        a_partition_that_is_added_during_a_run_is_purged_in_the_same_run,
        a_partition_that_is_locked_when_the_run_comes_to_it_is_purged_later,
        a_run_that_finds_a_partition_locked_at_its_beginning_waits_for_it,
        a_run_that_is_stopped_goes_on_at_its_partition,
        a_run_that_is_stopped_forgets_no_rejected_rows_of_partitions_that_were_over,
        a_run_whose_daemon_is_killed_loses_and_doubles_nothing,
        a_run_whose_session_is_terminated_goes_on_at_its_partition,
        a_run_whose_partition_is_dropped_while_it_is_stopped_goes_on_with_the_others,
        a_run_that_the_window_cuts_off_goes_on_at_its_partition,
        status_says_which_partition_a_run_is_at,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
