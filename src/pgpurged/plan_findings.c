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

/* Takes both strings over. */
static void note_once(struct plan_notes *notes, char *text, char *sql)
{
    if (is_noted(notes, sql)) {
        free(text);
        free(sql);
        return;
    }
    plan_note(notes, text, sql);
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

/* --- what is not about a relation --- */

static void note_monitor(struct plan *plan, const struct preflight_table *table)
{
    if (table->server_version > 0 && !table->abilities.sees_all)
        plan_note(&plan->grants,
                  text_format("role %s does not see what other sessions do, so max_replica_lag, "
                              "max_active_sessions, max_snapshot_age and waiting sessions hold "
                              "nothing back",
                              table->role),
                  text_format("GRANT pg_monitor TO %s", table->role));
}

static void note_vacuum(struct plan *plan, const struct job_settings *job,
                        const struct estimate *estimate)
{
    if (!estimate->own_session)
        plan_note(&plan->grants,
                  text_copy("VACUUM is skipped: the connection goes through a pooler, which would "
                            "give its settings to others"),
                  NULL);
    else if (estimate->vacuum_grant != NULL)
        plan_note(&plan->grants,
                  text_format("VACUUM is skipped: role %s may not vacuum %s", estimate->table.role,
                              job->table.written),
                  text_copy(estimate->vacuum_grant));
}

/* The reason of the refusal doesn't repeat a GRANT that stands below it. */
static void leave_grant_out(struct plan *plan)
{
    char *run = plan->refused != NULL ? strstr(plan->refused, "; run: GRANT ") : NULL;

    if (run != NULL && is_noted(&plan->grants, run + strlen("; run: ")))
        *run = '\0';
}

void plan_fill_findings(struct plan *plan, const struct job_settings *job,
                        const struct estimate *estimate)
{
    struct found found = {0};

    collect(&found, estimate->reference_findings);
    collect(&found, estimate->findings);
    for (size_t i = 0; i < estimate->partitions.count; i++)
        collect(&found, &estimate->partitions.items[i].findings);
    note_all(plan, estimate, &found);
    free(found.items);
    note_monitor(plan, &estimate->table);
    if (estimate->outcome == BATCH_COMMITTED && job->vacuum == VACUUM_AFTER)
        note_vacuum(plan, job, estimate);
    leave_grant_out(plan);
}
