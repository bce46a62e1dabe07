#include "pgpurgectl/metrics_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/json.h"
#include "report/number.h"

/* Adds what stands before `end` as a JSON string. */
static void add_string(struct text *out, const char *start, const char *end)
{
    struct text piece = {0};

    text_add_bytes(&piece, start, (size_t)(end - start));
    json_write_string(out, piece.data);
    text_free(&piece);
}

/* The value of a label, from after its opening quote; returns what follows the closing one, NULL
 * if there is none. */
static const char *add_label_value(struct text *out, const char *at)
{
    struct text value = {0};

    text_add(&value, "");
    for (; *at != '"' && *at != '\0' && *at != '\n'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        text_add_bytes(&value, at[-1] == '\\' && *at == 'n' ? "\n" : at, 1);
    }
    json_write_string(out, value.data);
    text_free(&value);
    return *at == '"' ? at + 1 : NULL;
}

/* {a="b",c="d"}: from after the brace to after the closing one, NULL if they are not labels. */
static const char *add_labels(struct text *out, const char *at)
{
    bool first = true;

    while (*at != '}') {
        const char *equals = strchr(at, '=');

        if (equals == NULL || equals[1] != '"')
            return NULL;
        if (!first)
            text_add(out, ",");
        add_string(out, at, equals);
        text_add(out, ":");
        at = add_label_value(out, equals + 2);
        if (at == NULL)
            return NULL;
        at += *at == ',';
        first = false;
    }
    return at + 1;
}

static bool add_sample(struct text *out, const char *line)
{
    size_t name = strcspn(line, "{ \n");
    const char *at = line + name;
    double value;

    text_add(out, "{\"name\":");
    add_string(out, line, at);
    text_add(out, ",\"labels\":{");
    if (*at == '{')
        at = add_labels(out, at + 1);
    if (at == NULL || *at != ' ')
        return false;
    value = strtod(at + 1, NULL);
    text_add(out, "},\"value\":");
    if (isfinite(value))
        number_add(out, value);
    else
        text_add(out, "null");
    text_add(out, "}");
    return true;
}

bool metrics_json(struct text *out, const char *metrics, struct err *err)
{
    const char *separator = "";

    text_add(out, "[");
    for (const char *line = metrics, *next; *line != '\0'; line = next) {
        const char *end = strchr(line, '\n');

        next = end != NULL ? end + 1 : line + strlen(line);
        if (*line == '#' || *line == '\n')
            continue;
        text_add(out, separator);
        if (!add_sample(out, line))
            return err_set(err, "the daemon's metrics can't be read: %.*s",
                           (int)(next - line > 80 ? 80 : next - line), line);
        separator = ",\n";
    }
    text_add(out, "]\n");
    return true;
}
