/*
 * proxy: a bad network between a client and a PostgreSQL server.
 *
 * It listens on 127.0.0.1 or on a Unix socket, forwards to the server's Unix socket, holds back
 * what goes through for a fixed time in each direction, counts round trips, and can freeze, or cut
 * a connection at the very byte that a test names. It runs in a process of its own, which dies with
 * the one that started it.
 *
 * A burst is data from the client that comes after data from the server (or first): one
 * for each round trip. Connecting takes one or two; take the difference around what is measured.
 */
#ifndef PGPURGED_INTEGRATION_PROXY_H
#define PGPURGED_INTEGRATION_PROXY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proxy_options {
    const char *server;        /* path of the server's socket: FOLDER/.s.PGSQL.PORT */
    const char *listen_folder; /* NULL = TCP; else the Unix socket is FOLDER/.s.PGSQL.PORT */
    int port;                  /* to listen on; 0 = a free one (TCP), 5432 (Unix socket) */
    double delay_ms;           /* each way: a round trip takes twice as long */
};

struct proxy_shared; /* what both processes see */

struct proxy {
    pid_t pid;
    int port;
    struct proxy_shared *shared;
};

enum proxy_direction { PROXY_TO_SERVER, PROXY_TO_CLIENT };

/* Starts it; it listens when this returns. False (and errno) if it can't listen. */
bool proxy_start(struct proxy *proxy, const struct proxy_options *options);
void proxy_stop(struct proxy *proxy);

int64_t proxy_bursts(const struct proxy *proxy);
int64_t proxy_connections(const struct proxy *proxy); /* accepted so far */
int64_t proxy_cuts(const struct proxy *proxy);        /* by proxy_cut_at() so far */

/* A black hole: nothing is read, forwarded or accepted; the kernel still takes connections. */
void proxy_freeze(struct proxy *proxy, bool frozen);

/*
 * Cuts the next connection on which this text (63 bytes at most) goes by in this direction, once.
 * What came before the text is forwarded; if `forwarded`, so are the text and what arrived together
 * with it (the rest of its message, the sync behind it). Then both sides are closed. So, of a
 * transaction whose COMMIT is lost:
 *   PROXY_TO_SERVER, not forwarded: the server never saw it, the transaction is rolled back
 *   PROXY_TO_SERVER, forwarded:     the server saw it and nobody hears how it went
 *   PROXY_TO_CLIENT, not forwarded: the server's answer "COMMIT" is lost: it was committed for sure
 */
void proxy_cut_at(struct proxy *proxy, enum proxy_direction direction, const char *text,
                  bool forwarded);

#endif
