#include "policy/forecast.h"

#include <math.h>

#include "base/text.h"
#include "policy.h"

/* Day 0 was a Thursday. */
enum { THURSDAY = 0, FRIDAY = 1, SATURDAY = 2, MONDAY = 4, WEDNESDAY = 6 };
enum { HOUR = 3600, DAY = 24 * HOUR };

#define AT(weekday, from, to)                                                                      \
    {                                                                                              \
        (weekday) * DAY_MINUTES + (from)*60, (weekday)*DAY_MINUTES + (to)*60                       \
    }

static struct week_span every_night[] = {AT(0, 1, 5), AT(1, 1, 5), AT(2, 1, 5), AT(3, 1, 5),
                                         AT(4, 1, 5), AT(5, 1, 5), AT(6, 1, 5)};
static struct week_span over_midnight[] = {AT(3, 22, 26)}; /* Thursday 22:00 to Friday 02:00 */
static struct week_span sunday_over_the_end[] = {AT(6, 23, 25)};
static struct week_span into_thursday[] = {AT(2, 23, 25)}; /* when the count of days began */
static struct week_span nothing[] = {AT(0, 1, 1)};

static const struct week always = {NULL, 0}, nights = {every_night, 7},
                         one_night = {over_midnight, 1}, sunday = {sunday_over_the_end, 1},
                         thursday = {into_thursday, 1}, never = {nothing, 1};

/* 1,000 rows a second in batches, half of the time, pages for free. */
#define USUAL .rows_per_busy_s = 1000, .pages_per_busy_s = 1e6, .duty_cycle_percent = 50
#define DAILY .schedule = {.every_s = DAY}, USUAL
/* The last run started so long ago. */
#define RAN(since, every)                                                                          \
    .schedule = {.ever_ran = true, .since_start_s = since, .every_s = every}, USUAL

static const struct forecast_case {
    const char *name;
    struct forecast_facts facts;
    double window_s;
    bool ends;
    struct local_time begins, done;
} cases[] = {
    {"no window: at once",
     {.week = &always, .now = {THURSDAY, 10 * HOUR}, .due = 3.6e6, DAILY},
     2 * HOUR,
     true,
     {THURSDAY, 10 * HOUR},
     {THURSDAY, 12 * HOUR}},
    {"nothing is due",
     {.week = &always, .now = {THURSDAY, 10 * HOUR}, DAILY},
     0,
     true,
     {THURSDAY, 10 * HOUR},
     {THURSDAY, 10 * HOUR}},
    {"fractions of a second are rounded up",
     {.week = &always, .now = {THURSDAY, 10 * HOUR}, .due = 1, DAILY},
     0.002,
     true,
     {THURSDAY, 10 * HOUR},
     {THURSDAY, 10 * HOUR + 1}},
    {"the next run is due later",
     {.week = &always, .now = {THURSDAY, 10 * HOUR}, .due = 3.6e6, RAN(21 * HOUR, DAY)},
     2 * HOUR,
     true,
     {THURSDAY, 13 * HOUR},
     {THURSDAY, 15 * HOUR}},
    {"the pages take longer than the rows",
     {.week = &always, .now = {0}, .due = 1000, .pages = 3.6e9, DAILY},
     2 * HOUR,
     true,
     {0},
     {THURSDAY, 2 * HOUR}},
    {"children go as well",
     {.week = &always,
      .now = {THURSDAY, 10 * HOUR},
      .due = 3600,
      .children = 50,
      .children_per_busy_s = 50,
      DAILY},
     2 * 3603.6,
     true,
     {THURSDAY, 10 * HOUR},
     {THURSDAY, 12 * HOUR + 8}},
    {"and count in max_rows_per_second",
     {.week = &always,
      .now = {0},
      .due = 3600,
      .children = 9,
      .children_per_busy_s = 1e9,
      .max_rows_per_second = 10,
      DAILY},
     HOUR,
     true,
     {0},
     {THURSDAY, HOUR}},
    {"max_rows_per_second takes longer than duty cycle",
     {.week = &always, .now = {0}, .due = 3.6e6, .max_rows_per_second = 100, DAILY},
     10 * HOUR,
     true,
     {0},
     {THURSDAY, 10 * HOUR}},
    {"max_rows_per_second is no matter",
     {.week = &always, .now = {0}, .due = 3.6e6, .max_rows_per_second = 1e6, DAILY},
     2 * HOUR,
     true,
     {0},
     {THURSDAY, 2 * HOUR}},

    {"the window opens tonight, and it fits in",
     {.week = &nights, .now = {THURSDAY, 10 * HOUR}, .due = 3.6e6, DAILY},
     2 * HOUR,
     true,
     {FRIDAY, HOUR},
     {FRIDAY, 3 * HOUR}},
    {"the window is open now",
     {.week = &nights, .now = {FRIDAY, 2 * HOUR}, .due = 3.6e6, DAILY},
     2 * HOUR,
     true,
     {FRIDAY, 2 * HOUR},
     {FRIDAY, 4 * HOUR}},
    {"to the last second of the window",
     {.week = &nights, .now = {THURSDAY, 10 * HOUR}, .due = 7.2e6, DAILY},
     4 * HOUR,
     true,
     {FRIDAY, HOUR},
     {FRIDAY, 5 * HOUR}},
    {"it goes on in the second night",
     {.week = &nights, .now = {THURSDAY, 10 * HOUR}, .due = 9e6, DAILY},
     5 * HOUR,
     true,
     {FRIDAY, HOUR},
     {SATURDAY, 2 * HOUR}},
    {"it has run in this very opening",
     {.week = &nights, .now = {FRIDAY, 2 * HOUR}, .due = 3.6e6, RAN(HOUR, DAY)},
     2 * HOUR,
     true,
     {SATURDAY, HOUR},
     {SATURDAY, 3 * HOUR}},
    {"it has run this night, and is due again before the window closes",
     {.week = &nights, .now = {FRIDAY, 2 * HOUR}, .due = 1.8e6, RAN(HOUR, 2 * HOUR)},
     HOUR,
     true,
     {FRIDAY, 3 * HOUR},
     {FRIDAY, 4 * HOUR}},
    {"every week: the first opening after half of it",
     {.week = &nights, .now = {FRIDAY, 2 * HOUR}, .due = 3.6e6, RAN(HOUR, 7 * DAY)},
     2 * HOUR,
     true,
     {5, HOUR},
     {5, 3 * HOUR}},
    {"20 nights", /* two weeks and six nights */
     {.week = &nights, .now = {THURSDAY, 10 * HOUR}, .due = 20 * 7.2e6, DAILY},
     80 * HOUR,
     true,
     {FRIDAY, HOUR},
     {20, 5 * HOUR}},
    {"just two weeks",
     {.week = &nights, .now = {THURSDAY, 10 * HOUR}, .due = 14 * 7.2e6, DAILY},
     56 * HOUR,
     true,
     {FRIDAY, HOUR},
     {14, 5 * HOUR}},
    {"across midnight, once a week",
     {.week = &one_night, .now = {MONDAY, 0}, .due = 5 * 1.8e6, DAILY},
     5 * HOUR,
     true,
     {THURSDAY + 7, 22 * HOUR},
     {THURSDAY + 14, 23 * HOUR}},

    {"duty cycle goes up to be in time",
     {.week = &nights,
      .now = {THURSDAY, 10 * HOUR},
      .due = 9e6,
      DAILY,
      .max_duty_cycle_percent = 80},
     4 * HOUR,
     true,
     {FRIDAY, HOUR},
     {FRIDAY, 5 * HOUR}},
    {"and no further than max_duty_cycle",
     {.week = &nights,
      .now = {THURSDAY, 10 * HOUR},
      .due = 14.4e6,
      DAILY,
      .max_duty_cycle_percent = 80},
     5 * HOUR,
     true,
     {FRIDAY, HOUR},
     {SATURDAY, 2 * HOUR}},
    {"duty cycle stays where there is time",
     {.week = &nights,
      .now = {THURSDAY, 10 * HOUR},
      .due = 3.6e6,
      DAILY,
      .max_duty_cycle_percent = 80},
     2 * HOUR,
     true,
     {FRIDAY, HOUR},
     {FRIDAY, 3 * HOUR}},
    {"duty cycle goes up for the next run as well",
     {.week = &always,
      .now = {0},
      .due = 3.6e6,
      .schedule = {.every_s = 1.25 * HOUR},
      USUAL,
      .max_duty_cycle_percent = 90},
     1.25 * HOUR,
     true,
     {0},
     {0, 4500}},
    {"a max_duty_cycle below duty cycle is none",
     {.week = &always,
      .now = {0},
      .due = 3.6e6,
      .schedule = {.every_s = HOUR},
      USUAL,
      .max_duty_cycle_percent = 10},
     2 * HOUR,
     true,
     {0},
     {0, 2 * HOUR}},

    {"a window without a minute",
     {.week = &never, .now = {0}, .due = 1, DAILY},
     0,
     false,
     {0},
     {0}},
    {"more than a hundred years",
     {.week = &one_night, .now = {0}, .due = 1e12, DAILY},
     2e9,
     false,
     {0},
     {0}},
};

static bool same(struct local_time a, struct local_time b)
{
    return a.day == b.day && a.second == b.second;
}

START_TEST(run_is_done_at)
{
    const struct forecast_case *row = &cases[_i];
    struct forecast forecast;

    forecast_make(&row->facts, &forecast);
    ck_assert_msg(fabs(forecast.window_s - row->window_s) < 1e-6, "%s: takes %f s", row->name,
                  forecast.window_s);
    ck_assert_msg(forecast.ends == row->ends, "%s", row->name);
    if (!row->ends)
        return;
    ck_assert_msg(same(forecast.begins, row->begins), "%s: begins on day %ld at %d", row->name,
                  (long)forecast.begins.day, forecast.begins.second);
    ck_assert_msg(same(forecast.done, row->done), "%s: done on day %ld at %d", row->name,
                  (long)forecast.done.day, forecast.done.second);
}
END_TEST

static const struct balance_case {
    const char *name;
    struct forecast_facts facts;
    double rows_per_day;
    bool never_catches_up;
} balance_cases[] = {
    {"all day long", {.week = &always, USUAL, .expiring_per_day = 43.2e6}, 43.2e6, false},
    {"one row too many", {.week = &always, USUAL, .expiring_per_day = 43.2e6 + 1}, 43.2e6, true},
    {"four hours a night", {.week = &nights, USUAL, .expiring_per_day = 8e6}, 7.2e6, true},
    {"with the most duty cycle that there may be",
     {.week = &nights, USUAL, .max_duty_cycle_percent = 80, .expiring_per_day = 8e6},
     11.52e6,
     false},
    {"children take room",
     {.week = &nights,
      USUAL,
      .children = 49.5,
      .children_per_busy_s = 500,
      .expiring_per_day = 72000 + 1},
     72000,
     true},
    {"and count in max_rows_per_second",
     {.week = &always,
      USUAL,
      .children = 9,
      .children_per_busy_s = 1000,
      .max_rows_per_second = 1,
      .expiring_per_day = 8640},
     8640,
     false},
    {"max_rows_per_second is the narrowest",
     {.week = &nights, USUAL, .max_rows_per_second = 10, .expiring_per_day = 144001},
     144000,
     true},
    {"once a week, across midnight",
     {.week = &one_night, USUAL, .expiring_per_day = 1.1e6},
     4 * HOUR * 500 / 7.0,
     true},
    {"across the end of the week",
     {.week = &sunday, USUAL, .expiring_per_day = 0},
     2 * HOUR * 500 / 7.0,
     false},
    {"across the beginning of time", {.week = &thursday, USUAL}, 2 * HOUR * 500 / 7.0, false},
    {"not known what expires", {.week = &nights, USUAL, .expiring_per_day = NAN}, 7.2e6, false},
    {"never open", {.week = &never, USUAL, .expiring_per_day = 1}, 0, true},
    {"never open, and nothing to do", {.week = &never, USUAL, .expiring_per_day = 0}, 0, false},
};

START_TEST(job_keeps_up_with_what_expires)
{
    const struct balance_case *row = &balance_cases[_i];
    struct forecast forecast;

    forecast_make(&row->facts, &forecast);
    ck_assert_msg(fabs(forecast.rows_per_day - row->rows_per_day) < 1e-3, "%s: %f rows a day",
                  row->name, forecast.rows_per_day);
    ck_assert_msg(forecast.never_catches_up == row->never_catches_up, "%s", row->name);
}
END_TEST

TCase *forecast_cases(void)
{
    TCase *tcase = tcase_create("forecast");

    tcase_add_loop_test(tcase, run_is_done_at, 0, ARRAY_LENGTH(cases));
    tcase_add_loop_test(tcase, job_keeps_up_with_what_expires, 0, ARRAY_LENGTH(balance_cases));
    return tcase;
}
