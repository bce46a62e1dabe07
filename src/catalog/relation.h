/*
 * relation: what the catalog says of a relation, in one struct, read by one statement
 * (sql/queries/relation.sql): the job's table, its partitions, and the tables that refer to it.
 *
 * It only reads. What follows from it is judged in catalog/requirements.h.
 */
#ifndef PGPURGED_CATALOG_RELATION_H
#define PGPURGED_CATALOG_RELATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "catalog/sequence.h"
#include "net/pg_conn.h"

/* Strings are owned. A single name is never NULL; a list of names is "a, b", quoted where SQL needs
 * it, and NULL if there are none. */
struct relation {
    int64_t oid;
    int64_t root;      /* the one that was asked for, of which it is a partition; or itself */
    bool is_partition; /* in a list of partitions */
    const char *schema, *name; /* as PostgreSQL stores them */
    const char *written;       /* schema.name, as SQL needs it */
    const char *schema_written;
    const char *kind;          /* relkind: "r", "p", ... */
    const char *persistence;   /* relpersistence */
    const char *access_method; /* NULL = it has no rows of its own */
    int64_t blocks;            /* of all partitions together; -1 = not known */
    double rows;               /* of all partitions together, by reltuples; -1 = never analyzed */
    bool is_system, is_hypertable;
    bool has_policies; /* row level security applies to the role */
    bool can_use_schema, can_select, can_delete;
    bool can_lock; /* UPDATE of some column: FOR UPDATE is allowed */
    bool is_owned; /* the role has the owner's rights */
    const char *owner;
    const char *delete_rules;
    const char *before_triggers;     /* BEFORE DELETE FOR EACH ROW: they may keep a row */
    const char *delete_triggers;     /* all on DELETE, its own and those of what it is a part of */
    const char *non_firing_triggers; /* that no statement of ours fires, and are not accepted */
    const char *published_by;        /* publications of deletes */
    const char *without_identity;    /* the same, where the server refuses the DELETE for it */
    const char *referenced_by; /* of a partition: foreign keys to it or to what it is a part of */
    struct wall ends; /* of a partition: no row that is younger can come in any more, by its bounds;
                         {0} = they don't say */
    int64_t inheritance_children;
    const char *first_inheritance_child; /* as SQL needs it */
};

struct relations {
    struct relation *items;
    size_t count;
};

/* The parameters of sql_relation: the relation of that name, without locks where `locks` is false;
 * the partitions of one; these relations and their partitions. `accepted` are the
 * non_firing_triggers that don't count. */
void relation_by_name(struct question_values *values, const char *schema, const char *name,
                      const char *accepted, bool locks);
void relation_partitions_of(struct question_values *values, int64_t oid);
void relation_by_oids(struct question_values *values, const int64_t *oids, size_t count,
                      const char *accepted);

/* relations_free() what relations_read() has filled; a zeroed one is fine. */
void relations_read(const struct pg_result *reply, struct relations *relations);
void relations_free(struct relations *relations);

/* relkind, as people say it: "a view". */
const char *relation_kind(const struct relation *relation);

#endif
