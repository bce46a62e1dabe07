#include "policy/schedule.h"

/* Whether the window has opened anew since the last run started, and late enough after that start
 * to count as the next turn rather than as a second helping of the same one. */
static bool opening_counts(const struct schedule_facts *facts, double since_start_s)
{
    return !facts->window_always && since_start_s - facts->since_opening_s >= facts->every_s / 2;
}

double schedule_wait_s(const struct schedule_facts *facts)
{
    /* A start in the future means that the database's clock was set back: wait one whole `every`,
     * not until that future has passed. */
    double since_start_s = facts->since_start_s > 0 ? facts->since_start_s : 0;

    if (!facts->ever_ran || facts->run_open)
        return 0;
    if (since_start_s >= facts->every_s || opening_counts(facts, since_start_s))
        return 0;
    return facts->every_s - since_start_s;
}
