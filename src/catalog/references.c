#include "catalog/references.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "catalog/reference_graph.h"
#include "catalog/references_check.h"
#include "sql/children.h"
#include "sql/quote.h"
#include "sql/references.h"

struct references_reading {
    struct pg *pg;
    const struct references_asked *asked;
    references_fn *fn;
    void *arg;
    struct reference_graph graph;
    bool whole;   /* nothing is missing from the graph */
    size_t tried; /* references that were tried out so far */
};

/* --- replies --- */

static void refuse(struct references_reading *reading, const struct err *err)
{
    reading->fn(reading->arg, BATCH_REFUSED, err);
}

/* Deals with a reply that is not PG_DONE. Returns whether it is. */
static bool answered(struct references_reading *reading, const struct pg_result *reply)
{
    enum batch_outcome outcome = query_outcome(reply);
    struct err err;

    if (outcome == BATCH_COMMITTED)
        return true;
    query_error(pg_result_error(reply), &err);
    reading->fn(reading->arg, outcome == BATCH_ROW_ERROR ? BATCH_REFUSED : outcome, &err);
    return false;
}

/* --- queries --- */

static void try_next(struct references_reading *reading);

static void tried(void *arg, const struct pg_result *reply)
{
    struct references_reading *reading = arg;
    const struct fk_reference *reference = &reading->graph.family.references[reading->tried - 1];
    struct err err;

    if (pg_result_status(reply) != PG_FAILED) {
        if (answered(reading, reply))
            try_next(reading);
        return;
    }
    query_error(pg_result_error(reply), &err);
    err_prefix(&err, "references: %s", reference->name);
    refuse(reading, &err);
}

/* A foreign key compares what it compares; whether a declared one can is for the server to say. */
static void try_next(struct references_reading *reading)
{
    const struct fk_graph *family = &reading->graph.family;
    char *sql;

    while (reading->tried < family->reference_count &&
           family->references[reading->tried].action != ACTION_DECLARED)
        reading->tried++;
    if (reading->tried == family->reference_count) {
        reading->fn(reading->arg, BATCH_COMMITTED, NULL);
        return;
    }
    sql = sql_try_reference(family, &family->references[reading->tried++]);
    query_send(reading->pg, &(struct pg_step){sql, NULL, 0}, true, tried, reading);
    free(sql);
}

static void relatives_answered(void *arg, const struct pg_result *reply)
{
    struct references_reading *reading = arg;
    struct err err;

    if (!answered(reading, reply))
        return;
    reading->whole = reference_graph_read_relatives(reply, &reading->graph, &err);
    if (!reading->whole)
        refuse(reading, &err);
    else if (references_allowed(reading->asked, &reading->graph, reply, &err))
        try_next(reading);
    else
        refuse(reading, &err);
}

static void ask_relatives(struct references_reading *reading)
{
    const struct fk_graph *family = &reading->graph.family;
    struct text list = {0};
    const char *values[2];

    for (size_t i = 0; i < family->table_count; i++)
        text_addf(&list, "%c%lld", i > 0 ? ',' : '{', (long long)family->tables[i].relation);
    text_add(&list, "}");
    values[0] = list.data;
    values[1] = reading->asked->job->non_firing_triggers;
    query_send(reading->pg, &(struct pg_step){fk_tables, values, ARRAY_LENGTH(values)}, true,
               relatives_answered, reading);
    text_free(&list);
}

static void indexes_answered(void *arg, const struct pg_result *reply)
{
    struct references_reading *reading = arg;
    struct err err;

    if (!answered(reading, reply))
        return;
    if (reference_graph_read_indexes(reply, reading->asked, &reading->graph, &err))
        ask_relatives(reading);
    else
        refuse(reading, &err);
}

static void ask_indexes(struct references_reading *reading)
{
    const struct fk_graph *family = &reading->graph.family;
    json_t *list = json_array();
    const char *values[1];
    char *text;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];
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
    query_send(reading->pg, &(struct pg_step){fk_reference_indexes, values, 1}, true,
               indexes_answered, reading);
    free(text);
    json_decref(list);
}

static void references_answered(void *arg, const struct pg_result *reply)
{
    struct references_reading *reading = arg;
    struct err err;

    if (!answered(reading, reply))
        return;
    if (!reference_graph_read(reply, reading->asked, &reading->graph, &err))
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
    struct query_number relation;
    char *json = declared_json(asked->job);
    const char *values[] = {query_number(&relation, asked->relation),
                            letters_of(asked->job->children), json};

    *reading = (struct references_reading){.pg = pg, .asked = asked, .fn = fn, .arg = arg};
    reference_graph_start(asked, &reading->graph);
    query_send(pg, &(struct pg_step){sql_references, values, ARRAY_LENGTH(values)}, true,
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
    reference_graph_free(&reading->graph);
    free(reading);
}
