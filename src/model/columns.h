/*
 * columns: a list of columns that the configuration names. config/ reads and owns it, sql/ writes
 * it as SQL. Plain data.
 */
#ifndef PGPURGED_MODEL_COLUMNS_H
#define PGPURGED_MODEL_COLUMNS_H

#include <stddef.h>

struct columns {
    char **names; /* as PostgreSQL stores them */
    size_t count;
    char *written; /* canonical form: `tenant, "Id"` */
};

#endif
