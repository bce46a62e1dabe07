/*
 * random_maker: what the features of a made-up schema write into (random_schema.h).
 *
 * A maker holds the parts of one schema while it grows: columns with what fills them, statements,
 * options of the job, and what the oracle has to know. Every choice comes from the seed. In
 * `values` the row's number is i, in conditions the row is t.
 */
#ifndef PGPURGED_INTEGRATION_RANDOM_MAKER_H
#define PGPURGED_INTEGRATION_RANDOM_MAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { MOST_KEY_COLUMNS = 4 };

struct random_key_column {
    const char *name, *type;
    const char *value; /* of row i */
};

struct random_maker {
    uint64_t state;
    unsigned seed;
    const char *schema; /* quoted */
    const char *table;  /* quoted, without the schema */
    int rows;

    const char *key; /* the columns of its key: "a, k"; NULL = the table has none */
    struct random_key_column key_columns[MOST_KEY_COLUMNS];
    int key_count;
    const char *only;    /* "ONLY" where other tables inherit from the table */
    const char *storage; /* "UNLOGGED" */
    const char *layout;  /* what follows the columns: WITH (...), PARTITION BY ... */
    bool partitioned, partitioned_by_mark;
    const char *partition_key; /* what its keys have to contain */

    struct text before; /* types; partitions come after the table */
    struct text partitions;
    struct text columns, names, values; /* with a comma in front of each but the first */
    struct text after;                  /* statements once the table is full */
    struct text links;                  /* and those after them: references */
    struct text options;                /* lines of the job's section */

    /* For the oracle. */
    const char *marked;        /* the moment that the mark stands for, a timestamptz; NULL = none */
    const char *row_retention; /* what stands in the row, an interval; NULL = it never expires */
    const char *run_retention; /* what stands in the configuration, an interval */
    struct text wanted;        /* " AND ..." what else must be true of a due row */
    struct text stubborn;      /* " OR ..." what the database refuses to delete */
    struct text tables;    /* " UNION ALL SELECT 'NAME', rn FROM ..." the other tables to look at */
    struct text relatives; /* " UNION ALL SELECT 'NAME', OID ..." their OIDs */
    struct text references; /* SELECTs of refs (random_children.c), with UNION ALL in between */
    int children_mode, children_depth; /* 0 levels = nothing refers to the table yet */
    const char *insert_child;          /* a deed; NULL = there are no children */
    const char *restore;               /* what makes the row live: "deleted_at = NULL" */
};

/* 0 to sides - 1. */
int random_dice(struct random_maker *maker, int sides);
#define RANDOM_PICK(maker, list) ((list)[random_dice(maker, ARRAY_LENGTH(list))])

void random_column(struct random_maker *maker, const char *name, const char *type,
                   const char *value);

/* Dice for row i, in SQL: "dice(17, 'flag', i, 4)". A new `purpose` is thrown anew. */
const char *random_row_dice(const struct random_maker *maker, const char *purpose, int sides);

/* A copy of the text with each `word` replaced. */
const char *random_put(const char *text, const char *word, const char *with);

struct random_word {
    const char *word, *with;
};

/* A copy of the text with several words replaced, one after the other: a later word may be in the
 * text of an earlier one. */
const char *random_put_all(const char *text, const struct random_word *words, size_t count);

/* The features. Tables: */
void random_partitions(struct random_maker *maker);
void random_dropping(struct random_maker *maker);
void random_key(struct random_maker *maker);
void random_filler(struct random_maker *maker);
void random_unlogged(struct random_maker *maker);
void random_room_in_pages(struct random_maker *maker);
void random_history(struct random_maker *maker);
void random_heir(struct random_maker *maker);

/* What makes a row due: */
void random_mark(struct random_maker *maker);
void random_flags(struct random_maker *maker);
void random_condition(struct random_maker *maker);

/* References: */
void random_children(struct random_maker *maker);
void random_declared(struct random_maker *maker);
void random_self_reference(struct random_maker *maker);

/* Triggers: */
void random_keeping_trigger(struct random_maker *maker);
void random_raising_trigger(struct random_maker *maker);
void random_counting_trigger(struct random_maker *maker);

#endif
