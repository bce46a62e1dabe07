#include "catalog/references.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/reference_graph.h"
#include "catalog/references_check.h"
#include "sql/children.h"
#include "sql/queries.h"

struct references_reading {
    const struct references_asked *asked;
    struct reference_graph graph;
    struct findings findings;
    bool begun;
    bool whole;   /* nothing is missing from the graph */
    size_t tried; /* references that were tried out so far */
};

/* --- what refers to the table --- */

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

static void values_of_references(void *data, struct question_values *values)
{
    struct references_reading *reading = data;
    const struct references_asked *asked = reading->asked;

    reading->begun = true;
    reference_graph_start(asked, &reading->graph);
    question_number(values, asked->relation);
    question_text(values, letters_of(asked->job->children));
    question_text(values, question_built(values, declared_json(asked->job)));
}

static enum batch_outcome judge_references(void *data, const struct pg_result *reply,
                                           struct err *err)
{
    struct references_reading *reading = data;

    if (!reference_graph_read(reply, reading->asked, &reading->graph, err))
        return BATCH_REFUSED;
    reading->whole = reading->graph.family.reference_count == 0;
    return BATCH_COMMITTED;
}

/* --- through which index, and which tables these are --- */

static bool has_references(void *data)
{
    const struct references_reading *reading = data;

    return reading->graph.family.reference_count > 0;
}

static json_t *json_of_reference(const struct fk_graph *family,
                                 const struct fk_reference *reference)
{
    json_t *columns = json_array(), *keys = json_array();

    for (size_t n = 0; n < reference->pair_count; n++) {
        json_array_append_new(columns, json_string(reference->pairs[n].child));
        json_array_append_new(keys, json_string(reference->pairs[n].parent));
    }
    return json_pack("{s:I, s:o, s:s?, s:s?, s:I, s:o}", "child",
                     (json_int_t)family->tables[reference->child].relation, "columns", columns,
                     "where", reference->where_column, "value", reference->where_value, "parent",
                     (json_int_t)family->tables[reference->parent].relation, "keys", keys);
}

static void values_of_indexes(void *data, struct question_values *values)
{
    const struct references_reading *reading = data;
    const struct fk_graph *family = &reading->graph.family;
    json_t *list = json_array();

    for (size_t i = 0; i < family->reference_count; i++)
        json_array_append_new(list, json_of_reference(family, &family->references[i]));
    question_text(values, question_built(values, json_dumps(list, JSON_COMPACT)));
    json_decref(list);
}

static enum batch_outcome judge_indexes(void *data, const struct pg_result *reply, struct err *err)
{
    struct references_reading *reading = data;

    return question_fine_if(
        reference_graph_read_indexes(reply, reading->asked, &reading->graph, err));
}

static void values_of_tables(void *data, struct question_values *values)
{
    const struct references_reading *reading = data;
    const struct fk_graph *family = &reading->graph.family;
    int64_t *oids = mem_new(family->table_count * sizeof *oids);

    for (size_t i = 0; i < family->table_count; i++)
        oids[i] = family->tables[i].relation;
    relation_by_oids(values, oids, family->table_count, reading->asked->job->non_firing_triggers);
    free(oids);
}

static enum batch_outcome judge_tables(void *data, const struct pg_result *reply, struct err *err)
{
    struct references_reading *reading = data;
    struct relations relations = {0};
    bool allowed;

    relations_read(reply, &relations);
    reading->whole = reference_graph_add_tables(&relations, &reading->graph, err);
    if (reading->whole)
        references_judge(reading->asked, &reading->graph, &relations, &reading->findings);
    allowed = reading->whole && findings_allow(&reading->findings, err) &&
              references_allowed(reading->asked, &reading->graph, err);
    relations_free(&relations);
    return question_fine_if(allowed);
}

/* --- whether the columns of declared references can be compared --- */

/* A foreign key compares what it compares; whether a declared one can is for the server to say. */
static bool is_any_left(void *data)
{
    struct references_reading *reading = data;
    const struct fk_graph *family = &reading->graph.family;

    while (reading->tried < family->reference_count &&
           family->references[reading->tried].action != ACTION_DECLARED)
        reading->tried++;
    return reading->tried < family->reference_count;
}

static void values_of_try(void *data, struct question_values *values)
{
    struct references_reading *reading = data;
    const struct fk_graph *family = &reading->graph.family;

    values->sql =
        question_built(values, sql_try_reference(family, &family->references[reading->tried++]));
}

static enum batch_outcome try_failed(void *data, enum batch_outcome outcome, struct err *err)
{
    const struct references_reading *reading = data;

    (void)outcome;
    err_prefix(err, "references: %s", reading->graph.family.references[reading->tried - 1].name);
    return BATCH_REFUSED;
}

static const struct question questions[] = {
    {.sql = sql_references, .values = values_of_references, .judge = judge_references},
    {.sql = sql_reference_indexes,
     .wanted = has_references,
     .values = values_of_indexes,
     .judge = judge_indexes},
    {.sql = sql_relation,
     .wanted = has_references,
     .values = values_of_tables,
     .judge = judge_tables},
    {.wanted = is_any_left, .again = true, .values = values_of_try, .failed = try_failed},
};

struct references_reading *references_new(const struct references_asked *asked)
{
    struct references_reading *reading = mem_new(sizeof *reading);

    reading->asked = asked;
    return reading;
}

struct sequence_part references_questions(struct references_reading *reading)
{
    return (struct sequence_part){questions, ARRAY_LENGTH(questions), reading};
}

bool references_begun(const struct references_reading *reading)
{
    return reading->begun;
}

const struct reference_graph *references_graph(const struct references_reading *reading)
{
    return reading->whole ? &reading->graph : NULL;
}

const struct findings *references_findings(const struct references_reading *reading)
{
    return &reading->findings;
}

void references_free(struct references_reading *reading)
{
    if (reading == NULL)
        return;
    findings_free(&reading->findings);
    reference_graph_free(&reading->graph);
    free(reading);
}
