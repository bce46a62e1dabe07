#include "catalog/relation.h"

#include <stdlib.h>

#include "base/text.h"

/* --- asking --- */

void relation_by_name(struct question_values *values, const char *schema, const char *name,
                      const char *accepted, bool locks)
{
    question_text(values, NULL);
    question_text(values, schema);
    question_text(values, name);
    question_text(values, "self");
    question_text(values, accepted);
    question_text(values, locks ? "true" : "false");
}

void relation_by_oids(struct question_values *values, const int64_t *oids, size_t count,
                      const char *accepted)
{
    struct text list = {0};

    for (size_t i = 0; i < count; i++)
        text_addf(&list, "%c%lld", i > 0 ? ',' : '{', (long long)oids[i]);
    text_add(&list, "}");
    question_text(values, question_built(values, text_take(&list)));
    question_text(values, NULL);
    question_text(values, NULL);
    question_text(values, "both");
    question_text(values, accepted);
    question_text(values, "true");
}

/* Triggers of the tables above them were judged with these. */
void relation_partitions_of(struct question_values *values, int64_t oid)
{
    relation_by_oids(values, &oid, 1, "");
    values->values[3] = "partitions";
}

/* --- reading --- */

enum relation_field { FIELD_OID, FIELD_ROWS, FIELD_YES, FIELD_NAME, FIELD_WORDS, FIELD_MOMENT };

/* The columns of sql_relation. */
#define FIELD(kind_, name_)                                                                        \
    {                                                                                              \
        .name = #name_, .kind = kind_, .offset = offsetof(struct relation, name_)                  \
    }
static const struct {
    const char *name;
    enum relation_field kind;
    size_t offset;
} fields[] = {
    FIELD(FIELD_OID, oid),
    FIELD(FIELD_OID, root),
    FIELD(FIELD_YES, is_partition),
    FIELD(FIELD_NAME, schema),
    FIELD(FIELD_NAME, name),
    FIELD(FIELD_NAME, written),
    FIELD(FIELD_NAME, schema_written),
    FIELD(FIELD_NAME, kind),
    FIELD(FIELD_NAME, persistence),
    FIELD(FIELD_WORDS, access_method),
    FIELD(FIELD_OID, blocks),
    FIELD(FIELD_ROWS, rows),
    FIELD(FIELD_YES, is_system),
    FIELD(FIELD_YES, is_hypertable),
    FIELD(FIELD_YES, has_policies),
    FIELD(FIELD_YES, can_use_schema),
    FIELD(FIELD_YES, can_select),
    FIELD(FIELD_YES, can_delete),
    FIELD(FIELD_YES, can_lock),
    FIELD(FIELD_YES, is_owned),
    FIELD(FIELD_NAME, owner),
    FIELD(FIELD_WORDS, delete_rules),
    FIELD(FIELD_WORDS, before_triggers),
    FIELD(FIELD_WORDS, delete_triggers),
    FIELD(FIELD_WORDS, non_firing_triggers),
    FIELD(FIELD_WORDS, published_by),
    FIELD(FIELD_WORDS, without_identity),
    FIELD(FIELD_WORDS, referenced_by),
    FIELD(FIELD_MOMENT, ends),
    FIELD(FIELD_OID, inheritance_children),
    FIELD(FIELD_WORDS, first_inheritance_child),
};

static void read_field(const struct pg_result *reply, int row, size_t field,
                       struct relation *relation)
{
    void *place = (char *)relation + fields[field].offset;
    int column = (int)field;
    const char *text = pg_result_text(reply, QUERY_STEP, row, column);

    switch (fields[field].kind) {
    case FIELD_OID:
        *(int64_t *)place = pg_result_int(reply, QUERY_STEP, row, column);
        break;
    case FIELD_ROWS:
        *(double *)place = pg_result_double(reply, QUERY_STEP, row, column);
        break;
    case FIELD_YES:
        *(bool *)place = pg_result_bool(reply, QUERY_STEP, row, column);
        break;
    case FIELD_NAME:
        *(const char **)place = text_copy(text != NULL ? text : "");
        break;
    case FIELD_WORDS:
        *(const char **)place = text != NULL ? text_copy(text) : NULL;
        break;
    case FIELD_MOMENT:
        ((struct wall *)place)->us = pg_result_int(reply, QUERY_STEP, row, column);
        break;
    }
}

void relations_read(const struct pg_result *reply, struct relations *relations)
{
    relations_free(relations);
    relations->count = (size_t)pg_result_rows(reply, QUERY_STEP);
    relations->items = mem_new((relations->count + 1) * sizeof *relations->items);
    for (size_t i = 0; i < relations->count; i++)
        for (size_t field = 0; field < ARRAY_LENGTH(fields); field++)
            read_field(reply, (int)i, field, &relations->items[i]);
}

void relations_free(struct relations *relations)
{
    for (size_t i = 0; i < relations->count; i++)
        for (size_t field = 0; field < ARRAY_LENGTH(fields); field++)
            if (fields[field].kind == FIELD_WORDS || fields[field].kind == FIELD_NAME)
                free(*(char **)((char *)&relations->items[i] + fields[field].offset));
    free(relations->items);
    *relations = (struct relations){0};
}

const char *relation_kind(const struct relation *relation)
{
    static const char *const kinds[] = {
        ['v'] = "a view",           ['m'] = "a materialized view",
        ['f'] = "a foreign table",  ['i'] = "an index",
        ['I'] = "an index",         ['S'] = "a sequence",
        ['c'] = "a composite type",
    };
    unsigned char letter = (unsigned char)relation->kind[0];

    return letter < ARRAY_LENGTH(kinds) && kinds[letter] != NULL ? kinds[letter] : "not a table";
}
