/*
 * shape: which fields a snapshot has and what they are called in JSON, as tables. One table, four
 * scans over it: make everything unknown, free, write, read. A new field is one line in its struct
 * (snapshot.h) and one line here.
 */
#ifndef PGPURGED_REPORT_SHAPE_H
#define PGPURGED_REPORT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/counters.h"

enum field_kind {
    FIELD_TEXT,     /* char *, owned; NULL = unknown */
    FIELD_BOOL,     /* bool */
    FIELD_MAYBE,    /* enum maybe */
    FIELD_INT,      /* int64_t */
    FIELD_NUMBER,   /* double; NAN = unknown */
    FIELD_TIME,     /* struct wall; {0} = unknown; RFC 3339 in UTC, to the second */
    FIELD_WORD,     /* an enum; `word` names its values */
    FIELD_OBJECT,   /* a struct of its own; `shape` describes it */
    FIELD_COUNTERS, /* struct job_counters or database_counters; `counters` describes it */
    FIELD_REJECTED  /* struct rejected_list; rejected_shape describes what is in it */
};

/* The i-th word of a closed list, "" for unknown, NULL past its end. */
typedef const char *word_fn(unsigned i);

struct shape;

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    word_fn *word;
    const struct shape *shape;
    const struct counter_table *counters;
};

struct shape {
    const struct field *fields;
    size_t count;
    bool optional; /* the struct begins with `bool present`; where that is false it is null */
};

extern const struct shape daemon_shape, database_shape, job_shape, rejected_shape;

/* Sets everything in a zeroed struct to unknown. */
void shape_init(const struct shape *shape, void *object);

/* Frees the strings inside; not the struct itself. */
void shape_clear(const struct shape *shape, void *object);

/* Replaces the strings inside by what a terminal may get. */
void shape_make_printable(const struct shape *shape, void *object);

static inline void *field_of(const struct field *field, void *object)
{
    return (char *)object + field->offset;
}

static inline const void *field_of_const(const struct field *field, const void *object)
{
    return (const char *)object + field->offset;
}

#endif
