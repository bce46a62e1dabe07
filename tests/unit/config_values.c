/* Values by themselves: durations, windows, names, expiry rules, connection strings. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/conninfo.h"
#include "config/duration.h"
#include "config/expires.h"
#include "config/identifier.h"
#include "config/options.h"
#include "config/size.h"
#include "config/suggest.h"
#include "config/timezone.h"
#include "config/window.h"
#include "config_cases.h"

#define MIN INT64_C(60000)
#define HR  (60 * MIN)
#define DAY (24 * HR)

/* ---- durations ---- */

static const struct {
    const char *text;
    int64_t least_ms;
    const char *printed, *interval;
} durations[] = {
    {"1ms", 1, "1ms", "1 millisecond"},
    {"250ms", 250, "250ms", "250 milliseconds"},
    {"30s", 30000, "30s", "30 seconds"},
    {"3min", 3 * MIN, "3min", "3 minutes"},
    {"12h", 12 * HR, "12h", "12 hours"},
    {"1d", DAY, "1d", "1 day"},
    {"030d", 30 * DAY, "30d", "30 days"},
    {"30 d", 30 * DAY, "30d", "30 days"},
    {"4w", 28 * DAY, "4w", "4 weeks"},
    {"1mo", 28 * DAY, "1mo", "1 month"},
    {"6mo", 6 * 28 * DAY, "6mo", "6 months"},
    {"7y", 7 * 365 * DAY, "7y", "7 years"},
    {"0d", 0, "0d", "0 days"},
    {"365000d", 365000 * DAY, "365000d", "365000 days"},
};

START_TEST(duration_is_read_and_printed)
{
    struct duration duration;
    struct text printed = {0};
    struct err err;
    char *interval;

    ck_assert_msg(duration_parse(durations[_i].text, "d", &duration, &err), "%s", err.text);
    ck_assert_int_eq(duration_least_ms(duration), durations[_i].least_ms);
    duration_print(duration, &printed);
    ck_assert_str_eq(printed.data, durations[_i].printed);
    interval = duration_interval(duration);
    ck_assert_str_eq(interval, durations[_i].interval);
    free(interval);
    text_free(&printed);
}
END_TEST

static const struct {
    const char *text, *usual_unit, *message;
} wrong_durations[] = {
    {"30", "d", "\"30\" has no unit; write 30d for 30 days"},
    {"1", "d", "\"1\" has no unit; write 1d for 1 day"},
    {"100", "ms", "\"100\" has no unit; write 100ms for 100 milliseconds"},
    {"3m", "d", "\"3m\" is ambiguous (PostgreSQL reads it as 3 minutes): write 3min or 3mo"},
    {"3M", "d", "\"3M\" is ambiguous (PostgreSQL reads it as 3 minutes): write 3min or 3mo"},
    {"30 days", "d", "\"30 days\": write 30d"},
    {"30D", "d", "\"30D\": write 30d"},
    {"1 Month", "d", "\"1 Month\": write 1mo"},
    {"5sec", "d", "\"5sec\": write 5s"},
    {"5x", "d", "\"5x\" is not a duration: the units are ms, s, min, h, d, w, mo, y"},
    {"1d 12h", "d", "\"1d 12h\" is not a duration: the units are ms, s, min, h, d, w, mo, y"},
    {"", "d", "a duration is missing; write for example 30d"},
    {"d", "d", "\"d\" is not a duration; write a number and a unit, for example 30d"},
    {"+1d", "d", "\"+1d\" is not a duration; write a number and a unit, for example 30d"},
    {"-1d", "d", "\"-1d\" is negative; a duration is counted forwards"},
    {"1.5h", "d", "\"1.5h\" is not a whole number; write it in a smaller unit"},
    {"1001y", "d", "\"1001y\" is longer than 1000 years"},
    {"365001d", "d", "\"365001d\" is longer than 1000 years"},
    {"999999999999999y", "d", "\"999999999999999y\" is longer than 1000 years"},
    {"99999999999999999999999ms", "d", "\"99999999999999999999999ms\" is longer than 1000 years"},
};

START_TEST(wrong_duration_is_refused_with_what_to_write)
{
    struct duration duration;
    struct err err;

    ck_assert(
        !duration_parse(wrong_durations[_i].text, wrong_durations[_i].usual_unit, &duration, &err));
    ck_assert_str_eq(err.text, wrong_durations[_i].message);
}
END_TEST

START_TEST(month_and_year_are_refused_where_the_length_must_be_fixed)
{
    int64_t ms;
    struct err err;

    ck_assert(!duration_parse_ms("2mo", "d", &ms, &err));
    ck_assert_str_eq(err.text, "\"2mo\": a month has no fixed length; write it in days (60d)");
    ck_assert(!duration_parse_ms("2y", "d", &ms, &err));
    ck_assert_str_eq(err.text, "\"2y\": a year has no fixed length; write it in days (730d)");
}
END_TEST

START_TEST(fixed_duration_is_printed_in_the_largest_unit_that_fits)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {{"7d", "7d"},         {"2w", "14d"},    {"24h", "1d"},   {"25h", "25h"},
                 {"90s", "90s"},       {"120s", "2min"}, {"60min", "1h"}, {"1000ms", "1s"},
                 {"1001ms", "1001ms"}, {"0s", "0ms"}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text printed = {0};
        struct err err;
        int64_t ms;

        ck_assert(duration_parse_ms(cases[i].text, "s", &ms, &err));
        duration_print_ms(ms, &printed);
        ck_assert_str_eq(printed.data, cases[i].printed);
        text_free(&printed);
    }
}
END_TEST

/* ---- sizes ---- */

static const struct {
    const char *text;
    int64_t bytes;
    const char *printed;
} sizes[] = {
    {"0", 0, "0"},
    {"000", 0, "0"},
    {"0MB", 0, "0"},
    {"1kB", 1024, "1kB"},
    {"64MB", 64 << 20, "64MB"},
    {"64 MB", 64 << 20, "64MB"},
    {"065536kB", 64 << 20, "64MB"},
    {"1500MB", INT64_C(1500) << 20, "1500MB"},
    {"10GB", INT64_C(10) << 30, "10GB"},
    {"1024GB", INT64_C(1) << 40, "1TB"},
    {"8000TB", INT64_C(8000) << 40, "8000TB"},
};

START_TEST(size_is_read_and_printed)
{
    struct text printed = {0};
    struct err err;
    int64_t bytes = -1;

    ck_assert_msg(size_parse(sizes[_i].text, "MB", &bytes, &err), "%s", err.text);
    ck_assert_int_eq(bytes, sizes[_i].bytes);
    size_print(bytes, &printed);
    ck_assert_str_eq(printed.data, sizes[_i].printed);
    text_free(&printed);
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_sizes[] = {
    {"64", "\"64\" has no unit; write for example 64GB"},
    {"64mb", "\"64mb\": write 64MB"},
    {"64KB", "\"64KB\": write 64kB"},
    {"64k", "\"64k\": write 64kB"},
    {"64M", "\"64M\": write 64MB"},
    {"64 MiB", "\"64 MiB\": write 64MB"},
    {"64B", "\"64B\" is not a size: the units are kB, MB, GB, TB"},
    {"64MB/s", "\"64MB/s\" is not a size: the units are kB, MB, GB, TB"},
    {"64MB 1kB", "\"64MB 1kB\" is not a size: the units are kB, MB, GB, TB"},
    {"1.5GB", "\"1.5GB\" is not a whole number; write it in a smaller unit"},
    {"", "\"\" is not a size; write a number and a unit, for example 64GB"},
    {"MB", "\"MB\" is not a size; write a number and a unit, for example 64GB"},
    {"+1MB", "\"+1MB\" is not a size; write a number and a unit, for example 64GB"},
    {"-1MB", "\"-1MB\" is negative; a size is 0 or more"},
    {"8001TB", "\"8001TB\" is more than 8000TB"},
    {"99999999999999999999TB", "\"99999999999999999999TB\" is more than 8000TB"},
};

START_TEST(wrong_size_is_refused_with_what_to_write)
{
    int64_t bytes;
    struct err err;

    ck_assert(!size_parse(wrong_sizes[_i].text, "GB", &bytes, &err));
    ck_assert_str_eq(err.text, wrong_sizes[_i].message);
}
END_TEST

/* ---- windows ---- */

/* A day's minutes, for the tables. */
#define AT(day, hour, minute) ((day)*DAY_MINUTES + (hour)*60 + (minute))

static const struct {
    const char *text, *written;
    size_t count;
    struct week_span first, last;
} windows[] = {
    {"always", "always", 0, {0, 0}, {0, 0}},
    {"ALWAYS", "always", 0, {0, 0}, {0, 0}},
    {"01:00-05:00", "01:00-05:00", 7, {AT(0, 1, 0), AT(0, 5, 0)}, {AT(6, 1, 0), AT(6, 5, 0)}},
    {"1:00 - 5:30", "01:00-05:30", 7, {AT(0, 1, 0), AT(0, 5, 30)}, {AT(6, 1, 0), AT(6, 5, 30)}},
    {"Mon-Fri 01:00-05:00, Sat-Sun 00:00-08:00",
     "Mon-Fri 01:00-05:00, Sat-Sun 00:00-08:00",
     7,
     {AT(0, 1, 0), AT(0, 5, 0)},
     {AT(6, 0, 0), AT(6, 8, 0)}},
    {"sunday 00:00-24:00",
     "Sun 00:00-24:00",
     1,
     {AT(6, 0, 0), AT(7, 0, 0)},
     {AT(6, 0, 0), AT(7, 0, 0)}},
    {"22:00-04:00", "22:00-04:00", 7, {AT(0, 22, 0), AT(1, 4, 0)}, {AT(6, 22, 0), AT(7, 4, 0)}},
    {"Sun 22:00-00:00",
     "Sun 22:00-24:00",
     1,
     {AT(6, 22, 0), AT(7, 0, 0)},
     {AT(6, 22, 0), AT(7, 0, 0)}},
    {"Sun 22:00-04:00",
     "Sun 22:00-04:00",
     1,
     {AT(6, 22, 0), AT(7, 4, 0)},
     {AT(6, 22, 0), AT(7, 4, 0)}},
    {"Fri - Mon 01:00-02:00",
     "Fri-Mon 01:00-02:00",
     4,
     {AT(0, 1, 0), AT(0, 2, 0)},
     {AT(6, 1, 0), AT(6, 2, 0)}},
    {"Tue-Mon 01:00-02:00",
     "Tue-Mon 01:00-02:00",
     7,
     {AT(0, 1, 0), AT(0, 2, 0)},
     {AT(6, 1, 0), AT(6, 2, 0)}},
    {"Wed 13:00-14:00,Mon 01:00-02:00",
     "Wed 13:00-14:00, Mon 01:00-02:00",
     2,
     {AT(0, 1, 0), AT(0, 2, 0)},
     {AT(2, 13, 0), AT(2, 14, 0)}},
    {"Mon 01:00-05:00, Mon 01:00-03:00",
     "Mon 01:00-05:00, Mon 01:00-03:00",
     2,
     {AT(0, 1, 0), AT(0, 3, 0)},
     {AT(0, 1, 0), AT(0, 5, 0)}},
    {"Mon-Mon 01:00-02:00",
     "Mon 01:00-02:00",
     1,
     {AT(0, 1, 0), AT(0, 2, 0)},
     {AT(0, 1, 0), AT(0, 2, 0)}},
};

START_TEST(window_is_read_and_printed)
{
    struct week week;
    struct err err;
    char *written;

    ck_assert_msg(window_parse(windows[_i].text, &week, &written, &err), "%s", err.text);
    ck_assert_str_eq(written, windows[_i].written);
    ck_assert_uint_eq(week.count, windows[_i].count);
    if (week.count > 0) {
        ck_assert_int_eq(week.spans[0].from, windows[_i].first.from);
        ck_assert_int_eq(week.spans[0].to, windows[_i].first.to);
        ck_assert_int_eq(week.spans[week.count - 1].from, windows[_i].last.from);
        ck_assert_int_eq(week.spans[week.count - 1].to, windows[_i].last.to);
    }
    free(week.spans);
    free(written);
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_windows[] = {
    {"", "a span is missing beside a comma"},
    {"01:00-02:00,", "a span is missing beside a comma"},
    {"01:00-02:00, , 03:00-04:00", "a span is missing beside a comma"},
    {"always, 01:00-02:00", "\"always\" stands alone, without other spans"},
    {"Mon,Wed 01:00-02:00",
     "\"Mon\" has no time; each span needs its own, \"Mon 00:00-24:00\" for the whole day"},
    {"Sat-Sun",
     "\"Sat-Sun\" has no time; each span needs its own, \"Sat-Sun 00:00-24:00\" for the whole day"},
    {"Mo 01:00-02:00",
     "\"Mo 01:00-02:00\" doesn't begin with a day; the days are Mon Tue Wed Thu Fri Sat Sun"},
    {"Mon- 01:00-02:00", "\"Mon- 01:00-02:00\" needs a day after the \"-\", as in Mon-Fri"},
    {"01:00-01:00", "\"01:00-01:00\" begins when it ends; the whole day is 00:00-24:00"},
    {"24:00-02:00", "\"24:00-02:00\" begins at 24:00; write 00:00 and the next day"},
    {"25:00-02:00", "\"25:00-02:00\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"01:00-24:01", "\"01:00-24:01\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"01:60-02:00", "\"01:60-02:00\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"01:0-02:00", "\"01:0-02:00\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"001:00-02:00", "\"001:00-02:00\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"1-5", "\"1-5\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"01:00", "\"01:00\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"01:00-", "\"01:00-\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
    {"01:00-02:00 UTC",
     "\"01:00-02:00 UTC\" is not a span; write for example \"Mon-Fri 01:00-05:00\""},
};

START_TEST(wrong_window_is_refused_with_what_to_write)
{
    struct week week;
    struct err err;
    char *written;

    ck_assert(!window_parse(wrong_windows[_i].text, &week, &written, &err));
    ck_assert_str_eq(err.text, wrong_windows[_i].message);
    ck_assert_ptr_null(week.spans);
}
END_TEST

/* ---- tables ---- */

#define SIXTY_THREE "a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *text, *schema, *name, *written;
} tables[] = {
    {"orders", "public", "orders", "public.orders"},
    {"sales.orders", "sales", "orders", "sales.orders"},
    {"Sales.ORDERS", "sales", "orders", "sales.orders"},
    {"\"User\".\"Order Items\"", "User", "Order Items", "\"User\".\"Order Items\""},
    {"\"sales\".\"orders\"", "sales", "orders", "sales.orders"},
    {"\"a\"\"b\"", "public", "a\"b", "public.\"a\"\"b\""},
    {"\"a.b\"", "public", "a.b", "public.\"a.b\""},
    {"order", "public", "order", "public.order"},
    {"_x$1", "public", "_x$1", "public._x$1"},
    {"\"1st\"", "public", "1st", "public.\"1st\""},
    {"Größe", "public", "größe", "public.größe"},
    {"Ärger", "public", "Ärger", "public.Ärger"},
    {SIXTY_THREE, "public", SIXTY_THREE, "public." SIXTY_THREE},
};

START_TEST(table_name_is_read_as_postgresql_reads_it)
{
    struct table_name table;
    struct err err;

    ck_assert_msg(table_name_parse(tables[_i].text, &table, &err), "%s", err.text);
    ck_assert_str_eq(table.schema, tables[_i].schema);
    ck_assert_str_eq(table.name, tables[_i].name);
    ck_assert_str_eq(table.written, tables[_i].written);
    table_name_clear(&table);
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_tables[] = {
    {"", "a name is missing"},
    {"sales.", "a name is missing"},
    {".orders", "a name can't begin at \".orders\"; put an unusual name in double quotes"},
    {"1st", "a name can't begin at \"1st\"; put an unusual name in double quotes"},
    {"order-items", "order-items can't be read from \"-items\" on; put a name with blanks or signs "
                    "in double quotes"},
    {"order items", "order items can't be read from \" items\" on; put a name with blanks or signs "
                    "in double quotes"},
    {"shop.public.orders", "shop.public.orders has too many parts: write SCHEMA.TABLE; the "
                           "database comes from the option \"database\""},
    {"\"orders", "\"orders has no closing double quote"},
    {"\"or\"\"ders", "\"or\"\"ders has no closing double quote"},
    {"\"\"", "a quoted name is empty"},
    {"\"", "\" has no closing double quote"},
    {SIXTY_THREE "4", "the name \"" SIXTY_THREE "4\" is 64 bytes long; PostgreSQL's names have at "
                      "most 63"},
};

/* PostgreSQL takes each of the wrong ones, and reads the sign the other way round. */
static const struct zone_case {
    const char *text;
    const char *advice; /* NULL = it can be a name */
} zones[] = {
    {"UTC", NULL},
    {"Europe/Berlin", NULL},
    {"America/Port-au-Prince", NULL},
    {"America/Argentina/Buenos_Aires", NULL},
    {"Etc/GMT+5", NULL},
    {"Etc/GMT-14", NULL},
    {"EST5EDT", NULL},
    {"GMT+0", NULL},
    {"GMT-0", NULL},
    {"GMT0", NULL},
    {"Mars/Olympus", NULL}, /* the server's to say */
    {"UTC-5", "Etc/GMT+5 for a fixed 5 hours behind (west of) UTC"},
    {"GMT-5", "Etc/GMT+5"},
    {"UTC+2", "Etc/GMT-2 for a fixed 2 hours ahead of (east of) UTC"},
    {"UTC+02:00", "Etc/GMT-2"},
    {"utc-1", "Etc/GMT+1 for a fixed 1 hour behind"},
    {"-05:00", "Etc/GMT+5"},
    {"-05", "Etc/GMT+5"},
    {"-5", "Etc/GMT+5"},
    {"+0530", "write a region"},
    {"+0500", "Etc/GMT-5"},
    {"UTC+05:30", "write a region"},
    {"X+5", "Etc/GMT-5"},
    {"Z+1", "Etc/GMT-1"},
    {"EST+5EDT", NULL},
    {"UTC+99", "write a region"},
    {"UTC+0", "write UTC"},
    {"+00:00", "write UTC"},
    {"<+05>-5", "write a region"},
    {"5", "write a region"},
    {"Europe/Berlin ", "write a region"},
    {"EST5EDT,M3.2.0,M11.1.0", "write a region"},
    {"interval '5h'", "write a region"},
    {":UTC", "write a region"},
};

START_TEST(only_what_can_be_the_name_of_a_zone_is_taken)
{
    const struct zone_case *row = &zones[_i];
    struct err err = {""};
    bool taken = timezone_check(row->text, &err);

    ck_assert_msg(taken == (row->advice == NULL), "%s: %s", row->text, err.text);
    ck_assert_msg(taken || strstr(err.text, row->advice) != NULL, "%s: %s", row->text, err.text);
}
END_TEST

START_TEST(wrong_table_name_is_refused_with_what_to_write)
{
    struct table_name table;
    struct err err;

    ck_assert(!table_name_parse(wrong_tables[_i].text, &table, &err));
    ck_assert_str_eq(err.text, wrong_tables[_i].message);
}
END_TEST

/* ---- expiry ---- */

static const struct {
    const char *text;
    enum expires_kind kind;
    const char *column, *retention;
    int64_t least_ms;
    const char *written;
} rules[] = {
    {"deleted_at + 30d", EXPIRES_AFTER_MARK, "deleted_at", "30 days", 30 * DAY, "deleted_at + 30d"},
    {"deleted_at+30d", EXPIRES_AFTER_MARK, "deleted_at", "30 days", 30 * DAY, "deleted_at + 30d"},
    {"Deleted_At + 1mo", EXPIRES_AFTER_MARK, "deleted_at", "1 month", 28 * DAY, "deleted_at + 1mo"},
    {"\"deletedAt\" + 7y", EXPIRES_AFTER_MARK, "deletedAt", "7 years", 7 * 365 * DAY,
     "\"deletedAt\" + 7y"},
    {"at expires_at", EXPIRES_AT, "expires_at", NULL, 0, "at expires_at"},
    {"AT  expires_at", EXPIRES_AT, "expires_at", NULL, 0, "at expires_at"},
    {"at \"expiresAt\"", EXPIRES_AT, "expiresAt", NULL, 0, "at \"expiresAt\""},
    {"at\"expiresAt\"", EXPIRES_AT, "expiresAt", NULL, 0, "at \"expiresAt\""},
    {"attempted_at + 30d", EXPIRES_AFTER_MARK, "attempted_at", "30 days", 30 * DAY,
     "attempted_at + 30d"},
    {"\"at\" + 30d", EXPIRES_AFTER_MARK, "at", "30 days", 30 * DAY, "\"at\" + 30d"},
    {"at at", EXPIRES_AT, "at", NULL, 0, "at \"at\""},
    {"created_at + Keep_Days*1d", EXPIRES_BY_ROW, "created_at", NULL, 0,
     "created_at + keep_days * 1d"},
    {"\"at\" + \"at\" * 2w", EXPIRES_BY_ROW, "at", NULL, 0, "\"at\" + \"at\" * 2w"},
};

START_TEST(retention_in_the_row_has_a_unit)
{
    struct expires expires;
    struct err err;

    ck_assert(expires_parse("created_at + \"keepMonths\" * 1mo", &expires, &err));
    ck_assert_str_eq(expires.row_column, "keepMonths");
    ck_assert_str_eq(expires.row_unit, "1 month");
    ck_assert_int_eq(expires.row_unit_least_ms, 28 * DAY);
    expires_clear(&expires);
}
END_TEST

START_TEST(expiry_rule_is_read_and_printed)
{
    struct expires expires;
    struct err err;

    ck_assert_msg(expires_parse(rules[_i].text, &expires, &err), "%s", err.text);
    ck_assert_int_eq(expires.kind, rules[_i].kind);
    ck_assert_str_eq(expires.column, rules[_i].column);
    ck_assert_pstr_eq(expires.retention, rules[_i].retention);
    ck_assert_int_eq(expires.retention_least_ms, rules[_i].least_ms);
    ck_assert_str_eq(expires.written, rules[_i].written);
    expires_clear(&expires);
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_rules[] = {
    {"expires_at",
     "\"expires_at\" alone doesn't say when: write \"expires_at + 30d\" if it is a mark that was "
     "set in the past, or \"at expires_at\" if it holds the time of expiry itself"},
    {"\"Gone\"", "\"\"Gone\"\" alone doesn't say when: write \"\"Gone\" + 30d\" if it is a mark "
                 "that was set in the past, or \"at \"Gone\"\" if it holds the time of expiry "
                 "itself"},
    {"deleted_at + 30", "\"30\" has no unit; write 30d for 30 days"},
    {"deleted_at + 3m",
     "\"3m\" is ambiguous (PostgreSQL reads it as 3 minutes): write 3min or 3mo"},
    {"deleted_at +", "a duration is missing; write for example 30d"},
    {"deleted_at + days",
     "the column days needs the unit that it counts: write \"deleted_at + days "
     "* 1d\" if it holds a number of days"},
    {"deleted_at + days * ", "a duration is missing; write for example 30d"},
    {"deleted_at + days * 30", "\"30\" has no unit; write 30d for 30 days"},
    {"deleted_at + days * 1ms", "\"1ms\" is too short: a retention has at least 1s"},
    {"deleted_at + 1d * days",
     "\"1d * days\" is not a duration: the units are ms, s, min, h, d, w, "
     "mo, y"},
    {"deleted_at + -30d", "\"-30d\" is negative; a duration is counted forwards"},
    {"deleted_at + 0d", "\"0d\" is too short: a retention has at least 1s"},
    {"deleted_at + 999ms", "\"999ms\" is too short: a retention has at least 1s"},
    {"deleted_at 30d", "can't be read from \"30d\" on; write COLUMN + RETENTION or at COLUMN"},
    {"now() - 30d", "can't be read from \"() - 30d\" on; write COLUMN + RETENTION or at COLUMN"},
    {"at", "a column is missing after \"at\"; if the column is named at, write \"at\" in double "
           "quotes"},
    {"at + 30d", "a column is missing after \"at\"; if the column is named at, write \"at\" in "
                 "double quotes"},
    {"at+30d", "a column is missing after \"at\"; if the column is named at, write \"at\" in "
               "double quotes"},
    {"at expires_at + 30d", "\"at\" and a retention exclude each other; write expires_at + 30d"},
    {"at expires_at, deleted_at", "there is something behind the column: \", deleted_at\""},
    {"at 5", "a name can't begin at \"5\"; put an unusual name in double quotes"},
    {"30d", "a name can't begin at \"30d\"; put an unusual name in double quotes"},
};

START_TEST(wrong_expiry_rule_is_refused_with_what_to_write)
{
    struct expires expires;
    struct err err;

    ck_assert(!expires_parse(wrong_rules[_i].text, &expires, &err));
    ck_assert_str_eq(err.text, wrong_rules[_i].message);
}
END_TEST

/* ---- connection strings ---- */

static const struct {
    const char *conninfo, *masked;
} conninfos[] = {
    {"host=/tmp dbname=shop", "host=/tmp dbname=shop"},
    {"password=geheim", "password=********"},
    {"host=a password=geheim user=b", "host=a password=******** user=b"},
    {"password = geheim", "password = ********"},
    {"host = a connect_timeout=3", "host = a connect_timeout=3"},
    {"password='ge heim' user=b", "password='********' user=b"},
    {"password='ge\\'he\\\\im'user=b", "password='********'user=b"},
    {"password=ge\\ heim user=b", "password=******** user=b"},
    {"password= user=b", "password= ********"}, /* as libpq reads it: the password is user=b */
    {"password=", "password="},
    {"password=''", "password=''"},
    {"sslpassword=geheim", "sslpassword=********"},
    {"oauth_client_secret=geheim", "oauth_client_secret=********"},
    {"application_name='x password=y'", "application_name='x password=y'"},
    {"passfile=/etc/pgpass", "passfile=/etc/pgpass"},
    {"postgresql://h/db", "postgresql://h/db"},
    {"postgresql://u@h/db", "postgresql://u@h/db"},
    {"postgresql://u:geheim@h:5432/db", "postgresql://u:********@h:5432/db"},
    {"postgres://u:ge:heim@h/db", "postgres://u:********@h/db"},
    {"postgresql://u:@h/db", "postgresql://u:@h/db"},
    {"postgresql://u:ge?heim@h/db", "postgresql://u:********@h/db"},
    {"postgresql:///db?user=u&password=geheim&host=h",
     "postgresql:///db?user=u&password=********&host=h"},
    {"postgresql://u:geheim@h/db?sslpassword=auch",
     "postgresql://u:********@h/db?sslpassword=********"},
    {"postgresql://h/db?password", "postgresql://h/db?password"},
    {"postgresql://h1:1,h2:2/db", "postgresql://h1:1,h2:2/db"},
    {"postgresql://u:ge%25heim@[::1]:5432,h2/db", "postgresql://u:********@[::1]:5432,h2/db"},
    {"postgresql://%2Ftmp:5432/db", "postgresql://%2Ftmp:5432/db"},
    {"postgresql://h:/db?x", "postgresql://h:/db?x"},
};

static bool is_ours(const char *name)
{
    return option_find(SECTION_DATABASE, name) != NULL;
}

START_TEST(password_in_a_conninfo_is_masked)
{
    struct text masked = {0};
    struct err err;

    ck_assert_msg(conninfo_mask(conninfos[_i].conninfo, is_ours, &masked, &err), "%s", err.text);
    ck_assert_str_eq(masked.data, conninfos[_i].masked);
    text_free(&masked);
}
END_TEST

#define IS_MASKED                                                                                  \
    "the password is masked (********) as --print-config prints it; write passfile=FILE instead, " \
    "or the real password"
#define NOT_A_PAIR                                                                                 \
    "a word in it is not NAME=VALUE (a value with blanks stands in single quotes: "                \
    "application_name='night shift')"
#define IS_OURS(name)                                                                              \
    name " has become a part of it; begin its line in the first column (libpq's own options are "  \
         "written without blanks around the =)"
#define STRAY_AT "an @ or / inside the URI's user or password must be written %40 or %2F"

#define STRAY_PERCENT                                                                              \
    "a % in the URI is not followed by two hexadecimal digits; a % itself is written %25"
#define NO_PORT                                                                                    \
    "a port in the URI is not a number (a password stands between user and host: "                 \
    "user:password@host)"

static const struct {
    const char *conninfo, *message;
} wrong_conninfos[] = {
    {"password=********", IS_MASKED},
    {"password='********'", IS_MASKED},
    {"postgresql://u:********@h/db", IS_MASKED},
    {"postgresql://h/db?password=********", IS_MASKED},
    {"shop", NOT_A_PAIR},
    {"password=ge heim", NOT_A_PAIR},
    {"host=a =b", NOT_A_PAIR},
    {"[job]=a", NOT_A_PAIR},
    {"host=a max_connections = 3", IS_OURS("max_connections")},
    {"host=a connect_timeout =3s", IS_OURS("connect_timeout")},
    {"conninfo = host=a", IS_OURS("conninfo")},
    {"password='geheim", "a single quote in it is not closed"},
    {"password='geheim\\'", "a single quote in it is not closed"},
    {"postgresql://u:ge@heim@h/db", STRAY_AT},
    {"postgresql://u:ge/heim@h/db", STRAY_AT},
    {"postgresql://u:ge heim@h/db",
     "a URI has no blanks; write %20, or use the form host=... dbname=..."},
    {"postgresql://h/db?p%61ssword=geheim",
     "an option's name in the URI is percent-encoded; write it plainly"},
    {"postgresql://u:ge%heim@h/db", STRAY_PERCENT},
    {"postgresql://u:geheim%@h/db", STRAY_PERCENT},
    {"postgresql://u:geheim%2@h/db", STRAY_PERCENT},
    {"postgresql://h/db?sslpassword=ge%zzheim", STRAY_PERCENT},
    {"postgresql://h/db?password=geheim%", STRAY_PERCENT},
    {"postgresql://u:ge%00heim@h/db", "a URI can't have the character %00"},
    {"postgresql://u:geheim@[h/db", "a [ in the URI is not closed"},
    {"postgresql://u:geheim", NO_PORT},
    {"postgresql://u:geheim/db", NO_PORT},
    {"postgresql://u:1@h1:1,h2:geheim/db", NO_PORT},
    {"postgresql://u:1@[::1]geheim/db", NO_PORT},
    {"dbname=postgresql://u:geheim@h/db", "a URI stands alone: conninfo = postgresql://..."},
    {"host=h dbname='postgres://u:geheim@h/db'", "a URI stands alone: conninfo = postgresql://..."},
};

START_TEST(unreadable_conninfo_is_refused_without_repeating_it)
{
    struct text masked = {0};
    struct err err;

    ck_assert(!conninfo_mask(wrong_conninfos[_i].conninfo, is_ours, &masked, &err));
    ck_assert_str_eq(err.text, wrong_conninfos[_i].message);
    ck_assert(masked.data == NULL || strstr(masked.data, "heim") == NULL);
    text_free(&masked);
}
END_TEST

/* ---- did you mean ---- */

START_TEST(nearest_name_is_one_that_was_probably_meant)
{
    static const struct {
        const char *wrong, *meant;
    } cases[] = {{"lock_timout", "lock_timeout"},
                 {"Table", "table"},
                 {"tabel", "table"},
                 {"locktimeout", "lock_timeout"},
                 {"lokc_timeuot", "lock_timeout"},
                 {"colour", NULL},
                 {"x", NULL},
                 {"", NULL},
                 {"table", "table"}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct suggest nearest = suggest_start(cases[i].wrong);

        suggest_try(&nearest, "lock_timeout");
        suggest_try(&nearest, "table");
        suggest_try(&nearest, "window");
        ck_assert_pstr_eq(nearest.name, cases[i].meant);
    }
}
END_TEST

TCase *config_values_cases(void)
{
    TCase *cases = tcase_create("values");

    tcase_add_loop_test(cases, duration_is_read_and_printed, 0, ARRAY_LENGTH(durations));
    tcase_add_loop_test(cases, wrong_duration_is_refused_with_what_to_write, 0,
                        ARRAY_LENGTH(wrong_durations));
    tcase_add_test(cases, month_and_year_are_refused_where_the_length_must_be_fixed);
    tcase_add_test(cases, fixed_duration_is_printed_in_the_largest_unit_that_fits);
    tcase_add_loop_test(cases, size_is_read_and_printed, 0, ARRAY_LENGTH(sizes));
    tcase_add_loop_test(cases, wrong_size_is_refused_with_what_to_write, 0,
                        ARRAY_LENGTH(wrong_sizes));
    tcase_add_loop_test(cases, window_is_read_and_printed, 0, ARRAY_LENGTH(windows));
    tcase_add_loop_test(cases, wrong_window_is_refused_with_what_to_write, 0,
                        ARRAY_LENGTH(wrong_windows));
    tcase_add_loop_test(cases, table_name_is_read_as_postgresql_reads_it, 0, ARRAY_LENGTH(tables));
    tcase_add_loop_test(cases, only_what_can_be_the_name_of_a_zone_is_taken, 0,
                        (int)ARRAY_LENGTH(zones));
    tcase_add_loop_test(cases, wrong_table_name_is_refused_with_what_to_write, 0,
                        ARRAY_LENGTH(wrong_tables));
    tcase_add_test(cases, retention_in_the_row_has_a_unit);
    tcase_add_loop_test(cases, expiry_rule_is_read_and_printed, 0, ARRAY_LENGTH(rules));
    tcase_add_loop_test(cases, wrong_expiry_rule_is_refused_with_what_to_write, 0,
                        ARRAY_LENGTH(wrong_rules));
    tcase_add_loop_test(cases, password_in_a_conninfo_is_masked, 0, ARRAY_LENGTH(conninfos));
    tcase_add_loop_test(cases, unreadable_conninfo_is_refused_without_repeating_it, 0,
                        ARRAY_LENGTH(wrong_conninfos));
    tcase_add_test(cases, nearest_name_is_one_that_was_probably_meant);
    return cases;
}
