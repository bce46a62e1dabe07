/*
 * log_writer: writes the log so that nobody has to wait for its reader.
 *
 * Whoever reads stderr may stop: a full pipe, a terminal under Ctrl-S, journald while it restarts.
 * O_NONBLOCK is no way out, since it would hold for everybody who shares the terminal or the pipe,
 * and poll(2) does not promise that a write(2) won't block. So lines wait in a bounded queue, and a
 * thread of its own writes them and may block. A file never makes anybody wait, and gets its lines
 * at once, without a thread.
 *
 * Lines that found no room are counted, and a line tells their number as soon as there is room.
 */
#ifndef PGPURGED_BASE_LOG_WRITER_H
#define PGPURGED_BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Says how a line about lost lines reads: the whole line, with its prefix and end. */
typedef void log_lost_fn(uint64_t lost, char *line, size_t size);

/* From now on lines for `fd` go through the queue, until the process ends: exit(3) waits for them
 * some seconds at most. Once. Where there can be no thread, lines are written at once as
 * before. */
void log_writer_start(int fd, log_lost_fn *lost_line);

/* A whole line with its end. An important one may use the room that is kept for such. */
void log_writer_put(int fd, const char *line, size_t length, bool important);

/* How many lines were lost since the start. */
uint64_t log_writer_lost(void);

#endif
