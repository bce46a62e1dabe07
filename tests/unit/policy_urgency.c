#include "policy/urgency.h"

#include <math.h>

#include "base/text.h"
#include "policy.h"

static const struct urgency_case {
    const char *name;
    struct urgency_facts facts;
    int duty_cycle_percent;
} cases[] = {
    {"no hurry", {1000, 100, 3600, 50, 80, false}, 50},
    {"no end", {1e9, 1, INFINITY, 50, 80, false}, 50},
    {"what it takes, and a fifth more", {600, 10, 120, 50, 80, false}, 60},
    {"never above max_duty_cycle", {600, 10, 70, 50, 80, false}, 80},
    {"late", {600, 10, 0, 50, 80, false}, 80},
    {"later", {600, 10, -100, 50, 80, false}, 80},
    {"late, but nothing is left", {0, 10, 0, 50, 80, false}, 50},
    {"late, but a limit is near", {600, 10, 0, 50, 80, true}, 50},
    {"a slow job stays slow while it can", {600, 10, 7200, 1, 80, false}, 1},
    {"and goes up in small steps", {600, 10, 3600, 1, 80, false}, 2},
    {"max_duty_cycle as much as duty cycle", {600, 10, 0, 50, 50, false}, 50},
    {"max_duty_cycle less than duty cycle", {600, 10, 0, 100, 80, false}, 100},
    {"nothing measured yet", {600, 0, 0, 50, 80, false}, 50},
    {"nobody knows what is left", {NAN, 10, 0, 50, 80, false}, 50},
};

START_TEST(duty_is_raised_to)
{
    const struct urgency_case *row = &cases[_i];
    int duty_cycle_percent = urgency_duty_percent(&row->facts);

    ck_assert_msg(duty_cycle_percent == row->duty_cycle_percent, "%s: %d, not %d", row->name,
                  duty_cycle_percent, row->duty_cycle_percent);
}
END_TEST

TCase *urgency_cases(void)
{
    TCase *tcase = tcase_create("urgency");

    tcase_add_loop_test(tcase, duty_is_raised_to, 0, ARRAY_LENGTH(cases));
    return tcase;
}
