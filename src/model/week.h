/*
 * week: spans of the week, as a plain list; what `window =` means once it is read.
 *
 * Minutes are local wall-clock minutes since Monday 00:00. A span is half-open [from, to); one that
 * goes across midnight has to > from all the same, and one across Sunday midnight has to >
 * WEEK_MINUTES. No spans at all means `always`. config/ makes it from text, policy/ asks it about a
 * moment.
 */
#ifndef PGPURGED_MODEL_WEEK_H
#define PGPURGED_MODEL_WEEK_H

#include <stddef.h>

enum { DAY_MINUTES = 24 * 60, WEEK_MINUTES = 7 * DAY_MINUTES };

struct week_span {
    int from, to;
};

struct week {
    struct week_span *spans; /* owned; sorted by from */
    size_t count;
};

#endif
