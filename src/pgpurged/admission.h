/*
 * turns: which job of a database runs first, where rows of their tables refer to each other.
 *
 * A job that is due asks before it opens its run. As long as one that refers to its rows is under
 * way, it waits; whenever a job changes its state, those that wait are looked at again. A job is
 * waited for during one run at most, so that one that runs all the time keeps nobody waiting.
 */
#ifndef PGPURGED_PGPURGED_ADMISSION_H
#define PGPURGED_PGPURGED_ADMISSION_H

#include "base/text.h"
#include "pgpurged/daemon_life.h"

/* Whether the seat's job may open its run; if not, `why` says for whom it waits. */
bool admission_may_begin(struct daemon *daemon, struct seat *seat, struct text *why);

/* Lets those step forward who may begin now. Outside of what a job does: it makes jobs work. */
void admission_look(struct daemon *daemon);

/* What turns keeps in a seat. */
void admission_leave(struct seat *seat);

#endif
