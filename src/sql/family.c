#include "sql/family.h"

#include <stdlib.h>

bool sql_reference_keeps(const struct sql_reference *reference)
{
    return reference->action != ACTION_SET_NULL && reference->action != ACTION_SET_DEFAULT;
}

const struct sql_reference *sql_family_next_keeper(const struct sql_family *family, size_t table,
                                                   size_t *i)
{
    while (*i < family->reference_count) {
        const struct sql_reference *reference = &family->references[(*i)++];

        if (reference->parent == table && sql_reference_keeps(reference))
            return reference;
    }
    return NULL;
}

/* --- paths --- */

size_t sql_path_end(const struct sql_path *path)
{
    return path->length == 0 ? 0 : path->steps[path->length - 1]->child;
}

static bool visits(const struct sql_path *path, size_t table)
{
    for (size_t i = 0; i < path->length; i++)
        if (path->steps[i]->child == table)
            return true;
    return table == 0;
}

bool sql_path_leads_on(const struct sql_path *path, const struct sql_reference *reference)
{
    return reference->follow && path->length < path->family->depth && path->length < MOST_LEVELS &&
           !visits(path, reference->child);
}

bool sql_path_next(const struct sql_path *path, size_t *i, struct sql_path *longer)
{
    const struct sql_reference *reference;

    while ((reference = sql_family_next_keeper(path->family, sql_path_end(path), i)) != NULL) {
        if (!sql_path_leads_on(path, reference))
            continue;
        *longer = *path;
        longer->steps[longer->length++] = reference;
        return true;
    }
    return false;
}

/* --- what people and the run want to know --- */

static size_t steps_below(const struct sql_path *path)
{
    struct sql_path longer;
    size_t steps = 0;

    for (size_t i = 0; sql_path_next(path, &i, &longer);)
        steps += path->family->tables[sql_path_end(&longer)].leaf_count + steps_below(&longer);
    return steps;
}

size_t sql_family_steps(const struct sql_family *family)
{
    return steps_below(&(struct sql_path){.family = family});
}

static size_t deepest(const struct sql_path *path, const struct sql_reference *wanted)
{
    bool here = path->length > 0 && path->steps[path->length - 1] == wanted;
    size_t level = here ? path->length : 0;
    struct sql_path longer;

    for (size_t i = 0; sql_path_next(path, &i, &longer);) {
        size_t below = deepest(&longer, wanted);

        level = below > level ? below : level;
    }
    return level;
}

size_t sql_family_level(const struct sql_family *family, const struct sql_reference *reference)
{
    return deepest(&(struct sql_path){.family = family}, reference);
}

bool sql_family_leads_to(const struct sql_family *family, size_t table)
{
    for (size_t i = 0; i < family->reference_count; i++)
        if (family->references[i].child == table &&
            sql_family_level(family, &family->references[i]) > 0)
            return true;
    return false;
}

bool sql_family_uses(const struct sql_family *family, const struct sql_reference *reference)
{
    return reference->parent == 0 || sql_family_leads_to(family, reference->parent);
}

bool sql_family_needs_more_passes(const struct sql_family *family)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        const struct sql_reference *reference = &family->references[i];

        if (reference->child == 0 || reference->parent == reference->child)
            return true;
    }
    return false;
}

/* --- the end --- */

static void free_reference(struct sql_reference *reference)
{
    for (size_t i = 0; i < reference->pair_count; i++) {
        free((void *)reference->pairs[i].parent);
        free((void *)reference->pairs[i].child);
        free((void *)reference->pairs[i].equal);
        free((void *)reference->pairs[i].collation);
    }
    free(reference->pairs);
    free((void *)reference->name);
    free((void *)reference->where_column);
    free((void *)reference->where_value);
}

static void free_relative(struct sql_relative *table)
{
    for (size_t i = 0; i < table->leaf_count; i++)
        free((void *)table->leaves[i].name);
    free(table->leaves);
    free((void *)table->name);
}

void sql_family_free(struct sql_family *family)
{
    for (size_t i = 0; i < family->reference_count; i++)
        free_reference(&family->references[i]);
    for (size_t i = 0; i < family->table_count; i++)
        free_relative(&family->tables[i]);
    free(family->references);
    free(family->tables);
    *family = (struct sql_family){0};
}
