/*
 * section: the kinds of sections, and what may stand between the brackets.
 */
#ifndef PGPURGED_CONFIG_SECTION_H
#define PGPURGED_CONFIG_SECTION_H

#include <stdbool.h>

#include "base/err.h"

enum section_kind {
    SECTION_PGPURGED, /* [pgpurged]: the daemon itself */
    SECTION_DATABASE, /* [database NAME] */
    SECTION_DEFAULTS, /* [defaults]: options of jobs, for all jobs that don't set them */
    SECTION_JOB,      /* [job NAME] */
};

enum { SECTION_NAME_MAX = 40 };

/* As in a message: "[job NAME]". */
const char *section_form(enum section_kind kind);

/* `header` is the text between the brackets. *name belongs to the caller: NULL if the kind has
 * none, and on failure. */
bool section_parse(const char *header, enum section_kind *kind, char **name, struct err *err);

#endif
