#include "catalog/partitions.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/delete_hazards.h"
#include "catalog/query.h"
#include "sql/quote.h"
#include "sql/statements.h"

/* The columns of sql_partitions, in their order. */
enum column {
    PARTITION_OID,
    PARTITION_SCHEMA,
    PARTITION_TABLE,
    PARTITION_KIND,
    PARTITION_ACCESS_METHOD,
    PARTITION_BLOCKS,
    PARTITION_ROWS,
    PARTITION_POLICIES,
    PARTITION_USAGE,
    PARTITION_CAN_SELECT,
    PARTITION_CAN_DELETE,
    PARTITION_CAN_LOCK,
    PARTITION_RULES,
    PARTITION_KEEPERS,
    PARTITION_ENDS,
    PARTITION_REFERENCED,
    PARTITION_TRIGGERS,
    PARTITION_OWNER,
    PARTITION_OWNED,
    PARTITION_PUBLISHED_BY,
    PARTITION_UNIDENTIFIED,
};

static char *missing_privilege(const struct pg_result *reply, int row, struct partition *partition,
                               const char *role)
{
    char *name = sql_qualified(partition->schema, partition->table),
         *schema = sql_identifier(partition->schema), *refusal = NULL;

    if (!pg_result_bool(reply, QUERY_STEP, row, PARTITION_USAGE))
        refusal = text_format("role %s may not use its schema; run: GRANT USAGE ON SCHEMA %s TO %s",
                              role, schema, role);
    else if (!pg_result_bool(reply, QUERY_STEP, row, PARTITION_CAN_SELECT) ||
             !pg_result_bool(reply, QUERY_STEP, row, PARTITION_CAN_DELETE)) {
        partition->lacks_privilege = true;
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
static char *refused_effects(const struct pg_result *reply, int row,
                             const struct partition *partition)
{
    const struct delete_hazards hazards = {
        .rules = pg_result_text(reply, QUERY_STEP, row, PARTITION_RULES),
        .unidentified = pg_result_text(reply, QUERY_STEP, row, PARTITION_UNIDENTIFIED),
    };
    char *name = sql_qualified(partition->schema, partition->table);
    struct err err;
    bool allowed = delete_hazards_allowed(&hazards, "it", name, &err);

    free(name);
    return allowed ? NULL : text_copy(err.text);
}

static char *refusal_of(const struct pg_result *reply, int row, struct partition *partition,
                        const char *role)
{
    const char *kind = pg_result_text(reply, QUERY_STEP, row, PARTITION_KIND);
    const char *method = pg_result_text(reply, QUERY_STEP, row, PARTITION_ACCESS_METHOD);
    char *refusal;

    partition->elsewhere = method == NULL || !text_equal(method, "heap");
    if (kind != NULL && kind[0] == 'f')
        return text_copy(
            "it is a foreign table, and its rows can't be found by TID; purge it where "
            "it lives");
    if (partition->elsewhere)
        return text_format("it is stored by the access method \"%s\", which has no TID scans",
                           method != NULL ? method : "none");
    if (pg_result_bool(reply, QUERY_STEP, row, PARTITION_POLICIES))
        return text_format("row level security of it applies to role %s and would hide rows; run: "
                           "ALTER ROLE %s BYPASSRLS",
                           role, role);
    refusal = refused_effects(reply, row, partition);
    return refusal != NULL ? refusal : missing_privilege(reply, row, partition, role);
}

/* What stands against dropping it in one piece. */
static char *keep_whole(const struct pg_result *reply, int row, const char *role)
{
    const char *referenced = pg_result_text(reply, QUERY_STEP, row, PARTITION_REFERENCED);
    const char *triggers = pg_result_text(reply, QUERY_STEP, row, PARTITION_TRIGGERS);
    const char *owner = pg_result_text(reply, QUERY_STEP, row, PARTITION_OWNER);
    const char *published_by = pg_result_text(reply, QUERY_STEP, row, PARTITION_PUBLISHED_BY);

    if (referenced != NULL)
        return text_format("a foreign key points at it (%s)", referenced);
    if (triggers != NULL)
        return text_format("its triggers ON DELETE (%s) would not fire", triggers);
    if (published_by != NULL)
        return text_format("it is published (%s), and subscribers would keep its rows",
                           published_by);
    if (!pg_result_bool(reply, QUERY_STEP, row, PARTITION_OWNED))
        return text_format("only its owner can drop it; run: GRANT %s TO %s",
                           owner != NULL ? owner : "its owner", role);
    return NULL;
}

static void read_partition(const struct pg_result *reply, int row, const char *role,
                           struct partition *partition)
{
    const char *before_triggers = pg_result_text(reply, QUERY_STEP, row, PARTITION_KEEPERS);

    *partition = (struct partition){
        .relation = pg_result_int(reply, QUERY_STEP, row, PARTITION_OID),
        .schema = text_copy(pg_result_text(reply, QUERY_STEP, row, PARTITION_SCHEMA)),
        .table = text_copy(pg_result_text(reply, QUERY_STEP, row, PARTITION_TABLE)),
        .blocks = pg_result_int(reply, QUERY_STEP, row, PARTITION_BLOCKS),
        .rows = pg_result_double(reply, QUERY_STEP, row, PARTITION_ROWS),
        .may_lock = pg_result_bool(reply, QUERY_STEP, row, PARTITION_CAN_LOCK),
    };
    if (before_triggers != NULL)
        partition->before_triggers = text_copy(before_triggers);
    partition->ends.us = pg_result_int(reply, QUERY_STEP, row, PARTITION_ENDS);
    partition->keep_whole = keep_whole(reply, row, role);
    partition->refusal = refusal_of(reply, row, partition, role);
}

void partitions_send(struct pg *pg, int64_t root, pg_result_fn *fn, void *arg)
{
    struct query_number oid;
    const char *values[] = {query_number(&oid, root)};

    query_send(pg, &(struct pg_step){sql_partitions, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

static bool same_name(const struct partition *a, const struct partition *b)
{
    return text_equal(a->schema, b->schema) && text_equal(a->table, b->table);
}

void partitions_read(const struct pg_result *reply, const char *role, struct partitions *partitions)
{
    struct partitions fresh = {.count = (size_t)pg_result_rows(reply, QUERY_STEP)};

    fresh.items = mem_new((fresh.count + 1) * sizeof *fresh.items);
    for (size_t i = 0; i < fresh.count; i++) {
        struct partition *partition = &fresh.items[i];
        const struct partition *before;

        read_partition(reply, (int)i, role, partition);
        before = partitions_find(partitions, partition->relation);
        partition->over = before != NULL && before->over && same_name(before, partition);
        if (partition->over) {
            partition->over_since = before->over_since;
            partition->doubtful = before->doubtful;
        }
    }
    partitions_free(partitions);
    *partitions = fresh;
}

void partitions_of_table(const struct job_settings *job, const struct preflight_table *table,
                         struct partitions *partitions)
{
    partitions_free(partitions);
    partitions->items = mem_new(sizeof *partitions->items);
    partitions->count = 1;
    partitions->items[0] = (struct partition){
        .relation = table->relation,
        .schema = text_copy(job->table.schema),
        .table = text_copy(job->table.name),
        .blocks = table->blocks,
        .rows = table->rows,
        .may_lock = table->may_lock,
        .before_triggers =
            table->before_triggers[0] != '\0' ? text_copy(table->before_triggers) : NULL,
    };
}

struct partition *partitions_next(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (!partitions->items[i].over && partitions->items[i].refusal == NULL)
            return &partitions->items[i];
    return NULL;
}

void partitions_skip_to(struct partitions *partitions, int64_t relation)
{
    for (size_t i = 0; i < partitions->count && partitions->items[i].relation != relation; i++)
        partitions->items[i].over = true;
}

struct sql_target partition_target(const struct job_settings *job,
                                   const struct preflight_table *table,
                                   const struct partition *partition)
{
    struct sql_target target = preflight_target(job, table);

    target.schema = partition->schema;
    target.table = partition->table;
    return target;
}

static bool reads_heaps_only(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (partitions->items[i].elsewhere)
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

struct sql_parts partitions_sampled(const struct job_settings *job,
                                    const struct preflight_table *table,
                                    const struct partitions *partitions)
{
    struct sql_parts parts = {0};
    bool whole = table->partitioned && reads_heaps_only(partitions);

    if (table->partitioned && !whole)
        for (size_t i = 0; i < partitions->count; i++)
            if (partitions->items[i].refusal == NULL)
                add_part(&parts, "ONLY ", partitions->items[i].schema, partitions->items[i].table);
    if (parts.count == 0) /* without its partitions, a partitioned table is an empty one */
        add_part(&parts, whole ? "" : "ONLY ", job->table.schema, job->table.name);
    return parts;
}

int64_t partitions_blocks(const struct partitions *partitions)
{
    int64_t blocks = 0;

    for (size_t i = 0; i < partitions->count; i++)
        blocks += partitions->items[i].blocks;
    return blocks;
}

struct partition *partitions_find(const struct partitions *partitions, int64_t relation)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (partitions->items[i].relation == relation)
            return &partitions->items[i];
    return NULL;
}

void partitions_free(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        free(partitions->items[i].schema);
        free(partitions->items[i].table);
        free(partitions->items[i].before_triggers);
        free(partitions->items[i].refusal);
        free(partitions->items[i].keep_whole);
    }
    free(partitions->items);
    *partitions = (struct partitions){0};
}
