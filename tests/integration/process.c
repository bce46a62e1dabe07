/*
 * Why: the daemon is started, stopped, reloaded and watched by systemd and by people in a hurry.
 * Whatever they do, the batch in flight is finished or rolled back as a whole, the run goes on
 * later, and a file with a mistake in it changes nothing.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/ask.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/notify_socket.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/served.h"
#include "integration/session.h"
#include "integration/spawn.h"
#include "policy/pacing.h"

enum { ROWS = 800, DUE = ROWS / 2 };

/* Small batches, so that a run has many. */
static const char small_batches[] = "batch_rows = 20";

static const char carts[] = "[job carts]\ntable = carts\nexpires = deleted_at + 30d\n";

static int64_t gone(const struct scene *scene)
{
    return promises_check(scene->own, "orders", SCENE_DUE);
}

/* A daemon whose third DELETE, of the second or third batch, waits at the gate. */
static struct daemon start_and_stop_in_mid_run(struct scene *scene)
{
    struct daemon daemon;

    scene_add_orders(scene, ROWS);
    gate_close(scene, 3);
    daemon = daemon_start(scene_config(scene, small_batches));
    gate_await(scene);
    return daemon;
}

static int64_t open_runs(const struct scene *scene)
{
    return sql_int(scene->own, "SELECT count(*) FROM pgpurged.runs WHERE ended_at IS NULL AND"
                               " next_block > 0");
}

/* The next start goes on with the run that was cut off, and nothing is left. */
static void finish_with_another_daemon(const struct scene *scene, const struct daemon *stopped)
{
    struct daemon daemon = daemon_start(stopped->config);

    scene_await_run(scene, "orders", "done");
    ck_assert_int_eq(sql_int(scene->own, "SELECT count(*) FROM pgpurged.runs"), 1);
    ck_assert_int_eq(gone(scene), DUE);
    daemon_stop(&daemon);
}

/* --- stopping --- */

static void check_stop_by(int signal)
{
    struct scene scene = scene_new();
    struct daemon daemon = start_and_stop_in_mid_run(&scene);
    int64_t audited = sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit");

    daemon_signal(&daemon, signal);
    daemon_await_log(&daemon, "stopping: waiting for the batches in flight", AWAIT_MS);
    gate_open(&scene);
    daemon_await_exit(&daemon, 0, AWAIT_MS);
    audited = sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit") - audited;
    ck_assert_int_ge(audited, 1); /* the one at work, and perhaps others, sent already */
    ck_assert_int_le(audited, PACE_MOST_IN_FLIGHT);
    ck_assert_int_lt(gone(&scene), DUE);
    ck_assert_int_eq(open_runs(&scene), 1);
    finish_with_another_daemon(&scene, &daemon);
    scene_end(&scene);
}

START_TEST(sigterm_finishes_the_batch_in_flight_and_the_next_start_goes_on)
{
    check_stop_by(SIGTERM);
}
END_TEST

START_TEST(sigint_finishes_the_batch_in_flight_and_the_next_start_goes_on)
{
    check_stop_by(SIGINT);
}
END_TEST

START_TEST(a_second_sigterm_does_not_wait_for_the_batch_in_flight)
{
    struct scene scene = scene_new();
    struct daemon daemon = start_and_stop_in_mid_run(&scene);

    daemon_signal(&daemon, SIGTERM);
    daemon_await_log(&daemon, "stopping: ", AWAIT_MS);
    daemon_signal(&daemon, SIGTERM);
    daemon_await_exit(&daemon, 0, AWAIT_MS);
    ck_assert(daemon_log_has(&daemon, "second signal: exiting at once"));
    gate_open(&scene);
    scene_await_no_daemon(&scene);
    ck_assert_int_lt(gone(&scene), DUE);
    finish_with_another_daemon(&scene, &daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(a_daemon_that_cannot_reach_its_database_stops_at_once)
{
    struct daemon daemon =
        daemon_start(scene_config_through("host=127.0.0.1 port=1 dbname=nowhere", scene_job("")));

    daemon_await_log(&daemon, "unavailable", AWAIT_MS);
    daemon_stop(&daemon);
}
END_TEST

/* --- reloading --- */

static void put_config(const struct daemon *daemon, const struct scene *scene, const char *options)
{
    config_rewrite(daemon->config, "%s", keep_file(scene_config(scene, options)));
}

START_TEST(a_reload_in_mid_run_finishes_the_batch_and_goes_on_with_the_new_settings)
{
    struct scene scene = scene_new();
    struct daemon daemon = start_and_stop_in_mid_run(&scene);

    scene_add_table(&scene, "carts", 40);
    put_config(&daemon, &scene, keep_format("batch_rows = 200\n%s", carts));
    daemon_signal(&daemon, SIGHUP);
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    scene_await_run(&scene, "carts", "done");
    ck_assert(daemon_log_has(&daemon, "conf: 2 jobs"));
    ck_assert_int_eq(gone(&scene), DUE);
    ck_assert_int_eq(promises_check(scene.own, "carts", SCENE_DUE), 20);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs WHERE job = 'orders'"),
                     1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(a_reload_with_another_rule_begins_another_run)
{
    struct scene scene = scene_new();
    struct daemon daemon = start_and_stop_in_mid_run(&scene);

    config_rewrite(daemon.config, "%s",
                   keep_file(scene_config_through(
                       cluster_conninfo(harness_cluster(), scene.database, "pgpurged"),
                       "[job orders]\ntable = orders\nexpires = deleted_at + 60d\n")));
    daemon_signal(&daemon, SIGHUP);
    gate_open(&scene);
    await_sql(scene.own, "SELECT EXISTS (SELECT FROM pgpurged.runs WHERE outcome = 'done')",
              AWAIT_MS);
    ck_assert_str_eq(sql_text(scene.own, "SELECT string_agg(outcome, ' ' ORDER BY id) FROM"
                                         " pgpurged.runs"),
                     "abandoned done");
    ck_assert_int_lt(gone(&scene),
                     DUE); /* nothing of the last sixty days but what was gone before */
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

START_TEST(a_bad_file_changes_nothing_and_the_log_says_where_it_is_wrong)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    daemon = daemon_start(scene_config(&scene, "every = 3s"));
    scene_await_run(&scene, "orders", "done");
    put_config(&daemon, &scene, "every = 3s\nduty_cycle = lazy");
    daemon_signal(&daemon, SIGHUP);
    daemon_await_log(
        &daemon, keep_format("reload refused, the old settings stay in force: %s:", daemon.config),
        AWAIT_MS);
    ck_assert(!daemon_log_has(&daemon, "reloaded"));
    await_sql(scene.own, "SELECT count(*) >= 2 FROM pgpurged.runs WHERE outcome = 'done'",
              AWAIT_MS);

    put_config(&daemon, &scene, "every = 1d");
    daemon_signal(&daemon, SIGHUP);
    daemon_await_log(&daemon, "reloaded", AWAIT_MS);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- the kill switch --- */

START_TEST(the_kill_switch_stops_a_run_before_its_next_batch)
{
    struct scene scene = scene_new();
    struct daemon daemon = start_and_stop_in_mid_run(&scene);
    int64_t before, audited = sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit");

    sql_exec(scene.own, "UPDATE pgpurged.kill_switch SET stopped = true, reason = 'incident 42'");
    gate_open(&scene);
    daemon_await_log(&daemon,
                     "job=orders finishing -> held (kill_switch): the kill switch is on: "
                     "incident 42 (PU001)",
                     AWAIT_MS);
    scene_await_no_daemon(&scene);
    before = gone(&scene);
    ck_assert_int_lt(before, DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit"), audited + 1);

    daemon_signal(&daemon, SIGHUP); /* looks again, and it is still on */
    daemon_await_log(&daemon, "reloaded", AWAIT_MS);
    await_sql(scene.own,
              "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name ="
              " 'pgpurged' AND state = 'active' AND datname = current_database()",
              AWAIT_MS);
    ck_assert_int_eq(gone(&scene), before);
    sql_exec(scene.own, "UPDATE pgpurged.kill_switch SET stopped = false");
    daemon_signal(&daemon, SIGHUP);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(gone(&scene), DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- systemd --- */

/* Where the n-th line like this begins in what was heard. */
static const char *heard_at(const struct notify_socket *notify, const char *line, int nth)
{
    const char *at = notify->heard;

    while ((at = strstr(at, line)) != NULL && --nth > 0)
        at += strlen(line);
    ck_assert_msg(at != NULL, "no %s in:\n%s", line, notify->heard);
    return at;
}

START_TEST(systemd_hears_ready_status_reloading_ready_and_stopping_in_this_order)
{
    struct scene scene = scene_new();
    struct notify_socket notify;
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    notify_socket_open(&notify, cluster_folder(harness_cluster()));
    daemon = daemon_start(scene_config(&scene, ""));
    notify_socket_await(&notify, "READY=1", AWAIT_MS);
    notify_socket_await(&notify, "STATUS=1 job: 1 waiting", AWAIT_MS);
    daemon_signal(&daemon, SIGHUP);
    notify_socket_await(&notify, "RELOADING=1", AWAIT_MS);
    daemon_await_log(&daemon, "reloaded", AWAIT_MS);
    daemon_stop(&daemon);
    notify_socket_await(&notify, "STOPPING=1", AWAIT_MS);
    ck_assert(heard_at(&notify, "READY=1", 1) < heard_at(&notify, "RELOADING=1", 1));
    ck_assert(heard_at(&notify, "RELOADING=1\nMONOTONIC_USEC=", 1) <
              heard_at(&notify, "READY=1", 2));
    ck_assert(heard_at(&notify, "READY=1", 2) < heard_at(&notify, "STOPPING=1", 1));
    scene_end(&scene);
}
END_TEST

START_TEST(a_refused_reload_ends_with_ready_as_well)
{
    struct scene scene = scene_new();
    struct notify_socket notify;
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    notify_socket_open(&notify, cluster_folder(harness_cluster()));
    daemon = daemon_start(scene_config(&scene, ""));
    notify_socket_await(&notify, "READY=1", AWAIT_MS);
    config_rewrite(daemon.config, "junk\n");
    notify_socket_forget(&notify);
    daemon_signal(&daemon, SIGHUP);
    notify_socket_await(&notify, "RELOADING=1", AWAIT_MS);
    notify_socket_await(&notify, "READY=1", AWAIT_MS);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

static bool was_fed_three_times(void *arg)
{
    struct notify_socket *notify = arg;
    int times = 0;

    notify_socket_heard(notify, "WATCHDOG=1");
    for (const char *at = notify->heard; (at = strstr(at, "WATCHDOG=1")) != NULL; at++)
        times++;
    return times >= 3;
}

START_TEST(the_watchdog_is_fed_while_a_batch_waits)
{
    struct scene scene = scene_new();
    struct notify_socket notify;
    struct daemon daemon;

    notify_socket_open(&notify, cluster_folder(harness_cluster()));
    setenv("WATCHDOG_USEC", "400000", 1);
    daemon = start_and_stop_in_mid_run(&scene);
    notify_socket_forget(&notify);
    await(was_fed_three_times, &notify, AWAIT_MS, "WATCHDOG=1, three times");
    gate_open(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* systemd tells by $JOURNAL_STREAM that stderr is the journal: device and inode. */
START_TEST(the_journal_gets_a_level_in_front_of_each_line)
{
    const char *config =
        scene_config_through("host=127.0.0.1 port=1 dbname=nowhere", scene_job(""));
    const char *log = keep_format("%s.log", config);
    struct daemon daemon;
    struct stat st;

    ck_assert_int_ge(creat(log, 0644), 0);
    ck_assert_int_eq(stat(log, &st), 0);
    setenv("JOURNAL_STREAM",
           keep_format("%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino),
           1);
    daemon = daemon_start(config);
    daemon_await_log(&daemon, "<4>database=d unavailable", AWAIT_MS);
    ck_assert(text_starts(daemon_log(&daemon), "<6>pgpurged "));
    daemon_stop(&daemon);
}
END_TEST

/* --- idleness --- */

static long wakeups_of(const struct daemon *daemon)
{
    const char *status = keep_file(keep_format("/proc/%d/status", (int)daemon->pid));
    const char *line = strstr(status, "\nvoluntary_ctxt_switches:");

    ck_assert_ptr_nonnull(line);
    return strtol(line + strlen("\nvoluntary_ctxt_switches:"), NULL, 10);
}

struct calm {
    const struct daemon *daemon;
    long wakeups;
    struct mono since;
};

/* It has slept for a while: whatever it had to do is done. */
static bool is_calm(void *arg)
{
    struct calm *calm = arg;
    long wakeups = wakeups_of(calm->daemon);

    if (wakeups != calm->wakeups)
        calm->since = mono_now();
    calm->wakeups = wakeups;
    return mono_ms_between(calm->since, mono_now()) >= 500;
}

START_TEST(nothing_wakes_the_daemon_while_nothing_is_due)
{
    struct scene scene = scene_new();
    struct daemon daemon;
    struct calm calm = {.daemon = &daemon};

    scene_add_orders(&scene, 40);
    daemon = daemon_start(scene_config(&scene, ""));
    daemon_await_log(&daemon, "checking -> waiting (not_due)", AWAIT_MS);
    scene_await_no_daemon(&scene);
    await(is_calm, &calm, AWAIT_MS, "half a second without a wakeup");
    usleep(3000000); /* the time that is measured */
    ck_assert_int_eq(wakeups_of(&daemon), calm.wakeups);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- a reader of the log that has stopped --- */

/* The end of a pipe that takes nothing any more; *reader gets the other one. */
static int full_pipe(int *reader)
{
    int ends[2];
    char line[] = "somebody else's line\n";

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], line, sizeof line - 1) > 0)
        ;
    while (write(ends[1], "\n", 1) > 0)
        ;
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
    *reader = ends[0];
    return ends[1];
}

/* The daemon with this end of a pipe as its stderr. */
static struct daemon start_with_log(const char *config, int writer)
{
    const char *argv[] = {program_pgpurged(), "--config", config, NULL};
    struct daemon daemon = {.config = config};
    int ours = dup(STDERR_FILENO);

    dup2(writer, STDERR_FILENO);
    daemon.pid = spawn(&(struct spawn){.argv = argv, .death_signal = SIGKILL});
    dup2(ours, STDERR_FILENO);
    close(ours);
    close(writer);
    return daemon;
}

static void stop(struct daemon *daemon)
{
    daemon_signal(daemon, SIGTERM);
    daemon_await_exit(daemon, 0, AWAIT_MS);
}

START_TEST(a_daemon_whose_log_nobody_reads_purges_answers_and_stops)
{
    struct served served = served_new();
    const char *config;
    int reader, writer = full_pipe(&reader);

    scene_add_orders(&served.scene, ROWS);
    config = served_config(&served, "log_level = debug", scene_job(small_batches));
    served.daemon = start_with_log(config, writer);
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_int_eq(gone(&served.scene), DUE);
    ck_assert_int_eq(ask_for_status(served.socket, "/v1/status"), 200);
    ck_assert(served_metric(&served, "pgpurged_log_lines_lost_total") >= 0);
    stop(&served.daemon);
    close(reader);
    scene_end(&served.scene);
}
END_TEST

/* The reader comes back when all is over but the end: it gets all lines, the last ones as well. */
START_TEST(a_reader_of_the_log_that_comes_back_gets_the_lines_of_the_end)
{
    struct scene scene = scene_new();
    int reader, writer = full_pipe(&reader);
    struct daemon daemon;
    struct text log = {0};
    char some[4096];
    ssize_t length;

    scene_add_orders(&scene, ROWS);
    daemon = start_with_log(scene_config(&scene, small_batches), writer);
    scene_await_run(&scene, "orders", "done");
    daemon_signal(&daemon, SIGTERM);
    while ((length = read(reader, some, sizeof some)) > 0)
        text_add_bytes(&log, some, (size_t)length);
    daemon_await_exit(&daemon, 0, AWAIT_MS);
    ck_assert_ptr_nonnull(strstr(log.data, " starts: "));
    ck_assert_ptr_nonnull(strstr(log.data, "info    stopped\n"));
    text_free(&log);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sigterm_finishes_the_batch_in_flight_and_the_next_start_goes_on,
        sigint_finishes_the_batch_in_flight_and_the_next_start_goes_on,
        a_second_sigterm_does_not_wait_for_the_batch_in_flight,
        a_daemon_that_cannot_reach_its_database_stops_at_once,
        a_reload_in_mid_run_finishes_the_batch_and_goes_on_with_the_new_settings,
        a_reload_with_another_rule_begins_another_run,
        a_bad_file_changes_nothing_and_the_log_says_where_it_is_wrong,
        the_kill_switch_stops_a_run_before_its_next_batch,
        systemd_hears_ready_status_reloading_ready_and_stopping_in_this_order,
        a_refused_reload_ends_with_ready_as_well,
        the_watchdog_is_fed_while_a_batch_waits,
        the_journal_gets_a_level_in_front_of_each_line,
        nothing_wakes_the_daemon_while_nothing_is_due,
        a_daemon_whose_log_nobody_reads_purges_answers_and_stops,
        a_reader_of_the_log_that_comes_back_gets_the_lines_of_the_end,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
