/*
 * printable: text of others (names, the server's messages, answers from the socket) as a terminal
 * may get it.
 *
 * A table can be named so that a terminal which shows the name clears the screen, changes its title
 * or writes the line in another order. So control characters, C0 and C1, DEL, what changes the
 * direction of writing, line and paragraph separators, characters that nobody sees, and bytes that
 * are no UTF-8 are written as escapes: \x1B, \u202E. A tab stays. JSON is exact and needs none of
 * it.
 */
#ifndef PGPURGED_BASE_PRINTABLE_H
#define PGPURGED_BASE_PRINTABLE_H

#include "base/text.h"

/* One line: a newline is written as \x0A. */
void printable_add_line(struct text *out, const char *string);

/* SQL that is printed to be run: its meaning stays. A name or a string with such characters is
 * written as U&"..." or E'...', so that each statement that was one line still is one, whatever
 * sorts, filters or pastes it: a name with a newline would put a line of its own among the others.
 * Outside of quotes, newlines stay. */
void printable_add_sql(struct text *out, const char *sql);

/* Several lines: newlines stay. */
void printable_add(struct text *out, const char *string);

#endif
