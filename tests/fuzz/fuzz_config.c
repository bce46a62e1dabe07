/*
 * Any bytes as a configuration file. Nothing may crash; inih must agree with our own reader; what
 * was understood must print as something that prints the same when fed back (unless a password was
 * masked, which is refused on purpose).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct settings *settings)
{
    struct text out = {0};

    settings_print(settings, &out);
    return text_take(&out);
}

static void fail(const char *why, const char *text)
{
    fprintf(stderr, "%s:\n%s\n", why, text);
    abort();
}

static void check_fed_back(const char *printed)
{
    struct err err;
    struct settings *again = settings_parse("fed back", printed, strlen(printed), &err);
    char *printed_again;

    if (again == NULL) {
        fprintf(stderr, "%s\n", err.text);
        fail("the canonical form is refused", printed);
    }
    printed_again = print(again);
    if (strcmp(printed, printed_again) != 0)
        fail("the canonical form prints differently", printed_again);
    settings_free(again);
    free(printed_again);
}

/* Right behind "f:LINE: ", where no text of the file can stand. */
static bool is_disagreement(const char *message)
{
    const char *blank = strchr(message, ' ');

    return blank != NULL && text_starts(blank, " inih reads this line differently");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    struct settings *settings = settings_parse("f", (const char *)data, size, &err);
    char *printed;

    if (settings == NULL) {
        if (is_disagreement(err.text))
            fail("inih disagrees", err.text);
        return 0;
    }
    printed = print(settings);
    if (strstr(printed, "********") == NULL)
        check_fed_back(printed);
    settings_free(settings);
    free(printed);
    return 0;
}
