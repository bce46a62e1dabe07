#include "pgpurgectl/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { HEAD_MAX_BYTES = 16 * 1024 };

/* One conversation. */
struct query {
    const char *path;
    int fd;
    struct mono start;
    int64_t timeout_ms;
};

static bool no_daemon(const struct query *query, struct err *err)
{
    return err_set(err, "no daemon listens on %s: is pgpurged.service running?", query->path);
}

static bool connect_failed(const struct query *query, struct err *err)
{
    switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
        return no_daemon(query, err);
    case EACCES:
    case EPERM:
        return err_set(err,
                       "may not open %s: run this as root, or as a member of the socket's group",
                       query->path);
    case EAGAIN:
    case ETIMEDOUT:
        return err_set(err, "the daemon on %s is too busy to answer", query->path);
    }
    return err_set(err, "can't connect to %s: %s", query->path, strerror(errno));
}

static bool query_open(struct query *query, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(query->path) >= sizeof address.sun_path)
        return err_set(err, "the socket's path is longer than %zu bytes: %s",
                       sizeof address.sun_path - 1, query->path);
    strcpy(address.sun_path, query->path);
    query->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (query->fd < 0)
        return err_set(err, "can't make a socket: %s", strerror(errno));
    /* Over a Unix socket it succeeds at once, or the queue is full (EAGAIN). */
    if (connect(query->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return connect_failed(query, err);
    return true;
}

/* Waits until the socket is ready; false when the time is over. */
static bool query_wait(const struct query *query, short events, struct err *err)
{
    struct pollfd pollfd = {.fd = query->fd, .events = events};
    double left_ms;
    int ready;

    do {
        left_ms = (double)query->timeout_ms - mono_ms_between(query->start, mono_now());
        ready = left_ms > 0 ? poll(&pollfd, 1, (int)left_ms + 1) : 0;
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return err_set(err, "the daemon on %s did not answer within %lld ms", query->path,
                       (long long)query->timeout_ms);
    return true;
}

static bool query_send(const struct query *query, const struct text *request, struct err *err)
{
    size_t sent = 0;

    while (sent < request->length) {
        ssize_t n;

        if (!query_wait(query, POLLOUT, err))
            return false;
        n = send(query->fd, request->data + sent, request->length - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EPIPE || errno == ECONNRESET)
            return true; /* it may have answered before it closed */
        else if (errno != EAGAIN && errno != EINTR)
            return err_set(err, "can't write to %s: %s", query->path, strerror(errno));
    }
    return true;
}

/* Reads until the daemon closes; we asked it to. */
static bool query_receive(const struct query *query, struct text *all, struct err *err)
{
    char piece[16 * 1024];

    for (;;) {
        ssize_t n;

        if (!query_wait(query, POLLIN, err))
            return false;
        n = recv(query->fd, piece, sizeof piece, 0);
        if (n == 0)
            return true;
        if (n > 0)
            text_add_bytes(all, piece, (size_t)n);
        else if (errno == ECONNRESET)
            return true; /* what is missing shows in Content-Length */
        else if (errno != EAGAIN && errno != EINTR)
            return err_set(err, "can't read from %s: %s", query->path, strerror(errno));
        if (all->length > CLIENT_MAX_BYTES)
            return err_set(err, "the answer of %s is longer than %d MB", query->path,
                           CLIENT_MAX_BYTES / 1024 / 1024);
    }
}

/* The header's value as a number, -1 if there is no such header. `head` ends with an empty line. */
static long long header_number(const char *head, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':')
            return strtoll(line + length + 1, NULL, 10);
    }
    return -1;
}

static bool read_status(const char *head, int *status)
{
    if (strncmp(head, "HTTP/1.", 7) != 0 || strlen(head) < 12 || head[8] != ' ')
        return false;
    *status = atoi(head + 9);
    return *status >= 100 && *status <= 599;
}

static bool split_answer(const struct query *query, const struct text *all,
                         struct client_answer *answer, struct err *err)
{
    const char *end = all->length > 0 ? memmem(all->data, all->length, "\r\n\r\n", 4) : NULL;
    size_t head_length = end != NULL ? (size_t)(end - all->data) + 4 : 0;
    long long wanted;
    char *head;
    bool is_http;

    if (all->length == 0)
        return err_set(err, "the daemon on %s closed the connection without an answer",
                       query->path);
    if (end == NULL || head_length > HEAD_MAX_BYTES)
        return err_set(err, "the program on %s does not speak HTTP", query->path);
    head = strndup(all->data, head_length);
    is_http = head != NULL && read_status(head, &answer->status);
    wanted = is_http ? header_number(head, "Content-Length") : -1;
    free(head);
    if (!is_http)
        return err_set(err, "the program on %s does not speak HTTP", query->path);
    if (wanted >= 0 && (long long)(all->length - head_length) < wanted)
        return err_set(err, "the answer of %s was cut off", query->path);
    text_add_bytes(&answer->body, all->data + head_length,
                   wanted >= 0 ? (size_t)wanted : all->length - head_length);
    return true;
}

bool client_ask(const char *socket_path, const char *method, const char *path, int64_t timeout_ms,
                struct client_answer *answer, struct err *err)
{
    struct query query = {socket_path, -1, mono_now(), timeout_ms};
    struct text request = {0}, all = {0};
    bool ok;

    *answer = (struct client_answer){0};
    text_addf(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", method,
              path, text_equal(method, "POST") ? "Content-Length: 0\r\n" : "");
    ok = query_open(&query, err) && query_send(&query, &request, err) &&
         query_receive(&query, &all, err) && split_answer(&query, &all, answer, err);
    if (query.fd >= 0)
        close(query.fd);
    text_free(&request);
    text_free(&all);
    return ok;
}

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

char *client_job_path(const char *job, const char *suffix)
{
    struct text path = {0};

    text_add(&path, "/v1/jobs/");
    for (; *job != '\0'; job++)
        if (unreserved(*job))
            text_add_bytes(&path, job, 1);
        else
            text_addf(&path, "%%%02X", (unsigned char)*job);
    text_add(&path, suffix);
    return text_take(&path);
}
