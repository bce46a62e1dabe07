#include "config/size.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct size_unit {
    const char *code;
    int64_t bytes;
} units[] = {
    {"kB", INT64_C(1) << 10},
    {"MB", INT64_C(1) << 20},
    {"GB", INT64_C(1) << 30},
    {"TB", INT64_C(1) << 40},
};

#define LARGEST_BYTES (8000 * (INT64_C(1) << 40))

/* "m", "mb", "MiB": the unit that was probably meant, for the message. */
static const struct size_unit *unit_meant(const char *written)
{
    static const char *const endings[] = {"", "b", "ib"};

    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(endings); j++) {
            if (strncasecmp(units[i].code, written, 1) == 0 &&
                strcasecmp(written + 1, endings[j]) == 0)
                return &units[i];
        }
    }
    return NULL;
}

static const struct size_unit *unit_of_code(const char *code)
{
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (text_equal(units[i].code, code))
            return &units[i];
    }
    return NULL;
}

static bool complain_about_unit(const char *text, int64_t count, const char *written,
                                const char *usual_unit, struct err *err)
{
    const struct size_unit *meant = *written != '\0' ? unit_meant(written) : NULL;

    if (*written == '\0')
        return err_set(err, "\"%s\" has no unit; write for example %lld%s", text, (long long)count,
                       usual_unit);
    if (meant != NULL)
        return err_set(err, "\"%s\": write %lld%s", text, (long long)count, meant->code);
    return err_set(err, "\"%s\" is not a size: the units are kB, MB, GB, TB", text);
}

static bool complain_about_number(const char *text, const char *usual_unit, struct err *err)
{
    if (*text == '-')
        return err_set(err, "\"%s\" is negative; a size is 0 or more", text);
    return err_set(err, "\"%s\" is not a size; write a number and a unit, for example 64%s", text,
                   usual_unit);
}

bool size_parse(const char *text, const char *usual_unit, int64_t *bytes, struct err *err)
{
    size_t digits = strspn(text, "0123456789");
    const char *written = text + digits + strspn(text + digits, " \t");
    const struct size_unit *unit = unit_of_code(written);
    int64_t count = strtoll(text, NULL, 10);

    if (digits == 0)
        return complain_about_number(text, usual_unit, err);
    if (*written == '.' || *written == ',')
        return err_set(err, "\"%s\" is not a whole number; write it in a smaller unit", text);
    *bytes = 0;
    if (*written == '\0' && count == 0)
        return true;
    if (unit == NULL)
        return complain_about_unit(text, count, written, usual_unit, err);
    if (__builtin_mul_overflow(count, unit->bytes, bytes) || *bytes > LARGEST_BYTES)
        return err_set(err, "\"%s\" is more than 8000TB", text);
    return true;
}

void size_print(int64_t bytes, struct text *out)
{
    size_t i = ARRAY_LENGTH(units) - 1;

    if (bytes == 0) {
        text_add(out, "0");
        return;
    }
    while (i > 0 && bytes % units[i].bytes != 0)
        i--;
    text_addf(out, "%lld%s", (long long)(bytes / units[i].bytes), units[i].code);
}
