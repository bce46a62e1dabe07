#include "engine/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A heap tuple needs at least a header of 24 bytes and a line pointer of 4 (MaxHeapTuplesPerPage).
 */
enum { MIN_TUPLE_BYTES = 28 };

void scan_start(struct scan *scan, uint32_t block_size)
{
    *scan = (struct scan){0};
    scan->block_slots = block_size / MIN_TUPLE_BYTES + 1;
}

void scan_start_list(struct scan *scan)
{
    *scan = (struct scan){.block_slots = 1};
}

void scan_free(struct scan *scan)
{
    free(scan->pieces);
    free(scan->rejected);
    *scan = (struct scan){0};
}

/* --- pieces --- */

static void insert_piece(struct scan *scan, size_t at, struct tid_range piece)
{
    scan->pieces = mem_grow(scan->pieces, (scan->piece_count + 1) * sizeof piece);
    memmove(scan->pieces + at + 1, scan->pieces + at, (scan->piece_count - at) * sizeof piece);
    scan->pieces[at] = piece;
    scan->piece_count++;
}

static void remove_piece(struct scan *scan, size_t at)
{
    scan->piece_count--;
    memmove(scan->pieces + at, scan->pieces + at + 1,
            (scan->piece_count - at) * sizeof *scan->pieces);
}

void scan_give_back(struct scan *scan, struct tid_range rest)
{
    size_t at = 0;

    if (!tid_before(rest.from, rest.to))
        return;
    while (at < scan->piece_count && tid_before(scan->pieces[at].from, rest.from))
        at++;
    insert_piece(scan, at, rest);
    if (at + 1 < scan->piece_count && tid_equal(scan->pieces[at].to, scan->pieces[at + 1].from)) {
        scan->pieces[at].to = scan->pieces[at + 1].to;
        remove_piece(scan, at + 1);
    }
    if (at > 0 && tid_equal(scan->pieces[at - 1].to, scan->pieces[at].from)) {
        scan->pieces[at - 1].to = scan->pieces[at].to;
        remove_piece(scan, at);
    }
}

void scan_begin_pass(struct scan *scan, uint32_t from_block, uint32_t end_block)
{
    scan->piece_count = 0;
    scan->end_block = end_block;
    scan->narrow_slots = 0;
    scan_give_back(scan, (struct tid_range){{from_block, 0}, {end_block, 0}});
}

bool scan_is_empty(const struct scan *scan)
{
    return scan->piece_count == 0;
}

uint32_t scan_block(const struct scan *scan)
{
    return scan_is_empty(scan) ? scan->end_block : scan->pieces[0].from.block;
}

/* --- ranges --- */

static struct tid next_slot(const struct scan *scan, struct tid tid)
{
    if ((uint32_t)tid.offset + 1 >= scan->block_slots)
        return (struct tid){tid.block + 1, 0};
    return (struct tid){tid.block, (uint16_t)(tid.offset + 1)};
}

/* So many line pointers further, rounded down to whole blocks if it is at least one; a shorter way
 * never goes past a block's end. */
static struct tid slots_further(const struct scan *scan, struct tid from, uint64_t slots)
{
    uint64_t block = (uint64_t)from.block + 1;

    if (slots >= scan->block_slots)
        block = (uint64_t)from.block + slots / scan->block_slots;
    else if (from.offset + slots < scan->block_slots)
        return (struct tid){from.block, (uint16_t)(from.offset + slots)};
    return (struct tid){block < UINT32_MAX ? (uint32_t)block : UINT32_MAX, 0};
}

/* How many rejected rows stand before a place. */
static size_t first_rejected(const struct scan *scan, struct tid from)
{
    size_t low = 0, high = scan->rejected_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (tid_before(scan->rejected[middle], from))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first rejected row at or behind a place, or NULL. */
static const struct tid *next_rejected(const struct scan *scan, struct tid from)
{
    size_t at = first_rejected(scan, from);

    return at < scan->rejected_count ? &scan->rejected[at] : NULL;
}

/* Leaves rejected rows at the front of the first piece out. False if nothing is left. */
static bool step_over_rejected(struct scan *scan)
{
    while (scan->piece_count > 0) {
        struct tid_range *piece = &scan->pieces[0];
        const struct tid *rejected = next_rejected(scan, piece->from);

        if (rejected == NULL || !tid_equal(*rejected, piece->from))
            return true;
        piece->from = next_slot(scan, piece->from);
        if (!tid_before(piece->from, piece->to))
            remove_piece(scan, 0);
    }
    return false;
}

static struct tid end_of_next(const struct scan *scan, int64_t most_blocks)
{
    struct tid_range piece = scan->pieces[0];
    uint64_t slots = (uint64_t)most_blocks * scan->block_slots;
    const struct tid *rejected = next_rejected(scan, piece.from);
    struct tid to;

    if (scan->narrow_slots > 0 && scan->narrow_slots < slots)
        slots = scan->narrow_slots;
    to = slots_further(scan, piece.from, slots);
    if (tid_before(piece.to, to))
        to = piece.to;
    return rejected != NULL && tid_before(*rejected, to) ? *rejected : to;
}

bool scan_take(struct scan *scan, int64_t most_blocks, struct scan_range *next)
{
    struct tid from, to;

    if (!step_over_rejected(scan))
        return false;
    from = scan->pieces[0].from;
    to = end_of_next(scan, most_blocks);
    *next = (struct scan_range){
        .range = {from, to},
        .narrowed = scan->narrow_slots > 0,
        .one_block = to.block == from.block || (to.block == from.block + 1 && to.offset == 0),
        .one_row = tid_equal(to, next_slot(scan, from)),
    };
    scan->pieces[0].from = to;
    if (!tid_before(to, scan->pieces[0].to))
        remove_piece(scan, 0);
    return true;
}

/* --- narrowing --- */

static uint64_t slots_between(const struct scan *scan, struct tid_range range)
{
    return (uint64_t)(range.to.block - range.from.block) * scan->block_slots + range.to.offset -
           range.from.offset;
}

void scan_narrow(struct scan *scan, const struct scan_range *failed, unsigned divisor,
                 int64_t chunk_blocks)
{
    uint64_t slots = slots_between(scan, failed->range);

    if (slots > (uint64_t)chunk_blocks * scan->block_slots)
        slots = (uint64_t)chunk_blocks * scan->block_slots;
    scan->narrow_slots = slots / divisor > 0 ? slots / divisor : 1;
}

void scan_narrow_to_block(struct scan *scan)
{
    scan->narrow_slots = scan->block_slots;
}

void scan_widen(struct scan *scan)
{
    scan->narrow_slots *= 2;
    if (scan->narrow_slots >= (uint64_t)scan->end_block * scan->block_slots)
        scan->narrow_slots = 0;
}

void scan_remember_rejected(struct scan *scan, struct tid tid)
{
    size_t at = first_rejected(scan, tid);

    scan->rejected = mem_grow(scan->rejected, (scan->rejected_count + 1) * sizeof *scan->rejected);
    memmove(scan->rejected + at + 1, scan->rejected + at, (scan->rejected_count - at) * sizeof tid);
    scan->rejected[at] = tid;
    scan->rejected_count++;
}
