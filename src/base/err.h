/*
 * err: what went wrong, as one sentence for a person.
 *
 * A function that can fail returns false (or an enum) and fills a struct err given as its last
 * parameter. The text says what, where, why and what to do, without a trailing full stop or
 * newline. It is plain data: nobody frees it. A caller that knows more about the place puts it in
 * front.
 */
#ifndef PGPURGED_BASE_ERR_H
#define PGPURGED_BASE_ERR_H

#include <stdbool.h>

struct err {
    char text[1024]; /* cut at this length, never overrun */
};

/* Replaces the text. Always returns false, so that `return err_set(err, ...)` reads well. */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "PREFIX: " before the text. Always returns false. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
