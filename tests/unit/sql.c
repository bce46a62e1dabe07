/*
 * src/sql: every statement as a DBA would read it in the server's log, compared with texts that
 * were looked at once (tests/golden/sql/), and the quoting, on which it depends that a name stays a
 * name.
 */
#include <check.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "golden.h"
#include "sql/queries.h"
#include "sql/quote.h"
#include "sql/schema.h"
#include "sql/tally.h"
#include "sql/target_statements.h"
#include "sql/vacuum.h"
#include "sql_cases.h"

/* --- quoting --- */

static const struct quote_case {
    const char *value, *identifier, *literal;
} quote_cases[] = {
    {"orders", "\"orders\"", "'orders'"},
    {"", "\"\"", "''"},
    {"Order", "\"Order\"", "'Order'"},
    {"select", "\"select\"", "'select'"},
    {"a b.c", "\"a b.c\"", "'a b.c'"},
    {"a\"b", "\"a\"\"b\"", "'a\"b'"},
    {"\"", "\"\"\"\"", "'\"'"},
    {"it's", "\"it's\"", "'it''s'"},
    {"'; DROP TABLE t; --", "\"'; DROP TABLE t; --\"", "'''; DROP TABLE t; --'"},
    {"a\\b", "\"a\\b\"", "E'a\\\\b'"},
    {"\\'", "\"\\'\"", "E'\\\\'''"},
    {"größe 表", "\"größe 表\"", "'größe 表'"},
    {"%s %n $1", "\"%s %n $1\"", "'%s %n $1'"},
    {"@ROLE@", "\"@ROLE@\"", "'@ROLE@'"},
};

START_TEST(value_is_quoted_as)
{
    const struct quote_case *row = &quote_cases[_i];
    char *identifier = sql_identifier(row->value), *literal = sql_literal(row->value);

    ck_assert_str_eq(identifier, row->identifier);
    ck_assert_str_eq(literal, row->literal);
    free(identifier);
    free(literal);
}
END_TEST

/* --- the statements of one table --- */

/* The plain structs of model/expiry.h own their texts. */
#define T(text) ((char[]){text})

static struct sentinel dates[] = {{SENTINEL_NATURAL, T("null")},
                                  {SENTINEL_DATE, T("2001-01-01")},
                                  {SENTINEL_INSTANT, T("2002-02-02 00:00:00+02:00")}};
static const struct never_expires live_dates = {dates, 3,
                                                T("null, 2001-01-01, 2002-02-02 00:00:00+02:00")};

static struct sentinel local_times[] = {{SENTINEL_DATE, T("2001-01-01")},
                                        {SENTINEL_LOCAL, T("2002-02-02 00:00:00")},
                                        {SENTINEL_INSTANT, T("2003-03-03 00:00:00+02:00")}};
static const struct never_expires live_local_times = {local_times, 3, T("")};

static struct sentinel days[] = {{SENTINEL_DATE, T("2001-01-01")}};
static const struct never_expires live_days = {days, 1, T("")};

static struct sentinel numbers[] = {{SENTINEL_NATURAL, T("0")}, {SENTINEL_NUMBER, T("999999999")}};
static const struct never_expires live_numbers = {numbers, 2, T("0, 999999999")};

static const struct flags three_flags = {
    {{T("is_deleted"), NULL}, {T("Visible"), T("0")}, {T("status"), T("it's gone")}}, 3, T("")};
static const enum flag_type three_types[] = {FLAG_BOOLEAN, FLAG_INTEGER, FLAG_TEXT};

static char *digest_names[] = {T("tenant"), T("Id")};
static const struct columns digest = {digest_names, 2, T("tenant, \"Id\"")};

static const struct target_case {
    const char *golden;
    struct sql_target target;
} target_cases[] = {
    {"sql/timestamptz.sql",
     {.schema = "public",
      .table = "orders",
      .column = "deleted_at",
      .type = TIME_TIMESTAMPTZ,
      .zone = ""}},
    {"sql/timestamp.sql",
     {.schema = "public",
      .table = "orders",
      .column = "deleted_at",
      .type = TIME_TIMESTAMP,
      .zone = "Asia/Tokyo"}},
    {"sql/date.sql",
     {.schema = "public",
      .table = "orders",
      .column = "deleted_on",
      .type = TIME_DATE,
      .zone = "Europe/Berlin"}},
    {"sql/odd-names.sql",
     {.schema = "My \"Shop\"",
      .table = "it's.a table",
      .column = "größe\\",
      .type = TIME_TIMESTAMP,
      .zone = "O'Clock\\"}},
    {"sql/digest.sql",
     {.schema = "public",
      .table = "orders",
      .column = "deleted_at",
      .type = TIME_TIMESTAMPTZ,
      .digest = &digest}},
    {"sql/epoch.sql",
     {.schema = "public",
      .table = "posts",
      .column = "deleteat",
      .type = TIME_EPOCH,
      .per_second = 1000,
      .never_expires = &live_numbers}},
    {"sql/flags.sql",
     {.schema = "public",
      .table = "orders",
      .column = "deleted_at",
      .type = TIME_TIMESTAMPTZ,
      .never_expires = &live_dates,
      .flags = &three_flags,
      .flag_types = three_types}},
    {"sql/live-local.sql",
     {.schema = "public",
      .table = "orders",
      .column = "deleted_at",
      .type = TIME_TIMESTAMP,
      .zone = "Asia/Tokyo",
      .never_expires = &live_local_times}},
    {"sql/live-date.sql",
     {.schema = "public",
      .table = "orders",
      .column = "deleted_on",
      .type = TIME_DATE,
      .zone = "Asia/Tokyo",
      .never_expires = &live_days}},
    {"sql/retention-in-the-row.sql",
     {.schema = "public",
      .table = "files",
      .column = "created_at",
      .type = TIME_TIMESTAMPTZ,
      .row_retention = {"delete_after_days", "1 day", 36500, 86400000}}},
    {"sql/retention-in-the-row-epoch.sql",
     {.schema = "public",
      .table = "files",
      .column = "created",
      .type = TIME_EPOCH,
      .per_second = 1,
      .row_retention = {"keep\"Months", "1 month", 1303, 86400000}}},
};

/* The last one has an expression of its owner in it, which is not ours to qualify. */
static const struct target_case where_case = {"sql/where.sql",
                                              {.schema = "public",
                                               .table = "orders",
                                               .column = "deleted_at",
                                               .type = TIME_TIMESTAMPTZ,
                                               .flags = &three_flags,
                                               .flag_types = three_types,
                                               .where = "kind = 'draft' OR NOT pinned"}};

static void add_statement(struct text *out, const char *name, const char *sql)
{
    text_addf(out, "-- %s\n%s;\n\n", name, sql);
}

static void check_statements(const struct target_case *row)
{
    struct sql_statements statements = sql_statements_for(&row->target);
    char *whole =
        text_format("%s%s", row->target.root_table != NULL ? "" : "ONLY ", statements.table);
    char *sample = sql_sample(&row->target, &(struct sql_parts){&whole, 1});
    struct text all = {0};

    add_statement(&all, "partition", statements.partition);
    add_statement(&all, "predicate", statements.predicate);
    add_statement(&all, "delete_range", statements.delete_range);
    add_statement(&all, "delete_skip_locked", statements.delete_skip_locked);
    add_statement(&all, "count_range", statements.count_range);
    add_statement(&all, "has_never_expires", statements.has_never_expires);
    add_statement(&all, "count_partition", statements.count_partition);
    add_statement(&all, "sample", sample);
    add_statement(&all, "probe", statements.probe);
    add_statement(&all, "take_slice", statements.take_slice);
    add_statement(&all, "delete_tids", statements.delete_tids);
    add_statement(&all, "delete_tids_skip_locked", statements.delete_tids_skip_locked);
    add_statement(&all, "count_tids", statements.count_tids);
    golden_compare(row->golden, all.data);
    text_free(&all);
    free(sample);
    free(whole);
    sql_statements_free(&statements);
    ck_assert_ptr_null(statements.partition);
}

START_TEST(statements_read_as)
{
    check_statements(&target_cases[_i]);
}
END_TEST

START_TEST(where_stands_in_parentheses)
{
    char *tried = sql_try_where(&where_case.target);
    char *explained = sql_explain_where(&where_case.target);

    check_statements(&where_case);
    ck_assert_str_eq(tried,
                     "SELECT FROM ONLY \"public\".\"orders\" AS t WHERE (kind = 'draft' OR NOT "
                     "pinned) IS TRUE LIMIT 0");
    ck_assert_str_eq(explained,
                     "EXPLAIN (COSTS OFF)\n"
                     "SELECT FROM (SELECT (kind = 'draft' OR NOT pinned) IS TRUE AS goes\n"
                     "  FROM pg_catalog.json_populate_record(NULL::\"public\".\"orders\", '{}') AS"
                     " t) AS pgpurged_where WHERE pgpurged_where.goes");
    free(explained);
    free(tried);
}
END_TEST

static int count_of(const char *text, const char *piece)
{
    int count = 0;

    for (const char *at = text; (at = strstr(at, piece)) != NULL; at += strlen(piece))
        count++;
    return count;
}

/* Once where rows are locked, and once more where they are deleted. */
static void check_skip_locked(const char *sql, const char *predicate)
{
    const char *last = strstr(sql, "SKIP LOCKED");

    ck_assert_int_eq(count_of(sql, predicate), 2);
    ck_assert_ptr_nonnull(last);
    ck_assert(strstr(last, predicate) != NULL);
}

/* The predicate of a statement whose cutoff is another parameter. */
static char *with_cutoff(const char *predicate, const char *parameter)
{
    struct text out = {0};

    ck_assert_ptr_nonnull(strstr(predicate, "$3"));
    for (const char *at; (at = strstr(predicate, "$3")) != NULL; predicate = at + strlen("$3")) {
        text_add_bytes(&out, predicate, (size_t)(at - predicate));
        text_add(&out, parameter);
    }
    text_add(&out, predicate);
    return text_take(&out);
}

/* Promise R: a row that changed before its lock was taken is judged by the DELETE once more. */
START_TEST(every_delete_carries_the_full_predicate)
{
    struct sql_statements statements = sql_statements_for(&target_cases[_i].target);
    char *of_probe = with_cutoff(statements.predicate, "$1");

    ck_assert(strstr(statements.delete_range, statements.predicate) != NULL);
    check_skip_locked(statements.delete_skip_locked, statements.predicate);
    ck_assert(strstr(statements.count_range, statements.predicate) != NULL);
    ck_assert(strstr(statements.delete_tids, statements.predicate) != NULL);
    check_skip_locked(statements.delete_tids_skip_locked, statements.predicate);
    ck_assert(strstr(statements.count_tids, statements.predicate) != NULL);
    ck_assert(strstr(statements.take_slice, statements.predicate) != NULL);
    ck_assert(strstr(statements.probe, of_probe) != NULL);
    free(of_probe);
    sql_statements_free(&statements);
}
END_TEST

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    bool found;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

/* The DELETE runs under the database's own search_path, which an operator in public could steer. */
START_TEST(no_operator_or_function_of_a_delete_depends_on_search_path)
{
    struct sql_statements statements = sql_statements_for(&target_cases[_i].target);
    const char *const texts[] = {
        statements.delete_range,
        statements.delete_skip_locked,
        statements.count_range,
        statements.delete_tids,
        statements.delete_tids_skip_locked,
        statements.count_tids,
        statements.take_slice,
        statements.probe,
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        ck_assert_msg(!matches(texts[i], "[^(.]\\b(now|count|timezone|to_char)\\("), "%s",
                      texts[i]);
        ck_assert_msg(!matches(texts[i], "[^.](<|>|=)=?[^=)]* "), "%s", texts[i]);
    }
    sql_statements_free(&statements);
}
END_TEST

/* --- the fixed statements --- */

static const struct fixed_case {
    const char *name, *sql;
    int parameters;
} fixed_cases[] = {
    {"begin", sql_begin, 0},
    {"begin_read_only", sql_begin_read_only, 0},
    {"commit", sql_commit, 0},
    {"settings", sql_settings, 0},
    {"patient_settings", sql_patient_settings, 1},
    {"guard", sql_guard, 7},
    {"purge", sql_purge, 10},
    {"open_run", sql_open_run, 9},
    {"save_run", sql_save_run, 8},
    {"close_run", sql_close_run, 9},
    {"find_batch", sql_find_batch, 3},
    {"server", sql_server, 0},
    {"version", sql_version, 0},
    {"columns", sql_columns, 1},
    {"drop_partition", sql_drop_partition, 2},
    {"distributed", sql_distributed, 1},
    {"zone", sql_zone, 1},
    {"last_batches", sql_last_batches, 1},
    {"pass", sql_pass, 1},
    {"schedule", sql_schedule, 2},
    {"instant", sql_instant, 3},
    {"index_settings", sql_index_settings, 0},
    {"index", sql_index, 2},
    {"abilities_14", sql_abilities_14, 0},
    {"abilities_15", sql_abilities_15, 0},
    {"limits", sql_limits, 2},
    {"lock_waiters", sql_lock_waiters, 0},
    {"relation", sql_relation, 6},
    {"cutoffs", sql_cutoffs, 2},
    {"row_bytes", sql_row_bytes, 3},
    {"vacuum_rights_14", sql_vacuum_rights_14, 2},
    {"vacuum_rights_17", sql_vacuum_rights_17, 2},
    {"vacuum_tables_14", sql_vacuum_tables_14, 1},
    {"vacuum_tables_17", sql_vacuum_tables_17, 1},
    {"vacuum_settings_14", sql_vacuum_settings_14, 4},
    {"vacuum_settings_17", sql_vacuum_settings_17, 4},
    {"vacuum_waiters", sql_vacuum_waiters, 1},
    {"note_vacuum", sql_note_vacuum, 2},
};

START_TEST(questions_of_the_plan_read_as)
{
    const struct sql_target *target = &target_cases[0].target;
    char orders[] = "ONLY \"public\".\"orders\"", more[] = "ONLY \"public\".\"more\"";
    char *names[] = {orders, more};
    const struct sql_parts whole = {names, 1}, some = {names, 2};
    char *tally = sql_tally(target, &whole), *tally_of_some = sql_tally(target, &some);
    char *sample_of_some = sql_sample(target, &some);
    struct text all = {0};

    add_statement(&all, "tally", tally);
    add_statement(&all, "tally of some partitions", tally_of_some);
    add_statement(&all, "sample of some partitions", sample_of_some);
    golden_compare("sql/plan.sql", all.data);
    text_free(&all);
    free(sample_of_some);
    free(tally_of_some);
    free(tally);
}
END_TEST

START_TEST(vacuum_names_the_table_quoted_as_it_was_given)
{
    char *vacuum = sql_vacuum_of("public.\"Odd name\"");

    ck_assert_str_eq(vacuum, "VACUUM (TRUNCATE OFF, INDEX_CLEANUP AUTO, SKIP_LOCKED, PARALLEL 0) "
                             "public.\"Odd name\"");
    free(vacuum);
}
END_TEST

START_TEST(statements_around_a_vacuum_know_the_version)
{
    ck_assert_ptr_null(strstr(sql_vacuum_rights(160000), "MAINTAIN"));
    ck_assert_ptr_null(strstr(sql_vacuum_tables(160000), "MAINTAIN"));
    ck_assert_ptr_null(strstr(sql_vacuum_settings(160000), "MAINTAIN"));
    ck_assert_ptr_nonnull(strstr(sql_vacuum_rights(170000), "MAINTAIN"));
    ck_assert_ptr_nonnull(strstr(sql_vacuum_tables(170000), "MAINTAIN"));
    ck_assert_ptr_nonnull(strstr(sql_vacuum_settings(170000), "MAINTAIN"));
}
END_TEST

START_TEST(statement_has_as_many_parameters_as_its_comment_says)
{
    const struct fixed_case *row = &fixed_cases[_i];
    char parameter[16];

    for (int n = 1; n <= row->parameters; n++) {
        snprintf(parameter, sizeof parameter, "$%d", n);
        ck_assert_msg(strstr(row->sql, parameter) != NULL, "%s: no %s", row->name, parameter);
    }
    snprintf(parameter, sizeof parameter, "$%d", row->parameters + 1);
    ck_assert_msg(strstr(row->sql, parameter) == NULL, "%s: %s", row->name, parameter);
}
END_TEST

/* --- the schema --- */

static char *schema_for(const char *role)
{
    struct text sql = {0};

    schema_sql(role, &sql);
    return text_take(&sql);
}

START_TEST(schema_names_the_role_quoted)
{
    char *sql = schema_for("p\"urge'd");

    ck_assert_ptr_null(strstr(sql, "@ROLE"));
    ck_assert_ptr_nonnull(strstr(sql, "login_role = 'p\"urge''d'"));
    ck_assert_ptr_nonnull(strstr(sql, "format('CREATE ROLE %I LOGIN', "));
    ck_assert_ptr_nonnull(strstr(sql, "GRANT USAGE ON SCHEMA pgpurged TO \"p\"\"urge'd\";"));
    free(sql);
}
END_TEST

START_TEST(schema_is_one_transaction_of_the_version_that_the_daemon_needs)
{
    char *sql = schema_for("pgpurged");
    char *version = text_format("LANGUAGE sql IMMUTABLE AS 'SELECT %d'", SCHEMA_VERSION);

    ck_assert_ptr_nonnull(strstr(sql, version));
    ck_assert_ptr_nonnull(strstr(sql, "\nBEGIN;\n"));
    ck_assert(strlen(sql) > strlen("COMMIT;\n"));
    ck_assert_str_eq(sql + strlen(sql) - strlen("COMMIT;\n"), "COMMIT;\n");
    free(version);
    free(sql);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sql");
    TCase *tcase = tcase_create("sql");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, value_is_quoted_as, 0, ARRAY_LENGTH(quote_cases));
    tcase_add_loop_test(tcase, statements_read_as, 0, ARRAY_LENGTH(target_cases));
    tcase_add_test(tcase, where_stands_in_parentheses);
    tcase_add_loop_test(tcase, every_delete_carries_the_full_predicate, 0,
                        ARRAY_LENGTH(target_cases));
    tcase_add_loop_test(tcase, no_operator_or_function_of_a_delete_depends_on_search_path, 0,
                        ARRAY_LENGTH(target_cases));
    tcase_add_test(tcase, questions_of_the_plan_read_as);
    tcase_add_test(tcase, vacuum_names_the_table_quoted_as_it_was_given);
    tcase_add_test(tcase, statements_around_a_vacuum_know_the_version);
    tcase_add_loop_test(tcase, statement_has_as_many_parameters_as_its_comment_says, 0,
                        ARRAY_LENGTH(fixed_cases));
    tcase_add_test(tcase, schema_names_the_role_quoted);
    tcase_add_test(tcase, schema_is_one_transaction_of_the_version_that_the_daemon_needs);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, sql_children_cases());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
