/*
 * spawn: child processes that don't outlive us.
 *
 * Everything that a test starts (servers, daemons, proxies) dies with the process that started it,
 * even when that one is killed by a timeout or crashes: the kernel sends it the death signal.
 */
#ifndef PGPURGED_INTEGRATION_SPAWN_H
#define PGPURGED_INTEGRATION_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/* Whom to run as. PostgreSQL refuses to run as root. */
struct spawn_user {
    uid_t uid;
    gid_t gid;
};

struct spawn {
    const char *const *argv;       /* argv[0] is the program's path; ends with NULL */
    const char *output;            /* gets stdout and stderr, appended; NULL = where ours go */
    int death_signal;              /* what it gets when we die */
    const struct spawn_user *user; /* NULL = as we are */
};

/* What the exit code says about a child that was killed by a signal: 128 + signal, as in a shell.
 */
enum { SPAWN_SIGNALLED = 128 };

/* Starts it. A program that can't be started shows as exit code 127, its reason in the output. */
pid_t spawn(const struct spawn *spawn);

/* Whether it has ended, and if so with which exit code. Once it has, it must not be asked again. */
bool spawn_ended(pid_t pid, int *code);

/* Waits for the end. False after timeout_ms; the process is still there then. */
bool spawn_wait(pid_t pid, int timeout_ms, int *code);

#endif
