#include "policy/advice.h"

#include "base/text.h"
#include "policy.h"

#define BIG  .choose = {.pages = 83000, .rows = 3e6}
#define SOFT .soft_delete = true, .by_index = true, .rows = 3e6, .marked = 1e6

static const struct advice_index pkey = {.unique = true, .primary = true, .scans = 1e9};
static const struct advice_index email = {.unique = true};
static const struct advice_index email_live = {
    .unique = true, .partial = true, .of_live_rows = true};
static const struct advice_index email_at_a_time = {.unique = true, .has_column = true};
static const struct advice_index number = {.unique = true, .needed = true};
static const struct advice_index customer = {.scans = 100};
static const struct advice_index status = {.scans = 200};
static const struct advice_index shop = {.needed = true, .scans = 900};
static const struct advice_index open = {.partial = true, .scans = 900};
static const struct advice_index mark = {.has_column = true, .scans = 900};

enum { MOST = 4 };

static const struct live_case {
    const char *name;
    struct advice_facts facts;
    const struct advice_index *indexes[MOST];
    int best;
} live_cases[] = {
    {"the one that is used most", {SOFT, BIG}, {&pkey, &customer, &status}, 2},
    {"the only one", {SOFT, BIG}, {&customer}, 0},
    {"not one that is partial already", {SOFT, BIG}, {&open, &customer}, 1},
    {"not one on the mark", {SOFT, BIG}, {&mark, &customer}, 1},
    {"not one by which a foreign key finds its rows", {SOFT, BIG}, {&shop, &customer}, 1},
    {"there is one of live rows", {SOFT, BIG}, {&customer, &email_live}, ADVICE_NONE},
    {"no index but the primary key", {SOFT, BIG}, {&pkey}, ADVICE_NONE},
    {"a small table", {SOFT, .choose = {.pages = 1000}}, {&customer}, ADVICE_NONE},
    {"few are marked",
     {.soft_delete = true, .rows = 3e6, .marked = 599999, BIG},
     {&customer},
     ADVICE_NONE},
    {"just enough are marked",
     {.soft_delete = true, .rows = 3e6, .marked = 600000, BIG},
     {&customer},
     0},
    {"all are marked: it is no soft delete",
     {.soft_delete = true, .rows = 3e6, .marked = 3e6, BIG},
     {&customer},
     ADVICE_NONE},
    {"NULL does not mean live here", {.rows = 3e6, .marked = 1e6, BIG}, {&customer}, ADVICE_NONE},
};

static size_t copy_indexes(const struct advice_index *const *from, struct advice_index *to)
{
    size_t count = 0;

    while (count < MOST && from[count] != NULL) {
        to[count] = *from[count];
        count++;
    }
    return count;
}

START_TEST(index_of_live_rows_is_proposed)
{
    const struct live_case *row = &live_cases[_i];
    struct advice_facts facts = row->facts;
    struct advice_index indexes[MOST];

    facts.indexes = indexes;
    facts.index_count = copy_indexes(row->indexes, indexes);
    ck_assert_msg(advice_live_index(&facts) == row->best, "%s", row->name);
}
END_TEST

static const struct unique_case {
    const char *name;
    struct advice_facts facts;
    const struct advice_index *index;
    bool proposed;
} unique_cases[] = {
    {"a name that stays taken", {SOFT, BIG}, &email, true},
    {"in a small table as well", {SOFT, .choose = {.pages = 1}}, &email, true},
    {"of live rows alone already", {SOFT, BIG}, &email_live, false},
    {"with the mark among its keys", {SOFT, BIG}, &email_at_a_time, false},
    {"the primary key", {SOFT, BIG}, &pkey, false},
    {"a foreign key needs it", {SOFT, BIG}, &number, false},
    {"not unique", {SOFT, BIG}, &customer, false},
    {"no row is marked", {.soft_delete = true, .rows = 3e6, BIG}, &email, false},
    {"NULL does not mean live here", {.rows = 3e6, .marked = 1e6, BIG}, &email, false},
};

START_TEST(unique_index_that_ignores_deleted_rows_is_proposed)
{
    const struct unique_case *row = &unique_cases[_i];
    struct advice_facts facts = row->facts;

    facts.indexes = row->index;
    facts.index_count = 1;
    ck_assert_msg(advice_unique_index(&facts, 0) == row->proposed, "%s", row->name);
}
END_TEST

static const struct purge_case {
    const char *name;
    struct advice_facts facts;
    bool proposed;
} purge_cases[] = {
    {"few are due of many pages", {SOFT, BIG, .usually_due = 10000}, true},
    {"nothing is due", {SOFT, BIG, .usually_due = 0}, true},
    {"most pages have due rows", {SOFT, BIG, .usually_due = 800000}, false},
    {"not known how many", {SOFT, BIG, .usually_due = -1}, false},
    {"there is one",
     {SOFT, .choose = {.pages = 83000, .rows = 3e6, .has_index = true}, .usually_due = 10000},
     false},
    {"the configuration wants the heap scan",
     {SOFT, .choose = {.pages = 83000, .rows = 3e6, .wish = SCAN_HEAP}, .usually_due = 10000},
     false},
    {"the configuration wants the index scan",
     {SOFT, .choose = {.pages = 83000, .rows = 3e6, .wish = SCAN_INDEX}, .usually_due = 10000},
     true},
    {"a small table", {SOFT, .choose = {.pages = 1000, .rows = 4e4}, .usually_due = 10}, false},
    {"no index could help", {.rows = 3e6, BIG, .usually_due = 10000}, false},
};

START_TEST(index_for_the_purge_is_proposed)
{
    const struct purge_case *row = &purge_cases[_i];

    ck_assert_msg(advice_purge_index(&row->facts) == row->proposed, "%s", row->name);
}
END_TEST

TCase *advice_cases(void)
{
    TCase *tcase = tcase_create("advice");

    tcase_add_loop_test(tcase, index_of_live_rows_is_proposed, 0, ARRAY_LENGTH(live_cases));
    tcase_add_loop_test(tcase, unique_index_that_ignores_deleted_rows_is_proposed, 0,
                        ARRAY_LENGTH(unique_cases));
    tcase_add_loop_test(tcase, index_for_the_purge_is_proposed, 0, ARRAY_LENGTH(purge_cases));
    return tcase;
}
