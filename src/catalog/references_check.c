#include "catalog/references_check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sql/children.h"
#include "sql/quote.h"

enum {
    BIG_BLOCKS = 1000, /* a table beyond either must not be read whole for each batch */
    BIG_ROWS = 10000,
    MOST_STEPS = 100 /* statements for each chunk of a batch */
};

/* --- what a table is to the family --- */

/* Whether the table is looked into for rows that keep others. */
static bool is_looked_into(const struct fk_graph *family, size_t table)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->child == table && fk_reference_keeps(reference) &&
            fk_graph_uses(family, reference))
            return true;
    }
    return false;
}

/* Whether rows of the table stand above some that go: then they are locked meanwhile. */
static bool is_locked(const struct fk_graph *family, size_t table)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->parent == table && fk_graph_level(family, reference) > 0)
            return true;
    }
    return false;
}

/* A column that is there for sure: any one does to lock rows. */
static const char *column_of(const struct references_asked *asked, const struct fk_graph *family,
                             size_t table)
{
    for (size_t i = 0; table != 0 && i < family->reference_count; i++)
        if (family->references[i].child == table)
            return family->references[i].pairs[0].child;
    return asked->job->expires.column;
}

/* Of the job's table the partition is locked, of the others the whole. */
static unsigned uses_of(const struct fk_graph *family, size_t table,
                        const struct relation *relation)
{
    bool whole = !relation->is_partition, part = !text_equal(relation->kind, "p");
    unsigned uses = 0;

    if (whole && is_looked_into(family, table))
        uses |= USE_LOOKUP;
    if ((table == 0 ? part : whole) && is_locked(family, table))
        uses |= USE_LOCKED;
    if (whole && fk_graph_leads_to(family, table))
        uses |= USE_CHILD_TABLE;
    if (part && fk_graph_leads_to(family, table))
        uses |= USE_CHILD;
    return uses;
}

void references_judge(const struct references_asked *asked, const struct reference_graph *graph,
                      const struct relations *relations, struct findings *findings)
{
    const struct fk_graph *family = &graph->family;

    for (size_t i = 0; i < relations->count; i++) {
        const struct relation *relation = &relations->items[i];
        size_t table = 0;
        char *column;

        while (family->tables[table].relation != relation->root)
            table++;
        column = sql_identifier(column_of(asked, family, table));
        requirements_judge(
            relation,
            &(struct relation_role){uses_of(family, table, relation), asked->role, column},
            findings);
        free(column);
    }
}

/* --- what the family is like as a whole --- */

/* Without the server's own counts, what an acting foreign key takes along would go unseen
 * (promise A). */
static bool check_counting(const struct references_asked *asked,
                           const struct reference_graph *graph, struct err *err)
{
    const struct fk_graph *family = &graph->family;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->action != ACTION_CASCADE && fk_reference_keeps(reference))
            continue;
        if (!asked->track_counts)
            return err_set(err,
                           "track_counts is off, so that nobody counts the rows that foreign key "
                           "%s changes when rows are deleted; run: ALTER ROLE %s SET track_counts "
                           "= on",
                           reference->name, asked->role);
    }
    return true;
}

/* As a whole element of "a, b". */
static bool is_allowed_unindexed(const struct job_settings *job, const char *name)
{
    const char *list = job->children_unindexed;
    size_t length = strlen(name);

    for (const char *at = list; (at = strstr(at, name)) != NULL; at += length)
        if ((at == list || (at - list >= 2 && at[-2] == ',' && at[-1] == ' ')) &&
            (at[length] == '\0' || at[length] == ','))
            return true;
    return false;
}

static bool check_indexes(const struct references_asked *asked, const struct reference_graph *graph,
                          struct err *err)
{
    const struct fk_graph *family = &graph->family;
    const struct job_settings *job = asked->job;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];
        const struct reference_facts *facts = &graph->facts[i];
        bool big = facts->blocks > BIG_BLOCKS || facts->rows > BIG_ROWS;

        if (facts->indexed || !big || !fk_graph_uses(family, reference) ||
            is_allowed_unindexed(job, reference->name))
            continue;
        return err_set(err,
                       "no index serves %s of %s, so that it would be read whole again and again; "
                       "run: %s%s; or write children_unindexed = %s",
                       reference->name, facts->child, facts->create_index,
                       family->tables[reference->child].partition_count > 1
                           ? " and likewise on its other partitions"
                           : "",
                       reference->name);
    }
    return true;
}

static bool check_size(const struct reference_graph *graph, struct err *err)
{
    size_t steps = fk_graph_steps(&graph->family);

    return steps <= MOST_STEPS ||
           err_set(err,
                   "children would take %zu statements for each batch, one for each way to each "
                   "partition of each table; lower children_depth, or write children = skip",
                   steps);
}

/* What goes to the server as JSON has to be UTF-8, or it would not get there. */
static bool is_utf8(const char *text)
{
    json_t *string = json_string(text);
    bool fine = string != NULL;

    json_decref(string);
    return fine;
}

static bool check_names(const struct references_asked *asked, const struct reference_graph *graph,
                        struct err *err)
{
    const struct fk_graph *family = &graph->family;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_table *child = &family->tables[family->references[i].child];
        char *sql = sql_try_reference(family, &family->references[i]);
        bool fine = is_utf8(sql);

        free(sql);
        for (size_t n = 0; n < child->partition_count; n++)
            fine = fine && is_utf8(child->partitions[n].name);
        if (!fine)
            return err_set(err,
                           "the names of a table or column that refers to %s are not UTF-8; write "
                           "client_encoding=UTF8 into the conninfo",
                           asked->job->table.written);
    }
    return true;
}

bool references_allowed(const struct references_asked *asked, const struct reference_graph *graph,
                        struct err *err)
{
    return check_names(asked, graph, err) && check_counting(asked, graph, err) &&
           check_size(graph, err) && check_indexes(asked, graph, err);
}
