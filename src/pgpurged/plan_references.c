/* What a plan says of the rows that refer to due ones: a line for each reference, its own foreign
 * keys and what hangs on these, and the index that is missing. */

#include <stdlib.h>

#include "base/text.h"
#include "engine/children.h"
#include "pgpurged/job_references.h"
#include "pgpurged/plan_fill.h"
#include "report/human.h"

static const char *action_of(const struct fk_reference *reference)
{
    switch (reference->action) {
    case ACTION_NO_ACTION:
        return "NO ACTION";
    case ACTION_RESTRICT:
        return "RESTRICT";
    case ACTION_CASCADE:
        return "CASCADE";
    case ACTION_SET_NULL:
        return "SET NULL";
    case ACTION_SET_DEFAULT:
        return "SET DEFAULT";
    case ACTION_DECLARED:
        return "declared";
    }
    return "";
}

/* What the mode of the job makes of it. */
static void add_consequence(struct text *note, const struct fk_graph *family,
                            const struct fk_reference *reference)
{
    size_t level = fk_graph_level(family, reference);

    if (level > 0)
        text_addf(note, "rows that refer to due ones go first, as level %zu, and are counted",
                  level);
    else if (reference->parent == 0 && reference->child == 0)
        text_add(note, "rows that others of the table refer to go after these, in passes, or stay "
                       "and count as rejected");
    else if (fk_reference_keeps(reference))
        text_add(note, "rows that it refers to stay, and count as rejected");
    else
        text_add(note, "the server changes rows that refer to what goes, and they are counted");
}

static char *note_of(const struct fk_graph *family, const struct fk_reference *reference,
                     const struct reference_facts *facts)
{
    struct text note = {0};
    struct text_number rows;

    text_addf(&note, "%s of %s (%s%s", reference->name,
              facts->child != NULL ? facts->child : family->tables[reference->child].name,
              action_of(reference), facts->deferrable ? ", deferrable" : "");
    if (facts->rows >= 0)
        text_addf(&note, ", about %s rows", human_about(&rows, facts->rows));
    text_add(&note, "): ");
    add_consequence(&note, family, reference);
    if (facts->create_index != NULL)
        text_add(&note, "; no index serves it");
    return text_take(&note);
}

/* As it is written; every table below the job's own is the child of some reference. */
static const char *name_of(const struct reference_graph *graph, size_t table)
{
    const struct fk_graph *family = &graph->family;

    for (size_t i = 0; i < family->reference_count; i++)
        if (family->references[i].child == table && graph->facts[i].child != NULL)
            return graph->facts[i].child;
    return family->tables[table].name;
}

void plan_fill_children(struct plan *plan, const struct reference_graph *graph)
{
    const struct fk_graph *family = &graph->family;
    double *going = children_of_due(graph, plan->rows, plan->due);

    plan->children = mem_new(family->table_count * sizeof *plan->children);
    for (size_t i = 1; i < family->table_count; i++)
        if (fk_graph_leads_to(family, i))
            plan->children[plan->children_count++] =
                (struct plan_children){text_copy(name_of(graph, i)), going[i]};
    free(going);
}

void plan_fill_order(struct plan *plan, const struct settings *settings,
                     const struct job_settings *job, const struct reference_graph *graph)
{
    bool keeps;

    for (size_t i = 0; i < settings->job_count; i++) {
        const struct job_settings *other = &settings->jobs[i];

        if (other != job && other->enabled && text_equal(other->database, job->database) &&
            job_references_to(&graph->family, &other->table, &keeps))
            plan_note(&plan->references,
                      text_format("runs after job %s, whose rows refer to it, when both are due",
                                  other->name),
                      NULL);
    }
}

void plan_fill_kept(struct plan *plan, const struct reference_graph *graph)
{
    for (size_t i = 0; i < graph->family.reference_count; i++) {
        double kept = children_keep(graph, i, plan->rows, plan->due);
        struct text_number rows;

        if (kept >= 1)
            plan_note(
                &plan->risks,
                text_format("about %s of the due rows stay, by statistics: rows of %s refer to "
                            "them",
                            human_about(&rows, kept), graph->facts[i].child),
                NULL);
    }
}

void plan_fill_references(struct plan *plan, const struct reference_graph *graph)
{
    const struct fk_graph *family = &graph->family;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct reference_facts *facts = &graph->facts[i];

        if (!fk_graph_uses(family, &family->references[i]))
            continue; /* that table's rows stay, and so do those that refer to them */
        plan_note(&plan->references, note_of(family, &family->references[i], facts),
                  facts->create_index != NULL ? text_copy(facts->create_index) : NULL);
    }
}
