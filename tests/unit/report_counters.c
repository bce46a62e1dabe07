#include "model/counters.h"

#include <math.h>
#include <string.h>

#include "report.h"

static const struct sample {
    double seconds;
    size_t bucket;
} samples[] = {
    {0, 0}, {0.001, 0}, {0.00101, 1}, {0.05, 5}, {0.0501, 6}, {5, 10}, {5.1, 11}, {900, 11},
};

START_TEST(sample_falls_into_the_first_bucket_that_reaches_it)
{
    struct histogram histogram = {0};

    histogram_add(&histogram, samples[_i].seconds);
    ck_assert_int_eq(histogram.buckets[samples[_i].bucket], 1);
    ck_assert_int_eq(histogram_total(&histogram), 1);
    ck_assert_double_eq(histogram.sum, samples[_i].seconds);
}
END_TEST

START_TEST(quantile_is_the_upper_bound_of_its_bucket)
{
    struct histogram histogram = {0};

    ck_assert(isnan(histogram_quantile(&histogram, 0.5)));
    for (int i = 0; i < 99; i++)
        histogram_add(&histogram, 0.04);
    histogram_add(&histogram, 0.09);
    ck_assert_double_eq(histogram_quantile(&histogram, 0.5), 0.05);
    ck_assert_double_eq(histogram_quantile(&histogram, 0.99), 0.05);
    ck_assert_double_eq(histogram_quantile(&histogram, 1), 0.1);
    histogram_add(&histogram, 100);
    ck_assert(isinf(histogram_quantile(&histogram, 1)));
}
END_TEST

START_TEST(every_counter_is_named_as_prometheus_wants_it)
{
    for (size_t i = 0; i < job_counter_table.count; i++) {
        const struct counter *counter = &job_counter_table.counters[i];
        const char *end = counter->kind == COUNTER_HISTOGRAM ? "_seconds" : "_total";
        size_t length = strlen(counter->metric);

        ck_assert_msg(text_starts(counter->metric, "pgpurged_job_"), "%s", counter->metric);
        ck_assert_str_eq(counter->metric + length - strlen(end), end);
        ck_assert_int_gt(strlen(counter->help), 10);
    }
}
END_TEST

START_TEST(each_value_is_set_and_read_at_its_own_place)
{
    struct job_counters counters = {0};

    for (size_t i = 0; i < job_counter_table.count; i++) {
        const struct counter *counter = &job_counter_table.counters[i];

        if (counter->kind == COUNTER_HISTOGRAM)
            continue;
        for (size_t w = 0; counter_label_value(counter->kind, w) != NULL; w++)
            counter_set(counter, &counters, w, (double)(i * 100 + w + 1));
    }
    for (size_t i = 0; i < job_counter_table.count; i++) {
        const struct counter *counter = &job_counter_table.counters[i];

        if (counter->kind == COUNTER_HISTOGRAM)
            continue;
        for (size_t w = 0; counter_label_value(counter->kind, w) != NULL; w++)
            ck_assert_double_eq(counter_value(counter, &counters, w), (double)(i * 100 + w + 1));
    }
    ck_assert_double_eq(counters.held_seconds[REASON_NONE], 0);
    ck_assert_double_ne(counters.held_seconds[REASON_COUNT - 1], 0);
    ck_assert_int_ne(counters.batches[BATCH_OUTCOME_COUNT - 1], 0);
}
END_TEST

TCase *counters_cases(void)
{
    TCase *tcase = tcase_create("counters");

    tcase_add_loop_test(tcase, sample_falls_into_the_first_bucket_that_reaches_it, 0,
                        ARRAY_LENGTH(samples));
    tcase_add_test(tcase, quantile_is_the_upper_bound_of_its_bucket);
    tcase_add_test(tcase, every_counter_is_named_as_prometheus_wants_it);
    tcase_add_test(tcase, each_value_is_set_and_read_at_its_own_place);
    return tcase;
}
