#include "policy/vacuum.h"

#include <math.h>

#include "base/text.h"
#include "policy.h"

enum { ENOUGH = VACUUM_WORTH_ROWS, FEW = VACUUM_WORTH_ROWS - 1 };

static const struct judge_case {
    const char *name;
    struct vacuum_facts facts;
    enum vacuum_verdict verdict;
} judge_cases[] = {
    /* wish, removed, dead, autovacuum, threshold, may, left */
    {"never is never", {VACUUM_NEVER, 1000000, 1e6, false, 50, true, INFINITY}, VACUUM_UNWANTED},
    {"nothing removed", {VACUUM_AFTER, 0, 1e6, false, 50, true, INFINITY}, VACUUM_UNWANTED},
    {"nothing removed, auto", {VACUUM_AUTO, 0, 1e6, false, 50, true, INFINITY}, VACUUM_UNWANTED},
    {"after any row", {VACUUM_AFTER, 1, 1, true, 50, true, INFINITY}, VACUUM_NOW},
    {"after, though autovacuum comes", {VACUUM_AFTER, 100, 1e6, true, 50, true, 3600}, VACUUM_NOW},
    {"after, but may not", {VACUUM_AFTER, 100, 1e6, true, 50, false, 3600}, VACUUM_NOT_PERMITTED},
    {"after, but late", {VACUUM_AFTER, 100, 1e6, true, 50, true, 59.9}, VACUUM_TOO_LATE},
    {"after, just in time", {VACUUM_AFTER, 100, 1e6, true, 50, true, 60}, VACUUM_NOW},
    {"after, window closed", {VACUUM_AFTER, 100, 1e6, true, 50, true, -5}, VACUUM_TOO_LATE},
    {"few rows", {VACUUM_AUTO, FEW, FEW, true, 1e6, true, INFINITY}, VACUUM_NOT_WORTH_IT},
    {"few rows, no autovacuum", {VACUUM_AUTO, 9, FEW, false, 1, true, 3600}, VACUUM_NOT_WORTH_IT},
    {"enough in several runs", {VACUUM_AUTO, 9, ENOUGH, true, 1e6, true, 3600}, VACUUM_NOW},
    {"the count lags behind", {VACUUM_AUTO, ENOUGH, 0, true, 1e6, true, 3600}, VACUUM_NOW},
    {"at its threshold", {VACUUM_AUTO, 9, 20000, true, 20000, true, 3600}, VACUUM_NOW},
    {"beyond it", {VACUUM_AUTO, 9, 20001, true, 20000, true, 3600}, VACUUM_COMES_ITSELF},
    {"beyond it, count lags", {VACUUM_AUTO, 20001, 0, true, 20000, true, 9}, VACUUM_COMES_ITSELF},
    {"beyond it, but off", {VACUUM_AUTO, 9, 20001, false, 20000, true, 3600}, VACUUM_NOW},
    {"auto, but may not", {VACUUM_AUTO, 9, 1e6, false, 50, false, 3600}, VACUUM_NOT_PERMITTED},
    {"auto, but late", {VACUUM_AUTO, 9, 1e6, false, 50, true, 0}, VACUUM_TOO_LATE},
};

START_TEST(table_is_vacuumed_if)
{
    const struct judge_case *row = &judge_cases[_i];
    enum vacuum_verdict verdict = vacuum_judge(&row->facts);

    ck_assert_msg(verdict == row->verdict, "%s: %s, not %s", row->name,
                  vacuum_verdict_sentence(verdict), vacuum_verdict_sentence(row->verdict));
}
END_TEST

START_TEST(vacuum_takes_no_longer_than_the_window_or_an_hour)
{
    ck_assert_int_eq(vacuum_timeout_ms(INFINITY), 3600 * 1000);
    ck_assert_int_eq(vacuum_timeout_ms(7200), 3600 * 1000);
    ck_assert_int_eq(vacuum_timeout_ms(61.5), 61500);
    ck_assert_int_eq(vacuum_timeout_ms(-1), 0);
}
END_TEST

TCase *vacuum_cases(void)
{
    TCase *tcase = tcase_create("vacuum");

    tcase_add_loop_test(tcase, table_is_vacuumed_if, 0, ARRAY_LENGTH(judge_cases));
    tcase_add_test(tcase, vacuum_takes_no_longer_than_the_window_or_an_hour);
    return tcase;
}
