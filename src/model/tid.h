/*
 * tid: where a row version lives in a heap: block and line pointer (PostgreSQL's ctid), and
 * half-open ranges [from, to) of them. Line pointers start at 1, so {b, 0} stands before every row
 * of block b.
 */
#ifndef PGPURGED_MODEL_TID_H
#define PGPURGED_MODEL_TID_H

#include <stdbool.h>
#include <stdint.h>

struct tid {
    uint32_t block;
    uint16_t offset;
};

struct tid_range {
    struct tid from, to;
};

static inline bool tid_before(struct tid a, struct tid b)
{
    return a.block < b.block || (a.block == b.block && a.offset < b.offset);
}

static inline bool tid_equal(struct tid a, struct tid b)
{
    return a.block == b.block && a.offset == b.offset;
}

#endif
