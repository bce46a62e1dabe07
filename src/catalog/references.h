/*
 * references: reads from the catalog what refers to a job's table, how deep, by which action and
 * through which index, and whether the job may do about it what its settings say. Part of the
 * preflight: deletes nothing, changes nothing.
 *
 * Whatever would make the purge take rows along that nobody counts, hide rows from it, or make each
 * batch read a big table whole is refused, with what to do about it.
 */
#ifndef PGPURGED_CATALOG_REFERENCES_H
#define PGPURGED_CATALOG_REFERENCES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/settings.h"
#include "model/codes.h"
#include "net/pg_conn.h"
#include "sql/fk_graph.h"

/* What people want to know of a reference, beside what the family says of it. */
struct reference_facts {
    bool deferrable;
    bool indexed;
    char *child;         /* the table, as it is written; NULL = there is no such table */
    char *index_columns; /* of the index that would serve it, as they are written */
    char *create_index;  /* what is missing, to be run; NULL = nothing */
    bool can_lock;       /* the role may lock the child's rows, while rows that refer to them go */
    bool can_select;     /* the role may see the child's rows */
    char *no_delete;     /* the child, or partitions of it ("a, b"), whose rows it may not see and
                            delete; NULL = none */
    int64_t blocks;      /* of the child */
    double rows;         /* likewise, reltuples; -1 = never analyzed */
    double parents;      /* rows that they refer to, likewise; 0 = none, or not known */
    double share;        /* of these rows that refer to any, by statistics; 1 = not known */
};

/* Both lists have the same order. The direct children of the job's table are the tables that the
 * references with parent 0 name as child. */
struct reference_graph {
    struct fk_graph family;
    struct reference_facts *facts; /* one for each reference of the family */
};

/* BATCH_COMMITTED = fine, BATCH_REFUSED, or what the failure means; err says why if it is not fine.
 */
typedef void references_fn(void *arg, enum batch_outcome outcome, const struct err *err);

struct references_asked {
    const struct job_settings *job;
    int64_t relation; /* OID of its table */
    const char *role; /* for the GRANTs, as SQL needs it */
};

/* Three queries, and one for each declared reference. `asked` must stay until the callback. The
 * object, and the graph in it, is the caller's: references_free() after the callback, or after
 * pg_close().
 */
struct references_reading *references_start(struct pg *pg, const struct references_asked *asked,
                                            references_fn *fn, void *arg);
/* After the callback: what was read, also where the job is refused for it; NULL = not all could be.
 */
const struct reference_graph *references_graph(const struct references_reading *reading);
void references_free(struct references_reading *reading); /* NULL is fine */

#endif
