/*
 * counters: what is counted, declared once. One line here is a field of struct job_counters or
 * struct database_counters, a metric of /metrics with its help, and a key of the JSON status.
 *
 * The structs are plain data. They are zero at start and incremented where the counted thing
 * happens. They only grow, and they start again at zero with the process, as Prometheus expects.
 */
#ifndef PGPURGED_MODEL_COUNTERS_H
#define PGPURGED_MODEL_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "model/codes.h"

/* Upper bounds of the histogram's buckets, in seconds; one more bucket takes what is above. */
#define HISTOGRAM_BOUNDS(X)                                                                        \
    X(0.001) X(0.0025) X(0.005) X(0.01) X(0.025) X(0.05) X(0.1) X(0.25) X(0.5) X(1) X(5)

#define HISTOGRAM_COUNT(bound) +1
enum { HISTOGRAM_BUCKETS = 0 HISTOGRAM_BOUNDS(HISTOGRAM_COUNT) + 1 };

struct histogram {
    int64_t buckets[HISTOGRAM_BUCKETS]; /* each its own, not yet cumulative */
    double sum;                         /* seconds */
};

extern const double histogram_bounds[HISTOGRAM_BUCKETS - 1];

void histogram_add(struct histogram *histogram, double seconds);
int64_t histogram_total(const struct histogram *histogram);

/* The value below which `part` (0..1) of the samples lie, at the resolution of the buckets: the
 * upper bound of the bucket. NAN without samples, INFINITY above the last bound. */
double histogram_quantile(const struct histogram *histogram, double part);

/* X(kind, field, metric, help). */
#define JOB_COUNTERS(X)                                                                            \
    X(COUNT, rows_deleted, "pgpurged_job_rows_deleted_total", "Rows deleted and committed.")       \
    X(COUNT, audit_rows, "pgpurged_job_audit_rows_total",                                          \
      "Rows written to the audit table, one for each batch.")                                      \
    X(COUNT, rows_skipped, "pgpurged_job_rows_skipped_total",                                      \
      "Due rows passed over because somebody held a lock on them.")                                \
    X(COUNT_BY_REJECTED_REASON, rows_rejected, "pgpurged_job_rows_rejected_total",                 \
      "Rejected rows that ended runs have left, by reason; a row that stays counts in each run.")  \
    X(COUNT_BY_BATCH_OUTCOME, batches, "pgpurged_job_batches_total", "Batches by how they ended.") \
    X(HISTOGRAM, batch_seconds, "pgpurged_job_batch_duration_seconds",                             \
      "Time of one batch from sending it to its answer.")                                          \
    X(COUNT, wal_bytes, "pgpurged_job_wal_bytes_total",                                            \
      "WAL written while our batches ran, as far as the server tells.")                            \
    X(COUNT_BY_RUN_OUTCOME, runs, "pgpurged_job_runs_total", "Ended runs by how they ended.")      \
    X(SECONDS, run_seconds, "pgpurged_job_run_seconds_total",                                      \
      "Time spent in runs, the rests between batches included.")                                   \
    X(COUNT, reusable_bytes, "pgpurged_job_reusable_bytes_total",                                  \
      "Space of the rows that ended runs have removed, an estimate; reusable once vacuumed.")      \
    X(COUNT_BY_VACUUM_OUTCOME, vacuums, "pgpurged_job_vacuums_total",                              \
      "VACUUMs after runs by how they ended.")                                                     \
    X(SECONDS, vacuum_seconds, "pgpurged_job_vacuum_seconds_total",                                \
      "Time spent in VACUUMs after runs.")                                                         \
    X(SECONDS_BY_REASON, held_seconds, "pgpurged_job_held_seconds_total",                          \
      "Time in which the job did not go on, by reason.")

#define DATABASE_COUNTERS(X)                                                                       \
    X(COUNT, connection_attempts, "pgpurged_database_connection_attempts_total",                   \
      "Connections to the database that were tried.")                                              \
    X(COUNT, connection_failures, "pgpurged_database_connection_failures_total",                   \
      "Connections to the database that could not be made.")

#define COUNTER_KINDS(X)                                                                           \
    X(COUNT)                                                                                       \
    X(SECONDS)                                                                                     \
    X(COUNT_BY_BATCH_OUTCOME)                                                                      \
    X(COUNT_BY_RUN_OUTCOME)                                                                        \
    X(COUNT_BY_VACUUM_OUTCOME) X(COUNT_BY_REJECTED_REASON) X(SECONDS_BY_REASON) X(HISTOGRAM)

#define COUNTER_KIND(kind) COUNTER_##kind,
enum counter_kind { COUNTER_KINDS(COUNTER_KIND) };

#define COUNTER_FIELD_COUNT(field)                    int64_t field;
#define COUNTER_FIELD_SECONDS(field)                  double field;
#define COUNTER_FIELD_COUNT_BY_BATCH_OUTCOME(field)   int64_t field[BATCH_OUTCOME_COUNT];
#define COUNTER_FIELD_COUNT_BY_RUN_OUTCOME(field)     int64_t field[RUN_OUTCOME_COUNT];
#define COUNTER_FIELD_COUNT_BY_VACUUM_OUTCOME(field)  int64_t field[VACUUM_OUTCOME_COUNT];
#define COUNTER_FIELD_COUNT_BY_REJECTED_REASON(field) int64_t field[REJECTED_REASON_COUNT];
#define COUNTER_FIELD_SECONDS_BY_REASON(field)        double field[REASON_COUNT];
#define COUNTER_FIELD_HISTOGRAM(field)                struct histogram field;

#define COUNTER_FIELD(kind, field, metric, help) COUNTER_FIELD_##kind(field)
struct job_counters {
    JOB_COUNTERS(COUNTER_FIELD)
};
struct database_counters {
    DATABASE_COUNTERS(COUNTER_FIELD)
};

/* The counters as a table, for the writers of JSON and metrics. */
struct counter {
    enum counter_kind kind;
    size_t offset; /* in struct job_counters or struct database_counters */
    const char *field, *metric, *help;
};

struct counter_table {
    const struct counter *counters;
    size_t count;
};

extern const struct counter_table job_counter_table, database_counter_table;

/* Counters with a label have one value for each word of a closed list. The label's name, or NULL if
 * the kind has none. */
const char *counter_label(enum counter_kind kind);

/* The label's i-th value as it is shown; NULL past the end of the list (and for i > 0 of a kind
 * without a label). REASON_NONE holds nothing back and is left out. */
const char *counter_label_value(enum counter_kind kind, size_t i);

/* The value that belongs to counter_label_value(kind, i); not for histograms. `counters` is the
 * struct that the table describes. */
double counter_value(const struct counter *counter, const void *counters, size_t i);
void counter_set(const struct counter *counter, void *counters, size_t i, double value);
const struct histogram *counter_histogram(const struct counter *counter, const void *counters);

#endif
