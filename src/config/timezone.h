/*
 * timezone: what the name of a time zone may look like.
 *
 * PostgreSQL takes more than names: it reads "UTC-5", "GMT+2" or "-05:00" as a zone of POSIX, in
 * which the sign means the opposite of what everybody writes, and rows would go hours too early.
 * So only names of its pg_timezone_names are taken. What can never be one is refused here, and the
 * rest by asking the server (catalog/preflight).
 */
#ifndef PGPURGED_CONFIG_TIMEZONE_H
#define PGPURGED_CONFIG_TIMEZONE_H

#include <stdbool.h>

#include "base/err.h"

/* Whether it can be a name; err says what to write instead if not. */
bool timezone_check(const char *text, struct err *err);

/* A zone in angle brackets, as in "<+02>-2:00:30": nobody writes one by mistake, so that a window
 * may have it. Its sign is that of POSIX. */
bool timezone_is_posix(const char *text);

/* Fills err for a name that the server doesn't know. `known` is the name that it has in other
 * letters, NULL = none. Returns false for the caller to return. */
bool timezone_unknown(const char *text, const char *known, struct err *err);

#endif
