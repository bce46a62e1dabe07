/* The heap scan: the blocks of the partition, each once, in order. */
#include <stdlib.h>

#include "engine/scan.h"

static int64_t most_places(const struct pace_step *step)
{
    return step->range_blocks;
}

static struct tid row_at(const struct scan *scan, struct tid place)
{
    (void)scan;
    return place;
}

static char *tids(const struct scan *scan, struct tid_range range)
{
    (void)scan;
    (void)range;
    return NULL;
}

static bool is_complete(const struct scan *scan)
{
    (void)scan;
    return true;
}

static int64_t pages(const struct scan *scan)
{
    return (int64_t)ranges_block(&scan->heap) - scan->from_block;
}

const struct scan_method scan_heap = {
    .name = "heap scan",
    .most_places = most_places,
    .row_at = row_at,
    .tids = tids,
    .is_complete = is_complete,
    .pages = pages,
};

void scan_begin_heap(struct scan *scan, uint32_t from_block, uint32_t end_block)
{
    scan->kind = &scan_heap;
    scan->from_block = from_block;
    ranges_begin_pass(&scan->heap, from_block, end_block);
}
