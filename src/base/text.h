/*
 * text: strings that own themselves, and memory that is there or ends the process.
 *
 * Out of memory has no good answer in a daemon whose transactions roll back by themselves: the
 * allocators print one line and abort, the server rolls back, and systemd starts us anew.
 */
#ifndef PGPURGED_BASE_TEXT_H
#define PGPURGED_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Zeroed memory, grown memory, copies: never NULL, freed by the caller with free(). */
void *mem_new(size_t size);
void *mem_grow(void *old, size_t size);
char *text_copy(const char *source);
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A string that grows. Start with {0}; `data` is NULL until something was added. */
struct text {
    char *data; /* NUL-terminated */
    size_t length, room;
};

void text_add(struct text *text, const char *piece);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Hands the string over to the caller (free() it) and leaves an empty text; "" if nothing was
 * added. */
char *text_take(struct text *text);
void text_free(struct text *text);

/* Room for a number as people read it: text_grouped(&room, 1234567) is "1,234,567" for as long as
 * the room stands. */
struct text_number {
    char text[32];
};

const char *text_grouped(struct text_number *room, int64_t value);

/* Bytes of the UTF-8 sequence that starts here; 0 = it is none. */
size_t text_utf8_length(const unsigned char *s);
bool text_is_utf8(const char *string);

bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);
const char *text_skip_blanks(const char *text); /* blanks and tabs */

#endif
