#include "report/prometheus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static struct text written(const struct snapshot *snapshot)
{
    struct text out = {0};

    prometheus_write(&out, snapshot);
    return out;
}

/* The lines of the metrics, cut apart in place. */
struct lines {
    char *lines[200000];
    size_t count;
};

static struct lines *lines_of(struct text *text)
{
    struct lines *lines = mem_new(sizeof *lines);

    for (char *line = strtok(text->data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        lines->lines[lines->count++] = line;
    return lines;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Leaves the name and labels of each series, or the comment's first three words. */
static void strip_values(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        char *line = lines->lines[i];

        if (line[0] == '#')
            strchr(line + strlen("# HELP "), ' ')[0] = '\0';
        else
            strrchr(line, ' ')[0] = '\0';
    }
}

START_TEST(metrics_are_as_the_golden_file_has_them)
{
    struct snapshot *snapshot = made_up();
    struct text out = written(snapshot);

    golden_check("metrics.txt", &out);
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(no_series_and_no_comment_appears_twice)
{
    struct snapshot *snapshot = made_up();
    struct text out = written(snapshot);
    struct lines *lines = lines_of(&out);

    strip_values(lines);
    qsort(lines->lines, lines->count, sizeof lines->lines[0], compare);
    for (size_t i = 1; i < lines->count; i++)
        ck_assert_str_ne(lines->lines[i - 1], lines->lines[i]);
    free(lines);
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

/* The format wants all series of a metric behind its own TYPE line. */
START_TEST(every_series_stands_behind_its_own_type)
{
    struct snapshot *snapshot = made_up();
    struct text out = written(snapshot);
    struct lines *lines = lines_of(&out);
    char metric[128] = "";

    for (size_t i = 0; i < lines->count; i++)
        if (text_starts(lines->lines[i], "# TYPE "))
            ck_assert_int_eq(sscanf(lines->lines[i], "# TYPE %127s", metric), 1);
        else if (lines->lines[i][0] != '#')
            ck_assert_msg(text_starts(lines->lines[i], metric), "%s behind %s", lines->lines[i],
                          metric);
    free(lines);
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

static size_t count_lines(const struct text *text)
{
    size_t count = 0;

    for (size_t i = 0; i < text->length; i++)
        count += text->data[i] == '\n';
    return count;
}

START_TEST(every_series_is_there_from_the_start)
{
    struct snapshot *snapshot = made_up(), *fresh = snapshot_new(2, snapshot->job_count);
    struct text later = written(snapshot), start;

    for (size_t i = 0; i < fresh->job_count; i++)
        fresh->jobs[i].name = text_copy(snapshot->jobs[i].name);
    start = written(fresh);
    ck_assert_uint_eq(count_lines(&start), count_lines(&later));
    text_free(&later);
    text_free(&start);
    snapshot_free(fresh);
    snapshot_free(snapshot);
}
END_TEST

static const char *const expected[] = {
    "pgpurged_job_oldest_overdue_seconds{job_name=\"orders\",database=\"shop\"} 7800\n",
    "pgpurged_job_oldest_overdue_seconds{job_name=\"old_invoices\",database=\"archive\"} NaN\n",
    "pgpurged_job_last_success_timestamp_seconds{job_name=\"orders\",database=\"shop\"} "
    "1795050000\n",
    "pgpurged_job_last_success_timestamp_seconds{job_name=\"old_invoices\",database=\"archive\"} "
    "0\n",
    "pgpurged_job_state{job_name=\"comments\",database=\"shop\",state=\"held\"} 1\n",
    "pgpurged_job_state{job_name=\"comments\",database=\"shop\",state=\"running\"} 0\n",
    "pgpurged_job_circuit_breaker_state{job_name=\"events\",database=\"shop\",state=\"open\"} 1\n",
    "pgpurged_job_held_seconds_total{job_name=\"orders\",database=\"shop\",reason=\"locked\"} "
    "7.125\n",
    "pgpurged_job_batches_total{job_name=\"orders\",database=\"shop\",outcome=\"committed\"} "
    "1250\n",
    "pgpurged_job_batch_duration_seconds_bucket{job_name=\"orders\",database=\"shop\",le=\"0.05\"} "
    "1225\n",
    "pgpurged_job_batch_duration_seconds_bucket{job_name=\"orders\",database=\"shop\",le=\"+Inf\"} "
    "1250\n",
    "pgpurged_job_batch_duration_seconds_count{job_name=\"orders\",database=\"shop\"} 1250\n",
    "pgpurged_job_rejected_rows{job_name=\"orders\",database=\"shop\",reason=\"foreign_key\"} 2\n",
    "pgpurged_job_rejected_rows{job_name=\"sessions\",database=\"shop\",reason=\"trigger\"} 3\n",
    "pgpurged_job_rejected_rows{job_name=\"sessions\",database=\"shop\",reason=\"exception\"} 7\n",
    "pgpurged_job_rejected_rows{job_name=\"comments\",database=\"shop\",reason=\"too_slow\"} 1\n",
    "pgpurged_job_rejected_rows{job_name=\"events\",database=\"shop\",reason=\"other\"} 0\n",
    "pgpurged_job_rows_rejected_total{job_name=\"orders\",database=\"shop\",reason=\"exception\"} "
    "1\n",
    "pgpurged_database_up{database=\"archive\"} 0\n",
    "pgpurged_database_role{database=\"shop\",role=\"primary\"} 1\n",
    "pgpurged_database_connection_failures_total{database=\"archive\"} 4\n",
    "pgpurged_config_last_reload_successful 0\n",
    "pgpurged_build_info{version=\"0.1.0\"} 1\n",
};

START_TEST(series_has_the_value_of_the_snapshot)
{
    struct snapshot *snapshot = made_up();
    struct text out = written(snapshot);

    ck_assert_msg(strstr(out.data, expected[_i]) != NULL, "%s", expected[_i]);
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(label_is_escaped)
{
    struct snapshot *snapshot = snapshot_new(1, 0);
    struct text out;

    snapshot->databases[0].name = text_copy("a\"b\\c\nd");
    out = written(snapshot);
    ck_assert_ptr_nonnull(strstr(out.data, "pgpurged_database_up{database=\"a\\\"b\\\\c\\nd\"} 0"));
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(promtool_finds_nothing_to_complain_about)
{
    struct snapshot *snapshot = made_up();
    struct text out = written(snapshot);
    FILE *promtool;

    if (system("command -v promtool >/dev/null 2>&1") != 0) {
        puts("SKIP: promtool is not installed (apt-get install prometheus): its lint of the "
             "metrics is left out");
    } else {
        promtool = popen("promtool check metrics", "w");
        ck_assert_ptr_nonnull(promtool);
        fwrite(out.data, 1, out.length, promtool);
        ck_assert_int_eq(pclose(promtool), 0);
    }
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(thousand_jobs_are_scraped_in_a_moment)
{
    struct snapshot *snapshot = made_up_many(1000);
    struct mono start = mono_now();
    struct text out = written(snapshot);
    double ms = mono_ms_between(start, mono_now());

    printf("1,000 jobs as metrics: %.1f ms, %zu kB\n", ms, out.length / 1024);
    ck_assert_double_lt(ms, 500 * slowness());
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

TCase *prometheus_cases(void)
{
    TCase *tcase = tcase_create("prometheus");

    tcase_set_timeout(tcase, 4 * slowness());
    tcase_add_test(tcase, metrics_are_as_the_golden_file_has_them);
    tcase_add_test(tcase, no_series_and_no_comment_appears_twice);
    tcase_add_test(tcase, every_series_stands_behind_its_own_type);
    tcase_add_test(tcase, every_series_is_there_from_the_start);
    tcase_add_loop_test(tcase, series_has_the_value_of_the_snapshot, 0, ARRAY_LENGTH(expected));
    tcase_add_test(tcase, label_is_escaped);
    tcase_add_test(tcase, promtool_finds_nothing_to_complain_about);
    tcase_add_test(tcase, thousand_jobs_are_scraped_in_a_moment);
    return tcase;
}
