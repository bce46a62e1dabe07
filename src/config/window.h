/*
 * window: the text after `window =` into spans of the week (model/week.h) and back.
 *
 *     always
 *     01:00-05:00                                   every day
 *     Mon-Fri 01:00-05:00, Sat-Sun 00:00-08:00      a comma separates spans and nothing else
 *     Fri-Mon 22:00-04:00                           across midnight, on the days it begins on
 *     Sun 00:00-24:00                               24:00 only as an end
 *
 * A span has one day or one range of days, so that no comma can be read in two ways. Whether a
 * moment lies in a window is policy/window's business.
 */
#ifndef PGPURGED_CONFIG_WINDOW_H
#define PGPURGED_CONFIG_WINDOW_H

#include <stdbool.h>

#include "base/err.h"
#include "model/week.h"

/* Fills the week and its canonical text; both belong to the caller (free(week->spans),
 * free(*written)). False with nothing to free if the text is not a window. */
bool window_parse(const char *text, struct week *week, char **written, struct err *err);

#endif
