/*
 * pg_reply: the inside of a reply, for pg.c, which fills it, and pg_reply.c, which reads it.
 */
#ifndef PGPURGED_WIRE_PG_REPLY_H
#define PGPURGED_WIRE_PG_REPLY_H

#include <libpq-fe.h>

#include "wire/pg.h"

/* Results of a flight are kept by step, so that a reply can be read in any order. */
struct pg_reply {
    enum pg_fate fate;
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
void pg_reply_clear(struct pg_reply *reply);

#endif
