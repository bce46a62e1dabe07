/*
 * size: amounts of bytes as people write them: a whole number and a unit out of `kB MB GB TB`,
 * which are powers of 1024 as in PostgreSQL's settings.
 *
 * A bare number is refused, because PostgreSQL's own settings read it as kilobytes or as blocks of
 * 8 kB, and the reader of a file can't tell what is meant; only 0 needs no unit. Pure.
 */
#ifndef PGPURGED_CONFIG_SIZE_H
#define PGPURGED_CONFIG_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* `usual_unit` is only for the message about a number without one ("MB": "write 64MB"). False if
 * the text is not a size, is negative, or is more than 8000 TB. */
bool size_parse(const char *text, const char *usual_unit, int64_t *bytes, struct err *err);

/* In the largest unit that fits. Bytes are a multiple of 1024, as size_parse() makes them. */
void size_print(int64_t bytes, struct text *out);

#endif
