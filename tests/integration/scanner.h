/*
 * scaner: a scene with a table public.marks whose rows expire by its column `mark`, and a
 * connection of the daemon's role to it, made as the daemon makes it, with which a test asks the
 * index and purges lists of TIDs step by step.
 *
 * Every function fails the test when something goes wrong. Strings that are returned are kept
 * (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_SCANER_H
#define PGPURGED_INTEGRATION_SCANER_H

#include "engine/index_slices.h"
#include "engine/probe.h"
#include "integration/scene.h"
#include "net/loop.h"
#include "net/pg_conn.h"
#include "sql/specification.h"

struct scaner {
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
 * scaner_connect(). */
struct scaner scaner_new(enum time_type type, const char *zone, const char *cutoff);
void scaner_connect(struct scaner *scaner);
void scaner_end(struct scaner *scaner);

/* 30,000 rows (id, mark, filler) on some 500 pages. A third of them is live, of the others one in
 * `nth` is due at MARKS_CUTOFF. `type` is the type of the column. */
#define MARKS_CUTOFF "2026-08-01 00:00:00+00"
void scaner_make_marks(struct scaner *scaner, const char *type, int nth);

/* Into scaner->index. */
void scaner_find_index(struct scaner *scaner);
int64_t scaner_probe(struct scaner *scaner);

/* The next slice, into scaner->slices, of `limit` rows unless it has to be longer. */
void scaner_take_slice(struct scaner *scaner, int64_t limit);

/* What purge_batch() is told of every batch of run 1; free() it. */
char *scaner_specification(const struct scaner *scaner, enum batch_form form, bool skip_locked);

/* What purge_batch() has answered for a list. */
struct scaner_batch {
    const char *sqlstate; /* "00000" if it was committed */
    int64_t rows, skipped;
};

struct scaner_batch scaner_purge(struct scaner *scaner, const char *list);
struct scaner_batch scaner_purge_limited(struct scaner *scaner, const char *list, bool skip_locked,
                                         int64_t max_rows);

/* Works off the slice in batches of 70. Returns the rows that are gone. */
int64_t scaner_purge_slice(struct scaner *scaner);

/* The TIDs of rows of public.marks, as a list. */
const char *scaner_tids(struct scaner *scaner, const char *condition);

/* A query with parameters; PQclear() the result. */
PGresult *scaner_query(PGconn *conn, const char *sql, const char *const *values, int count);

#endif
