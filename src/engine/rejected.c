#include "engine/rejected.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct rejected_row {
    int64_t relation;
    struct tid tid;
    uint32_t why; /* a hash: the texts would take more room than they are worth */
    bool met;     /* in this run */
};

/* FNV-1a. */
static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static uint32_t hash_of(const struct rejected_cause *cause)
{
    uint32_t hash = hash_text(2166136261u, rejected_reason_code(cause->reason));

    hash = hash_text(hash, cause->name);
    hash = hash_text(hash, cause->sqlstate);
    return hash_text(hash, cause->message);
}

void rejected_begin_run(struct rejected *rejected)
{
    size_t kept = 0;

    for (size_t i = 0; i < rejected->known_count; i++)
        if (rejected->known[i].met) {
            rejected->known[kept] = rejected->known[i];
            rejected->known[kept++].met = false;
        }
    rejected->known_count = kept;
    rejected->rows = rejected->news = 0;
    rejected_list_free(&rejected->by);
}

void rejected_add(struct rejected *rejected, int64_t rows, const struct rejected_cause *cause)
{
    rejected->rows += rows;
    rejected_list_add(&rejected->by, cause, rows);
}

static bool stands_before(const struct rejected_row *row, int64_t relation, struct tid tid)
{
    return row->relation < relation || (row->relation == relation && tid_before(row->tid, tid));
}

/* Where it is, or belongs. */
static size_t place_of(const struct rejected *rejected, int64_t relation, struct tid tid)
{
    size_t low = 0, high = rejected->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (stands_before(&rejected->known[middle], relation, tid))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_known(const struct rejected *rejected, size_t at, int64_t relation, struct tid tid)
{
    return at < rejected->known_count && rejected->known[at].relation == relation &&
           tid_equal(rejected->known[at].tid, tid);
}

static void insert_at(struct rejected *rejected, size_t at)
{
    rejected->known =
        mem_grow(rejected->known, (rejected->known_count + 1) * sizeof *rejected->known);
    memmove(rejected->known + at + 1, rejected->known + at,
            (rejected->known_count - at) * sizeof *rejected->known);
    rejected->known_count++;
}

bool rejected_meet(struct rejected *rejected, int64_t relation, struct tid tid,
                   const struct rejected_cause *cause)
{
    size_t at = place_of(rejected, relation, tid);
    bool known = is_known(rejected, at, relation, tid);
    uint32_t hash = hash_of(cause);
    bool news = !known || rejected->known[at].why != hash;

    if (!known)
        insert_at(rejected, at);
    rejected->known[at] = (struct rejected_row){relation, tid, hash, true};
    rejected_add(rejected, 1, cause);
    rejected->news += news;
    return news;
}

void rejected_free(struct rejected *rejected)
{
    rejected_list_free(&rejected->by);
    free(rejected->known);
    *rejected = (struct rejected){0};
}
