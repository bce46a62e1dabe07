/*
 * ask: one question over HTTP to a daemon beside the test, over its Unix socket or 127.0.0.1.
 *
 * A client of the tests' own, which knows nothing of the daemon's code. Strings that are returned
 * are kept (keep.h). Nobody there, or no answer within AWAIT_MS, is status 0.
 */
#ifndef PGPURGED_INTEGRATION_ASK_H
#define PGPURGED_INTEGRATION_ASK_H

#include <sys/types.h>

struct answer {
    int status;       /* 200; 0 = none came */
    const char *head; /* status line and headers */
    const char *body;
    double ms; /* from connect() to the last byte */
};

/* `socket` is a path, or a port in digits. */
struct answer ask(const char *socket, const char *method, const char *path);
struct answer ask_get(const char *socket, const char *path);

/* The status alone, nothing is kept: for thousands of questions. */
int ask_for_status(const char *socket, const char *path);

/* Somebody else on this machine; only root can play that. */
struct stranger {
    uid_t uid;
    gid_t gid, group; /* a supplementary one */
};

struct answer ask_as(const struct stranger *who, const char *socket, const char *method,
                     const char *path);

/* A connection on which nothing was said yet; -1 if nobody listens. */
int ask_connect(const char *socket);

/* A port of 127.0.0.1 that is free now, in digits. */
const char *ask_free_port(void);

#endif
