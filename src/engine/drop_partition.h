/*
 * drop: a partition that holds nothing but due rows goes in one piece, by DROP TABLE, instead of
 * row by row: BEGIN | guard | pgpurged.drop_partition() | COMMIT, one request, with a batch's
 * number and its audit row.
 *
 * Promise A: the rows are counted under a lock that keeps writers out, and the audit row is written
 * before the table goes. Promise R: one row that is not due is enough to leave the partition alone;
 * then its rows are purged one by one as everywhere. Whatever PostgreSQL has against the DROP (a
 * view, a lock that is not to be had) is a reason for the same.
 */
#ifndef PGPURGED_ENGINE_DROP_PARTITION_H
#define PGPURGED_ENGINE_DROP_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "catalog/partitions.h"
#include "catalog/preflight.h"
#include "model/codes.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"
#include "sql/target_statements.h"

/* Everything pointed to must stay until the reply. */
struct drop_order {
    const struct job_settings *settings;
    const struct sql_statements *statements; /* of the partition */
    int64_t root, relation;                  /* OIDs of the job's table and of the partition */
    int64_t run, number;
    const char *cutoff;
    const char *policy; /* the run's */
    struct wall expected_clock;
    bool has_closing;
    struct wall closes_at; /* only if has_closing */
};

struct drop_result {
    enum batch_outcome outcome; /* BATCH_COMMITTED also if the partition is still there */
    bool dropped;
    bool locked;                  /* a lock was not to be had: it may be in a moment */
    int64_t rows;                 /* that went with it */
    const char *why;              /* it is still there; valid during the callback */
    const struct pg_error *error; /* if not committed; likewise */
};

void drop_send(struct pg *pg, const struct drop_order *order, pg_result_fn *fn, void *arg);
void drop_read(const struct pg_result *reply, struct drop_result *result);

/* Whether a partition may go in one piece by what is known without looking at its rows: no more
 * rows can come into it that are younger than the cutoff, the role may drop it, and nobody would
 * miss something that happens with a DELETE. `why` gets the reason if not; "" where its bounds are
 * too young, or don't say. */
bool drop_allowed(const struct partition *partition, struct wall cutoff, char *why, size_t size);

#endif
