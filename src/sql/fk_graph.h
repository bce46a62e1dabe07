/*
 * fk_graph: the graph of references around one table, as plain data, and the paths through it.
 *
 * catalog/references.h reads it from the catalog; sql/children.h writes statements from it. Table 0
 * is the job's own. References that are followed are gone through depth first; one that leads back
 * to a table of its own path is not followed, nor is one of a table to itself: there the rows to
 * which nothing refers go first, and the next pass finds the next ones.
 */
#ifndef PGPURGED_SQL_FK_GRAPH_H
#define PGPURGED_SQL_FK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sql_action {
    ACTION_NO_ACTION,
    ACTION_RESTRICT,
    ACTION_CASCADE,
    ACTION_SET_NULL,
    ACTION_SET_DEFAULT,
    ACTION_DECLARED /* by the option `references`: the server knows nothing of it */
};

/* One column of the parent and the one that refers to it. */
struct fk_column_pair {
    const char *parent, *child;
    const char *equal;     /* the constraint's own operator: OPERATOR(pg_catalog.=) */
    const char *collation; /* COLLATE "x"."y", behind the child's column; "" = none is needed */
};

struct fk_reference {
    const char *name; /* of the constraint; a declared one as it is written */
    enum sql_action action;
    bool follow;          /* its rows go before the one that they refer to */
    size_t parent, child; /* of the family's tables */
    int64_t part;         /* OID of the part of the parent that it refers to; 0 = all of it */
    struct fk_column_pair *pairs;
    size_t pair_count;
    const char *where_column, *where_value; /* only rows with this value refer to it; NULL = all */
};

/* What has rows: a table without partitions, or a partition of one that has some. */
struct fk_partition {
    int64_t relation;
    const char *name; /* qualified and quoted */
};

struct fk_table {
    int64_t relation;
    const char *name; /* qualified and quoted */
    bool whole; /* its name stands for rows of other tables as well: it has partitions, or is a
                   view */
    struct fk_partition *partitions;
    size_t partition_count;
};

struct fk_graph {
    struct fk_table *tables;
    size_t table_count;
    struct fk_reference *references;
    size_t reference_count;
    size_t depth; /* so many levels are followed */
};

/* Everything inside, whose strings and lists it then has to own; a zeroed one is fine. */
void fk_graph_free(struct fk_graph *family);

/* Whether rows that refer by it keep the row that they refer to. */
bool fk_reference_keeps(const struct fk_reference *reference);

/* The next one that keeps rows of this table, from *i on; NULL at the end. */
const struct fk_reference *fk_graph_next_blocking(const struct fk_graph *family, size_t table,
                                                  size_t *i);

/* A way from table 0 down, by references that are followed. Starts with {.family = family}. */
enum { MOST_LEVELS = 10 };

struct fk_path {
    const struct fk_graph *family;
    const struct fk_reference *steps[MOST_LEVELS];
    size_t length;
};

/* The table that it ends at. */
size_t fk_path_end(const struct fk_path *path);

/* Whether this reference, one of the table that the path ends at, is followed from there. */
bool fk_path_leads_on(const struct fk_path *path, const struct fk_reference *reference);

/* The next path that is longer by one step, from reference *i on; false at the end. */
bool fk_path_next(const struct fk_path *path, size_t *i, struct fk_path *longer);

/* How many steps of how many statements that makes; more than a few dozen are a risk. */
size_t fk_graph_steps(const struct fk_graph *family);

/* How deep rows of this reference are followed at most: 1 = directly below table 0; 0 = not at all.
 */
size_t fk_graph_level(const struct fk_graph *family, const struct fk_reference *reference);

/* Whether rows of the table go as children. */
bool fk_graph_leads_to(const struct fk_graph *family, size_t table);

/* Whether rows that it refers to go, by the job itself or as children. */
bool fk_graph_uses(const struct fk_graph *family, const struct fk_reference *reference);

/* Whether a pass that has deleted rows may have made others of table 0 ready to go, or moved them,
 * so that only a pass that deletes nothing proves that nothing is left. */
bool fk_graph_needs_more_passes(const struct fk_graph *family);

#endif
