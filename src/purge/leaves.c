#include "purge/leaves.h"

#include <stdlib.h>

#include "base/text.h"
#include "purge/effects.h"
#include "purge/talk.h"
#include "sql/flights.h"
#include "sql/quote.h"

/* The columns of sql_leaves, in their order. */
enum column {
    LEAF_OID,
    LEAF_SCHEMA,
    LEAF_TABLE,
    LEAF_KIND,
    LEAF_ACCESS_METHOD,
    LEAF_BLOCKS,
    LEAF_ROWS,
    LEAF_POLICIES,
    LEAF_USAGE,
    LEAF_CAN_SELECT,
    LEAF_CAN_DELETE,
    LEAF_CAN_LOCK,
    LEAF_RULES,
    LEAF_KEEPERS,
    LEAF_ENDS,
    LEAF_REFERENCED,
    LEAF_TRIGGERS,
    LEAF_OWNER,
    LEAF_OWNED,
    LEAF_PUBLISHED_BY,
    LEAF_UNIDENTIFIED,
};

static char *missing_privilege(const struct pg_reply *reply, int row, struct leaf *leaf,
                               const char *role)
{
    char *name = sql_qualified(leaf->schema, leaf->table), *schema = sql_identifier(leaf->schema),
         *refusal = NULL;

    if (!pg_reply_bool(reply, TALK_STEP, row, LEAF_USAGE))
        refusal = text_format("role %s may not use its schema; run: GRANT USAGE ON SCHEMA %s TO %s",
                              role, schema, role);
    else if (!pg_reply_bool(reply, TALK_STEP, row, LEAF_CAN_SELECT) ||
             !pg_reply_bool(reply, TALK_STEP, row, LEAF_CAN_DELETE)) {
        leaf->lacks_privilege = true;
        refusal =
            text_format("role %s lacks a privilege on it, which a partition doesn't have from "
                        "its table; run: GRANT SELECT, DELETE ON %s TO %s",
                        role, name, role);
    }
    free(schema);
    free(name);
    return refusal;
}

/* Triggers of the tables above it were judged with these. */
static char *refused_effects(const struct pg_reply *reply, int row, const struct leaf *leaf)
{
    const struct effects effects = {
        .rules = pg_reply_text(reply, TALK_STEP, row, LEAF_RULES),
        .unidentified = pg_reply_text(reply, TALK_STEP, row, LEAF_UNIDENTIFIED),
    };
    char *name = sql_qualified(leaf->schema, leaf->table);
    struct err err;
    bool allowed = effects_allowed(&effects, "it", name, &err);

    free(name);
    return allowed ? NULL : text_copy(err.text);
}

static char *refusal_of(const struct pg_reply *reply, int row, struct leaf *leaf, const char *role)
{
    const char *kind = pg_reply_text(reply, TALK_STEP, row, LEAF_KIND);
    const char *method = pg_reply_text(reply, TALK_STEP, row, LEAF_ACCESS_METHOD);
    char *refusal;

    leaf->elsewhere = method == NULL || !text_equal(method, "heap");
    if (kind != NULL && kind[0] == 'f')
        return text_copy(
            "it is a foreign table, and its rows can't be found by TID; purge it where "
            "it lives");
    if (leaf->elsewhere)
        return text_format("it is stored by the access method \"%s\", which has no TID scans",
                           method != NULL ? method : "none");
    if (pg_reply_bool(reply, TALK_STEP, row, LEAF_POLICIES))
        return text_format("row level security of it applies to role %s and would hide rows; run: "
                           "ALTER ROLE %s BYPASSRLS",
                           role, role);
    refusal = refused_effects(reply, row, leaf);
    return refusal != NULL ? refusal : missing_privilege(reply, row, leaf, role);
}

/* What stands against dropping it in one piece. */
static char *keep_whole(const struct pg_reply *reply, int row, const char *role)
{
    const char *referenced = pg_reply_text(reply, TALK_STEP, row, LEAF_REFERENCED);
    const char *triggers = pg_reply_text(reply, TALK_STEP, row, LEAF_TRIGGERS);
    const char *owner = pg_reply_text(reply, TALK_STEP, row, LEAF_OWNER);
    const char *published_by = pg_reply_text(reply, TALK_STEP, row, LEAF_PUBLISHED_BY);

    if (referenced != NULL)
        return text_format("a foreign key points at it (%s)", referenced);
    if (triggers != NULL)
        return text_format("its triggers ON DELETE (%s) would not fire", triggers);
    if (published_by != NULL)
        return text_format("it is published (%s), and subscribers would keep its rows",
                           published_by);
    if (!pg_reply_bool(reply, TALK_STEP, row, LEAF_OWNED))
        return text_format("only its owner can drop it; run: GRANT %s TO %s",
                           owner != NULL ? owner : "its owner", role);
    return NULL;
}

static void read_leaf(const struct pg_reply *reply, int row, const char *role, struct leaf *leaf)
{
    const char *keepers = pg_reply_text(reply, TALK_STEP, row, LEAF_KEEPERS);

    *leaf = (struct leaf){
        .relation = pg_reply_int(reply, TALK_STEP, row, LEAF_OID),
        .schema = text_copy(pg_reply_text(reply, TALK_STEP, row, LEAF_SCHEMA)),
        .table = text_copy(pg_reply_text(reply, TALK_STEP, row, LEAF_TABLE)),
        .blocks = pg_reply_int(reply, TALK_STEP, row, LEAF_BLOCKS),
        .rows = pg_reply_double(reply, TALK_STEP, row, LEAF_ROWS),
        .may_lock = pg_reply_bool(reply, TALK_STEP, row, LEAF_CAN_LOCK),
    };
    if (keepers != NULL)
        leaf->keepers = text_copy(keepers);
    leaf->ends.us = pg_reply_int(reply, TALK_STEP, row, LEAF_ENDS);
    leaf->keep_whole = keep_whole(reply, row, role);
    leaf->refusal = refusal_of(reply, row, leaf, role);
}

void leaves_send(struct pg *pg, int64_t root, pg_reply_fn *fn, void *arg)
{
    struct talk_number oid;
    const char *values[] = {talk_number(&oid, root)};

    talk_send(pg, &(struct pg_step){sql_leaves, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

static bool same_name(const struct leaf *a, const struct leaf *b)
{
    return text_equal(a->schema, b->schema) && text_equal(a->table, b->table);
}

void leaves_read(const struct pg_reply *reply, const char *role, struct leaves *leaves)
{
    struct leaves fresh = {.count = (size_t)pg_reply_rows(reply, TALK_STEP)};

    fresh.items = mem_new((fresh.count + 1) * sizeof *fresh.items);
    for (size_t i = 0; i < fresh.count; i++) {
        struct leaf *leaf = &fresh.items[i];
        const struct leaf *before;

        read_leaf(reply, (int)i, role, leaf);
        before = leaves_find(leaves, leaf->relation);
        leaf->over = before != NULL && before->over && same_name(before, leaf);
        if (leaf->over) {
            leaf->over_since = before->over_since;
            leaf->doubtful = before->doubtful;
        }
    }
    leaves_free(leaves);
    *leaves = fresh;
}

void leaves_of_table(const struct job_settings *job, const struct preflight_table *table,
                     struct leaves *leaves)
{
    leaves_free(leaves);
    leaves->items = mem_new(sizeof *leaves->items);
    leaves->count = 1;
    leaves->items[0] = (struct leaf){
        .relation = table->relation,
        .schema = text_copy(job->table.schema),
        .table = text_copy(job->table.name),
        .blocks = table->blocks,
        .rows = table->rows,
        .may_lock = table->may_lock,
        .keepers = table->keepers[0] != '\0' ? text_copy(table->keepers) : NULL,
    };
}

struct leaf *leaves_next(const struct leaves *leaves)
{
    for (size_t i = 0; i < leaves->count; i++)
        if (!leaves->items[i].over && leaves->items[i].refusal == NULL)
            return &leaves->items[i];
    return NULL;
}

void leaves_skip_to(struct leaves *leaves, int64_t relation)
{
    for (size_t i = 0; i < leaves->count && leaves->items[i].relation != relation; i++)
        leaves->items[i].over = true;
}

struct sql_target leaf_target(const struct job_settings *job, const struct preflight_table *table,
                              const struct leaf *leaf)
{
    struct sql_target target = preflight_target(job, table);

    target.schema = leaf->schema;
    target.table = leaf->table;
    return target;
}

static bool reads_heaps_only(const struct leaves *leaves)
{
    for (size_t i = 0; i < leaves->count; i++)
        if (leaves->items[i].elsewhere)
            return false;
    return true;
}

static void add_part(struct sql_parts *parts, const char *only, const char *schema,
                     const char *table)
{
    char *name = sql_qualified(schema, table);

    parts->names = mem_grow(parts->names, (parts->count + 1) * sizeof *parts->names);
    parts->names[parts->count++] = text_format("%s%s", only, name);
    free(name);
}

struct sql_parts leaves_sampled(const struct job_settings *job, const struct preflight_table *table,
                                const struct leaves *leaves)
{
    struct sql_parts parts = {0};
    bool whole = table->partitioned && reads_heaps_only(leaves);

    if (table->partitioned && !whole)
        for (size_t i = 0; i < leaves->count; i++)
            if (leaves->items[i].refusal == NULL)
                add_part(&parts, "ONLY ", leaves->items[i].schema, leaves->items[i].table);
    if (parts.count == 0) /* without its partitions, a partitioned table is an empty one */
        add_part(&parts, whole ? "" : "ONLY ", job->table.schema, job->table.name);
    return parts;
}

int64_t leaves_blocks(const struct leaves *leaves)
{
    int64_t blocks = 0;

    for (size_t i = 0; i < leaves->count; i++)
        blocks += leaves->items[i].blocks;
    return blocks;
}

struct leaf *leaves_find(const struct leaves *leaves, int64_t relation)
{
    for (size_t i = 0; i < leaves->count; i++)
        if (leaves->items[i].relation == relation)
            return &leaves->items[i];
    return NULL;
}

void leaves_free(struct leaves *leaves)
{
    for (size_t i = 0; i < leaves->count; i++) {
        free(leaves->items[i].schema);
        free(leaves->items[i].table);
        free(leaves->items[i].keepers);
        free(leaves->items[i].refusal);
        free(leaves->items[i].keep_whole);
    }
    free(leaves->items);
    *leaves = (struct leaves){0};
}
