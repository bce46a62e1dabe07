#include "policy/forecast.h"

#include <math.h>

static const double week_s = 7 * 24 * 60 * 60;

/* --- the window --- */

/* How many seconds of the week the window is open. */
static double open_s_per_week(const struct week *week)
{
    const struct local_time start = {0};
    struct window_view view = window_look(week, start);
    struct local_time at = start;
    double open_s = 0;

    if (view.always)
        return week_s;
    while (local_seconds_between(start, at) < (int64_t)week_s) {
        double left_s = week_s - (double)local_seconds_between(start, at);

        view = window_look(week, at);
        if (view.open)
            open_s += fmin((double)local_seconds_between(at, view.changes), left_s);
        at = view.changes;
    }
    return open_s;
}

/* When the next run begins: the first moment at which the window is open and the run is due. */
static struct local_time beginning(const struct forecast_facts *facts)
{
    struct local_time at = facts->now;

    for (;;) {
        struct window_view view = window_look(facts->week, at);
        struct schedule_facts schedule = facts->schedule;
        double wait_s;

        if (!view.open) {
            at = view.changes;
            continue;
        }
        schedule.window_always = view.always;
        schedule.since_start_s += (double)local_seconds_between(facts->now, at);
        if (!view.always)
            schedule.since_opening_s = (double)local_seconds_between(view.opened, at);
        wait_s = ceil(schedule_wait_s(&schedule));
        if (view.always || wait_s < (double)local_seconds_between(at, view.changes))
            return local_time_add(at, (int64_t)wait_s);
        at = view.changes;
    }
}

/* --- how long it takes --- */

/* Of a due row and of what goes with it. */
static double busy_s_per_row(const struct forecast_facts *facts)
{
    double children_s = facts->children > 0 ? facts->children / facts->children_per_busy_s : 0;

    return 1 / facts->rows_per_busy_s + children_s;
}

/* 0 = as many as can be. */
static double most_due_per_s(const struct forecast_facts *facts)
{
    return facts->max_rows_per_second / (1 + facts->children);
}

static double seconds_at(const struct forecast_facts *facts, double busy_s,
                         double duty_cycle_percent)
{
    double by_duty_s = busy_s * 100 / duty_cycle_percent, most = most_due_per_s(facts);

    return most > 0 ? fmax(by_duty_s, facts->due / most) : by_duty_s;
}

/* What is left for the run before it is late: until the window closes or the next run is due. */
static double stretch_s(const struct forecast_facts *facts, struct local_time begins)
{
    struct window_view view = window_look(facts->week, begins);

    if (view.always)
        return facts->schedule.every_s;
    return fmin(facts->schedule.every_s, (double)local_seconds_between(begins, view.changes));
}

static double seconds_needed(const struct forecast_facts *facts, struct local_time begins)
{
    double busy_s =
        fmax(facts->due * busy_s_per_row(facts), facts->pages / facts->pages_per_busy_s);
    double most = fmax(facts->duty_cycle_percent, facts->max_duty_cycle_percent);
    double duty_cycle =
        100 * busy_s / stretch_s(facts, begins); /* at which it would just be in time */

    return seconds_at(facts, busy_s, fmin(fmax(duty_cycle, facts->duty_cycle_percent), most));
}

/* --- when it is done --- */

/* Works the seconds off in the openings of the window from `begins` on. */
static struct local_time work_off(const struct week *week, struct local_time begins, double seconds,
                                  double open_s)
{
    /* Whole weeks at once; the last one is left to be scanned through. */
    double weeks = fmax(ceil(seconds / open_s) - 1, 0);
    struct local_time at = local_time_add(begins, (int64_t)(weeks * week_s));

    seconds -= weeks * open_s;
    for (;;) {
        struct window_view view = window_look(week, at);
        double room_s = view.open ? (double)local_seconds_between(at, view.changes) : 0;

        if (view.always || seconds <= room_s)
            return local_time_add(at, (int64_t)ceil(seconds));
        seconds -= room_s;
        at = view.changes;
    }
}

void forecast_make(const struct forecast_facts *facts, struct forecast *forecast)
{
    const struct week *week = facts->week;
    double most_duty = fmax(facts->duty_cycle_percent, facts->max_duty_cycle_percent);
    double rows_per_s = most_duty / 100 / busy_s_per_row(facts), most = most_due_per_s(facts);

    *forecast = (struct forecast){.open_s_per_week = open_s_per_week(week)};
    if (most > 0)
        rows_per_s = fmin(rows_per_s, most);
    forecast->rows_per_day = rows_per_s * forecast->open_s_per_week / 7;
    forecast->never_catches_up = facts->expiring_per_day > forecast->rows_per_day;
    if (forecast->open_s_per_week <= 0)
        return;
    forecast->begins = beginning(facts);
    forecast->window_s = seconds_needed(facts, forecast->begins);
    forecast->ends =
        forecast->window_s / forecast->open_s_per_week * 7 < (double)FORECAST_MOST_DAYS;
    if (forecast->ends)
        forecast->done =
            work_off(week, forecast->begins, forecast->window_s, forecast->open_s_per_week);
}
