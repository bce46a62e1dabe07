#include "model/plan.h"

#include <stdlib.h>

#include "base/printable.h"

static const char *sureness_word(unsigned i)
{
    static const char *const words[] = {
        [PLAN_UNKNOWN] = "unknown", [PLAN_STATISTICS] = "statistics", [PLAN_SAMPLED] = "sampled",
        [PLAN_INDEXED] = "indexed", [PLAN_COUNTED] = "counted",
    };

    return i < ARRAY_LENGTH(words) ? words[i] : NULL;
}

static const char *scan_word(unsigned i)
{
    static const char *const words[] = {[HEAP_SCAN] = "heap", [INDEX_SCAN] = "index"};

    return i < ARRAY_LENGTH(words) ? words[i] : NULL;
}

static const struct field note_fields[] = {
    F(plan_note, text, TEXT, "text"),
    F(plan_note, sql, TEXT, "sql"),
};
static const struct shape note_shape = {note_fields, ARRAY_LENGTH(note_fields), false};

#define F_NOTES(field, key) F_LIST(plan, field.notes, field.count, key, &note_shape)

static const struct field children_fields[] = {
    F(plan_children, table, TEXT, "table"),
    F(plan_children, rows, ROUNDED, "rows"),
};
static const struct shape children_shape = {children_fields, ARRAY_LENGTH(children_fields), false};

static const struct field partition_fields[] = {
    F(plan_partition, name, TEXT, "name"),
    F(plan_partition, pages, INT, "pages"),
    F(plan_partition, rows, ROUNDED, "rows"),
    F(plan_partition, due, ROUNDED, "due_rows"),
};
static const struct shape partition_shape = {partition_fields, ARRAY_LENGTH(partition_fields),
                                             false};

static const struct field table_fields[] = {
    F(plan, table, TEXT, "name"),
    F(plan, pages, COUNT, "pages"),
    F(plan, page_bytes, COUNT, "page_bytes"),
    F(plan, rows, ROUNDED, "rows"),
};
static const struct shape table_shape = {table_fields, ARRAY_LENGTH(table_fields), false};

static const struct field due_fields[] = {
    F(plan, due, ROUNDED, "rows"),
    F_WORD(plan, sureness, "basis", sureness_word),
    F(plan, low, ROUNDED, "low"),
    F(plan, high, ROUNDED, "high"),
    F(plan, sampled_pages, COUNT, "sampled_pages"),
    F(plan, earliest, TIME, "since"),
    F(plan, undated, ROUNDED, "undated_rows"),
    F(plan, not_counted, TEXT, "not_counted"),
    F_LIST(plan, children, children_count, "children", &children_shape),
};
static const struct shape due_shape = {due_fields, ARRAY_LENGTH(due_fields), false};

static const struct field scan_fields[] = {
    F_WORD(plan_scan, kind, "scan", scan_word),
    F(plan_scan, why, TEXT, "why"),
};
static const struct shape scan_shape = {scan_fields, ARRAY_LENGTH(scan_fields), true};

static const struct field pace_fields[] = {
    F(plan, batch_time_ms, INT, "batch_time_ms"),
    F(plan, batch_rows, INT, "batch_rows"),
    F(plan, duty_cycle_percent, INT, "duty_cycle_percent"),
    F(plan, max_duty_cycle_percent, INT, "max_duty_cycle_percent"),
    F(plan, max_rows_per_second, INT, "max_rows_per_second"),
    F(plan, workers, INT, "workers"),
};
static const struct shape pace_shape = {pace_fields, ARRAY_LENGTH(pace_fields), false};

static const struct field schedule_fields[] = {
    F(plan, window, TEXT, "window"),
    F(plan, timezone, TEXT, "timezone"),
    F(plan, every, TEXT, "every"),
};
static const struct shape schedule_shape = {schedule_fields, ARRAY_LENGTH(schedule_fields), false};

static const struct field forecast_fields[] = {
    F(plan_forecast, window_s, ROUNDED, "window_seconds"),
    F(plan_forecast, begins, LOCAL, "begins"),
    F(plan_forecast, done, LOCAL, "done"),
    F(plan_forecast, rows_per_busy_s, ROUNDED, "rows_per_busy_second"),
    F(plan_forecast, children_per_busy_s, ROUNDED, "children_per_busy_second"),
    F(plan_forecast, measured, BOOL, "measured"),
    F(plan_forecast, expiring_per_day, ROUNDED, "expiring_rows_per_day"),
    F(plan_forecast, rows_per_day, ROUNDED, "window_rows_per_day"),
    F(plan_forecast, catches_up, MAYBE, "catches_up"),
};
static const struct shape forecast_shape = {forecast_fields, ARRAY_LENGTH(forecast_fields), true};

static const struct field plan_fields[] = {
    F(plan, job, TEXT, "job"),
    F(plan, database, TEXT, "database"),
    F(plan, rule, TEXT, "expires"),
    F(plan, refused, TEXT, "refused"),
    F_GROUP("table", &table_shape),
    F_GROUP("due", &due_shape),
    F_LIST(plan, partitions, partition_count, "partitions", &partition_shape),
    F(plan, all_partitions, INT, "partition_count"),
    F_OBJECT(plan, found_by, "found_by", &scan_shape),
    F_GROUP("pace", &pace_shape),
    F_GROUP("schedule", &schedule_shape),
    F_OBJECT(plan, forecast, "forecast", &forecast_shape),
    F_NOTES(limits, "limits"),
    F_NOTES(references, "references"),
    F_NOTES(triggers, "triggers"),
    F_NOTES(grants, "grants"),
    F_NOTES(risks, "risks"),
    F_NOTES(hints, "hints"),
    F(plan, sql, TEXT, "sql"),
};
const struct shape plan_shape = {plan_fields, ARRAY_LENGTH(plan_fields), false};

/* Takes the statement over. */
static char *printable(char *sql)
{
    struct text out = {0};

    if (sql == NULL)
        return NULL;
    printable_add_sql(&out, sql);
    free(sql);
    return text_take(&out);
}

void plan_note(struct plan_notes *notes, char *text, char *sql)
{
    notes->notes = mem_grow(notes->notes, (notes->count + 1) * sizeof *notes->notes);
    notes->notes[notes->count++] = (struct plan_note){text, printable(sql)};
}

void plan_init(struct plan *plan)
{
    *plan = (struct plan){.forecast.children_per_busy_s = 0};
    shape_init(&plan_shape, plan);
}

void plan_clear(struct plan *plan)
{
    shape_clear(&plan_shape, plan);
    free(plan->meaning);
    plan_init(plan);
}
