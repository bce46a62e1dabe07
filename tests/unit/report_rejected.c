#include "model/rejected.h"

#include <stdlib.h>

#include "report/json.h"

#include "report.h"

static const struct rejected_cause by_lines = {.reason = REJECTED_FOREIGN_KEY,
                                               .name = "lines_order_id_fkey on public.lines"},
                                   silent = {.reason = REJECTED_TRIGGER},
                                   raised = {.reason = REJECTED_EXCEPTION,
                                             .sqlstate = "P0001",
                                             .message = "kept"},
                                   checked = {.reason = REJECTED_CONSTRAINT,
                                              .name = "total_check on public.totals",
                                              .sqlstate = "23514",
                                              .message = "too much"};

static void assert_explained(const struct rejected_list *list, const char *expected)
{
    struct text out = {0};

    text_add(&out, "");
    rejected_list_explain(list, &out);
    ck_assert_str_eq(out.data, expected);
    text_free(&out);
}

static void assert_summarized(const struct rejected_list *list, const char *expected)
{
    struct text out = {0};

    text_add(&out, "");
    rejected_list_summarize(list, &out);
    ck_assert_str_eq(out.data, expected);
    text_free(&out);
}

START_TEST(rows_are_counted_under_what_keeps_them)
{
    struct rejected_list list = {0};

    assert_explained(&list, "");
    assert_summarized(&list, "");
    rejected_list_add(&list, &silent, 2);
    rejected_list_add(&list, &checked, 1);
    rejected_list_add(&list, &raised, 2);
    rejected_list_add(&list, &by_lines, 12);
    rejected_list_add(&list, &raised, 1);
    rejected_list_sort(&list);
    assert_explained(&list,
                     "12 rejected by lines_order_id_fkey on public.lines, "
                     "3 rejected by \"kept (P0001)\", 2 rejected by \"a trigger BEFORE DELETE "
                     "that raises no error\", 1 rejected by \"too much (23514)\"");
    assert_summarized(&list, " (12 foreign_key, 1 constraint, 2 trigger, 3 exception)");
    ck_assert_int_eq(rejected_list_rows(&list), 18);
    ck_assert_int_eq(rejected_list_rows_for(&list, REJECTED_EXCEPTION), 3);
    ck_assert_int_eq(rejected_list_rows_for(&list, REJECTED_DATA), 0);
    rejected_list_free(&list);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

/* What differs in anything is another cause. */
static const struct rejected_cause others[] = {
    {REJECTED_DATA, "total_check on public.totals", "23514", "too much"},
    {REJECTED_CONSTRAINT, "other_check on public.totals", "23514", "too much"},
    {REJECTED_CONSTRAINT, NULL, "23514", "too much"},
    {REJECTED_CONSTRAINT, "total_check on public.totals", "23P01", "too much"},
    {REJECTED_CONSTRAINT, "total_check on public.totals", "23514", "too little"},
    {REJECTED_CONSTRAINT, "total_check on public.totals", "23514", NULL},
};

START_TEST(causes_that_differ_are_listed_apart)
{
    struct rejected_list list = {0};

    rejected_list_add(&list, &checked, 1);
    rejected_list_add(&list, &others[_i], 1);
    ck_assert_uint_eq(list.count, 2);
    rejected_list_free(&list);
}
END_TEST

START_TEST(equal_numbers_stay_in_the_order_in_which_they_were_met)
{
    struct rejected_list list = {0};

    rejected_list_add(&list, &silent, 2);
    rejected_list_add(&list, &by_lines, 2);
    rejected_list_add(&list, &raised, 9);
    rejected_list_sort(&list);
    ck_assert_int_eq(list.items[0].reason, REJECTED_EXCEPTION);
    ck_assert_int_eq(list.items[1].reason, REJECTED_TRIGGER);
    ck_assert_int_eq(list.items[2].reason, REJECTED_FOREIGN_KEY);
    rejected_list_free(&list);
}
END_TEST

static void add_a_message_for_each_row(struct rejected_list *list, int rows)
{
    for (int i = 1; i <= rows; i++) {
        char *message = text_format("row %d is kept", i);

        rejected_list_add(list,
                          &(struct rejected_cause){i % 10 == 0 ? REJECTED_DATA : REJECTED_EXCEPTION,
                                                   NULL, "P0001", message},
                          1);
        free(message);
    }
}

START_TEST(a_message_of_its_own_for_each_row_makes_no_long_list)
{
    struct rejected_list list = {0};

    add_a_message_for_each_row(&list, 1000);
    ck_assert_uint_eq(list.count, 22);
    ck_assert_int_eq(rejected_list_rows(&list), 1000);
    ck_assert_int_eq(rejected_list_rows_for(&list, REJECTED_DATA), 100);
    ck_assert_int_eq(rejected_list_rows_for(&list, REJECTED_EXCEPTION), 900);
    rejected_list_sort(&list);
    assert_explained(
        &list, "882 rejected by \"a trigger or function raises an exception\", "
               "98 rejected by \"an expression or a trigger fails on them\", "
               "1 rejected by \"row 1 is kept (P0001)\", 1 rejected by \"row 2 is kept (P0001)\""
               ", 1 rejected by \"row 3 is kept (P0001)\", 17 rejected for other reasons");
    rejected_list_free(&list);
}
END_TEST

START_TEST(a_list_takes_up_another_one)
{
    struct rejected_list list = {0}, more = {0};

    rejected_list_add(&list, &raised, 1);
    rejected_list_add(&more, &raised, 2);
    rejected_list_add(&more, &by_lines, 3);
    rejected_list_add_all(&list, &more);
    rejected_list_free(&more);
    assert_explained(&list, "3 rejected by \"kept (P0001)\", "
                            "3 rejected by lines_order_id_fkey on public.lines");
    rejected_list_free(&list);
}
END_TEST

/* Else a database would not take the record of the run. */
static const struct foreign {
    const char *message, *fk_blocked;
} messages[] = {
    {"f\xC3\xBCr die Pr\xC3\xBC"
     "fer",
     "f\xC3\xBCr die Pr\xC3\xBC"
     "fer"},
    {"latin1 f\xFCr", "latin1 f?r"},
    {"cut f\xC3", "cut f?"},
    {"EUC \xB0\xC3\xA1\xE2", "EUC ????"},
};

START_TEST(what_is_not_utf8_in_a_message_is_left_out)
{
    struct rejected_list list = {0};

    rejected_list_add(
        &list, &(struct rejected_cause){.reason = REJECTED_OTHER, .message = messages[_i].message},
        1);
    ck_assert_str_eq(list.items[0].message, messages[_i].fk_blocked);
    rejected_list_free(&list);
}
END_TEST

START_TEST(the_record_of_a_run_is_read_back_as_it_was_written)
{
    struct rejected_list list = {0}, read = {0};
    struct text out = {0}, again = {0};

    rejected_list_add(&list, &checked, 7);
    rejected_list_add(&list, &silent, 2);
    json_write_rejected(&out, &list);
    ck_assert_str_eq(out.data,
                     "[{\"reason\":\"constraint\",\"name\":\"total_check on public.totals\""
                     ",\"sqlstate\":\"23514\",\"message\":\"too much\",\"rows\":7},"
                     "{\"reason\":\"trigger\",\"name\":null,\"sqlstate\":null,"
                     "\"message\":null,\"rows\":2}]");
    ck_assert(json_read_rejected(out.data, &read));
    json_write_rejected(&again, &read);
    ck_assert_str_eq(again.data, out.data);
    text_free(&again);
    text_free(&out);
    rejected_list_free(&read);
    rejected_list_free(&list);
}
END_TEST

static const char *const broken[] = {
    "",
    "[",
    "{}",
    "7",
    "[7]",
    "[{\"reason\":\"trigger\",\"rows\":1},{\"rows\":\"two\"}]",
    "[{\"reason\":\"status\",\"message\":\"x\"}]",
};

START_TEST(what_is_no_such_record_is_read_as_nothing)
{
    struct rejected_list read = {0};

    ck_assert_msg(!json_read_rejected(broken[_i], &read), "%s", broken[_i]);
    ck_assert_uint_eq(read.count, 0);
    ck_assert_ptr_null(read.items);
}
END_TEST

TCase *rejected_cases(void)
{
    TCase *tcase = tcase_create("rejected");

    tcase_add_test(tcase, rows_are_counted_under_what_keeps_them);
    tcase_add_loop_test(tcase, causes_that_differ_are_listed_apart, 0, ARRAY_LENGTH(others));
    tcase_add_test(tcase, equal_numbers_stay_in_the_order_in_which_they_were_met);
    tcase_add_test(tcase, a_message_of_its_own_for_each_row_makes_no_long_list);
    tcase_add_test(tcase, a_list_takes_up_another_one);
    tcase_add_loop_test(tcase, what_is_not_utf8_in_a_message_is_left_out, 0,
                        ARRAY_LENGTH(messages));
    tcase_add_test(tcase, the_record_of_a_run_is_read_back_as_it_was_written);
    tcase_add_loop_test(tcase, what_is_no_such_record_is_read_as_nothing, 0, ARRAY_LENGTH(broken));
    return tcase;
}
