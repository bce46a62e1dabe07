/*
 * plan_text: a plan as a person reads it.
 */
#ifndef PGPURGED_REPORT_PLAN_TEXT_H
#define PGPURGED_REPORT_PLAN_TEXT_H

#include "base/text.h"
#include "model/plan.h"

void plan_text(struct text *out, const struct plan *plan);

#endif
