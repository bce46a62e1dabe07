/*
 * paint: colours, columns and bars, shared by the views for the terminal.
 */
#ifndef PGPURGED_REPORT_PAINT_H
#define PGPURGED_REPORT_PAINT_H

#include "base/text.h"
#include "model/snapshot.h"
#include "report/terminal.h"

enum tone { TONE_PLAIN, TONE_STRONG, TONE_GOOD, TONE_WARNING, TONE_BAD };

/* Green for work, yellow for what is held up, red for what waits for a person. */
enum tone paint_tone(enum job_state state);

/* Text in a tone, cut to `width` columns and, if `pad`, filled up to it. */
void paint_cell(struct text *out, const struct terminal *terminal, enum tone tone, const char *text,
                size_t width, bool pad);

/* "[#####-----] 52%"; "" while nothing is known. */
void paint_bar(struct text *out, double percent, size_t width);

/* Whether the state is one in which a person asks why. */
bool paint_needs_reason(enum job_state state);

#endif
