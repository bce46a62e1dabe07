/*
 * src/purge/blocked.c: what is news about rows that the database refuses to delete, and what a run
 * says of them.
 */
#include <check.h>
#include <stdlib.h>

#include "purge/blocked.h"

static bool meet(struct blocked *blocked, int64_t relation, uint32_t block, const char *message)
{
    const struct blocked_cause cause = {BLOCKED_EXCEPTION, NULL, "P0001", message};

    return blocked_meet(blocked, relation, (struct tid){block, 1}, &cause);
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

START_TEST(another_code_for_the_same_message_is_news)
{
    const struct blocked_cause cause = {BLOCKED_CONSTRAINT, NULL, "23514", "kept"};
    struct blocked blocked = {0};

    meet(&blocked, 7, 1, "kept");
    blocked_begin_run(&blocked);
    ck_assert(blocked_meet(&blocked, 7, (struct tid){1, 1}, &cause));
    blocked_free(&blocked);
}
END_TEST

START_TEST(rows_of_a_run_are_listed_by_what_keeps_them)
{
    const struct blocked_cause silent = {.reason = BLOCKED_TRIGGER};
    struct blocked blocked = {0};

    for (uint32_t block = 0; block < 10; block++)
        meet(&blocked, 7, block, block % 3 == 0 ? "kept" : "locked up");
    blocked_add(&blocked, 5, &silent);
    ck_assert_int_eq(blocked.rows, 15);
    ck_assert_int_eq(blocked_list_rows(&blocked.by), 15);
    ck_assert_int_eq(blocked_list_rows_for(&blocked.by, BLOCKED_EXCEPTION), 10);
    ck_assert_int_eq(blocked_list_rows_for(&blocked.by, BLOCKED_TRIGGER), 5);
    ck_assert_uint_eq(blocked.by.count, 3);
    blocked_begin_run(&blocked);
    ck_assert_uint_eq(blocked.by.count, 0);
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
    tcase_add_test(tests, another_code_for_the_same_message_is_news);
    tcase_add_test(tests, rows_of_a_run_are_listed_by_what_keeps_them);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
