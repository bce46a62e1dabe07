#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl.h"

/* What a broken daemon, or something else that listens there, may do. */

static void say_nothing(int fd, const char *request)
{
    (void)fd;
    (void)request;
}

static void never_answer(int fd, const char *request)
{
    (void)request;
    (void)fd;
    sleep(60);
}

/* One byte now and then: alive, but never done. */
static void trickle(int fd, const char *request)
{
    (void)request;
    for (int i = 0; i < 600; i++) {
        ctl_send_raw(fd, "H", 1);
        usleep(100 * 1000);
    }
}

/* Never done, and never silent either. */
static void chatter(int fd, const char *request)
{
    (void)request;
    for (int i = 0; i < 60 * 1000 * 1000; i++)
        ctl_send_raw(fd, "H", 1);
}

static void speak_smtp(int fd, const char *request)
{
    static const char hello[] = "220 mail.example.org ESMTP\r\n\r\n";

    (void)request;
    ctl_send_raw(fd, hello, sizeof hello - 1);
}

static void send_no_head(int fd, const char *request)
{
    (void)request;
    ctl_send_raw(fd, "HTTP/1.1 200 OK\r\n", 17);
}

static void send_a_long_head(int fd, const char *request)
{
    (void)request;
    ctl_send_raw(fd, "HTTP/1.1 200 OK\r\n", 17);
    for (int i = 0; i < 2000; i++)
        ctl_send_raw(fd, "X-Long: header\r\n", 16);
    ctl_send_raw(fd, "\r\n{}", 4);
}

static void cut_off(int fd, const char *request)
{
    static const char half[] = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"daemon\":";

    (void)request;
    ctl_send_raw(fd, half, sizeof half - 1);
}

static void send_forever(int fd, const char *request)
{
    static char piece[1024 * 1024];

    (void)request;
    ctl_send_raw(fd, "HTTP/1.1 200 OK\r\n\r\n", 19);
    memset(piece, ' ', sizeof piece);
    for (int i = 0; i < 80; i++)
        ctl_send_raw(fd, piece, sizeof piece);
}

static void send_html(int fd, const char *request)
{
    (void)request;
    ctl_send(fd, 200, "<html>It works!</html>");
}

static void send_nothing_much(int fd, const char *request)
{
    (void)request;
    ctl_send(fd, 200, "");
}

static void send_500(int fd, const char *request)
{
    (void)request;
    ctl_send(fd, 500, "");
}

static void send_another_job(int fd, const char *request)
{
    (void)request;
    ctl_send(fd, 200, "{\"daemon\":{},\"jobs\":[{\"name\":\"other\"}]}");
}

static const struct row {
    ctl_answer_fn *answer;
    int code, check_code;
    const char *sentence; /* what stands somewhere in it */
} rows[] = {
    {say_nothing, 2, 2, "closed the connection without an answer"},
    {never_answer, 2, 2, "did not answer within 300 ms"},
    {trickle, 2, 2, "did not answer within 300 ms"},
    {chatter, 2, 2, "did not answer within 300 ms"},
    {speak_smtp, 2, 2, "does not speak HTTP"},
    {send_no_head, 2, 2, "does not speak HTTP"},
    {send_a_long_head, 2, 2, "does not speak HTTP"},
    {cut_off, 2, 2, "was cut off"},
    {send_html, 1, 3, "the answer is not JSON"},
    {send_nothing_much, 1, 3, "the answer is not JSON"},
    {send_500, 1, 3, "the daemon answered with HTTP status 500"},
    {send_another_job, 1, 3, "the daemon's answer does not contain the job orders"},
};

START_TEST(trouble_is_told_and_gives_its_exit_code)
{
    const struct row *row = &rows[_i];
    struct ctl_ran ran;

    ctl_start(row->answer);
    ran = CTL("--timeout", "300ms", "status", "orders");
    ck_assert_msg(strstr(ran.err, row->sentence) != NULL, "%s: %s", row->sentence, ran.err);
    ck_assert_int_eq(ran.code, row->code);
    ck_assert_str_eq(ran.out, "");
}
END_TEST

START_TEST(trouble_is_critical_or_unknown_for_the_monitoring)
{
    const struct row *row = &rows[_i];
    struct ctl_ran ran;

    ctl_start(row->answer);
    ran = CTL("--timeout", "300ms", "check", "orders");
    ck_assert_msg(strstr(ran.out, row->sentence) != NULL, "%s: %s", row->sentence, ran.out);
    ck_assert_msg(
        text_starts(ran.out, row->check_code == 2 ? "PGPURGED CRITICAL - " : "PGPURGED UNKNOWN - "),
        "%s", ran.out);
    ck_assert_int_eq(ran.code, row->check_code);
    ck_assert_str_eq(ran.err, "");
}
END_TEST

START_TEST(endless_answer_is_given_up)
{
    struct ctl_ran ran;

    ctl_start(send_forever);
    ran = CTL("status");
    ck_assert_int_eq(ran.code, 2);
    ck_assert_msg(strstr(ran.err, "is longer than 64 MB") != NULL, "%s", ran.err);
}
END_TEST

START_TEST(no_daemon_is_told_with_a_question)
{
    struct ctl_ran ran;
    char *sentence;

    ctl_make_folder();
    sentence = text_format("no daemon listens on %s: is pgpurged.service running?\n", ctl_socket());
    ran = CTL("status");
    ck_assert_ptr_nonnull(strstr(ran.err, sentence));
    ck_assert_int_eq(ran.code, 2);
    ran = CTL("check");
    ck_assert_msg(text_starts(ran.out, "PGPURGED CRITICAL - no daemon listens on "), "%s", ran.out);
    ck_assert_ptr_nonnull(strstr(ran.out, sentence));
    ck_assert_int_eq(ran.code, 2);
    ran = CTL("pause", "orders");
    ck_assert_ptr_nonnull(strstr(ran.err, sentence));
    ck_assert_int_eq(ran.code, 2);
    ran = CTL("metrics", "--json");
    ck_assert_msg(text_starts(ran.out, "{\"error\":\"no daemon listens on "), "%s", ran.out);
    ck_assert_int_eq(ran.code, 2);
    free(sentence);
}
END_TEST

START_TEST(dead_socket_is_told_as_no_daemon)
{
    struct ctl_ran ran;

    ctl_make_folder();
    ran = ctl_shell("touch \"$SOCKET\" && \"$CTL\" -s \"$SOCKET\" status");
    ck_assert_int_eq(ran.code, 2);
    ck_assert_msg(strstr(ran.err, "no daemon listens on ") != NULL, "%s", ran.err);
}
END_TEST

START_TEST(socket_that_may_not_be_opened_says_who_may)
{
    struct ctl_ran ran;

    if (geteuid() == 0) {
        puts("SKIP: root may open every socket: that another user is told who may is left out");
        return;
    }
    ctl_start(ctl_answer_well);
    ck_assert_int_eq(chmod(ctl_socket(), 0), 0);
    ran = CTL("status");
    ck_assert_int_eq(ran.code, 2);
    ck_assert_msg(strstr(ran.err, "as a member of the socket's group") != NULL, "%s", ran.err);
}
END_TEST

START_TEST(path_that_no_socket_can_have_is_told)
{
    struct ctl_ran ran;

    ctl_make_folder();
    ran = ctl_shell("\"$CTL\" -s \"/$(printf '%0200d' 1)\" status");
    ck_assert_int_eq(ran.code, 2);
    ck_assert_msg(strstr(ran.err, "the socket's path is longer than 107 bytes") != NULL, "%s",
                  ran.err);
}
END_TEST

START_TEST(watch_goes_on_while_no_daemon_is_there)
{
    struct ctl_ran ran;

    ctl_make_folder();
    ran = ctl_shell("\"$CTL\" -s \"$SOCKET\" watch --interval 100ms | grep -m 2 -c 'no daemon'");
    ck_assert_str_eq(ran.out, "2\n");
}
END_TEST

TCase *ctl_trouble_cases(void)
{
    TCase *tcase = tcase_create("trouble");

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, NULL, ctl_stop);
    tcase_add_loop_test(tcase, trouble_is_told_and_gives_its_exit_code, 0, ARRAY_LENGTH(rows));
    tcase_add_loop_test(tcase, trouble_is_critical_or_unknown_for_the_monitoring, 0,
                        ARRAY_LENGTH(rows));
    tcase_add_test(tcase, endless_answer_is_given_up);
    tcase_add_test(tcase, no_daemon_is_told_with_a_question);
    tcase_add_test(tcase, dead_socket_is_told_as_no_daemon);
    tcase_add_test(tcase, socket_that_may_not_be_opened_says_who_may);
    tcase_add_test(tcase, path_that_no_socket_can_have_is_told);
    tcase_add_test(tcase, watch_goes_on_while_no_daemon_is_there);
    return tcase;
}
