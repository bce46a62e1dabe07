/*
 * query: one statement in a transaction of its own, under the settings in which the catalog and our
 * own tables are read: BEGIN | settings | statement | COMMIT, one request. What everything but a
 * batch is sent with.
 */
#ifndef PGPURGED_CATALOG_QUERY_H
#define PGPURGED_CATALOG_QUERY_H

#include <stdint.h>

#include "model/codes.h"
#include "net/pg_conn.h"
#include "report/number.h"

/* Room for a parameter that is a number: query_number(&room, 7) is "7" for as long as the room
 * stands. */
struct query_number {
    char text[NUMBER_INT_BYTES];
};

const char *query_number(struct query_number *room, int64_t value);

/* The step of a query's reply that holds the statement's rows. */
enum { QUERY_STEP = 2 };

/* What a reply may take; sql_settings bounds the statement with half of it. */
enum { QUERY_DEADLINE_MS = 60 * 1000 };

void query_send(struct pg *pg, const struct pg_step *statement, bool read_only, pg_result_fn *fn,
                void *arg);

/* A question that only an index may answer (sql_index_settings). Read only. */
void query_send_to_index(struct pg *pg, const struct pg_step *statement, pg_result_fn *fn,
                         void *arg);

/* A question whose answer may take so long; BATCH_TOO_SLOW is its outcome then. Read only. */
void query_send_patiently(struct pg *pg, const struct pg_step *statement, int64_t timeout_ms,
                          pg_result_fn *fn, void *arg);

/* What a reply's status means; BATCH_COMMITTED if all went well. */
enum batch_outcome query_outcome(const struct pg_result *reply);

/* "MESSAGE (SQLSTATE)" of a failed or lost reply. */
void query_error(const struct pg_error *error, struct err *err);

#endif
