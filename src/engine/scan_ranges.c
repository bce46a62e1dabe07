#include "engine/scan_ranges.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A heap tuple needs at least a header of 24 bytes and a line pointer of 4 (MaxHeapTuplesPerPage).
 */
enum { MIN_TUPLE_BYTES = 28 };

void ranges_start(struct scan_ranges *ranges, uint32_t block_size)
{
    *ranges = (struct scan_ranges){0};
    ranges->block_slots = block_size / MIN_TUPLE_BYTES + 1;
}

void ranges_start_list(struct scan_ranges *ranges)
{
    *ranges = (struct scan_ranges){.block_slots = 1};
}

void ranges_free(struct scan_ranges *ranges)
{
    free(ranges->pieces);
    free(ranges->rejected);
    *ranges = (struct scan_ranges){0};
}

/* --- pieces --- */

static void insert_piece(struct scan_ranges *ranges, size_t at, struct tid_range piece)
{
    ranges->pieces = mem_grow(ranges->pieces, (ranges->piece_count + 1) * sizeof piece);
    memmove(ranges->pieces + at + 1, ranges->pieces + at,
            (ranges->piece_count - at) * sizeof piece);
    ranges->pieces[at] = piece;
    ranges->piece_count++;
}

static void remove_piece(struct scan_ranges *ranges, size_t at)
{
    ranges->piece_count--;
    memmove(ranges->pieces + at, ranges->pieces + at + 1,
            (ranges->piece_count - at) * sizeof *ranges->pieces);
}

void ranges_give_back(struct scan_ranges *ranges, struct tid_range rest)
{
    size_t at = 0;

    if (!tid_before(rest.from, rest.to))
        return;
    while (at < ranges->piece_count && tid_before(ranges->pieces[at].from, rest.from))
        at++;
    insert_piece(ranges, at, rest);
    if (at + 1 < ranges->piece_count &&
        tid_equal(ranges->pieces[at].to, ranges->pieces[at + 1].from)) {
        ranges->pieces[at].to = ranges->pieces[at + 1].to;
        remove_piece(ranges, at + 1);
    }
    if (at > 0 && tid_equal(ranges->pieces[at - 1].to, ranges->pieces[at].from)) {
        ranges->pieces[at - 1].to = ranges->pieces[at].to;
        remove_piece(ranges, at);
    }
}

void ranges_begin_pass(struct scan_ranges *ranges, uint32_t from_block, uint32_t end_block)
{
    ranges->piece_count = 0;
    ranges->end_block = end_block;
    ranges->narrow_slots = 0;
    ranges_give_back(ranges, (struct tid_range){{from_block, 0}, {end_block, 0}});
}

bool ranges_is_empty(const struct scan_ranges *ranges)
{
    return ranges->piece_count == 0;
}

uint32_t ranges_block(const struct scan_ranges *ranges)
{
    return ranges_is_empty(ranges) ? ranges->end_block : ranges->pieces[0].from.block;
}

/* --- ranges --- */

static struct tid next_slot(const struct scan_ranges *ranges, struct tid tid)
{
    if ((uint32_t)tid.offset + 1 >= ranges->block_slots)
        return (struct tid){tid.block + 1, 0};
    return (struct tid){tid.block, (uint16_t)(tid.offset + 1)};
}

/* So many line pointers further, rounded down to whole blocks if it is at least one; a shorter way
 * never goes past a block's end. */
static struct tid slots_further(const struct scan_ranges *ranges, struct tid from, uint64_t slots)
{
    uint64_t block = (uint64_t)from.block + 1;

    if (slots >= ranges->block_slots)
        block = (uint64_t)from.block + slots / ranges->block_slots;
    else if (from.offset + slots < ranges->block_slots)
        return (struct tid){from.block, (uint16_t)(from.offset + slots)};
    return (struct tid){block < UINT32_MAX ? (uint32_t)block : UINT32_MAX, 0};
}

/* How many rejected rows stand before a place. */
static size_t first_rejected(const struct scan_ranges *ranges, struct tid from)
{
    size_t low = 0, high = ranges->rejected_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (tid_before(ranges->rejected[middle], from))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first rejected row at or behind a place, or NULL. */
static const struct tid *next_rejected(const struct scan_ranges *ranges, struct tid from)
{
    size_t at = first_rejected(ranges, from);

    return at < ranges->rejected_count ? &ranges->rejected[at] : NULL;
}

/* Leaves rejected rows at the front of the first piece out. False if nothing is left. */
static bool step_over_rejected(struct scan_ranges *ranges)
{
    while (ranges->piece_count > 0) {
        struct tid_range *piece = &ranges->pieces[0];
        const struct tid *rejected = next_rejected(ranges, piece->from);

        if (rejected == NULL || !tid_equal(*rejected, piece->from))
            return true;
        piece->from = next_slot(ranges, piece->from);
        if (!tid_before(piece->from, piece->to))
            remove_piece(ranges, 0);
    }
    return false;
}

static struct tid end_of_next(const struct scan_ranges *ranges, int64_t most_blocks)
{
    struct tid_range piece = ranges->pieces[0];
    uint64_t slots = (uint64_t)most_blocks * ranges->block_slots;
    const struct tid *rejected = next_rejected(ranges, piece.from);
    struct tid to;

    if (ranges->narrow_slots > 0 && ranges->narrow_slots < slots)
        slots = ranges->narrow_slots;
    to = slots_further(ranges, piece.from, slots);
    if (tid_before(piece.to, to))
        to = piece.to;
    return rejected != NULL && tid_before(*rejected, to) ? *rejected : to;
}

bool ranges_take(struct scan_ranges *ranges, int64_t most_blocks, struct scan_range *next)
{
    struct tid from, to;

    if (!step_over_rejected(ranges))
        return false;
    from = ranges->pieces[0].from;
    to = end_of_next(ranges, most_blocks);
    *next = (struct scan_range){
        .range = {from, to},
        .narrowed = ranges->narrow_slots > 0,
        .one_block = to.block == from.block || (to.block == from.block + 1 && to.offset == 0),
        .one_row = tid_equal(to, next_slot(ranges, from)),
    };
    ranges->pieces[0].from = to;
    if (!tid_before(to, ranges->pieces[0].to))
        remove_piece(ranges, 0);
    return true;
}

/* --- narrowing --- */

static uint64_t slots_between(const struct scan_ranges *ranges, struct tid_range range)
{
    return (uint64_t)(range.to.block - range.from.block) * ranges->block_slots + range.to.offset -
           range.from.offset;
}

void ranges_narrow(struct scan_ranges *ranges, const struct scan_range *failed, unsigned divisor,
                   int64_t chunk_blocks)
{
    uint64_t slots = slots_between(ranges, failed->range);

    if (slots > (uint64_t)chunk_blocks * ranges->block_slots)
        slots = (uint64_t)chunk_blocks * ranges->block_slots;
    ranges->narrow_slots = slots / divisor > 0 ? slots / divisor : 1;
}

void ranges_narrow_to_block(struct scan_ranges *ranges)
{
    ranges->narrow_slots = ranges->block_slots;
}

void ranges_widen(struct scan_ranges *ranges)
{
    ranges->narrow_slots *= 2;
    if (ranges->narrow_slots >= (uint64_t)ranges->end_block * ranges->block_slots)
        ranges->narrow_slots = 0;
}

void ranges_remember_rejected(struct scan_ranges *ranges, struct tid tid)
{
    size_t at = first_rejected(ranges, tid);

    ranges->rejected =
        mem_grow(ranges->rejected, (ranges->rejected_count + 1) * sizeof *ranges->rejected);
    memmove(ranges->rejected + at + 1, ranges->rejected + at,
            (ranges->rejected_count - at) * sizeof tid);
    ranges->rejected[at] = tid;
    ranges->rejected_count++;
}
