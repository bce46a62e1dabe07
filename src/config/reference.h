/*
 * reference: the text after `references =`: references to the job's table that no foreign key
 * declares, because they are polymorphic or older than the constraint would be.
 *
 * `comments.post_id`, `audit_log.subject_id where subject_type = Post`, `lines.code -> code`, with
 * commas in between. Names are read as everywhere (identifier.h); a value with a comma, a quote or
 * blanks at its ends stands in single quotes.
 */
#ifndef PGPURGED_CONFIG_REFERENCE_H
#define PGPURGED_CONFIG_REFERENCE_H

#include <stdbool.h>

#include "base/err.h"
#include "config/settings.h"

/* On failure there is nothing to clear. */
bool references_parse(const char *text, struct references *references, struct err *err);
void references_clear(struct references *references); /* a zeroed one is fine */

/* As references_parse() reads them back. */
void references_print(const struct references *references, struct text *out);

#endif
