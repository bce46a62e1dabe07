#include "policy/vacuum.h"

#include <math.h>

static enum vacuum_verdict judge_need(const struct vacuum_facts *facts)
{
    double dead_rows = fmax(facts->dead_rows, (double)facts->removed_rows);

    if (dead_rows < VACUUM_WORTH_ROWS)
        return VACUUM_NOT_WORTH_IT;
    if (facts->autovacuum && dead_rows > facts->threshold)
        return VACUUM_COMES_ITSELF;
    return VACUUM_NOW;
}

enum vacuum_verdict vacuum_judge(const struct vacuum_facts *facts)
{
    enum vacuum_verdict verdict = VACUUM_NOW;

    if (facts->wish == VACUUM_NEVER || facts->removed_rows <= 0)
        return VACUUM_UNWANTED;
    if (facts->wish == VACUUM_AUTO)
        verdict = judge_need(facts);
    if (verdict != VACUUM_NOW)
        return verdict;
    if (!facts->may)
        return VACUUM_NOT_PERMITTED;
    return facts->left_s < VACUUM_LEAST_S ? VACUUM_TOO_LATE : VACUUM_NOW;
}

const char *vacuum_verdict_sentence(enum vacuum_verdict verdict)
{
    switch (verdict) {
    case VACUUM_NOW:
        return "now";
    case VACUUM_UNWANTED:
        return "no rows were deleted";
    case VACUUM_NOT_WORTH_IT:
        return "it has few dead rows";
    case VACUUM_COMES_ITSELF:
        return "autovacuum will start soon";
    case VACUUM_NOT_PERMITTED:
        return "the role lacks the privilege";
    case VACUUM_TOO_LATE:
        return "the window closes soon";
    }
    return "";
}

int64_t vacuum_timeout_ms(double left_s)
{
    return (int64_t)(fmax(fmin(left_s, VACUUM_MOST_S), 0) * 1000);
}
