/*
 * Any bytes as a request: the reader must not crash, must call a request what is one only, and must
 * not change its mind when more bytes come. The first input byte chooses where the network cuts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_path(const char *path)
{
    require(path[0] == '/');
    require(strstr(path, "//") == NULL && strstr(path, "/../") == NULL);
    require(strpbrk(path, "%? \\") == NULL);
}

/* A copy of its own size, so that the sanitizer sees an overrun. */
static enum http_progress parse_copy(const uint8_t *data, size_t size, struct http_parsed *parsed)
{
    char *copy = malloc(size > 0 ? size : 1);
    enum http_progress progress;

    memcpy(copy, data, size);
    progress = http_parse(copy, size, parsed);
    free(copy);
    return progress;
}

static void check_whole(enum http_progress progress, const struct http_parsed *parsed, size_t size)
{
    switch (progress) {
    case HTTP_COMPLETE:
        require(parsed->length <= size && parsed->length <= HTTP_MAX_HEAD + HTTP_MAX_BODY);
        check_path(parsed->path);
        break;
    case HTTP_BAD:
        require(parsed->status >= 400 && parsed->status < 600 && parsed->problem != NULL);
        break;
    case HTTP_UNFINISHED:
        require(size < HTTP_MAX_HEAD + HTTP_MAX_BODY);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_parsed whole, part;
    enum http_progress progress;
    size_t cut;

    if (size == 0)
        return 0;
    cut = (size - 1) * data[0] / 256;
    data++;
    size--;
    progress = parse_copy(data, size, &whole);
    check_whole(progress, &whole, size);
    switch (parse_copy(data, cut, &part)) {
    case HTTP_UNFINISHED:
        break;
    case HTTP_COMPLETE:
        require(progress == HTTP_COMPLETE && whole.length == part.length);
        require(strcmp(whole.path, part.path) == 0);
        break;
    case HTTP_BAD:
        require(progress == HTTP_BAD && whole.status == part.status);
        break;
    }
    return 0;
}
