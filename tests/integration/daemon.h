/*
 * daemon: the pgpurged just built, running as a daemon beside the test.
 *
 * Its log goes to a file that the test reads. It is killed when the test's process ends; a test
 * that wants to know how it ends asks for that itself. Strings that are returned are kept (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_DAEMON_H
#define PGPURGED_INTEGRATION_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

struct daemon {
    pid_t pid;
    const char *config, *log; /* paths */
};

/* Writes a configuration file into `folder` and returns its path. */
const char *config_write(const char *folder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts another text into it at once (by rename), as an editor does before a reload. */
void config_rewrite(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Starts `pgpurged --config CONFIG`; its log goes to CONFIG.log, where that of an earlier start
 * stays. Returns at once. */
struct daemon daemon_start(const char *config);

const char *daemon_log(const struct daemon *daemon);
bool daemon_log_has(const struct daemon *daemon, const char *text);
int daemon_log_count(const struct daemon *daemon, const char *text);

/* Waits until the log has the text; fails the test, and shows the log, if it does not come. */
void daemon_await_log(const struct daemon *daemon, const char *text, int timeout_ms);

void daemon_signal(const struct daemon *daemon, int signal);
void daemon_kill9(struct daemon *daemon); /* and waits until it is gone */

/* Waits for its end and fails the test unless the exit code is the expected one. */
void daemon_await_exit(struct daemon *daemon, int expected_code, int timeout_ms);

/* SIGTERM, and it has to end with 0. */
void daemon_stop(struct daemon *daemon);

#endif
