/*
 * vacuum: whether a table that a run has removed rows from is vacuumed now, by us. Pure.
 *
 * Until a VACUUM has been there, the space of removed rows is not reusable, and every scan reads
 * them. Autovacuum comes by itself once a table has enough dead rows, so with `vacuum = auto` we
 * vacuum only where it would not: switched off, or too few dead rows for its threshold (a fifth of
 * the table by default, which on a big one is weeks of purging), but enough of them to be worth it.
 *
 * A VACUUM that is stopped has cleaned up little that lasts, so none is begun shortly before the
 * window closes.
 */
#ifndef PGPURGED_POLICY_VACUUM_H
#define PGPURGED_POLICY_VACUUM_H

#include <stdbool.h>
#include <stdint.h>

#include "model/vacuums.h"

enum {
    VACUUM_WORTH_ROWS = 10000, /* dead rows; fewer are some hundred pages, and autovacuum's own
                                  default takes as many on a table of 50,000 rows */
    VACUUM_LEAST_S = 60,       /* what must be left of the window */
    VACUUM_MOST_S = 60 * 60,   /* none takes longer: at its cost limit it dirties some 100 GB in an
                                  hour, and it keeps one of the database's max_connections */
};

struct vacuum_facts {
    enum vacuum_wish wish;
    int64_t removed_rows; /* by the run */
    double dead_rows;     /* in the table; what the server has counted lags behind */
    bool autovacuum;      /* it is on, for the server and for this table */
    double threshold;     /* dead rows at which it comes */
    bool may;             /* our role has the right to */
    double left_s;        /* of the window; INFINITY = it never closes */
};

enum vacuum_verdict {
    VACUUM_NOW,
    VACUUM_UNWANTED,      /* vacuum = never, or nothing was removed */
    VACUUM_NOT_WORTH_IT,  /* too few dead rows */
    VACUUM_COMES_ITSELF,  /* autovacuum will be here soon */
    VACUUM_NOT_PERMITTED, /* it would only warn and do nothing */
    VACUUM_TOO_LATE,      /* the window closes soon */
};

enum vacuum_verdict vacuum_judge(const struct vacuum_facts *facts);

/* Why, for the log: "autovacuum will be here soon". */
const char *vacuum_verdict_sentence(enum vacuum_verdict verdict);

/* How long one that begins now may take. */
int64_t vacuum_timeout_ms(double left_s);

#endif
