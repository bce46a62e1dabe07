#include "net/sd.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#else
static int sd_notify(int unset, const char *state)
{
    (void)unset;
    (void)state;
    return 0;
}
static int sd_watchdog_enabled(int unset, uint64_t *usec)
{
    (void)unset;
    *usec = 0;
    return 0;
}
static int sd_listen_fds(int unset)
{
    (void)unset;
    return 0;
}
enum { SD_LISTEN_FDS_START = 3 };
#endif

static struct {
    struct loop_timer timer;
    double period_ms;
} watchdog;

void notify_ready(void)
{
    sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
    struct timespec now;
    char state[64];

    /* systemd 253 and newer want CLOCK_MONOTONIC beside RELOADING; older ones ignore it. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    sd_notify(0, state);
}

void notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void notify_status(const char *format, ...)
{
    char state[512] = "STATUS=";
    va_list args;

    va_start(args, format);
    vsnprintf(state + strlen(state), sizeof state - strlen(state), format, args);
    va_end(args);
    sd_notify(0, state);
}

static void feed(void *arg)
{
    (void)arg;
    sd_notify(0, "WATCHDOG=1");
    loop_timer_set(&watchdog.timer, watchdog.period_ms);
}

void notify_watchdog_start(struct loop *loop)
{
    uint64_t usec = 0;

    if (sd_watchdog_enabled(0, &usec) <= 0 || usec == 0)
        return;
    watchdog.period_ms = (double)usec / 1000 / 2;
    loop_timer_init(&watchdog.timer, loop, feed, NULL);
    loop_timer_set(&watchdog.timer, 0);
}

void notify_watchdog_stop(void)
{
    loop_timer_free(&watchdog.timer);
}

int notify_listen_fds(int *first)
{
    int count = sd_listen_fds(1);

    *first = SD_LISTEN_FDS_START;
    return count > 0 ? count : 0;
}

bool notify_stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* "DEVICE:INODE", systemd.exec(5) */
    unsigned long long device, inode;
    struct stat st;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}
