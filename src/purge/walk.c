#include "purge/walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A heap tuple needs at least a header of 24 bytes and a line pointer of 4 (MaxHeapTuplesPerPage).
 */
enum { MIN_TUPLE_BYTES = 28 };

void walk_start(struct walk *walk, uint32_t block_size)
{
    *walk = (struct walk){0};
    walk->block_slots = block_size / MIN_TUPLE_BYTES + 1;
}

void walk_free(struct walk *walk)
{
    free(walk->blocked);
    *walk = (struct walk){0};
}

void walk_begin_pass(struct walk *walk, uint32_t from_block, uint32_t end_block)
{
    walk->position = (struct tid){from_block, 0};
    walk->end_block = end_block;
    walk->narrow_slots = 0;
}

bool walk_at_end(const struct walk *walk)
{
    return walk->position.block >= walk->end_block;
}

static struct tid next_slot(const struct walk *walk, struct tid tid)
{
    if ((uint32_t)tid.offset + 1 >= walk->block_slots)
        return (struct tid){tid.block + 1, 0};
    return (struct tid){tid.block, (uint16_t)(tid.offset + 1)};
}

/* The first blocked row at or behind the position, or NULL. */
static const struct tid *next_blocked(const struct walk *walk)
{
    for (size_t i = 0; i < walk->blocked_count; i++)
        if (!tid_before(walk->blocked[i], walk->position))
            return &walk->blocked[i];
    return NULL;
}

/* Where a narrowed range from the position ends: whole blocks if it is as long as one. */
static struct tid narrowed_end(const struct walk *walk)
{
    struct tid from = walk->position;

    if (walk->narrow_slots >= walk->block_slots) {
        uint64_t blocks = from.offset == 0 ? walk->narrow_slots / walk->block_slots : 1;

        if (blocks >= walk->end_block - from.block)
            return (struct tid){walk->end_block, 0};
        return (struct tid){from.block + (uint32_t)blocks, 0};
    }
    if (from.offset + walk->narrow_slots >= walk->block_slots)
        return (struct tid){from.block + 1, 0};
    return (struct tid){from.block, (uint16_t)(from.offset + walk->narrow_slots)};
}

static void step_over_blocked(struct walk *walk)
{
    const struct tid *blocked;

    while ((blocked = next_blocked(walk)) != NULL && tid_equal(*blocked, walk->position))
        walk->position = next_slot(walk, walk->position);
}

struct walk_range walk_next(struct walk *walk)
{
    struct walk_range next = {.narrowed = walk->narrow_slots > 0};
    const struct tid *blocked;
    struct tid to;

    step_over_blocked(walk);
    if (walk_at_end(walk)) {
        next.range = (struct tid_range){walk->position, walk->position};
        return next;
    }
    to = next.narrowed ? narrowed_end(walk) : (struct tid){walk->end_block, 0};
    blocked = next_blocked(walk);
    if (blocked != NULL && tid_before(*blocked, to))
        to = *blocked;
    next.range = (struct tid_range){walk->position, to};
    next.one_row = tid_equal(to, next_slot(walk, walk->position));
    next.one_block = to.block == walk->position.block ||
                     (to.block == walk->position.block + 1 && to.offset == 0);
    return next;
}

void walk_advance(struct walk *walk, struct tid reached)
{
    walk->position = reached;
    if (walk->narrow_slots == 0)
        return;
    walk->narrow_slots *= 2;
    if (walk->narrow_slots >= (uint64_t)walk->end_block * walk->block_slots)
        walk->narrow_slots = 0;
}

static uint64_t slots_between(const struct walk *walk, struct tid_range range)
{
    return (uint64_t)(range.to.block - range.from.block) * walk->block_slots + range.to.offset -
           range.from.offset;
}

void walk_narrow(struct walk *walk, unsigned divisor, int64_t chunk_blocks)
{
    struct walk_range failed = walk_next(walk);
    uint64_t slots = slots_between(walk, failed.range);

    if (!failed.narrowed && slots > (uint64_t)chunk_blocks * walk->block_slots)
        slots = (uint64_t)chunk_blocks * walk->block_slots;
    walk->narrow_slots = slots / divisor > 0 ? slots / divisor : 1;
}

void walk_narrow_to_block(struct walk *walk)
{
    walk->narrow_slots = walk->block_slots;
}

static void remember_blocked(struct walk *walk, struct tid tid)
{
    size_t at = walk->blocked_count;

    walk->blocked = mem_grow(walk->blocked, (walk->blocked_count + 1) * sizeof *walk->blocked);
    while (at > 0 && tid_before(tid, walk->blocked[at - 1]))
        at--;
    memmove(walk->blocked + at + 1, walk->blocked + at, (walk->blocked_count - at) * sizeof tid);
    walk->blocked[at] = tid;
    walk->blocked_count++;
}

void walk_set_aside(struct walk *walk, bool remember)
{
    if (remember)
        remember_blocked(walk, walk->position);
    walk->position = next_slot(walk, walk->position);
}
