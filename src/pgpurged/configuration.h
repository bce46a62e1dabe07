/*
 * configuration: the settings with what only other rooms can check about them: whether libpq can
 * read each conninfo.
 */
#ifndef PGPURGED_PGPURGED_CONFIGURATION_H
#define PGPURGED_PGPURGED_CONFIGURATION_H

#include "config/settings.h"

/* As settings_load(). */
struct settings *configuration_load(const char *path, struct err *err);

/* Whether all of these are jobs of it; logs the first that is none. */
bool configuration_has_jobs(const struct settings *settings, char *const *names, size_t count);

/* Sets level and form of the log as the settings and the surroundings ask. */
void configuration_apply_log(const struct settings *settings);

#endif
