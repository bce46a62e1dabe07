/*
 * run_order: which job of a database runs first, where rows of their tables refer to each other.
 *
 * A job that is due asks before it opens its run. As long as one that refers to its rows is under
 * way, it waits; whenever a job changes its state, those that wait are looked at again. A job is
 * waited for during one run at most, so that one that runs all the time keeps nobody waiting.
 */
#ifndef PGPURGED_PGPURGED_RUN_ORDER_H
#define PGPURGED_PGPURGED_RUN_ORDER_H

#include "base/text.h"
#include "pgpurged/daemon_life.h"

/* Whether the slot's job may open its run; if not, `why` says for whom it waits. */
bool run_order_may_begin(struct daemon *daemon, struct slot *slot, struct text *why);

/* Lets those step forward who may begin now. Outside of what a job does: it makes jobs work. */
void run_order_look(struct daemon *daemon);

/* What run_order keeps in a slot. */
void run_order_leave(struct slot *slot);

#endif
