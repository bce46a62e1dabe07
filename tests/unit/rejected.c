/*
 * src/engine/rejected.c: what is news about rows that the database refuses to delete, and what a
 * run says of them.
 */
#include <check.h>
#include <stdlib.h>

#include "engine/rejected.h"

static bool meet(struct rejected *rejected, int64_t relation, uint32_t block, const char *message)
{
    const struct rejected_cause cause = {REJECTED_EXCEPTION, NULL, "P0001", message};

    return rejected_meet(rejected, relation, (struct tid){block, 1}, &cause);
}

START_TEST(a_row_is_news_once_and_counts_in_every_run)
{
    struct rejected rejected = {0};

    for (int run = 0; run < 5; run++) {
        rejected_begin_run(&rejected);
        ck_assert_int_eq(rejected.rows, 0);
        ck_assert_int_eq(meet(&rejected, 7, 1, "kept"), run == 0);
        ck_assert_int_eq(rejected.rows, 1);
    }
    rejected_free(&rejected);
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
    {"another partition", 8, 1, "kept", true},
    {"another reason", 7, 1, "locked up", true},
};

START_TEST(another_place_partition_or_reason_is_news)
{
    const struct another *row = &others[_i];
    struct rejected rejected = {0};

    meet(&rejected, 7, 1, "kept");
    rejected_begin_run(&rejected);
    ck_assert_msg(meet(&rejected, row->relation, row->block, row->why) == row->news, "%s",
                  row->what);
    rejected_free(&rejected);
}
END_TEST

START_TEST(a_row_that_a_run_has_not_met_is_forgotten)
{
    struct rejected rejected = {0};

    rejected_begin_run(&rejected);
    meet(&rejected, 7, 1, "kept");
    meet(&rejected, 7, 2, "kept");
    rejected_begin_run(&rejected);
    ck_assert(!meet(&rejected, 7, 2, "kept"));
    rejected_begin_run(&rejected);
    ck_assert_uint_eq(rejected.known_count, 1);
    ck_assert(meet(&rejected, 7, 1, "kept"));
    ck_assert(!meet(&rejected, 7, 2, "kept"));
    rejected_free(&rejected);
}
END_TEST

START_TEST(another_code_for_the_same_message_is_news)
{
    const struct rejected_cause cause = {REJECTED_CONSTRAINT, NULL, "23514", "kept"};
    struct rejected rejected = {0};

    meet(&rejected, 7, 1, "kept");
    rejected_begin_run(&rejected);
    ck_assert(rejected_meet(&rejected, 7, (struct tid){1, 1}, &cause));
    rejected_free(&rejected);
}
END_TEST

START_TEST(rows_of_a_run_are_listed_by_what_keeps_them)
{
    const struct rejected_cause silent = {.reason = REJECTED_TRIGGER};
    struct rejected rejected = {0};

    for (uint32_t block = 0; block < 10; block++)
        meet(&rejected, 7, block, block % 3 == 0 ? "kept" : "locked up");
    rejected_add(&rejected, 5, &silent);
    ck_assert_int_eq(rejected.rows, 15);
    ck_assert_int_eq(rejected_list_rows(&rejected.by), 15);
    ck_assert_int_eq(rejected_list_rows_for(&rejected.by, REJECTED_EXCEPTION), 10);
    ck_assert_int_eq(rejected_list_rows_for(&rejected.by, REJECTED_TRIGGER), 5);
    ck_assert_uint_eq(rejected.by.count, 3);
    rejected_begin_run(&rejected);
    ck_assert_uint_eq(rejected.by.count, 0);
    rejected_free(&rejected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rejected");
    TCase *tests = tcase_create("rejected");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, a_row_is_news_once_and_counts_in_every_run);
    tcase_add_loop_test(tests, another_place_partition_or_reason_is_news, 0, ARRAY_LENGTH(others));
    tcase_add_test(tests, a_row_that_a_run_has_not_met_is_forgotten);
    tcase_add_test(tests, another_code_for_the_same_message_is_news);
    tcase_add_test(tests, rows_of_a_run_are_listed_by_what_keeps_them);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
