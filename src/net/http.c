#include "net/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

enum connection_state {
    /* The request has not come whole. The only state in which a connection is shed for a new one
     * without a thought. */
    CONNECTION_READING,
    /* The answer is on its way. */
    CONNECTION_ANSWERING,
    /* All is sent. What the client still sends is thrown away until it closes: closing first, with
     * its bytes unread, would make the kernel send a reset, and a reset can eat the answer. */
    CONNECTION_LINGERING,
};

struct connection {
    TAILQ_ENTRY(connection) others; /* of its listener, the oldest first */
    struct listener *listener;
    enum connection_state state;
    struct peer peer;
    struct bufferevent *stream; /* owns the descriptor */
    struct loop_timer deadline; /* of the current state */
};

TAILQ_HEAD(connection_list, connection);

struct listener {
    TAILQ_ENTRY(listener) others;
    struct http *http;
    int fd;
    enum http_kind kind;
    struct listen_file file;
    struct event *readable;
    struct loop_timer retry; /* after the process ran out of descriptors */
    struct connection_list connections;
    int connection_count;
};

TAILQ_HEAD(listener_list, listener);

struct http {
    struct loop *loop;
    http_handler_fn *handler;
    void *arg;
    struct listener_list listeners;
};

enum { ACCEPT_RETRY_MS = 1000 };

static void connection_free(struct connection *connection)
{
    TAILQ_REMOVE(&connection->listener->connections, connection, others);
    connection->listener->connection_count--;
    bufferevent_free(connection->stream);
    loop_timer_free(&connection->deadline);
    free(connection);
}

/* Enters the state, which must be left within limit_ms. */
static void connection_enter(struct connection *connection, enum connection_state state,
                             double limit_ms)
{
    connection->state = state;
    loop_timer_set(&connection->deadline, limit_ms);
}

static const char *status_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {202, "Accepted"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Other";
}

void http_respond_error(struct http_response *response, int status, const char *sentence)
{
    response->status = status;
    response->content_type = "application/json";
    text_free(&response->body);
    text_add(&response->body, "{\"error\":\"");
    for (const char *c = sentence; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ')
            text_addf(&response->body, "\\u%04x", (unsigned)*c);
        else if (*c == '"' || *c == '\\')
            text_addf(&response->body, "\\%c", *c);
        else
            text_add_bytes(&response->body, c, 1);
    }
    text_add(&response->body, "\"}\n");
}

/* The oldest connection that is, or is not, being answered; NULL if there is none. */
static struct connection *oldest(const struct listener *listener, bool answering)
{
    struct connection *connection;

    TAILQ_FOREACH(connection, &listener->connections, others)
        if ((connection->state == CONNECTION_ANSWERING) == answering)
            return connection;
    return NULL;
}

static size_t unsent_bytes(const struct connection *connection)
{
    return evbuffer_get_length(bufferevent_get_output(connection->stream));
}

/* Clients that ask for long answers and don't take them must not fill our memory. */
static void shed_unsent(struct listener *listener)
{
    struct connection *connection;
    size_t unsent = 0;

    TAILQ_FOREACH(connection, &listener->connections, others)
        unsent += unsent_bytes(connection);
    while (unsent > HTTP_MAX_UNSENT_BYTES && (connection = oldest(listener, true)) != NULL) {
        unsent -= unsent_bytes(connection);
        connection_free(connection);
    }
}

static void free_body(const void *data, size_t length, void *arg)
{
    (void)data;
    (void)length;
    free(arg);
}

/* Hands the text over as it is: a copy of the metrics of 1,000 jobs would be another 7 MB. */
static void add_body(struct evbuffer *output, struct text *body)
{
    size_t length = body->length;
    char *data = text_take(body);

    if (length == 0 || evbuffer_add_reference(output, data, length, free_body, data) != 0)
        free(data);
}

static void send_response(struct connection *connection, struct http_response *response,
                          bool head_only)
{
    struct evbuffer *output = bufferevent_get_output(connection->stream);

    shed_unsent(connection->listener);
    evbuffer_add_printf(output,
                        "HTTP/1.1 %d %s\r\n"
                        "Content-Type: %s\r\n"
                        "Content-Length: %zu\r\n"
                        "Cache-Control: no-store\r\n"
                        "Connection: close\r\n",
                        response->status, status_phrase(response->status), response->content_type,
                        response->body.length);
    if (response->allow != NULL)
        evbuffer_add_printf(output, "Allow: %s\r\n", response->allow);
    evbuffer_add_printf(output, "\r\n");
    if (head_only)
        text_free(&response->body);
    else
        add_body(output, &response->body);
    connection_enter(connection, CONNECTION_ANSWERING, HTTP_WRITE_MS);
}

static struct http_response new_response(void)
{
    return (struct http_response){.status = 200, .content_type = "text/plain; charset=utf-8"};
}

static void answer_error(struct connection *connection, int status, const char *sentence)
{
    struct http_response response = new_response();

    http_respond_error(&response, status, sentence);
    if (status == 405)
        response.allow = "GET, HEAD, POST";
    send_response(connection, &response, false);
}

static void answer_request(struct connection *connection, const struct http_parsed *parsed)
{
    struct http *http = connection->listener->http;
    struct http_response response = new_response();
    struct http_request request = {.method = parsed->method,
                                   .path = parsed->path,
                                   .kind = connection->listener->kind,
                                   .peer = &connection->peer};

    http->handler(http->arg, &request, &response);
    send_response(connection, &response, parsed->head_only);
}

static void read_request(struct connection *connection, struct evbuffer *input)
{
    struct http_parsed parsed;
    size_t length = evbuffer_get_length(input);
    const char *bytes = (const char *)evbuffer_pullup(input, -1);

    switch (http_parse(bytes, length, &parsed)) {
    case HTTP_UNFINISHED:
        return;
    case HTTP_COMPLETE:
        answer_request(connection, &parsed);
        break;
    case HTTP_BAD:
        answer_error(connection, parsed.status, parsed.problem);
        break;
    }
    evbuffer_drain(input, length); /* a second, pipelined, request finds the connection closed */
}

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct connection *connection = arg;
    struct evbuffer *input = bufferevent_get_input(stream);

    switch (connection->state) {
    case CONNECTION_READING:
        read_request(connection, input);
        break;
    case CONNECTION_ANSWERING:
    case CONNECTION_LINGERING:
        evbuffer_drain(input, evbuffer_get_length(input));
        break;
    }
}

/* The kernel has taken the whole answer. */
static void on_written(struct bufferevent *stream, void *arg)
{
    struct connection *connection = arg;

    if (connection->state != CONNECTION_ANSWERING)
        return;
    if ((bufferevent_get_enabled(stream) & EV_READ) == 0) { /* the client has closed its side */
        connection_free(connection);
        return;
    }
    shutdown(bufferevent_getfd(stream), SHUT_WR);
    connection_enter(connection, CONNECTION_LINGERING, HTTP_LINGER_MS);
}

/* A client may close its sending side and still wait for the answer; libevent stops reading then.
 * Every other end is the connection's end. */
static void on_end(struct bufferevent *stream, short what, void *arg)
{
    struct connection *connection = arg;

    (void)stream;
    if ((what & BEV_EVENT_EOF) != 0 && connection->state == CONNECTION_ANSWERING)
        return;
    connection_free(connection);
}

static void on_deadline(void *arg)
{
    struct connection *connection = arg;

    if (connection->state == CONNECTION_READING)
        answer_error(connection, 408, "the request did not arrive in time");
    else
        connection_free(connection);
}

/* One that still owes us its request, or is only being waited for, goes before one that is being
 * answered. */
static void shed_one(struct listener *listener)
{
    struct connection *connection = oldest(listener, false);

    connection_free(connection != NULL ? connection : TAILQ_FIRST(&listener->connections));
}

static void connection_new(struct listener *listener, int fd)
{
    struct connection *connection = mem_new(sizeof *connection);

    if (listener->connection_count == HTTP_MAX_CONNECTIONS)
        shed_one(listener);
    connection->listener = listener;
    if (listener->kind == HTTP_UNIX)
        connection->peer = peer_of(fd);
    connection->stream =
        bufferevent_socket_new(loop_base(listener->http->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(connection->stream, on_readable, on_written, on_end, connection);
    /* What is longer can only be wrong, and is known to be so by then. */
    bufferevent_setwatermark(connection->stream, EV_READ, 0, HTTP_MAX_HEAD + HTTP_MAX_BODY);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    loop_timer_init(&connection->deadline, listener->http->loop, on_deadline, connection);
    connection_enter(connection, CONNECTION_READING, HTTP_READ_MS);
    TAILQ_INSERT_TAIL(&listener->connections, connection, others);
    listener->connection_count++;
}

static void listener_resume(void *arg)
{
    struct listener *listener = arg;

    event_add(listener->readable, NULL);
}

/* Takes one connection a turn of the loop, not all that wait: so each one gets read before a crowd
 * behind it can shed it. */
static void on_connection(evutil_socket_t listening_fd, short what, void *arg)
{
    struct listener *listener = arg;
    int fd = accept4(listening_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)what;
    if (fd >= 0) {
        connection_new(listener, fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        /* The connection still waits: without a pause the loop would spin on it. */
        event_del(listener->readable);
        loop_timer_set(&listener->retry, ACCEPT_RETRY_MS);
    }
}

static void listener_free(struct listener *listener)
{
    struct connection *connection;

    while ((connection = TAILQ_FIRST(&listener->connections)) != NULL)
        connection_free(connection);
    TAILQ_REMOVE(&listener->http->listeners, listener, others);
    event_free(listener->readable);
    loop_timer_free(&listener->retry);
    listen_file_remove(&listener->file);
    close(listener->fd);
    free(listener);
}

static struct listener *listener_new(struct http *http, int fd, enum http_kind kind)
{
    struct listener *listener = mem_new(sizeof *listener);

    listener->http = http;
    listener->fd = fd;
    listener->kind = kind;
    TAILQ_INIT(&listener->connections);
    listener->readable =
        event_new(loop_base(http->loop), fd, EV_READ | EV_PERSIST, on_connection, listener);
    event_add(listener->readable, NULL);
    loop_timer_init(&listener->retry, http->loop, listener_resume, listener);
    TAILQ_INSERT_TAIL(&http->listeners, listener, others);
    return listener;
}

struct http *http_new(struct loop *loop, http_handler_fn *handler, void *arg)
{
    struct http *http = mem_new(sizeof *http);

    signal(SIGPIPE, SIG_IGN);
    *http = (struct http){.loop = loop, .handler = handler, .arg = arg};
    TAILQ_INIT(&http->listeners);
    return http;
}

void http_free(struct http *http)
{
    struct listener *listener;

    if (http == NULL)
        return;
    while ((listener = TAILQ_FIRST(&http->listeners)) != NULL)
        listener_free(listener);
    free(http);
}

/* The value of an integer option of SOL_SOCKET; -1 if fd is not a socket. */
static int socket_option(int fd, int option)
{
    int value = -1;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool http_listen_fd(struct http *http, int fd, struct err *err)
{
    int family = socket_option(fd, SO_DOMAIN);

    if (socket_option(fd, SO_TYPE) != SOCK_STREAM || socket_option(fd, SO_ACCEPTCONN) != 1 ||
        (family != AF_UNIX && family != AF_INET && family != AF_INET6))
        return err_set(err, "descriptor %d from systemd is not a listening stream socket", fd);
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        return err_set(err, "descriptor %d from systemd: %s", fd, strerror(errno));
    listener_new(http, fd, family == AF_UNIX ? HTTP_UNIX : HTTP_TCP);
    return true;
}

bool http_listen_unix(struct http *http, const char *path, mode_t mode, gid_t group,
                      struct err *err)
{
    struct listen_file file;
    int fd = listen_unix(path, mode, group, &file, err);

    if (fd < 0)
        return false;
    listener_new(http, fd, HTTP_UNIX)->file = file;
    return true;
}

bool http_listen_tcp(struct http *http, const char *address, struct err *err)
{
    int fd = listen_tcp(address, err);

    if (fd < 0)
        return false;
    listener_new(http, fd, HTTP_TCP);
    return true;
}
