/*
 * file: a configuration file's bytes from the disk, read as a whole.
 *
 * Only a regular file of at most CONFIG_FILE_MAX bytes: stdio reads a directory as an empty file
 * (and an empty file has no jobs, so nothing would be purged and nobody told), and opening a FIFO
 * would block the daemon.
 */
#ifndef PGPURGED_CONFIG_FILE_H
#define PGPURGED_CONFIG_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

enum { CONFIG_FILE_MAX = 1024 * 1024 };

/* Appends the file's bytes. On failure, err begins with the path. A file that everybody may write
 * is refused. */
bool file_read(const char *path, struct text *bytes, struct err *err);

/* Appends a sentence if somebody else could change the file. */
void file_warning(const char *path, struct text *warning);

#endif
