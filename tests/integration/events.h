/*
 * events: a scene with a partitioned table `ev` (id, deleted_at, filler), and both promises checked
 * partition by partition, also of tables that are no partitions any more.
 *
 * Every function fails the test when something goes wrong. Strings that are returned are kept
 * (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_EVENTS_H
#define PGPURGED_INTEGRATION_EVENTS_H

#include <stdint.h>

#include "integration/scene.h"

/* A database with `ev`, partitioned by ranges of id; no partition yet. */
struct scene events_new(void);
/* Adds `ev`, partitioned by ranges of id and without partitions, to a scene. */
void events_make(struct scene *scene);

/* A partition `name` of `parent` for ids from `from` up to, but not including, `to`. */
void events_add_partition(struct scene *scene, const char *parent, const char *name, int from,
                          int to);

/* A partition `name` of `parent` with any `bounds`: "FOR VALUES ...", "DEFAULT", "... PARTITION BY
 * ...". */
void events_add_part(struct scene *scene, const char *parent, const char *name, const char *bounds);

/* ev_1 to ev_N of a hundred rows each, filled and watched; ids 1 to 100 are in ev_1. */
struct scene events_of(int partitions);
/* Adds ev_1 to ev_N to a scene with `ev`. */
void events_add_partitions(struct scene *scene, int partitions);

/* Rows into `table`, ten to a block and due as scene_add_orders() has them: two of each four. */
void events_fill(struct scene *scene, const char *table, int from, int to);

/* From here on; partitions that were added since join in. */
void events_watch(struct scene *scene);

/* Fails the test unless for each partition that was ever watched and is still a table: the rows
 * that are gone are as many as the audit table says of it (A), and all of them were due (R).
 * Returns how many are gone. */
int64_t events_check(const struct scene *scene);

/* Due rows of a table, with those of its partitions. */
int64_t events_due(const struct scene *scene, const char *table);

/* [job ev] with more options, as a configuration. */
const char *events_config(const struct scene *scene, const char *options);

/* Small batches and no haste, so that a gate is in the middle of a partition. */
#define EVENTS_SLOWLY "batch_rows = 10\nbatch_time = 1ms\nlock_timeout = 30s\n"

#endif
