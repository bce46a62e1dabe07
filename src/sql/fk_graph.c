#include "sql/fk_graph.h"

#include <stdlib.h>

bool fk_reference_keeps(const struct fk_reference *reference)
{
    return reference->action != ACTION_SET_NULL && reference->action != ACTION_SET_DEFAULT;
}

const struct fk_reference *fk_graph_next_blocking(const struct fk_graph *family, size_t table,
                                                  size_t *i)
{
    while (*i < family->reference_count) {
        const struct fk_reference *reference = &family->references[(*i)++];

        if (reference->parent == table && fk_reference_keeps(reference))
            return reference;
    }
    return NULL;
}

/* --- paths --- */

size_t fk_path_end(const struct fk_path *path)
{
    return path->length == 0 ? 0 : path->steps[path->length - 1]->child;
}

static bool visits(const struct fk_path *path, size_t table)
{
    for (size_t i = 0; i < path->length; i++)
        if (path->steps[i]->child == table)
            return true;
    return table == 0;
}

bool fk_path_leads_on(const struct fk_path *path, const struct fk_reference *reference)
{
    return reference->follow && path->length < path->family->depth && path->length < MOST_LEVELS &&
           !visits(path, reference->child);
}

bool fk_path_next(const struct fk_path *path, size_t *i, struct fk_path *longer)
{
    const struct fk_reference *reference;

    while ((reference = fk_graph_next_blocking(path->family, fk_path_end(path), i)) != NULL) {
        if (!fk_path_leads_on(path, reference))
            continue;
        *longer = *path;
        longer->steps[longer->length++] = reference;
        return true;
    }
    return false;
}

/* --- what people and the run want to know --- */

static size_t steps_below(const struct fk_path *path)
{
    struct fk_path longer;
    size_t steps = 0;

    for (size_t i = 0; fk_path_next(path, &i, &longer);)
        steps += path->family->tables[fk_path_end(&longer)].partition_count + steps_below(&longer);
    return steps;
}

size_t fk_graph_steps(const struct fk_graph *family)
{
    return steps_below(&(struct fk_path){.family = family});
}

static size_t deepest(const struct fk_path *path, const struct fk_reference *wanted)
{
    bool here = path->length > 0 && path->steps[path->length - 1] == wanted;
    size_t level = here ? path->length : 0;
    struct fk_path longer;

    for (size_t i = 0; fk_path_next(path, &i, &longer);) {
        size_t below = deepest(&longer, wanted);

        level = below > level ? below : level;
    }
    return level;
}

size_t fk_graph_level(const struct fk_graph *family, const struct fk_reference *reference)
{
    return deepest(&(struct fk_path){.family = family}, reference);
}

bool fk_graph_leads_to(const struct fk_graph *family, size_t table)
{
    for (size_t i = 0; i < family->reference_count; i++)
        if (family->references[i].child == table &&
            fk_graph_level(family, &family->references[i]) > 0)
            return true;
    return false;
}

bool fk_graph_uses(const struct fk_graph *family, const struct fk_reference *reference)
{
    return reference->parent == 0 || fk_graph_leads_to(family, reference->parent);
}

bool fk_graph_needs_more_passes(const struct fk_graph *family)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->child == 0 || reference->parent == reference->child)
            return true;
    }
    return false;
}

/* --- the end --- */

static void free_reference(struct fk_reference *reference)
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

static void free_relative(struct fk_table *table)
{
    for (size_t i = 0; i < table->partition_count; i++)
        free((void *)table->partitions[i].name);
    free(table->partitions);
    free((void *)table->name);
}

void fk_graph_free(struct fk_graph *family)
{
    for (size_t i = 0; i < family->reference_count; i++)
        free_reference(&family->references[i]);
    for (size_t i = 0; i < family->table_count; i++)
        free_relative(&family->tables[i]);
    free(family->references);
    free(family->tables);
    *family = (struct fk_graph){0};
}
