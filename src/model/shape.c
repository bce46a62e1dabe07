#include "model/shape.h"

#include <math.h>
#include <stdlib.h>

#include "base/printable.h"
#include "base/text.h"
#include "model/snapshot.h"

static const char *state_word(unsigned i)
{
    return i < JOB_STATE_COUNT ? job_state_code((enum job_state)i) : NULL;
}

static const char *reason_word(unsigned i)
{
    return i < REASON_COUNT ? reason_code((enum reason)i) : NULL;
}

static const char *run_outcome_word(unsigned i)
{
    return i < RUN_OUTCOME_COUNT ? run_outcome_code((enum run_outcome)i) : NULL;
}

static const char *rejected_word(unsigned i)
{
    return i < REJECTED_REASON_COUNT ? rejected_reason_code((enum rejected_reason)i) : NULL;
}

static const char *role_word(unsigned i)
{
    static const char *const roles[] = {
        [ROLE_UNKNOWN] = "", [ROLE_PRIMARY] = "primary", [ROLE_STANDBY] = "standby"};

    return i < ARRAY_LENGTH(roles) ? roles[i] : NULL;
}

#define F_COUNTERS(type, table_)                                                                   \
    {                                                                                              \
        .key = "totals", .kind = FIELD_COUNTERS, .offset = offsetof(struct type, counters),        \
        .counters = table_                                                                         \
    }

static const struct field error_fields[] = {
    F(error_view, message, TEXT, "message"),
    F(error_view, sqlstate, TEXT, "sqlstate"),
    F(error_view, at, TIME, "at"),
};
static const struct shape error_shape = {error_fields, ARRAY_LENGTH(error_fields), true};

static const struct field daemon_fields[] = {
    F(daemon_view, version, TEXT, "version"),
    F(daemon_view, pid, INT, "pid"),
    F(daemon_view, now, TIME, "now"),
    F(daemon_view, started, TIME, "started"),
    F(daemon_view, stopping, BOOL, "stopping"),
    F(daemon_view, config_path, TEXT, "config"),
    F(daemon_view, reloaded, TIME, "reloaded"),
    F(daemon_view, reload_ok, BOOL, "reload_ok"),
    F(daemon_view, reload_error, TEXT, "reload_error"),
    F(daemon_view, log_lines_lost, INT, "log_lines_lost"),
};
const struct shape daemon_shape = {daemon_fields, ARRAY_LENGTH(daemon_fields), false};

static const struct field database_fields[] = {
    F(database_view, name, TEXT, "name"),
    F(database_view, up, BOOL, "up"),
    F(database_view, server_version, TEXT, "server_version"),
    F_WORD(database_view, role, "role", role_word),
    F(database_view, replica_lag_s, NUMBER, "replica_lag_seconds"),
    F(database_view, clock_skew_s, NUMBER, "clock_skew_seconds"),
    F(database_view, kill_switch, MAYBE, "kill_switch"),
    F(database_view, connections, INT, "connections"),
    F(database_view, max_connections, INT, "max_connections"),
    F(database_view, failures, INT, "failures"),
    F(database_view, backoff_s, NUMBER, "backoff_seconds"),
    F_OBJECT(database_view, error, "last_error", &error_shape),
    F_COUNTERS(database_view, &database_counter_table),
};
const struct shape database_shape = {database_fields, ARRAY_LENGTH(database_fields), false};

static const struct field window_fields[] = {
    F(job_window_view, spans, TEXT, "spans"),
    F(job_window_view, timezone, TEXT, "timezone"),
    F(job_window_view, open, MAYBE, "open"),
    F(job_window_view, changes, TIME, "changes"),
};
static const struct shape window_shape = {window_fields, ARRAY_LENGTH(window_fields), false};

static const struct field rejected_fields[] = {
    F_WORD(rejected_by, reason, "reason", rejected_word),
    F(rejected_by, name, TEXT, "name"),
    F(rejected_by, sqlstate, TEXT, "sqlstate"),
    F(rejected_by, message, TEXT, "message"),
    F(rejected_by, rows, INT, "rows"),
};
const struct shape rejected_shape = {rejected_fields, ARRAY_LENGTH(rejected_fields), false};

static const struct field run_fields[] = {
    F(run_view, id, INT, "id"),
    F(run_view, started, TIME, "started"),
    F(run_view, cutoff, TIME, "cutoff"),
    F(run_view, partition, TEXT, "partition"),
    F(run_view, partition_number, INT, "partition_number"),
    F(run_view, partition_count, INT, "partition_count"),
    F(run_view, pass, INT, "pass"),
    F(run_view, rows, INT, "rows"),
    F(run_view, batches, INT, "batches"),
    F(run_view, skipped_rows, INT, "skipped_rows"),
    F(run_view, rejected_rows, INT, "rejected_rows"),
    F(run_view, rejected_by, REJECTED, "rejected_by"),
    F(run_view, rows_per_second, NUMBER, "rows_per_second"),
    F(run_view, batch_rows, INT, "batch_rows"),
    F(run_view, chunk_blocks, INT, "chunk_blocks"),
    F(run_view, block, INT, "block"),
    F(run_view, blocks, INT, "blocks"),
    F(run_view, pass_s, NUMBER, "pass_seconds"),
    F(run_view, percent, NUMBER, "percent"),
    F(run_view, eta_s, NUMBER, "eta_seconds"),
};
static const struct shape run_shape = {run_fields, ARRAY_LENGTH(run_fields), true};

static const struct field last_run_fields[] = {
    F(last_run_view, id, INT, "id"),
    F(last_run_view, started, TIME, "started"),
    F(last_run_view, ended, TIME, "ended"),
    F_WORD(last_run_view, outcome, "outcome", run_outcome_word),
    F(last_run_view, rows, INT, "rows"),
    F(last_run_view, batches, INT, "batches"),
    F(last_run_view, skipped_rows, INT, "skipped_rows"),
    F(last_run_view, rejected_rows, INT, "rejected_rows"),
    F(last_run_view, rejected_by, REJECTED, "rejected_by"),
    F(last_run_view, reusable_bytes, NUMBER, "reusable_bytes"),
    F(last_run_view, vacuumed, TIME, "vacuumed"),
    F(last_run_view, detail, TEXT, "detail"),
};
static const struct shape last_run_shape = {last_run_fields, ARRAY_LENGTH(last_run_fields), true};

static const struct field job_fields[] = {
    F(job_view, name, TEXT, "name"),
    F(job_view, database, TEXT, "database"),
    F(job_view, table, TEXT, "table"),
    F(job_view, enabled, BOOL, "enabled"),
    F_WORD(job_view, state, "state", state_word),
    F_WORD(job_view, reason, "reason", reason_word),
    F(job_view, why, TEXT, "why"),
    F(job_view, since, TIME, "since"),
    F_OBJECT(job_view, window, "window", &window_shape),
    F(job_view, every_s, NUMBER, "every_seconds"),
    F(job_view, next_run, TIME, "next_run"),
    F_OBJECT(job_view, run, "run", &run_shape),
    F_OBJECT(job_view, last_run, "last_run", &last_run_shape),
    F(job_view, last_success, TIME, "last_success"),
    F(job_view, oldest_overdue_s, NUMBER, "oldest_overdue_seconds"),
    F(job_view, due_rows, NUMBER, "due_rows"),
    F(job_view, undated_rows, NUMBER, "undated_rows"),
    F(job_view, breaker, TEXT, "circuit_breaker"),
    F(job_view, failures, INT, "failures"),
    F(job_view, backoff_s, NUMBER, "backoff_seconds"),
    F_OBJECT(job_view, error, "last_error", &error_shape),
    F_COUNTERS(job_view, &job_counter_table),
};
const struct shape job_shape = {job_fields, ARRAY_LENGTH(job_fields), false};

void shape_init(const struct shape *shape, void *object)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];

        if (field->kind == FIELD_NUMBER || field->kind == FIELD_ROUNDED)
            *(double *)field_of(field, object) = NAN;
        else if (field->kind == FIELD_COUNT)
            *(int64_t *)field_of(field, object) = -1;
        else if (field->kind == FIELD_OBJECT)
            shape_init(field->shape, field_of(field, object));
    }
}

static void clear_list(const struct field *field, void *object)
{
    char *items = *(char **)field_of(field, object);

    for (size_t i = 0; i < field_count(field, object); i++)
        shape_clear(field->shape, items + i * field->size);
    free(items);
}

void shape_clear(const struct shape *shape, void *object)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];

        if (field->kind == FIELD_TEXT)
            free(*(char **)field_of(field, object));
        else if (field->kind == FIELD_REJECTED)
            rejected_list_free(field_of(field, object));
        else if (field->kind == FIELD_OBJECT)
            shape_clear(field->shape, field_of(field, object));
        else if (field->kind == FIELD_LIST)
            clear_list(field, object);
    }
}

/* Of a newline as well: each of them is a part of a line. */
static void make_printable(char **string)
{
    struct text out = {0};

    if (*string == NULL)
        return;
    printable_add_line(&out, *string);
    free(*string);
    *string = text_take(&out);
}

static void make_list_printable(struct rejected_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        make_printable(&list->items[i].name);
        make_printable(&list->items[i].sqlstate);
        make_printable(&list->items[i].message);
    }
}

void shape_make_printable(const struct shape *shape, void *object)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];

        if (field->kind == FIELD_TEXT)
            make_printable(field_of(field, object));
        else if (field->kind == FIELD_REJECTED)
            make_list_printable(field_of(field, object));
        else if (field->kind == FIELD_OBJECT)
            shape_make_printable(field->shape, field_of(field, object));
    }
}
