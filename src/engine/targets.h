/*
 * targets: the relations that a run goes over, one after the other: the table itself, or its
 * partitions.
 *
 * Partitions are listed again when all are done, because one may have been added meanwhile. One
 * that was detached or dropped is left at once: from then on its rows are none of the job's. Where
 * rows refer to rows of other partitions, all have their turn again until that makes no difference:
 * a sweep.
 *
 * A server that crashes loses what was committed with synchronous_commit = off in its last moments,
 * rows and audit rows together (promise A). So when a connection is lost, the partitions that were
 * done shortly before are re-checked: rows of theirs may be there and due again.
 */
#ifndef PGPURGED_ENGINE_TARGETS_H
#define PGPURGED_ENGINE_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "catalog/partitions.h"
#include "catalog/preflight.h"

struct targets;

/* How the relations of a job are listed: at once, or by asking the server. */
struct target_kind {
    /* NULL: they are known without a question. */
    void (*send)(struct pg *pg, const struct preflight_table *table, pg_result_fn *fn, void *arg);
    void (*read)(struct targets *targets, const struct pg_result *reply);
};

extern const struct target_kind target_table, target_partitioned_table;

struct targets {
    const struct target_kind *kind;
    const struct job_settings *settings;
    const struct preflight_table *table;
    struct partitions all;
    struct partition *at;  /* the one that is worked on; NULL = none */
    int64_t gone;          /* OID of one that the server says is gone; 0 = none */
    char *gone_why;        /* how it has said so; owned */
    int64_t resume_at;     /* OID of the one at which an earlier process has stopped; 0 = none */
    int lists;             /* how often they were listed in this run */
    bool list_is_current;  /* since the last one was over */
    int sweeps;            /* over all of them */
    int64_t rows_at_sweep; /* of the run, when the last one began */
};

/* What decides whether another sweep is needed. */
struct targets_facts {
    int64_t rows;       /* that the run has deleted */
    int64_t fk_blocked; /* due rows that others still refer to */
    bool left;          /* due rows were left for some reason, and counted */
};

enum targets_answer {
    TARGETS_LIST,      /* they are to be listed: targets_send() */
    TARGETS_PARTITION, /* targets->at is next */
    TARGETS_SWEEP,     /* all have their turn again; what was counted as left is counted anew, and
                          targets_next() is asked again */
    TARGETS_DONE,      /* none is left */
};

/* A run begins, or one that was cut off at the partition `resume_at` (0 = none). */
void targets_start(struct targets *targets, const struct job_settings *settings,
                   const struct preflight_table *table, int64_t resume_at, int64_t rows);
void targets_free(struct targets *targets); /* a zeroed one is fine */

enum targets_answer targets_next(struct targets *targets, const struct targets_facts *facts);

/* Asks for the list; targets_read() takes an answer that is PG_DONE. */
void targets_send(struct targets *targets, struct pg *pg, pg_result_fn *fn, void *arg);
void targets_read(struct targets *targets, const struct pg_result *reply);

/* Nothing is left to do at targets->at. */
void targets_over(struct targets *targets);
/* The server says that targets->at is none of the table's any more. */
void targets_at_is_gone(struct targets *targets, const char *why);
/* A connection was lost: what was over shortly before is done again. */
void targets_recheck(struct targets *targets);

/* "2 of 14 partitions can't be purged, the first is p: why"; false if all can be. */
bool targets_explain_refusals(const struct targets *targets, struct text *out);
/* The triggers BEFORE DELETE of the first partition that has some; NULL = none has. */
const char *targets_before_triggers(const struct targets *targets);

#endif
