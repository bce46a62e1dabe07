#include "integration/keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A list, so that the leak checker sees that somebody still knows them. */
struct kept {
    char *text;
    struct kept *next;
};

static struct kept *all;

const char *keep_text(char *text)
{
    struct kept *kept = mem_new(sizeof(*kept));
    *kept = (struct kept){text, all};
    all = kept;
    return text;
}

const char *keep_vformat(const char *format, va_list args)
{
    char *text;
    if (vasprintf(&text, format, args) < 0)
        abort();
    return keep_text(text);
}

const char *keep_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = keep_vformat(format, args);
    va_end(args);
    return text;
}

char *file_content(const char *path)
{
    struct text text = {0};
    char buffer[4096];
    size_t length;
    FILE *file = fopen(path, "re");
    while (file != NULL && (length = fread(buffer, 1, sizeof(buffer), file)) > 0)
        text_add_bytes(&text, buffer, length);
    if (file != NULL)
        fclose(file);
    return text_take(&text);
}

const char *keep_file(const char *path)
{
    return keep_text(file_content(path));
}

/* Check ends a test program whose message is longer than 8 kB. */
const char *keep_tail(const char *text)
{
    enum { MOST = 6000 };
    size_t length = strlen(text);
    return length <= MOST ? text : keep_format("[...] %s", text + length - MOST);
}
