/*
 * keep: strings that a test need not free. They are valid until the test's process ends.
 */
#ifndef PGPURGED_INTEGRATION_KEEP_H
#define PGPURGED_INTEGRATION_KEEP_H

#include <stdarg.h>

/* Takes over `text`, made by malloc(), and returns it. */
const char *keep_text(char *text);

const char *keep_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *keep_vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* The whole file; "" if it is not there. file_content()'s result is free()d by the caller. */
const char *keep_file(const char *path);
char *file_content(const char *path);

/* The end of a text, as much of it as fits into the message of a failing test. */
const char *keep_tail(const char *text);

#endif
