/*
 * advice: what the catalog says about a job's table, for the plan: privileges, triggers, locks and
 * indexes. One request, read only; it is answered where preflight refuses as well.
 */
#ifndef PGPURGED_CATALOG_ADVICE_H
#define PGPURGED_CATALOG_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
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
    bool known; /* there is such a table; otherwise nothing of it means anything */
    char *table, *column, *schema, *role; /* column NULL = there is none */
    bool partitioned, nullable;
    int64_t blocks; /* relpages; -1 = it has none of its own */
    double rows;    /* reltuples; -1 = never analyzed */
    uint32_t block_size;
    bool usage, can_select, can_delete, can_lock, sees_all;
    int64_t inheritance_children;  /* tables that inherit from it */
    char *first_inheritance_child; /* NULL = there is none */
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

/* Only the questions about indexes and TOAST need a lock; without them (`readable` is false), the
 * others are answered while somebody else keeps everyone out. */
void advice_send(struct pg *pg, const struct job_settings *job, bool readable, pg_result_fn *fn,
                 void *arg);
void advice_read(const struct pg_result *reply, struct advice *advice);
void advice_free(struct advice *advice); /* a zeroed one is fine */

#endif
