/*
 * conninfo: finds the secrets in a libpq connection string, so that they are never printed.
 *
 * Both of libpq's forms are read by its rules: `host=... password='...'` and
 * `postgresql://user:password@host/db?sslpassword=...`. A string that could be read in two ways (a
 * stray `@`, an encoded option name) is refused, because then a part of the password might be taken
 * for something else. No message of this room quotes a conninfo.
 */
#ifndef PGPURGED_CONFIG_CONNINFO_H
#define PGPURGED_CONFIG_CONNINFO_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

/* Whether a name is that of an option of the section that the conninfo stands in. */
typedef bool option_name_fn(const char *name);

/* Appends the conninfo to `out` with ******** for each secret. False if it can't be read, or if a
 * secret already is ******** (somebody fed --print-config back); `out` may then hold a part of it,
 * never a secret. */
bool conninfo_mask(const char *conninfo, option_name_fn *is_ours, struct text *out,
                   struct err *err);

/* Whether there is anything to mask. What libpq says of such a conninfo must not be repeated: its
 * messages quote pieces of it, some of them all of it. */
bool conninfo_has_secret(const char *conninfo);

#endif
