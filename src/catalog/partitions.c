#include "catalog/partitions.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "catalog/relation.h"
#include "sql/queries.h"
#include "sql/quote.h"

/* A copy of the sentence of the first finding of this weight; NULL = there is none. */
static char *sentence_of(const struct findings *findings, enum finding_weight weight)
{
    const struct finding *finding = findings_first(findings, weight);

    return finding != NULL ? finding_sentence(finding) : NULL;
}

static void set_partition(const struct relation *relation, const char *role,
                          struct partition *partition)
{
    struct relation_role use = {
        .uses = USE_PARTITION | USE_SKIP_LOCKED | USE_DROP,
        .role = role,
    };

    *partition = (struct partition){
        .relation = relation->oid,
        .schema = text_copy(relation->schema),
        .table = text_copy(relation->name),
        .blocks = relation->blocks,
        .rows = relation->rows,
        .may_lock = relation->can_lock,
        .before_triggers =
            relation->before_triggers != NULL ? text_copy(relation->before_triggers) : NULL,
        .ends = relation->ends,
        .elsewhere =
            relation->access_method == NULL || !text_equal(relation->access_method, "heap"),
    };
    requirements_judge(relation, &use, &partition->findings);
    partition->keep_whole = sentence_of(&partition->findings, FINDING_KEEPS);
    partition->refusal = sentence_of(&partition->findings, FINDING_REFUSES);
}

void partitions_send(struct pg *pg, int64_t root, pg_result_fn *fn, void *arg)
{
    struct question_values values = {0};

    relation_partitions_of(&values, root);
    query_send(pg, &(struct pg_step){sql_relation, values.values, values.count}, true, fn, arg);
    question_sent(&values);
}

static bool same_name(const struct partition *a, const struct partition *b)
{
    return text_equal(a->schema, b->schema) && text_equal(a->table, b->table);
}

void partitions_read(const struct pg_result *reply, const char *role, struct partitions *partitions)
{
    struct relations relations = {0};
    struct partitions fresh = {0};

    relations_read(reply, &relations);
    fresh.count = relations.count;
    fresh.items = mem_new((fresh.count + 1) * sizeof *fresh.items);
    for (size_t i = 0; i < fresh.count; i++) {
        struct partition *partition = &fresh.items[i];
        const struct partition *before;

        set_partition(&relations.items[i], role, partition);
        before = partitions_find(partitions, partition->relation);
        partition->over = before != NULL && before->over && same_name(before, partition);
        if (partition->over) {
            partition->over_since = before->over_since;
            partition->doubtful = before->doubtful;
        }
    }
    relations_free(&relations);
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
        findings_free(&partitions->items[i].findings);
    }
    free(partitions->items);
    *partitions = (struct partitions){0};
}
