/*
 * expires: the text after `expires =`: when a row may go.
 *
 * `COLUMN + RETENTION` for a mark set in the past, `COLUMN + COLUMN * UNIT` where the second column
 * holds the retention of each row, `at COLUMN` for a column that holds the time of expiry itself.
 * The word `at` has to be written, so that a forgotten retention is an error and not
 * a purge (promise R). A column that is really named at is written "at".
 */
#ifndef PGPURGED_CONFIG_EXPIRES_H
#define PGPURGED_CONFIG_EXPIRES_H

#include <stdbool.h>

#include "base/err.h"
#include "config/settings.h"

/* On failure there is nothing to clear. */
bool expires_parse(const char *text, struct expires *expires, struct err *err);
void expires_clear(struct expires *expires); /* a zeroed one is fine */

#endif
