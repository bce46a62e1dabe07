/* Clients that dawdle: they must neither keep an honest one out nor use us up. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "http.h"
#include "net/http.h"

enum { IDLE_CLIENTS = 200, SLOW_CLIENTS = 50, HONEST_REQUESTS = 21 };

typedef int connect_fn(const struct http_server *server);
static connect_fn *const connect_functions[] = {connect_unix, connect_tcp};

/* A crowd in a process of its own, of another user if that is possible: 200 connections that say
 * nothing, and 50 that send a byte from time to time and connect anew when they are shed. */
static void crowd(const struct http_server *server, connect_fn *connect_to, int ready_fd)
{
    int slow[SLOW_CLIENTS];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        _exit(1);
    for (int i = 0; i < IDLE_CLIENTS; i++)
        connect_to(server);
    for (int i = 0; i < SLOW_CLIENTS; i++)
        slow[i] = connect_to(server);
    if (write(ready_fd, "", 1) != 1)
        _exit(1);
    for (;; usleep(50000))
        for (int i = 0; i < SLOW_CLIENTS; i++)
            if (send(slow[i], "G", 1, MSG_NOSIGNAL) != 1) {
                close(slow[i]);
                slow[i] = connect_to(server);
            }
}

static pid_t crowd_start(const struct http_server *server, connect_fn *connect_to)
{
    int ready[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        crowd(server, connect_to, ready[1]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

START_TEST(an_honest_get_is_answered_within_100_ms_among_200_idle_and_50_slow_clients)
{
    connect_fn *connect_to = connect_functions[_i];
    struct http_server server = http_server_start(0);
    int before = http_server_descriptors(&server);
    pid_t crowd_pid = crowd_start(&server, connect_to);
    double took_ms[HONEST_REQUESTS];

    for (int i = 0; i < HONEST_REQUESTS; i++) {
        double start = now_ms();
        char *answer = ask(connect_to(&server), GET("/metrics"));
        took_ms[i] = now_ms() - start;
        ck_assert_str_eq(answer_body(answer), "up 1\n");
        free(answer);
        usleep(20000);
    }
    qsort(took_ms, HONEST_REQUESTS, sizeof took_ms[0], by_size);
    ck_assert_msg(took_ms[HONEST_REQUESTS / 2] < 100, "median %.1f ms",
                  took_ms[HONEST_REQUESTS / 2]);
    ck_assert_int_le(http_server_descriptors(&server), before + HTTP_MAX_CONNECTIONS);
    kill(crowd_pid, SIGKILL);
    waitpid(crowd_pid, NULL, 0);
    http_server_stop(&server);
}
END_TEST

/* The kernel hands over the honest connection first and then the crowd behind it. */
START_TEST(a_request_that_has_come_is_not_shed_for_a_crowd_that_comes_at_once)
{
    struct http_server server = http_server_start(0);
    int honest, others[3 * HTTP_MAX_CONNECTIONS / 2];
    char *answer;

    ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
    honest = connect_unix(&server);
    send_text(honest, GET("/metrics"));
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        others[i] = connect_unix(&server);
    ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
    answer = receive_all(honest);
    ck_assert_str_eq(answer_body(answer), "up 1\n");
    free(answer);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        close(others[i]);
    http_server_stop(&server);
}
END_TEST

/* Sends a byte of a header that never ends every 200 ms until the server answers. */
static double trickle(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    double start = now_ms();

    send_text(fd, "GET /metrics HTTP/1.1\r\nA: ");
    while (poll(&readable, 1, 200) == 0)
        send_text(fd, "a");
    return now_ms() - start;
}

START_TEST(a_request_that_trickles_in_gets_a_408_at_its_deadline)
{
    struct http_server server = http_server_start(0);
    int before = http_server_descriptors(&server);
    int fd = connect_tcp(&server), unread = connect_tcp(&server);
    double took_ms;
    char *answer;

    send_text(unread, GET("/big")); /* never read: it has to be given up as well */
    took_ms = trickle(fd);
    answer = receive_all(fd);
    ck_assert_int_eq(answer_status(answer), 408);
    ck_assert_msg(took_ms > HTTP_READ_MS - 500 && took_ms < HTTP_READ_MS + 2000, "%.0f ms",
                  took_ms);
    while (http_server_descriptors(&server) > before) /* or the test runs into its own limit */
        usleep(50000);
    free(answer);
    close(unread);
    http_server_stop(&server);
}
END_TEST

START_TEST(answers_that_nobody_reads_do_not_fill_the_memory)
{
    struct http_server server = http_server_start(0);
    long before_kb = http_server_resident_kb(&server);
    int clients[2 * HTTP_MAX_CONNECTIONS];
    long limit_kb = 2 * (HTTP_MAX_UNSENT_BYTES + 4 * BIG_ANSWER_BYTES) / 1024;
    char *answer;

    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++) {
        clients[i] = connect_unix(&server);
        send_text(clients[i], GET("/big"));
    }
    answer = ask(connect_unix(&server), GET("/metrics"));
    ck_assert_int_eq(answer_status(answer), 200);
    free(answer);
    if (memory_is_the_servers_own())
        ck_assert_int_lt(http_server_resident_kb(&server) - before_kb, limit_kb);
    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++)
        close(clients[i]);
    http_server_stop(&server);
}
END_TEST

START_TEST(the_server_waits_without_spinning_when_it_is_out_of_descriptors)
{
    struct http_server server = http_server_start(24);
    int clients[40];
    double cpu_ms;
    char *answer;

    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++)
        clients[i] = connect_unix(&server);
    usleep(100000);
    cpu_ms = http_server_cpu_ms(&server);
    usleep(600000);
    cpu_ms = http_server_cpu_ms(&server) - cpu_ms;
    ck_assert_msg(cpu_ms < 200, "%.0f ms of CPU in 600 ms of waiting", cpu_ms);
    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++)
        close(clients[i]);
    answer = ask(connect_unix(&server), GET("/metrics"));
    ck_assert_int_eq(answer_status(answer), 200);
    free(answer);
    http_server_stop(&server);
}
END_TEST

Suite *http_guard_suite(void)
{
    Suite *suite = suite_create("http_guard");
    TCase *tcase = tcase_create("http_guard");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase,
                        an_honest_get_is_answered_within_100_ms_among_200_idle_and_50_slow_clients,
                        0, ARRAY_LENGTH(connect_functions));
    tcase_add_test(tcase, a_request_that_has_come_is_not_shed_for_a_crowd_that_comes_at_once);
    tcase_add_test(tcase, a_request_that_trickles_in_gets_a_408_at_its_deadline);
    tcase_add_test(tcase, answers_that_nobody_reads_do_not_fill_the_memory);
    tcase_add_test(tcase, the_server_waits_without_spinning_when_it_is_out_of_descriptors);
    suite_add_tcase(suite, tcase);
    return suite;
}
