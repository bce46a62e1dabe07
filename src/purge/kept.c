#include "purge/kept.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

void kept_explain(const struct kept *kept, const struct reference_graph *graph, struct text *out)
{
    const struct sql_reference *reference;
    const char *comma = "";
    size_t next = 0;

    for (size_t i = 0; i < kept->count; i++) {
        reference = sql_family_next_keeper(&graph->family, 0, &next);
        if (reference == NULL)
            return;
        if (kept_by(kept, i) == 0)
            continue;
        text_addf(out, "%s%" PRId64 " blocked by %s on %s", comma, kept_by(kept, i),
                  reference->name, graph->facts[next - 1].child);
        comma = ", ";
    }
}

void kept_free(struct kept *kept)
{
    free(kept->pass);
    free(kept->before);
    *kept = (struct kept){0};
}
