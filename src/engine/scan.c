#include "engine/scan.h"

void scan_start(struct scan *scan, uint32_t block_size)
{
    scan_free(scan);
    scan->kind = &scan_heap;
    ranges_start(&scan->heap, block_size);
}

void scan_free(struct scan *scan)
{
    ranges_free(&scan->heap);
    ranges_free(&scan->list);
    slices_free(&scan->slices);
}

bool scan_is_index(const struct scan *scan)
{
    return scan->kind == &scan_index;
}

struct scan_ranges *scan_ranges(struct scan *scan)
{
    return scan_is_index(scan) ? &scan->list : &scan->heap;
}

bool scan_is_empty(const struct scan *scan)
{
    return ranges_is_empty(scan_is_index(scan) ? &scan->list : &scan->heap);
}

void scan_remember_rejected(struct scan *scan, struct tid row)
{
    ranges_remember_rejected(&scan->heap, row);
}
