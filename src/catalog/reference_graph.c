#include "catalog/reference_graph.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "sql/quote.h"

/* The columns of sql_references. */
enum reference_column {
    REF_NUMBER,
    REF_NAME,
    REF_ACTION,
    REF_PARENT,
    REF_CHILD,
    REF_PART,
    REF_KEY,
    REF_COLUMN,
    REF_EQUAL,
    REF_COLLATION,
    REF_DEFERRABLE,
    REF_CONDITION_KNOWN,
};

/* The columns of sql_reference_indexes. */
enum reference_index_column {
    REF_INDEXED,
    REF_INDEX_COLUMNS,
    REF_KEY_UNIQUE,
    REF_SHARE,
    REF_PARENTS,
};

static const char *text_at(const struct pg_result *reply, int row, int column)
{
    const char *text = pg_result_text(reply, QUERY_STEP, row, column);

    return text != NULL ? text : "";
}

static char *copy_at(const struct pg_result *reply, int row, int column)
{
    return text_copy(text_at(reply, row, column));
}

/* The table of that OID; a new one if the family has none yet. */
static size_t find_table(struct fk_graph *family, int64_t relation)
{
    for (size_t i = 0; i < family->table_count; i++)
        if (family->tables[i].relation == relation)
            return i;
    family->tables = mem_grow(family->tables, (family->table_count + 1) * sizeof *family->tables);
    family->tables[family->table_count] = (struct fk_table){.relation = relation};
    return family->table_count++;
}

static enum sql_action action_of(char letter)
{
    switch (letter) {
    case 'a':
        return ACTION_NO_ACTION;
    case 'c':
        return ACTION_CASCADE;
    case 'n':
        return ACTION_SET_NULL;
    case 'd':
        return ACTION_SET_DEFAULT;
    case 'x':
        return ACTION_DECLARED;
    default: /* r, and whatever a later PostgreSQL invents: it keeps the row */
        return ACTION_RESTRICT;
    }
}

static bool is_followed(enum children children, enum sql_action action)
{
    switch (children) {
    case CHILDREN_SKIP:
        return false;
    case CHILDREN_CASCADE:
        return action == ACTION_CASCADE;
    case CHILDREN_DELETE:
        return action != ACTION_SET_NULL && action != ACTION_SET_DEFAULT;
    }
    return false;
}

/* Only declared ones can be wrong in this; the catalog's foreign keys are what they are. */
static bool check_declared(const struct references_asked *asked, const struct pg_result *reply,
                           int row, struct err *err)
{
    const char *name = text_at(reply, row, REF_NAME);
    const char *table = asked->job->table.written;

    if (pg_result_text(reply, QUERY_STEP, row, REF_CHILD) == NULL)
        return err_set(err, "references: %s: there is no such table in this database", name);
    if (pg_result_text(reply, QUERY_STEP, row, REF_COLUMN) == NULL)
        return err_set(err, "references: %s: the table has no such column", name);
    if (!pg_result_bool(reply, QUERY_STEP, row, REF_CONDITION_KNOWN))
        return err_set(err, "references: %s: the table has no such column as \"where\" says", name);
    if (pg_result_text(reply, QUERY_STEP, row, REF_KEY) == NULL)
        return err_set(err,
                       "references: %s: %s has no such column, or no primary key of one column; "
                       "write -> and the column that is referred to",
                       name, table);
    return true;
}

static const struct reference *declared(const struct job_settings *job, const char *name)
{
    for (size_t i = 0; i < job->references.count; i++)
        if (text_equal(job->references.list[i].written, name))
            return &job->references.list[i];
    return NULL;
}

static void add_reference(struct reference_graph *graph, const struct job_settings *job,
                          const struct pg_result *reply, int row)
{
    struct fk_graph *family = &graph->family;
    size_t n = family->reference_count++;
    enum sql_action action = action_of(text_at(reply, row, REF_ACTION)[0]);
    const struct reference *own =
        action == ACTION_DECLARED ? declared(job, text_at(reply, row, REF_NAME)) : NULL;

    family->references = mem_grow(family->references, (n + 1) * sizeof *family->references);
    graph->facts = mem_grow(graph->facts, (n + 1) * sizeof *graph->facts);
    family->references[n] = (struct fk_reference){
        .name = copy_at(reply, row, REF_NAME),
        .action = action,
        .follow = is_followed(job->children, action),
        .parent = find_table(family, pg_result_int(reply, QUERY_STEP, row, REF_PARENT)),
        .child = find_table(family, pg_result_int(reply, QUERY_STEP, row, REF_CHILD)),
        .part = pg_result_int(reply, QUERY_STEP, row, REF_PART),
    };
    if (own != NULL && own->where_column != NULL) {
        family->references[n].where_column = text_copy(own->where_column);
        family->references[n].where_value = text_copy(own->where_value);
    }
    graph->facts[n] = (struct reference_facts){
        .deferrable = pg_result_bool(reply, QUERY_STEP, row, REF_DEFERRABLE),
    };
}

static void add_pair(struct fk_reference *reference, const struct pg_result *reply, int row)
{
    reference->pairs =
        mem_grow(reference->pairs, (reference->pair_count + 1) * sizeof *reference->pairs);
    reference->pairs[reference->pair_count++] = (struct fk_column_pair){
        .parent = copy_at(reply, row, REF_KEY),
        .child = copy_at(reply, row, REF_COLUMN),
        .equal = copy_at(reply, row, REF_EQUAL),
        .collation = copy_at(reply, row, REF_COLLATION),
    };
}

bool reference_graph_read(const struct pg_result *reply, const struct references_asked *asked,
                          struct reference_graph *graph, struct err *err)
{
    struct fk_graph *family = &graph->family;
    int64_t last = 0;

    for (int row = 0; row < pg_result_rows(reply, QUERY_STEP); row++) {
        int64_t number = pg_result_int(reply, QUERY_STEP, row, REF_NUMBER);

        if (!check_declared(asked, reply, row, err))
            return false;
        if (number != last)
            add_reference(graph, asked->job, reply, row);
        last = number;
        add_pair(&family->references[family->reference_count - 1], reply, row);
    }
    return true;
}

/* Where a child may refer to several rows, one of them may be live: then it must not go with the
 * due one (promise R). A foreign key always refers to one. */
static bool check_unique(const struct reference_graph *graph, const struct references_asked *asked,
                         const struct pg_result *reply, struct err *err)
{
    const struct fk_graph *family = &graph->family;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->action == ACTION_DECLARED && reference->follow &&
            !pg_result_bool(reply, QUERY_STEP, (int)i, REF_KEY_UNIQUE))
            return err_set(err,
                           "references: %s: without a unique index on %s of %s, rows that refer to "
                           "a due row may refer to a live one as well, and children = delete would "
                           "take them; create the index, or write children = skip",
                           reference->name, reference->pairs[0].parent, asked->job->table.written);
    }
    return true;
}

bool reference_graph_read_indexes(const struct pg_result *reply,
                                  const struct references_asked *asked,
                                  struct reference_graph *graph, struct err *err)
{
    for (int i = 0; i < (int)graph->family.reference_count; i++) {
        struct reference_facts *facts = &graph->facts[i];

        facts->indexed = pg_result_bool(reply, QUERY_STEP, i, REF_INDEXED);
        facts->index_columns = copy_at(reply, i, REF_INDEX_COLUMNS);
        facts->parents = pg_result_double(reply, QUERY_STEP, i, REF_PARENTS);
        facts->share = pg_result_text(reply, QUERY_STEP, i, REF_SHARE) != NULL
                           ? pg_result_double(reply, QUERY_STEP, i, REF_SHARE)
                           : 1;
    }
    return check_unique(graph, asked, reply, err);
}

static void add_partition(struct fk_table *table, const struct relation *relation)
{
    table->partitions =
        mem_grow(table->partitions, (table->partition_count + 1) * sizeof *table->partitions);
    table->partitions[table->partition_count++] = (struct fk_partition){
        .relation = relation->oid,
        .name = sql_qualified(relation->schema, relation->name),
    };
}

static void add_table(struct fk_table *table, const struct relation *relation)
{
    table->name = sql_qualified(relation->schema, relation->name);
    table->whole = !text_equal(relation->kind, "r");
    if (!text_equal(relation->kind, "p"))
        add_partition(table, relation);
}

/* How big a child is. */
static void add_facts(struct reference_graph *graph, const struct relation *relation, size_t table)
{
    for (size_t i = 0; i < graph->family.reference_count; i++) {
        struct reference_facts *facts = &graph->facts[i];

        if (graph->family.references[i].child != table)
            continue;
        facts->child = text_copy(relation->written);
        facts->rows = relation->rows;
        facts->blocks = relation->blocks;
    }
}

/* The index that a child lacks. Where it is partitioned, the statement is for one of its
 * partitions: CONCURRENTLY can't do them all at once. */
static void add_create_index(struct reference_graph *graph, const struct relation *relation,
                             size_t table)
{
    for (size_t i = 0; i < graph->family.reference_count; i++) {
        struct reference_facts *facts = &graph->facts[i];

        if (graph->family.references[i].child == table && !facts->indexed &&
            facts->create_index == NULL)
            facts->create_index = text_format("CREATE INDEX CONCURRENTLY ON %s (%s)",
                                              relation->written, facts->index_columns);
    }
}

static void read_tables(struct reference_graph *graph, const struct relations *relations)
{
    struct fk_graph *family = &graph->family;

    for (size_t i = 0; i < relations->count; i++) {
        const struct relation *relation = &relations->items[i];
        size_t n = find_table(family, relation->root);

        if (relation->is_partition) {
            add_partition(&family->tables[n], relation);
        } else {
            add_table(&family->tables[n], relation);
            add_facts(graph, relation, n);
        }
        if (relation->is_partition || !text_equal(relation->kind, "p"))
            add_create_index(graph, relation, n);
    }
}

static bool has_partition(const struct fk_table *table, int64_t relation)
{
    for (size_t i = 0; i < table->partition_count; i++)
        if (table->partitions[i].relation == relation)
            return true;
    return false;
}

/* A foreign key may be written on a partition of the job's table: then the rows that refer by it
 * are the job's own, and go when they are due themselves, not before (promise R). */
static void leave_own_rows_alone(struct fk_graph *family)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        struct fk_reference *reference = &family->references[i];
        const struct fk_table *child = &family->tables[reference->child];

        for (size_t n = 0; n < child->partition_count; n++)
            if (has_partition(&family->tables[0], child->partitions[n].relation))
                reference->follow = false;
    }
}

static bool is_complete(const struct fk_graph *family, struct err *err)
{
    for (size_t i = 0; i < family->table_count; i++)
        if (family->tables[i].name == NULL)
            return err_set(err, "a table that refers to it was dropped at this moment");
    return true;
}

bool reference_graph_add_tables(const struct relations *relations, struct reference_graph *graph,
                                struct err *err)
{
    read_tables(graph, relations);
    leave_own_rows_alone(&graph->family);
    return is_complete(&graph->family, err);
}

void reference_graph_start(const struct references_asked *asked, struct reference_graph *graph)
{
    *graph = (struct reference_graph){.family.depth = (size_t)asked->job->children_depth};
    find_table(&graph->family, asked->relation);
}

void reference_graph_free(struct reference_graph *graph)
{
    for (size_t i = 0; i < graph->family.reference_count; i++) {
        free(graph->facts[i].child);
        free(graph->facts[i].create_index);
        free(graph->facts[i].index_columns);
    }
    free(graph->facts);
    fk_graph_free(&graph->family);
}
