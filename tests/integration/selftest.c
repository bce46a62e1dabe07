/*
 * Why: the other integration tests believe what this harness says. A proxy that adds no delay, a
 * cut that comes too late or a wait that always succeeds would make them green for nothing.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/await.h"
#include "integration/bindir.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/notify_socket.h"
#include "integration/program.h"
#include "integration/proxy.h"
#include "integration/session.h"
#include "integration/spawn.h"

/* ---- await ---- */

static bool never(void *arg)
{
    int *asked = arg;
    ++*asked;
    return false;
}

static bool at_the_third_time(void *arg)
{
    int *asked = arg;
    return ++*asked == 3;
}

START_TEST(await_gives_up_when_the_condition_never_comes)
{
    int asked = 0;
    struct mono start = mono_now();
    ck_assert(!await_quietly(never, &asked, 100));
    ck_assert_double_ge(mono_ms_between(start, mono_now()), 100);
    ck_assert_int_gt(asked, 2);
}
END_TEST

START_TEST(await_ends_as_soon_as_the_condition_comes)
{
    int asked = 0;
    ck_assert(await_quietly(at_the_third_time, &asked, AWAIT_MS));
    ck_assert_int_eq(asked, 3);
}
END_TEST

/* ---- the server ---- */

static PGconn *connect_to(const char *database)
{
    return sql_connect(cluster_conninfo(harness_cluster(), database, "postgres"));
}

static const char *database_with_table(void)
{
    const char *database = cluster_new_database(harness_cluster());
    PGconn *own = connect_to(database);
    sql_exec(own, "CREATE TABLE t (id int)");
    PQfinish(own);
    return database;
}

START_TEST(a_crashed_and_restarted_server_keeps_what_was_committed)
{
    const char *database = database_with_table();
    PGconn *lost = connect_to(database);
    sql_exec(lost, "INSERT INTO t VALUES (1)");
    sql_exec(lost, "BEGIN; INSERT INTO t VALUES (2)");
    cluster_stop_immediate(harness_cluster());
    ck_assert_str_ne(sql_error(lost, "COMMIT"), "00000");
    cluster_start(harness_cluster());
    PGconn *own = connect_to(database);
    ck_assert_int_eq(sql_int(own, "SELECT sum(id) FROM t"), 1);
    PQfinish(lost);
    PQfinish(own);
}
END_TEST

START_TEST(a_server_restarted_by_one_test_still_runs_in_the_next)
{
    PGconn *own = connect_to("postgres");
    ck_assert_int_eq(sql_int(own, "SELECT 42"), 42);
    ck_assert_str_eq(sql_error(own, "SELECT 1/0"), "22012");
    PQfinish(own);
}
END_TEST

START_TEST(a_statement_can_wait_for_a_lock_while_the_test_goes_on)
{
    const char *database = database_with_table();
    PGconn *own = connect_to(database), *waiter = connect_to(database);
    sql_exec(own, "BEGIN; LOCK TABLE t");
    sql_start(waiter, "INSERT INTO t VALUES (1)");
    await_sql(own, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted", AWAIT_MS);
    sql_exec(own, "COMMIT");
    ck_assert_str_eq(sql_join(waiter), "00000");
    PQfinish(waiter);
    PQfinish(own);
}
END_TEST

static void make_cluster_and_wait_to_be_killed(int tell)
{
    struct err err;
    struct cluster_options options = {.tcp = true};
    struct cluster *cluster = cluster_new(bindir_find(), &options, &err);
    const char *folder = cluster_folder(cluster);
    if (write(tell, folder, strlen(folder)) > 0)
        pause();
    _exit(1);
}

static bool folder_is_gone(void *arg)
{
    return access(arg, F_OK) != 0;
}

START_TEST(a_killed_test_program_partitions_no_server_and_no_folder_behind)
{
    int ends[2];
    char folder[256] = "";
    ck_assert_int_eq(pipe(ends), 0);
    pid_t program = fork();
    if (program == 0)
        make_cluster_and_wait_to_be_killed(ends[1]);
    ck_assert_int_gt(read(ends[0], folder, sizeof(folder) - 1), 0);
    pid_t server = atoi(keep_file(keep_format("%s/data/postmaster.pid", folder)));
    ck_assert_int_eq(kill(server, 0), 0);

    kill(program, SIGKILL);
    waitpid(program, NULL, 0);
    await(folder_is_gone, folder, AWAIT_MS, "the end of the folder");
    ck_assert_int_ne(kill(server, 0), 0);
}
END_TEST

/* ---- the proxy ---- */

static struct proxy proxy_to_cluster(double delay_ms, const char *listen_folder)
{
    struct proxy proxy;
    struct proxy_options options = {.server = cluster_socket(harness_cluster()),
                                    .listen_folder = listen_folder,
                                    .delay_ms = delay_ms};
    ck_assert(proxy_start(&proxy, &options));
    return proxy;
}

static PGconn *connect_through(const struct proxy *proxy, const char *database)
{
    return sql_connect(cluster_conninfo_through(proxy->port, database, "postgres"));
}

static double fastest_of_five_ms(PGconn *conn)
{
    double fastest = 1e9;
    for (int i = 0; i < 5; i++) {
        struct mono start = mono_now();
        sql_int(conn, "SELECT 1");
        double took = mono_ms_between(start, mono_now());
        fastest = took < fastest ? took : fastest;
    }
    return fastest;
}

START_TEST(proxy_adds_the_delay_it_says_in_each_direction)
{
    struct proxy slow = proxy_to_cluster(25, NULL), quick = proxy_to_cluster(0, NULL);
    PGconn *far = connect_through(&slow, "postgres"), *near = connect_through(&quick, "postgres");
    double far_ms = fastest_of_five_ms(far), near_ms = fastest_of_five_ms(near);
    ck_assert_double_ge(far_ms, 50);
    ck_assert_double_lt(far_ms, 80);
    ck_assert_double_lt(near_ms, 25);
    PQfinish(far);
    PQfinish(near);
    proxy_stop(&slow);
    proxy_stop(&quick);
}
END_TEST

START_TEST(proxy_listens_on_a_unix_socket_too)
{
    const char *folder = keep_format("%s/proxy", cluster_folder(harness_cluster()));
    mkdir(folder, 0755);
    struct proxy proxy = proxy_to_cluster(0, folder);
    PGconn *conn = sql_connect(
        keep_format("host=%s port=%d dbname=postgres user=postgres", folder, proxy.port));
    ck_assert_int_eq(sql_int(conn, "SELECT 7"), 7);
    ck_assert_int_eq(proxy_connections(&proxy), 1);
    PQfinish(conn);
    proxy_stop(&proxy);
}
END_TEST

/* Each statement goes out by itself, but the server doesn't answer before the sync. */
static void send_three_statements_in_one_flight(PGconn *conn)
{
    ck_assert(PQenterPipelineMode(conn));
    for (int i = 0; i < 3; i++) {
        ck_assert(PQsendQueryParams(conn, "SELECT 1", 0, NULL, NULL, NULL, NULL, 0));
        ck_assert_int_eq(PQflush(conn), 0);
        usleep(2000);
    }
    ck_assert(PQpipelineSync(conn));
    int results = 0;
    for (bool synced = false; !synced;) {
        PGresult *result = PQgetResult(conn);
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        results += PQresultStatus(result) == PGRES_TUPLES_OK;
        PQclear(result);
    }
    ck_assert_int_eq(results, 3);
}

START_TEST(proxy_counts_one_flight_for_each_round_trip)
{
    struct proxy proxy = proxy_to_cluster(1, NULL);
    PGconn *conn = connect_through(&proxy, "postgres");
    int64_t start = proxy_bursts(&proxy);
    ck_assert_int_ge(start, 1);
    for (int i = 0; i < 4; i++)
        sql_int(conn, "SELECT 1");
    ck_assert_int_eq(proxy_bursts(&proxy) - start, 4);
    send_three_statements_in_one_flight(conn);
    ck_assert_int_eq(proxy_bursts(&proxy) - start, 5);
    PQfinish(conn);
    proxy_stop(&proxy);
}
END_TEST

START_TEST(proxy_forwards_a_megabyte_unchanged_in_both_directions)
{
    struct proxy proxy = proxy_to_cluster(1, NULL);
    PGconn *conn = connect_through(&proxy, "postgres");
    struct text big = {0};
    while (big.length < 3000000)
        text_addf(&big, "%zu,", big.length);
    const char *back = sql_text(conn, "SELECT '%s'", big.data);
    ck_assert(text_equal(back, big.data));
    text_free(&big);
    PQfinish(conn);
    proxy_stop(&proxy);
}
END_TEST

static bool has_answer(void *arg)
{
    PGconn *conn = arg;
    return PQconsumeInput(conn) && !PQisBusy(conn);
}

START_TEST(a_frozen_proxy_lets_nothing_through_until_it_thaws)
{
    struct proxy proxy = proxy_to_cluster(0, NULL);
    PGconn *conn = connect_through(&proxy, "postgres");
    proxy_freeze(&proxy, true);
    usleep(50000); /* until the proxy has seen it; nothing outside of it shows when */
    sql_start(conn, "SELECT 1");
    ck_assert(!await_quietly(has_answer, conn, 200));
    proxy_freeze(&proxy, false);
    await(has_answer, conn, AWAIT_MS, "the answer");
    ck_assert_str_eq(sql_join(conn), "00000");
    PQfinish(conn);
    proxy_stop(&proxy);
}
END_TEST

/* Inserts one row in a transaction whose COMMIT is cut, and returns the rows that are there once
 * the session on the server is gone. */
static int64_t rows_after_cut_commit(enum proxy_direction direction, bool forwarded)
{
    const char *database = database_with_table();
    struct proxy proxy = proxy_to_cluster(0, NULL);
    PGconn *own = connect_to(database), *cut = connect_through(&proxy, database);
    proxy_cut_at(&proxy, direction, "COMMIT", forwarded);
    sql_exec(cut, "BEGIN");
    sql_exec(cut, "INSERT INTO t VALUES (1)");
    ck_assert_int_eq(proxy_cuts(&proxy), 0);
    ck_assert_str_ne(sql_error(cut, "COMMIT"), "00000");
    ck_assert_int_eq(proxy_cuts(&proxy), 1);
    ck_assert_int_eq(PQstatus(cut), CONNECTION_BAD);
    await_sql(own, "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()",
              AWAIT_MS);

    PGconn *again = connect_through(&proxy, database);
    int64_t rows = sql_int(again, "SELECT count(*) FROM t");
    PQfinish(again);
    PQfinish(cut);
    PQfinish(own);
    proxy_stop(&proxy);
    return rows;
}

START_TEST(a_commit_cut_before_the_server_is_rolled_back)
{
    ck_assert_int_eq(rows_after_cut_commit(PROXY_TO_SERVER, false), 0);
}
END_TEST

START_TEST(a_commit_cut_after_it_was_forwarded_reaches_the_server)
{
    ck_assert_int_eq(rows_after_cut_commit(PROXY_TO_SERVER, true), 1);
}
END_TEST

START_TEST(a_commit_whose_answer_is_cut_is_committed)
{
    ck_assert_int_eq(rows_after_cut_commit(PROXY_TO_CLIENT, false), 1);
}
END_TEST

/* ---- the daemon's helpers, tried on a shell script in its place ---- */

static void use_script_as_pgpurged(const char *body)
{
    const char *path = keep_format("%s/fake-%d", cluster_folder(harness_cluster()), (int)getpid());
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n%s\n", body);
    fclose(file);
    chmod(path, 0755);
    setenv("PGPURGED", path, 1);
}

static struct daemon start_script(const char *body)
{
    use_script_as_pgpurged(body);
    return daemon_start(config_write(cluster_folder(harness_cluster()), "x = %d\n", 1));
}

START_TEST(a_daemon_is_heard_signalled_and_its_exit_code_checked)
{
    struct daemon daemon = start_script("echo \"args $1\" >&2; trap 'echo reloaded' HUP\n"
                                        "trap 'exit 0' TERM; echo up\n"
                                        "while :; do sleep 0.01; done");
    daemon_await_log(&daemon, "up", AWAIT_MS);
    ck_assert(daemon_log_has(&daemon, "args --config"));
    ck_assert(!daemon_log_has(&daemon, "reloaded"));
    daemon_signal(&daemon, SIGHUP);
    daemon_await_log(&daemon, "reloaded", AWAIT_MS);
    ck_assert_int_eq(daemon_log_count(&daemon, "up"), 1);
    config_rewrite(daemon.config, "y = %d\n", 2);
    ck_assert_str_eq(keep_file(daemon.config), "y = 2\n");
    daemon_stop(&daemon);
}
END_TEST

START_TEST(a_daemon_can_be_killed_and_dies_with_its_test)
{
    struct daemon daemon = start_script("echo up; while :; do sleep 0.01; done");
    daemon_await_log(&daemon, "up", AWAIT_MS);
    pid_t pid = daemon.pid;
    daemon_kill9(&daemon);
    ck_assert_int_ne(kill(pid, 0), 0);
}
END_TEST

START_TEST(a_program_run_to_its_end_tells_exit_code_and_output)
{
    const char *output;
    use_script_as_pgpurged("echo \"got $*\"; echo trouble >&2; exit 3");
    ck_assert_int_eq(pgpurged_run(&output, "--once", "orders", NULL), 3);
    ck_assert_str_eq(output, "got --once orders\ntrouble\n");
    ck_assert_int_eq(program_run(NULL, "/bin/sh", "-c", "kill -9 $$", NULL),
                     SPAWN_SIGNALLED + SIGKILL);
    ck_assert_int_eq(program_run(&output, "/nowhere/at-all", NULL), 127);
}
END_TEST

static void say(const char *message)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("NOTIFY_SOCKET"));
    ck_assert_int_gt(
        sendto(fd, message, strlen(message), 0, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

START_TEST(the_notify_socket_hears_whole_lines)
{
    struct notify_socket notify;
    notify_socket_open(&notify, cluster_folder(harness_cluster()));
    say("STATUS=2 jobs\nREADY=10");
    ck_assert(!notify_socket_heard(&notify, "READY=1"));
    say("READY=1");
    notify_socket_await(&notify, "READY=1", AWAIT_MS);
    ck_assert(notify_socket_heard(&notify, "STATUS=2 jobs"));
    notify_socket_forget(&notify);
    ck_assert(!notify_socket_heard(&notify, "READY=1"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        await_gives_up_when_the_condition_never_comes,
        await_ends_as_soon_as_the_condition_comes,
        a_crashed_and_restarted_server_keeps_what_was_committed,
        a_server_restarted_by_one_test_still_runs_in_the_next,
        a_statement_can_wait_for_a_lock_while_the_test_goes_on,
        a_killed_test_program_partitions_no_server_and_no_folder_behind,
        proxy_adds_the_delay_it_says_in_each_direction,
        proxy_listens_on_a_unix_socket_too,
        proxy_counts_one_flight_for_each_round_trip,
        proxy_forwards_a_megabyte_unchanged_in_both_directions,
        a_frozen_proxy_lets_nothing_through_until_it_thaws,
        a_commit_cut_before_the_server_is_rolled_back,
        a_commit_cut_after_it_was_forwarded_reaches_the_server,
        a_commit_whose_answer_is_cut_is_committed,
        a_daemon_is_heard_signalled_and_its_exit_code_checked,
        a_daemon_can_be_killed_and_dies_with_its_test,
        a_program_run_to_its_end_tells_exit_code_and_output,
        the_notify_socket_hears_whole_lines,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
