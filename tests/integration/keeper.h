/*
 * keeper: the process that holds a test's PostgreSQL server.
 *
 * Check runs every test in a process of its own and kills that one with all its children when the
 * test ends, but a test must be able to restart the server that the next test uses. So the server
 * is nobody's child but the keeper's, and whoever has the keeper's socket can ask it to start or
 * stop it. When the test program is gone, in whatever way, the keeper stops the server and removes
 * the folder.
 */
#ifndef PGPURGED_INTEGRATION_KEEPER_H
#define PGPURGED_INTEGRATION_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "integration/spawn.h"

struct keeper {
    int socket;
    pid_t pid;
};

/* `folder` is removed with all it holds when the keeper ends. The server must be PostgreSQL's
 * postmaster: it is stopped with its signals. */
struct keeper keeper_start(const char *folder, const struct spawn *server);

/* Each returns once it is done, and whether the server runs now. A start only starts: the server
 * may not answer yet, or give up soon. */
bool keeper_start_server(struct keeper *keeper);
bool keeper_server_runs(struct keeper *keeper);
bool keeper_stop_fast(struct keeper *keeper);      /* clean: sessions are ended, a checkpoint */
bool keeper_stop_immediate(struct keeper *keeper); /* as a crash: recovery at the next start */

/* Stops the server, removes the folder, ends the keeper. */
void keeper_end(struct keeper *keeper);

#endif
