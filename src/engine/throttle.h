/*
 * throttle: what holds a run back for its database's sake, or lets it hurry: a sample of the server
 * each second, and the verdicts of policy/limits.h and policy/urgency.h.
 *
 * Knows no job. A sample goes over the connection that it is given; its event comes from the loop.
 */
#ifndef PGPURGED_ENGINE_THROTTLE_H
#define PGPURGED_ENGINE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "engine/limits.h"
#include "model/job_spec.h"
#include "net/pg_conn.h"
#include "policy/urgency.h"

struct throttle;

struct throttle_event {
    bool lost;        /* the connection is: error says why */
    double wal_bytes; /* that the server has written since the sample before; 0 = not known */
    const struct pg_error *error;
};

typedef void throttle_fn(void *arg, const struct throttle_event *event);

/* The settings must stay. */
struct throttle *throttle_new(const struct database_settings *database,
                              const struct job_settings *job, throttle_fn *fn, void *arg);
void throttle_free(struct throttle *throttle); /* NULL is fine */

/* A run begins: nothing is known. */
void throttle_begin_run(struct throttle *throttle);

/* Sends a sample if the last one is a second old. */
void throttle_sample(struct throttle *throttle, struct pg *pg);
/* One is on its way. */
bool throttle_in_flight(const struct throttle *throttle);
/* Its connection is closed: the sample that is on its way will not come. */
void throttle_forget_sample(struct throttle *throttle);

/* What the last sample allows; NULL before the first one. A fact that is not known, or a sample
 * that failed, holds nothing back. The throttle's own. */
const struct limit_verdict *throttle_judge(struct throttle *throttle);
/* Appends why the verdict is not LIMIT_GO. */
void throttle_explain(const struct throttle *throttle, struct text *out);

/* From `duty_cycle` up to `max_duty_cycle`, so that a run is over in time; see urgency.h for the
 * facts, of which the throttle sets those that are settings or verdicts. */
int throttle_duty_cycle_percent(const struct throttle *throttle, struct urgency_facts facts);

/* Whether the next batch is to ask who waits for its locks, once a second; and what it has said. */
bool throttle_asks_waiters(const struct throttle *throttle);
void throttle_note_asked(struct throttle *throttle);
void throttle_note_waiters(struct throttle *throttle);

/* As of the last sample; NAN = not known. */
double throttle_replica_lag_s(const struct throttle *throttle);

#endif
