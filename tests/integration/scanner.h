/*
 * scanner: a scene with a table public.marks whose rows expire by its column `mark`, and a
 * connection of the daemon's role to it, made as the daemon makes it, with which a test asks the
 * index and purges lists of TIDs step by step.
 *
 * Every function fails the test when something goes wrong. Strings that are returned are kept
 * (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_SCANNER_H
#define PGPURGED_INTEGRATION_SCANNER_H

#include "engine/index_slices.h"
#include "engine/probe.h"
#include "integration/scene.h"
#include "net/loop.h"
#include "net/pg_conn.h"
#include "sql/specification.h"

struct scanner {
    struct scene scene;
    struct loop *loop;
    struct pg *pg;
    PGconn *role; /* for batches, and to look at plans with */
    struct sql_statements sql;
    const char *cutoff;
    int64_t relation, batch;
    struct slices slices;
    struct probe_index index;
    int64_t probed;
};

/* The statements of a rule for public.marks. The test makes the table, and then calls
 * scanner_connect(). */
struct scanner scanner_new(enum time_type type, const char *zone, const char *cutoff);
void scanner_connect(struct scanner *scanner);
void scanner_end(struct scanner *scanner);

/* 30,000 rows (id, mark, filler) on some 500 pages. A third of them is live, of the others one in
 * `nth` is due at MARKS_CUTOFF. `type` is the type of the column. */
#define MARKS_CUTOFF "2026-08-01 00:00:00+00"
void scanner_make_marks(struct scanner *scanner, const char *type, int nth);

/* Into scanner->index. */
void scanner_find_index(struct scanner *scanner);
int64_t scanner_probe(struct scanner *scanner);

/* The next slice, into scanner->slices, of `limit` rows unless it has to be longer. */
void scanner_take_slice(struct scanner *scanner, int64_t limit);

/* What purge_batch() is told of every batch of run 1; free() it. */
char *scanner_specification(const struct scanner *scanner, enum batch_form form, bool skip_locked);

/* What purge_batch() has answered for a list. */
struct scanner_batch {
    const char *sqlstate; /* "00000" if it was committed */
    int64_t rows, skipped;
};

struct scanner_batch scanner_purge(struct scanner *scanner, const char *list);
struct scanner_batch scanner_purge_limited(struct scanner *scanner, const char *list,
                                           bool skip_locked, int64_t max_rows);

/* Works off the slice in batches of 70. Returns the rows that are gone. */
int64_t scanner_purge_slice(struct scanner *scanner);

/* The TIDs of rows of public.marks, as a list. */
const char *scanner_tids(struct scanner *scanner, const char *condition);

/* A query with parameters; PQclear() the result. */
PGresult *scanner_query(PGconn *conn, const char *sql, const char *const *values, int count);

#endif
