/*
 * http_parse: the bytes that a client has sent so far -> one request, or what is wrong with it.
 *
 * A pure function over a buffer: it keeps nothing, copies the path, and is called again from the
 * start with every piece that arrives. What it has once called done or bad stays so, whatever
 * follows. It is stricter than RFC 9112 asks where that is simpler: no folded headers, no
 * Transfer-Encoding, and only paths made of plain segments, so that a handler may compare them as
 * they are.
 */
#ifndef PGPURGED_NET_HTTP_PARSE_H
#define PGPURGED_NET_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_MAX_HEAD = 8192, /* request line and headers */
    HTTP_MAX_BODY = 4096, /* read and ignored: no request of ours carries one */
    HTTP_MAX_PATH = 255
};

enum http_method { HTTP_GET, HTTP_POST };

enum http_progress { HTTP_UNFINISHED, HTTP_COMPLETE, HTTP_BAD };

struct http_parsed {
    /* For HTTP_COMPLETE: */
    enum http_method method; /* HEAD counts as GET */
    bool head_only;          /* it was HEAD: the answer goes without its body */
    char path[HTTP_MAX_PATH + 1];
    size_t length; /* of the request with its body; what follows belongs to the next one */
    /* For HTTP_BAD: */
    int status;          /* 4xx or 5xx */
    const char *problem; /* a sentence for the client; static */
};

enum http_progress http_parse(const char *bytes, size_t length, struct http_parsed *parsed);

#endif
