/*
 * log: the only global state of the process: where lines go and how many of them.
 *
 * One line a call, on stderr. Under journald (the caller decides, from $JOURNAL_STREAM) each line
 * carries the <N> priority prefix of sd-daemon(3) and no time; elsewhere it carries the local time.
 * A newline inside a message (PostgreSQL's errors have them) becomes a space, so that one event
 * stays one line.
 */
#ifndef PGPURGED_BASE_LOG_H
#define PGPURGED_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Says how to print from now on. Before the first call: info, without journald prefixes. */
void log_setup(enum log_level level, bool journald);

/* From now on nobody waits for the reader of the log (log_writer.h). For a process that goes on
 * after its log has stopped. */
void log_never_wait(void);
uint64_t log_lines_lost(void);

/* The names "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
