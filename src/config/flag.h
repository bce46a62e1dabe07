/*
 * flag: the text after `flag =`: which columns must have which value for a row to be due.
 *
 * A list of `COLUMN` (true, or 1) and `COLUMN = VALUE`; all of them must hold. A value with a
 * comma, an equals sign or a quote in it stands in single quotes, with '' for one '. Which values a
 * column can have is for preflight to find out.
 */
#ifndef PGPURGED_CONFIG_FLAG_H
#define PGPURGED_CONFIG_FLAG_H

#include <stdbool.h>

#include "base/err.h"
#include "model/expiry.h"

/* An empty text is an empty list. On failure there is nothing to clear. */
bool flags_parse(const char *text, struct flags *flags, struct err *err);
void flags_clear(struct flags *flags); /* a zeroed one is fine */

#endif
