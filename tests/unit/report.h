/*
 * The cases of check_report: one file for each view of a snapshot, put together and run by show.c,
 * and made-up snapshots for all of them. None of them needs a server or a clock.
 */
#ifndef TESTS_UNIT_SHOW_H
#define TESTS_UNIT_SHOW_H

#include <check.h>

#include "base/text.h"
#include "model/snapshot.h"

TCase *counters_cases(void);
TCase *number_cases(void);
TCase *human_cases(void);
TCase *json_cases(void);
TCase *plan_cases(void);
TCase *prometheus_cases(void);
TCase *terminal_cases(void);
TCase *check_cases(void);
TCase *rejected_cases(void);

/* Two databases, one of them down, and a job in every state of life; nothing is left unknown in the
 * first job, nothing is known of the last. */
struct snapshot *made_up(void);

/* So many jobs like the first of made_up(). */
struct snapshot *made_up_many(size_t job_count);

/* How many times slower than usual everything is: 1, or 100 under valgrind. */
double slowness(void);

/* Fails unless the text is what tests/golden/report/NAME holds. GOLDEN_UPDATE=1 writes it instead.
 */
void golden_check(const char *name, const struct text *text);

#endif
