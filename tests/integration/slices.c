/*
 * Why: a row that no slice takes is a row that the index scan leaves behind, and nobody notices. So
 * slices are taken while others insert, among ties, where nothing can be deleted, and of zoneless
 * columns on the days on which clocks change; independent SQL counts what they should have found.
 */
#include <check.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/scanner.h"
#include "integration/session.h"

/* --- slices --- */

/* Ties: 5 rows of each minute, and 700 of one moment. */
static void make_ties(struct scanner *scanner)
{
    sql_exec(
        scanner->scene.own,
        "CREATE TABLE marks (id bigint, mark timestamptz, filler text);"
        "INSERT INTO marks SELECT i, timestamptz '2026-01-01 00:00:00+00'"
        "   + CASE WHEN i %% 4 = 0 THEN 90 ELSE i / 5 %% 500 END * interval '1 minute', 'x'"
        " FROM generate_series(1, 2800) AS i;"
        "INSERT INTO marks SELECT -i, CASE WHEN i %% 2 = 0 THEN"
        "   timestamptz '2026-10-01 00:00:00+00' END, 'live' FROM generate_series(1, 500) AS i;"
        "CREATE INDEX due_index ON marks (mark)");
}

static void note_slice(struct scanner *scanner)
{
    struct slice_part part = {scanner->slices.tids, scanner->slices.count};
    struct text list = {0};

    for (size_t i = 1; i < part.count; i++)
        ck_assert(tid_before(part.tids[i - 1], part.tids[i]));
    slice_print(&part, &list);
    sql_exec(scanner->scene.own, "INSERT INTO taken SELECT unnest('%s'::tid[])", list.data);
    text_free(&list);
}

START_TEST(slices_take_every_due_row_exactly_once_while_others_insert)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMPTZ, "", MARKS_CUTOFF);
    PGconn *own = scanner.scene.own;
    int64_t rows = 0, slices = 0;

    make_ties(&scanner);
    sql_exec(own, "CREATE TABLE taken (tid tid)");
    scanner_connect(&scanner);
    do {
        scanner_take_slice(&scanner, 100);
        note_slice(&scanner);
        rows += scanner_purge_slice(&scanner);
        /* live ones, a due one behind the bound, a due one before it, and one like the last */
        sql_exec(own,
                 "INSERT INTO marks SELECT 10000 + %lld * 10 + i, mark FROM (VALUES"
                 " (1, NULL), (2, 'infinity'), (3, '2026-07-31 00:00:00+00'), (4, %s)) AS v (i, m),"
                 " LATERAL (SELECT m::timestamptz) AS c (mark)",
                 (long long)slices,
                 slices % 2 == 0 ? "'2025-12-31 00:00:00+00'"
                                 : keep_format("'%s'", scanner.slices.from));
        slices++;
    } while (!scanner.slices.at_end);
    ck_assert_int_ge(slices, 20);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) - count(DISTINCT tid) FROM taken"), 0);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM marks WHERE id BETWEEN 1 AND 2800"), 0);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM marks WHERE id < 0"), 500);
    ck_assert_int_eq(rows, sql_int(own, "SELECT sum(rows) FROM pgpurged.audit"));

    /* What came in behind the bound is the next pass's. */
    slices_free(&scanner.slices);
    slices_start(&scanner.slices);
    scanner_take_slice(&scanner, 100);
    rows += scanner_purge_slice(&scanner);
    ck_assert(scanner.slices.at_end);
    ck_assert_int_eq(scanner_probe(&scanner), 0);
    ck_assert_int_eq(rows, sql_int(own, "SELECT sum(rows) FROM pgpurged.audit"));
    ck_assert_int_eq(rows, 2800 + 2 * slices);
    scanner_end(&scanner);
}
END_TEST

/* None of them goes, so each slice begins among rows that were taken before. */
START_TEST(slices_come_to_an_end_where_nothing_can_be_deleted)
{
    struct scanner scanner = scanner_new(TIME_TIMESTAMPTZ, "", MARKS_CUTOFF);
    PGconn *own = scanner.scene.own;
    bool was_stuck = false;
    int slices = 0;

    make_ties(&scanner);
    sql_exec(own, "CREATE TABLE taken (tid tid)");
    scanner_connect(&scanner);
    do {
        scanner_take_slice(&scanner, 100);
        note_slice(&scanner);
        was_stuck |= scanner.slices.stuck;
    } while (!scanner.slices.at_end && ++slices < 200);
    ck_assert(scanner.slices.at_end);
    ck_assert(was_stuck);
    ck_assert_int_eq(sql_int(own, "SELECT count(DISTINCT tid) FROM taken"), 2800);
    scanner_end(&scanner);
}
END_TEST

/* --- zoneless columns: the bound on the raw column must not leave out a due row --- */

static const struct zone_case {
    const char *zone, *around; /* local time around which marks and cutoffs lie */
} zone_cases[] = {
    {"Europe/Berlin", "2026-10-25 02:30"},       /* an hour comes twice */
    {"Europe/Berlin", "2026-03-29 02:30"},       /* an hour is missing */
    {"America/New_York", "2025-11-02 01:30"},    /* twice */
    {"America/New_York", "2026-03-08 02:30"},    /* missing */
    {"Australia/Lord_Howe", "2026-04-05 01:45"}, /* half an hour twice */
    {"Pacific/Apia", "2011-12-30 12:00"},        /* a day is missing */
    {"Asia/Tokyo", "2026-06-01 00:00"},          /* nothing happens */
};

/* Marks every 7 minutes, cutoffs every half an hour, for two days; independent SQL judges. */
static void check_zone(struct scanner *scanner, const struct zone_case *row, const char *due)
{
    PGconn *own = scanner->scene.own;

    for (int minutes = -1440; minutes <= 1440; minutes += 30) {
        scanner->cutoff =
            sql_text(own, "SELECT timezone('%s', timestamp '%s') + %d * interval '1 minute'",
                     row->zone, row->around, minutes);
        slices_free(&scanner->slices);
        slices_start(&scanner->slices);
        scanner_take_slice(scanner, 100000);
        ck_assert_msg((int64_t)scanner->slices.count ==
                          sql_int(own, keep_format("SELECT count(*) FROM marks WHERE %s", due),
                                  row->zone, scanner->cutoff),
                      "%s, cutoff %s: %zu rows", row->zone, scanner->cutoff, scanner->slices.count);
        ck_assert_int_eq(scanner_probe(scanner), (int64_t)scanner->slices.count);
    }
}

static void check_zones(enum time_type type, const char *column, const char *due)
{
    for (size_t i = 0; i < ARRAY_LENGTH(zone_cases); i++) {
        const struct zone_case *row = &zone_cases[i];
        struct scanner scanner = scanner_new(type, row->zone, "");

        sql_exec(scanner.scene.own,
                 "CREATE TABLE marks (mark %s);"
                 "INSERT INTO marks SELECT timestamp '%s' + i * interval '7 minutes'"
                 " FROM generate_series(-500, 500) AS i;"
                 "INSERT INTO marks VALUES (NULL), ('infinity'), ('-infinity');"
                 "CREATE INDEX due_index ON marks (mark)",
                 column, row->around);
        scanner_connect(&scanner);
        check_zone(&scanner, row, due);
        scanner_end(&scanner);
    }
}

START_TEST(index_finds_the_due_rows_of_a_timestamp_on_the_days_of_clock_changes)
{
    check_zones(TIME_TIMESTAMP, "timestamp",
                "isfinite(mark) AND timezone('%s', mark) < timestamptz '%s'");
}
END_TEST

START_TEST(index_finds_the_due_rows_of_a_date_on_the_days_of_clock_changes)
{
    check_zones(TIME_DATE, "date",
                "isfinite(mark) AND timezone('%s', (mark + 1)::timestamp) < timestamptz '%s'");
}
END_TEST

/* Where a mark begins to be one, the index and the heap scan must not differ either. */
START_TEST(index_and_heap_scan_agree_about_the_zero_dates_of_programming_languages)
{
    static const char *const zones[] = {"UTC", "America/New_York", "Pacific/Kiritimati"};
    static const char *const whole[] = {"(0,0)", "(4294967295,0)", "2026-08-01 00:00:00+00"};
    static const struct {
        enum time_type type;
        const char *column;
    } types[] = {
        {TIME_TIMESTAMPTZ, "timestamptz"}, {TIME_TIMESTAMP, "timestamp"}, {TIME_DATE, "date"}};

    for (size_t i = 0; i < ARRAY_LENGTH(types) * ARRAY_LENGTH(zones); i++) {
        struct scanner scanner = scanner_new(types[i / ARRAY_LENGTH(zones)].type,
                                             zones[i % ARRAY_LENGTH(zones)], whole[2]);
        PGresult *counted;

        sql_exec(scanner.scene.own,
                 "CREATE TABLE marks (mark %s); CREATE INDEX due_index ON marks (mark);"
                 "INSERT INTO marks SELECT timestamp '1969-12-29' + i * interval '1 hour'"
                 " FROM generate_series(0, 240) AS i",
                 types[i / ARRAY_LENGTH(zones)].column);
        scanner_connect(&scanner);
        scanner_take_slice(&scanner, 1000);
        counted = scanner_query(scanner.role, scanner.sql.count_range, whole, ARRAY_LENGTH(whole));
        ck_assert_int_gt(scanner.slices.count, 50);
        ck_assert_str_eq(PQgetvalue(counted, 0, 0), keep_format("%zu", scanner.slices.count));
        PQclear(counted);
        scanner_end(&scanner);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        slices_take_every_due_row_exactly_once_while_others_insert,
        slices_come_to_an_end_where_nothing_can_be_deleted,
        index_finds_the_due_rows_of_a_timestamp_on_the_days_of_clock_changes,
        index_finds_the_due_rows_of_a_date_on_the_days_of_clock_changes,
        index_and_heap_scan_agree_about_the_zero_dates_of_programming_languages,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
