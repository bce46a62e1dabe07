/*
 * pg_conn: one connection to PostgreSQL and its requests. Only this room knows libpq.
 *
 * A request is a fixed list of statements sent at once in pipeline mode and closed by one sync: one
 * network round trip. Its reply function is called exactly once, from the loop, never inside
 * pg_send(): with all results, or with the first error (the statements after it were skipped by the
 * server), or with PG_LOST when the connection went away, or was given up because the deadline
 * passed. Several requests may be in flight; replies come in order. After an error that leaves a
 * failed transaction behind, a ROLLBACK is sent before the reply is delivered, so that the
 * connection is usable again.
 *
 * Nothing blocks except the name lookup of a host name in conninfo (libpq resolves inside
 * PQconnectStart). Nothing is ever cancelled: PQcancel of libpq 15 blocks.
 */
#ifndef PGPURGED_NET_PG_CONN_H
#define PGPURGED_NET_PG_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/loop.h"

struct pg;

struct pg_step {
    const char *sql;           /* one statement */
    const char *const *values; /* as text; NULL inside = SQL NULL */
    int value_count;
};

enum pg_status {
    PG_DONE,   /* every statement succeeded */
    PG_FAILED, /* the server refused one of them; the transaction is rolled back */
    PG_LOST,   /* no answer: it may have happened or not. The connection is dead: pg_close() it */
};

struct pg_error {
    char sqlstate[6]; /* "" if there is none */
    char message[512];
    char detail[256];
    char context[512];    /* where in the server's functions it happened */
    char constraint[256]; /* "lines_order_id_fkey on public.lines"; "" if it is about none */
    size_t step;          /* which statement of the request */
};

struct pg_result;
enum pg_status pg_result_status(const struct pg_result *reply);
const struct pg_error *
pg_result_error(const struct pg_result *reply); /* for PG_FAILED and PG_LOST */
/* The first WARNING that came with it, or NULL. VACUUM says in no other way that it has done
 * nothing. */
const struct pg_error *pg_result_warning(const struct pg_result *reply);
int pg_result_rows(const struct pg_result *reply, size_t step);
/* NULL for SQL NULL, and for a row or column that is not there. Valid until the reply function
 * returns. */
const char *pg_result_text(const struct pg_result *reply, size_t step, int row, int column);
int64_t pg_result_int(const struct pg_result *reply, size_t step, int row,
                      int column); /* NULL = 0 */
double pg_result_double(const struct pg_result *reply, size_t step, int row,
                        int column); /* NULL = 0 */
bool pg_result_bool(const struct pg_result *reply, size_t step, int row,
                    int column); /* NULL = false */

/* ok: the connection stands; otherwise error says why and the pg is dead: pg_close() it. */
typedef void pg_connected_fn(void *arg, bool ok, const struct pg_error *error);
typedef void pg_result_fn(void *arg, const struct pg_result *reply);

/* Starts to connect. fn is called once, from the loop, unless pg_close() comes first. The
 * application_name is set to ours unless conninfo sets one. */
struct pg *pg_open(struct loop *loop, const char *conninfo, const char *application_name,
                   int64_t timeout_ms, pg_connected_fn *fn, void *arg);

/* Sends a request. The steps and values are copied into libpq before this returns. A reply that has
 * not come deadline_ms after the requests before it have landed counts as lost. */
void pg_send(struct pg *pg, const struct pg_step *steps, size_t step_count, int64_t deadline_ms,
             pg_result_fn *fn, void *arg);

/* Closes and frees at once; reply functions of requests in request are not called. NULL is fine.
 * Must not be called from inside a reply function of the same pg other than as its last act. */
void pg_close(struct pg *pg);

int pg_backend_pid(const struct pg *pg);
int pg_server_version(const struct pg *pg); /* 150004 */
int64_t pg_requests(const struct pg *pg);   /* how many were sent so far */

/* The shortest time in which a request that was alone in request was answered so far: the distance,
 * and the little work of a small question. 0 = there was none yet. */
double pg_round_trip_ms(const struct pg *pg);

/* Whether conninfo can be parsed; err gets libpq's reason. */
bool pg_conninfo_check(const char *conninfo, struct err *err);

#endif
