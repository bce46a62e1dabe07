#include "policy/scan_choice.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* How many pages of the partition `rows` rows at random places are on, on average. */
static double pages_at_random(double rows, double pages)
{
    return pages * -expm1(-rows / pages);
}

/* How many pages `rows` rows that lie side by side are on. */
static double pages_side_by_side(const struct choose_facts *facts, double rows)
{
    double rows_per_page = facts->rows > 0 ? facts->rows / (double)facts->pages : 1;

    return rows / fmax(rows_per_page, 1);
}

/* Between the two by the square of the correlation, as PostgreSQL's own planner does it
 * (cost_index). */
static double pages_of_slice(const struct choose_facts *facts, double rows)
{
    double order = facts->correlation * facts->correlation;

    return order * pages_side_by_side(facts, rows) +
           (1 - order) * pages_at_random(rows, (double)facts->pages);
}

static double pages_of_index_scan(const struct choose_facts *facts, double due)
{
    double slices = ceil(due / CHOOSE_SLICE_ROWS);

    return slices > 0 ? slices * pages_of_slice(facts, due / slices) : 0;
}

/* What the probe has counted is known; beyond its limit the sample has to tell. */
static void estimate_due(const struct choose_facts *facts, struct choice *choice)
{
    bool beyond = facts->probed_due >= CHOOSE_PROBE_ROWS;

    choice->exact = facts->probed_due >= 0 && !beyond;
    if (choice->exact)
        choice->due = (double)facts->probed_due;
    else if (facts->sampled_due >= 0)
        choice->due = fmax(facts->sampled_due, (double)facts->probed_due);
    else
        choice->due = -1;
    choice->index_pages = choice->due >= 0 ? pages_of_index_scan(facts, choice->due) : -1;
}

static void take(struct choice *choice, enum scan_kind scan, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void take(struct choice *choice, enum scan_kind scan, const char *format, ...)
{
    static const char *const names[] = {[HEAP_SCAN] = "heap scan: ", [INDEX_SCAN] = "index scan: "};
    size_t length = strlen(names[scan]);
    va_list args;

    choice->scan = scan;
    memcpy(choice->why, names[scan], length);
    va_start(args, format);
    vsnprintf(choice->why + length, sizeof choice->why - length, format, args);
    va_end(args);
}

static void take_by_pages(const struct choose_facts *facts, struct choice *choice)
{
    struct text_number due, touched, pages;
    const char *about = choice->exact ? "" : "about ";

    text_grouped(&due, llround(choice->due));
    text_grouped(&touched, llround(choice->index_pages));
    text_grouped(&pages, facts->pages);
    if (choice->index_pages * CHOOSE_INDEX_PAGE_COST < (double)facts->pages)
        take(choice, INDEX_SCAN, "%s%s due rows touch about %s of %s pages", about, due.text,
             touched.text, pages.text);
    else
        take(choice, HEAP_SCAN,
             "%s%s due rows would touch about %s pages through the index, the table has %s", about,
             due.text, touched.text, pages.text);
}

static void take_without_index(const struct choose_facts *facts, struct choice *choice)
{
    take(choice, HEAP_SCAN, "%s",
         facts->by_row ? "each row has its own retention, and no index contains it"
         : facts->wish == SCAN_INDEX
             ? "the configuration asks for scan = index, but no index can be used"
             : "no index begins with the expiry column");
}

static void take_by_facts(const struct choose_facts *facts, struct choice *choice)
{
    if (facts->probed_due < 0)
        take(choice, HEAP_SCAN, "the query on the index failed or took too long");
    else if (choice->exact && choice->due <= 0)
        take(choice, INDEX_SCAN, "the index has no due rows");
    else if (choice->due < 0)
        take(choice, HEAP_SCAN, "more rows are due than were counted through the index");
    else
        take_by_pages(facts, choice);
}

static bool is_small(const struct choose_facts *facts)
{
    return facts->wish == SCAN_AUTO && facts->pages <= CHOOSE_SMALL_PAGES;
}

bool choose_asks_index(const struct choose_facts *facts)
{
    return facts->wish != SCAN_HEAP && !facts->by_row && !is_small(facts);
}

void choose_scan(const struct choose_facts *facts, struct choice *choice)
{
    struct text_number pages;

    estimate_due(facts, choice);
    if (facts->wish == SCAN_HEAP)
        take(choice, HEAP_SCAN, "the configuration asks for it (scan = heap)");
    else if (is_small(facts))
        take(choice, HEAP_SCAN, "the table has no more than %s pages",
             text_grouped(&pages, facts->pages));
    else if (!facts->has_index)
        take_without_index(facts, choice);
    else if (facts->wish == SCAN_INDEX)
        take(choice, INDEX_SCAN, "the configuration asks for it (scan = index)");
    else
        take_by_facts(facts, choice);
}

enum { SURE_FACTOR = 4 };

bool choose_sample_is_enough(const struct choose_facts *facts)
{
    struct choose_facts probed = *facts;
    struct choice guess;

    probed.probed_due = CHOOSE_PROBE_ROWS;
    choose_scan(&probed, &guess);
    return facts->has_index && facts->sampled_due > CHOOSE_PROBE_ROWS && guess.scan == HEAP_SCAN &&
           guess.index_pages >= SURE_FACTOR * (double)facts->pages;
}

/* --- in mid-run --- */

enum { WHY_BYTES = sizeof((struct choice *)0)->why };

static enum choose_verdict judge_index_scan(const struct choose_facts *facts,
                                            const struct choose_progress *progress, char *why)
{
    struct text_number touched, pages;

    /* Each slice would read the entries of the same mark again, in vain if nothing of it can go. */
    if (progress->stuck) {
        snprintf(why, WHY_BYTES, "%s",
                 "more rows have the same expiry value than one slice of the index scan can hold");
        return CHOOSE_SWITCH;
    }
    if (facts->pages <= CHOOSE_SMALL_PAGES ||
        progress->pages * CHOOSE_INDEX_PAGE_COST < facts->pages)
        return CHOOSE_GO_ON;
    snprintf(why, WHY_BYTES,
             "the index scan has read %s pages and is not complete; the table has %s",
             text_grouped(&touched, progress->pages), text_grouped(&pages, facts->pages));
    return CHOOSE_SWITCH;
}

static enum choose_verdict judge_heap_scan(const struct choose_facts *facts,
                                           const struct choice *choice,
                                           const struct choose_progress *progress, char *why)
{
    double forecast = choice->due * (double)progress->pages / (double)facts->pages;
    bool far_enough = progress->pages - progress->looked_at >= facts->pages / 8;
    bool worth_it = facts->pages - progress->pages > CHOOSE_SMALL_PAGES;
    struct text_number found, expected;

    if (!facts->has_index || choice->due < 0 || !far_enough || !worth_it ||
        (double)progress->rows * 2 >= forecast)
        return CHOOSE_GO_ON;
    snprintf(why, WHY_BYTES, "the heap scan has found %s due rows instead of about %s",
             text_grouped(&found, progress->rows), text_grouped(&expected, llround(forecast)));
    return CHOOSE_LOOK_AGAIN;
}

enum choose_verdict choose_again(const struct choose_facts *facts, const struct choice *choice,
                                 const struct choose_progress *progress, char *why)
{
    *why = '\0';
    if (facts->wish != SCAN_AUTO)
        return CHOOSE_GO_ON;
    switch (choice->scan) {
    case INDEX_SCAN:
        return judge_index_scan(facts, progress, why);
    case HEAP_SCAN:
        return judge_heap_scan(facts, choice, progress, why);
    }
    return CHOOSE_GO_ON;
}
