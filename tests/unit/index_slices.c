/*
 * src/engine/index_slices.c: the TIDs that an index gives, slice by slice. The server's answers are
 * made here; what the real ones are is the business of tests/integration/index.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/query.h"
#include "engine/index_slices.h"
#include "net/pg_result.h"
#include "policy/scan_choice.h"

/* --- lists of TIDs --- */

static const struct list_case {
    const char *list;
    int64_t count; /* -1 = refused */
    struct tid last;
} list_cases[] = {
    {"{}", 0, {0, 0}},
    {"{\"(0,1)\"}", 1, {0, 1}},
    {"{\"(0,1)\",\"(7,65535)\"}", 2, {7, 65535}},
    {"{\"(4294967295,1)\",\"(0,0)\",\"(1,2)\"}", 3, {1, 2}},
    {"", -1, {0, 0}},
    {"{", -1, {0, 0}},
    {"}", -1, {0, 0}},
    {"{NULL}", -1, {0, 0}},
    {"{\"(0,1)\"", -1, {0, 0}},
    {"{\"(0,1)\",", -1, {0, 0}},
    {"{\"(0,1)\",}", -1, {0, 0}},
    {"{\"(0,1)\"\"(0,2)\"}", -1, {0, 0}},
    {"{\"(0,1)\",\"(0\"}", -1, {0, 0}},
    {"{\"(0,1\"}", -1, {0, 0}},
    {"{\"(0 1)\"}", -1, {0, 0}},
    {"{(0,1)}", -1, {0, 0}},
    {"x\"(0,1)\"}", -1, {0, 0}},
    {"{\"(0,1)\"}x", -1, {0, 0}},
    {"{\"(4294967296,1)\"}", -1, {0, 0}},
    {"{\"(0,65536)\"}", -1, {0, 0}},
};

START_TEST(list_of_tids_is_read)
{
    const struct list_case *row = &list_cases[_i];
    struct tid *tids;
    int64_t count = slice_parse(row->list, &tids);

    ck_assert_msg(count == row->count, "%s: %lld", row->list, (long long)count);
    ck_assert((tids != NULL) == (count > 0));
    if (count > 0)
        ck_assert_msg(tid_equal(tids[count - 1], row->last), "%s: (%u,%u)", row->list,
                      tids[count - 1].block, tids[count - 1].offset);
    free(tids);
}
END_TEST

START_TEST(list_of_tids_is_printed_as_it_is_read)
{
    const struct list_case *row = &list_cases[_i];
    struct text printed = {0};
    struct slice_part part;
    struct tid *tids;

    part.count = (size_t)slice_parse(row->list, &tids);
    part.tids = tids;
    slice_print(&part, &printed);
    ck_assert_str_eq(printed.data, row->list);
    text_free(&printed);
    free(tids);
}
END_TEST

/* --- a pass --- */

/* The answer to a slice: its rows are (first,1), (first,2) and so on, `per_block` to a block. */
static struct pg_result answer(int64_t rows, uint32_t first, int per_block, char *mark)
{
    PGresAttDesc columns[] = {
        {.name = (char[]){"a"}}, {.name = (char[]){"b"}}, {.name = (char[]){"c"}}};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    struct pg_result reply = {.status = PG_DONE, .count = QUERY_STEP + 1};
    struct tid *tids = mem_new((size_t)(rows + 1) * sizeof *tids);
    struct text list = {0};
    char count[24];

    for (int64_t i = 0; i < rows; i++)
        tids[i] = (struct tid){first + (uint32_t)(i / per_block), (uint16_t)(i % per_block + 1)};
    slice_print(&(struct slice_part){tids, (size_t)rows}, &list);
    snprintf(count, sizeof count, "%lld", (long long)rows);
    ck_assert(PQsetResultAttrs(result, 3, columns));
    PQsetvalue(result, 0, 0, rows > 0 ? list.data : NULL, rows > 0 ? (int)list.length : -1);
    PQsetvalue(result, 0, 1, mark, mark != NULL ? (int)strlen(mark) : -1);
    PQsetvalue(result, 0, 2, count, (int)strlen(count));
    text_free(&list);
    free(tids);
    reply.results = mem_new((QUERY_STEP + 1) * sizeof *reply.results);
    reply.results[QUERY_STEP] = result;
    return reply;
}

static void forget(struct pg_result *reply)
{
    PQclear(reply->results[QUERY_STEP]);
    free(reply->results);
}

static void take(struct slices *slices, int64_t rows, int per_block, char *mark)
{
    struct pg_result reply = answer(rows, 0, per_block, mark);
    struct err err = {""};

    ck_assert_msg(slice_read(&reply, slices, &err), "%s", err.text);
    ck_assert_uint_eq(slices->count, (size_t)rows);
    forget(&reply);
}

START_TEST(a_slice_that_is_not_full_is_the_last)
{
    struct slices slices;

    slices_start(&slices);
    ck_assert_str_eq(slices.from, "");
    take(&slices, CHOOSE_SLICE_ROWS, 10, (char[]){"2026-01-01 00:00:00+00"});
    ck_assert_str_eq(slices.from, "2026-01-01 00:00:00+00");
    ck_assert(!slices.at_end);
    take(&slices, 11, 10, (char[]){"2026-01-02 00:00:00+00"});
    ck_assert(slices.at_end);
    ck_assert_int_eq(slices.pages, CHOOSE_SLICE_ROWS / 10 + 2);
    slices_free(&slices);
}
END_TEST

START_TEST(an_index_without_due_rows_is_at_its_end_at_once)
{
    struct slices slices;

    slices_start(&slices);
    take(&slices, 0, 1, NULL);
    ck_assert(slices.at_end);
    ck_assert_uint_eq(slices.count, 0);
    ck_assert_str_eq(slices.from, "");
    slices_free(&slices);
}
END_TEST

/* None of them can go, and still the scan gets beyond them. */
START_TEST(slices_get_longer_while_they_end_with_the_mark_they_began_with)
{
    struct slices slices;

    slices_start(&slices);
    take(&slices, CHOOSE_SLICE_ROWS, 100, (char[]){"a"});
    ck_assert(!slices.stuck);
    take(&slices, CHOOSE_SLICE_ROWS, 100, (char[]){"a"});
    ck_assert(slices.stuck);
    ck_assert_int_eq(slices.limit, 2 * CHOOSE_SLICE_ROWS);
    take(&slices, slices.limit, 100, (char[]){"a"});
    ck_assert(slices.stuck);
    ck_assert_int_eq(slices.limit, 4 * CHOOSE_SLICE_ROWS);
    take(&slices, slices.limit, 100, (char[]){"b"});
    ck_assert(!slices.stuck);
    ck_assert_int_eq(slices.limit, CHOOSE_SLICE_ROWS);
    take(&slices, 3, 100, (char[]){"b"});
    ck_assert(!slices.stuck && slices.at_end);
    slices_free(&slices);
}
END_TEST

START_TEST(rejected_rows_are_left_out)
{
    static const struct tid rejected[] = {{0, 1}, {1, 7}, {2, 1}, {6, 1}, {9, 1}};
    static const uint32_t left[] = {1, 3, 4, 5};
    struct slices slices;

    slices_start(&slices);
    take(&slices, 7, 1, (char[]){"a"});
    slice_leave_out(&slices, rejected, ARRAY_LENGTH(rejected));
    ck_assert_uint_eq(slices.count, ARRAY_LENGTH(left));
    for (size_t i = 0; i < ARRAY_LENGTH(left); i++)
        ck_assert_uint_eq(slices.tids[i].block, left[i]);
    slice_leave_out(&slices, NULL, 0);
    ck_assert_uint_eq(slices.count, ARRAY_LENGTH(left));
    slices_free(&slices);
}
END_TEST

/* Its count is not that of its list; its mark would not fit. */
START_TEST(an_answer_that_makes_no_sense_changes_nothing)
{
    struct slices slices;
    struct pg_result wrong = answer(2, 0, 1, (char[]){"b"});
    struct pg_result long_mark =
        answer(2, 0, 1, (char[]){"0123456789012345678901234567890123456789012345678901234567890"});
    struct err err = {""};

    slices_start(&slices);
    take(&slices, 3, 1, (char[]){"a"});
    PQsetvalue(wrong.results[QUERY_STEP], 0, 2, (char[]){"3"}, 1);
    ck_assert(!slice_read(&wrong, &slices, &err));
    ck_assert(strstr(err.text, "can't be read") != NULL);
    ck_assert(!slice_read(&long_mark, &slices, &err));
    ck_assert_uint_eq(slices.count, 3);
    ck_assert_str_eq(slices.from, "a");
    forget(&long_mark);
    forget(&wrong);
    slices_free(&slices);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slice");
    TCase *tcase = tcase_create("slice");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 60); /* valgrind, and slices of 200,000 rows */
    tcase_add_loop_test(tcase, list_of_tids_is_read, 0, ARRAY_LENGTH(list_cases));
    tcase_add_loop_test(tcase, list_of_tids_is_printed_as_it_is_read, 0, 4);
    tcase_add_test(tcase, a_slice_that_is_not_full_is_the_last);
    tcase_add_test(tcase, an_index_without_due_rows_is_at_its_end_at_once);
    tcase_add_test(tcase, slices_get_longer_while_they_end_with_the_mark_they_began_with);
    tcase_add_test(tcase, rejected_rows_are_left_out);
    tcase_add_test(tcase, an_answer_that_makes_no_sense_changes_nothing);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
