/*
 * live: the text after `live =`: marks that mean a row is live.
 *
 * A list of null, 0, infinity, -infinity, ISO dates, ISO times with or without a zone, and numbers
 * of an epoch. Everything is checked here and kept in a form that no setting of a session can read
 * differently (promise R).
 */
#ifndef PGPURGED_CONFIG_LIVE_H
#define PGPURGED_CONFIG_LIVE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/marks.h"

/* An empty text is an empty list. On failure there is nothing to clear. */
bool live_parse(const char *text, struct live *live, struct err *err);
void live_clear(struct live *live); /* a zeroed one is fine */

#endif
