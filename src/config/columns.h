/*
 * columns: a list of column names, separated by commas, read as PostgreSQL reads names
 * (identifier.h). Whether the table has them is for preflight to find out.
 */
#ifndef PGPURGED_CONFIG_COLUMNS_H
#define PGPURGED_CONFIG_COLUMNS_H

#include <stdbool.h>

#include "base/err.h"
#include "model/columns.h"

/* An empty text is an empty list. On failure there is nothing to clear. */
bool columns_parse(const char *text, struct columns *columns, struct err *err);
void columns_clear(struct columns *columns); /* a zeroed one is fine */

#endif
