/* What decides about a row beside column and retention: live marks, flags, a condition. */
#include <stdlib.h>

#include "base/text.h"
#include "config/columns.h"
#include "config/condition.h"
#include "config/flag.h"
#include "config/never_expires.h"
#include "config_cases.h"

/* ---- live ---- */

static const struct {
    const char *text, *written;
    enum sentinel_kind last;
} marks[] = {
    {"NULL", "null", SENTINEL_NATURAL},
    {"null,0 , Infinity,-infinity", "null, 0, infinity, -infinity", SENTINEL_NATURAL},
    {"-1", "-1", SENTINEL_NUMBER},
    {"007", "7", SENTINEL_NUMBER},
    {"9223372036854775807", "9223372036854775807", SENTINEL_NUMBER},
    {"9999-12-31", "9999-12-31", SENTINEL_DATE},
    {"2000-02-29", "2000-02-29", SENTINEL_DATE},
    {"2001-01-01 12:30", "2001-01-01 12:30:00", SENTINEL_LOCAL},
    {"2001-01-01T23:59:59.999999", "2001-01-01 23:59:59.999999", SENTINEL_LOCAL},
    {"2001-01-01 00:00:00Z", "2001-01-01 00:00:00+00:00", SENTINEL_INSTANT},
    {"2001-01-01 00:00:00 +02", "2001-01-01 00:00:00+02:00", SENTINEL_INSTANT},
    {"2001-01-01 00:00:00.5-0330", "2001-01-01 00:00:00.5-03:30", SENTINEL_INSTANT},
    {"2001-01-01 00:00:00-03:30", "2001-01-01 00:00:00-03:30", SENTINEL_INSTANT},
};

START_TEST(mark_of_live_rows_is_read_and_printed)
{
    struct never_expires live;
    struct err err;

    ck_assert_msg(never_expires_parse(marks[_i].text, &live, &err), "%s", err.text);
    ck_assert_str_eq(live.written, marks[_i].written);
    ck_assert_int_eq(live.items[live.count - 1].kind, marks[_i].last);
    never_expires_clear(&live);
}
END_TEST

START_TEST(no_marks_of_live_rows_are_an_empty_list)
{
    struct never_expires live;
    struct err err;

    ck_assert(never_expires_parse("", &live, &err));
    ck_assert_uint_eq(live.count, 0);
    ck_assert_str_eq(live.written, "");
    never_expires_clear(&live);
}
END_TEST

/* Each could mean something else to a server with other settings, or nothing at all. */
static const char *const no_marks[] = {
    "31.12.9999",
    "12/31/9999",
    "99991231T00",
    "1999-1-1",
    "0000-01-01",
    "1999-13-01",
    "1999-02-29",
    "1900-02-29",
    "1999-04-31",
    "1999-01-00",
    "19999-01-01",
    "1999-01-01 24:00:00",
    "1999-01-01 00:60:00",
    "1999-01-01 00:00:60",
    "1999-01-01 00",
    "1999-01-01 00:00:00.",
    "1999-01-01 00:00:00.1234567",
    "1999-01-01 00:00:00 CET",
    "1999-01-01 00:00:00+16",
    "1999-01-01 00:00:00+02:60",
    "1999-01-01 00:00:00+02:00x",
    "1999-01-01+02",
    "1999-01-01 BC",
    "epoch",
    "now",
    "never",
    "0'; DROP TABLE t; --",
    "1.5",
    "-",
    "--1",
    "9223372036854775808",
};

START_TEST(what_is_no_mark_is_refused_with_what_to_write)
{
    struct never_expires live;
    struct err err;
    char *message = text_format("\"%s\" is no mark; write null, 0, infinity, -infinity, a number, "
                                "a date (9999-12-31) or a time (9999-12-31 23:59:59+00)",
                                no_marks[_i]);

    ck_assert_msg(!never_expires_parse(no_marks[_i], &live, &err), "%s is taken", no_marks[_i]);
    ck_assert_str_eq(err.text, message);
    free(message);
}
END_TEST

START_TEST(comma_without_a_mark_beside_it_is_refused)
{
    static const char *const lists[] = {",", "null,", ",null", "null,,0", "null, ,0"};
    struct never_expires live;
    struct err err;

    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        ck_assert_msg(!never_expires_parse(lists[i], &live, &err), "%s is taken", lists[i]);
        ck_assert_str_eq(err.text, "a mark is missing beside a comma");
    }
}
END_TEST

/* ---- flags ---- */

static const struct {
    const char *text, *written;
    size_t count;
    const char *column, *value; /* of the last one */
} flag_lists[] = {
    {"", "", 0, NULL, NULL},
    {"is_deleted", "is_deleted", 1, "is_deleted", NULL},
    {"Is_Deleted", "is_deleted", 1, "is_deleted", NULL},
    {"visible=false", "visible = false", 1, "visible", "false"},
    {"status = on hold ", "status = on hold", 1, "status", "on hold"},
    {"status = 'deleted'", "status = deleted", 1, "status", "deleted"},
    {"\"Odd\" = 'a, b'", "\"Odd\" = 'a, b'", 1, "Odd", "a, b"},
    {"s = 'it''s'", "s = 'it''s'", 1, "s", "it's"},
    {"s = ''", "s = ''", 1, "s", ""},
    {"s = ' x'", "s = ' x'", 1, "s", " x"},
    {"s = 'a=b'", "s = 'a=b'", 1, "s", "a=b"},
    {"n = -1", "n = -1", 1, "n", "-1"},
    {"a,b = 2 , \"c d\"", "a, b = 2, \"c d\"", 3, "c d", NULL},
    {"\"a,b\" , c", "\"a,b\", c", 2, "c", NULL},
};

START_TEST(flags_are_read_and_printed)
{
    struct flags flags;
    struct err err;

    ck_assert_msg(flags_parse(flag_lists[_i].text, &flags, &err), "%s", err.text);
    ck_assert_str_eq(flags.written, flag_lists[_i].written);
    ck_assert_uint_eq(flags.count, flag_lists[_i].count);
    if (flags.count > 0) {
        ck_assert_str_eq(flags.items[flags.count - 1].column, flag_lists[_i].column);
        ck_assert_pstr_eq(flags.items[flags.count - 1].value, flag_lists[_i].value);
    }
    flags_clear(&flags);
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_flags[] = {
    {",", "a name can't begin at \",\"; put an unusual name in double quotes"},
    {"is_deleted,", "a name is missing"},
    {"is_deleted visible", "can't be read from \"visible\" on; write COLUMN or COLUMN = VALUE, "
                           "separated by commas"},
    {"status = ", "a value is missing after the =; write it in quotes if it is empty: status = ''"},
    {"status =, b",
     "a value is missing after the =; write it in quotes if it is empty: status = ''"},
    {"status = 'deleted", "'deleted has no closing quote"},
    {"status = de'leted", "can't be read from \"'leted\" on; write COLUMN or COLUMN = VALUE, "
                          "separated by commas"},
    {"status = 'a' 'b'", "can't be read from \"'b'\" on; write COLUMN or COLUMN = VALUE, separated "
                         "by commas"},
    {"status == deleted",
     "a value is missing after the =; write it in quotes if it is empty: status = ''"},
    {"status = a, Status = b",
     "status is there twice, but all flags must hold at the same time; a choice between values "
     "belongs in where: status IN (...)"},
    {"a, b, c, d, e, f, g, h, i", "more than 8 flags; write the others in where"},
    {"not is_deleted", "can't be read from \"is_deleted\" on; write COLUMN or COLUMN = VALUE, "
                       "separated by commas"},
};

START_TEST(wrong_flags_are_refused_with_what_to_write)
{
    struct flags flags;
    struct err err;

    ck_assert(!flags_parse(wrong_flags[_i].text, &flags, &err));
    ck_assert_str_eq(err.text, wrong_flags[_i].message);
}
END_TEST

/* --- columns --- */

static const struct columns_case {
    const char *text, *written; /* NULL: it is refused */
    const char *message;
} column_lists[] = {
    {"", "", NULL},
    {" Tenant , \"Id\",\"a,b\"", "tenant, \"Id\", \"a,b\"", NULL},
    {"id, Id", NULL, "id is there twice"},
    {"id,", NULL, "a name is missing"},
    {"id tenant", NULL, "can't be read from \"tenant\" on; write columns, separated by commas"},
};

START_TEST(columns_are_read_and_printed)
{
    const struct columns_case *row = &column_lists[_i];
    struct columns columns;
    struct err err;

    ck_assert_int_eq(columns_parse(row->text, &columns, &err), row->written != NULL);
    if (row->written != NULL)
        ck_assert_str_eq(columns.written, row->written);
    else
        ck_assert_str_eq(err.text, row->message);
    columns_clear(&columns);
}
END_TEST

/* ---- a condition ---- */

START_TEST(expression_that_stays_in_its_parentheses_is_taken)
{
    static const char *const expressions[] = {
        "",
        "kind = 'draft'",
        "(a OR b) AND NOT (c)",
        "a = ')'",
        "note = 'it''s; not -- a /* comment $1 )'",
        "\"odd;)name$\" IS NULL",
        "payload ->> 'k' = '('",
        "a - -1 > 0",
        "a / b > 1",
        "tags[1] = 'x'",
    };
    struct err err;

    for (size_t i = 0; i < ARRAY_LENGTH(expressions); i++)
        ck_assert_msg(condition_check(expressions[i], &err), "%s: %s", expressions[i], err.text);
}
END_TEST

#define DOLLAR                                                                                     \
    "a \"$\" is not allowed: there are no parameters and no dollar quotes; a name with one "       \
    "stands in double quotes"
#define BACKSLASH                                                                                  \
    "a backslash is not allowed: what it means depends on the server; write chr(92), or use a "    \
    "function"
#define SEMICOLON "a \";\" would begin another statement; write one expression"

static const struct {
    const char *text, *message;
} wrong_conditions[] = {
    {"true; DROP TABLE t", SEMICOLON},
    {"true;", SEMICOLON},
    {"true) OR (true", "there is a \")\" too many"},
    {"true)", "there is a \")\" too many"},
    {"(true", "a \")\" is missing"},
    {"')' || '(' = x)", "there is a \")\" too many"},
    {"true -- all", "\"--\" would begin a comment of SQL; leave it out"},
    {"true --) OR (true", "\"--\" would begin a comment of SQL; leave it out"},
    {"true /* ", "\"/*\" would begin a comment of SQL; leave it out"},
    {"a = $1", DOLLAR},
    {"a = $$x$$", DOLLAR},
    {"a = $x$)$x$", DOLLAR},
    {"a$b", DOLLAR},
    {"a = 'x", "the quote at 'x is not closed"},
    {"\"a", "the quote at \"a is not closed"},
    {"a = E'\\'' OR true) --'", BACKSLASH},
    {"a = '\\'", BACKSLASH},
};

START_TEST(expression_that_could_leave_its_parentheses_is_refused)
{
    struct err err;

    ck_assert(!condition_check(wrong_conditions[_i].text, &err));
    ck_assert_str_eq(err.text, wrong_conditions[_i].message);
}
END_TEST

TCase *config_marks_cases(void)
{
    TCase *cases = tcase_create("marks");

    tcase_add_loop_test(cases, mark_of_live_rows_is_read_and_printed, 0, ARRAY_LENGTH(marks));
    tcase_add_test(cases, no_marks_of_live_rows_are_an_empty_list);
    tcase_add_loop_test(cases, what_is_no_mark_is_refused_with_what_to_write, 0,
                        ARRAY_LENGTH(no_marks));
    tcase_add_test(cases, comma_without_a_mark_beside_it_is_refused);
    tcase_add_loop_test(cases, flags_are_read_and_printed, 0, ARRAY_LENGTH(flag_lists));
    tcase_add_loop_test(cases, wrong_flags_are_refused_with_what_to_write, 0,
                        ARRAY_LENGTH(wrong_flags));
    tcase_add_loop_test(cases, columns_are_read_and_printed, 0, ARRAY_LENGTH(column_lists));
    tcase_add_test(cases, expression_that_stays_in_its_parentheses_is_taken);
    tcase_add_loop_test(cases, expression_that_could_leave_its_parentheses_is_refused, 0,
                        ARRAY_LENGTH(wrong_conditions));
    return cases;
}
