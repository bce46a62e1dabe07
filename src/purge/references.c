#include "purge/references.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/text.h"
#include "purge/references_check.h"
#include "purge/talk.h"
#include "sql/children.h"
#include "sql/quote.h"
#include "sql/references.h"

struct references_reading {
    struct pg *pg;
    const struct references_asked *asked;
    references_fn *fn;
    void *arg;
    struct reference_graph graph;
    bool whole;           /* nothing is missing from the graph */
    char **index_columns; /* of each reference */
    size_t tried;         /* references that were tried out so far */
};

/* --- replies --- */

static void refuse(struct references_reading *reading, const struct err *err)
{
    reading->fn(reading->arg, BATCH_REFUSED, err);
}

/* Deals with a reply that is not PG_DONE. Returns whether it is. */
static bool answered(struct references_reading *reading, const struct pg_reply *reply)
{
    enum batch_outcome outcome = talk_outcome(reply);
    struct err err;

    if (outcome == BATCH_COMMITTED)
        return true;
    talk_error(pg_reply_error(reply), &err);
    reading->fn(reading->arg, outcome == BATCH_ROW_ERROR ? BATCH_REFUSED : outcome, &err);
    return false;
}

static const char *text_at(const struct pg_reply *reply, int row, int column)
{
    const char *text = pg_reply_text(reply, TALK_STEP, row, column);

    return text != NULL ? text : "";
}

static char *copy_at(const struct pg_reply *reply, int row, int column)
{
    return text_copy(text_at(reply, row, column));
}

/* --- the graph --- */

/* The table of that OID; a new one if the family has none yet. */
static size_t find_table(struct sql_family *family, int64_t relation)
{
    for (size_t i = 0; i < family->table_count; i++)
        if (family->tables[i].relation == relation)
            return i;
    family->tables = mem_grow(family->tables, (family->table_count + 1) * sizeof *family->tables);
    family->tables[family->table_count] = (struct sql_relative){.relation = relation};
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
static bool check_declared(const struct references_reading *reading, const struct pg_reply *reply,
                           int row, struct err *err)
{
    const char *name = text_at(reply, row, REF_NAME);
    const char *table = reading->asked->job->table.written;

    if (pg_reply_text(reply, TALK_STEP, row, REF_CHILD) == NULL)
        return err_set(err, "references: %s: there is no such table in this database", name);
    if (pg_reply_text(reply, TALK_STEP, row, REF_COLUMN) == NULL)
        return err_set(err, "references: %s: the table has no such column", name);
    if (!pg_reply_bool(reply, TALK_STEP, row, REF_CONDITION_KNOWN))
        return err_set(err, "references: %s: the table has no such column as \"where\" says", name);
    if (pg_reply_text(reply, TALK_STEP, row, REF_KEY) == NULL)
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

static void add_reference(struct references_reading *reading, const struct pg_reply *reply, int row)
{
    struct reference_graph *graph = &reading->graph;
    struct sql_family *family = &graph->family;
    const struct job_settings *job = reading->asked->job;
    size_t n = family->reference_count++;
    enum sql_action action = action_of(text_at(reply, row, REF_ACTION)[0]);
    const struct reference *own =
        action == ACTION_DECLARED ? declared(job, text_at(reply, row, REF_NAME)) : NULL;

    family->references = mem_grow(family->references, (n + 1) * sizeof *family->references);
    graph->facts = mem_grow(graph->facts, (n + 1) * sizeof *graph->facts);
    reading->index_columns =
        mem_grow(reading->index_columns, (n + 1) * sizeof *reading->index_columns);
    family->references[n] = (struct sql_reference){
        .name = copy_at(reply, row, REF_NAME),
        .action = action,
        .follow = is_followed(job->children, action),
        .parent = find_table(family, pg_reply_int(reply, TALK_STEP, row, REF_PARENT)),
        .child = find_table(family, pg_reply_int(reply, TALK_STEP, row, REF_CHILD)),
        .part = pg_reply_int(reply, TALK_STEP, row, REF_PART),
    };
    if (own != NULL && own->where_column != NULL) {
        family->references[n].where_column = text_copy(own->where_column);
        family->references[n].where_value = text_copy(own->where_value);
    }
    graph->facts[n] = (struct reference_facts){
        .deferrable = pg_reply_bool(reply, TALK_STEP, row, REF_DEFERRABLE),
    };
    reading->index_columns[n] = NULL;
}

static void add_pair(struct sql_reference *reference, const struct pg_reply *reply, int row)
{
    reference->pairs =
        mem_grow(reference->pairs, (reference->pair_count + 1) * sizeof *reference->pairs);
    reference->pairs[reference->pair_count++] = (struct sql_pair){
        .parent = copy_at(reply, row, REF_KEY),
        .child = copy_at(reply, row, REF_COLUMN),
        .equal = copy_at(reply, row, REF_EQUAL),
        .collation = copy_at(reply, row, REF_COLLATION),
    };
}

static bool read_references(struct references_reading *reading, const struct pg_reply *reply,
                            struct err *err)
{
    struct sql_family *family = &reading->graph.family;
    int64_t last = 0;

    for (int row = 0; row < pg_reply_rows(reply, TALK_STEP); row++) {
        int64_t number = pg_reply_int(reply, TALK_STEP, row, REF_NUMBER);

        if (!check_declared(reading, reply, row, err))
            return false;
        if (number != last)
            add_reference(reading, reply, row);
        last = number;
        add_pair(&family->references[family->reference_count - 1], reply, row);
    }
    return true;
}

/* Where a child may refer to several rows, one of them may be live: then it must not go with the
 * due one (promise R). A foreign key always refers to one. */
static bool check_unique(const struct references_reading *reading, const struct pg_reply *reply,
                         struct err *err)
{
    const struct sql_family *family = &reading->graph.family;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct sql_reference *reference = &family->references[i];

        if (reference->action == ACTION_DECLARED && reference->follow &&
            !pg_reply_bool(reply, TALK_STEP, (int)i, 2))
            return err_set(err,
                           "references: %s: without a unique index on %s of %s, rows that refer to "
                           "a due row may refer to a live one as well, and children = delete would "
                           "take them; create the index, or write children = skip",
                           reference->name, reference->pairs[0].parent,
                           reading->asked->job->table.written);
    }
    return true;
}

static void read_indexes(struct references_reading *reading, const struct pg_reply *reply)
{
    for (size_t i = 0; i < reading->graph.family.reference_count; i++) {
        reading->graph.facts[i].indexed = pg_reply_bool(reply, TALK_STEP, (int)i, 0);
        reading->graph.facts[i].share = pg_reply_text(reply, TALK_STEP, (int)i, 3) != NULL
                                            ? pg_reply_double(reply, TALK_STEP, (int)i, 3)
                                            : 1;
        reading->index_columns[i] = copy_at(reply, (int)i, 1);
    }
}

static void add_leaf(struct sql_relative *table, const struct pg_reply *reply, int row)
{
    table->leaves = mem_grow(table->leaves, (table->leaf_count + 1) * sizeof *table->leaves);
    table->leaves[table->leaf_count++] = (struct sql_leaf){
        .relation = pg_reply_int(reply, TALK_STEP, row, REL_LEAF),
        .name =
            sql_qualified(text_at(reply, row, REL_LEAF_SCHEMA), text_at(reply, row, REL_LEAF_NAME)),
    };
}

static void add_privileges(struct reference_facts *facts, const struct pg_reply *reply, int row)
{
    char *others = facts->no_delete;

    facts->can_select = pg_reply_bool(reply, TALK_STEP, row, REL_SELECT);
    if (pg_reply_bool(reply, TALK_STEP, row, REL_LEAF_SELECT) &&
        pg_reply_bool(reply, TALK_STEP, row, REL_LEAF_DELETE))
        return;
    facts->no_delete =
        text_format("%s%s%s", others != NULL ? others : "", others != NULL ? ", " : "",
                    text_at(reply, row, REL_LEAF_WRITTEN));
    free(others);
}

/* How big a child is, and which index it lacks. Where it is partitioned, the statement is for one
 * of its partitions: CONCURRENTLY can't do them all at once. */
static void add_facts(struct references_reading *reading, const struct pg_reply *reply, int row,
                      size_t table)
{
    struct reference_graph *graph = &reading->graph;
    double rows = pg_reply_double(reply, TALK_STEP, row, REL_LEAF_ROWS);

    for (size_t i = 0; i < graph->family.reference_count; i++) {
        struct reference_facts *facts = &graph->facts[i];

        if (graph->family.references[i].child != table)
            continue;
        if (facts->child == NULL) {
            facts->child = copy_at(reply, row, REL_WRITTEN);
            facts->rows = rows;
            if (!facts->indexed)
                facts->create_index =
                    text_format("CREATE INDEX CONCURRENTLY ON %s (%s)",
                                text_at(reply, row, REL_LEAF_WRITTEN), reading->index_columns[i]);
        } else if (rows >= 0) {
            facts->rows = facts->rows > 0 ? facts->rows + rows : rows;
        }
        facts->blocks += pg_reply_int(reply, TALK_STEP, row, REL_LEAF_BLOCKS);
        add_privileges(facts, reply, row);
    }
}

static void read_relatives(struct references_reading *reading, const struct pg_reply *reply)
{
    struct sql_family *family = &reading->graph.family;

    for (int row = 0; row < pg_reply_rows(reply, TALK_STEP); row++) {
        size_t n = find_table(family, pg_reply_int(reply, TALK_STEP, row, REL_TABLE));
        struct sql_relative *table = &family->tables[n];
        const char kind = text_at(reply, row, REL_KIND)[0];

        if (table->name == NULL) {
            table->name =
                sql_qualified(text_at(reply, row, REL_SCHEMA), text_at(reply, row, REL_NAME));
            table->whole = kind != 'r';
        }
        add_leaf(table, reply, row);
        add_facts(reading, reply, row, n);
    }
}

static bool has_leaf(const struct sql_relative *table, int64_t relation)
{
    for (size_t i = 0; i < table->leaf_count; i++)
        if (table->leaves[i].relation == relation)
            return true;
    return false;
}

/* A foreign key may be written on a partition of the job's table: then the rows that refer by it
 * are the job's own, and go when they are due themselves, not before (promise R). */
static void leave_own_rows_alone(struct sql_family *family)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        struct sql_reference *reference = &family->references[i];
        const struct sql_relative *child = &family->tables[reference->child];

        for (size_t n = 0; n < child->leaf_count; n++)
            if (has_leaf(&family->tables[0], child->leaves[n].relation))
                reference->follow = false;
    }
}

static bool is_complete(const struct sql_family *family, struct err *err)
{
    for (size_t i = 0; i < family->table_count; i++)
        if (family->tables[i].name == NULL)
            return err_set(err, "a table that refers to it was dropped at this moment");
    return true;
}

/* --- talks --- */

static void try_next(struct references_reading *reading);

static void tried(void *arg, const struct pg_reply *reply)
{
    struct references_reading *reading = arg;
    const struct sql_reference *reference = &reading->graph.family.references[reading->tried - 1];
    struct err err;

    if (pg_reply_fate(reply) != PG_FAILED) {
        if (answered(reading, reply))
            try_next(reading);
        return;
    }
    talk_error(pg_reply_error(reply), &err);
    err_prefix(&err, "references: %s", reference->name);
    refuse(reading, &err);
}

/* A foreign key compares what it compares; whether a declared one can is for the server to say. */
static void try_next(struct references_reading *reading)
{
    const struct sql_family *family = &reading->graph.family;
    char *sql;

    while (reading->tried < family->reference_count &&
           family->references[reading->tried].action != ACTION_DECLARED)
        reading->tried++;
    if (reading->tried == family->reference_count) {
        reading->fn(reading->arg, BATCH_COMMITTED, NULL);
        return;
    }
    sql = sql_try_reference(family, &family->references[reading->tried++]);
    talk_send(reading->pg, &(struct pg_step){sql, NULL, 0}, true, tried, reading);
    free(sql);
}

static void relatives_answered(void *arg, const struct pg_reply *reply)
{
    struct references_reading *reading = arg;
    struct err err;

    if (!answered(reading, reply))
        return;
    read_relatives(reading, reply);
    leave_own_rows_alone(&reading->graph.family);
    reading->whole = is_complete(&reading->graph.family, &err);
    if (!reading->whole)
        refuse(reading, &err);
    else if (references_allowed(reading->asked, &reading->graph, reply, &err))
        try_next(reading);
    else
        refuse(reading, &err);
}

static void ask_relatives(struct references_reading *reading)
{
    const struct sql_family *family = &reading->graph.family;
    struct text list = {0};
    const char *values[1];

    for (size_t i = 0; i < family->table_count; i++)
        text_addf(&list, "%c%lld", i > 0 ? ',' : '{', (long long)family->tables[i].relation);
    text_add(&list, "}");
    values[0] = list.data;
    talk_send(reading->pg, &(struct pg_step){sql_relatives, values, 1}, true, relatives_answered,
              reading);
    text_free(&list);
}

static void indexes_answered(void *arg, const struct pg_reply *reply)
{
    struct references_reading *reading = arg;
    struct err err;

    if (!answered(reading, reply))
        return;
    read_indexes(reading, reply);
    if (check_unique(reading, reply, &err))
        ask_relatives(reading);
    else
        refuse(reading, &err);
}

static void ask_indexes(struct references_reading *reading)
{
    const struct sql_family *family = &reading->graph.family;
    json_t *list = json_array();
    const char *values[1];
    char *text;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct sql_reference *reference = &family->references[i];
        json_t *columns = json_array(), *keys = json_array();

        for (size_t n = 0; n < reference->pair_count; n++) {
            json_array_append_new(columns, json_string(reference->pairs[n].child));
            json_array_append_new(keys, json_string(reference->pairs[n].parent));
        }
        json_array_append_new(
            list,
            json_pack("{s:I, s:o, s:s?, s:s?, s:I, s:o}", "child",
                      (json_int_t)family->tables[reference->child].relation, "columns", columns,
                      "where", reference->where_column, "value", reference->where_value, "parent",
                      (json_int_t)family->tables[reference->parent].relation, "keys", keys));
    }
    values[0] = text = json_dumps(list, JSON_COMPACT);
    talk_send(reading->pg, &(struct pg_step){sql_reference_indexes, values, 1}, true,
              indexes_answered, reading);
    free(text);
    json_decref(list);
}

static void references_answered(void *arg, const struct pg_reply *reply)
{
    struct references_reading *reading = arg;
    struct err err;

    if (!answered(reading, reply))
        return;
    if (!read_references(reading, reply, &err))
        refuse(reading, &err);
    else if (reading->graph.family.reference_count == 0) {
        reading->whole = true;
        reading->fn(reading->arg, BATCH_COMMITTED, NULL);
    } else
        ask_indexes(reading);
}

/* The declared ones, for sql_references. NULL where a name is no UTF-8, which JSON can't say. */
static char *declared_json(const struct job_settings *job)
{
    json_t *list = json_array();
    char *text;

    for (size_t i = 0; i < job->references.count; i++) {
        const struct reference *own = &job->references.list[i];

        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?}", "name",
                                              own->written, "schema", own->table.schema, "table",
                                              own->table.name, "column", own->column, "referenced",
                                              own->referenced, "where", own->where_column));
    }
    text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}

/* By which references the graph goes further down: those that are followed, and those by which the
 * server itself deletes. */
static const char *letters_of(enum children children)
{
    switch (children) {
    case CHILDREN_SKIP:
    case CHILDREN_CASCADE:
        return "c";
    case CHILDREN_DELETE:
        return "carx";
    }
    return "c";
}

struct references_reading *references_start(struct pg *pg, const struct references_asked *asked,
                                            references_fn *fn, void *arg)
{
    struct references_reading *reading = mem_new(sizeof *reading);
    struct talk_number relation;
    char *json = declared_json(asked->job);
    const char *values[] = {talk_number(&relation, asked->relation),
                            letters_of(asked->job->children), json};

    *reading = (struct references_reading){.pg = pg, .asked = asked, .fn = fn, .arg = arg};
    reading->graph.family.depth = (size_t)asked->job->children_depth;
    find_table(&reading->graph.family, asked->relation);
    talk_send(pg, &(struct pg_step){sql_references, values, ARRAY_LENGTH(values)}, true,
              references_answered, reading);
    free(json);
    return reading;
}

const struct reference_graph *references_graph(const struct references_reading *reading)
{
    return reading->whole ? &reading->graph : NULL;
}

void references_free(struct references_reading *reading)
{
    if (reading == NULL)
        return;
    for (size_t i = 0; i < reading->graph.family.reference_count; i++) {
        free(reading->graph.facts[i].child);
        free(reading->graph.facts[i].create_index);
        free(reading->graph.facts[i].no_delete);
        free(reading->index_columns[i]);
    }
    free(reading->graph.facts);
    free(reading->index_columns);
    sql_family_free(&reading->graph.family);
    free(reading);
}
