/* What the server answers, over real sockets. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "http.h"
#include "net/http.h"

static struct http_server server;

static void start_server(void)
{
    server = http_server_start(0);
}

static void stop_server(void)
{
    http_server_stop(&server);
}

START_TEST(a_get_is_answered_over_unix_and_tcp)
{
    char *by_unix = ask(connect_unix(&server), GET("/kind"));
    char *by_tcp = ask(connect_tcp(&server), GET("/kind"));

    ck_assert_str_eq(by_unix, "HTTP/1.1 200 OK\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Length: 4\r\n"
                              "Cache-Control: no-store\r\n"
                              "Connection: close\r\n"
                              "\r\n"
                              "unix");
    ck_assert_str_eq(answer_body(by_tcp), "tcp");
    free(by_unix);
    free(by_tcp);
}
END_TEST

/* Each is one exchange: what is sent, and the status and body that come back. */
static const struct {
    const char *request;
    int status;
    const char *body;
} exchanges[] = {
    {"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""},
    {"GET /metrics?format=x HTTP/1.0\r\n\r\n", 200, "up 1\n"},
    {"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde", 200, "up 1\n"},
    {"POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200, "done\n"},
    {GET("/nowhere"), 404, "{\"error\":\"there is no \\\"such\\\" path\"}\n"},
    {"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405, "{\"error\":\"only GET here\"}\n"},
    {"BREW /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405,
     "{\"error\":\"only GET, HEAD and POST are supported\"}\n"},
    {"GET /../metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400,
     "{\"error\":\"the path must be plain: /segment/segment, without encoded characters\"}\n"},
    {"\x16\x03\x01", 400, "{\"error\":\"control characters in the request\"}\n"},
    {"SELECT 1;\n", 400, "{\"error\":\"the request line must be: METHOD /path HTTP/1.1\"}\n"},
};

START_TEST(each_request_gets_its_answer)
{
    for (int tcp = 0; tcp <= 1; tcp++) {
        char *answer =
            ask(tcp ? connect_tcp(&server) : connect_unix(&server), exchanges[_i].request);
        ck_assert_msg(answer_status(answer) == exchanges[_i].status, "%s", answer);
        ck_assert_str_eq(answer_body(answer), exchanges[_i].body);
        free(answer);
    }
}
END_TEST

START_TEST(head_tells_the_length_that_get_would_have)
{
    char *answer = ask(connect_unix(&server), "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");

    ck_assert_ptr_nonnull(strstr(answer, "Content-Length: 5\r\n"));
    free(answer);
}
END_TEST

START_TEST(a_405_says_what_is_allowed)
{
    char *ours = ask(connect_unix(&server), "PUT /metrics HTTP/1.1\r\n");
    char *handlers = ask(connect_unix(&server), "POST /big HTTP/1.1\r\nHost: x\r\n\r\n");

    ck_assert_ptr_nonnull(strstr(ours, "\r\nAllow: GET, HEAD, POST\r\n"));
    ck_assert_ptr_nonnull(strstr(handlers, "\r\nAllow: GET, HEAD\r\n"));
    free(ours);
    free(handlers);
}
END_TEST

/* The client is still sending when it is answered; a reset would eat the answer. */
START_TEST(a_megabyte_of_headers_gets_a_431_and_not_a_reset)
{
    struct text request = {0};

    text_add(&request, "GET /metrics HTTP/1.1\r\nHost: x\r\nA: ");
    for (int i = 0; i < 1024 * 1024 / 16; i++)
        text_add(&request, "0123456789abcdef");
    for (int tcp = 0; tcp <= 1; tcp++) {
        char *answer = ask(tcp ? connect_tcp(&server) : connect_unix(&server), request.data);
        ck_assert_int_eq(answer_status(answer), 431);
        free(answer);
    }
    text_free(&request);
}
END_TEST

START_TEST(the_first_of_several_pipelined_requests_is_answered_and_no_other)
{
    char *answer = ask(connect_tcp(&server), GET("/metrics") GET("/kind") GET("/kind"));

    ck_assert_int_eq(answer_status(answer), 200);
    ck_assert_str_eq(answer_body(answer), "up 1\n");
    free(answer);
}
END_TEST

/* All of it waits in the kernel when the server looks; what it does not read must not make the
 * kernel send a reset when it closes. */
START_TEST(what_is_sent_behind_a_request_does_not_turn_the_answer_into_a_reset)
{
    struct text request = {0};

    text_add(&request, GET("/metrics"));
    for (int i = 0; i < 64 * 1024 / 16; i++)
        text_add(&request, "0123456789abcdef");
    for (int tcp = 0; tcp <= 1; tcp++) {
        int fd = tcp ? connect_tcp(&server) : connect_unix(&server);
        char *answer;
        ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
        send_text(fd, request.data);
        ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
        answer = receive_all(fd);
        ck_assert_str_eq(answer_body(answer), "up 1\n");
        free(answer);
    }
    text_free(&request);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
    int fd = connect_tcp(&server);
    char *answer;

    for (const char *c = GET("/metrics"); *c != '\0'; c++)
        send_bytes(fd, c, 1);
    answer = receive_all(fd);
    ck_assert_str_eq(answer_body(answer), "up 1\n");
    free(answer);
}
END_TEST

START_TEST(a_client_that_closes_its_sending_side_gets_the_whole_answer)
{
    int fd = connect_tcp(&server);
    char *answer;

    send_text(fd, GET("/big"));
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    answer = receive_all(fd);
    ck_assert_uint_eq(strlen(answer_body(answer)), BIG_ANSWER_BYTES);
    free(answer);
}
END_TEST

/* Waits for the server to have as few descriptors as before: what it held is freed. */
static void await_descriptors(int count)
{
    double start = now_ms();

    while (http_server_descriptors(&server) > count) {
        ck_assert_msg(now_ms() - start < 15000, "%d descriptors instead of %d",
                      http_server_descriptors(&server), count);
        usleep(10000);
    }
}

START_TEST(a_client_that_goes_away_in_the_middle_is_forgotten)
{
    static const char *const halves[] = {
        "",
        "GET /met",
        "GET /metrics HTTP/1.1\r\nHo",
        "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
        GET("/big"),
        GET("/metrics")};
    int before = http_server_descriptors(&server);
    char *answer;

    for (size_t i = 0; i < ARRAY_LENGTH(halves); i++) {
        int by_unix = connect_unix(&server), by_tcp = connect_tcp(&server);
        send_text(by_unix, halves[i]);
        send_text(by_tcp, halves[i]);
        close(by_unix);
        close(by_tcp);
    }
    await_descriptors(before);
    answer = ask(connect_unix(&server), GET("/metrics"));
    ck_assert_int_eq(answer_status(answer), 200);
    free(answer);
}
END_TEST

START_TEST(ten_thousand_requests_leak_nothing)
{
    int descriptors = http_server_descriptors(&server);
    long resident_kb = 0;

    for (int i = 0; i < 10000; i++) {
        const char *request = i % 10 == 0 ? "GARBAGE\r\n" : GET("/metrics");
        free(ask(i % 2 == 0 ? connect_unix(&server) : connect_tcp(&server), request));
        if (i == 1000) /* what grows once has grown by then */
            resident_kb = http_server_resident_kb(&server);
    }
    await_descriptors(descriptors);
    if (memory_is_the_servers_own())
        ck_assert_int_lt(http_server_resident_kb(&server), resident_kb + 512);
}
END_TEST

/* evhttp of Debian 12 died of such a name before 2.1.12-stable-8+deb12u1. */
START_TEST(a_client_with_a_long_abstract_name_is_answered)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX}, address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char *answer;

    memset(name.sun_path + 1, 'n', sizeof name.sun_path - 1);
    snprintf(name.sun_path + 1, 24, "check_http-%d", (int)getpid());
    strcpy(address.sun_path, server.socket);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    answer = ask(fd, GET("/metrics"));
    ck_assert_int_eq(answer_status(answer), 200);
    free(answer);
}
END_TEST

static void body_is(int fd, const char *request, const char *body)
{
    char *answer = ask(fd, request);

    ck_assert_msg(text_equal(answer_body(answer), body), "%s: %s", request, answer_body(answer));
    free(answer);
}

START_TEST(the_peer_of_a_unix_socket_is_known_with_all_its_groups)
{
    char *us = text_format("%u %u", (unsigned)geteuid(), (unsigned)getegid());

    body_is(connect_unix(&server), GET("/peer"), us);
    body_is(connect_tcp(&server), GET("/peer"), "unknown");
    body_is(connect_tcp(&server), GET("/member-0"), "no");
    free(us);
}
END_TEST

START_TEST(the_groups_of_another_user_are_known)
{
    static const gid_t groups[] = {7001, 7002, 7003};

    if (geteuid() != 0) {
        puts("SKIP: the_groups_of_another_user_are_known needs root");
        return;
    }
    ck_assert_int_eq(setgroups(ARRAY_LENGTH(groups), groups), 0);
    ck_assert_int_eq(setegid(7000), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    body_is(connect_unix(&server), GET("/peer"), "65534 7000");
    body_is(connect_unix(&server), GET("/member-7000"), "yes");
    body_is(connect_unix(&server), GET("/member-7001"), "yes");
    body_is(connect_unix(&server), GET("/member-7003"), "yes");
    body_is(connect_unix(&server), GET("/member-0"), "no");
    body_is(connect_unix(&server), GET("/member-7004"), "no");
    ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(a_descriptor_that_is_no_listening_socket_is_refused)
{
    struct loop *loop = loop_new();
    struct http *http = http_new(loop, NULL, NULL);
    int connected[2], unbound = socket(AF_INET, SOCK_STREAM, 0);
    int datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct err err;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, connected), 0);
    ck_assert(!http_listen_fd(http, connected[0], &err));
    ck_assert(!http_listen_fd(http, unbound, &err));
    ck_assert(!http_listen_fd(http, datagrams, &err));
    ck_assert(!http_listen_fd(http, 0, &err));
    ck_assert(!http_listen_fd(http, 9999, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "descriptor 9999"));
    http_free(http);
    http_free(NULL);
    loop_free(loop);
    close(connected[0]);
    close(connected[1]);
    close(unbound);
    close(datagrams);
}
END_TEST

Suite *http_server_suite(void)
{
    Suite *suite = suite_create("http_server");
    TCase *tcase = tcase_create("http_server");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, start_server, stop_server);
    tcase_add_test(tcase, a_get_is_answered_over_unix_and_tcp);
    tcase_add_loop_test(tcase, each_request_gets_its_answer, 0, ARRAY_LENGTH(exchanges));
    tcase_add_test(tcase, head_tells_the_length_that_get_would_have);
    tcase_add_test(tcase, a_405_says_what_is_allowed);
    tcase_add_test(tcase, a_megabyte_of_headers_gets_a_431_and_not_a_reset);
    tcase_add_test(tcase, the_first_of_several_pipelined_requests_is_answered_and_no_other);
    tcase_add_test(tcase, what_is_sent_behind_a_request_does_not_turn_the_answer_into_a_reset);
    tcase_add_test(tcase, a_request_may_come_byte_by_byte);
    tcase_add_test(tcase, a_client_that_closes_its_sending_side_gets_the_whole_answer);
    tcase_add_test(tcase, a_client_that_goes_away_in_the_middle_is_forgotten);
    tcase_add_test(tcase, ten_thousand_requests_leak_nothing);
    tcase_add_test(tcase, a_client_with_a_long_abstract_name_is_answered);
    tcase_add_test(tcase, the_peer_of_a_unix_socket_is_known_with_all_its_groups);
    tcase_add_test(tcase, the_groups_of_another_user_are_known);
    tcase_add_test(tcase, a_descriptor_that_is_no_listening_socket_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
