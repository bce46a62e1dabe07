/* Plans as JSON, by jansson: a plan is small, and nobody waits for it in a loop. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "report/plan.h"

/* null for what is not known. Bytes that are not UTF-8, which a server of another encoding may
 * send, become '?'. */
static json_t *text_of(const char *value)
{
    json_t *json;
    char *clean;

    if (value == NULL)
        return json_null();
    json = json_string(value);
    if (json != NULL)
        return json;
    clean = text_copy(value);
    for (char *c = clean; *c != '\0'; c++)
        if ((*c & 0x80) != 0)
            *c = '?';
    json = json_string(clean);
    free(clean);
    return json;
}

static json_t *number_of(double value)
{
    return isfinite(value) ? json_integer(llround(value)) : json_null();
}

static json_t *moment_of(struct wall moment, bool known, const char *format)
{
    time_t seconds = (time_t)(moment.us / 1000000);
    struct tm parts;
    char text[40];

    if (!known)
        return json_null();
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, format, &parts);
    return json_string(text);
}

static const char utc[] = "%Y-%m-%dT%H:%M:%SZ", local[] = "%Y-%m-%dT%H:%M:%S";

/* --- the parts --- */

static json_t *notes_of(const struct plan_notes *notes)
{
    json_t *list = json_array();

    for (size_t i = 0; i < notes->count; i++) {
        json_t *note = json_object();

        json_object_set_new(note, "text", text_of(notes->notes[i].text));
        json_object_set_new(note, "sql", text_of(notes->notes[i].sql));
        json_array_append_new(list, note);
    }
    return list;
}

static json_t *table_of(const struct plan *plan)
{
    json_t *table = json_object();

    json_object_set_new(table, "name", text_of(plan->table));
    json_object_set_new(table, "pages", plan->pages < 0 ? json_null() : json_integer(plan->pages));
    json_object_set_new(table, "page_bytes",
                        plan->pages < 0 ? json_null() : json_integer(plan->page_bytes));
    json_object_set_new(table, "rows", number_of(plan->rows));
    return table;
}

static json_t *children_of(const struct plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; i < plan->children_count; i++) {
        json_t *children = json_object();

        json_object_set_new(children, "table", text_of(plan->children[i].table));
        json_object_set_new(children, "rows", number_of(plan->children[i].rows));
        json_array_append_new(list, children);
    }
    return list;
}

static json_t *due_of(const struct plan *plan)
{
    bool sampled = plan->sureness == PLAN_SAMPLED;
    json_t *due = json_object();

    json_object_set_new(due, "rows", number_of(plan->due));
    json_object_set_new(due, "basis", json_string(plan_sureness_word(plan->sureness)));
    json_object_set_new(due, "low", number_of(sampled ? plan->low : plan->due));
    json_object_set_new(due, "high", number_of(sampled ? plan->high : plan->due));
    json_object_set_new(due, "sampled_pages",
                        sampled ? json_integer(plan->sampled_pages) : json_null());
    json_object_set_new(due, "since", moment_of(plan->earliest, plan->any_marked, utc));
    json_object_set_new(due, "undated_rows", number_of(plan->undated));
    json_object_set_new(due, "not_counted", text_of(plan->not_counted));
    json_object_set_new(due, "children", children_of(plan));
    return due;
}

static json_t *partitions_of(const struct plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; i < plan->partition_count; i++) {
        json_t *partition = json_object();

        json_object_set_new(partition, "name", text_of(plan->partitions[i].name));
        json_object_set_new(partition, "pages", json_integer(plan->partitions[i].pages));
        json_object_set_new(partition, "rows", number_of(plan->partitions[i].rows));
        json_object_set_new(partition, "due_rows", number_of(plan->partitions[i].due));
        json_array_append_new(list, partition);
    }
    return list;
}

static json_t *found_by_of(const struct plan *plan)
{
    json_t *found = json_object();

    if (plan->found_by == NULL) {
        json_decref(found);
        return json_null();
    }
    json_object_set_new(found, "scan", json_string(plan->index_scan ? "index" : "heap"));
    json_object_set_new(found, "why", text_of(plan->found_by));
    return found;
}

static json_t *pace_of(const struct plan *plan)
{
    json_t *pace = json_object();

    json_object_set_new(pace, "batch_time_ms", json_integer(plan->batch_time_ms));
    json_object_set_new(pace, "batch_rows", json_integer(plan->batch_rows));
    json_object_set_new(pace, "duty_cycle_percent", json_integer(plan->duty_cycle_percent));
    json_object_set_new(pace, "max_duty_cycle_percent", json_integer(plan->max_duty_cycle_percent));
    json_object_set_new(pace, "max_rows_per_second", json_integer(plan->max_rows_per_second));
    json_object_set_new(pace, "workers", json_integer(plan->workers));
    return pace;
}

static json_t *schedule_of(const struct plan *plan)
{
    json_t *schedule = json_object();

    json_object_set_new(schedule, "window", text_of(plan->window));
    json_object_set_new(schedule, "timezone", text_of(plan->timezone));
    json_object_set_new(schedule, "every", text_of(plan->every));
    return schedule;
}

static json_t *catches_up(const struct plan *plan)
{
    return isnan(plan->expiring_per_day)
               ? json_null()
               : json_boolean(plan->expiring_per_day <= plan->rows_per_day);
}

static json_t *forecast_of(const struct plan *plan)
{
    json_t *forecast;

    if (!plan->forecast)
        return json_null();
    forecast = json_object();
    json_object_set_new(forecast, "window_seconds", number_of(plan->window_s));
    json_object_set_new(forecast, "begins", moment_of(plan->begins, plan->ends, local));
    json_object_set_new(forecast, "done", moment_of(plan->done, plan->ends, local));
    json_object_set_new(forecast, "rows_per_busy_second", number_of(plan->rows_per_busy_s));
    json_object_set_new(forecast, "children_per_busy_second", number_of(plan->children_per_busy_s));
    json_object_set_new(forecast, "measured", json_boolean(plan->measured));
    json_object_set_new(forecast, "expiring_rows_per_day", number_of(plan->expiring_per_day));
    json_object_set_new(forecast, "window_rows_per_day", number_of(plan->rows_per_day));
    json_object_set_new(forecast, "catches_up", catches_up(plan));
    return forecast;
}

static json_t *job_of(const struct plan *plan)
{
    json_t *job = json_object();

    json_object_set_new(job, "job", text_of(plan->job));
    json_object_set_new(job, "database", text_of(plan->database));
    json_object_set_new(job, "expires", text_of(plan->rule));
    json_object_set_new(job, "refused", text_of(plan->refused));
    json_object_set_new(job, "table", table_of(plan));
    json_object_set_new(job, "due", due_of(plan));
    json_object_set_new(job, "partitions", partitions_of(plan));
    json_object_set_new(job, "partition_count", json_integer((json_int_t)plan->all_partitions));
    json_object_set_new(job, "found_by", found_by_of(plan));
    json_object_set_new(job, "pace", pace_of(plan));
    json_object_set_new(job, "schedule", schedule_of(plan));
    json_object_set_new(job, "forecast", forecast_of(plan));
    json_object_set_new(job, "limits", notes_of(&plan->limits));
    json_object_set_new(job, "references", notes_of(&plan->references));
    json_object_set_new(job, "triggers", notes_of(&plan->triggers));
    json_object_set_new(job, "grants", notes_of(&plan->grants));
    json_object_set_new(job, "risks", notes_of(&plan->risks));
    json_object_set_new(job, "hints", notes_of(&plan->hints));
    json_object_set_new(job, "sql", text_of(plan->sql));
    return job;
}

void plan_json(struct text *out, const struct plan *plans, size_t count)
{
    json_t *document = json_object(), *jobs = json_array();
    char *text;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(jobs, job_of(&plans[i]));
    json_object_set_new(document, "jobs", jobs);
    text = json_dumps(document, JSON_INDENT(2));
    text_add(out, text);
    text_add(out, "\n");
    free(text);
    json_decref(document);
}
