/*
 * configuration: the settings with what only other rooms can check about them: whether libpq can
 * read each conninfo.
 */
#ifndef PGPURGED_PGPURGED_CONFIGURATION_H
#define PGPURGED_PGPURGED_CONFIGURATION_H

#include "config/settings.h"

/* As settings_load(). */
struct settings *configuration_load(const char *path, struct err *err);

/* Sets level and form of the log as the settings and the surroundings ask. */
void configuration_apply_log(const struct settings *settings);

#endif
