#include "policy/schedule.h"

#include "base/text.h"
#include "policy.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

static const struct schedule_case {
    const char *name;
    struct schedule_facts facts;
    double wait_s;
} cases[] = {
    /* ever_ran, run_open, since_start_s, every_s, window_always, since_opening_s */
    {"never ran: now", {false, false, 0, DAY, true, 0}, 0},
    {"a run was cut off: it goes on now", {true, true, 10, DAY, true, 0}, 0},
    {"no window: the rest of every", {true, false, 5 * HOUR, DAY, true, 0}, 19 * HOUR},
    {"no window: half of every is not enough", {true, false, 13 * HOUR, DAY, true, 0}, 11 * HOUR},
    {"every has just passed", {true, false, DAY, DAY, true, 0}, 0},
    {"every has passed long ago", {true, false, 30 * DAY, DAY, true, 0}, 0},
    {"just started at the opening", {true, false, 0, DAY, false, 0}, DAY},
    {"a little before every", {true, false, DAY - 1, DAY, true, 0}, 1},

    /* A window from 22:00 to 04:00, every = 1d. */
    {"started late, at 03:00; opens at 22:00", {true, false, 19 * HOUR, DAY, false, 0}, 0},
    {"and so it is an hour later", {true, false, 20 * HOUR, DAY, false, HOUR}, 0},
    {"started in this very opening", {true, false, 2 * HOUR, DAY, false, 3 * HOUR}, 22 * HOUR},

    /* Windows from 01:00 to 05:00 and from 11:00 to 14:00, every = 1d: one run a day, not two. */
    {"second opening of the day", {true, false, 10 * HOUR, DAY, false, 0}, 14 * HOUR},
    {"half of every passes inside it", {true, false, 12.5 * HOUR, DAY, false, 2.5 * HOUR}, 41400},
    {"the opening came at just half of every", {true, false, 12 * HOUR, DAY, false, 0}, 0},

    /* every shorter than the window */
    {"several runs in one window", {true, false, 20 * 60, HOUR, false, 3 * HOUR}, 40 * 60},

    {"the clock was set back: one every", {true, false, -3 * DAY, DAY, true, 0}, DAY},
};

START_TEST(next_run_is_due)
{
    const struct schedule_case *row = &cases[_i];
    double wait_s = schedule_wait_s(&row->facts);

    ck_assert_msg(wait_s == row->wait_s, "%s: waits %g s, not %g", row->name, wait_s, row->wait_s);
}
END_TEST

/* A window from 22:00 to 04:00; the first start is late. The runs after it have to come back to the
 * opening and stay there. Asked every minute while the window is open, as the daemon does. */
START_TEST(late_start_does_not_push_the_later_ones)
{
    double started = 27 * HOUR - DAY; /* 03:00 on the first day; day n begins at n * DAY */
    double starts[3];
    size_t count = 0;

    for (double now = started + 60; count < 3; now += 60) {
        double of_day = now - DAY * (double)(int64_t)(now / DAY);
        double since_opening = of_day >= 22 * HOUR ? of_day - 22 * HOUR : of_day + 2 * HOUR;
        struct schedule_facts facts = {true, false, now - started, DAY, false, since_opening};

        if ((of_day >= 22 * HOUR || of_day < 4 * HOUR) && schedule_wait_s(&facts) == 0)
            starts[count++] = started = now;
    }
    ck_assert_double_eq(starts[0], 22 * HOUR);
    ck_assert_double_eq(starts[1], 22 * HOUR + DAY);
    ck_assert_double_eq(starts[2], 22 * HOUR + 2 * DAY);
}
END_TEST

TCase *schedule_cases(void)
{
    TCase *tcase = tcase_create("schedule");

    tcase_add_loop_test(tcase, next_run_is_due, 0, ARRAY_LENGTH(cases));
    tcase_add_test(tcase, late_start_does_not_push_the_later_ones);
    return tcase;
}
