/*
 * human: numbers, durations and foreign text as a person reads them, for the terminal.
 */
#ifndef PGPURGED_REPORT_HUMAN_H
#define PGPURGED_REPORT_HUMAN_H

#include <stddef.h>

#include "base/clock.h"
#include "base/text.h"

/* "34s", "12min", "2h 10min", "3d 4h"; "-" if not known. The units are those of the
 * configuration. */
void human_duration(struct text *out, double seconds);

/* Only the larger unit: "2h", "3d"; for columns. */
void human_age(struct text *out, double seconds);

/* "9999", "412k", "1.2M"; "-" if not known. */
void human_count(struct text *out, double count);

/* "2,470,000": the first three digits of an estimate, because the others would look as if they were
 * known. For as long as the room stands. */
const char *human_about(struct text_number *room, double estimate);

/* "312 B", "1.2 MiB". */
void human_bytes(struct text *out, double bytes);

/* "2026-11-21 01:00:00 CET (in 3h)", the local time of whoever looks; "-" if not known. */
void human_moment(struct text *out, struct wall moment, struct wall now);

/* "in 3h" or "12min ago". */
void human_relative(struct text *out, struct wall moment, struct wall now);

/* Foreign text (names, the server's messages) for a terminal: a newline becomes a space and
 * other control characters '?', so that no message can move the cursor or change the colour. Takes
 * `width` columns at most; what doesn't fit is cut and ends with "...". Counts a UTF-8 character as
 * one column. Returns the columns taken. */
size_t human_text(struct text *out, const char *foreign, size_t width);

#endif
