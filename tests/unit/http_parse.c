/* The reader of requests, as tables: what is a request, what is none, and what stays unfinished. */
#include "net/http_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http.h"

#define HOST "Host: x\r\n"

static const struct good_case {
    const char *request;
    enum http_method method;
    bool head_only;
    const char *path;
} good_cases[] = {
    {"GET /metrics HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, false, "/metrics"},
    {"HEAD /metrics HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, true, "/metrics"},
    {"POST /v1/jobs/a_b.c-d/run HTTP/1.1\r\n" HOST "\r\n", HTTP_POST, false,
     "/v1/jobs/a_b.c-d/run"},
    {"GET / HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, false, "/"},
    {"GET /a HTTP/1.0\r\n\r\n", HTTP_GET, false, "/a"},
    {"GET /a HTTP/1.9\r\n" HOST "\r\n", HTTP_GET, false, "/a"},
    {"GET /a HTTP/1.1\n" HOST "\n", HTTP_GET, false, "/a"},
    {"GET /a?b=c/../%00 HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, false, "/a"},
    {"GET /...a/.b HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, false, "/...a/.b"},
    {"GET /a HTTP/1.1\r\nhOsT:\r\n\r\n", HTTP_GET, false, "/a"},
    {"GET /a HTTP/1.1\r\n" HOST "X-A:\tb \r\nX-B: \xc3\xa9\r\n\r\n", HTTP_GET, false, "/a"},
    {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", HTTP_POST, false, "/a"},
    {"POST /a HTTP/1.1\r\n" HOST "CONTENT-LENGTH:\t003 \r\n\r\nabc", HTTP_POST, false, "/a"},
    {"GET /a HTTP/1.1\r\n" HOST "Content-Length-Not: x\r\n\r\n", HTTP_GET, false, "/a"},
};

START_TEST(a_good_request_is_read)
{
    const struct good_case *c = &good_cases[_i];
    struct http_parsed parsed;

    ck_assert_msg(http_parse(c->request, strlen(c->request), &parsed) == HTTP_COMPLETE, "%s: %s",
                  c->request, parsed.problem != NULL ? parsed.problem : "unfinished");
    ck_assert_int_eq(parsed.method, c->method);
    ck_assert_int_eq(parsed.head_only, c->head_only);
    ck_assert_str_eq(parsed.path, c->path);
    ck_assert_uint_eq(parsed.length, strlen(c->request));
}
END_TEST

START_TEST(every_beginning_of_a_good_request_is_unfinished)
{
    const struct good_case *c = &good_cases[_i];

    for (size_t length = 0; length < strlen(c->request); length++) {
        struct http_parsed parsed;
        char *beginning = mem_new(length); /* of its own, so that a sanitizer sees an overrun */
        memcpy(beginning, c->request, length);
        ck_assert_msg(http_parse(beginning, length, &parsed) == HTTP_UNFINISHED, "%.*s",
                      (int)length, c->request);
        free(beginning);
    }
}
END_TEST

START_TEST(a_good_request_ends_where_the_next_begins)
{
    const struct good_case *c = &good_cases[_i];
    char *two = text_format("%sGARBAGE %s", c->request, c->request);
    struct http_parsed parsed;

    ck_assert_int_eq(http_parse(two, strlen(two), &parsed), HTTP_COMPLETE);
    ck_assert_uint_eq(parsed.length, strlen(c->request));
    free(two);
}
END_TEST

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct bad_case {
    const char *bytes;
    size_t length;
    int status;
} bad_cases[] = {
    {BYTES("\r\n"), 400},
    {BYTES("GET\r\n"), 400},
    {BYTES("GET /a\r\n"), 400}, /* HTTP/0.9 */
    {BYTES("GET /a HTTP/1.1 \r\n"), 400},
    {BYTES("GET  /a HTTP/1.1\r\n"), 400},
    {BYTES("GET /a b HTTP/1.1\r\n"), 400},
    {BYTES("GET\t/a HTTP/1.1\r\n"), 400},
    {BYTES("G(T /a HTTP/1.1\r\n"), 400},
    {BYTES(" /a HTTP/1.1\r\n"), 400},
    {BYTES("GET /a http/1.1\r\n"), 400},
    {BYTES("GET /a HTTP/11\r\n"), 400},
    {BYTES("GET /a HTTP/1.x\r\n"), 400},
    {BYTES("GET /a HTTP/1.10\r\n"), 400},
    {BYTES("GET /a HTTP/2.0\r\n"), 505},
    {BYTES("GET /a HTTP/0.9\r\n"), 505},
    {BYTES("PRI * HTTP/2.0\r\n"), 505},
    {BYTES("get /a HTTP/1.1\r\n"), 405},
    {BYTES("DELETE /a HTTP/1.1\r\n"), 405},
    {BYTES("OPTIONS * HTTP/1.1\r\n"), 405},
    {BYTES("CONNECT a:1 HTTP/1.1\r\n"), 405},
    {BYTES("GET a HTTP/1.1\r\n"), 400},
    {BYTES("GET http://x/a HTTP/1.1\r\n"), 400},
    {BYTES("GET //a HTTP/1.1\r\n"), 400},
    {BYTES("GET /a//b HTTP/1.1\r\n"), 400},
    {BYTES("GET /a/ HTTP/1.1\r\n"), 400},
    {BYTES("GET /. HTTP/1.1\r\n"), 400},
    {BYTES("GET /a/./b HTTP/1.1\r\n"), 400},
    {BYTES("GET /a/../b HTTP/1.1\r\n"), 400},
    {BYTES("GET /.. HTTP/1.1\r\n"), 400},
    {BYTES("GET /%6detrics HTTP/1.1\r\n"), 400},
    {BYTES("GET /a%00b HTTP/1.1\r\n"), 400},
    {BYTES("GET /a%2e%2e/b HTTP/1.1\r\n"), 400},
    {BYTES("GET /a\\b HTTP/1.1\r\n"), 400},
    {BYTES("GET /a#b HTTP/1.1\r\n"), 400},
    {BYTES("GET /\xc3\xa9 HTTP/1.1\r\n"), 400},
    {BYTES("GET ?a HTTP/1.1\r\n"), 400},
    {BYTES("GET /a\0b HTTP/1.1\r\n"), 400},
    {BYTES("GET /a\rb HTTP/1.1\r\n"), 400},
    {BYTES("\x16\x03\x01\x02"), 400}, /* a TLS hello, before its line ends */
    {BYTES("GET /a HTTP/1.1\r\nHost: x\r\n folded\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nno colon\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\n: x\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nA : x\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nA: \x01\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nA: \x7f\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nA: b\r\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\n\r\n"), 400}, /* no Host */
    {BYTES("GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length:\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length: -1\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length: +1\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length: 1 1\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length: 0x1\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n"), 400},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length: 4097\r\n"), 413},
    {BYTES("GET /a HTTP/1.1\r\nContent-Length: 18446744073709551617\r\n"), 413},
    {BYTES("GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"), 411},
    {BYTES("GET /a HTTP/1.1\r\nExpect: 100-continue\r\n"), 417},
};

START_TEST(a_bad_request_is_refused)
{
    const struct bad_case *c = &bad_cases[_i];
    struct http_parsed parsed;

    ck_assert_msg(http_parse(c->bytes, c->length, &parsed) == HTTP_BAD, "%s", c->bytes);
    ck_assert_msg(parsed.status == c->status, "%s: %d instead of %d", c->bytes, parsed.status,
                  c->status);
    ck_assert_ptr_nonnull(parsed.problem);
}
END_TEST

/* Otherwise the answer would depend on how the network cuts the bytes. */
START_TEST(what_was_bad_once_stays_bad_whatever_follows)
{
    const struct bad_case *c = &bad_cases[_i];
    struct text longer = {0};
    struct http_parsed parsed;

    text_add_bytes(&longer, c->bytes, c->length);
    text_add(&longer, "Host: x\r\n\r\n");
    ck_assert_int_eq(http_parse(longer.data, longer.length, &parsed), HTTP_BAD);
    ck_assert_int_eq(parsed.status, c->status);
    text_free(&longer);
}
END_TEST

/* A request whose head is exactly `length` long. */
static char *request_of_length(size_t length)
{
    const char *start = "GET /a HTTP/1.1\r\nHost: x\r\nA: ";
    struct text request = {0};

    text_add(&request, start);
    for (size_t i = strlen(start) + 4; i < length; i++)
        text_add(&request, "a");
    text_add(&request, "\r\n\r\n");
    return text_take(&request);
}

START_TEST(a_head_may_be_8_kilobytes_long_and_not_more)
{
    char *fits = request_of_length(HTTP_MAX_HEAD), *too_long = request_of_length(HTTP_MAX_HEAD + 1);
    struct http_parsed parsed;

    ck_assert_int_eq(http_parse(fits, HTTP_MAX_HEAD, &parsed), HTTP_COMPLETE);
    ck_assert_int_eq(http_parse(fits, HTTP_MAX_HEAD - 1, &parsed), HTTP_UNFINISHED);
    ck_assert_int_eq(http_parse(too_long, HTTP_MAX_HEAD - 1, &parsed), HTTP_UNFINISHED);
    for (size_t length = HTTP_MAX_HEAD; length <= HTTP_MAX_HEAD + 1; length++) {
        ck_assert_int_eq(http_parse(too_long, length, &parsed), HTTP_BAD);
        ck_assert_int_eq(parsed.status, 431);
    }
    free(fits);
    free(too_long);
}
END_TEST

START_TEST(a_path_may_be_255_characters_long_and_not_more)
{
    struct http_parsed parsed;

    for (int length = HTTP_MAX_PATH; length <= HTTP_MAX_PATH + 1; length++) {
        struct text request = {0};
        text_add(&request, "GET /");
        for (int i = 1; i < length; i++)
            text_add(&request, "a");
        text_add(&request, " HTTP/1.0\r\n\r\n");
        ck_assert_int_eq(http_parse(request.data, request.length, &parsed),
                         length <= HTTP_MAX_PATH ? HTTP_COMPLETE : HTTP_BAD);
        ck_assert_int_eq(parsed.status, length <= HTTP_MAX_PATH ? 0 : 414);
        text_free(&request);
    }
}
END_TEST

START_TEST(a_body_is_waited_for)
{
    struct text request = {0};
    struct http_parsed parsed;

    text_add(&request, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n");
    for (int i = 0; i < HTTP_MAX_BODY; i++) {
        ck_assert_int_eq(http_parse(request.data, request.length, &parsed), HTTP_UNFINISHED);
        text_add_bytes(&request, "", 1); /* what it holds does not matter */
    }
    ck_assert_int_eq(http_parse(request.data, request.length, &parsed), HTTP_COMPLETE);
    ck_assert_uint_eq(parsed.length, request.length);
    text_free(&request);
}
END_TEST

Suite *http_parse_suite(void)
{
    Suite *suite = suite_create("http_parse");
    TCase *tcase = tcase_create("http_parse");
    int good = ARRAY_LENGTH(good_cases), wrong = ARRAY_LENGTH(bad_cases);

    tcase_add_loop_test(tcase, a_good_request_is_read, 0, good);
    tcase_add_loop_test(tcase, every_beginning_of_a_good_request_is_unfinished, 0, good);
    tcase_add_loop_test(tcase, a_good_request_ends_where_the_next_begins, 0, good);
    tcase_add_loop_test(tcase, a_bad_request_is_refused, 0, wrong);
    tcase_add_loop_test(tcase, what_was_bad_once_stays_bad_whatever_follows, 0, wrong);
    tcase_add_test(tcase, a_head_may_be_8_kilobytes_long_and_not_more);
    tcase_add_test(tcase, a_path_may_be_255_characters_long_and_not_more);
    tcase_add_test(tcase, a_body_is_waited_for);
    suite_add_tcase(suite, tcase);
    return suite;
}
