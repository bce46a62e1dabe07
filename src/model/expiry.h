/*
 * expiry: the parts of a job's rule beside the expiry column and the retention: the values that
 * mean that a row is live, and the flags that must be set. config/ reads them from
 * the file and owns them, sql/ writes them as SQL. Plain data.
 */
#ifndef PGPURGED_MODEL_EXPIRY_H
#define PGPURGED_MODEL_EXPIRY_H

#include <stddef.h>

/* The unit of an integer column that counts since 1970. */
enum epoch_unit { EPOCH_NONE, EPOCH_S, EPOCH_MS, EPOCH_US };

enum sentinel_kind {
    SENTINEL_NATURAL, /* null, 0, infinity, -infinity: live in any case */
    SENTINEL_NUMBER,  /* of an epoch */
    SENTINEL_DATE,    /* stands for its whole day */
    SENTINEL_LOCAL,   /* date and time without a zone */
    SENTINEL_INSTANT, /* date, time and zone */
};

/* A mark that means: this row is live. */
struct sentinel {
    enum sentinel_kind kind;
    char *text; /* means the same to PostgreSQL under any DateStyle and TimeZone */
};

struct never_expires {
    struct sentinel *items;
    size_t count;
    char *written; /* canonical form: `null, 9999-12-31` */
};

enum { FLAGS_MAX = 8 };

/* A column that must have a value for a row to be due. */
struct flag {
    char *column; /* as PostgreSQL stores the name */
    char *value;  /* NULL: the column must be true, or 1 */
};

struct flags {
    struct flag items[FLAGS_MAX];
    size_t count;
    char *written; /* canonical form: `is_deleted, status = deleted` */
};

#endif
