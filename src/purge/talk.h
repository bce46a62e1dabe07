/*
 * talk: one statement in a transaction of its own, under the settings in which the catalog and our
 * own tables are read: BEGIN | settings | statement | COMMIT, one flight. What everything but a
 * batch is sent with.
 */
#ifndef PGPURGED_PURGE_TALK_H
#define PGPURGED_PURGE_TALK_H

#include <stdint.h>

#include "base/words.h"
#include "show/number.h"
#include "wire/pg.h"

/* Room for a parameter that is a number: talk_number(&room, 7) is "7" for as long as the room
 * stands. */
struct talk_number {
    char text[NUMBER_INT_BYTES];
};

const char *talk_number(struct talk_number *room, int64_t value);

/* The step of a talk's reply that holds the statement's rows. */
enum { TALK_STEP = 2 };

/* What a reply may take; sql_settings bounds the statement with half of it. */
enum { TALK_DEADLINE_MS = 60 * 1000 };

void talk_send(struct pg *pg, const struct pg_step *statement, bool read_only, pg_reply_fn *fn,
               void *arg);

/* A question that only an index may answer (sql_index_settings). Read only. */
void talk_send_to_index(struct pg *pg, const struct pg_step *statement, pg_reply_fn *fn, void *arg);

/* A question whose answer may take so long; BATCH_TOO_SLOW is its outcome then. Read only. */
void talk_send_patiently(struct pg *pg, const struct pg_step *statement, int64_t timeout_ms,
                         pg_reply_fn *fn, void *arg);

/* What a reply's fate means; BATCH_COMMITTED if all went well. */
enum batch_outcome talk_outcome(const struct pg_reply *reply);

/* "MESSAGE (SQLSTATE)" of a failed or lost reply. */
void talk_error(const struct pg_error *error, struct err *err);

#endif
