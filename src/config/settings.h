/*
 * settings: what the configuration file says, checked, as plain data.
 *
 * settings_load() reads the whole file or nothing: on any error it returns NULL, and the caller
 * keeps the settings it had. Everything inside is owned by the struct settings and freed by
 * settings_free(). After a load every job has a database that exists, a table, an expiry rule and
 * all values in range.
 */
#ifndef PGPURGED_CONFIG_SETTINGS_H
#define PGPURGED_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "model/job_spec.h"

struct settings {
    char *path;         /* of the file, for messages */
    char *file_warning; /* who else could change the file; NULL = nobody */
    enum log_level log_level;
    int64_t min_retention_ms;
    char *socket;                                        /* "" = the default of the surroundings */
    char *socket_group, *control_group, *metrics_listen; /* "" = none */
    char *state_directory;
    struct database_settings *databases;
    size_t database_count;
    struct job_settings *jobs;
    size_t job_count;
};

/* Reads and checks the file. NULL with `err` set ("FILE:LINE: ...") if anything at all is wrong. */
struct settings *settings_load(const char *path, struct err *err);

/* Reads and checks text in memory (tests, fuzzing); `path` is only for messages. */
struct settings *settings_parse(const char *path, const char *bytes, size_t length,
                                struct err *err);

void settings_free(struct settings *settings); /* NULL is fine */

/* The settings in canonical form, every option of every section written out; feeding it back gives
 * the same settings. A password inside a conninfo is printed as ********, which settings_parse()
 * refuses with a message that says so. */
void settings_print(const struct settings *settings, struct text *out);

/* Appends the names of the options of [pgpurged] that differ and that a reload does not change,
 * with commas in between. */
void settings_need_restart(const struct settings *old, const struct settings *fresh,
                           struct text *names);

/* NULL if there is none of that name. */
const struct database_settings *settings_database(const struct settings *settings,
                                                  const char *name);
const struct job_settings *settings_job(const struct settings *settings, const char *name);

#endif
