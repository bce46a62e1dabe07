/*
 * partitions: the relations that a job's table is made of: the table itself, or its partitions on
 * all levels. A run works on them one by one, because a TID is only valid within one partition.
 *
 * Partitions come and go, so they are looked up at the beginning of a run and once more at its end.
 * One that can't be purged (a foreign table, a privilege that is missing) is no reason to leave the
 * others alone: it carries a sentence that says why.
 */
#ifndef PGPURGED_CATALOG_PARTITIONS_H
#define PGPURGED_CATALOG_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/preflight.h"
#include "net/pg_conn.h"

struct partition {
    int64_t relation;     /* OID */
    char *schema, *table; /* as PostgreSQL stores the names */
    int64_t blocks;
    double rows;           /* reltuples; -1 = never analyzed */
    bool may_lock;         /* as in struct preflight_table */
    char *before_triggers; /* as in struct preflight_table; NULL = none */
    struct wall ends; /* no row that is younger can come in any more, by the bounds of the partition
                         and of what it is a part of; {0} = they don't say */
    char *keep_whole; /* why it can't be dropped in one piece all the same; NULL = it can */
    int drop_tries;   /* of the run */
    char *refusal;    /* why it can't be purged, and what to do about it; NULL = it can */
    struct findings findings; /* all that is to be said of it */
    bool elsewhere;           /* it is refused because its rows are not on pages of a heap here */
    bool over;                /* the run is done with it */
    struct mono over_since;
    bool doubtful; /* and yet: the server may have lost the last of what was deleted */
};

struct partitions {
    struct partition *items; /* in the order of their names */
    size_t count;
};

/* The partitions of a partitioned table. A query (query.h). */
void partitions_send(struct pg *pg, int64_t root, pg_result_fn *fn, void *arg);
/* `role` is the role's name, for the GRANTs. A partition that was over stays over, unless its
 * name has changed: then the run has lost it in the middle. */
void partitions_read(const struct pg_result *reply, const char *role,
                     struct partitions *partitions);

/* A table that is not partitioned: one partition, the table itself. */
void partitions_of_table(const struct job_settings *job, const struct preflight_table *table,
                         struct partitions *partitions);

/* The first one that is not over and not refused; NULL if there is none. */
struct partition *partitions_next(const struct partitions *partitions);

/* Everything before this one is over. */
void partitions_skip_to(struct partitions *partitions, int64_t relation);

/* The target that sql_statements_for() needs for a partition; points into all three. */
struct sql_target partition_target(const struct job_settings *job,
                                   const struct preflight_table *table,
                                   const struct partition *partition);

/* The relations to sample: the whole table if all its partitions are heaps; otherwise the
 * partitions that can be purged, because a foreign table would be fetched as a whole.
 * sql_parts_free() it. */
struct sql_parts partitions_sampled(const struct job_settings *job,
                                    const struct preflight_table *table,
                                    const struct partitions *partitions);

/* Pages of all of them together. */
int64_t partitions_blocks(const struct partitions *partitions);

/* NULL if it is none of them. */
struct partition *partitions_find(const struct partitions *partitions, int64_t relation);

void partitions_free(struct partitions *partitions); /* a zeroed one is fine */

#endif
