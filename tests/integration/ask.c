#include "integration/ask.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/await.h"
#include "integration/keep.h"

static struct sockaddr_in port_address(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int connect_to(int family, const void *address, socklen_t length)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    if (connect(fd, address, length) == 0)
        return fd;
    close(fd);
    return -1;
}

int ask_connect(const char *socket)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in port = port_address(atoi(socket));

    if (socket[0] != '/')
        return connect_to(AF_INET, &port, sizeof port);
    ck_assert_uint_lt(strlen(socket), sizeof path.sun_path);
    strcpy(path.sun_path, socket);
    return connect_to(AF_UNIX, &path, sizeof path);
}

/* Until the other side closes; false if it takes too long or breaks off. */
static bool read_all(int fd, struct text *all)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    char piece[65536];
    ssize_t length;

    do {
        if (TEMP_FAILURE_RETRY(poll(&readable, 1, AWAIT_MS)) != 1)
            return false;
        length = recv(fd, piece, sizeof piece, 0);
        if (length > 0)
            text_add_bytes(all, piece, (size_t)length);
    } while (length > 0);
    return length == 0;
}

static struct answer parse(const char *all, double ms)
{
    const char *end = strstr(all, "\r\n\r\n");
    struct answer answer = {.head = "", .body = "", .ms = ms};

    if (end == NULL || !text_starts(all, "HTTP/1.1 "))
        return answer;
    answer.status = atoi(all + strlen("HTTP/1.1 "));
    answer.head = keep_format("%.*s", (int)(end - all), all);
    answer.body = end + 4;
    return answer;
}

/* Closes the connection. False if no whole answer came. */
static bool query(int fd, const char *method, const char *path, struct text *all)
{
    char *request = text_format("%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                                "Content-Length: 0\r\n\r\n",
                                method, path);
    bool complete =
        fd >= 0 && send(fd, request, strlen(request), MSG_NOSIGNAL) > 0 && read_all(fd, all);

    free(request);
    if (fd >= 0)
        close(fd);
    return complete;
}

static struct answer ask_on(int fd, const char *method, const char *path, struct mono start)
{
    struct text all = {0};
    bool complete = query(fd, method, path, &all);
    double ms = mono_ms_between(start, mono_now());
    const char *text = keep_text(text_take(&all));

    return parse(complete ? text : "", ms);
}

struct answer ask(const char *socket, const char *method, const char *path)
{
    struct mono start = mono_now();

    return ask_on(ask_connect(socket), method, path, start);
}

struct answer ask_get(const char *socket, const char *path)
{
    return ask(socket, "GET", path);
}

int ask_for_status(const char *socket, const char *path)
{
    struct text all = {0};
    bool complete = query(ask_connect(socket), "GET", path, &all);
    int status = complete && all.length > 9 ? atoi(all.data + strlen("HTTP/1.1 ")) : 0;

    text_free(&all);
    return status;
}

struct answer ask_as(const struct stranger *who, const char *socket, const char *method,
                     const char *path)
{
    struct mono start = mono_now();
    int fd;

    /* What the kernel tells the other side is who called connect(). */
    ck_assert_int_eq(setgroups(1, &who->group), 0);
    ck_assert_int_eq(setegid(who->gid), 0);
    ck_assert_int_eq(seteuid(who->uid), 0);
    fd = ask_connect(socket);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
    ck_assert_int_eq(setgroups(0, NULL), 0);
    return ask_on(fd, method, path, start);
}

const char *ask_free_port(void)
{
    struct sockaddr_in address = port_address(0);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return keep_format("%d", ntohs(address.sin_port));
}
