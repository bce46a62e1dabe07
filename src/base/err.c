#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
    char prefix[sizeof err->text];
    struct err old = *err;
    va_list args;
    size_t used;

    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    snprintf(err->text, sizeof err->text, "%s", prefix);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", old.text);
    return false;
}
