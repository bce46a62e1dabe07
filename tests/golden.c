#include "golden.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The line in which two texts begin to differ; a whole text may be too long for a message of Check.
 */
static void fail_at_difference(const char *name, const char *wanted, const char *text)
{
    int number = 1;

    while (*wanted != '\0') {
        size_t length = strcspn(wanted, "\n") + 1;

        if (strncmp(wanted, text, length) != 0)
            break;
        wanted += length;
        text += length;
        number++;
    }
    ck_abort_msg("tests/golden/%s:%d: it should be\n%.*s\nand it is\n%.*s", name, number,
                 (int)strcspn(wanted, "\n"), wanted, (int)strcspn(text, "\n"), text);
}

void golden_compare(const char *name, const char *text)
{
    char *path = path_of(name), *wanted;

    if (getenv("GOLDEN_UPDATE") != NULL)
        write_golden(path, text);
    wanted = read_golden(path);
    if (!text_equal(wanted, text))
        fail_at_difference(name, wanted, text);
    free(wanted);
    free(path);
}
