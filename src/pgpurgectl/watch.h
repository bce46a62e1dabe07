/*
 * watch: the status, painted again and again until Ctrl-C. A daemon that goes away is shown as
 * such, and the watch goes on.
 */
#ifndef PGPURGED_PGPURGECTL_WATCH_H
#define PGPURGED_PGPURGECTL_WATCH_H

#include "pgpurgectl/arguments.h"

/* `job` is NULL for all of them. Returns when stdout can't be written any more, or the job is not
 * there. */
int watch_run(const struct arguments *arguments, const char *job);

#endif
