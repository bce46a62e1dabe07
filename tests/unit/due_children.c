/* How many rows of other tables go with due ones, from sizes alone: down every way, no more than
 * there are, and none by a reference that is not followed. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "engine/children.h"

enum { POSTS, COMMENTS, LIKES, PINS, LOG, TABLES };

static const struct going {
    const char *name;
    bool follow_pins;
    struct reference_facts facts[5]; /* of the references below */
    double rows, due;
    double going[TABLES];
} cases[] = {
    {"ten comments for each post, two likes for each comment, one for each post",
     false,
     {{.rows = 10000, .share = 1},
      {.rows = 30000, .share = 1. / 3},
      {.rows = 30000, .share = 2. / 3}},
     1000,
     10,
     {0, 100, 300, 0, 0}},
    {"a reference that is followed as well",
     true,
     {{.share = 1}, {.share = 1}, {.share = 1}, {.rows = 500, .share = 1}},
     1000,
     100,
     {0, 0, 0, 50, 0}},
    {"only some of the rows refer to any",
     false,
     {{.rows = 10000, .share = 0.25},
      {.share = 1},
      {.share = 1},
      {.share = 1},
      {.rows = 8, .share = 0.5}},
     1000,
     500,
     {0, 1250, 0, 0, 2}},
    {"no more than there are",
     false,
     {{.rows = 40, .share = 1}, {.rows = 10, .share = 1}, {.rows = 10, .share = 1}},
     100,
     400,
     {0, 40, 10, 0, 0}},
    {"a table that was never analyzed has what its pages may hold",
     false,
     {{.rows = -1, .blocks = 10, .share = 1}, {.rows = -1, .share = 1}, {.rows = -1, .share = 1}},
     100,
     50,
     {0, 400, 0, 0, 0}},
    {"an empty table", false, {{.rows = 100, .share = 1}}, 0, 0, {0}},
};

static void check_going(const struct going *row)
{
    struct fk_reference references[] = {
        {.action = ACTION_CASCADE, .follow = true, .child = COMMENTS},
        {.action = ACTION_CASCADE, .follow = true, .child = LIKES},
        {.action = ACTION_CASCADE, .follow = true, .parent = COMMENTS, .child = LIKES},
        {.action = ACTION_RESTRICT, .follow = row->follow_pins, .child = PINS},
        {.action = ACTION_DECLARED, .follow = true, .child = LOG},
    };
    struct fk_table tables[TABLES] = {{0}};
    struct reference_facts facts[ARRAY_LENGTH(references)];
    const struct reference_graph graph = {
        .family = {tables, TABLES, references, ARRAY_LENGTH(references), 2}, .facts = facts};
    double *going;

    for (size_t i = 0; i < ARRAY_LENGTH(facts); i++)
        facts[i] = row->facts[i];
    going = children_of_due(&graph, row->rows, row->due);
    for (size_t i = 0; i < TABLES; i++)
        ck_assert_msg(fabs(going[i] - row->going[i]) < 1e-6, "%s: %f rows of table %zu", row->name,
                      going[i], i);
    free(going);
}

START_TEST(children_of_due_rows_are_as_many_as_the_sizes_say)
{
    check_going(&cases[_i]);
}
END_TEST

static const struct keeping {
    const char *name;
    struct fk_reference reference;
    struct reference_facts facts;
    double kept; /* of 500 due ones of 1,000 */
} keepings[] = {
    {"a tenth of the rows is referred to", {.child = 1}, {.parents = 100}, 50},
    {"all of them", {.child = 1}, {.parents = 2000}, 500},
    {"not known", {.child = 1}, {.parents = 0}, 0},
    {"some of what is referred to is of another table",
     {.action = ACTION_DECLARED, .child = 1, .where_column = "about", .where_value = "post"},
     {.parents = 400, .share = 0.5},
     100},
    {"children that go as well",
     {.action = ACTION_CASCADE, .child = 1, .follow = true},
     {.parents = 100},
     0},
    {"columns that become NULL", {.action = ACTION_SET_NULL, .child = 1}, {.parents = 100}, 0},
    {"the table itself", {.child = 0}, {.parents = 100}, 0},
    {"rows of a child", {.parent = 1, .child = 2}, {.parents = 100}, 0},
};

START_TEST(references_that_are_not_followed_keep_due_rows)
{
    struct keeping row = keepings[_i];
    struct fk_table tables[3] = {{0}};
    const struct reference_graph graph = {.family = {tables, 3, &row.reference, 1, 3},
                                          .facts = &row.facts};
    double kept = children_keep(&graph, 0, 1000, 500);

    ck_assert_msg(fabs(kept - row.kept) < 1e-6, "%s: %f", row.name, kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("due_children");
    TCase *tcase = tcase_create("due_children");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, children_of_due_rows_are_as_many_as_the_sizes_say, 0,
                        ARRAY_LENGTH(cases));
    tcase_add_loop_test(tcase, references_that_are_not_followed_keep_due_rows, 0,
                        ARRAY_LENGTH(keepings));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
