/*
 * pg_result: the inside of a reply, for pg.c, which fills it, and pg_result.c, which reads it.
 */
#ifndef PGPURGED_NET_PG_RESULT_H
#define PGPURGED_NET_PG_RESULT_H

#include <libpq-fe.h>

#include "net/pg_conn.h"

/* Results of a request are kept by step, so that a reply can be read in any order. */
struct pg_result {
    enum pg_status status;
    struct pg_error error;
    bool warned;
    struct pg_error warning; /* the first one */
    PGresult **results;      /* one for each step that succeeded, else NULL */
    size_t count;
};

/* One line of a message: libpq ends its own with a newline. NULL makes an empty one. */
void pg_copy_message(char *out, size_t size, const char *message);

/* What the server, or libpq, says went wrong in a step. */
void pg_error_of_result(struct pg_error *error, const PGresult *result, size_t step);

/* Frees the results. */
void pg_result_clear(struct pg_result *reply);

#endif
