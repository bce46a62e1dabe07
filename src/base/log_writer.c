#include "base/log_writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Room for some thousand lines, a quarter of it for important ones alone. A line is never longer
 * than what one write(2) puts into a pipe in one piece. */
enum { QUEUE_BYTES = 512 * 1024, KEPT_BYTES = QUEUE_BYTES / 4, LINE_BYTES = 4096 };

/* How long exit(3) waits for the reader. */
enum { PATIENCE_S = 3 };

static struct {
    int fd;
    bool started;
    log_lost_fn *lost_line;
    pthread_mutex_t lock;
    pthread_cond_t more, less; /* there is something to write; something was written */
    char *bytes;               /* a ring */
    size_t first, used;
    bool writing;        /* the line that was taken out is not written yet */
    uint64_t lost, said; /* lines; as many of them were told */
} writer = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

/* --- a line to a descriptor --- */

/* Somebody else may have made it non-blocking. False if nobody will ever read it. */
static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);

        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* --- the queue; all of it under the lock --- */

static void append(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        writer.bytes[(writer.first + writer.used + i) % QUEUE_BYTES] = bytes[i];
    writer.used += length;
}

static size_t take_line(char *line)
{
    size_t length = 0;

    do {
        line[length++] = writer.bytes[writer.first];
        writer.first = (writer.first + 1) % QUEUE_BYTES;
    } while (line[length - 1] != '\n' && length < writer.used && length < LINE_BYTES);
    writer.used -= length;
    return length;
}

static size_t lost_line(char line[static LINE_BYTES])
{
    if (writer.lost == writer.said)
        return 0;
    writer.lost_line(writer.lost - writer.said, line, LINE_BYTES);
    return strlen(line);
}

static bool fits(size_t length, bool important)
{
    return writer.used + length <= QUEUE_BYTES - (important ? 0 : KEPT_BYTES);
}

/* What was lost is told where it is missing. */
static void put(const char *line, size_t length, bool important)
{
    char lost[LINE_BYTES];
    size_t lost_length = lost_line(lost);

    if (!fits(length + lost_length, important)) {
        writer.lost++;
        return;
    }
    append(lost, lost_length);
    writer.said = writer.lost;
    append(line, length);
    pthread_cond_signal(&writer.more);
}

/* The next line to write, which is the one about lost ones if there is no other. */
static size_t next_line(char line[static LINE_BYTES])
{
    size_t length;

    while (writer.used == 0 && writer.lost == writer.said)
        pthread_cond_wait(&writer.more, &writer.lock);
    if (writer.used > 0)
        return take_line(line);
    length = lost_line(line);
    writer.said = writer.lost;
    return length;
}

/* --- the thread --- */

static void *write_lines(void *arg)
{
    char line[LINE_BYTES];
    bool written;

    (void)arg;
    pthread_mutex_lock(&writer.lock);
    for (;;) {
        size_t length = next_line(line);

        writer.writing = true;
        pthread_mutex_unlock(&writer.lock);
        written = write_all(writer.fd, line, length);
        pthread_mutex_lock(&writer.lock);
        writer.writing = false;
        writer.lost += !written;
        writer.said += !written; /* there is nobody to tell it to */
        pthread_cond_broadcast(&writer.less);
    }
    return NULL;
}

/* Signals are the loop's. */
static bool start_thread(void)
{
    sigset_t all, before;
    pthread_t thread;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&thread, NULL, write_lines, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

/* --- the end --- */

static bool is_all_written(void)
{
    return writer.used == 0 && !writer.writing && writer.lost == writer.said;
}

static void await_all_written(void)
{
    struct timespec until;
    int error = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&writer.lock);
    while (!is_all_written() && error == 0)
        error = pthread_cond_timedwait(&writer.less, &writer.lock, &until);
    pthread_mutex_unlock(&writer.lock);
}

/* --- the outside --- */

static bool may_block(int fd)
{
    struct stat status;

    return fstat(fd, &status) != 0 || !S_ISREG(status.st_mode);
}

void log_writer_start(int fd, log_lost_fn *lost)
{
    pthread_condattr_t monotonic;

    if (writer.started || !may_block(fd))
        return;
    writer.fd = fd;
    writer.lost_line = lost;
    writer.bytes = malloc(QUEUE_BYTES);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&writer.less, &monotonic);
    pthread_condattr_destroy(&monotonic);
    writer.started = writer.bytes != NULL && start_thread();
    if (writer.started)
        atexit(await_all_written);
}

void log_writer_put(int fd, const char *line, size_t length, bool important)
{
    if (!writer.started || fd != writer.fd) {
        write_all(fd, line, length);
        return;
    }
    pthread_mutex_lock(&writer.lock);
    put(line, length, important);
    pthread_mutex_unlock(&writer.lock);
}

uint64_t log_writer_lost(void)
{
    uint64_t lost;

    pthread_mutex_lock(&writer.lock);
    lost = writer.lost;
    pthread_mutex_unlock(&writer.lock);
    return lost;
}
