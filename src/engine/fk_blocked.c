#include "engine/fk_blocked.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void fk_blocked_begin_run(struct fk_blocked *fk_blocked, const struct reference_graph *graph)
{
    size_t i = 0, count = 0;

    while (graph != NULL && fk_graph_next_blocking(&graph->family, 0, &i) != NULL)
        count++;
    fk_blocked_free(fk_blocked);
    *fk_blocked = (struct fk_blocked){
        .pass = mem_new((count + 1) * sizeof *fk_blocked->pass),
        .before = mem_new((count + 1) * sizeof *fk_blocked->before),
        .count = count,
    };
}

void fk_blocked_begin_scan(struct fk_blocked *fk_blocked)
{
    for (size_t i = 0; i < fk_blocked->count; i++)
        fk_blocked->pass[i] = 0;
}

/* {12,0,3}. More or fewer than expected: the references have changed while the run went on. */
void fk_blocked_add(struct fk_blocked *fk_blocked, const char *array)
{
    char *end;

    for (size_t i = 0; i < fk_blocked->count && array != NULL && array[0] != '\0'; i++) {
        int64_t rows = strtoll(array + 1, &end, 10);

        if (end == array + 1)
            return;
        fk_blocked->pass[i] += rows;
        array = end;
    }
}

void fk_blocked_end_partition(struct fk_blocked *fk_blocked)
{
    for (size_t i = 0; i < fk_blocked->count; i++)
        fk_blocked->before[i] += fk_blocked->pass[i];
    fk_blocked_begin_scan(fk_blocked);
}

int64_t fk_blocked_by(const struct fk_blocked *fk_blocked, size_t i)
{
    return fk_blocked->before[i] + fk_blocked->pass[i];
}

int64_t fk_blocked_rows(const struct fk_blocked *fk_blocked)
{
    int64_t rows = 0;

    for (size_t i = 0; i < fk_blocked->count; i++)
        rows += fk_blocked_by(fk_blocked, i);
    return rows;
}

int64_t fk_blocked_rows_of_pass(const struct fk_blocked *fk_blocked)
{
    int64_t rows = 0;

    for (size_t i = 0; i < fk_blocked->count; i++)
        rows += fk_blocked->pass[i];
    return rows;
}

/* "comments_post_id_fkey on public.comments" for the next keeper; NULL = the references were read
 * anew since the run began, and are fewer now. */
static char *name_of_next(const struct reference_graph *graph, size_t *next)
{
    const struct fk_reference *reference =
        graph != NULL ? fk_graph_next_blocking(&graph->family, 0, next) : NULL;

    return reference == NULL
               ? NULL
               : text_format("%s on %s", reference->name, graph->facts[*next - 1].child);
}

void fk_blocked_list(const struct fk_blocked *fk_blocked, const struct reference_graph *graph,
                     struct rejected_list *list)
{
    size_t next = 0;

    for (size_t i = 0; i < fk_blocked->count; i++) {
        char *name = name_of_next(graph, &next);
        struct rejected_cause cause = {.reason = REJECTED_FOREIGN_KEY, .name = name};

        if (fk_blocked_by(fk_blocked, i) > 0)
            rejected_list_add(list, &cause, fk_blocked_by(fk_blocked, i));
        free(name);
    }
}

void fk_blocked_free(struct fk_blocked *fk_blocked)
{
    free(fk_blocked->pass);
    free(fk_blocked->before);
    *fk_blocked = (struct fk_blocked){0};
}
