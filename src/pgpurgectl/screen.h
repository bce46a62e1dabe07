/*
 * screen: what stdout is, and the views on it.
 */
#ifndef PGPURGED_PGPURGECTL_SCREEN_H
#define PGPURGED_PGPURGECTL_SCREEN_H

#include "model/snapshot.h"
#include "pgpurgectl/arguments.h"
#include "report/terminal.h"

bool screen_is_terminal(void);

/* The window's size and whether to paint; 100 columns without colour if it is not a terminal. The
 * height has no limit. */
struct terminal screen_terminal(const struct arguments *arguments);

/* The lines of the terminal, 0 if it is not one. */
size_t screen_height(void);

/* The table, or the one job if `job` is not NULL. */
void screen_view(struct text *out, const struct snapshot *snapshot, const char *job,
                 const struct terminal *terminal);

#endif
