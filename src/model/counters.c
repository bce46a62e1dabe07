#include "model/counters.h"

#include <math.h>

#include "base/text.h"

#define HISTOGRAM_BOUND(bound) bound,
const double histogram_bounds[HISTOGRAM_BUCKETS - 1] = {HISTOGRAM_BOUNDS(HISTOGRAM_BOUND)};

void histogram_add(struct histogram *histogram, double seconds)
{
    size_t i = 0;

    while (i < ARRAY_LENGTH(histogram_bounds) && seconds > histogram_bounds[i])
        i++;
    histogram->buckets[i]++;
    histogram->sum += seconds;
}

int64_t histogram_total(const struct histogram *histogram)
{
    int64_t total = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        total += histogram->buckets[i];
    return total;
}

double histogram_quantile(const struct histogram *histogram, double part)
{
    double wanted = part * (double)histogram_total(histogram);
    int64_t seen = 0;

    if (wanted <= 0)
        return NAN;
    for (size_t i = 0; i < ARRAY_LENGTH(histogram_bounds); i++) {
        seen += histogram->buckets[i];
        if ((double)seen >= wanted)
            return histogram_bounds[i];
    }
    return INFINITY;
}

#define JOB_ROW(kind, field, metric, help)                                                         \
    {COUNTER_##kind, offsetof(struct job_counters, field), #field, metric, help},
#define DATABASE_ROW(kind, field, metric, help)                                                    \
    {COUNTER_##kind, offsetof(struct database_counters, field), #field, metric, help},

static const struct counter job_rows[] = {JOB_COUNTERS(JOB_ROW)};
static const struct counter database_rows[] = {DATABASE_COUNTERS(DATABASE_ROW)};

const struct counter_table job_counter_table = {job_rows, ARRAY_LENGTH(job_rows)};
const struct counter_table database_counter_table = {database_rows, ARRAY_LENGTH(database_rows)};

const char *counter_label(enum counter_kind kind)
{
    switch (kind) {
    case COUNTER_COUNT_BY_BATCH_OUTCOME:
    case COUNTER_COUNT_BY_RUN_OUTCOME:
    case COUNTER_COUNT_BY_VACUUM_OUTCOME:
        return "outcome";
    case COUNTER_COUNT_BY_REJECTED_REASON:
    case COUNTER_SECONDS_BY_REASON:
        return "reason";
    case COUNTER_COUNT:
    case COUNTER_SECONDS:
    case COUNTER_HISTOGRAM:
        break;
    }
    return NULL;
}

/* Where the i-th shown word of the kind stands in the counter's array. */
static size_t word_index(enum counter_kind kind, size_t i)
{
    return kind == COUNTER_SECONDS_BY_REASON ? i + 1 : i;
}

const char *counter_label_value(enum counter_kind kind, size_t i)
{
    size_t at = word_index(kind, i);

    switch (kind) {
    case COUNTER_COUNT_BY_BATCH_OUTCOME:
        return at < BATCH_OUTCOME_COUNT ? batch_outcome_code((enum batch_outcome)at) : NULL;
    case COUNTER_COUNT_BY_RUN_OUTCOME:
        return at < RUN_OUTCOME_COUNT ? run_outcome_code((enum run_outcome)at) : NULL;
    case COUNTER_COUNT_BY_VACUUM_OUTCOME:
        return at < VACUUM_OUTCOME_COUNT ? vacuum_outcome_code((enum vacuum_outcome)at) : NULL;
    case COUNTER_COUNT_BY_REJECTED_REASON:
        return at < REJECTED_REASON_COUNT ? rejected_reason_code((enum rejected_reason)at) : NULL;
    case COUNTER_SECONDS_BY_REASON:
        return at < REASON_COUNT ? reason_code((enum reason)at) : NULL;
    case COUNTER_COUNT:
    case COUNTER_SECONDS:
    case COUNTER_HISTOGRAM:
        break;
    }
    return at == 0 ? "" : NULL;
}

double counter_value(const struct counter *counter, const void *counters, size_t i)
{
    const void *field = (const char *)counters + counter->offset;
    size_t at = word_index(counter->kind, i);

    switch (counter->kind) {
    case COUNTER_COUNT:
    case COUNTER_COUNT_BY_BATCH_OUTCOME:
    case COUNTER_COUNT_BY_RUN_OUTCOME:
    case COUNTER_COUNT_BY_VACUUM_OUTCOME:
    case COUNTER_COUNT_BY_REJECTED_REASON:
        return (double)((const int64_t *)field)[at];
    case COUNTER_SECONDS:
    case COUNTER_SECONDS_BY_REASON:
        return ((const double *)field)[at];
    case COUNTER_HISTOGRAM:
        break;
    }
    return NAN;
}

void counter_set(const struct counter *counter, void *counters, size_t i, double value)
{
    void *field = (char *)counters + counter->offset;
    size_t at = word_index(counter->kind, i);

    switch (counter->kind) {
    case COUNTER_COUNT:
    case COUNTER_COUNT_BY_BATCH_OUTCOME:
    case COUNTER_COUNT_BY_RUN_OUTCOME:
    case COUNTER_COUNT_BY_VACUUM_OUTCOME:
    case COUNTER_COUNT_BY_REJECTED_REASON:
        ((int64_t *)field)[at] = (int64_t)value;
        break;
    case COUNTER_SECONDS:
    case COUNTER_SECONDS_BY_REASON:
        ((double *)field)[at] = value;
        break;
    case COUNTER_HISTOGRAM:
        break;
    }
}

const struct histogram *counter_histogram(const struct counter *counter, const void *counters)
{
    return (const struct histogram *)(const void *)((const char *)counters + counter->offset);
}
