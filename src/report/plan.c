#include "report/plan.h"

#include <math.h>
#include <stdlib.h>

const char *plan_sureness_word(enum plan_sureness sureness)
{
    static const char *const words[] = {
        [PLAN_UNKNOWN] = "unknown", [PLAN_STATISTICS] = "statistics", [PLAN_SAMPLED] = "sampled",
        [PLAN_INDEXED] = "indexed", [PLAN_COUNTED] = "counted",
    };

    return words[sureness];
}

void plan_note(struct plan_notes *notes, char *text, char *sql)
{
    notes->notes = mem_grow(notes->notes, (notes->count + 1) * sizeof *notes->notes);
    notes->notes[notes->count++] = (struct plan_note){text, sql};
}

void plan_init(struct plan *plan)
{
    *plan = (struct plan){
        .pages = -1,
        .rows = NAN,
        .due = NAN,
        .low = NAN,
        .high = NAN,
        .undated = NAN,
        .expiring_per_day = NAN,
    };
}

static void clear_notes(struct plan_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->notes[i].text);
        free(notes->notes[i].sql);
    }
    free(notes->notes);
}

void plan_clear(struct plan *plan)
{
    char *const strings[] = {plan->job,     plan->database, plan->table,       plan->rule,
                             plan->meaning, plan->refused,  plan->not_counted, plan->found_by,
                             plan->window,  plan->timezone, plan->every,       plan->sql};
    struct plan_notes *const groups[] = {&plan->limits, &plan->references, &plan->triggers,
                                         &plan->grants, &plan->risks,      &plan->hints};

    for (size_t i = 0; i < ARRAY_LENGTH(strings); i++)
        free(strings[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        clear_notes(groups[i]);
    for (size_t i = 0; i < plan->partition_count; i++)
        free(plan->partitions[i].name);
    free(plan->partitions);
    for (size_t i = 0; i < plan->children_count; i++)
        free(plan->children[i].table);
    free(plan->children);
    plan_init(plan);
}
