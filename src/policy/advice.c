#include "policy/advice.h"

#include <math.h>

/* With less than a fifth of the rows marked, an index without them is hardly smaller. */
static const double many_marked = 0.2;

static bool is_soft_delete(const struct advice_facts *facts)
{
    return facts->soft_delete && facts->marked > 0 && facts->marked < facts->rows;
}

int advice_live_index(const struct advice_facts *facts)
{
    int best = ADVICE_NONE;

    if (!is_soft_delete(facts) || facts->choose.pages <= CHOOSE_SMALL_PAGES ||
        facts->marked < many_marked * facts->rows)
        return ADVICE_NONE;
    for (size_t i = 0; i < facts->index_count; i++) {
        const struct advice_index *index = &facts->indexes[i];

        if (index->of_live_rows)
            return ADVICE_NONE;
        if (index->unique || index->partial || index->has_column || index->needed)
            continue;
        if (best == ADVICE_NONE || index->scans > facts->indexes[best].scans)
            best = (int)i;
    }
    return best;
}

bool advice_unique_index(const struct advice_facts *facts, size_t index)
{
    const struct advice_index *unique = &facts->indexes[index];

    return is_soft_delete(facts) && unique->unique && !unique->primary && !unique->partial &&
           !unique->has_column && !unique->needed;
}

bool advice_purge_index(const struct advice_facts *facts)
{
    struct choose_facts with_index = facts->choose;
    struct choice choice;

    if (!facts->by_index || facts->choose.has_index || facts->choose.wish == SCAN_HEAP ||
        facts->usually_due < 0)
        return false;
    with_index.wish = SCAN_AUTO;
    with_index.has_index = true;
    with_index.sampled_due = facts->usually_due;
    with_index.probed_due = (int64_t)fmin(facts->usually_due, CHOOSE_PROBE_ROWS);
    choose_scan(&with_index, &choice);
    return choice.scan == INDEX_SCAN;
}
