#include "policy/limits.h"

#include <math.h>
#include <stddef.h>

#include "base/text.h"

/* What was beyond its limit has to come down to this part of it. */
static const double release = 0.75;

/* Where a ramp begins, as a part of the limit. */
static const double ramp_from = 0.5;

static const double waited_part = 0.25, old_snapshot_part = 0.25;

/* After each sample with less WAL than `wal_low` of the limit the pace grows by this factor. */
static const double wal_growth = 1.25, wal_low = 0.8;

/* After each sample with too much it shrinks by this factor or more, because the rest that is to be
 * saved may be others' for the most part. */
static const double wal_shrinkage = 0.9;

/* Shorter intervals say little about a rate. */
static const double wal_interval_ms = 500;

/* The facts that are a number with a limit of its own, beyond which the job is held. */
static const struct gauge {
    enum reason reason;
    size_t fact, limit; /* offsets in struct limit_facts and struct limits */
    bool ramp;          /* slower before it is held */
} gauges[] = {
#define GAUGE(reason, field, ramp)                                                                 \
    {                                                                                              \
        reason, offsetof(struct limit_facts, field), offsetof(struct limits, field), ramp          \
    }
    GAUGE(REASON_REPLICA_LAG, replica_lag_bytes, true),
    GAUGE(REASON_REPLICA_LAG, replica_lag_s, true),
    GAUGE(REASON_SLOT_LAG, slot_lag_bytes, true),
    GAUGE(REASON_ACTIVE_SESSIONS, active_sessions, false),
};

_Static_assert(ARRAY_LENGTH(gauges) == LIMIT_GAUGE_COUNT,
               "struct limiter has room for all of them");

static double field(const void *record, size_t offset)
{
    return *(const double *)((const char *)record + offset);
}

static double fact_of(const struct limiter *limiter, size_t i)
{
    return field(&limiter->facts, gauges[i].fact);
}

static double limit_of(const struct limiter *limiter, size_t i)
{
    return field(&limiter->limits, gauges[i].limit);
}

void limits_start(struct limiter *limiter, const struct limits *limits)
{
    *limiter = (struct limiter){
        .limits = *limits,
        .facts = {NAN, NAN, NAN, NAN, NAN, NAN, false},
        .wal_part = 1,
    };
}

/* ---- parts: 1 = go, 0 = hold ---- */

/* NAN is greater than nothing, so what is not known is never beyond. */
static bool is_beyond(const struct limiter *limiter, size_t i)
{
    double value = fact_of(limiter, i), limit = limit_of(limiter, i);

    return value > limit || (limiter->beyond[i] && value > release * limit);
}

static double part_by_gauge(const struct limiter *limiter, size_t i)
{
    double value = fact_of(limiter, i), limit = limit_of(limiter, i);

    if (limiter->beyond[i])
        return 0;
    if (!gauges[i].ramp || !(value > ramp_from * limit))
        return 1;
    return fmax((limit - value) / (limit - ramp_from * limit), LIMITS_SLOWEST);
}

static double part_by_wal_rate(const struct limiter *limiter)
{
    return limiter->wal_beyond ? 0 : limiter->wal_part;
}

static double part_by_waiters(const struct limiter *limiter, struct mono now)
{
    bool lately =
        limiter->ever_waited && mono_ms_between(limiter->waited_at, now) < LIMITS_WAITED_MS;

    return lately ? waited_part : 1;
}

static double part_by_snapshot(const struct limiter *limiter)
{
    return limiter->facts.snapshot_age_s > limiter->limits.snapshot_age_s ? old_snapshot_part : 1;
}

/* The strictest wins; of two that are equally strict, the first. */
static void tighten(struct limit_verdict *verdict, enum reason reason, double part)
{
    if (part < verdict->part)
        *verdict = (struct limit_verdict){part > 0 ? LIMIT_SLOW : LIMIT_HOLD, reason, reason, part};
}

static struct limit_verdict strictest(const struct limiter *limiter, struct mono now)
{
    struct limit_verdict verdict = {LIMIT_GO, REASON_NONE, REASON_NONE, 1};

    for (size_t i = 0; i < ARRAY_LENGTH(gauges); i++)
        tighten(&verdict, gauges[i].reason, part_by_gauge(limiter, i));
    tighten(&verdict, REASON_WRAPAROUND, limiter->facts.wraparound ? 0 : 1);
    tighten(&verdict, REASON_WAL_RATE, part_by_wal_rate(limiter));
    tighten(&verdict, REASON_LOCK_WAITERS, part_by_waiters(limiter, now));
    tighten(&verdict, REASON_OLD_SNAPSHOT, part_by_snapshot(limiter));
    return verdict;
}

/* ---- learning ---- */

/*
 * Only the whole server's rate is known, so our part of it is found by trying: less as long as it
 * is too much, a little more each time that there is room.
 */
static void steer_by_wal_rate(struct limiter *limiter, double rate)
{
    double limit = limiter->limits.wal_bytes_per_s;

    limiter->wal_beyond = (rate > limit && limiter->wal_part <= LIMITS_SLOWEST) ||
                          (limiter->wal_beyond && rate > wal_low * limit);
    if (rate > limit)
        limiter->wal_part =
            fmax(limiter->wal_part * fmin(limit / rate, wal_shrinkage), LIMITS_SLOWEST);
    else if (rate < wal_low * limit)
        limiter->wal_part = fmin(limiter->wal_part * wal_growth, 1);
}

static void learn_wal(struct limiter *limiter, double bytes, struct mono now)
{
    double interval_ms = mono_ms_between(limiter->wal_at, now);

    if (isnan(bytes)) {
        limiter->wal_known = limiter->wal_beyond = false;
        limiter->wal_part = 1;
        return;
    }
    if (limiter->wal_known && interval_ms < wal_interval_ms)
        return;
    if (limiter->wal_known && bytes >= limiter->wal_bytes) /* less = another server */
        steer_by_wal_rate(limiter, (bytes - limiter->wal_bytes) / interval_ms * 1000);
    limiter->wal_known = true;
    limiter->wal_bytes = bytes;
    limiter->wal_at = now;
}

void limits_learn(struct limiter *limiter, const struct limit_facts *facts, struct mono now)
{
    bool held;

    limiter->facts = *facts;
    learn_wal(limiter, facts->wal_bytes, now);
    for (size_t i = 0; i < ARRAY_LENGTH(gauges); i++)
        limiter->beyond[i] = is_beyond(limiter, i);
    held = strictest(limiter, now).action == LIMIT_HOLD;
    if (held && !limiter->holding)
        limiter->held_since = now;
    limiter->holding = held;
}

void limits_note_waiters(struct limiter *limiter, struct mono now)
{
    limiter->ever_waited = true;
    limiter->waited_at = now;
}

struct limit_verdict limits_judge(const struct limiter *limiter, struct mono now)
{
    struct limit_verdict verdict = strictest(limiter, now);

    if (verdict.action == LIMIT_HOLD &&
        mono_ms_between(limiter->held_since, now) >= limiter->limits.max_hold_ms) {
        verdict.action = LIMIT_SLOW;
        verdict.reason = REASON_MAX_HOLD;
        verdict.part = LIMITS_SLOWEST;
    }
    return verdict;
}
