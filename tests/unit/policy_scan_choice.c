#include "policy/scan_choice.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "policy.h"

/* --- before a pass --- */

/* The tables of which policy/scan_choice.h has the measurements: 3 M rows of 200 bytes, and 20 M
 * rows. */
#define MEASURED .pages = 83000, .rows = 3e6
#define HUGE     .pages = 400000, .rows = 20e6

static const struct choose_case {
    const char *name;
    struct choose_facts facts;
    enum scan_kind scan;
    double pages_from, pages_to; /* what the index scan would touch */
    const char *why;             /* a piece of the sentence */
} cases[] = {
    /* by the pages */
    {"1 % at random: measured 0.35 s against 0.58 s",
     {.has_index = true, MEASURED, .sampled_due = 31000, .probed_due = 30000},
     INDEX_SCAN,
     25000,
     26000,
     "index scan: 30,000 due rows touch about 25,177 of 83,000 pages"},
    {"27 % at random: measured 5.5 s against 1.1 s",
     {.has_index = true, MEASURED, .sampled_due = 800000, .probed_due = CHOOSE_PROBE_ROWS},
     HEAP_SCAN,
     590000,
     640000,
     "heap scan: about 800,000 due rows would touch about 600,"},
    {"a tiny increment",
     {.has_index = true, HUGE, .sampled_due = 0, .probed_due = 10000},
     INDEX_SCAN,
     9800,
     9900,
     "index scan: 10,000 due rows touch about 9,876 of 400,000 pages"},
    {"nothing is due",
     {.has_index = true, HUGE, .sampled_due = 0, .probed_due = 0},
     INDEX_SCAN,
     0,
     0,
     "index scan: the index has no due rows"},
    {"just below half of the pages",
     {.has_index = true, .pages = 75000, .sampled_due = -1, .probed_due = 50000},
     INDEX_SCAN,
     36000,
     37000,
     "index scan: 50,000"},
    {"just above half of the pages",
     {.has_index = true, .pages = 70000, .sampled_due = -1, .probed_due = 50000},
     HEAP_SCAN,
     35000,
     36000,
     "heap scan: 50,000"},

    /* how much is due */
    {"the probe knows better than the sample",
     {.has_index = true, MEASURED, .sampled_due = 800000, .probed_due = 100},
     INDEX_SCAN,
     99,
     101,
     "index scan: 100 due rows"},
    {"beyond the probe the sample tells",
     {.has_index = true, HUGE, .sampled_due = 120000, .probed_due = CHOOSE_PROBE_ROWS},
     INDEX_SCAN,
     100000,
     120000,
     "index scan: about 120,000 due rows touch"},
    {"but no less than the probe has seen",
     {.has_index = true, MEASURED, .sampled_due = 5000, .probed_due = CHOOSE_PROBE_ROWS},
     HEAP_SCAN,
     70000,
     76000,
     "heap scan: about 100,000 due rows would touch"},
    {"beyond the probe, and no sample",
     {.has_index = true, HUGE, .sampled_due = -1, .probed_due = CHOOSE_PROBE_ROWS},
     HEAP_SCAN,
     -1,
     -1,
     "heap scan: more rows are due than were counted through the index"},
    {"the probe has failed",
     {.has_index = true, HUGE, .sampled_due = 10, .probed_due = -1},
     HEAP_SCAN,
     9,
     11,
     "heap scan: the query on the index failed"},

    /* how it lies on the disk */
    {"27 % side by side, 36 rows to a page",
     {.has_index = true,
      MEASURED,
      .sampled_due = 800000,
      .probed_due = CHOOSE_PROBE_ROWS,
      .correlation = 1},
     INDEX_SCAN,
     22000,
     22300,
     "touch about 22,133 of 83,000 pages"},
    {"the same backwards",
     {.has_index = true,
      MEASURED,
      .sampled_due = 800000,
      .probed_due = CHOOSE_PROBE_ROWS,
      .correlation = -1},
     INDEX_SCAN,
     22000,
     22300,
     "index scan"},
    {"half in order is nearly at random",
     {.has_index = true,
      MEASURED,
      .sampled_due = 800000,
      .probed_due = CHOOSE_PROBE_ROWS,
      .correlation = 0.5},
     HEAP_SCAN,
     440000,
     490000,
     "heap scan"},
    {"rows wider than a page count one page each",
     {.has_index = true,
      .pages = 100000,
      .rows = 50000,
      .sampled_due = 10000,
      .probed_due = 10000,
      .correlation = 1},
     INDEX_SCAN,
     10000,
     10000,
     "index scan"},
    {"in order, but how many rows there are is not known",
     {.has_index = true,
      .pages = 100000,
      .rows = -1,
      .sampled_due = -1,
      .probed_due = 10000,
      .correlation = 1},
     INDEX_SCAN,
     10000,
     10000,
     "index scan"},

    /* what is asked for, and what there is */
    {"heap is asked for",
     {.wish = SCAN_HEAP, .has_index = true, HUGE, .probed_due = 10},
     HEAP_SCAN,
     9,
     10,
     "heap scan: the configuration asks for it"},
    {"index is asked for",
     {.wish = SCAN_INDEX,
      .has_index = true,
      MEASURED,
      .sampled_due = 800000,
      .probed_due = CHOOSE_PROBE_ROWS},
     INDEX_SCAN,
     590000,
     640000,
     "index scan: the configuration asks for it"},
    {"index is asked for a small table",
     {.wish = SCAN_INDEX, .has_index = true, .pages = 3, .probed_due = 10},
     INDEX_SCAN,
     2,
     3,
     "index scan: the configuration asks for it"},
    {"index is asked for without one",
     {.wish = SCAN_INDEX, MEASURED, .sampled_due = 10, .probed_due = -1},
     HEAP_SCAN,
     9,
     11,
     "heap scan: the configuration asks for scan = index, but no index can be used"},
    {"no index",
     {MEASURED, .sampled_due = 10, .probed_due = -1},
     HEAP_SCAN,
     9,
     11,
     "heap scan: no index begins with the expiry column"},
    {"a retention in each row, whatever is asked for",
     {.wish = SCAN_INDEX, .by_row = true, MEASURED, .sampled_due = 10, .probed_due = -1},
     HEAP_SCAN,
     9,
     11,
     "heap scan: each row has its own retention, and no index contains it"},
    {"a small table",
     {.has_index = true, .pages = CHOOSE_SMALL_PAGES, .probed_due = 1},
     HEAP_SCAN,
     0.9,
     1,
     "heap scan: the table has no more than 1,000 pages"},
    {"an empty table",
     {.has_index = true, .pages = 0, .probed_due = 0},
     HEAP_SCAN,
     0,
     0,
     "heap scan: the table has no more than 0 pages"},
    {"an empty table without an index",
     {.pages = 0, .sampled_due = 0, .probed_due = -1},
     HEAP_SCAN,
     0,
     0,
     "heap scan: the table has no more than 0 pages"},
};

START_TEST(scan_is_chosen_by_the_pages_it_would_touch)
{
    const struct choose_case *row = &cases[_i];
    struct choice choice;

    choose_scan(&row->facts, &choice);
    ck_assert_msg(choice.scan == row->scan, "%s: %s", row->name, choice.why);
    ck_assert_msg(choice.index_pages >= row->pages_from && choice.index_pages <= row->pages_to,
                  "%s: %.1f pages", row->name, choice.index_pages);
    ck_assert_msg(strstr(choice.why, row->why) != NULL, "%s: \"%s\"", row->name, choice.why);
}
END_TEST

/* What the index would say makes no difference where it is not asked. */
START_TEST(an_index_is_asked_only_where_the_choice_depends_on_it)
{
    for (enum scan_wish wish = SCAN_AUTO; wish <= SCAN_INDEX; wish++)
        for (int by_row = 0; by_row <= 1; by_row++)
            for (int64_t pages = CHOOSE_SMALL_PAGES; pages <= CHOOSE_SMALL_PAGES + 1; pages++) {
                struct choose_facts facts = {
                    .wish = wish, .by_row = by_row, .pages = pages, .sampled_due = -1};
                struct choice without, with;
                bool differs;

                choose_scan(&facts, &without);
                facts.has_index = !by_row;
                choose_scan(&facts, &with);
                differs = with.scan != without.scan || !text_equal(with.why, without.why);
                ck_assert_int_eq(choose_asks_index(&facts), differs);
            }
}
END_TEST

/* The more is due, the less there is for the index. */
START_TEST(choice_changes_once_as_more_becomes_due)
{
    int changes = 0;
    enum scan_kind last = INDEX_SCAN;

    for (double due = 1; due < 3e6; due *= 1.1) {
        struct choose_facts facts = {.has_index = true, MEASURED, .sampled_due = due};
        struct choice choice;

        facts.probed_due = (int64_t)fmin(due, CHOOSE_PROBE_ROWS);
        choose_scan(&facts, &choice);
        changes += choice.scan != last;
        last = choice.scan;
    }
    ck_assert_int_eq(last, HEAP_SCAN);
    ck_assert_int_eq(changes, 1);
}
END_TEST

START_TEST(longest_sentence_fits)
{
    struct choose_facts facts = {.has_index = true,
                                 .pages = UINT32_MAX,
                                 .rows = 1e12,
                                 .sampled_due = 1e12,
                                 .probed_due = CHOOSE_PROBE_ROWS};
    struct choice choice;

    choose_scan(&facts, &choice);
    ck_assert_msg(strstr(choice.why, "the table has 4,294,967,295") != NULL, "%s", choice.why);
}
END_TEST

/* --- whether the index has to be asked at all --- */

static const struct enough_case {
    const char *name;
    struct choose_facts facts;
    bool enough;
} enough_cases[] = {
    {"far more is due than an index scan is good for",
     {.has_index = true, MEASURED, .sampled_due = 800000, .probed_due = -1},
     true},
    {"the probe may count it to the end",
     {.has_index = true, MEASURED, .sampled_due = 100000, .probed_due = -1},
     false},
    {"more is due, but it may lie side by side",
     {.has_index = true, MEASURED, .sampled_due = 800000, .probed_due = -1, .correlation = 1},
     false},
    {"more is due than the probe counts, of a table so large that the index may be better",
     {.has_index = true, .pages = 4000000, .rows = 200e6, .sampled_due = 800000, .probed_due = -1},
     false},
    {"nothing was sampled",
     {.has_index = true, MEASURED, .sampled_due = -1, .probed_due = -1},
     false},
    {"there is no index to ask", {MEASURED, .sampled_due = 800000, .probed_due = -1}, false},
    {"the index scan is asked for",
     {.wish = SCAN_INDEX, .has_index = true, MEASURED, .sampled_due = 800000, .probed_due = -1},
     false},
};

START_TEST(index_is_not_asked_where_the_sample_says_enough)
{
    const struct enough_case *row = &enough_cases[_i];

    ck_assert_msg(choose_sample_is_enough(&row->facts) == row->enough, "%s", row->name);
}
END_TEST

/* --- in mid-run --- */

static const struct again_case {
    const char *name;
    struct choose_facts facts;
    struct choice choice;
    struct choose_progress progress;
    enum choose_verdict verdict;
    const char *why;
} again_cases[] = {
    /* the index scan */
    {"index, as forecast",
     {.has_index = true, HUGE},
     {.scan = INDEX_SCAN, .due = 10000},
     {.pages = 9800, .rows = 10000},
     CHOOSE_GO_ON,
     ""},
    {"index, more than forecast, and still less than the table",
     {.has_index = true, HUGE},
     {.scan = INDEX_SCAN, .due = 10000},
     {.pages = 199999, .rows = 210000},
     CHOOSE_GO_ON,
     ""},
    {"index, as dear as the table",
     {.has_index = true, HUGE},
     {.scan = INDEX_SCAN, .due = 10000},
     {.pages = 200000, .rows = 210000},
     CHOOSE_SWITCH,
     "the index scan has read 200,000 pages and is not complete; the table has 400,000"},
    {"index, rows side by side, as dear as the table only when most rows are gone",
     {.has_index = true, HUGE},
     {.scan = INDEX_SCAN, .due = 800000},
     {.pages = 190000, .rows = 9500000},
     CHOOSE_GO_ON,
     ""},
    {"index, asked for",
     {.wish = SCAN_INDEX, .has_index = true, HUGE},
     {.scan = INDEX_SCAN, .due = 10000},
     {.pages = 4000000, .rows = 5000000, .stuck = true},
     CHOOSE_GO_ON,
     ""},
    {"index, one mark for more than a slice",
     {.has_index = true, HUGE},
     {.scan = INDEX_SCAN, .due = 10000},
     {.pages = 2000, .rows = 100000, .stuck = true},
     CHOOSE_SWITCH,
     "more rows have the same expiry value than one slice of the index scan can hold"},

    /* the heap scan */
    {"heap, as forecast",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 100000, .rows = 1000000},
     CHOOSE_GO_ON,
     ""},
    {"heap, half of what was forecast",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 100000, .rows = 500000},
     CHOOSE_GO_ON,
     ""},
    {"heap, far less than forecast",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 100000, .rows = 1234},
     CHOOSE_LOOK_AGAIN,
     "the heap scan has found 1,234 due rows instead of about 1,000,000"},
    {"heap, far less, but it has hardly begun",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 49999, .rows = 0},
     CHOOSE_GO_ON,
     ""},
    {"heap, far less, and just looked at",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 149999, .rows = 1234, .looked_at = 100000},
     CHOOSE_GO_ON,
     ""},
    {"heap, far less, and looked at long ago",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 150000, .rows = 1234, .looked_at = 100000},
     CHOOSE_LOOK_AGAIN,
     "1,234"},
    {"heap, far less, and nearly at the end",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 399000, .rows = 1234},
     CHOOSE_GO_ON,
     ""},
    {"heap, nothing was forecast",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 0},
     {.pages = 100000, .rows = 0},
     CHOOSE_GO_ON,
     ""},
    {"heap, what is due was not known",
     {.has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = -1},
     {.pages = 100000, .rows = 0},
     CHOOSE_GO_ON,
     ""},
    {"heap, no index",
     {HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 100000, .rows = 0},
     CHOOSE_GO_ON,
     ""},
    {"heap, asked for",
     {.wish = SCAN_HEAP, .has_index = true, HUGE},
     {.scan = HEAP_SCAN, .due = 4e6},
     {.pages = 100000, .rows = 0},
     CHOOSE_GO_ON,
     ""},
};

START_TEST(wrong_forecast_is_seen_in_mid_run)
{
    const struct again_case *row = &again_cases[_i];
    struct choice room;
    enum choose_verdict verdict = choose_again(&row->facts, &row->choice, &row->progress, room.why);

    ck_assert_msg(verdict == row->verdict, "%s: got %d: %s", row->name, verdict, room.why);
    ck_assert_msg(strstr(room.why, row->why) != NULL, "%s: \"%s\"", row->name, room.why);
    ck_assert_msg((verdict == CHOOSE_GO_ON) == (room.why[0] == '\0'), "%s: \"%s\"", row->name,
                  room.why);
}
END_TEST

/* Whatever scan is begun with, and whatever is true: never twice the better of the two, and a
 * slice. */
START_TEST(switching_over_bounds_what_a_wrong_forecast_costs)
{
    struct choose_facts facts = {.has_index = true, HUGE};
    struct choice choice = {.scan = INDEX_SCAN, .due = 1};

    for (double slice_pages = 1; slice_pages <= 50000; slice_pages *= 3) {
        struct choose_progress progress = {0};

        while (choose_again(&facts, &choice, &progress, choice.why) == CHOOSE_GO_ON)
            progress.pages += (int64_t)slice_pages;
        ck_assert_msg((double)progress.pages * CHOOSE_INDEX_PAGE_COST <
                          (double)facts.pages + slice_pages * CHOOSE_INDEX_PAGE_COST,
                      "slices of %.0f pages: %lld", slice_pages, (long long)progress.pages);
    }
}
END_TEST

TCase *choose_cases(void)
{
    TCase *tcase = tcase_create("choose");

    tcase_add_loop_test(tcase, scan_is_chosen_by_the_pages_it_would_touch, 0, ARRAY_LENGTH(cases));
    tcase_add_test(tcase, an_index_is_asked_only_where_the_choice_depends_on_it);
    tcase_add_test(tcase, choice_changes_once_as_more_becomes_due);
    tcase_add_test(tcase, longest_sentence_fits);
    tcase_add_loop_test(tcase, index_is_not_asked_where_the_sample_says_enough, 0,
                        ARRAY_LENGTH(enough_cases));
    tcase_add_loop_test(tcase, wrong_forecast_is_seen_in_mid_run, 0, ARRAY_LENGTH(again_cases));
    tcase_add_test(tcase, switching_over_bounds_what_a_wrong_forecast_costs);
    return tcase;
}
