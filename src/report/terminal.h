/*
 * terminal: a snapshot as a person reads it at 3 a.m.: what each job does, and why it does not.
 *
 * All times are relative to the daemon's clock in the snapshot, so the text does not depend on when
 * and where it is printed; only single moments are in the reader's local time.
 */
#ifndef PGPURGED_REPORT_TERMINAL_H
#define PGPURGED_REPORT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "model/snapshot.h"

enum { TERMINAL_WIDTH = 100, TERMINAL_WIDTH_LEAST = 60 };

struct terminal {
    bool colour;
    size_t width;  /* columns: no line of the table is longer */
    size_t height; /* lines; 0 = no limit. If there are more, the jobs that need a person or do
                      something are shown first, and how many are left out is said */
};

/* The daemon, its databases, one line for each job and one more where it is held up. */
void terminal_status(struct text *out, const struct snapshot *snapshot,
                     const struct terminal *terminal);

/* Everything about one job. */
void terminal_job(struct text *out, const struct snapshot *snapshot, const struct job_view *job,
                  const struct terminal *terminal);

#endif
