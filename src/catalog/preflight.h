/*
 * preflight: is this job safe on this database? Looks before the first batch, changes nothing.
 *
 * It asks about the server (version, standby, clock), the schema pgpurged (there, of our version,
 * granted) and the table: what it is, the types of the columns in its rule, privileges, policies,
 * rules, and what refers to its rows (references.h). Whatever is not surely fine is refused, with
 * what to do about it. Afterwards the table is known by its OID.
 */
#ifndef PGPURGED_CATALOG_PREFLIGHT_H
#define PGPURGED_CATALOG_PREFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "catalog/abilities.h"
#include "catalog/references.h"
#include "catalog/relation.h"
#include "catalog/requirements.h"
#include "model/codes.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"
#include "policy/guard.h"
#include "sql/target_statements.h"

/* What is known about the job's table afterwards. */
struct preflight_table {
    int64_t relation; /* OID */
    bool partitioned; /* then blocks and rows are those of all partitions together, and the rest of
                         what is said of the table is said of each by catalog/partitions.h */
    char column[136]; /* the expiry column, as SQL needs it */
    bool nullable;
    enum time_type type;                  /* of the expiry column */
    enum flag_type flag_types[FLAGS_MAX]; /* of those that the job has */
    int64_t blocks;
    double rows;               /* reltuples; -1 = never analyzed */
    bool may_lock;             /* UPDATE on some column: FOR UPDATE SKIP LOCKED is allowed */
    char before_triggers[128]; /* names of triggers BEFORE DELETE, which may return NULL: then the
                          row stays without an error; "" = none */
    uint32_t block_size;
    int server_version;
    struct wall clock; /* the database's */
    char role[64];
    struct abilities abilities;
    bool readable; /* all but what refers to it was found fine: its rows can be looked at */
    const struct reference_graph *references; /* what refers to it; the preflight's own */
};

/* outcome: BATCH_COMMITTED = fine, BATCH_REFUSED, BATCH_STANDBY, BATCH_SCHEMA, BATCH_CLOCK,
 * BATCH_TROUBLE, BATCH_UNKNOWN (the connection is lost) or what the server's error means; err says
 * why if it is not fine. */
typedef void preflight_fn(void *arg, enum batch_outcome outcome,
                          const struct preflight_table *table, const struct err *err);

/* Nine queries at most. `anchor` is what the database's clock is compared with and may be unknown.
 * The object is the caller's: preflight_free() after the callback, when table->references is no
 * longer needed, or after pg_close(). */
struct preflight *preflight_start(struct pg *pg, const struct job_settings *job,
                                  const struct clock_anchor *anchor, preflight_fn *fn, void *arg);
/* What refers to the table, also where it is refused for just that; NULL = not known. The
 * preflight's own. */
const struct reference_graph *preflight_references(const struct preflight *preflight);
/* What the catalog says of the table; NULL = there is none, or it was not come to. What stands
 * against a run, or would be better otherwise: of the table, of those that refer to it. All are the
 * preflight's own. */
const struct relation *preflight_relation(const struct preflight *preflight);
const struct findings *preflight_findings(const struct preflight *preflight);
const struct findings *preflight_reference_findings(const struct preflight *preflight);
/* After the callback: lets go of what was read and judged, which a thousand idle jobs don't need.
 * The references stay. */
void preflight_trim(struct preflight *preflight);
void preflight_free(struct preflight *preflight); /* NULL is fine */

/* What the requirements say of a job's table. */
void preflight_judge(const struct job_settings *job, const char *role,
                     const struct relation *relation, struct findings *findings);

/* The target that sql_statements_for() needs, for the table as a whole; points into both. */
struct sql_target preflight_target(const struct job_settings *job,
                                   const struct preflight_table *table);

#endif
