#include "golden.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

static char *path_of(const char *name)
{
    const char *srcdir = getenv("srcdir");

    return text_format("%s/tests/golden/%s", srcdir != NULL ? srcdir : ".", name);
}

static void write_golden(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    ck_assert_msg(file != NULL, "can't write %s", path);
    fputs(text, file);
    fclose(file);
}

static char *read_golden(const char *path)
{
    struct text text = {0};
    char piece[4096];
    size_t length;
    FILE *file = fopen(path, "re");

    ck_assert_msg(file != NULL, "can't read %s; GOLDEN_UPDATE=1 writes it", path);
    while ((length = fread(piece, 1, sizeof piece, file)) > 0)
        text_add_bytes(&text, piece, length);
    fclose(file);
    return text_take(&text);
}

void golden_compare(const char *name, const char *text)
{
    char *path = path_of(name), *wanted;

    if (getenv("GOLDEN_UPDATE") != NULL)
        write_golden(path, text);
    wanted = read_golden(path);
    ck_assert_msg(text_equal(wanted, text), "tests/golden/%s differs; this was made:\n%s", name,
                  text);
    free(wanted);
    free(path);
}
