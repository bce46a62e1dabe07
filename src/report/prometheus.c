#include "report/prometheus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/number.h"

/* All gauges, declared once: X(metric, help, value). The counters stand in model/counters.h. */

#define DAEMON_GAUGES(X)                                                                           \
    X("pgpurged_start_time_seconds", "When the daemon started.", epoch(daemon->started))           \
    X("pgpurged_config_last_reload_successful",                                                    \
      "Whether the configuration file was last read and taken.", daemon->reload_ok)                \
    X("pgpurged_config_last_reload_timestamp_seconds", "When it was last tried to read it.",       \
      epoch(daemon->reloaded))

#define DATABASE_GAUGES(X)                                                                         \
    X("pgpurged_database_up", "Whether the database can be reached.", database->up)                \
    X("pgpurged_database_replica_lag_seconds", "Lag of the slowest replica; NaN if not known.",    \
      database->replica_lag_s)                                                                     \
    X("pgpurged_database_clock_skew_seconds", "The database's clock minus ours.",                  \
      database->clock_skew_s)                                                                      \
    X("pgpurged_database_kill_switch", "Whether the kill switch in the database is on.",           \
      database->kill_switch == MAYBE_YES)                                                          \
    X("pgpurged_database_connections", "Connections that are open now.",                           \
      (double)database->connections)                                                               \
    X("pgpurged_database_backoff_seconds", "Time until the next attempt to connect; 0 = none.",    \
      database->backoff_s)

#define JOB_GAUGES(X)                                                                              \
    X("pgpurged_job_oldest_overdue_seconds",                                                       \
      "How late the oldest due row is: whether retention is kept. 0 = nothing is due.",            \
      job->oldest_overdue_s)                                                                       \
    X("pgpurged_job_last_success_timestamp_seconds",                                               \
      "When a run last ended with nothing due left; 0 = never.", epoch(job->last_success))         \
    X("pgpurged_job_last_run_timestamp_seconds", "When the last run ended; 0 = never.",            \
      epoch(job->last_run.ended))                                                                  \
    X("pgpurged_job_next_run_timestamp_seconds", "When the next run is due; 0 = none is planned.", \
      epoch(job->next_run))                                                                        \
    X("pgpurged_job_every_seconds", "How often a run is due, as configured.", job->every_s)        \
    X("pgpurged_job_enabled", "Whether the job is switched on in the configuration.",              \
      job->enabled)                                                                                \
    X("pgpurged_job_window_open", "Whether the job's window is open.",                             \
      job->window.open == MAYBE_YES)                                                               \
    X("pgpurged_job_due_rows", "Due rows, an estimate.", job->due_rows)                            \
    X("pgpurged_job_undated_rows",                                                                 \
      "Rows that are flagged and have no time, so that they never expire; NaN without a flag.",    \
      job->undated_rows)                                                                           \
    X("pgpurged_job_batch_rows", "Rows that the last batch of the run under way deleted.",         \
      job->run.present ? (double)job->run.batch_rows : 0)                                          \
    X("pgpurged_job_run_progress_ratio", "How far the pass under way is; 0 = no run.",             \
      job->run.present && !isnan(job->run.percent) ? job->run.percent / 100 : 0)                   \
    X("pgpurged_job_consecutive_failures", "Failures in a row.", (double)job->failures)            \
    X("pgpurged_job_backoff_seconds", "Time until the next try after a failure; 0 = none.",        \
      job->backoff_s)                                                                              \
    X("pgpurged_job_last_error_timestamp_seconds", "When the last error happened; 0 = never.",     \
      epoch(job->error.at))

static double epoch(struct wall moment)
{
    return (double)moment.us / 1e6;
}

static void add_value(struct text *out, double value)
{
    if (isnan(value))
        text_add(out, "NaN");
    else if (isinf(value))
        text_add(out, value > 0 ? "+Inf" : "-Inf");
    else
        number_add(out, value);
    text_add_bytes(out, "\n", 1);
}

static void add_head(struct text *out, const char *metric, const char *type, const char *help)
{
    text_add(out, "# HELP ");
    text_add(out, metric);
    text_add(out, " ");
    text_add(out, help);
    text_add(out, "\n# TYPE ");
    text_add(out, metric);
    text_add(out, " ");
    text_add(out, type);
    text_add(out, "\n");
}

static void add_escaped(struct text *out, const char *value)
{
    for (; *value != '\0'; value++)
        if (*value == '\n')
            text_add(out, "\\n");
        else if (*value == '"' || *value == '\\')
            text_add_bytes(out, (const char[]){'\\', *value}, 2);
        else
            text_add_bytes(out, value, 1);
}

/* name="value", with a comma in front unless it is the first. */
static void add_label(struct text *out, const char *name, const char *value)
{
    bool first = out->length > 0 && out->data[out->length - 1] == '{';

    if (!first)
        text_add_bytes(out, ",", 1);
    text_add(out, name);
    text_add_bytes(out, "=\"", 2);
    add_escaped(out, value != NULL ? value : "");
    text_add_bytes(out, "\"", 1);
}

/* The labels of one job or database, `{job_name="orders",database="shop"`, made once and used by
 * each of its series. */
typedef struct text labels;

/* What ends the labels of a series, `} ` or `,outcome="committed"} `, one for each word of the
 * metric's closed list. */
struct endings {
    struct text *texts;
    size_t count;
};

static void endings_add(struct endings *endings, const char *label, const char *word)
{
    struct text *text;

    endings->texts = mem_grow(endings->texts, (endings->count + 1) * sizeof *endings->texts);
    text = &endings->texts[endings->count++];
    *text = (struct text){0};
    if (label != NULL)
        add_label(text, label, word);
    text_add(text, "} ");
}

static void endings_free(struct endings *endings)
{
    for (size_t i = 0; i < endings->count; i++)
        text_free(&endings->texts[i]);
    free(endings->texts);
}

static void add_series(struct text *out, const char *metric, const labels *of,
                       const struct text *ending, double value)
{
    text_add(out, metric);
    text_add_bytes(out, of->data, of->length);
    text_add_bytes(out, ending->data, ending->length);
    add_value(out, value);
}

static const struct text no_word = {.data = (char[]){"} "}, .length = 2};

static struct endings histogram_endings(void)
{
    struct endings endings = {0};
    struct text bound = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(histogram_bounds); i++) {
        bound.length = 0;
        number_add(&bound, histogram_bounds[i]);
        endings_add(&endings, "le", bound.data);
    }
    endings_add(&endings, "le", "+Inf");
    text_free(&bound);
    return endings;
}

static struct endings counter_endings(enum counter_kind kind)
{
    struct endings endings = {0};

    if (kind == COUNTER_HISTOGRAM)
        return histogram_endings();
    for (size_t i = 0; counter_label_value(kind, i) != NULL; i++)
        endings_add(&endings, counter_label(kind), counter_label_value(kind, i));
    return endings;
}

static void add_histogram(struct text *out, const char *metric, const labels *of,
                          const struct endings *bounds, const struct histogram *histogram)
{
    char name[128];
    int64_t below = 0;

    snprintf(name, sizeof name, "%s_bucket", metric);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        below += histogram->buckets[i];
        add_series(out, name, of, &bounds->texts[i], (double)below);
    }
    snprintf(name, sizeof name, "%s_sum", metric);
    add_series(out, name, of, &no_word, histogram->sum);
    snprintf(name, sizeof name, "%s_count", metric);
    add_series(out, name, of, &no_word, (double)below);
}

/* All series of one counter: `counters` is the first of `count` structs, `size` bytes apart. */
static void add_counter(struct text *out, const struct counter *counter, const labels *of,
                        const void *counters, size_t size, size_t count)
{
    struct endings endings = counter_endings(counter->kind);
    bool is_histogram = counter->kind == COUNTER_HISTOGRAM;

    add_head(out, counter->metric, is_histogram ? "histogram" : "counter", counter->help);
    for (size_t i = 0; i < count; i++) {
        const void *these = (const char *)counters + i * size;

        if (is_histogram)
            add_histogram(out, counter->metric, &of[i], &endings,
                          counter_histogram(counter, these));
        for (size_t word = 0; word < endings.count && !is_histogram; word++)
            add_series(out, counter->metric, &of[i], &endings.texts[word],
                       counter_value(counter, these, word));
    }
    endings_free(&endings);
}

static void add_daemon(struct text *out, const struct daemon_view *daemon)
{
    add_head(out, "pgpurged_build_info", "gauge", "Always 1; the version is in the label.");
    text_add(out, "pgpurged_build_info{");
    add_label(out, "version", daemon->version);
    text_add(out, "} 1\n");
#define ADD_DAEMON_GAUGE(metric, help, value)                                                      \
    add_head(out, metric, "gauge", help);                                                          \
    text_add(out, metric " ");                                                                     \
    add_value(out, value);
    DAEMON_GAUGES(ADD_DAEMON_GAUGE)
    add_head(out, "pgpurged_log_lines_lost_total", "counter",
             "Lines that the log has lost because its reader was too slow.");
    text_add(out, "pgpurged_log_lines_lost_total ");
    add_value(out, (double)daemon->log_lines_lost);
}

/* A gauge for each word of a closed list, 1 for the one that is true of the i-th job or database.
 */
struct states {
    const char *metric, *label, *help;
    const char *const *words;
    size_t count;
    const char *(*word)(const struct snapshot *snapshot, size_t i); /* NULL if none is */
};

static void add_states(struct text *out, const struct snapshot *snapshot,
                       const struct states *states, const labels *of, size_t count)
{
    struct endings endings = {0};

    for (size_t w = 0; w < states->count; w++)
        endings_add(&endings, states->label, states->words[w]);
    add_head(out, states->metric, "gauge", states->help);
    for (size_t i = 0; i < count; i++) {
        const char *word = states->word(snapshot, i);

        for (size_t w = 0; w < states->count; w++)
            add_series(out, states->metric, &of[i], &endings.texts[w],
                       word != NULL && text_equal(states->words[w], word));
    }
    endings_free(&endings);
}

static const char *const roles[] = {"primary", "standby"};
static const char *const breakers[] = {"closed", "open", "half_open"};
#define STATE_CODE(name, code, sentence) code,
static const char *const job_states[] = {JOB_STATES(STATE_CODE)};

static const char *role_of(const struct snapshot *snapshot, size_t i)
{
    enum database_role role = snapshot->databases[i].role;

    return role == ROLE_PRIMARY ? "primary" : role == ROLE_STANDBY ? "standby" : NULL;
}

static const char *breaker_of(const struct snapshot *snapshot, size_t i)
{
    return snapshot->jobs[i].breaker;
}

static const char *state_of(const struct snapshot *snapshot, size_t i)
{
    return job_state_code(snapshot->jobs[i].state);
}

static const struct states role_states = {
    "pgpurged_database_role", "role", "1 for the role that the server has.", roles,
    ARRAY_LENGTH(roles),      role_of};
static const struct states job_state_states = {
    "pgpurged_job_state",     "state", "1 for the state that the job is in.", job_states,
    ARRAY_LENGTH(job_states), state_of};
static const struct states breaker_states = {"pgpurged_job_circuit_breaker_state",
                                             "state",
                                             "1 for the state of the job's circuit breaker; open = "
                                             "no batch for 15 minutes after 8 failures.",
                                             breakers,
                                             ARRAY_LENGTH(breakers),
                                             breaker_of};

static void add_databases(struct text *out, const struct snapshot *snapshot, const labels *of)
{
    const struct counter_table *table = &database_counter_table;

#define ADD_DATABASE_GAUGE(metric, help, value)                                                    \
    add_head(out, metric, "gauge", help);                                                          \
    for (size_t i = 0; i < snapshot->database_count; i++) {                                        \
        const struct database_view *database = &snapshot->databases[i];                            \
        add_series(out, metric, &of[i], &no_word, value);                                          \
    }
    DATABASE_GAUGES(ADD_DATABASE_GAUGE)
    add_states(out, snapshot, &role_states, of, snapshot->database_count);
    for (size_t c = 0; c < table->count; c++)
        add_counter(out, &table->counters[c], of, &snapshot->databases->counters,
                    sizeof *snapshot->databases, snapshot->database_count);
}

/* By reason; the sum is what job_view_rejected_rows() says. */
static void add_rejected(struct text *out, const struct snapshot *snapshot, const labels *of)
{
    static const char metric[] = "pgpurged_job_rejected_rows";
    struct endings endings = {0};

    for (int reason = 0; reason < REJECTED_REASON_COUNT; reason++)
        endings_add(&endings, "reason", rejected_reason_code((enum rejected_reason)reason));
    add_head(out, metric, "gauge", "Due rows that the database refuses to delete, by reason.");
    for (size_t i = 0; i < snapshot->job_count; i++) {
        const struct rejected_list *list = job_view_rejected_by(&snapshot->jobs[i]);

        for (size_t r = 0; r < endings.count; r++)
            add_series(out, metric, &of[i], &endings.texts[r],
                       (double)rejected_list_rows_for(list, (enum rejected_reason)r));
    }
    endings_free(&endings);
}

static void add_jobs(struct text *out, const struct snapshot *snapshot, const labels *of)
{
    const struct counter_table *table = &job_counter_table;

#define ADD_JOB_GAUGE(metric, help, value)                                                         \
    add_head(out, metric, "gauge", help);                                                          \
    for (size_t i = 0; i < snapshot->job_count; i++) {                                             \
        const struct job_view *job = &snapshot->jobs[i];                                           \
        add_series(out, metric, &of[i], &no_word, value);                                          \
    }
    JOB_GAUGES(ADD_JOB_GAUGE)
    add_rejected(out, snapshot, of);
    add_states(out, snapshot, &job_state_states, of, snapshot->job_count);
    add_states(out, snapshot, &breaker_states, of, snapshot->job_count);
    for (size_t c = 0; c < table->count; c++)
        add_counter(out, &table->counters[c], of, &snapshot->jobs->counters, sizeof *snapshot->jobs,
                    snapshot->job_count);
}

static labels *database_labels(const struct snapshot *snapshot)
{
    labels *of = mem_new(snapshot->database_count * sizeof *of);

    for (size_t i = 0; i < snapshot->database_count; i++) {
        text_add(&of[i], "{");
        add_label(&of[i], "database", snapshot->databases[i].name);
    }
    return of;
}

static labels *job_labels(const struct snapshot *snapshot)
{
    labels *of = mem_new(snapshot->job_count * sizeof *of);

    for (size_t i = 0; i < snapshot->job_count; i++) {
        text_add(&of[i], "{");
        add_label(&of[i], "job_name", snapshot->jobs[i].name);
        add_label(&of[i], "database", snapshot->jobs[i].database);
    }
    return of;
}

static void labels_free(labels *of, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_free(&of[i]);
    free(of);
}

void prometheus_write(struct text *out, const struct snapshot *snapshot)
{
    labels *databases = database_labels(snapshot), *jobs = job_labels(snapshot);

    add_daemon(out, &snapshot->daemon);
    add_databases(out, snapshot, databases);
    add_jobs(out, snapshot, jobs);
    labels_free(databases, snapshot->database_count);
    labels_free(jobs, snapshot->job_count);
}
