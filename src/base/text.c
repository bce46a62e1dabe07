#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_abort(void *memory)
{
    if (memory == NULL) {
        fputs("pgpurged: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *mem_new(size_t size)
{
    return or_abort(calloc(1, size > 0 ? size : 1));
}

void *mem_grow(void *old, size_t size)
{
    return or_abort(realloc(old, size > 0 ? size : 1));
}

char *text_copy(const char *source)
{
    return or_abort(strdup(source));
}

char *text_format(const char *format, ...)
{
    va_list args;
    char *out = NULL;

    va_start(args, format);
    if (vasprintf(&out, format, args) < 0)
        out = NULL;
    va_end(args);
    return or_abort(out);
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length + 1 > text->room) {
        text->room = 2 * (text->length + length + 1);
        text->data = mem_grow(text->data, text->room);
    }
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *piece)
{
    text_add_bytes(text, piece, strlen(piece));
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list args;
    char *piece = NULL;

    va_start(args, format);
    if (vasprintf(&piece, format, args) < 0)
        piece = NULL;
    va_end(args);
    text_add(text, or_abort(piece));
    free(piece);
}

char *text_take(struct text *text)
{
    char *taken = text->data != NULL ? text->data : text_copy("");

    *text = (struct text){0};
    return taken;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

const char *text_grouped(struct text_number *room, int64_t value)
{
    char digits[24];
    const char *digit = digits;
    char *out = room->text;
    int length = snprintf(digits, sizeof digits, "%" PRId64, value);

    if (*digit == '-') {
        *out++ = *digit++;
        length--;
    }
    for (; length > 0; length--) {
        *out++ = *digit++;
        if (length % 3 == 1 && length > 1)
            *out++ = ',';
    }
    *out = '\0';
    return room->text;
}

bool text_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *text_skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* Length of the UTF-8 sequence at `s`, 0 if it isn't one (overlong and surrogates included). */
size_t text_utf8_length(const unsigned char *s)
{
    size_t length = s[0] < 0x80                    ? 1
                    : s[0] >= 0xC2 && s[0] <= 0xDF ? 2
                    : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                    : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                   : 0;

    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) /* the NUL at the end stops it, too */
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return length;
}

bool text_is_utf8(const char *string)
{
    const unsigned char *s = (const unsigned char *)string;
    size_t length = 1;

    for (; *s != '\0' && length > 0; s += length)
        length = text_utf8_length(s);
    return length > 0;
}
