/*
 * walker: a scene with a table public.marks whose rows expire by its column `mark`, and a
 * connection of the daemon's role to it, made as the daemon makes it, with which a test asks the
 * index and purges lists of TIDs step by step.
 *
 * Every function fails the test when something goes wrong. Strings that are returned are kept
 * (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_WALKER_H
#define PGPURGED_INTEGRATION_WALKER_H

#include "integration/scene.h"
#include "purge/probe.h"
#include "purge/slice.h"
#include "sql/purge.h"
#include "wire/loop.h"
#include "wire/pg.h"

struct walker {
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
 * walker_connect(). */
struct walker walker_new(enum time_type type, const char *zone, const char *cutoff);
void walker_connect(struct walker *walker);
void walker_end(struct walker *walker);

/* 30,000 rows (id, mark, filler) on some 500 pages. A third of them is live, of the others one in
 * `nth` is due at MARKS_CUTOFF. `type` is the type of the column. */
#define MARKS_CUTOFF "2026-08-01 00:00:00+00"
void walker_make_marks(struct walker *walker, const char *type, int nth);

/* Into walker->index. */
void walker_find_index(struct walker *walker);
int64_t walker_probe(struct walker *walker);

/* The next slice, into walker->slices, of `limit` rows unless it has to be longer. */
void walker_take_slice(struct walker *walker, int64_t limit);

/* What purge_tids() has answered. */
struct walker_batch {
    const char *sqlstate; /* "00000" if it was committed */
    int64_t rows, skipped;
};

struct walker_batch walker_purge(struct walker *walker, const char *list);
struct walker_batch walker_purge_limited(struct walker *walker, const char *list, bool skip_locked,
                                         int64_t max_rows);

/* Works off the slice in batches of 70. Returns the rows that are gone. */
int64_t walker_purge_slice(struct walker *walker);

/* The TIDs of rows of public.marks, as a list. */
const char *walker_tids(struct walker *walker, const char *condition);

/* A query with parameters; PQclear() the result. */
PGresult *walker_query(PGconn *conn, const char *sql, const char *const *values, int count);

#endif
