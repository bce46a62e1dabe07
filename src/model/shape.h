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
    FIELD_REJECTED, /* struct rejected_list; rejected_shape describes what is in it */
    FIELD_ROUNDED,  /* double; NAN = unknown; written as a whole number */
    FIELD_COUNT,    /* int64_t; -1 = unknown */
    FIELD_LOCAL,    /* a local time, as if it were UTC; {0} = unknown; written without a zone */
    FIELD_LIST      /* a pointer to structs, owned; `shape` describes each, `count_offset` is where
                       their number stands (size_t), `size` is theirs */
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
    size_t count_offset, size; /* of a FIELD_LIST */
};

struct shape {
    const struct field *fields;
    size_t count;
    bool optional; /* the struct begins with `bool present`; where that is false it is null */
};

/* To write a table of fields with. A group stands in an object of its own in JSON, and in the
 * struct itself. */
#define F(type, field, kind_, key_)                                                                \
    {                                                                                              \
        .key = key_, .kind = FIELD_##kind_, .offset = offsetof(struct type, field)                 \
    }
#define F_WORD(type, field, key_, word_)                                                           \
    {                                                                                              \
        .key = key_, .kind = FIELD_WORD, .offset = offsetof(struct type, field), .word = word_     \
    }
#define F_OBJECT(type, field, key_, shape_)                                                        \
    {                                                                                              \
        .key = key_, .kind = FIELD_OBJECT, .offset = offsetof(struct type, field), .shape = shape_ \
    }
#define F_GROUP(key_, shape_)                                                                      \
    {                                                                                              \
        .key = key_, .kind = FIELD_OBJECT, .shape = shape_                                         \
    }
#define F_LIST(type, field, count_, key_, shape_)                                                  \
    {                                                                                              \
        .key = key_, .kind = FIELD_LIST, .offset = offsetof(struct type, field), .shape = shape_,  \
        .count_offset = offsetof(struct type, count_), .size = sizeof(*((struct type *)0)->field)  \
    }

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

/* How many a FIELD_LIST of this object has. */
static inline size_t field_count(const struct field *field, const void *object)
{
    return *(const size_t *)((const char *)object + field->count_offset);
}

static inline const void *field_of_const(const struct field *field, const void *object)
{
    return (const char *)object + field->offset;
}

#endif
