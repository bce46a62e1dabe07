/*
 * identifier: names of tables and columns, read as PostgreSQL reads them.
 *
 * Unquoted names are folded to lower case (ASCII letters only, as in UTF-8 databases); quoted ones
 * stay as they are, with "" for one ". A name over 63 bytes is refused: PostgreSQL would cut it
 * silently and find another object. Reserved words need no quotes here, since sql/ quotes always.
 */
#ifndef PGPURGED_CONFIG_IDENTIFIER_H
#define PGPURGED_CONFIG_IDENTIFIER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "config/settings.h"

/* Reads the identifier at *cursor and moves it behind. *name belongs to the caller; on failure
 * there is nothing to free. */
bool identifier_read(const char **cursor, char **name, struct err *err);

/* As it may be written in a configuration file: quoted only where it must be. */
void identifier_print(const char *name, struct text *out);

/* `orders` (of schema public), `sales.orders`, `"Sales"."Order Items"`. On failure there is nothing
 * to clear. */
bool table_name_parse(const char *text, struct table_name *table, struct err *err);
/* Takes both names over. */
void table_name_set(struct table_name *table, char *schema, char *name);
void table_name_clear(struct table_name *table); /* a zeroed one is fine */

#endif
