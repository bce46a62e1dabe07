#include "policy/window.h"

/*
 * Everything is counted in seconds on the circle of the week; a position may run past its end or
 * before its start, only the distance from now matters in the end.
 */
enum { DAY_SECONDS = 24 * 60 * 60, WEEK_SECONDS = 7 * DAY_SECONDS };

/* 1970-01-01 was a Thursday, the fourth day of a week that starts on Monday. */
enum { EPOCH_WEEKDAY = 3 };

static int64_t floor_mod(int64_t value, int64_t modulus)
{
    int64_t rest = value % modulus;

    return rest < 0 ? rest + modulus : rest;
}

static int64_t second_of_week(struct local_time now)
{
    return floor_mod(now.day + EPOCH_WEEKDAY, 7) * DAY_SECONDS + now.second;
}

struct local_time local_time_add(struct local_time time, int64_t seconds)
{
    int64_t total = time.second + seconds;
    int64_t second = floor_mod(total, DAY_SECONDS);

    return (struct local_time){time.day + (total - second) / DAY_SECONDS, (int)second};
}

static int64_t span_length(struct week_span span)
{
    return (int64_t)(span.to - span.from) * 60;
}

/* How far `at` is behind the last beginning of the span: 0 .. a week less one second. */
static int64_t into_span(struct week_span span, int64_t at)
{
    return floor_mod(at - (int64_t)span.from * 60, WEEK_SECONDS);
}

/* The end of the chain of overlapping and adjoining spans that covers `start`, `start` itself if
 * none does, and at least a week later if they cover the whole week. */
static int64_t chain_end(const struct week *week, int64_t start)
{
    int64_t end = start;
    bool moved = true;

    while (moved && end - start < WEEK_SECONDS) {
        moved = false;
        for (size_t i = 0; i < week->count; i++) {
            int64_t into = into_span(week->spans[i], end);

            if (into < span_length(week->spans[i])) {
                end += span_length(week->spans[i]) - into;
                moved = true;
            }
        }
    }
    return end;
}

/* The beginning of that chain; only asked where it doesn't cover the whole week. */
static int64_t chain_start(const struct week *week, int64_t end)
{
    int64_t start = end;
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < week->count; i++) {
            int64_t into = into_span(week->spans[i], start);

            if (into > 0 && into <= span_length(week->spans[i])) {
                start -= into;
                moved = true;
            }
        }
    }
    return start;
}

/* Seconds from `at`, which no span covers, to the next beginning of one. */
static int64_t until_opening(const struct week *week, int64_t at)
{
    int64_t nearest = WEEK_SECONDS;

    for (size_t i = 0; i < week->count; i++) {
        int64_t until = WEEK_SECONDS - into_span(week->spans[i], at);

        if (until < nearest && span_length(week->spans[i]) > 0)
            nearest = until;
    }
    return nearest;
}

struct window_view window_look(const struct week *week, struct local_time now)
{
    int64_t at = second_of_week(now);
    int64_t end = chain_end(week, at);
    struct window_view view = {.always = week->count == 0 || end - at >= WEEK_SECONDS};

    view.open = view.always || end > at;
    if (view.always)
        return view;
    if (!view.open) {
        view.changes = local_time_add(now, until_opening(week, at));
        return view;
    }
    view.opened = local_time_add(now, chain_start(week, at) - at);
    view.changes = local_time_add(now, end - at);
    return view;
}

int64_t local_seconds_between(struct local_time a, struct local_time b)
{
    return (b.day - a.day) * DAY_SECONDS + (b.second - a.second);
}
