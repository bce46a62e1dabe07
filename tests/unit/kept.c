/* Due rows that stay because others refer to them: sums over batches, passes and leaves, in words.
 */
#include <check.h>
#include <stdlib.h>

#include "base/text.h"
#include "purge/kept.h"

/* Of four references three keep rows of table 0. */
static struct sql_reference references[] = {
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

static void check_words(const struct kept *kept, const char *expected)
{
    struct blocked_list list = {0};
    struct text words = {0};

    text_add(&words, "");
    kept_list(kept, &graph, &list);
    ck_assert_int_eq(blocked_list_rows_for(&list, BLOCKED_FOREIGN_KEY), kept_rows(kept));
    blocked_list_explain(&list, &words);
    ck_assert_str_eq(words.data, expected);
    text_free(&words);
    blocked_list_free(&list);
}

START_TEST(batches_of_a_pass_are_added_up_under_the_name_of_what_keeps_the_rows)
{
    struct kept kept = {0};

    kept_begin_run(&kept, &graph);
    check_words(&kept, "");
    kept_add(&kept, "{12,0,3}");
    kept_add(&kept, "{1,0,0}");
    ck_assert_int_eq(kept_rows(&kept), 16);
    check_words(&kept, "13 blocked by comments_post_id_fkey on public.comments, 3 blocked by "
                       "log.post_id on public.log");
    kept_free(&kept);
}
END_TEST

START_TEST(a_later_pass_counts_anew_and_a_leaf_that_is_over_stays_counted)
{
    struct kept kept = {0};

    kept_begin_run(&kept, &graph);
    kept_add(&kept, "{5,5,5}");
    kept_begin_walk(&kept);
    kept_add(&kept, "{0,2,0}");
    ck_assert_int_eq(kept_rows(&kept), 2);
    kept_end_leaf(&kept);
    kept_add(&kept, "{0,1,0}");
    ck_assert_int_eq(kept_rows_of_pass(&kept), 1);
    ck_assert_int_eq(kept_rows(&kept), 3);
    check_words(&kept, "3 blocked by pins_post_id_fkey on public.pins");
    kept_begin_run(&kept, &graph);
    ck_assert_int_eq(kept_rows(&kept), 0);
    kept_free(&kept);
}
END_TEST

/* The references have changed while the run went on, or nothing refers to the table. */
static const struct {
    const char *array;
    int64_t rows;
} odd[] = {{NULL, 0}, {"", 0}, {"{}", 0}, {"{7}", 7}, {"{1,2,3,4,5}", 6}, {"{NULL,1}", 0}};

START_TEST(fewer_or_more_counts_than_expected_do_no_harm)
{
    struct kept kept = {0};

    kept_begin_run(&kept, &graph);
    kept_add(&kept, odd[_i].array);
    ck_assert_int_eq(kept_rows(&kept), odd[_i].rows);
    kept_free(&kept);
}
END_TEST

/* The references were read anew in mid-run. */
START_TEST(rows_stay_counted_where_the_references_are_gone)
{
    struct blocked_list list = {0};
    struct kept kept = {0};

    kept_begin_run(&kept, &graph);
    kept_add(&kept, "{12,0,3}");
    kept_list(&kept, NULL, &list);
    ck_assert_int_eq(blocked_list_rows_for(&list, BLOCKED_FOREIGN_KEY), 15);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_ptr_null(list.items[0].name);
    blocked_list_free(&list);
    kept_free(&kept);
}
END_TEST

START_TEST(nothing_is_kept_where_nothing_refers)
{
    struct kept kept = {0};

    kept_begin_run(&kept, NULL);
    kept_add(&kept, "{1}");
    ck_assert_int_eq(kept_rows(&kept), 0);
    kept_free(&kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kept");
    TCase *tcase = tcase_create("kept");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, batches_of_a_pass_are_added_up_under_the_name_of_what_keeps_the_rows);
    tcase_add_test(tcase, a_later_pass_counts_anew_and_a_leaf_that_is_over_stays_counted);
    tcase_add_loop_test(tcase, fewer_or_more_counts_than_expected_do_no_harm, 0, ARRAY_LENGTH(odd));
    tcase_add_test(tcase, rows_stay_counted_where_the_references_are_gone);
    tcase_add_test(tcase, nothing_is_kept_where_nothing_refers);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
