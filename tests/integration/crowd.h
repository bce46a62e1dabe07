/*
 * crowd: clients that take the room of an HTTP server and never come to the point: some only
 * connect, others send a byte of an endless request ten times a second. Who is thrown out is back
 * within a second.
 *
 * It is a process of its own, which dies with the one that started it.
 */
#ifndef PGPURGED_INTEGRATION_CROWD_H
#define PGPURGED_INTEGRATION_CROWD_H

#include <sys/types.h>

#include "integration/spawn.h"

struct crowd_options {
    const char *socket;            /* the path of a Unix socket */
    int idle, slow;                /* how many of either kind */
    const struct spawn_user *user; /* NULL = as we are */
};

/* Returns when all have been connected once; -1 (and errno) if nobody listens. */
pid_t crowd_start(const struct crowd_options *options);
void crowd_stop(pid_t crowd);

#endif
