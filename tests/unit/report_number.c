#include "report/number.h"

#include "report.h"

static const struct written {
    double value;
    const char *text;
} numbers[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-1.5, "-1.5"},
    {0.25, "0.25"},
    {0.000001, "0.000001"},
    {0.0000001, "0"},
    {-0.0000001, "0"},
    {1795222800, "1795222800"},
    {1795222800.123456, "1795222800.123456"},
    {123456789012.5, "123456789012.5"},
    {9e12, "9000000000000"},
    {1e300, "1.0000000000000001e+300"},
    {0.999999, "0.999999"},
    {0.9999999, "1"},
};

START_TEST(number_is_written_with_six_digits_at_most)
{
    struct text out = {0};

    number_add(&out, numbers[_i].value);
    ck_assert_str_eq(out.data, numbers[_i].text);
    text_free(&out);
}
END_TEST

static const struct integer {
    int64_t value;
    const char *text;
} integers[] = {{0, "0"},
                {7, "7"},
                {-10, "-10"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};

START_TEST(integer_is_written_in_full)
{
    struct text out = {0};

    number_add_int(&out, integers[_i].value);
    ck_assert_str_eq(out.data, integers[_i].text);
    text_free(&out);
}
END_TEST

static const struct moment {
    int64_t seconds;
    const char *text;
} moments[] = {{0, "1970-01-01T00:00:00Z"},
               {951782400, "2000-02-29T00:00:00Z"},
               {1795222800, "2026-11-21T01:00:00Z"},
               {253402300799, "9999-12-31T23:59:59Z"}};

START_TEST(moment_is_written_and_read_in_utc)
{
    struct text out = {0};
    struct wall read;

    number_add_time(&out, (struct wall){moments[_i].seconds * 1000000});
    ck_assert_str_eq(out.data, moments[_i].text);
    ck_assert(number_read_time(out.data, &read));
    ck_assert_int_eq(read.us, moments[_i].seconds * 1000000);
    text_free(&out);
}
END_TEST

static const char *const no_moments[] = {"",
                                         "yesterday",
                                         "2026-11-21",
                                         "2026-11-21T01:00:00",
                                         "2026-11-21T01:00:00+01:00",
                                         "2026-11-21T01:00:00Z and more",
                                         "2026-13-21T01:00:00Z"};

START_TEST(anything_else_is_no_moment)
{
    struct wall read;

    ck_assert_msg(!number_read_time(no_moments[_i], &read), "%s", no_moments[_i]);
}
END_TEST

TCase *number_cases(void)
{
    TCase *tcase = tcase_create("number");

    tcase_add_loop_test(tcase, number_is_written_with_six_digits_at_most, 0, ARRAY_LENGTH(numbers));
    tcase_add_loop_test(tcase, integer_is_written_in_full, 0, ARRAY_LENGTH(integers));
    tcase_add_loop_test(tcase, moment_is_written_and_read_in_utc, 0, ARRAY_LENGTH(moments));
    tcase_add_loop_test(tcase, anything_else_is_no_moment, 0, ARRAY_LENGTH(no_moments));
    return tcase;
}
