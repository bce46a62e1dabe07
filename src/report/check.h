/*
 * check: a snapshot as the answer of a monitoring plugin (Nagios, Icinga, ...): one status, one
 * line, and performance data. Pure.
 *
 * The one figure that shows whether retention is kept is how late the oldest due row is. Everything
 * else that is found here says why it will be late soon. A job that is disabled in the
 * configuration is no problem.
 */
#ifndef PGPURGED_REPORT_CHECK_H
#define PGPURGED_REPORT_CHECK_H

#include "base/text.h"
#include "model/snapshot.h"

/* The values are the exit codes of a plugin. */
enum check_status { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

/* More than this is a warning, or critical; NAN = don't look. */
struct check_limits {
    double overdue_warning_s, overdue_critical_s; /* the oldest due row's age */
    double success_warning_s, success_critical_s; /* since a run ended with nothing due left */
};

struct check_result {
    enum check_status status;
    struct text summary;  /* what is wrong, worst first, or what is fine; one line without '|' */
    struct text perfdata; /* "overdue=7200s;172800;604800;0 ..." */
};

/* `only` is one of the snapshot's jobs, or NULL for all of them. The caller frees the result with
 * check_clear(). */
struct check_result check_snapshot(const struct snapshot *snapshot, const struct job_view *only,
                                   const struct check_limits *limits);
void check_clear(struct check_result *result);

const char *check_status_name(enum check_status status); /* "OK", "WARNING", ... */

/* "PGPURGED OK - SUMMARY | PERFDATA" and a newline; without perfdata the bar is left out. */
void check_print(struct text *out, const struct check_result *result);
void check_print_json(struct text *out, const struct check_result *result);

#endif
