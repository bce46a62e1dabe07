/*
 * nearest: which of some known names a mistyped one was probably meant to be. Plain data; the name
 * found belongs to whoever gave it.
 */
#ifndef PGPURGED_CONFIG_SUGGEST_H
#define PGPURGED_CONFIG_SUGGEST_H

#include <stddef.h>

struct suggest {
    const char *wrong;
    const char *name; /* the best so far; NULL if nothing is near enough */
    size_t distance;  /* only names nearer than this count */
};

struct suggest suggest_start(const char *wrong);
void suggest_try(struct suggest *nearest, const char *name);

#endif
