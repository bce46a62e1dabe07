/*
 * requirements: what a relation and the role have to be like for what the relation is used as, and
 * what to do where they are not: the one judge of refusals and missing GRANTs. Pure.
 *
 * The table of requirements reads downwards, in the order in which a person would mend them. A run
 * refuses the first finding that refuses; the plan says them all.
 */
#ifndef PGPURGED_CATALOG_REQUIREMENTS_H
#define PGPURGED_CATALOG_REQUIREMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "catalog/relation.h"

/* What a relation is used as; several may be true of one. */
enum relation_use {
    USE_TABLE = 1 << 0,       /* the job's own table */
    USE_PARTITION = 1 << 1,   /* a partition of it */
    USE_SKIP_LOCKED = 1 << 2, /* rows that others have locked are left out */
    USE_DROP = 1 << 3,        /* it may be dropped in one piece */
    USE_LOOKUP = 1 << 4,      /* rows of it may refer to due ones, and keep them */
    USE_LOCKED = 1 << 5,      /* its rows are locked while rows that refer to them go */
    USE_CHILD_TABLE = 1 << 6, /* rows of it, or of its partitions, go before due ones */
    USE_CHILD = 1 << 7,       /* its own rows do */
};

struct relation_role {
    unsigned uses;
    const char *role;   /* as SQL needs it */
    const char *column; /* one to GRANT UPDATE of, where rows have to be locked; as SQL needs it */
};

enum finding_weight {
    FINDING_REFUSES, /* nothing is done with the relation as long as it is so */
    FINDING_KEEPS,   /* it is not dropped in one piece, its rows go one by one */
    FINDING_ADVICE,  /* something is better otherwise */
};

struct requirement;

/* What is not as it has to be. Strings are owned. */
struct finding {
    const struct requirement *requirement;
    enum finding_weight weight;
    char *relation; /* as SQL needs it */
    bool of_partition;
    int64_t root; /* the relation of which it is a partition, or itself */
    char *text;   /* "role pgpurged may not use schema shop" */
    char *advice; /* "drop the rule"; NULL = `sql` is all there is to do, or nothing is */
    char *sql;    /* the statement that mends it; NULL = there is none */
    bool is_grant, names_relation; /* of `sql` */
};

struct findings {
    struct finding *items;
    size_t count;
};

/* Adds what is found to a list that starts zeroed; findings_free() it. */
void requirements_judge(const struct relation *relation, const struct relation_role *role,
                        struct findings *findings);
void findings_free(struct findings *findings);

/* The first finding of this weight; NULL = there is none. */
const struct finding *findings_first(const struct findings *findings, enum finding_weight weight);

/* "TEXT; ADVICE, or run: SQL", with what there is of it; free() it. */
char *finding_sentence(const struct finding *finding);

/* Whether nothing refuses; else err has the sentence of the first that does. */
bool findings_allow(const struct findings *findings, struct err *err);

/* What a finding says of several relations that lack the same privilege, "3 partitions of a", and
 * the GRANT for all of them, "a, b"; free() both. */
char *finding_text_for(const struct finding *finding, const struct relation_role *role,
                       const char *relations);
char *finding_sql_for(const struct finding *finding, const struct relation_role *role,
                      const char *relations);

#endif
