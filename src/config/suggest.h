/*
 * suggest: finds the known name that is most similar to a mistyped one. Plain data; the caller owns
 * all names.
 */
#ifndef PGPURGED_CONFIG_SUGGEST_H
#define PGPURGED_CONFIG_SUGGEST_H

#include <stddef.h>

struct suggest {
    const char *wrong;
    const char *name; /* the best so far; NULL if no name is similar enough */
    size_t distance;  /* only names nearer than this count */
};

struct suggest suggest_start(const char *wrong);
void suggest_try(struct suggest *nearest, const char *name);

#endif
