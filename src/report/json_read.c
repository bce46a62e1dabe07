#include <jansson.h>

#include "model/shape.h"
#include "report/json.h"
#include "report/number.h"

/* Unknown stays unknown: what is missing or null is left as snapshot_new() made it. */

static bool read_text(const json_t *json, char **value)
{
    if (json_is_string(json))
        *value = text_copy(json_string_value(json));
    return json_is_string(json);
}

static bool read_bool(const json_t *json, bool *value)
{
    *value = json_is_true(json);
    return json_is_boolean(json);
}

static bool read_maybe(const json_t *json, enum maybe *value)
{
    *value = json_is_true(json) ? MAYBE_YES : MAYBE_NO;
    return json_is_boolean(json);
}

static bool read_int(const json_t *json, int64_t *value)
{
    *value = json_integer_value(json);
    return json_is_integer(json);
}

static bool read_number(const json_t *json, double *value)
{
    *value = json_number_value(json);
    return json_is_number(json);
}

static bool read_time(const json_t *json, struct wall *value)
{
    return json_is_string(json) && number_read_time(json_string_value(json), value);
}

static bool read_word(const json_t *json, word_fn *word, unsigned *value)
{
    const char *wanted = json_string_value(json);

    for (unsigned i = 0; wanted != NULL && word(i) != NULL; i++)
        if (text_equal(word(i), wanted)) {
            *value = i;
            return true;
        }
    return false;
}

static bool read_histogram(const json_t *json, struct histogram *histogram)
{
    const json_t *buckets = json_object_get(json, "buckets");

    if (json_array_size(buckets) != HISTOGRAM_BUCKETS)
        return false;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] = json_integer_value(json_array_get(buckets, i));
    histogram->sum = json_number_value(json_object_get(json, "sum"));
    return true;
}

static bool read_counter(const json_t *json, const struct counter *counter, void *counters)
{
    if (counter->kind == COUNTER_HISTOGRAM)
        return read_histogram(json,
                              (struct histogram *)(void *)((char *)counters + counter->offset));
    if (counter_label(counter->kind) == NULL) {
        counter_set(counter, counters, 0, json_number_value(json));
        return json_is_number(json);
    }
    for (size_t i = 0; counter_label_value(counter->kind, i) != NULL; i++)
        counter_set(
            counter, counters, i,
            json_number_value(json_object_get(json, counter_label_value(counter->kind, i))));
    return json_is_object(json);
}

static bool read_counters(const json_t *json, const struct counter_table *table, void *counters)
{
    for (size_t i = 0; i < table->count; i++) {
        const json_t *value = json_object_get(json, table->counters[i].field);

        if (value != NULL && !read_counter(value, &table->counters[i], counters))
            return false;
    }
    return json_is_object(json);
}

static bool read_object(const json_t *json, const struct shape *shape, void *object,
                        struct err *err);

static bool read_rejected(const json_t *json, struct rejected_list *list, struct err *err)
{
    list->items = mem_new(json_array_size(json) * sizeof *list->items);
    for (; list->count < json_array_size(json); list->count++)
        if (!read_object(json_array_get(json, list->count), &rejected_shape,
                         &list->items[list->count], err)) {
            list->count++; /* what it has of this one is to be freed as well */
            return err_prefix(err, "number %zu", list->count);
        }
    return json_is_array(json);
}

static bool read_value(const json_t *json, const struct field *field, void *value, struct err *err)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return read_text(json, value);
    case FIELD_BOOL:
        return read_bool(json, value);
    case FIELD_MAYBE:
        return read_maybe(json, value);
    case FIELD_INT:
        return read_int(json, value);
    case FIELD_NUMBER:
        return read_number(json, value);
    case FIELD_TIME:
        return read_time(json, value);
    case FIELD_WORD:
        return read_word(json, field->word, value);
    case FIELD_OBJECT:
        return read_object(json, field->shape, value, err);
    case FIELD_COUNTERS:
        return read_counters(json, field->counters, value);
    case FIELD_REJECTED:
        return read_rejected(json, value, err);
    case FIELD_ROUNDED: /* of plans, which nobody reads back */
    case FIELD_COUNT:
    case FIELD_LOCAL:
    case FIELD_LIST:
        break;
    }
    return false;
}

static bool read_object(const json_t *json, const struct shape *shape, void *object,
                        struct err *err)
{
    if (!json_is_object(json))
        return err_set(err, "it is not an object");
    if (shape->optional)
        *(bool *)object = true;
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        const json_t *value = json_object_get(json, field->key);

        if (value == NULL || json_is_null(value))
            continue;
        err_set(err, "its value is not what this version expects");
        if (!read_value(value, field, field_of(field, object), err))
            return err_prefix(err, "%s", field->key);
    }
    return true;
}

static bool read_array(const json_t *json, const struct shape *shape, void *first, size_t size,
                       struct err *err)
{
    for (size_t i = 0; i < json_array_size(json); i++)
        if (!read_object(json_array_get(json, i), shape, (char *)first + i * size, err))
            return err_prefix(err, "number %zu", i + 1);
    return true;
}

static bool read_document(const json_t *root, struct snapshot *snapshot, struct err *err)
{
    if (!read_object(json_object_get(root, "daemon"), &daemon_shape, &snapshot->daemon, err))
        return err_prefix(err, "daemon");
    if (!read_array(json_object_get(root, "databases"), &database_shape, snapshot->databases,
                    sizeof *snapshot->databases, err))
        return err_prefix(err, "databases");
    if (!read_array(json_object_get(root, "jobs"), &job_shape, snapshot->jobs,
                    sizeof *snapshot->jobs, err))
        return err_prefix(err, "jobs");
    return true;
}

struct snapshot *json_read(const char *bytes, size_t length, struct err *err)
{
    json_error_t error;
    json_t *root = json_loadb(bytes, length, 0, &error);
    struct snapshot *snapshot;

    if (root == NULL) {
        err_set(err, "the answer is not JSON: %s", error.text);
        return NULL;
    }
    snapshot = snapshot_new(json_array_size(json_object_get(root, "databases")),
                            json_array_size(json_object_get(root, "jobs")));
    if (!read_document(root, snapshot, err)) {
        err_prefix(err, "the answer is not a status");
        snapshot_free(snapshot);
        snapshot = NULL;
    }
    json_decref(root);
    return snapshot;
}

bool json_read_rejected(const char *json, struct rejected_list *list)
{
    json_t *root = json_loads(json, 0, NULL);
    struct err err;
    bool fine = read_rejected(root, list, &err);

    if (!fine)
        rejected_list_free(list);
    json_decref(root);
    return fine;
}

char *json_read_sentence(const char *bytes, size_t length)
{
    json_t *root = json_loadb(bytes, length, 0, NULL);
    const char *sentence = json_string_value(json_object_get(root, "error"));
    char *copy;

    if (sentence == NULL)
        sentence = json_string_value(json_object_get(root, "message"));
    copy = sentence != NULL ? text_copy(sentence) : NULL;
    json_decref(root);
    return copy;
}
