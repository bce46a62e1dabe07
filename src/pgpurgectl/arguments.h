/*
 * arguments: the command line of pgpurgectl, read into plain data.
 */
#ifndef PGPURGED_PGPURGECTL_ARGUMENTS_H
#define PGPURGED_PGPURGECTL_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "report/check.h"

#define PGPURGED_SOCKET "/run/pgpurged/pgpurged.sock"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct arguments {
    const char *socket;
    int64_t timeout_ms, interval_ms;
    bool json, help, version;
    enum colour colour;
    struct check_limits limits;
    char **words; /* what is left: the command and its arguments; points into argv */
    int word_count;
};

/* False with err set. What was understood until then is filled in all the same. */
bool arguments_read(int argc, char **argv, struct arguments *arguments, struct err *err);

void arguments_help(FILE *out);

#endif
