/*
 * src/purge/blocked.c: what is news about rows that the database refuses to delete, and what a run
 * says of them.
 */
#include <check.h>
#include <stdlib.h>

#include "purge/blocked.h"

static bool meet(struct blocked *blocked, int64_t relation, uint32_t block, const char *why)
{
    return blocked_meet(blocked, relation, (struct tid){block, 1}, why);
}

START_TEST(a_row_is_news_once_and_counts_in_every_run)
{
    struct blocked blocked = {0};

    for (int run = 0; run < 5; run++) {
        blocked_begin_run(&blocked);
        ck_assert_int_eq(blocked.rows, 0);
        ck_assert_int_eq(meet(&blocked, 7, 1, "kept"), run == 0);
        ck_assert_int_eq(blocked.rows, 1);
    }
    blocked_free(&blocked);
}
END_TEST

static const struct another {
    const char *what;
    int64_t relation;
    uint32_t block;
    const char *why;
    bool news;
} others[] = {
    {"the same", 7, 1, "kept", false},
    {"another place", 7, 2, "kept", true},
    {"another leaf", 8, 1, "kept", true},
    {"another reason", 7, 1, "locked up", true},
};

START_TEST(another_place_leaf_or_reason_is_news)
{
    const struct another *row = &others[_i];
    struct blocked blocked = {0};

    meet(&blocked, 7, 1, "kept");
    blocked_begin_run(&blocked);
    ck_assert_msg(meet(&blocked, row->relation, row->block, row->why) == row->news, "%s",
                  row->what);
    blocked_free(&blocked);
}
END_TEST

START_TEST(a_row_that_a_run_has_not_met_is_forgotten)
{
    struct blocked blocked = {0};

    blocked_begin_run(&blocked);
    meet(&blocked, 7, 1, "kept");
    meet(&blocked, 7, 2, "kept");
    blocked_begin_run(&blocked);
    ck_assert(!meet(&blocked, 7, 2, "kept"));
    blocked_begin_run(&blocked);
    ck_assert_uint_eq(blocked.known_count, 1);
    ck_assert(meet(&blocked, 7, 1, "kept"));
    ck_assert(!meet(&blocked, 7, 2, "kept"));
    blocked_free(&blocked);
}
END_TEST

static void assert_explained(const struct blocked *blocked, const char *expected)
{
    struct text out = {0};

    text_add(&out, "");
    blocked_explain(blocked, &out);
    ck_assert_str_eq(out.data, expected);
    text_free(&out);
}

START_TEST(rows_are_counted_by_reason)
{
    struct blocked blocked = {0};

    assert_explained(&blocked, "");
    for (uint32_t block = 0; block < 10; block++)
        meet(&blocked, 7, block, block % 3 == 0 ? "kept" : "locked up");
    assert_explained(&blocked, "4 blocked by \"kept\", 6 blocked by \"locked up\"");
    blocked_add(&blocked, 5, "kept");
    assert_explained(&blocked, "9 blocked by \"kept\", 6 blocked by \"locked up\"");
    blocked_begin_run(&blocked);
    assert_explained(&blocked, "");
    blocked_free(&blocked);
}
END_TEST

START_TEST(a_reason_of_its_own_for_each_row_makes_no_long_text)
{
    struct blocked blocked = {0};

    for (uint32_t block = 1; block <= 1000; block++) {
        char *why = text_format("row %u is kept", block);

        ck_assert(meet(&blocked, 7, block, why));
        free(why);
    }
    ck_assert_int_eq(blocked.rows, 1000);
    assert_explained(&blocked, "1 blocked by \"row 1 is kept\", 1 blocked by \"row 2 is kept\","
                               " 1 blocked by \"row 3 is kept\", 997 blocked for other reasons");
    blocked_free(&blocked);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blocked");
    TCase *tests = tcase_create("blocked");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, a_row_is_news_once_and_counts_in_every_run);
    tcase_add_loop_test(tests, another_place_leaf_or_reason_is_news, 0, ARRAY_LENGTH(others));
    tcase_add_test(tests, a_row_that_a_run_has_not_met_is_forgotten);
    tcase_add_test(tests, rows_are_counted_by_reason);
    tcase_add_test(tests, a_reason_of_its_own_for_each_row_makes_no_long_text);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
