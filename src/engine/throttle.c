#include "engine/throttle.h"

#include <math.h>
#include <stdlib.h>

#include "catalog/query.h"

struct throttle {
    const struct database_settings *database;
    const struct job_settings *job;
    throttle_fn *fn;
    void *arg;
    struct limiter limiter;
    struct limit_sample sample;
    struct limit_verdict verdict;       /* the last one */
    bool in_flight;                     /* a sample is */
    bool known;                         /* there is one */
    struct mono sampled_at, waiters_at; /* last asked for */
};

struct throttle *throttle_new(const struct database_settings *database,
                              const struct job_settings *job, throttle_fn *fn, void *arg)
{
    struct throttle *throttle = mem_new(sizeof *throttle);

    throttle->database = database;
    throttle->job = job;
    throttle->fn = fn;
    throttle->arg = arg;
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    free(throttle);
}

void throttle_begin_run(struct throttle *throttle)
{
    struct limits limits = limits_of(throttle->database);

    limits_start(&throttle->limiter, &limits);
    throttle->known = false;
    throttle->verdict = limits_judge(&throttle->limiter, mono_now());
}

/* --- samples --- */

/* What the server has written since the last sample, by whomever: a batch's own part can't be told.
 * 0 if one of the two is not known (NAN). */
static double wal_written(const struct throttle *throttle, double before)
{
    double written = throttle->sample.facts.wal_bytes - before;

    return written > 0 ? written : 0;
}

static void on_sample(void *arg, const struct pg_result *reply)
{
    struct throttle *throttle = arg;
    double wal_before = throttle->known ? throttle->sample.facts.wal_bytes : NAN;
    struct throttle_event event = {.lost = pg_result_status(reply) == PG_LOST};

    throttle->in_flight = false;
    throttle->known = true;
    if (query_outcome(reply) == BATCH_COMMITTED) {
        limits_read(reply, &throttle->sample);
        limits_learn(&throttle->limiter, &throttle->sample.facts, mono_now());
        event.wal_bytes = wal_written(throttle, wal_before);
    } else {
        event.error = pg_result_error(reply);
    }
    throttle->fn(throttle->arg, &event);
}

void throttle_sample(struct throttle *throttle, struct pg *pg)
{
    struct mono now = mono_now();

    if (throttle->in_flight ||
        (throttle->known && mono_ms_between(throttle->sampled_at, now) < LIMITS_SAMPLE_MS))
        return;
    throttle->in_flight = true;
    throttle->sampled_at = now;
    limits_send(pg, throttle->database, &throttle->job->table, on_sample, throttle);
}

bool throttle_in_flight(const struct throttle *throttle)
{
    return throttle->in_flight;
}

void throttle_forget_sample(struct throttle *throttle)
{
    throttle->in_flight = false;
}

/* --- verdicts --- */

const struct limit_verdict *throttle_judge(struct throttle *throttle)
{
    if (!throttle->known)
        return NULL;
    throttle->verdict = limits_judge(&throttle->limiter, mono_now());
    return &throttle->verdict;
}

void throttle_explain(const struct throttle *throttle, struct text *out)
{
    limits_explain(&throttle->verdict, &throttle->sample, throttle->database, out);
}

int throttle_duty_cycle_percent(const struct throttle *throttle, struct urgency_facts facts)
{
    facts.duty_cycle_percent = (int)throttle->job->duty_cycle_percent;
    facts.max_duty_cycle_percent = (int)throttle->job->max_duty_cycle_percent;
    facts.limited = throttle->verdict.action != LIMIT_GO;
    return urgency_duty_percent(&facts);
}

bool throttle_asks_waiters(const struct throttle *throttle)
{
    return mono_ms_between(throttle->waiters_at, mono_now()) >= LIMITS_SAMPLE_MS;
}

void throttle_note_asked(struct throttle *throttle)
{
    throttle->waiters_at = mono_now();
}

void throttle_note_waiters(struct throttle *throttle)
{
    limits_note_waiters(&throttle->limiter, mono_now());
}

double throttle_replica_lag_s(const struct throttle *throttle)
{
    return throttle->known ? throttle->sample.facts.replica_lag_s : NAN;
}
