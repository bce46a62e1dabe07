#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/log_writer.h"
#include "base/printable.h"

static struct {
    enum log_level level;
    bool journald;
} log_state = {LOG_LEVEL_INFO, false};

void log_setup(enum log_level level, bool journald)
{
    log_state.level = level;
    log_state.journald = journald;
}

const char *log_level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "?";
}

/* The priorities of syslog(3), which sd-daemon(3) takes over. */
static int journald_priority(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return 3;
    case LOG_LEVEL_WARNING:
        return 4;
    case LOG_LEVEL_INFO:
        return 6;
    case LOG_LEVEL_DEBUG:
        return 7;
    }
    return 6;
}

static void print_prefix(char *out, size_t size, enum log_level level)
{
    struct timeval now;
    struct tm local;
    char day[32];

    if (log_state.journald) {
        snprintf(out, size, "<%d>", journald_priority(level));
        return;
    }
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &local);
    strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &local);
    snprintf(out, size, "%s.%03d %-7s ", day, (int)(now.tv_usec / 1000), log_level_name(level));
}

/* What a line may have beside its prefix, escapes included: a pipe takes it in one piece. */
enum { MESSAGE_BYTES = 3900 };

/* Names and the server's messages must not steer the terminal that shows the log. */
static void add_message(struct text *line, char *message)
{
    size_t prefix = line->length;

    for (char *c = message; *c != '\0'; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    printable_add_line(line, message);
    if (line->length > prefix + MESSAGE_BYTES)
        line->length = prefix + MESSAGE_BYTES;
    text_add(line, "\n");
}

static void log_line(enum log_level level, const char *format, va_list args)
{
    char prefix[64], message[2048];
    struct text line = {0};

    if (level > log_state.level)
        return;
    print_prefix(prefix, sizeof prefix, level);
    vsnprintf(message, sizeof message, format, args);
    text_add(&line, prefix);
    add_message(&line, message);
    log_writer_put(STDERR_FILENO, line.data, line.length, level <= LOG_LEVEL_WARNING);
    text_free(&line);
}

static void print_lost(uint64_t lost, char *line, size_t size)
{
    char prefix[64];

    print_prefix(prefix, sizeof prefix, LOG_LEVEL_WARNING);
    snprintf(line, size, "%s%" PRIu64 " %s lost here: the reader of the log was too slow\n", prefix,
             lost, lost == 1 ? "line was" : "lines were");
}

void log_never_wait(void)
{
    log_writer_start(STDERR_FILENO, print_lost);
}

uint64_t log_lines_lost(void)
{
    return log_writer_lost();
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        log_line(level, format, args);                                                             \
        va_end(args);                                                                              \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
