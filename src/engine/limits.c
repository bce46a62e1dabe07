#include "engine/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalog/query.h"
#include "config/duration.h"
#include "config/size.h"
#include "report/human.h"
#include "sql/queries.h"

/* The columns of sql_limits, in their order. */
enum limit_column {
    LIMIT_WAL,
    LIMIT_FURTHEST_REPLICA,
    LIMIT_REPLICA_LAG,
    LIMIT_LATEST_REPLICA,
    LIMIT_REPLICA_LAG_TIME,
    LIMIT_SLOT,
    LIMIT_SLOT_LAG,
    LIMIT_ACTIVE_SESSIONS,
    LIMIT_SNAPSHOT_OWNER,
    LIMIT_SNAPSHOT_AGE,
    LIMIT_WRAPAROUND,
};

/* ---- settings ---- */

static double limit_or_none(int64_t value, double unit)
{
    return value > 0 ? (double)value / unit : INFINITY;
}

struct limits limits_of(const struct database_settings *database)
{
    return (struct limits){
        .replica_lag_bytes = limit_or_none(database->max_replica_lag_bytes, 1),
        .replica_lag_s = limit_or_none(database->max_replica_lag_ms, 1000),
        .slot_lag_bytes = limit_or_none(database->max_slot_lag_bytes, 1),
        .wal_bytes_per_s = limit_or_none(database->max_wal_rate_bytes, 1),
        .active_sessions = limit_or_none(database->max_active_sessions, 1),
        .snapshot_age_s = limit_or_none(database->max_snapshot_age_ms, 1000),
        .max_hold_ms = (double)database->max_hold_ms,
    };
}

/* ---- a sample ---- */

void limits_send(struct pg *pg, const struct database_settings *database,
                 const struct table_name *table, pg_result_fn *fn, void *arg)
{
    char *name = text_format("%s.%s", table->schema, table->name);
    const char *values[] = {name, database->replicas};

    query_send(pg, &(struct pg_step){sql_limits, values, ARRAY_LENGTH(values)}, true, fn, arg);
    free(name);
}

static double read_fact(const struct pg_result *reply, enum limit_column column)
{
    if (pg_result_text(reply, QUERY_STEP, 0, (int)column) == NULL)
        return NAN;
    return pg_result_double(reply, QUERY_STEP, 0, (int)column);
}

/* A replica may have gone on since the server's own position was read. NAN stays NAN. */
static double read_lag(const struct pg_result *reply, enum limit_column column)
{
    double lag = read_fact(reply, column);

    return lag < 0 ? 0 : lag;
}

static void read_name(const struct pg_result *reply, enum limit_column column, char *name,
                      size_t size)
{
    const char *text = pg_result_text(reply, QUERY_STEP, 0, (int)column);

    snprintf(name, size, "%s", text != NULL ? text : "");
}

void limits_read(const struct pg_result *reply, struct limit_sample *sample)
{
    sample->facts = (struct limit_facts){
        .replica_lag_bytes = read_lag(reply, LIMIT_REPLICA_LAG),
        .replica_lag_s = read_fact(reply, LIMIT_REPLICA_LAG_TIME),
        .slot_lag_bytes = read_lag(reply, LIMIT_SLOT_LAG),
        .wal_bytes = read_fact(reply, LIMIT_WAL),
        .active_sessions = read_fact(reply, LIMIT_ACTIVE_SESSIONS),
        .snapshot_age_s = read_fact(reply, LIMIT_SNAPSHOT_AGE),
        .wraparound = pg_result_bool(reply, QUERY_STEP, 0, LIMIT_WRAPAROUND),
    };
    read_name(reply, LIMIT_FURTHEST_REPLICA, sample->furthest_replica,
              sizeof sample->furthest_replica);
    read_name(reply, LIMIT_LATEST_REPLICA, sample->latest_replica, sizeof sample->latest_replica);
    read_name(reply, LIMIT_SLOT, sample->slot, sizeof sample->slot);
    read_name(reply, LIMIT_SNAPSHOT_OWNER, sample->snapshot_owner, sizeof sample->snapshot_owner);
}

/* ---- sentences ---- */

typedef void explain_fn(const struct limit_sample *sample, const struct database_settings *database,
                        struct text *out);

/* Of the two limits the one that is used up more. */
static bool is_late_rather_than_far(const struct limit_sample *sample, const struct limits *limits)
{
    double far = sample->facts.replica_lag_bytes / limits->replica_lag_bytes;
    double late = sample->facts.replica_lag_s / limits->replica_lag_s;

    return isnan(far) || late > far;
}

static void explain_replica_lag(const struct limit_sample *sample,
                                const struct database_settings *database, struct text *out)
{
    struct limits limits = limits_of(database);

    if (is_late_rather_than_far(sample, &limits)) {
        text_addf(out,
                  "replica %s is %.1f s behind (max_replica_lag_time = ", sample->latest_replica,
                  sample->facts.replica_lag_s);
        duration_print_ms(database->max_replica_lag_ms, out);
    } else {
        text_addf(out, "replica %s is ", sample->furthest_replica);
        human_bytes(out, sample->facts.replica_lag_bytes);
        text_add(out, " behind (max_replica_lag = ");
        size_print(database->max_replica_lag_bytes, out);
    }
    text_add(out, ")");
}

static void explain_slot_lag(const struct limit_sample *sample,
                             const struct database_settings *database, struct text *out)
{
    text_addf(out, "replication slot %s retains ", sample->slot);
    human_bytes(out, sample->facts.slot_lag_bytes);
    text_add(out, " of WAL (max_slot_lag = ");
    size_print(database->max_slot_lag_bytes, out);
    text_add(out, ")");
}

static void explain_wal_rate(const struct limit_sample *sample,
                             const struct database_settings *database, struct text *out)
{
    (void)sample;
    text_add(out, "the server writes WAL at its limit (max_wal_rate = ");
    size_print(database->max_wal_rate_bytes, out);
    text_add(out, " a second)");
}

static void explain_active_sessions(const struct limit_sample *sample,
                                    const struct database_settings *database, struct text *out)
{
    bool one = sample->facts.active_sessions == 1;

    text_addf(out, "%.0f %s active (max_active_sessions = %lld)", sample->facts.active_sessions,
              one ? "session is" : "sessions are", (long long)database->max_active_sessions);
}

static void explain_old_snapshot(const struct limit_sample *sample,
                                 const struct database_settings *database, struct text *out)
{
    text_addf(out, "%s has kept VACUUM from removing dead rows for ", sample->snapshot_owner);
    human_duration(out, sample->facts.snapshot_age_s);
    text_add(out, " (max_snapshot_age = ");
    duration_print_ms(database->max_snapshot_age_ms, out);
    text_add(out, ")");
}

/* Reasons that have more to tell than their own sentence. */
static const struct {
    enum reason reason;
    explain_fn *explain;
} explanations[] = {
    {REASON_REPLICA_LAG, explain_replica_lag},   {REASON_SLOT_LAG, explain_slot_lag},
    {REASON_WAL_RATE, explain_wal_rate},         {REASON_ACTIVE_SESSIONS, explain_active_sessions},
    {REASON_OLD_SNAPSHOT, explain_old_snapshot},
};

void limits_explain(const struct limit_verdict *verdict, const struct limit_sample *sample,
                    const struct database_settings *database, struct text *out)
{
    if (verdict->reason == REASON_MAX_HOLD) {
        text_add(out, "held for max_hold = ");
        duration_print_ms(database->max_hold_ms, out);
        text_add(out, "; continues at its lowest pace: ");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(explanations); i++) {
        if (explanations[i].reason == verdict->cause) {
            explanations[i].explain(sample, database, out);
            return;
        }
    }
    text_add(out, reason_sentence(verdict->cause));
}
