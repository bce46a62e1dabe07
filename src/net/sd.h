/*
 * sd: notifies systemd (sd_notify(3)). Without libsystemd, or without $NOTIFY_SOCKET, every
 * call does nothing.
 */
#ifndef PGPURGED_NET_SD_H
#define PGPURGED_NET_SD_H

#include <stdbool.h>

#include "net/loop.h"

void notify_ready(void);
void notify_reloading(void); /* RELOADING=1 with MONOTONIC_USEC; notify_ready() ends it */
void notify_stopping(void);
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Feeds WATCHDOG=1 from the loop, at half of what $WATCHDOG_USEC asks. No watchdog asked for: no
 * timer, no wake-ups. */
void notify_watchdog_start(struct loop *loop);
void notify_watchdog_stop(void);

/* How many listening sockets systemd has handed over (sd_listen_fds(3)), from descriptor *first on.
 */
int notify_listen_fds(int *first);

/* Whether stderr is the journal ($JOURNAL_STREAM names it), sd-daemon prefixes wanted. */
bool notify_stderr_is_journal(void);

#endif
