/*
 * cluster: a disposable real PostgreSQL server for one test program.
 *
 * It lives in a new folder under $TMPDIR, listens on a Unix socket in it (and on 127.0.0.1 if
 * asked), trusts everyone, and is gone with its folder when the test program ends, however it ends.
 * As root it runs as the user postgres, or nobody; the superuser inside is called postgres. By
 * default it is quick and quiet: no fsync, which the crash of a process survives all the same since
 * the kernel goes on, and no autovacuum.
 *
 * All functions but cluster_new() fail the test that calls them when something goes wrong. Whoever
 * makes a cluster frees it; the processes of single tests use it, but don't free it. Strings that
 * are returned are kept (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_CLUSTER_H
#define PGPURGED_INTEGRATION_CLUSTER_H

#include <stdbool.h>

#include "base/err.h"

struct cluster;

struct cluster_options {
    bool fsync;
    bool autovacuum;
    bool tcp;             /* also listens on 127.0.0.1, on a free port */
    const char *settings; /* more lines of postgresql.conf; NULL = none */
};

/* initdb and start, with the programs in bindir; NULL if that fails. */
struct cluster *cluster_new(const char *bindir, const struct cluster_options *options,
                            struct err *err);
void cluster_free(struct cluster *cluster);

/* A folder of our own for files of the tests: configurations, logs, sockets. */
const char *cluster_folder(const struct cluster *cluster);
/* The folder of the server's socket, and its port: `host` and `port` of a conninfo. */
const char *cluster_host(const struct cluster *cluster);
int cluster_port(const struct cluster *cluster);

void cluster_start(struct cluster *cluster); /* returns when it accepts connections */
void cluster_stop_fast(struct cluster *cluster);
void cluster_stop_immediate(struct cluster *cluster); /* like a crash */
void cluster_restart(struct cluster *cluster);        /* fast stop and start */

/* What the server has logged so far. */
const char *cluster_log(const struct cluster *cluster);

/* A new and empty database for this test alone; its name. */
const char *cluster_new_database(struct cluster *cluster);

/* Applies a file of SQL through psql, as the superuser. */
void cluster_apply(struct cluster *cluster, const char *database, const char *path);

/* Applies what `pgpurged --init-sql` prints, through psql, as the superuser. */
void cluster_install_schema(struct cluster *cluster, const char *database);

/* The path of the Unix socket, for who stands between it and a client. */
const char *cluster_socket(const struct cluster *cluster);

/* To connect with, through the Unix socket; through TCP (only with the option tcp). */
const char *cluster_conninfo(const struct cluster *cluster, const char *database, const char *user);
const char *cluster_conninfo_tcp(const struct cluster *cluster, const char *database,
                                 const char *user);
/* To connect with, through a proxy that listens on this port: nothing is negotiated, so that each
 * text goes by as it is. */
const char *cluster_conninfo_through(int port, const char *database, const char *user);

#endif
