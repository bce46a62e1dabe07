#include "purge/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void kept_begin_run(struct kept *kept, const struct reference_graph *graph)
{
    size_t i = 0, count = 0;

    while (graph != NULL && sql_family_next_keeper(&graph->family, 0, &i) != NULL)
        count++;
    kept_free(kept);
    *kept = (struct kept){
        .pass = mem_new((count + 1) * sizeof *kept->pass),
        .before = mem_new((count + 1) * sizeof *kept->before),
        .count = count,
    };
}

void kept_begin_walk(struct kept *kept)
{
    for (size_t i = 0; i < kept->count; i++)
        kept->pass[i] = 0;
}

/* {12,0,3}. More or fewer than expected: the references have changed while the run went on. */
void kept_add(struct kept *kept, const char *array)
{
    char *end;

    for (size_t i = 0; i < kept->count && array != NULL && array[0] != '\0'; i++) {
        int64_t rows = strtoll(array + 1, &end, 10);

        if (end == array + 1)
            return;
        kept->pass[i] += rows;
        array = end;
    }
}

void kept_end_leaf(struct kept *kept)
{
    for (size_t i = 0; i < kept->count; i++)
        kept->before[i] += kept->pass[i];
    kept_begin_walk(kept);
}

int64_t kept_by(const struct kept *kept, size_t i)
{
    return kept->before[i] + kept->pass[i];
}

int64_t kept_rows(const struct kept *kept)
{
    int64_t rows = 0;

    for (size_t i = 0; i < kept->count; i++)
        rows += kept_by(kept, i);
    return rows;
}

int64_t kept_rows_of_pass(const struct kept *kept)
{
    int64_t rows = 0;

    for (size_t i = 0; i < kept->count; i++)
        rows += kept->pass[i];
    return rows;
}

/* "comments_post_id_fkey on public.comments" for the next keeper; NULL = the references were read
 * anew since the run began, and are fewer now. */
static char *name_of_next(const struct reference_graph *graph, size_t *next)
{
    const struct sql_reference *reference =
        graph != NULL ? sql_family_next_keeper(&graph->family, 0, next) : NULL;

    return reference == NULL
               ? NULL
               : text_format("%s on %s", reference->name, graph->facts[*next - 1].child);
}

void kept_list(const struct kept *kept, const struct reference_graph *graph,
               struct blocked_list *list)
{
    size_t next = 0;

    for (size_t i = 0; i < kept->count; i++) {
        char *name = name_of_next(graph, &next);
        struct blocked_cause cause = {.reason = BLOCKED_FOREIGN_KEY, .name = name};

        if (kept_by(kept, i) > 0)
            blocked_list_add(list, &cause, kept_by(kept, i));
        free(name);
    }
}

void kept_free(struct kept *kept)
{
    free(kept->pass);
    free(kept->before);
    *kept = (struct kept){0};
}
