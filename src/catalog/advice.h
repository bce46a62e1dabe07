/*
 * advice: what the plan wants to know of a job's table beside what a run asks: triggers, who holds
 * locks, indexes.
 */
#ifndef PGPURGED_CATALOG_ADVICE_H
#define PGPURGED_CATALOG_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/pg_conn.h"
#include "policy/advice.h"

struct advice_trigger {
    char *name, *when, *function;
    bool each_row;
    bool non_firing; /* it doesn't fire, since it is a partitioned table's and we delete from
                        partitions */
};

struct advice_lock {
    char *who; /* "pid 17", "prepared transaction x" */
    char *application, *mode;
    double age_s;   /* of its transaction; < 0 = not shown to this role */
    bool shuts_out; /* no DELETE gets past this lock */
};

struct advice_keys {
    char *name, *keys, *constraint; /* as SQL; constraint NULL = none */
};

/* Strings are owned; advice_free() them. Names are as SQL has them, quoted where they must be. */
struct advice {
    struct advice_trigger *triggers;
    size_t trigger_count;
    struct advice_lock *locks;
    size_t lock_count;
    int64_t wraparound_pid; /* 0 = none */
    struct advice_index *indexes;
    struct advice_keys *keys; /* of each of them */
    size_t index_count;
    double toast_bytes; /* of its rows' long values; 0 where it was not asked */
};

/* The answers to sql_plan_triggers, sql_plan_locks and sql_plan_indexes. */
void advice_read_triggers(const struct pg_result *reply, struct advice *advice);
void advice_read_locks(const struct pg_result *reply, struct advice *advice);
void advice_read_indexes(const struct pg_result *reply, struct advice *advice);
void advice_free(struct advice *advice); /* a zeroed one is fine */

#endif
