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

void walk_start_list(struct walk *walk)
{
    *walk = (struct walk){.block_slots = 1};
}

void walk_free(struct walk *walk)
{
    free(walk->pieces);
    free(walk->blocked);
    *walk = (struct walk){0};
}

/* --- pieces --- */

static void insert_piece(struct walk *walk, size_t at, struct tid_range piece)
{
    walk->pieces = mem_grow(walk->pieces, (walk->piece_count + 1) * sizeof piece);
    memmove(walk->pieces + at + 1, walk->pieces + at, (walk->piece_count - at) * sizeof piece);
    walk->pieces[at] = piece;
    walk->piece_count++;
}

static void remove_piece(struct walk *walk, size_t at)
{
    walk->piece_count--;
    memmove(walk->pieces + at, walk->pieces + at + 1,
            (walk->piece_count - at) * sizeof *walk->pieces);
}

void walk_give_back(struct walk *walk, struct tid_range rest)
{
    size_t at = 0;

    if (!tid_before(rest.from, rest.to))
        return;
    while (at < walk->piece_count && tid_before(walk->pieces[at].from, rest.from))
        at++;
    insert_piece(walk, at, rest);
    if (at + 1 < walk->piece_count && tid_equal(walk->pieces[at].to, walk->pieces[at + 1].from)) {
        walk->pieces[at].to = walk->pieces[at + 1].to;
        remove_piece(walk, at + 1);
    }
    if (at > 0 && tid_equal(walk->pieces[at - 1].to, walk->pieces[at].from)) {
        walk->pieces[at - 1].to = walk->pieces[at].to;
        remove_piece(walk, at);
    }
}

void walk_begin_pass(struct walk *walk, uint32_t from_block, uint32_t end_block)
{
    walk->piece_count = 0;
    walk->end_block = end_block;
    walk->narrow_slots = 0;
    walk_give_back(walk, (struct tid_range){{from_block, 0}, {end_block, 0}});
}

bool walk_is_empty(const struct walk *walk)
{
    return walk->piece_count == 0;
}

uint32_t walk_block(const struct walk *walk)
{
    return walk_is_empty(walk) ? walk->end_block : walk->pieces[0].from.block;
}

/* --- ranges --- */

static struct tid next_slot(const struct walk *walk, struct tid tid)
{
    if ((uint32_t)tid.offset + 1 >= walk->block_slots)
        return (struct tid){tid.block + 1, 0};
    return (struct tid){tid.block, (uint16_t)(tid.offset + 1)};
}

/* So many line pointers further, rounded down to whole blocks if it is at least one; a shorter way
 * never goes past a block's end. */
static struct tid slots_further(const struct walk *walk, struct tid from, uint64_t slots)
{
    uint64_t block = (uint64_t)from.block + 1;

    if (slots >= walk->block_slots)
        block = (uint64_t)from.block + slots / walk->block_slots;
    else if (from.offset + slots < walk->block_slots)
        return (struct tid){from.block, (uint16_t)(from.offset + slots)};
    return (struct tid){block < UINT32_MAX ? (uint32_t)block : UINT32_MAX, 0};
}

/* How many blocked rows stand before a place. */
static size_t first_blocked(const struct walk *walk, struct tid from)
{
    size_t low = 0, high = walk->blocked_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (tid_before(walk->blocked[middle], from))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first blocked row at or behind a place, or NULL. */
static const struct tid *next_blocked(const struct walk *walk, struct tid from)
{
    size_t at = first_blocked(walk, from);

    return at < walk->blocked_count ? &walk->blocked[at] : NULL;
}

/* Leaves blocked rows at the front of the first piece out. False if nothing is left. */
static bool step_over_blocked(struct walk *walk)
{
    while (walk->piece_count > 0) {
        struct tid_range *piece = &walk->pieces[0];
        const struct tid *blocked = next_blocked(walk, piece->from);

        if (blocked == NULL || !tid_equal(*blocked, piece->from))
            return true;
        piece->from = next_slot(walk, piece->from);
        if (!tid_before(piece->from, piece->to))
            remove_piece(walk, 0);
    }
    return false;
}

static struct tid end_of_next(const struct walk *walk, int64_t most_blocks)
{
    struct tid_range piece = walk->pieces[0];
    uint64_t slots = (uint64_t)most_blocks * walk->block_slots;
    const struct tid *blocked = next_blocked(walk, piece.from);
    struct tid to;

    if (walk->narrow_slots > 0 && walk->narrow_slots < slots)
        slots = walk->narrow_slots;
    to = slots_further(walk, piece.from, slots);
    if (tid_before(piece.to, to))
        to = piece.to;
    return blocked != NULL && tid_before(*blocked, to) ? *blocked : to;
}

bool walk_take(struct walk *walk, int64_t most_blocks, struct walk_range *next)
{
    struct tid from, to;

    if (!step_over_blocked(walk))
        return false;
    from = walk->pieces[0].from;
    to = end_of_next(walk, most_blocks);
    *next = (struct walk_range){
        .range = {from, to},
        .narrowed = walk->narrow_slots > 0,
        .one_block = to.block == from.block || (to.block == from.block + 1 && to.offset == 0),
        .one_row = tid_equal(to, next_slot(walk, from)),
    };
    walk->pieces[0].from = to;
    if (!tid_before(to, walk->pieces[0].to))
        remove_piece(walk, 0);
    return true;
}

/* --- narrowing --- */

static uint64_t slots_between(const struct walk *walk, struct tid_range range)
{
    return (uint64_t)(range.to.block - range.from.block) * walk->block_slots + range.to.offset -
           range.from.offset;
}

void walk_narrow(struct walk *walk, const struct walk_range *failed, unsigned divisor,
                 int64_t chunk_blocks)
{
    uint64_t slots = slots_between(walk, failed->range);

    if (slots > (uint64_t)chunk_blocks * walk->block_slots)
        slots = (uint64_t)chunk_blocks * walk->block_slots;
    walk->narrow_slots = slots / divisor > 0 ? slots / divisor : 1;
}

void walk_narrow_to_block(struct walk *walk)
{
    walk->narrow_slots = walk->block_slots;
}

void walk_widen(struct walk *walk)
{
    walk->narrow_slots *= 2;
    if (walk->narrow_slots >= (uint64_t)walk->end_block * walk->block_slots)
        walk->narrow_slots = 0;
}

void walk_remember_blocked(struct walk *walk, struct tid tid)
{
    size_t at = first_blocked(walk, tid);

    walk->blocked = mem_grow(walk->blocked, (walk->blocked_count + 1) * sizeof *walk->blocked);
    memmove(walk->blocked + at + 1, walk->blocked + at, (walk->blocked_count - at) * sizeof tid);
    walk->blocked[at] = tid;
    walk->blocked_count++;
}
