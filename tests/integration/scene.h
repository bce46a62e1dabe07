/*
 * scene: a database of the test's own with the schema pgpurged in it, a table `orders` of known
 * rows, a configuration that purges it, and a gate at which a run can be stopped in the middle.
 *
 * Strings that are returned are kept (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_SCENE_H
#define PGPURGED_INTEGRATION_SCENE_H

#include <libpq-fe.h>
#include <stdint.h>

#include "integration/daemon.h"

struct scene {
    const char *database;
    PGconn *own; /* the superuser's connection, with which the test looks and counts */
};

/* A database with the schema; no table yet. */
struct scene scene_new(void);
void scene_end(struct scene *scene);

/* Another connection to it, for a session of the application. */
PGconn *scene_connect(const struct scene *scene);

/*
 * Makes public.orders (id, deleted_at, filler), ten rows to a block, grants it to the daemon's role
 * and watches it (promises.h). Of each four rows two are due, one was deleted ten days ago and one
 * is live; ids go from 1 to `rows` and follow the order on disk.
 */
void scene_add_orders(struct scene *scene, int rows);
/* Makes another table of this kind. */
void scene_add_table(struct scene *scene, const char *table, int rows);

/* When a row of these tables is due, in SQL. */
#define SCENE_DUE "deleted_at < now() - interval '30 days'"

/* Due rows that are in the table now. */
int64_t scene_due(const struct scene *scene);

/* A configuration of the database `d`, reached by `conninfo`, and the sections that follow it. The
 * server doesn't end a batch that stands at a gate (below) however slow the machine is. */
const char *scene_config_through(const char *conninfo, const char *sections);
/* A configuration of the database `d` over the server's own socket. */
const char *scene_config_of(const struct scene *scene, const char *sections);
/* A configuration with one job, orders, and more options for it. */
const char *scene_config(const struct scene *scene, const char *options);

/* [job orders] with more options, to be put into a configuration. */
const char *scene_job(const char *options);

/* Runs `pgpurged --config CONFIG --once` and fails the test unless it exits with this code. Returns
 * what it said. */
const char *scene_once(const char *config, int expected_code);

/* Waits until a run of the job is over, and the test fails unless it ended like this. */
void scene_await_run(const struct scene *scene, const char *job, const char *outcome);

/* A zone, as POSIX writes it, in which it will be noon in so many seconds: a window that ends at
 * 12:00 there closes then. */
const char *scene_noon_in(const struct scene *scene, int seconds);

/* Waits until no session of the daemon is left, so that what they did is final. */
void scene_await_no_daemon(const struct scene *scene);

/* The process of the daemon's session on the server; there must be one alone. */
int scene_backend(const struct scene *scene);

/* The gate: the n-th DELETE on orders from now on waits until it is opened, however often a batch
 * was tried before. It holds no lock on a row and takes no transaction id. */
void gate_close(struct scene *scene, int nth);
/* A gate on another table, for example a partition: statement triggers of a partitioned table don't
 * fire for its partitions. */
void gate_close_on(struct scene *scene, const char *table, int nth);
/* A gate for the n-th DELETE and all after it, for a run of several workers. */
void gate_close_to_all(struct scene *scene, int nth);
void gate_close_to_all_on(struct scene *scene, const char *table, int nth);
void gate_await(const struct scene *scene);
void gate_open(struct scene *scene);

#endif
