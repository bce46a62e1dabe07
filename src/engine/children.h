/*
 * children: how many rows of other tables go with due rows, going by what PostgreSQL remembers of
 * the tables' sizes. For the plan; nothing is decided by it. Pure.
 */
#ifndef PGPURGED_ENGINE_CHILDREN_H
#define PGPURGED_ENGINE_CHILDREN_H

#include "catalog/references.h"

/* For each table of the family, in its order, how many of its rows go with `due` of the `rows` of
 * the job's table; 0 where none do. Due rows are taken to have as many children as others, and no
 * table loses more rows than it has. The list is the caller's: free(). */
double *children_of_due(const struct reference_graph *graph, double rows, double due);

/* How many of the `due` rows stay because of this reference of the family: they are taken to be
 * referred to as often as others. 0 where it keeps no row of the job's table, or only until others
 * of that table are gone, or nothing is known. */
double children_keep(const struct reference_graph *graph, size_t reference, double rows,
                     double due);

#endif
