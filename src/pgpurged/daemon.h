/*
 * daemon: owns the databases and the jobs; starts, reloads and drains them. The only room that ends
 * the process.
 *
 * A reload is a drain and a start with the new settings: every job finishes its batch and notes
 * where it is; runs go on where they were as long as the job's table and rule are the same. A file
 * with an error changes nothing.
 */
#ifndef PGPURGED_PGPURGED_DAEMON_H
#define PGPURGED_PGPURGED_DAEMON_H

#include <stddef.h>

#include "config/settings.h"

/* Exit codes, as pgpurged(8) has them. */
enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INCOMPLETE = 3 };

/* What to run. once: one run of each job (of those named, if any are) now, then exit. */
struct daemon_order {
    const char *config_path;
    bool once;
    char *const *job_names;
    size_t job_name_count;
};

/* Runs until it is told to stop, or until all runs have ended (once). Takes the settings over. */
enum exit_code daemon_run(struct settings *settings, const struct daemon_order *order);

#endif
