#include <math.h>
#include <string.h>
#include <time.h>

#include "model/shape.h"
#include "report/json.h"
#include "report/number.h"

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static const char *escape_of(unsigned char c, char buffer[8])
{
    static const char hex[] = "0123456789abcdef";

    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    }
    memcpy(buffer, "\\u00", 4);
    buffer[4] = hex[c >> 4];
    buffer[5] = hex[c & 0xF];
    buffer[6] = '\0';
    return buffer;
}

void json_write_string(struct text *out, const char *string)
{
    const unsigned char *s = (const unsigned char *)string;
    char buffer[8];

    text_add_bytes(out, "\"", 1);
    while (*s != '\0') {
        size_t length = 0;

        while (plain(s[length]))
            length++;
        text_add_bytes(out, (const char *)s, length);
        s += length;
        if (*s == '\0')
            break;
        length = text_utf8_length(s);
        if (length == 0)
            text_add(out, "\xEF\xBF\xBD");
        else if (length == 1)
            text_add(out, escape_of(*s, buffer));
        else
            text_add_bytes(out, (const char *)s, length);
        s += length > 0 ? length : 1;
    }
    text_add_bytes(out, "\"", 1);
}

/* Keys and codes are ours and have nothing to escape. */
static void write_word(struct text *out, const char *word)
{
    text_add_bytes(out, "\"", 1);
    text_add(out, word);
    text_add_bytes(out, "\"", 1);
}

static void write_key(struct text *out, const char *key, bool first)
{
    if (!first)
        text_add_bytes(out, ",", 1);
    write_word(out, key);
    text_add_bytes(out, ":", 1);
}

static void write_number(struct text *out, double value)
{
    if (isfinite(value))
        number_add(out, value);
    else
        text_add(out, "null");
}

static void write_time(struct text *out, struct wall moment)
{
    if (!wall_known(moment)) {
        text_add(out, "null");
        return;
    }
    text_add_bytes(out, "\"", 1);
    number_add_time(out, moment);
    text_add_bytes(out, "\"", 1);
}

static void write_local(struct text *out, struct wall moment)
{
    time_t seconds = (time_t)(moment.us / 1000000);
    struct tm parts;
    char written[40];

    if (!wall_known(moment) || gmtime_r(&seconds, &parts) == NULL) {
        text_add(out, "null");
        return;
    }
    strftime(written, sizeof written, "\"%Y-%m-%dT%H:%M:%S\"", &parts);
    text_add(out, written);
}

static void write_count(struct text *out, int64_t count)
{
    if (count < 0)
        text_add(out, "null");
    else
        number_add_int(out, count);
}

/* {"buckets":[3,0,...],"sum":1.5}: the counts belong to histogram_bounds. */
static void write_histogram(struct text *out, const struct histogram *histogram)
{
    text_add(out, "{\"buckets\":[");
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (i > 0)
            text_add_bytes(out, ",", 1);
        number_add_int(out, histogram->buckets[i]);
    }
    text_add(out, "],\"sum\":");
    write_number(out, histogram->sum);
    text_add(out, "}");
}

static void write_counter(struct text *out, const struct counter *counter, const void *counters)
{
    if (counter->kind == COUNTER_HISTOGRAM) {
        write_histogram(out, counter_histogram(counter, counters));
        return;
    }
    if (counter_label(counter->kind) == NULL) {
        write_number(out, counter_value(counter, counters, 0));
        return;
    }
    text_add(out, "{");
    for (size_t i = 0; counter_label_value(counter->kind, i) != NULL; i++) {
        write_key(out, counter_label_value(counter->kind, i), i == 0);
        write_number(out, counter_value(counter, counters, i));
    }
    text_add(out, "}");
}

static void write_counters(struct text *out, const struct counter_table *table,
                           const void *counters)
{
    text_add(out, "{");
    for (size_t i = 0; i < table->count; i++) {
        write_key(out, table->counters[i].field, i == 0);
        write_counter(out, &table->counters[i], counters);
    }
    text_add(out, "}");
}

static void write_text(struct text *out, const char *string)
{
    if (string != NULL)
        json_write_string(out, string);
    else
        text_add(out, "null");
}

static void write_enum(struct text *out, const char *word)
{
    if (word != NULL && word[0] != '\0')
        write_word(out, word);
    else
        text_add(out, "null");
}

static const char *maybe_json(enum maybe maybe)
{
    return maybe == MAYBE_YES ? "true" : maybe == MAYBE_NO ? "false" : "null";
}

static void write_object(struct text *out, const struct shape *shape, const void *object);
static void write_array(struct text *out, const struct shape *shape, const void *first, size_t size,
                        size_t count);

static void write_field(struct text *out, const struct field *field, const void *object)
{
    const void *value = field_of_const(field, object);

    switch (field->kind) {
    case FIELD_TEXT:
        write_text(out, *(char *const *)value);
        break;
    case FIELD_BOOL:
        text_add(out, *(const bool *)value ? "true" : "false");
        break;
    case FIELD_MAYBE:
        text_add(out, maybe_json(*(const enum maybe *)value));
        break;
    case FIELD_INT:
        number_add_int(out, *(const int64_t *)value);
        break;
    case FIELD_NUMBER:
        write_number(out, *(const double *)value);
        break;
    case FIELD_TIME:
        write_time(out, *(const struct wall *)value);
        break;
    case FIELD_WORD:
        write_enum(out, field->word(*(const unsigned *)value));
        break;
    case FIELD_OBJECT:
        write_object(out, field->shape, value);
        break;
    case FIELD_COUNTERS:
        write_counters(out, field->counters, value);
        break;
    case FIELD_REJECTED:
        json_write_rejected(out, value);
        break;
    case FIELD_ROUNDED:
        write_number(out, round(*(const double *)value));
        break;
    case FIELD_COUNT:
        write_count(out, *(const int64_t *)value);
        break;
    case FIELD_LOCAL:
        write_local(out, *(const struct wall *)value);
        break;
    case FIELD_LIST:
        write_array(out, field->shape, *(const void *const *)value, field->size,
                    field_count(field, object));
        break;
    }
}

static void write_object(struct text *out, const struct shape *shape, const void *object)
{
    if (shape->optional && !*(const bool *)object) {
        text_add(out, "null");
        return;
    }
    text_add(out, "{");
    for (size_t i = 0; i < shape->count; i++) {
        write_key(out, shape->fields[i].key, i == 0);
        write_field(out, &shape->fields[i], object);
    }
    text_add(out, "}");
}

static void write_array(struct text *out, const struct shape *shape, const void *first, size_t size,
                        size_t count)
{
    text_add(out, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add_bytes(out, ",", 1);
        write_object(out, shape, (const char *)first + i * size);
    }
    text_add(out, "]");
}

void json_write_rejected(struct text *out, const struct rejected_list *list)
{
    write_array(out, &rejected_shape, list->items, sizeof *list->items, list->count);
}

static void write_document(struct text *out, const struct daemon_view *daemon,
                           const struct database_view *databases, size_t database_count,
                           const struct job_view *jobs, size_t job_count)
{
    text_add(out, "{");
    write_key(out, "daemon", true);
    write_object(out, &daemon_shape, daemon);
    write_key(out, "databases", false);
    write_array(out, &database_shape, databases, sizeof *databases, database_count);
    write_key(out, "jobs", false);
    write_array(out, &job_shape, jobs, sizeof *jobs, job_count);
    text_add(out, "}\n");
}

void json_write(struct text *out, const struct snapshot *snapshot)
{
    write_document(out, &snapshot->daemon, snapshot->databases, snapshot->database_count,
                   snapshot->jobs, snapshot->job_count);
}

void json_write_job(struct text *out, const struct snapshot *snapshot, const struct job_view *job)
{
    const struct database_view *database =
        job->database != NULL ? snapshot_database(snapshot, job->database) : NULL;

    write_document(out, &snapshot->daemon, database, database != NULL, job, 1);
}

void json_write_plans(struct text *out, const struct plan *plans, size_t count)
{
    text_add(out, "{");
    write_key(out, "jobs", true);
    write_array(out, &plan_shape, plans, sizeof *plans, count);
    text_add(out, "}\n");
}

static void write_sentence(struct text *out, const char *key, const char *sentence)
{
    text_add(out, "{");
    write_key(out, key, true);
    json_write_string(out, sentence);
    text_add(out, "}\n");
}

void json_write_message(struct text *out, const char *sentence)
{
    write_sentence(out, "message", sentence);
}

void json_write_error(struct text *out, const char *sentence)
{
    write_sentence(out, "error", sentence);
}
