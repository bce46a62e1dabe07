/*
 * commands: what pgpurgectl can do. Each command asks the daemon, prints, and returns how the
 * process ends.
 */
#ifndef PGPURGED_PGPURGECTL_COMMANDS_H
#define PGPURGED_PGPURGECTL_COMMANDS_H

#include "pgpurgectl/arguments.h"

/* The exit codes of all commands but check, which has those of enum check_status. */
enum ctl_exit {
    CTL_DONE,
    CTL_REFUSED,     /* the daemon answered, but not with what was asked for */
    CTL_UNREACHABLE, /* no daemon, or no whole answer from it */
    CTL_USAGE,
};

/* Runs the command that the words name. */
int commands_run(const struct arguments *arguments);

#endif
