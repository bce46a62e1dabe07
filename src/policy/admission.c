#include "policy/admission.h"

static bool is_disabled(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return !facts->enabled;
}

static bool is_draining(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return facts->draining;
}

static bool is_clock_off(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return !facts->clock_fine;
}

static bool is_paused(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return facts->paused;
}

static bool is_breaker_open(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return facts->breaker_open;
}

static bool is_window_closed(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return !facts->asked && !facts->window_open;
}

static bool is_not_due(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return !facts->asked && facts->due_in_s > 0;
}

static bool go_others_first(const struct gate_facts *facts, void *arg)
{
    (void)arg;
    return facts->others_first;
}

static const struct gate gates[] = {
    {REASON_DISABLED, GATE_BEGIN, is_disabled, NULL},
    {REASON_DRAIN, GATE_GO_ON, is_draining, NULL},
    {REASON_CLOCK, GATE_BEGIN, is_clock_off, NULL},
    {REASON_PAUSED, GATE_BEGIN | GATE_GO_ON, is_paused, NULL},
    {REASON_BREAKER, GATE_GO_ON, is_breaker_open, NULL},
    {REASON_WINDOW, GATE_BEGIN, is_window_closed, NULL},
    {REASON_NOT_DUE, GATE_BEGIN, is_not_due, NULL},
    {REASON_CHILDREN, GATE_BEGIN, go_others_first, NULL},
};

const struct gate_list admission_gates = {gates, sizeof gates / sizeof gates[0]};

enum reason admission_judge(const struct gate_list *list, enum gate_moment moment,
                            const struct gate_facts *facts)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct gate *gate = &list->gates[i];

        if ((gate->moments & moment) != 0 && gate->closed(facts, gate->arg))
            return gate->reason;
    }
    return REASON_NONE;
}
