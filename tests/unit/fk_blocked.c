/* Due rows that stay because others refer to them: sums over batches, passes and partitions, in
 * words.
 */
#include <check.h>
#include <stdlib.h>

#include "base/text.h"
#include "engine/fk_blocked.h"

/* Of four references three keep rows of table 0. */
static struct fk_reference references[] = {
    {.name = "comments_post_id_fkey", .action = ACTION_CASCADE, .child = 1},
    {.name = "likes_post_id_fkey", .action = ACTION_SET_NULL, .child = 2},
    {.name = "likes_comment_id_fkey", .action = ACTION_NO_ACTION, .parent = 1, .child = 2},
    {.name = "pins_post_id_fkey", .action = ACTION_RESTRICT, .child = 3},
    {.name = "log.post_id", .action = ACTION_DECLARED, .child = 4},
};

static char comments[] = "public.comments", likes[] = "public.likes", pins[] = "public.pins",
            log_table[] = "public.log";

static struct reference_facts facts[] = {
    {.child = comments}, {.child = likes}, {.child = likes}, {.child = pins}, {.child = log_table},
};

static const struct reference_graph graph = {
    .family = {.references = references, .reference_count = ARRAY_LENGTH(references)},
    .facts = facts,
};

static void check_words(const struct fk_blocked *fk_blocked, const char *expected)
{
    struct rejected_list list = {0};
    struct text words = {0};

    text_add(&words, "");
    fk_blocked_list(fk_blocked, &graph, &list);
    ck_assert_int_eq(rejected_list_rows_for(&list, REJECTED_FOREIGN_KEY),
                     fk_blocked_rows(fk_blocked));
    rejected_list_explain(&list, &words);
    ck_assert_str_eq(words.data, expected);
    text_free(&words);
    rejected_list_free(&list);
}

START_TEST(batches_of_a_pass_are_added_up_under_the_name_of_what_keeps_the_rows)
{
    struct fk_blocked fk_blocked = {0};

    fk_blocked_begin_run(&fk_blocked, &graph);
    check_words(&fk_blocked, "");
    fk_blocked_add(&fk_blocked, "{12,0,3}");
    fk_blocked_add(&fk_blocked, "{1,0,0}");
    ck_assert_int_eq(fk_blocked_rows(&fk_blocked), 16);
    check_words(&fk_blocked,
                "13 rejected by comments_post_id_fkey on public.comments, 3 rejected by "
                "log.post_id on public.log");
    fk_blocked_free(&fk_blocked);
}
END_TEST

START_TEST(a_later_pass_counts_anew_and_a_partition_that_is_over_stays_counted)
{
    struct fk_blocked fk_blocked = {0};

    fk_blocked_begin_run(&fk_blocked, &graph);
    fk_blocked_add(&fk_blocked, "{5,5,5}");
    fk_blocked_begin_scan(&fk_blocked);
    fk_blocked_add(&fk_blocked, "{0,2,0}");
    ck_assert_int_eq(fk_blocked_rows(&fk_blocked), 2);
    fk_blocked_end_partition(&fk_blocked);
    fk_blocked_add(&fk_blocked, "{0,1,0}");
    ck_assert_int_eq(fk_blocked_rows_of_pass(&fk_blocked), 1);
    ck_assert_int_eq(fk_blocked_rows(&fk_blocked), 3);
    check_words(&fk_blocked, "3 rejected by pins_post_id_fkey on public.pins");
    fk_blocked_begin_run(&fk_blocked, &graph);
    ck_assert_int_eq(fk_blocked_rows(&fk_blocked), 0);
    fk_blocked_free(&fk_blocked);
}
END_TEST

/* The references have changed while the run went on, or nothing refers to the table. */
static const struct {
    const char *array;
    int64_t rows;
} odd[] = {{NULL, 0}, {"", 0}, {"{}", 0}, {"{7}", 7}, {"{1,2,3,4,5}", 6}, {"{NULL,1}", 0}};

START_TEST(fewer_or_more_counts_than_expected_do_no_harm)
{
    struct fk_blocked fk_blocked = {0};

    fk_blocked_begin_run(&fk_blocked, &graph);
    fk_blocked_add(&fk_blocked, odd[_i].array);
    ck_assert_int_eq(fk_blocked_rows(&fk_blocked), odd[_i].rows);
    fk_blocked_free(&fk_blocked);
}
END_TEST

/* The references were read anew in mid-run. */
START_TEST(rows_stay_counted_where_the_references_are_gone)
{
    struct rejected_list list = {0};
    struct fk_blocked fk_blocked = {0};

    fk_blocked_begin_run(&fk_blocked, &graph);
    fk_blocked_add(&fk_blocked, "{12,0,3}");
    fk_blocked_list(&fk_blocked, NULL, &list);
    ck_assert_int_eq(rejected_list_rows_for(&list, REJECTED_FOREIGN_KEY), 15);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_ptr_null(list.items[0].name);
    rejected_list_free(&list);
    fk_blocked_free(&fk_blocked);
}
END_TEST

START_TEST(nothing_is_kept_where_nothing_refers)
{
    struct fk_blocked fk_blocked = {0};

    fk_blocked_begin_run(&fk_blocked, NULL);
    fk_blocked_add(&fk_blocked, "{1}");
    ck_assert_int_eq(fk_blocked_rows(&fk_blocked), 0);
    fk_blocked_free(&fk_blocked);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fk_blocked");
    TCase *tcase = tcase_create("fk_blocked");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, batches_of_a_pass_are_added_up_under_the_name_of_what_keeps_the_rows);
    tcase_add_test(tcase, a_later_pass_counts_anew_and_a_partition_that_is_over_stays_counted);
    tcase_add_loop_test(tcase, fewer_or_more_counts_than_expected_do_no_harm, 0, ARRAY_LENGTH(odd));
    tcase_add_test(tcase, rows_stay_counted_where_the_references_are_gone);
    tcase_add_test(tcase, nothing_is_kept_where_nothing_refers);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
