/*
 * prometheus: a snapshot as metrics, in Prometheus' text format 0.0.4.
 *
 * Every series is there from the start. Counters begin at zero; a moment that has not come is 0; a
 * gauge that is not known is NaN, because an unknown age that looked like 0 would look healthy.
 * Labels are job, database and the closed lists of model/codes.h, nothing that a row or an error
 * could make up.
 */
#ifndef PGPURGED_REPORT_PROMETHEUS_H
#define PGPURGED_REPORT_PROMETHEUS_H

#include "base/text.h"
#include "model/snapshot.h"

#define PROMETHEUS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

void prometheus_write(struct text *out, const struct snapshot *snapshot);

#endif
