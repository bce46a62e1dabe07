/*
 * The parts of check_http, and what they share: a real server in a child process, with a handler
 * made for tests, and a blocking client.
 *
 * A test calls http_server_start() and must end with http_server_stop(), which fails the test if
 * the child did not end cleanly (so under a sanitizer it fails for a leak as well).
 */
#ifndef PGPURGED_TESTS_UNIT_HTTP_H
#define PGPURGED_TESTS_UNIT_HTTP_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

Suite *http_parse_suite(void);
Suite *http_listen_suite(void);
Suite *http_server_suite(void);
Suite *http_guard_suite(void);

/* A folder of its own for each test, removed by folder_remove() with what is in it. */
char *folder_make(void);
void folder_remove(char *folder);

enum { BIG_ANSWER_BYTES = 4 * 1024 * 1024 };

/* The handler answers GET /metrics ("up 1\n"), /big (BIG_ANSWER_BYTES), /kind (unix or tcp), /peer
 * ("UID GID", or "unknown"), /member-GID (yes or no: is the peer in that group); POST /act
 * ("done\n"); 405 for POST elsewhere, 404 for the rest. */
struct http_server {
    pid_t pid;
    char *folder;
    char socket[108];
    int port;
};

/* descriptor_limit: RLIMIT_NOFILE of the child, 0 = as it is. */
struct http_server http_server_start(int descriptor_limit);
void http_server_stop(struct http_server *server);

int http_server_descriptors(const struct http_server *server); /* open now */
long http_server_resident_kb(const struct http_server *server);
bool memory_is_the_servers_own(void); /* false under a sanitizer or valgrind */
double http_server_cpu_ms(const struct http_server *server); /* used so far */

/* Connected sockets that give up after 20 s; never -1. */
int connect_unix(const struct http_server *server);
int connect_tcp(const struct http_server *server);

/* Sends, as far as the server takes it: it may close in between. */
void send_bytes(int fd, const char *bytes, size_t length);
void send_text(int fd, const char *text);

/* All that comes until the server closes, as a string to free; fails the test on a reset. Closes
 * fd. */
char *receive_all(int fd);

/* One whole exchange. */
char *ask(int fd, const char *request);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

int answer_status(const char *answer); /* 0 if it is not an answer */
const char *answer_body(const char *answer);

double now_ms(void);

#endif
