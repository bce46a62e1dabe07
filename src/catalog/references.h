/*
 * references: reads from the catalog what refers to a job's table, how deep, by which action and
 * through which index, and whether the job may do about it what its settings say. Part of the
 * preflight: deletes nothing, changes nothing.
 *
 * Whatever would make the purge take rows along that nobody counts, hide rows from it, or make each
 * batch read a big table whole is refused, with what to do about it.
 */
#ifndef PGPURGED_CATALOG_REFERENCES_H
#define PGPURGED_CATALOG_REFERENCES_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/requirements.h"
#include "catalog/sequence.h"
#include "model/job_spec.h"
#include "sql/fk_graph.h"

/* What people want to know of a reference, beside what the family says of it. */
struct reference_facts {
    bool deferrable;
    bool indexed;
    char *child;         /* the table, as it is written; NULL = there is no such table */
    char *index_columns; /* of the index that would serve it, as they are written */
    char *create_index;  /* what is missing, to be run; NULL = nothing */
    int64_t blocks;      /* of the child */
    double rows;         /* of the child, by reltuples; -1 = never analyzed */
    double parents;      /* rows of the parent, by reltuples; 0 = none, or not known */
    double share;        /* of these rows that refer to any, by statistics; 1 = not known */
};

/* Both lists have the same order. The direct children of the job's table are the tables that the
 * references with parent 0 name as child. */
struct reference_graph {
    struct fk_graph family;
    struct reference_facts *facts; /* one for each reference of the family */
};

struct references_asked {
    const struct job_settings *job;
    int64_t relation;  /* OID of its table */
    const char *role;  /* for the GRANTs, as SQL needs it */
    bool track_counts; /* the server counts the rows that it changes */
};

struct references_reading;

/* `asked` must stay, and be filled in by the time of the first question. references_free() it after
 * the sequence has ended. */
struct references_reading *references_new(const struct references_asked *asked);
/* Three questions, and one for each declared reference: a part of the preflight's sequence. */
struct sequence_part references_questions(struct references_reading *reading);
bool references_begun(const struct references_reading *reading); /* the first was asked */
/* After the end: what was read, also where the job is refused for it; NULL = not all could be. */
const struct reference_graph *references_graph(const struct references_reading *reading);
/* Of all tables that are looked into or lose rows. */
const struct findings *references_findings(const struct references_reading *reading);
void references_free(struct references_reading *reading); /* NULL is fine */

#endif
