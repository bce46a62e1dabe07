/*
 * Why: at 3 a.m. an operator asks the daemon over its socket, and stops it there. Whoever may not
 * do so must not be able to, what was asked for must still hold after a restart, and the socket
 * must never take the place of something that is not ours.
 */
#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/ask.h"
#include "integration/await.h"
#include "integration/die_with.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/served.h"
#include "integration/session.h"
#include "integration/spawn.h"

/* A daemon with the job `orders` over 100 rows of which 50 are due, paused from the beginning. */
static struct served start_paused(const char *options)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, 100);
    served_write(keep_format("%s/paused", served.folder), "orders\n");
    served_start(&served, served_config(&served, options, scene_job("")));
    served_await(&served, "orders", "held", "paused");
    return served;
}

/* ---- what is where ---- */

struct question {
    const char *method, *path;
    int status;
    const char *body; /* holds */
};

static void assert_answers(const char *socket, const struct question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct answer answer = ask(socket, questions[i].method, questions[i].path);

        ck_assert_msg(answer.status == questions[i].status &&
                          strstr(answer.body, questions[i].body) != NULL,
                      "%s %s: %d %s", questions[i].method, questions[i].path, answer.status,
                      keep_tail(answer.body));
    }
}

START_TEST(each_path_of_the_socket_is_answered)
{
    static const struct question questions[] = {
        {"GET", "/v1/status", 200, "\"jobs\":[{\"name\":\"orders\""},
        {"HEAD", "/v1/status", 200, ""},
        {"GET", "/v1/jobs/orders", 200, "\"table\":\"public.orders\""},
        {"GET", "/v1/jobs/nobody", 404, "there is no job with this name"},
        {"GET", "/metrics", 200, "\npgpurged_job_enabled{job_name=\"orders\",database=\"d\"} 1\n"},
        {"GET", "/healthz", 200, "ok\n"},
        {"GET", "/", 404, "try /v1/status"},
        {"GET", "/v1/jobs/", 400, "error"},
        {"POST", "/v1/status", 405, "error"},
        {"POST", "/metrics", 405, "error"},
        {"GET", "/v1/reload", 405, "error"},
        {"GET", "/v1/jobs/orders/pause", 405, "error"},
        {"POST", "/v1/jobs/nobody/run", 404, "there is no job with this name"},
        {"POST", "/v1/jobs/orders/run", 409, "job orders is paused; resume it first"},
        {"POST", "/v1/jobs/orders/stop", 405, "error"},
        {"DELETE", "/v1/jobs/orders", 405, "error"},
    };
    struct served served = start_paused("");

    assert_answers(served.socket, questions, ARRAY_LENGTH(questions));
    served_end(&served);
}
END_TEST

START_TEST(the_metrics_port_answers_nothing_but_metrics_and_health)
{
    static const struct question questions[] = {
        {"GET", "/metrics", 200, "\npgpurged_build_info{"},
        {"GET", "/healthz", 200, "ok\n"},
        {"GET", "/v1/status", 404, "try /metrics or /healthz"},
        {"GET", "/v1/jobs/orders", 404, "error"},
        {"GET", "/v1/jobs/orders/run", 404, "error"},
        {"POST", "/metrics", 405, "error"},
        {"POST", "/v1/reload", 405, "error"},
        {"POST", "/v1/jobs/orders/pause", 405, "error"},
        {"POST", "/v1/jobs/orders/resume", 405, "error"},
    };
    const char *port = ask_free_port();
    struct served served = start_paused(keep_format("metrics_listen = 127.0.0.1:%s", port));

    assert_answers(port, questions, ARRAY_LENGTH(questions));
    served_await(&served, "orders", "held", "paused");
    served_end(&served);
}
END_TEST

/* ---- acting ---- */

/* Waits until the job has begun two more runs. */
static void await_two_runs(const struct served *served, const char *job)
{
    PGconn *own = served->scene.own;
    int64_t runs = sql_int(own, "SELECT count(*) FROM pgpurged.runs WHERE job = '%s'", job);

    await_sql(own,
              keep_format("SELECT count(*) >= %lld + 2 FROM pgpurged.runs WHERE job = '%s'",
                          (long long)runs, job),
              AWAIT_MS);
}

START_TEST(pause_holds_a_job_and_no_other_until_it_is_resumed)
{
    struct served served = served_new();
    const char *other = "[job other]\ntable = other\nexpires = deleted_at + 30d\nevery = 1s\n";
    const char *sections = keep_format("%s%s", scene_job("every = 1s"), other);

    scene_add_orders(&served.scene, 100);
    scene_add_table(&served.scene, "other", 4);
    served_start(&served, served_config(&served, "", sections));
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/pause").status, 200);
    served_await(&served, "orders", "held", "paused");
    sql_exec(served.scene.own, "UPDATE orders SET deleted_at = now() - interval '40 days'"
                               " WHERE deleted_at IS NULL");
    await_two_runs(&served, "other");
    ck_assert_int_eq(scene_due(&served.scene), 25);
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/resume").status, 200);
    await_sql(served.scene.own, "SELECT count(*) = 0 FROM orders WHERE " SCENE_DUE, AWAIT_MS);
    served_end(&served);
}
END_TEST

/* What the job waited for would otherwise come in the middle of what it was asked to do. */
START_TEST(a_run_that_is_asked_for_takes_the_place_of_the_next_one)
{
    struct served served = served_new();
    PGconn *locker;

    scene_add_orders(&served.scene, 100);
    served_start(&served, served_config(&served, "", scene_job("every = 3s")));
    scene_await_run(&served.scene, "orders", "done");
    served_await(&served, "orders", "waiting", "not_due");
    locker = scene_connect(&served.scene);
    sql_exec(locker, "BEGIN; LOCK TABLE orders");
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/run").status, 200);
    await_sql(served.scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgpurged'"
              " AND wait_event = 'relation' AND now() - query_start > interval '3.5 s')",
              AWAIT_MS);
    ck_assert_int_eq(scene_backend(&served.scene) > 0, 1);
    PQfinish(locker);
    await_two_runs(&served, "orders");
    served_end(&served);
}
END_TEST

START_TEST(a_pause_survives_kill_9_and_a_restart)
{
    struct served served = served_new();
    const char *config = served_config(&served, "", scene_job("every = 1s"));

    scene_add_orders(&served.scene, 100);
    served_start(&served, config);
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/pause").status, 200);
    daemon_kill9(&served.daemon); /* its socket stays behind, and is replaced */
    served_start(&served, config);
    served_await(&served, "orders", "held", "paused");
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/resume").status, 200);
    daemon_stop(&served.daemon);
    served_start(&served, config);
    served_await(&served, "orders", "waiting", "not_due");
    served_end(&served);
}
END_TEST

START_TEST(once_partitions_a_paused_job_alone)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, 100);
    served_write(keep_format("%s/paused", served.folder), "orders\n");
    scene_once(served_config(&served, "", scene_job("")), 3);
    ck_assert_int_eq(scene_due(&served.scene), 50);
    ck_assert_int_eq(unlink(keep_format("%s/paused", served.folder)), 0);
    scene_once(served_config(&served, "", scene_job("")), 0);
    ck_assert_int_eq(scene_due(&served.scene), 0);
    served_end(&served);
}
END_TEST

START_TEST(run_begins_a_run_outside_of_the_window)
{
    struct served served = served_new();
    int day =
        (int)sql_int(served.scene.own, "SELECT extract(isodow FROM now() AT TIME ZONE 'UTC')");
    static const char *const far_days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    const char *window = keep_format("window = %s 12:00-13:00", far_days[day - 1]);

    scene_add_orders(&served.scene, 100);
    served_start(&served, served_config(&served, "", scene_job(window)));
    served_await(&served, "orders", "waiting", "window");
    ck_assert_int_eq(scene_due(&served.scene), 50);
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/run").status, 200);
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_int_eq(scene_due(&served.scene), 0);
    served_await(&served, "orders", "waiting", "window");
    served_end(&served);
}
END_TEST

/* ---- reloading ---- */

START_TEST(counters_survive_a_reload_and_a_bad_file_shows)
{
    struct served served = served_new();
    const char *config = served_config(&served, "", scene_job("every = 1h"));
    static const char deleted[] =
        "pgpurged_job_rows_deleted_total{job_name=\"orders\",database=\"d\"}";
    const char *good = keep_file(config);
    struct answer answer;

    scene_add_orders(&served.scene, 100);
    served_start(&served, config);
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_double_eq(served_metric(&served, deleted), 50);
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/reload").status, 200);
    daemon_await_log(&served.daemon, "reloaded", AWAIT_MS);
    ck_assert_double_eq(served_metric(&served, deleted), 50);

    config_rewrite(config, "%snonsense = 1\n", good);
    answer = ask(served.socket, "POST", "/v1/reload");
    ck_assert_int_eq(answer.status, 409);
    ck_assert_msg(strstr(answer.body, "nonsense: is no option") != NULL, "%s", answer.body);
    ck_assert_double_eq(served_metric(&served, "pgpurged_config_last_reload_successful"), 0);
    ck_assert_double_eq(served_metric(&served, deleted), 50);

    config_rewrite(config, "[pgpurged]\ncontrol_group = root\n%s", good + strlen("[pgpurged]\n"));
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/reload").status, 200);
    daemon_await_log(&served.daemon, "control_group: this change requires a restart", AWAIT_MS);
    ck_assert_double_eq(served_metric(&served, "pgpurged_config_last_reload_successful"), 1);
    served_end(&served);
}
END_TEST

/* ---- who may ---- */

enum { NOBODY = 65534, DAEMONS_GROUP = 1 };

static void need_root(void)
{
    if (geteuid() != 0)
        harness_skip("only root can play another user");
}

/* nobody's group may open the socket, another one may act. */
static const char *groups(void)
{
    const struct group *group = getgrgid(NOBODY);
    const char *readers = group != NULL ? keep_format("%s", group->gr_name) : NULL;

    group = getgrgid(DAEMONS_GROUP);
    if (readers == NULL || group == NULL)
        harness_skip("no groups 65534 and 1 on this machine");
    return keep_format("socket_group = %s\ncontrol_group = %s", readers, group->gr_name);
}

START_TEST(another_user_may_read_but_not_act)
{
    static const struct stranger nobody = {NOBODY, NOBODY, NOBODY};
    static const struct question refused[] = {
        {"POST", "/v1/jobs/orders/run", 403, ""},
        {"POST", "/v1/jobs/orders/pause", 403, ""},
        {"POST", "/v1/jobs/orders/resume", 403, ""},
        {"POST", "/v1/jobs/nobody/run", 403, ""},
        {"POST", "/v1/reload", 403, ""},
    };

    need_root();
    struct served served = start_paused(groups());
    ck_assert_int_eq(ask_as(&nobody, served.socket, "GET", "/v1/status").status, 200);
    ck_assert_int_eq(ask_as(&nobody, served.socket, "GET", "/metrics").status, 200);
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
        ck_assert_int_eq(ask_as(&nobody, served.socket, refused[i].method, refused[i].path).status,
                         403);
    served_await(&served, "orders", "held", "paused");
    served_end(&served);
}
END_TEST

START_TEST(a_member_of_control_group_may_act)
{
    static const struct stranger by_group = {NOBODY, DAEMONS_GROUP, NOBODY};
    static const struct stranger by_supplementary_group = {NOBODY, NOBODY, DAEMONS_GROUP};

    need_root();
    struct served served = start_paused(groups());
    ck_assert_int_eq(
        ask_as(&by_supplementary_group, served.socket, "POST", "/v1/jobs/orders/resume").status,
        200);
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_int_eq(ask_as(&by_group, served.socket, "POST", "/v1/reload").status, 200);
    served_end(&served);
}
END_TEST

START_TEST(who_is_not_in_the_socket_group_gets_no_connection)
{
    static const struct stranger other = {NOBODY, DAEMONS_GROUP, DAEMONS_GROUP};

    need_root();
    struct served served = start_paused("");
    ck_assert_int_eq(ask_as(&other, served.socket, "GET", "/v1/status").status, 0);
    ck_assert_int_eq(ask_get(served.socket, "/v1/status").status, 200);
    served_end(&served);
}
END_TEST

/* ---- the socket's place ---- */

START_TEST(a_socket_that_was_left_behind_is_replaced_and_the_end_removes_it)
{
    struct served served = start_paused("");
    const char *config = served.daemon.config;

    daemon_kill9(&served.daemon);
    ck_assert_int_eq(access(served.socket, F_OK), 0);
    ck_assert_int_eq(ask_get(served.socket, "/healthz").status, 0);
    served_start(&served, config);
    daemon_stop(&served.daemon);
    ck_assert_int_ne(access(served.socket, F_OK), 0);
    served_end(&served);
}
END_TEST

/* Exit code 1 and a reason that names the path; what is there stays there. */
static void assert_refuses_to_start(const struct served *served, const char *reason)
{
    const char *config = served_config(served, "", scene_job(""));
    struct stat before, after;
    struct daemon daemon;

    ck_assert_int_eq(lstat(served->socket, &before), 0);
    daemon = daemon_start(config);
    daemon_await_exit(&daemon, 1, AWAIT_MS);
    daemon_await_log(&daemon, reason, 0);
    daemon_await_log(&daemon, served->socket, 0);
    ck_assert_int_eq(lstat(served->socket, &after), 0);
    ck_assert_uint_eq(after.st_ino, before.st_ino);
}

START_TEST(what_is_not_a_stale_socket_of_ours_is_refused_and_stays)
{
    struct served served = served_new();
    const char *target = keep_format("%s/target", served.folder);

    served_write(served.socket, "somebody's\n");
    assert_refuses_to_start(&served, "is not a socket");
    ck_assert_int_eq(unlink(served.socket), 0);

    served_write(target, "somebody's\n");
    ck_assert_int_eq(symlink(target, served.socket), 0);
    assert_refuses_to_start(&served, "is not a socket");
    ck_assert_str_eq(keep_file(target), "somebody's\n");
    served_end(&served);
}
END_TEST

START_TEST(a_second_daemon_does_not_take_the_socket_of_the_first)
{
    struct served served = start_paused("");

    assert_refuses_to_start(&served, "is another daemon running?");
    ck_assert_int_eq(ask_get(served.socket, "/healthz").status, 200);
    served_end(&served);
}
END_TEST

/* ---- handed over by systemd ---- */

static int listening_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    return fd;
}

/* As systemd does it (sd_listen_fds(3)): the socket is descriptor 3. */
static pid_t start_with_socket(int fd, const char *config, const char *log)
{
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    die_with(parent, SIGKILL);
    if (dup2(open(log, O_WRONLY | O_CREAT | O_APPEND, 0644), STDERR_FILENO) < 0 || dup2(fd, 3) < 0)
        _exit(127);
    setenv("LISTEN_PID", keep_format("%d", (int)getpid()), 1);
    setenv("LISTEN_FDS", "1", 1);
    execl(program_pgpurged(), program_pgpurged(), "--config", config, (char *)NULL);
    _exit(127);
}

START_TEST(a_socket_from_systemd_is_answered_on_and_stays)
{
    struct served served = served_new();
    const char *given = keep_format("%s/given", served.folder);
    const char *config = served_config(&served, "", scene_job(""));
    int fd = listening_socket(given);

    scene_add_orders(&served.scene, 100);
    served.daemon = (struct daemon){.config = config, .log = keep_format("%s.log", config)};
    served.daemon.pid = start_with_socket(fd, config, served.daemon.log);
    close(fd);
    ck_assert_int_eq(ask_get(given, "/healthz").status, 200); /* it waits in the backlog */
    ck_assert_int_ne(access(served.socket, F_OK), 0);         /* the other one is not made */
    scene_await_run(&served.scene, "orders", "done");
    daemon_stop(&served.daemon);
    ck_assert_int_eq(access(given, F_OK), 0);
    served_end(&served);
}
END_TEST

/* --- the file of the pauses --- */

START_TEST(a_link_in_the_way_of_the_file_of_pauses_is_not_followed)
{
    struct served served = served_new();
    const char *victim = keep_format("%s/victim", served.folder);

    scene_add_orders(&served.scene, 40);
    served_write(victim, "precious");
    ck_assert_int_eq(symlink(victim, keep_format("%s/paused.new", served.folder)), 0);
    served_start(&served, served_config(&served, "", scene_job("")));
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/pause").status, 200);
    ck_assert_str_eq(keep_file(victim), "precious");
    ck_assert_str_eq(keep_file(keep_format("%s/paused", served.folder)), "orders\n");
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_path_of_the_socket_is_answered,
        the_metrics_port_answers_nothing_but_metrics_and_health,
        pause_holds_a_job_and_no_other_until_it_is_resumed,
        a_run_that_is_asked_for_takes_the_place_of_the_next_one,
        a_pause_survives_kill_9_and_a_restart,
        once_partitions_a_paused_job_alone,
        run_begins_a_run_outside_of_the_window,
        counters_survive_a_reload_and_a_bad_file_shows,
        another_user_may_read_but_not_act,
        a_member_of_control_group_may_act,
        who_is_not_in_the_socket_group_gets_no_connection,
        a_socket_that_was_left_behind_is_replaced_and_the_end_removes_it,
        what_is_not_a_stale_socket_of_ours_is_refused_and_stays,
        a_second_daemon_does_not_take_the_socket_of_the_first,
        a_socket_from_systemd_is_answered_on_and_stays,
        a_link_in_the_way_of_the_file_of_pauses_is_not_followed,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
