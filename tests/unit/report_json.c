#include "report/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static struct text written(const struct snapshot *snapshot)
{
    struct text out = {0};

    json_write(&out, snapshot);
    return out;
}

START_TEST(status_is_as_the_golden_file_has_it)
{
    struct snapshot *snapshot = made_up();
    struct text out = written(snapshot), indented = {0};
    json_t *root = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
    char *dumped;

    ck_assert_msg(root != NULL, "not JSON: %s", out.data);
    dumped = json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    text_addf(&indented, "%s\n", dumped);
    golden_check("status.json", &indented);
    free(dumped);
    json_decref(root);
    text_free(&indented);
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(status_is_one_line)
{
    struct snapshot *snapshot = made_up();
    struct text out = written(snapshot);

    ck_assert_ptr_eq(strchr(out.data, '\n'), out.data + out.length - 1);
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(snapshot_survives_the_way_through_json_and_back)
{
    struct snapshot *snapshot = made_up(), *read;
    struct text out = written(snapshot), again;
    struct err err;

    read = json_read(out.data, out.length, &err);
    ck_assert_msg(read != NULL, "%s", err.text);
    again = written(read);
    ck_assert_str_eq(out.data, again.data);
    ck_assert_int_eq(read->jobs[0].run.block, 52400);
    ck_assert_int_eq(read->jobs[0].error.at.us, snapshot->jobs[0].error.at.us);
    ck_assert_int_eq(read->jobs[0].last_run.outcome, RUN_INCOMPLETE);
    ck_assert_int_eq(
        rejected_list_rows_for(&read->jobs[1].last_run.rejected_by, REJECTED_EXCEPTION), 7);
    ck_assert_mem_eq(&read->jobs[0].counters, &snapshot->jobs[0].counters,
                     sizeof snapshot->jobs[0].counters);
    ck_assert_int_eq(read->databases[0].role, ROLE_PRIMARY);
    ck_assert_int_eq(read->databases[0].kill_switch, MAYBE_NO);
    text_free(&out);
    text_free(&again);
    snapshot_free(read);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(first_job_of_the_made_up_snapshot_partitions_no_field_unknown)
{
    struct snapshot *snapshot = made_up();
    struct text out = {0};
    const char *job;

    json_write_job(&out, snapshot, &snapshot->jobs[0]);
    job = strstr(out.data, "\"jobs\":");
    ck_assert_ptr_nonnull(job);
    ck_assert_msg(strstr(job, "null") == NULL, "%s", job);
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(what_is_unknown_stays_unknown)
{
    struct snapshot *snapshot = made_up(), *read;
    struct text out = written(snapshot);
    struct err err;
    const struct job_view *job;

    read = json_read(out.data, out.length, &err);
    ck_assert_ptr_nonnull(read);
    job = &read->jobs[read->job_count - 1];
    ck_assert(isnan(job->oldest_overdue_s));
    ck_assert(isnan(job->due_rows));
    ck_assert(!wall_known(job->last_success));
    ck_assert_int_eq(job->window.open, MAYBE_UNKNOWN);
    ck_assert_ptr_null(job->window.spans);
    ck_assert(!job->run.present && !job->last_run.present && !job->error.present);
    ck_assert_int_eq(read->databases[1].role, ROLE_UNKNOWN);
    text_free(&out);
    snapshot_free(read);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(one_job_comes_with_its_database_and_nothing_else)
{
    struct snapshot *snapshot = made_up(), *read;
    struct text out = {0};
    struct err err;

    json_write_job(&out, snapshot, snapshot_job(snapshot, "old_invoices"));
    read = json_read(out.data, out.length, &err);
    ck_assert_ptr_nonnull(read);
    ck_assert_uint_eq(read->job_count, 1);
    ck_assert_uint_eq(read->database_count, 1);
    ck_assert_str_eq(read->jobs[0].name, "old_invoices");
    ck_assert_str_eq(read->databases[0].name, "archive");
    ck_assert_int_eq(read->daemon.pid, 4242);
    text_free(&out);
    snapshot_free(read);
    snapshot_free(snapshot);
}
END_TEST

static const struct refused {
    const char *json, *message;
} refused[] = {
    {"", "not JSON"},
    {"<html>", "not JSON"},
    {"[]", "daemon: it is not an object"},
    {"{}", "daemon: it is not an object"},
    {"{\"daemon\":7}", "daemon: it is not an object"},
    {"{\"daemon\":{\"pid\":\"x\"}}", "daemon: pid: "},
    {"{\"daemon\":{\"version\":1}}", "daemon: version: "},
    {"{\"daemon\":{\"now\":\"noon\"}}", "daemon: now: "},
    {"{\"daemon\":{\"stopping\":1}}", "daemon: stopping: "},
    {"{\"daemon\":{},\"jobs\":[{},7]}", "jobs: number 2: it is not an object"},
    {"{\"daemon\":{},\"jobs\":[{\"state\":\"dancing\"}]}", "jobs: number 1: state: "},
    {"{\"daemon\":{},\"jobs\":[{\"run\":[]}]}", "run: it is not an object"},
    {"{\"daemon\":{},\"jobs\":[{\"due_rows\":\"many\"}]}", "due_rows: "},
    {"{\"daemon\":{},\"jobs\":[{\"window\":{\"open\":\"no\"}}]}", "window: open: "},
    {"{\"daemon\":{},\"jobs\":[{\"totals\":{\"batches\":3}}]}", "totals: "},
    {"{\"daemon\":{},\"jobs\":[{\"totals\":{\"batch_seconds\":{\"buckets\":[1]}}}]}", "totals: "},
    {"{\"daemon\":{},\"databases\":[{\"role\":\"king\"}]}", "databases: number 1: role: "},
    {"{\"daemon\":{},\"jobs\":[{\"run\":{\"rejected_by\":7}}]}", "run: rejected_by: "},
    {"{\"daemon\":{},\"jobs\":[{\"run\":{\"rejected_by\":[{},{\"reason\":\"status\"}]}}]}",
     "run: rejected_by: number 2: reason: "},
};

START_TEST(what_is_no_status_is_refused_and_the_key_is_named)
{
    struct err err;
    struct snapshot *read = json_read(refused[_i].json, strlen(refused[_i].json), &err);

    ck_assert_ptr_null(read);
    ck_assert_msg(strstr(err.text, refused[_i].message) != NULL, "%s: %s", refused[_i].json,
                  err.text);
}
END_TEST

START_TEST(keys_of_another_version_are_no_trouble)
{
    static const char json[] = "{\"daemon\":{\"moon\":\"full\"},\"legal_holds\":[],"
                               "\"jobs\":[{\"name\":\"a\",\"run\":{\"id\":7}}]}";
    struct err err;
    struct snapshot *read = json_read(json, strlen(json), &err);

    ck_assert_msg(read != NULL, "%s", err.text);
    ck_assert_int_eq(read->jobs[0].run.id, 7);
    ck_assert(isnan(read->jobs[0].run.percent));
    ck_assert_uint_eq(read->database_count, 0);
    snapshot_free(read);
}
END_TEST

static const struct quoted {
    const char *string, *json;
} strings[] = {
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\""},
    {"tab\tline\nreturn\r", "\"tab\\tline\\nreturn\\u000d\""},
    {"\033\177", "\"\\u001b\\u007f\""},
    {"f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80", "\"f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80\""},
    {"latin1 f\xFCr", "\"latin1 f\xEF\xBF\xBDr\""},
    {"cut \xE2\x82", "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"overlong \xC0\xAF", "\"overlong \xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"surrogate \xED\xA0\x80", "\"surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
};

START_TEST(string_is_escaped_and_always_utf8)
{
    struct text out = {0};
    json_t *read;

    json_write_string(&out, strings[_i].string);
    ck_assert_str_eq(out.data, strings[_i].json);
    read = json_loads(out.data, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(read);
    json_decref(read);
    text_free(&out);
}
END_TEST

START_TEST(sentence_is_read_from_a_message_and_from_an_error)
{
    struct text message = {0}, error = {0};
    char *read;

    json_write_message(&message, "orders is \"paused\"");
    json_write_error(&error, "no job \"x\"");
    read = json_read_sentence(message.data, message.length);
    ck_assert_str_eq(read, "orders is \"paused\"");
    free(read);
    read = json_read_sentence(error.data, error.length);
    ck_assert_str_eq(read, "no job \"x\"");
    free(read);
    ck_assert_ptr_null(json_read_sentence("{}", 2));
    ck_assert_ptr_null(json_read_sentence("404", 3));
    text_free(&message);
    text_free(&error);
}
END_TEST

START_TEST(thousand_jobs_are_written_in_a_moment)
{
    struct snapshot *snapshot = made_up_many(1000);
    struct mono start = mono_now();
    struct text out = written(snapshot);
    double ms = mono_ms_between(start, mono_now());
    struct err err;
    struct snapshot *read = json_read(out.data, out.length, &err);

    printf("1,000 jobs as JSON: %.1f ms, %zu kB\n", ms, out.length / 1024);
    ck_assert_double_lt(ms,
                        200 * slowness()); /* 20 are asked for; a busy machine may take its time */
    ck_assert_msg(read != NULL && read->job_count == 1000, "%s", err.text);
    text_free(&out);
    snapshot_free(read);
    snapshot_free(snapshot);
}
END_TEST

TCase *json_cases(void)
{
    TCase *tcase = tcase_create("json");

    tcase_set_timeout(tcase, 4 * slowness());
    tcase_add_test(tcase, status_is_as_the_golden_file_has_it);
    tcase_add_test(tcase, status_is_one_line);
    tcase_add_test(tcase, snapshot_survives_the_way_through_json_and_back);
    tcase_add_test(tcase, first_job_of_the_made_up_snapshot_partitions_no_field_unknown);
    tcase_add_test(tcase, what_is_unknown_stays_unknown);
    tcase_add_test(tcase, one_job_comes_with_its_database_and_nothing_else);
    tcase_add_loop_test(tcase, what_is_no_status_is_refused_and_the_key_is_named, 0,
                        ARRAY_LENGTH(refused));
    tcase_add_test(tcase, keys_of_another_version_are_no_trouble);
    tcase_add_loop_test(tcase, string_is_escaped_and_always_utf8, 0, ARRAY_LENGTH(strings));
    tcase_add_test(tcase, sentence_is_read_from_a_message_and_from_an_error);
    tcase_add_test(tcase, thousand_jobs_are_written_in_a_moment);
    return tcase;
}
