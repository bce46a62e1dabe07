#include "policy/sqlstate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy.h"

/* Each class of the manual's Appendix A with its codes that matter, and what is in none of them. */
static const struct outcome_case {
    const char *sqlstate;
    enum batch_outcome outcome;
} cases[] = {
    {"PU001", BATCH_KILL_SWITCH},
    {"PU002", BATCH_OTHER_DAEMON},
    {"PU003", BATCH_CLOCK},
    {"PU004", BATCH_REFUSED},
    {"PU005", BATCH_TOO_MANY},
    {"PU006", BATCH_WINDOW_CLOSED},
    {"PU007", BATCH_REFUSED},
    {"PU008", BATCH_PARTITION_GONE},
    {"PU009", BATCH_ROW_ERROR},
    {"PU010", BATCH_ROW_ERROR},
    {"PU011", BATCH_REFUSED}, /* a newer schema's: not ours to guess */

    {"", BATCH_TROUBLE},      /* no code at all: the connection is gone */
    {"00000", BATCH_REFUSED}, /* success as an error: nothing that we understand */
    {"01000", BATCH_REFUSED},
    {"02000", BATCH_REFUSED},
    {"03000", BATCH_REFUSED},
    {"08000", BATCH_TROUBLE},
    {"08001", BATCH_TROUBLE},
    {"08003", BATCH_TROUBLE},
    {"08004", BATCH_TROUBLE},
    {"08006", BATCH_TROUBLE},
    {"08007", BATCH_UNKNOWN}, /* transaction resolution unknown */
    {"08P01", BATCH_TROUBLE},
    {"09000", BATCH_ROW_ERROR},
    {"0A000", BATCH_REFUSED},
    {"0B000", BATCH_REFUSED},
    {"0F001", BATCH_REFUSED},
    {"0LP01", BATCH_REFUSED},
    {"0P000", BATCH_REFUSED},
    {"0Z002", BATCH_REFUSED},
    {"20000", BATCH_ROW_ERROR}, /* a trigger's CASE without an ELSE */
    {"21000", BATCH_ROW_ERROR},
    {"22P02", BATCH_ROW_ERROR},
    {"22012", BATCH_ROW_ERROR},
    {"23000", BATCH_ROW_ERROR},
    {"23001", BATCH_ROW_ERROR},
    {"23503", BATCH_ROW_ERROR},
    {"23514", BATCH_ROW_ERROR},
    {"23P01", BATCH_ROW_ERROR},
    {"24000", BATCH_REFUSED},
    {"25000", BATCH_REFUSED},
    {"25001", BATCH_REFUSED},
    {"25006", BATCH_STANDBY},
    {"25P01", BATCH_REFUSED},
    {"25P02", BATCH_CONFLICT}, /* behind a statement that failed */
    {"25P03", BATCH_TROUBLE},
    {"25P04", BATCH_TROUBLE},
    {"26000", BATCH_REFUSED},
    {"27000", BATCH_ROW_ERROR}, /* a BEFORE trigger has changed the row that was to go */
    {"28000", BATCH_REFUSED},
    {"28P01", BATCH_REFUSED},
    {"2BP01", BATCH_REFUSED},
    {"2D000", BATCH_REFUSED},
    {"2F005", BATCH_ROW_ERROR},
    {"34000", BATCH_REFUSED},
    {"38000", BATCH_ROW_ERROR},
    {"39P01", BATCH_ROW_ERROR},
    {"3B001", BATCH_REFUSED},
    {"3D000", BATCH_REFUSED},
    {"3F000", BATCH_REFUSED},
    {"40000", BATCH_CONFLICT},
    {"40001", BATCH_CONFLICT},
    {"40002", BATCH_ROW_ERROR},
    {"40003", BATCH_UNKNOWN}, /* statement completion unknown */
    {"40P01", BATCH_CONFLICT},
    {"42501", BATCH_REFUSED},
    {"42601", BATCH_REFUSED},
    {"42703", BATCH_REFUSED},
    {"42883", BATCH_REFUSED},
    {"42P01", BATCH_REFUSED},
    {"44000", BATCH_ROW_ERROR},
    {"45000", BATCH_ROW_ERROR}, /* what ported triggers raise */
    {"53000", BATCH_TROUBLE},
    {"53100", BATCH_TROUBLE},
    {"53200", BATCH_TROUBLE},
    {"53300", BATCH_TROUBLE},
    {"53400", BATCH_TROUBLE},
    {"54000", BATCH_ROW_ERROR},
    {"54001", BATCH_ROW_ERROR}, /* a trigger that recurses too deeply */
    {"55000", BATCH_REFUSED},   /* published without a replica identity */
    {"55006", BATCH_REFUSED},
    {"55P02", BATCH_REFUSED},
    {"55P03", BATCH_LOCKED},
    {"55P04", BATCH_REFUSED},
    {"57000", BATCH_TROUBLE},
    {"57014", BATCH_TOO_SLOW},
    {"57P01", BATCH_TROUBLE},
    {"57P02", BATCH_TROUBLE},
    {"57P03", BATCH_TROUBLE},
    {"57P04", BATCH_TROUBLE},
    {"57P05", BATCH_TROUBLE},
    {"58000", BATCH_TROUBLE},
    {"58030", BATCH_TROUBLE},
    {"58P01", BATCH_TROUBLE},
    {"72000", BATCH_CONFLICT},
    {"F0000", BATCH_TROUBLE},
    {"F0001", BATCH_TROUBLE},
    {"HV000", BATCH_REFUSED},
    {"HV00N", BATCH_REFUSED},
    {"P0000", BATCH_ROW_ERROR},
    {"P0001", BATCH_ROW_ERROR},
    {"P0002", BATCH_ROW_ERROR},
    {"P0004", BATCH_ROW_ERROR},
    {"XX000", BATCH_TROUBLE},
    {"XX001", BATCH_REFUSED}, /* corrupted: not again and again, and not a row further */
    {"XX002", BATCH_REFUSED},

    {"99999", BATCH_REFUSED}, /* in no class */
    {"ZZ000", BATCH_REFUSED},
    {"2", BATCH_REFUSED}, /* no code at all */
    {"pu001", BATCH_REFUSED},
    {" 23503", BATCH_REFUSED},
};

START_TEST(sqlstate_means)
{
    const struct outcome_case *row = &cases[_i];
    enum batch_outcome outcome = outcome_of_sqlstate(row->sqlstate);

    ck_assert_msg(outcome == row->outcome, "'%s' is %s, not %s", row->sqlstate,
                  batch_outcome_code(outcome), batch_outcome_code(row->outcome));
}
END_TEST

/* The classes of Appendix A from PostgreSQL 14 to 18. */
static const char *const classes[] = {
    "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "20", "21", "22",
    "23", "24", "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F",
    "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX"};

START_TEST(every_class_of_the_manual_has_its_case)
{
    bool found = false;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        found = found || strncmp(cases[i].sqlstate, classes[_i], 2) == 0;
    ck_assert_msg(found, "no case for class %s", classes[_i]);
}
END_TEST

/* What keeps a row that is alone with its error. */
static const struct rejected_case {
    const char *sqlstate;
    enum rejected_reason reason;
} rejected[] = {
    {"23503", REJECTED_FOREIGN_KEY}, {"23001", REJECTED_FOREIGN_KEY},
    {"23502", REJECTED_CONSTRAINT},  {"23505", REJECTED_CONSTRAINT},
    {"23514", REJECTED_CONSTRAINT},  {"23P01", REJECTED_CONSTRAINT},
    {"40002", REJECTED_CONSTRAINT},  {"44000", REJECTED_CONSTRAINT},
    {"P0001", REJECTED_EXCEPTION},   {"P0004", REJECTED_EXCEPTION},
    {"09000", REJECTED_EXCEPTION},   {"27000", REJECTED_EXCEPTION},
    {"2F005", REJECTED_EXCEPTION},   {"38000", REJECTED_EXCEPTION},
    {"39P01", REJECTED_EXCEPTION},   {"45000", REJECTED_EXCEPTION},
    {"20000", REJECTED_DATA},        {"21000", REJECTED_DATA},
    {"22012", REJECTED_DATA},        {"PU009", REJECTED_UNCOUNTED},
    {"PU010", REJECTED_UNCOUNTED},   {"57014", REJECTED_TOO_SLOW},
    {"54001", REJECTED_OTHER},       {"", REJECTED_OTHER},
};

START_TEST(sqlstate_of_a_rejected_row_is_of_a_reason)
{
    const struct rejected_case *row = &rejected[_i];
    enum rejected_reason reason = rejected_reason_of_sqlstate(row->sqlstate);

    ck_assert_msg(reason == row->reason, "'%s' is %s, not %s", row->sqlstate,
                  rejected_reason_code(reason), rejected_reason_code(row->reason));
}
END_TEST

/* Promise A: an error is never taken for a batch that was committed. */
START_TEST(no_code_whatsoever_is_a_success)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const endings[] = {"000", "001", "006", "014", "P01", "P03", "ZZZ"};
    char code[6];

    for (size_t a = 0; a < 36; a++)
        for (size_t b = 0; b < 36; b++)
            for (size_t c = 0; c < ARRAY_LENGTH(endings); c++) {
                snprintf(code, sizeof code, "%c%c%s", letters[a], letters[b], endings[c]);
                ck_assert_msg(outcome_of_sqlstate(code) != BATCH_COMMITTED, "%s", code);
            }
}
END_TEST

TCase *outcome_cases(void)
{
    TCase *tcase = tcase_create("outcome");

    tcase_add_loop_test(tcase, sqlstate_means, 0, ARRAY_LENGTH(cases));
    tcase_add_loop_test(tcase, every_class_of_the_manual_has_its_case, 0, ARRAY_LENGTH(classes));
    tcase_add_loop_test(tcase, sqlstate_of_a_rejected_row_is_of_a_reason, 0,
                        ARRAY_LENGTH(rejected));
    tcase_add_test(tcase, no_code_whatsoever_is_a_success);
    return tcase;
}
