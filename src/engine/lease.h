/*
 * lease: a connection that somebody asks for, for something. Who asks gets the connection by a
 * callback of its own, always from the loop and never inside of lease_ask(), and ends the lease
 * when it is done. The pool behind it (pgpurged/conn_pool.h) decides who is served when.
 */
#ifndef PGPURGED_ENGINE_LEASE_H
#define PGPURGED_ENGINE_LEASE_H

#include "model/codes.h"
#include "net/pg_conn.h"

/* What it is for, in the order in which the pool serves them. */
enum lease_purpose {
    LEASE_JOB,    /* a job that has no connection */
    LEASE_WORKER, /* one more for a run that is under way */
    LEASE_VACUUM, /* after a run: a VACUUM, and who watches it */
};

enum lease_news_kind {
    LEASE_GRANTED, /* here is the connection */
    LEASE_WAITS,   /* none can be had for now: why, for status and log; it stays asked for */
    LEASE_REFUSED, /* --once: none can be had at all; end the lease */
};

struct lease_news {
    enum lease_news_kind kind;
    struct pg *pg;      /* LEASE_GRANTED: the pool's; not to be closed by who has the lease */
    enum reason reason; /* LEASE_WAITS */
    const char *why;    /* LEASE_WAITS; may be "" */
};

struct lease;

typedef void lease_fn(void *arg, const struct lease_news *news);

enum lease_end {
    LEASE_INTACT, /* the connection is as good as new: somebody else may have it */
    LEASE_BROKEN, /* it is lost, or the server unavailable: all of the pool come back with backoff
                   */
    LEASE_SPENT,  /* it has a session's settings, or is still at work: it is closed, and no more */
};

/* What a job is given by its host. */
struct lease_pool {
    void *arg;
    struct lease *(*ask)(void *arg, enum lease_purpose purpose, lease_fn *fn, void *fn_arg);
    /* Also before it was granted: then it isn't asked for any more. The callback does not come
     * again. NULL is fine. */
    void (*end)(void *arg, struct lease *lease, enum lease_end how);
};

#endif
