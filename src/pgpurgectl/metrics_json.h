/*
 * metrics_json: Prometheus' text as JSON: [{"name":"...","labels":{...},"value":1.5},...].
 */
#ifndef PGPURGED_PGPURGECTL_METRICS_JSON_H
#define PGPURGED_PGPURGECTL_METRICS_JSON_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

/* A value that JSON has no number for (NaN, +Inf) becomes null. False if a line is not a sample. */
bool metrics_json(struct text *out, const char *metrics, struct err *err);

#endif
