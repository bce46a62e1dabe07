/*
 * http: a small HTTP/1.1 server on Unix and TCP sockets, which answers one request per connection
 * (Connection: close) and can't be blocked by slow clients.
 *
 * The guards: each listening socket has room for HTTP_MAX_CONNECTIONS; when it is full, the oldest
 * connection whose request has not come whole is shed for the new one. A request has
 * HTTP_READ_MS from accept to its last byte, whether bytes trickle in or not; an answer has
 * HTTP_WRITE_MS to be taken. Answers that clients don't take are held up to
 * HTTP_MAX_UNSENT_BYTES, then the oldest goes. Why not evhttp: doc/decisions.md.
 *
 * The handler is called from the loop only, once per well-formed request, and fills the response
 * before it returns; it must not call http_free().
 */
#ifndef PGPURGED_NET_HTTP_H
#define PGPURGED_NET_HTTP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"
#include "net/http_parse.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/peer.h"

enum {
    HTTP_MAX_CONNECTIONS = 64,
    HTTP_READ_MS = 5000,
    HTTP_WRITE_MS = 5000,
    HTTP_LINGER_MS = 1000, /* for the client to close, once it has its answer */
    HTTP_MAX_UNSENT_BYTES = 16 * 1024 * 1024
};

enum http_kind { HTTP_UNIX, HTTP_TCP };

struct http_request {
    enum http_method method; /* HEAD comes as HTTP_GET; its body is left out by this room */
    const char *path;        /* plain segments, see http_parse.h */
    enum http_kind kind;
    const struct peer *peer; /* known over HTTP_UNIX only */
};

/* Starts as status 200, text/plain, empty. */
struct http_response {
    int status;
    const char *content_type; /* static */
    const char *allow;        /* static: "GET, HEAD" for a 405; else NULL */
    struct text body;         /* freed by this room */
};

/* What http answers by itself looks like this too: {"error":"sentence"} with the status. The
 * sentence is escaped. */
void http_respond_error(struct http_response *response, int status, const char *sentence);

typedef void http_handler_fn(void *arg, const struct http_request *request,
                             struct http_response *response);

struct http;

/* From here on the process ignores SIGPIPE: a client may go away in mid-answer. */
struct http *http_new(struct loop *loop, http_handler_fn *handler, void *arg);

/* Closes everything at once and removes the socket files that http made. NULL is fine. */
void http_free(struct http *http);

/* Starts to listen; false with err set if it can't. A descriptor handed over (by systemd) is owned
 * by http from then on, if true comes back. */
bool http_listen_fd(struct http *http, int fd, struct err *err);
bool http_listen_unix(struct http *http, const char *path, mode_t mode, gid_t group,
                      struct err *err);
bool http_listen_tcp(struct http *http, const char *address, struct err *err);

#endif
