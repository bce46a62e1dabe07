/*
 * session: a test's own connection to the server. It counts the rows itself, beside the daemon.
 *
 * Every function fails the test, with the statement and the server's words, when the server
 * refuses. Where a refusal is what the test wants, it asks sql_error().
 */
#ifndef PGPURGED_INTEGRATION_SESSION_H
#define PGPURGED_INTEGRATION_SESSION_H

#include <libpq-fe.h>
#include <stdint.h>

/* PQfinish() it, or leave it to the end of the test's process. */
PGconn *sql_connect(const char *conninfo);

/* One or several statements, result ignored. */
void sql_exec(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first column of the first row; no row fails the test. NULL is 0. */
int64_t sql_int(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first column of the first row as text, valid until the test ends. NULL is "". */
const char *sql_text(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs it and returns the SQLSTATE that it fails with; "00000" if it succeeds. Valid until the
 * test ends. */
const char *sql_error(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Waits until a query that yields one boolean yields true. */
void await_sql(PGconn *conn, const char *query, int timeout_ms);

/* Sends a statement without waiting for its end, to sit on a lock for example. sql_join() waits
 * for it and returns its SQLSTATE as sql_error() does. */
void sql_start(PGconn *conn, const char *statement);
const char *sql_join(PGconn *conn);

#endif
