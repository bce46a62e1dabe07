/*
 * sequence: questions to the server that follow each other, as a table that reads downwards: what
 * is asked, with which values, what the answer means, and on what condition it is asked at all.
 *
 * A question is one statement in a transaction of its own (catalog/query.h). That is why the
 * sequence lives in this room and not in net/: the transaction's settings are SQL, which net/
 * doesn't know. The first answer that is not fine ends the sequence.
 */
#ifndef PGPURGED_CATALOG_SEQUENCE_H
#define PGPURGED_CATALOG_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "catalog/query.h"
#include "model/codes.h"
#include "net/pg_conn.h"

enum { QUESTION_MOST_VALUES = 6 };

/* What one question is sent with. A question's values function fills it. */
struct question_values {
    const char *sql; /* the statement; starts as the question's own */
    const char *values[QUESTION_MOST_VALUES];
    int count;
    int64_t timeout_ms; /* of a QUESTION_PATIENT */
    struct query_number numbers[QUESTION_MOST_VALUES];
    char *built[QUESTION_MOST_VALUES + 1]; /* freed once it is sent */
    size_t built_count;
};

/* The next parameter. `text` has to stand until the values function has returned. */
void question_text(struct question_values *values, const char *text);
void question_number(struct question_values *values, int64_t number);
/* Takes a string over that was built for this question, and returns it. */
const char *question_built(struct question_values *values, char *text);
/* Frees what was built, after sending; the sequence does it by itself. */
void question_sent(struct question_values *values);

/* How a question is sent. */
enum question_manner {
    QUESTION_USUAL,   /* query_send() */
    QUESTION_INDEX,   /* query_send_to_index() */
    QUESTION_PATIENT, /* query_send_patiently() */
};

/* `data` is the part's. The outcomes are those of sequence_fn; BATCH_COMMITTED = go on. */
struct question {
    const char *sql;            /* NULL where values() sets it */
    bool (*wanted)(void *data); /* whether it is asked; NULL = always */
    bool again;                 /* it is asked as often as wanted() says so */
    enum question_manner manner;
    void (*values)(void *data, struct question_values *values); /* NULL = it has none */
    /* One of the two takes the answer: what can't be refused is only read. Neither is needed where
     * only a failure says something. */
    void (*read)(void *data, const struct pg_result *reply);
    enum batch_outcome (*judge)(void *data, const struct pg_result *reply, struct err *err);
    /* What a failure means, with the server's message in `err`; NULL = the sequence ends with it.
     * A lost connection always ends it. */
    enum batch_outcome (*failed)(void *data, enum batch_outcome outcome, struct err *err);
};

/* What most judges return. */
enum batch_outcome question_fine_if(bool fine);

/* Questions about the same data. */
struct sequence_part {
    const struct question *questions;
    size_t count;
    void *data;
};

struct sequence;

/* outcome: BATCH_COMMITTED = all was asked and is fine, else what a judge or a failure has said,
 * and err says why. */
typedef void sequence_fn(void *arg, enum batch_outcome outcome, const struct err *err);

/* Asks one part after the other; the first question must be one that is always wanted. `fn` is
 * called once, from the loop; not if pg_close() comes first. The object is the caller's:
 * sequence_free() in `fn`, later, or after pg_close(). */
struct sequence *sequence_start(struct pg *pg, const struct sequence_part *parts, size_t count,
                                sequence_fn *fn, void *arg);
void sequence_free(struct sequence *sequence); /* NULL is fine */

#endif
