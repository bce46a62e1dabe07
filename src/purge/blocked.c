#include "purge/blocked.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct blocked_row {
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

static uint32_t hash_of(const struct blocked_cause *cause)
{
    uint32_t hash = hash_text(2166136261u, blocked_reason_code(cause->reason));

    hash = hash_text(hash, cause->name);
    hash = hash_text(hash, cause->sqlstate);
    return hash_text(hash, cause->message);
}

void blocked_begin_run(struct blocked *blocked)
{
    size_t kept = 0;

    for (size_t i = 0; i < blocked->known_count; i++)
        if (blocked->known[i].met) {
            blocked->known[kept] = blocked->known[i];
            blocked->known[kept++].met = false;
        }
    blocked->known_count = kept;
    blocked->rows = blocked->news = 0;
    blocked_list_free(&blocked->by);
}

void blocked_add(struct blocked *blocked, int64_t rows, const struct blocked_cause *cause)
{
    blocked->rows += rows;
    blocked_list_add(&blocked->by, cause, rows);
}

static bool stands_before(const struct blocked_row *row, int64_t relation, struct tid tid)
{
    return row->relation < relation || (row->relation == relation && tid_before(row->tid, tid));
}

/* Where it is, or belongs. */
static size_t place_of(const struct blocked *blocked, int64_t relation, struct tid tid)
{
    size_t low = 0, high = blocked->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (stands_before(&blocked->known[middle], relation, tid))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_known(const struct blocked *blocked, size_t at, int64_t relation, struct tid tid)
{
    return at < blocked->known_count && blocked->known[at].relation == relation &&
           tid_equal(blocked->known[at].tid, tid);
}

static void insert_at(struct blocked *blocked, size_t at)
{
    blocked->known = mem_grow(blocked->known, (blocked->known_count + 1) * sizeof *blocked->known);
    memmove(blocked->known + at + 1, blocked->known + at,
            (blocked->known_count - at) * sizeof *blocked->known);
    blocked->known_count++;
}

bool blocked_meet(struct blocked *blocked, int64_t relation, struct tid tid,
                  const struct blocked_cause *cause)
{
    size_t at = place_of(blocked, relation, tid);
    bool known = is_known(blocked, at, relation, tid);
    uint32_t hash = hash_of(cause);
    bool news = !known || blocked->known[at].why != hash;

    if (!known)
        insert_at(blocked, at);
    blocked->known[at] = (struct blocked_row){relation, tid, hash, true};
    blocked_add(blocked, 1, cause);
    blocked->news += news;
    return news;
}

void blocked_free(struct blocked *blocked)
{
    blocked_list_free(&blocked->by);
    free(blocked->known);
    *blocked = (struct blocked){0};
}
