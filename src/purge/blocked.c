#include "purge/blocked.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    MOST_REASONS = 20, /* a trigger may say something else of each row */
    MOST_EXPLAINED = 3,
};

struct blocked_row {
    int64_t relation;
    struct tid tid;
    uint32_t why; /* a hash: the texts would take more room than they are worth */
    bool met;     /* in this run */
};

struct blocked_reason {
    char *why;
    int64_t rows;
};

/* FNV-1a. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static void forget_reasons(struct blocked *blocked)
{
    for (size_t i = 0; i < blocked->reason_count; i++)
        free(blocked->reasons[i].why);
    blocked->reason_count = 0;
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
    forget_reasons(blocked);
}

void blocked_add(struct blocked *blocked, int64_t rows, const char *why)
{
    blocked->rows += rows;
    for (size_t i = 0; i < blocked->reason_count; i++)
        if (text_equal(blocked->reasons[i].why, why)) {
            blocked->reasons[i].rows += rows;
            return;
        }
    if (blocked->reason_count == MOST_REASONS)
        return;
    blocked->reasons =
        mem_grow(blocked->reasons, (blocked->reason_count + 1) * sizeof *blocked->reasons);
    blocked->reasons[blocked->reason_count++] = (struct blocked_reason){text_copy(why), rows};
}

static struct blocked_row *find(const struct blocked *blocked, int64_t relation, struct tid tid)
{
    for (size_t i = 0; i < blocked->known_count; i++)
        if (blocked->known[i].relation == relation && tid_equal(blocked->known[i].tid, tid))
            return &blocked->known[i];
    return NULL;
}

bool blocked_meet(struct blocked *blocked, int64_t relation, struct tid tid, const char *why)
{
    struct blocked_row *row = find(blocked, relation, tid);
    uint32_t hash = hash_of(why);
    bool news = row == NULL || row->why != hash;

    if (row == NULL) {
        blocked->known =
            mem_grow(blocked->known, (blocked->known_count + 1) * sizeof *blocked->known);
        row = &blocked->known[blocked->known_count++];
    }
    *row = (struct blocked_row){relation, tid, hash, true};
    blocked_add(blocked, 1, why);
    blocked->news += news;
    return news;
}

void blocked_explain(const struct blocked *blocked, struct text *out)
{
    int64_t rest = blocked->rows;
    const char *comma = "";

    for (size_t i = 0; i < blocked->reason_count && i < MOST_EXPLAINED; i++) {
        text_addf(out, "%s%" PRId64 " blocked by \"%s\"", comma, blocked->reasons[i].rows,
                  blocked->reasons[i].why);
        rest -= blocked->reasons[i].rows;
        comma = ", ";
    }
    if (rest > 0)
        text_addf(out, "%s%" PRId64 " blocked for other reasons", comma, rest);
}

void blocked_free(struct blocked *blocked)
{
    forget_reasons(blocked);
    free(blocked->reasons);
    free(blocked->known);
    *blocked = (struct blocked){0};
}
