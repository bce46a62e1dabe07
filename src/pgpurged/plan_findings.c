/* What the requirements (catalog/requirements.h) say, in a plan: a run stops at the first that
 * refuses, here they all stand, each GRANT once. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pgpurged/plan_fill.h"

static bool is_noted(const struct plan_notes *notes, const char *sql)
{
    for (size_t i = 0; i < notes->count; i++)
        if (notes->notes[i].sql != NULL && text_equal(notes->notes[i].sql, sql))
            return true;
    return false;
}

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            return true;
    return false;
}

/* Takes both strings over. The statements are sorted and pasted line by line (doc/operations.md):
 * a name with a line break in it would become a statement of its own there. */
static void note_once(struct plan_notes *notes, char *text, char *sql)
{
    if (has_control_character(sql)) {
        plan_note(notes,
                  text_format("%s; no statement is shown, because a name in it has a control "
                              "character",
                              text),
                  NULL);
    } else if (!is_noted(notes, sql)) {
        plan_note(notes, text, sql);
        return;
    }
    free(text);
    free(sql);
}

static const char *weight_word(const struct finding *finding)
{
    return finding->weight == FINDING_REFUSES ? ": needed" : "";
}

static void note_grant(struct plan *plan, const struct finding *finding)
{
    note_once(&plan->grants, text_format("%s%s", finding->text, weight_word(finding)),
              text_copy(finding->sql));
}

/* A partition is left alone; anything else is why the job is refused, and what is said there need
 * not be said again. */
static void note_other(struct plan *plan, const struct estimate *estimate,
                       const struct finding *finding)
{
    char *sentence = finding_sentence(finding);

    if (finding->of_partition && finding->root == estimate->table.relation)
        plan_note(&plan->risks, text_format("a partition is left alone: %s", sentence), NULL);
    else if (plan->refused == NULL || strstr(plan->refused, sentence) == NULL)
        plan_note(&plan->risks, text_copy(sentence), NULL);
    free(sentence);
}

/* --- partitions: one GRANT for all that lack the same, so that there is one thing to paste --- */

struct found {
    const struct finding **items;
    size_t count;
};

/* What keeps partitions whole is another matter (plan_fill.c). */
static void collect(struct found *found, const struct findings *findings)
{
    found->items =
        mem_grow(found->items, (found->count + findings->count + 1) * sizeof *found->items);
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].weight != FINDING_KEEPS)
            found->items[found->count++] = &findings->items[i];
}

static bool lack_the_same(const struct finding *a, const struct finding *b)
{
    return a->of_partition && b->of_partition && a->root == b->root &&
           a->requirement == b->requirement && a->names_relation;
}

static bool was_said(const struct found *found, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (lack_the_same(found->items[i], found->items[at]))
            return true;
    return false;
}

static void note_grant_for_all(struct plan *plan, const struct estimate *estimate,
                               const struct found *found, size_t at)
{
    const struct relation_role role = {.role = estimate->table.role,
                                       .column = estimate->table.column};
    const struct finding *finding = found->items[at];
    struct text names = {0};
    char *which, *text;
    size_t count = 0;

    for (size_t i = at; i < found->count; i++)
        if (lack_the_same(finding, found->items[i]))
            text_addf(&names, "%s%s", count++ > 0 ? ", " : "", found->items[i]->relation);
    which = text_format("%zu partition%s", count, count == 1 ? "" : "s");
    text = finding_text_for(finding, &role, which);
    note_once(&plan->grants, text_format("%s%s", text, weight_word(finding)),
              finding_sql_for(finding, &role, names.data));
    free(text);
    free(which);
    text_free(&names);
}

static void note_all(struct plan *plan, const struct estimate *estimate, const struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct finding *finding = found->items[i];

        if (!finding->is_grant)
            note_other(plan, estimate, finding);
        else if (!finding->of_partition || !finding->names_relation)
            note_grant(plan, finding);
        else if (!was_said(found, i))
            note_grant_for_all(plan, estimate, found, i);
    }
}

/* The reason of the refusal doesn't repeat a GRANT that stands below it. */
static void leave_grant_out(struct plan *plan)
{
    char *run = plan->refused != NULL ? strstr(plan->refused, "; run: GRANT ") : NULL;

    if (run != NULL && is_noted(&plan->grants, run + strlen("; run: ")))
        *run = '\0';
}

void plan_fill_findings(struct plan *plan, const struct estimate *estimate)
{
    struct found found = {0};

    collect(&found, estimate->reference_findings);
    collect(&found, estimate->findings);
    for (size_t i = 0; i < estimate->partitions.count; i++)
        collect(&found, &estimate->partitions.items[i].findings);
    note_all(plan, estimate, &found);
    free(found.items);
    leave_grant_out(plan);
}
