#include "report/human.h"

#include <math.h>

#include "report.h"

static const struct duration_row {
    double seconds;
    const char *full, *age;
} durations[] = {
    {0, "0s", "0s"},           {0.4, "0s", "0s"},
    {34, "34s", "34s"},        {59.6, "1min", "1min"},
    {61, "1min 1s", "1min"},   {7800, "2h 10min", "2h"},
    {7210, "2h", "2h"},        {3 * 86400 + 4 * 3600, "3d 4h", "3d"},
    {-90, "1min 30s", "1min"}, {40000000000.0, "462962d 23h", "462962d"},
    {NAN, "-", "-"},           {INFINITY, "-", "-"},
};

START_TEST(duration_has_its_two_largest_units_and_age_one)
{
    struct text full = {0}, age = {0};

    human_duration(&full, durations[_i].seconds);
    human_age(&age, durations[_i].seconds);
    ck_assert_str_eq(full.data, durations[_i].full);
    ck_assert_str_eq(age.data, durations[_i].age);
    text_free(&full);
    text_free(&age);
}
END_TEST

static const struct count_row {
    double count;
    const char *text;
} counts[] = {
    {0, "0"},         {9999, "9999"},    {9999.6, "10k"},  {10000, "10k"},
    {411900, "412k"}, {999499, "999k"},  {999500, "1.0M"}, {1234567, "1.2M"},
    {9.96e6, "10M"},  {2.5e15, "2500T"}, {NAN, "-"},
};

START_TEST(count_fits_into_five_columns_up_to_ten_thousand_billions)
{
    struct text out = {0};

    human_count(&out, counts[_i].count);
    ck_assert_str_eq(out.data, counts[_i].text);
    text_free(&out);
}
END_TEST

static const struct about_row {
    double estimate;
    const char *text;
} abouts[] = {{0, "0"},
              {0.4, "0"},
              {7, "7"},
              {999, "999"},
              {1004, "1,000"},
              {1005, "1,010"},
              {9996, "10,000"},
              {12345, "12,300"},
              {2998413, "3,000,000"},
              {801234, "801,000"},
              {1e9 + 1, "1,000,000,000"}};

START_TEST(estimate_has_three_digits)
{
    struct text_number room;

    ck_assert_str_eq(human_about(&room, abouts[_i].estimate), abouts[_i].text);
}
END_TEST

static const struct bytes_row {
    double bytes;
    const char *text;
} sizes[] = {{312, "312 B"}, {1024, "1.0 KiB"}, {2147483648.0, "2.0 GiB"}};

START_TEST(bytes_have_binary_units)
{
    struct text out = {0};

    human_bytes(&out, sizes[_i].bytes);
    ck_assert_str_eq(out.data, sizes[_i].text);
    text_free(&out);
}
END_TEST

static const struct foreign_row {
    const char *foreign;
    size_t width;
    const char *text;
    size_t columns;
} foreign[] = {
    {"orders", 10, "orders", 6},
    {"orders", 6, "orders", 6},
    {"orders", 5, "or...", 5},
    {"orders", 2, "or", 2},
    {"", 5, "", 0},
    {"a\033[31mb", 10, "a?[31mb", 7},
    {"line\nline\r\t\177", 20, "line line? ?", 12},
    {"\xC2\x9B"
     "31m",
     10, "?31m", 4},
    {"Bestellungen f\xC3\xBCr", 16, "Bestellungen f\xC3\xBCr", 16},
    {"\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC", 4, "\xC3\xBC...", 4},
};

START_TEST(foreign_text_is_cut_and_can_not_steer_the_terminal)
{
    struct text out = {0};

    text_add(&out, "");
    ck_assert_uint_eq(human_text(&out, foreign[_i].foreign, foreign[_i].width),
                      foreign[_i].columns);
    ck_assert_str_eq(out.data, foreign[_i].text);
    text_free(&out);
}
END_TEST

TCase *human_cases(void)
{
    TCase *tcase = tcase_create("human");

    tcase_add_loop_test(tcase, duration_has_its_two_largest_units_and_age_one, 0,
                        ARRAY_LENGTH(durations));
    tcase_add_loop_test(tcase, count_fits_into_five_columns_up_to_ten_thousand_billions, 0,
                        ARRAY_LENGTH(counts));
    tcase_add_loop_test(tcase, estimate_has_three_digits, 0, ARRAY_LENGTH(abouts));
    tcase_add_loop_test(tcase, bytes_have_binary_units, 0, ARRAY_LENGTH(sizes));
    tcase_add_loop_test(tcase, foreign_text_is_cut_and_can_not_steer_the_terminal, 0,
                        ARRAY_LENGTH(foreign));
    return tcase;
}
