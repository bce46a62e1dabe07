/*
 * die_with: processes that don't outlive the one that started them.
 */
#ifndef PGPURGED_INTEGRATION_DIE_WITH_H
#define PGPURGED_INTEGRATION_DIE_WITH_H

#include <sys/types.h>

/* To be called in a child made by fork(), after any change of user, which would clear it: from now
 * on the child gets `signal` when `parent` is gone. Ends it at once if that is so already. */
void die_with(pid_t parent, int signal);

#endif
