#include "policy/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "policy.h"

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

#define AT(weekday, hour, minute) ((weekday)*DAY_MINUTES + (hour)*60 + (minute))

/* 2026-03-02, a Monday: all weekdays below count from there. */
enum { MONDAY = 20514, DAY_SECONDS = 86400 };

static struct local_time local_at(int minute_of_week)
{
    return (struct local_time){MONDAY + minute_of_week / DAY_MINUTES,
                               minute_of_week % DAY_MINUTES * 60};
}

static int64_t minutes_since_monday(struct local_time time)
{
    return local_seconds_between(local_at(0), time) / 60;
}

enum { SPANS = 4 };

/* What is asked of a window at one moment; minutes of the week, which may run into the week before
 * or the next one. */
static const struct window_case {
    const char *name;
    struct week_span spans[SPANS]; /* up to the first empty one */
    int now;
    bool open;
    int opened, changes;
} cases[] = {
    {"before the span", {{AT(TUE, 1, 0), AT(TUE, 5, 0)}}, AT(TUE, 0, 59), false, 0, AT(TUE, 1, 0)},
    {"its first minute",
     {{AT(TUE, 1, 0), AT(TUE, 5, 0)}},
     AT(TUE, 1, 0),
     true,
     AT(TUE, 1, 0),
     AT(TUE, 5, 0)},
    {"its last minute",
     {{AT(TUE, 1, 0), AT(TUE, 5, 0)}},
     AT(TUE, 4, 59),
     true,
     AT(TUE, 1, 0),
     AT(TUE, 5, 0)},
    {"its end is closed",
     {{AT(TUE, 1, 0), AT(TUE, 5, 0)}},
     AT(TUE, 5, 0),
     false,
     0,
     AT(TUE, 1, 0) + WEEK_MINUTES},
    {"opens next week",
     {{AT(TUE, 1, 0), AT(TUE, 5, 0)}},
     AT(SUN, 23, 59),
     false,
     0,
     AT(TUE, 1, 0) + WEEK_MINUTES},

    {"across midnight, before it",
     {{AT(WED, 22, 0), AT(THU, 4, 0)}},
     AT(WED, 23, 59),
     true,
     AT(WED, 22, 0),
     AT(THU, 4, 0)},
    {"across midnight, at it",
     {{AT(WED, 22, 0), AT(THU, 4, 0)}},
     AT(THU, 0, 0),
     true,
     AT(WED, 22, 0),
     AT(THU, 4, 0)},
    {"until midnight",
     {{AT(WED, 22, 0), AT(THU, 0, 0)}},
     AT(THU, 0, 0),
     false,
     0,
     AT(WED, 22, 0) + WEEK_MINUTES},

    {"across the week's end, on Sunday",
     {{AT(SUN, 22, 0), AT(SUN, 28, 0)}},
     AT(SUN, 23, 0),
     true,
     AT(SUN, 22, 0),
     AT(SUN, 28, 0)},
    {"across the week's end, on Monday",
     {{AT(SUN, 22, 0), AT(SUN, 28, 0)}},
     AT(MON, 3, 59),
     true,
     AT(SUN, 22, 0) - WEEK_MINUTES,
     AT(MON, 4, 0)},
    {"across the week's end, after it",
     {{AT(SUN, 22, 0), AT(SUN, 28, 0)}},
     AT(MON, 4, 0),
     false,
     0,
     AT(SUN, 22, 0)},

    {"adjoining over the week's end count as one, on Sunday",
     {{AT(MON, 0, 0), AT(MON, 4, 0)}, {AT(SUN, 22, 0), AT(SUN, 24, 0)}},
     AT(SUN, 22, 30),
     true,
     AT(SUN, 22, 0),
     AT(SUN, 28, 0)},
    {"adjoining over the week's end count as one, on Monday",
     {{AT(MON, 0, 0), AT(MON, 4, 0)}, {AT(SUN, 22, 0), AT(SUN, 24, 0)}},
     AT(MON, 0, 0),
     true,
     AT(SUN, 22, 0) - WEEK_MINUTES,
     AT(MON, 4, 0)},
    {"adjoining in the week, at the seam",
     {{AT(TUE, 1, 0), AT(TUE, 3, 0)}, {AT(TUE, 3, 0), AT(TUE, 5, 0)}},
     AT(TUE, 3, 0),
     true,
     AT(TUE, 1, 0),
     AT(TUE, 5, 0)},
    {"a minute between them is a minute closed",
     {{AT(TUE, 1, 0), AT(TUE, 3, 0)}, {AT(TUE, 3, 1), AT(TUE, 5, 0)}},
     AT(TUE, 3, 0),
     false,
     0,
     AT(TUE, 3, 1)},
    {"overlapping",
     {{AT(FRI, 20, 0), AT(SAT, 2, 0)}, {AT(SAT, 0, 0), AT(SAT, 8, 0)}},
     AT(SAT, 1, 0),
     true,
     AT(FRI, 20, 0),
     AT(SAT, 8, 0)},
    {"one inside another",
     {{AT(FRI, 20, 0), AT(SAT, 8, 0)}, {AT(SAT, 0, 0), AT(SAT, 2, 0)}},
     AT(SAT, 3, 0),
     true,
     AT(FRI, 20, 0),
     AT(SAT, 8, 0)},
    {"a chain out of order",
     {{AT(MON, 8, 0), AT(MON, 9, 0)},
      {AT(MON, 6, 0), AT(MON, 7, 0)},
      {AT(MON, 7, 0), AT(MON, 8, 0)}},
     AT(MON, 8, 30),
     true,
     AT(MON, 6, 0),
     AT(MON, 9, 0)},
    {"all but one minute",
     {{AT(MON, 0, 0), AT(SUN, 23, 59)}},
     AT(SUN, 23, 58),
     true,
     AT(MON, 0, 0),
     AT(SUN, 23, 59)},
    {"that one minute",
     {{AT(MON, 0, 0), AT(SUN, 23, 59)}},
     AT(SUN, 23, 59),
     false,
     0,
     AT(SUN, 24, 0)},
};

static struct week week_of(const struct week_span *spans, size_t room)
{
    struct week week = {(struct week_span *)spans, 0};

    while (week.count < room && spans[week.count].to > spans[week.count].from)
        week.count++;
    return week;
}

START_TEST(moment_lies_in_the_window)
{
    const struct window_case *row = &cases[_i];
    struct week week = week_of(row->spans, SPANS);
    struct window_view view = window_look(&week, local_at(row->now));

    ck_assert_msg(!view.always && view.open == row->open, "%s: open = %d", row->name, view.open);
    ck_assert_msg(minutes_since_monday(view.changes) == row->changes, "%s: changes at %lld, not %d",
                  row->name, (long long)minutes_since_monday(view.changes), row->changes);
    ck_assert_msg(!row->open || minutes_since_monday(view.opened) == row->opened,
                  "%s: opened at %lld, not %d", row->name,
                  (long long)minutes_since_monday(view.opened), row->opened);
}
END_TEST

START_TEST(seconds_count_up_to_the_end)
{
    struct week_span span = {AT(MON, 1, 0), AT(MON, 5, 0)};
    struct week week = {&span, 1};
    struct local_time last = {MONDAY, 5 * 3600 - 1};
    struct window_view view = window_look(&week, last);

    ck_assert(view.open);
    ck_assert_int_eq(local_seconds_between(last, view.changes), 1);
    ck_assert_int_eq(local_seconds_between(view.opened, last), 4 * 3600 - 1);
    ck_assert(!window_look(&week, view.changes).open);
}
END_TEST

static const struct always_case {
    const char *name;
    struct week_span spans[SPANS];
    bool always;
} always_cases[] = {
    {"no spans", {{0, 0}}, true},
    {"the whole week in one", {{0, WEEK_MINUTES}}, true},
    {"the whole week from Wednesday on", {{AT(WED, 12, 0), AT(WED, 12, 0) + WEEK_MINUTES}}, true},
    {"two that meet at both ends",
     {{AT(MON, 6, 0), AT(THU, 6, 0)}, {AT(THU, 6, 0), AT(MON, 6, 0) + WEEK_MINUTES}},
     true},
    {"overlapping ones",
     {{0, AT(THU, 0, 0)}, {AT(WED, 0, 0), AT(SAT, 0, 0)}, {AT(FRI, 0, 0), WEEK_MINUTES}},
     true},
    {"all but a minute", {{1, WEEK_MINUTES}}, false},
};

START_TEST(week_without_a_gap_is_always)
{
    const struct always_case *row = &always_cases[_i];
    struct week week = week_of(row->spans, SPANS);

    for (int minute = 0; minute < WEEK_MINUTES; minute += 30) {
        struct window_view view = window_look(&week, local_at(minute));

        ck_assert_msg(view.always == row->always, "%s, minute %d", row->name, minute);
        ck_assert_msg(view.open || !row->always, "%s, minute %d: closed", row->name, minute);
    }
}
END_TEST

/* Only the time on the wall comes in and goes out. Fed with what the wall shows on the days when
 * the clocks change, a window neither opens twice for a shift of an hour nor stays open for it. */
static const struct fed_clock {
    const char *name;
    int day, hour, minute; /* of the local time that the database tells */
    bool open;
    int left_min; /* until it changes, by the clock on the wall */
} fed_clocks[] = {
    /* Berlin, 2026-03-29: 01:59 is followed by 03:00. The window is Sun 01:00-05:00. */
    {"spring: before the gap", 20541, 1, 59, true, 181},
    {"spring: right after the gap", 20541, 3, 0, true, 120}, /* an hour went by in a minute */
    {"spring: the end", 20541, 5, 0, false, 6 * DAY_MINUTES + 20 * 60},
    /* 2026-10-25: 02:59 is followed by 02:00. */
    {"autumn: the first 02:30", 20751, 2, 30, true, 150},
    {"autumn: the end of the first hour", 20751, 2, 59, true, 121},
    {"autumn: the hour again", 20751, 2, 0, true, 180}, /* the end is as far away as it was */
    {"autumn: the second 02:30", 20751, 2, 30, true, 150},
    {"autumn: the end", 20751, 5, 0, false, 6 * DAY_MINUTES + 20 * 60},
};

START_TEST(days_on_which_the_clocks_change_follow_the_wall)
{
    const struct fed_clock *row = &fed_clocks[_i];
    struct week_span span = {AT(SUN, 1, 0), AT(SUN, 5, 0)};
    struct week week = {&span, 1};
    struct local_time now = {row->day, row->hour * 3600 + row->minute * 60};
    struct window_view view = window_look(&week, now);

    ck_assert_msg(view.open == row->open, "%s: open = %d", row->name, view.open);
    ck_assert_msg(local_seconds_between(now, view.changes) == row->left_min * 60,
                  "%s: %lld s left, not %d min", row->name,
                  (long long)local_seconds_between(now, view.changes), row->left_min);
    ck_assert(!view.open ||
              (view.opened.day == now.day && view.opened.second == 3600)); /* one opening a day */
}
END_TEST

START_TEST(span_that_begins_inside_the_spring_gap_opens_after_it)
{
    struct week_span span = {AT(SUN, 2, 0), AT(SUN, 4, 0)};
    struct week week = {&span, 1};

    ck_assert(!window_look(&week, (struct local_time){20541, 2 * 3600 - 1}).open); /* 01:59:59 */
    ck_assert(window_look(&week, (struct local_time){20541, 3 * 3600}).open);      /* 03:00:00 */
}
END_TEST

START_TEST(weekday_is_right_before_1970_too)
{
    struct week_span span = {AT(WED, 0, 0), AT(WED, 24, 0)};
    struct week week = {&span, 1};

    ck_assert(window_look(&week, (struct local_time){-1, 0}).open); /* 1969-12-31, a Wednesday */
    ck_assert(!window_look(&week, (struct local_time){0, 0}).open); /* 1970-01-01, a Thursday */
    ck_assert(window_look(&week, (struct local_time){-8, DAY_SECONDS - 1}).open);
}
END_TEST

/* The slow way: a map of the week's minutes, and steps of one minute. */
static void paint(bool map[WEEK_MINUTES], const struct week *week)
{
    memset(map, 0, WEEK_MINUTES * sizeof map[0]);
    for (size_t i = 0; i < week->count; i++)
        for (int minute = week->spans[i].from; minute < week->spans[i].to; minute++)
            map[minute % WEEK_MINUTES] = true;
}

static int steps_while(const bool map[WEEK_MINUTES], int minute, int direction)
{
    int steps = 0;

    while (steps < WEEK_MINUTES &&
           map[(minute + direction * steps + WEEK_MINUTES) % WEEK_MINUTES] == map[minute])
        steps++;
    return steps;
}

static void random_spans(struct week *week)
{
    week->count = 1 + (size_t)(rand() % 6);
    for (size_t i = 0; i < week->count; i++) {
        int from = rand() % WEEK_MINUTES / 30 * 30; /* so that adjoining ones are common */

        week->spans[i] = (struct week_span){from, from + 30 * (1 + rand() % 96)};
    }
}

static void compare_with_map(const struct week *week, const bool map[WEEK_MINUTES], int minute)
{
    struct window_view view = window_look(week, local_at(minute));
    int ahead = steps_while(map, minute, 1);

    ck_assert_int_eq(view.open, map[minute]);
    ck_assert_int_eq(view.always, ahead == WEEK_MINUTES);
    if (view.always)
        return;
    ck_assert_int_eq(minutes_since_monday(view.changes), minute + ahead);
    if (view.open)
        ck_assert_int_eq(minutes_since_monday(view.opened),
                         minute + 1 - steps_while(map, minute, -1));
}

/* PGPURGED_TEST_SEED=N repeats a run that has failed. */
START_TEST(random_spans_agree_with_a_slow_oracle_at_every_minute_of_the_week)
{
    const char *given = getenv("PGPURGED_TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    struct week_span spans[6];
    struct week week = {spans, 0};
    bool map[WEEK_MINUTES];

    printf("random windows: PGPURGED_TEST_SEED=%u\n", seed);
    fflush(stdout);
    srand(seed);
    for (int round = 0; round < 5; round++) {
        random_spans(&week);
        paint(map, &week);
        for (int minute = 0; minute < WEEK_MINUTES; minute++)
            compare_with_map(&week, map, minute);
    }
}
END_TEST

TCase *window_cases(void)
{
    TCase *tcase = tcase_create("window");

    tcase_set_timeout(tcase, 120); /* the oracle is slow, valgrind slower */
    tcase_add_loop_test(tcase, moment_lies_in_the_window, 0, ARRAY_LENGTH(cases));
    tcase_add_test(tcase, seconds_count_up_to_the_end);
    tcase_add_loop_test(tcase, week_without_a_gap_is_always, 0, ARRAY_LENGTH(always_cases));
    tcase_add_loop_test(tcase, days_on_which_the_clocks_change_follow_the_wall, 0,
                        ARRAY_LENGTH(fed_clocks));
    tcase_add_test(tcase, span_that_begins_inside_the_spring_gap_opens_after_it);
    tcase_add_test(tcase, weekday_is_right_before_1970_too);
    tcase_add_test(tcase, random_spans_agree_with_a_slow_oracle_at_every_minute_of_the_week);
    return tcase;
}
