/*
 * notify_socket: plays systemd: a datagram socket that a daemon started later finds in
 * $NOTIFY_SOCKET, and what it was told.
 */
#ifndef PGPURGED_INTEGRATION_NOTIFY_SOCKET_H
#define PGPURGED_INTEGRATION_NOTIFY_SOCKET_H

#include <stdbool.h>

struct notify_socket {
    int fd;
    char heard[16384]; /* all messages so far, oldest first, a newline after each */
};

/* Makes it in `folder` and sets $NOTIFY_SOCKET of this process and the children to come. */
void notify_socket_open(struct notify_socket *notify, const char *folder);

/* Whether a line such as "READY=1" has come. */
bool notify_socket_heard(struct notify_socket *notify, const char *line);

/* Waits for it; fails the test, and shows what has come, if it does not come. */
void notify_socket_await(struct notify_socket *notify, const char *line, int timeout_ms);

/* Forgets what was heard, to wait for the next READY=1. */
void notify_socket_forget(struct notify_socket *notify);

#endif
