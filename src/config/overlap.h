/*
 * overlap: jobs on one table whose retention differs. That is allowed, since their conditions may
 * keep their rows apart; but a row that both rules cover goes as soon as the first one finds it
 * due.
 */
#ifndef PGPURGED_CONFIG_OVERLAP_H
#define PGPURGED_CONFIG_OVERLAP_H

#include <stdbool.h>

#include "base/text.h"
#include "config/settings.h"

/* Whether two jobs are such, with a sentence that says what follows. A job that is not enabled
 * deletes nothing. */
bool overlap_of(const struct settings *settings, const struct job_settings *a,
                const struct job_settings *b, struct text *sentence);

#endif
