/*
 * reference_graph: what the catalog's answers say about the tables that refer to a job's table:
 * builds struct reference_graph (references.h) from them, one answer after the other.
 */
#ifndef PGPURGED_CATALOG_REFERENCE_GRAPH_H
#define PGPURGED_CATALOG_REFERENCE_GRAPH_H

#include <stdbool.h>

#include "base/err.h"
#include "catalog/references.h"
#include "net/pg_conn.h"

/* A graph of the job's table alone. reference_graph_free() it. */
void reference_graph_start(const struct references_asked *asked, struct reference_graph *graph);

/* The answers to sql_references and sql_reference_indexes, in this order. False with
 * err set where something that is declared is not there, or rows could go that must not. */
bool reference_graph_read(const struct pg_result *reply, const struct references_asked *asked,
                          struct reference_graph *graph, struct err *err);
bool reference_graph_read_indexes(const struct pg_result *reply,
                                  const struct references_asked *asked,
                                  struct reference_graph *graph, struct err *err);
/* What its tables are, with their partitions; they have to be there all. */
bool reference_graph_add_tables(const struct relations *relations, struct reference_graph *graph,
                                struct err *err);

void reference_graph_free(struct reference_graph *graph);

#endif
