/*
 * The index scan: the TIDs of due rows as an index lists them, slice by slice. A place is a
 * position in the slice.
 */
#include "base/text.h"
#include "engine/scan.h"

/* A list has no stretches without a due row that could be passed over. */
static int64_t most_places(const struct pace_step *step)
{
    return step->chunk_blocks;
}

static struct tid row_at(const struct scan *scan, struct tid place)
{
    return scan->slices.tids[place.block];
}

static char *tids(const struct scan *scan, struct tid_range range)
{
    struct slice_part part = {scan->slices.tids + range.from.block,
                              range.to.block - range.from.block};
    struct text out = {0};

    slice_print(&part, &out);
    return text_take(&out);
}

static bool is_complete(const struct scan *scan)
{
    return scan->slices.at_end;
}

static int64_t pages(const struct scan *scan)
{
    return scan->slices.pages;
}

const struct scan_method scan_index = {
    .name = "index scan",
    .is_list = true,
    .most_places = most_places,
    .row_at = row_at,
    .tids = tids,
    .is_complete = is_complete,
    .pages = pages,
};

void scan_begin_index(struct scan *scan)
{
    scan->kind = &scan_index;
    ranges_free(&scan->list);
    ranges_start_list(&scan->list);
    slices_free(&scan->slices);
    slices_start(&scan->slices);
}

void scan_refill_send(const struct scan *scan, struct pg *pg, const struct sql_statements *sql,
                      const char *cutoff, pg_result_fn *fn, void *arg)
{
    slice_send(pg, &scan->slices, sql, cutoff, fn, arg);
}

bool scan_refilled(struct scan *scan, const struct pg_result *reply, struct err *err)
{
    if (!slice_read(reply, &scan->slices, err))
        return false;
    slice_leave_out(&scan->slices, scan->heap.rejected, scan->heap.rejected_count);
    ranges_begin_pass(&scan->list, 0, (uint32_t)scan->slices.count);
    return true;
}
