#include "engine/children.h"

#include <math.h>

#include "base/text.h"

/* Of a table that was never analyzed only the size is known: rows of 100 bytes, say. */
enum { GUESSED_ROWS_PER_PAGE = 80 };

static double rows_of(const struct reference_facts *facts)
{
    return facts->rows >= 0 ? facts->rows : (double)facts->blocks * GUESSED_ROWS_PER_PAGE;
}

struct counting {
    const struct reference_graph *graph;
    double *going;
};

/* `going` of the `rows` of the table at the end of the path go. */
static void add_below(const struct counting *counting, const struct fk_path *path, double rows,
                      double going)
{
    const struct reference_graph *graph = counting->graph;
    struct fk_path longer;

    for (size_t i = 0; fk_path_next(path, &i, &longer);) {
        const struct fk_reference *step = longer.steps[longer.length - 1];
        const struct reference_facts *facts = &graph->facts[step - graph->family.references];
        double children = rows_of(facts);
        double go = rows > 0 ? fmin(going / rows, 1) * children * facts->share : 0;

        counting->going[step->child] = fmin(counting->going[step->child] + go, children);
        add_below(counting, &longer, children, go);
    }
}

double *children_of_due(const struct reference_graph *graph, double rows, double due)
{
    struct counting counting = {graph,
                                mem_new((graph->family.table_count + 1) * sizeof *counting.going)};
    struct fk_path start = {.family = &graph->family};

    add_below(&counting, &start, rows, due);
    return counting.going;
}

double children_keep(const struct reference_graph *graph, size_t reference, double rows, double due)
{
    const struct fk_reference *keeper = &graph->family.references[reference];
    const struct reference_facts *facts = &graph->facts[reference];
    double part = keeper->where_column != NULL ? facts->share : 1;

    if (!fk_reference_keeps(keeper) || fk_graph_level(&graph->family, keeper) > 0 ||
        keeper->parent != 0 || keeper->child == 0 || rows <= 0)
        return 0;
    return due * fmin(facts->parents * part / rows, 1);
}
