/*
 * schedule: what is due in a job's table, when the job's next run begins, and whether its window is
 * open, all by the database's clock. One look asks one question after the other; its event comes
 * from the loop.
 *
 *   [partitions] -> sample -> runs and clock -> [when the window changes]
 */
#ifndef PGPURGED_ENGINE_SCHEDULE_H
#define PGPURGED_ENGINE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/preflight.h"
#include "engine/run_store.h"
#include "engine/sample.h"
#include "model/job_spec.h"
#include "policy/window.h"

/* What the last look has found. */
struct schedule_state {
    struct sample sample;     /* what was due; for people, and for the first scan */
    struct wall sampled_at;   /* {0} = never */
    struct run_schedule runs; /* of the past, and the clock of the database */
    struct window_view window;
    struct wall window_changes; /* when it closes or opens; {0} = never, or not known */
};

struct schedule;

/* outcome: BATCH_COMMITTED = the state is new; else what the failed question means. */
typedef void schedule_fn(void *arg, enum batch_outcome outcome, const struct pg_error *error);

/* `glance`: somebody waits and nobody watches (--once): a small sample will do. */
struct schedule *schedule_new(const struct job_settings *job, bool glance, schedule_fn *fn,
                              void *arg);
void schedule_free(struct schedule *schedule); /* NULL is fine */

/* Looks. `table` stays until the event; its pages are counted anew if it is partitioned. */
void schedule_look(struct schedule *schedule, struct pg *pg, struct preflight_table *table);

/* The schedule's own; zeroed before the first look. */
const struct schedule_state *schedule_state(const struct schedule *schedule);

/* Seconds of the database's clock, as of the last look: until the next run is due (0 = now; only
 * while the window is open), until the window changes (0 = it is over), until a moment. */
double schedule_due_in_s(const struct schedule *schedule);
double schedule_until_s(const struct schedule *schedule, struct wall moment);
/* When the next run begins: as it is due, or as the window opens; {0} = not known. */
struct wall schedule_next_run(const struct schedule *schedule);

/* A run that has just ended: asks for its record, so that all who look have it. The event of a look
 * comes. */
void schedule_refresh(struct schedule *schedule, struct pg *pg);

#endif
