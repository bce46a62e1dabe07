/*
 * random_schema: a schema made up from a seed, with a job that purges it and an oracle of what has
 * to become of each row.
 *
 * The same seed makes the same schema on every machine. Rows are told apart by a column rn. What
 * has to become of a row is written down in the schema itself before the purge, in words of its own
 * (random_oracle.h). Strings are kept (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_RANDOM_SCHEMA_H
#define PGPURGED_INTEGRATION_RANDOM_SCHEMA_H

#include <stdbool.h>

struct random_schema {
    unsigned seed;
    const char *job;     /* "s17" */
    const char *schema;  /* quoted */
    const char *table;   /* quoted, with the schema */
    const char *ddl;     /* makes and fills everything; needs random_oracle_install() */
    const char *section; /* [job s17] */
    int rows;

    /* What the application does meanwhile to row $1, or with a new one of number $2. Each deed
     * writes down in the same transaction what it means for the row. */
    const char *restore, *touch, *insert;
    const char *insert_child; /* a child of row $1; "" = there are no children */
    /* To a few of the next due rows on disk, $1 left out: where the scan will be in a moment. */
    const char *restore_next, *lock_next;
    const char *insert_children_next; /* children of the next due rows; "" = there are none */
};

struct random_schema random_schema_make(unsigned seed);

#endif
