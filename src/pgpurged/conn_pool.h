/*
 * conn_pool: the connections of one database, shared by its jobs: at most max_connections, leased
 * (engine/lease.h) one after the other, made when one is asked for and closed when nobody asks.
 * When the database can't be reached, all that ask wait together and come back with backoff; other
 * databases go on.
 */
#ifndef PGPURGED_PGPURGED_CONN_POOL_H
#define PGPURGED_PGPURGED_CONN_POOL_H

#include "config/settings.h"
#include "engine/lease.h"
#include "model/counters.h"
#include "model/snapshot.h"
#include "net/loop.h"
#include "policy/guard.h"

struct conn_pool;

/* The settings and counters must stay until conn_pool_free(). once: whoever asks is refused when
 * the database can't be reached, instead of waiting for ever. */
struct conn_pool *conn_pool_new(const struct database_settings *settings, struct loop *loop,
                                bool once, struct database_counters *counters);
/* Closes what is still open. Leases must have ended. */
void conn_pool_free(struct conn_pool *pool);

/* What its jobs ask connections of. The pool's own. */
const struct lease_pool *conn_pool_leases(struct conn_pool *pool);

/* The database's clock as last read, shared by all its jobs. */
struct clock_anchor *conn_pool_clock(struct conn_pool *pool);
const char *conn_pool_name(const struct conn_pool *pool);

/* What status shows of it. Strings become the view's. Role and kill switch are what its jobs have
 * met. */
void conn_pool_describe(const struct conn_pool *pool, struct database_view *view);

#endif
