/*
 * never_expires: the text after `never_expires =`: values of the expiry column that mean that a row
 * is live.
 *
 * A list of null, 0, infinity, -infinity, ISO dates, ISO times with or without a zone, and numbers
 * of an epoch. Everything is checked here and kept in a form that no setting of a session can read
 * differently (promise R).
 */
#ifndef PGPURGED_CONFIG_NEVER_EXPIRES_H
#define PGPURGED_CONFIG_NEVER_EXPIRES_H

#include <stdbool.h>

#include "base/err.h"
#include "model/expiry.h"

/* An empty text is an empty list. On failure there is nothing to clear. */
bool never_expires_parse(const char *text, struct never_expires *values, struct err *err);
void never_expires_clear(struct never_expires *values); /* a zeroed one is fine */

#endif
