#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

static const struct view {
    const char *golden, *job; /* job NULL: the table */
    struct terminal terminal;
} views[] = {
    {"status.txt", NULL, {false, 100, 0}},
    {"status-colour.txt", NULL, {true, 100, 0}},
    {"status-wide.txt", NULL, {false, 160, 0}},
    {"status-narrow.txt", NULL, {false, 60, 0}},
    {"status-short.txt", NULL, {false, 100, 12}},
    {"job-running.txt", "orders", {false, 100, 0}},
    {"job-waiting.txt", "sessions", {false, 100, 0}},
    {"job-stopped.txt", "carts_of_guests_and_of_customers", {false, 100, 0}},
    {"job-breaker.txt", "events", {true, 100, 0}},
    {"job-unknown.txt", "old_invoices", {false, 100, 0}},
};

static struct text rendered(const struct view *view)
{
    struct snapshot *snapshot = made_up();
    struct text out = {0};

    if (view->job != NULL)
        terminal_job(&out, snapshot, snapshot_job(snapshot, view->job), &view->terminal);
    else
        terminal_status(&out, snapshot, &view->terminal);
    snapshot_free(snapshot);
    return out;
}

START_TEST(view_is_as_the_golden_file_has_it)
{
    struct text out = rendered(&views[_i]);

    golden_check(views[_i].golden, &out);
    text_free(&out);
}
END_TEST

START_TEST(no_line_of_the_table_is_wider_than_the_terminal)
{
    const struct view *view = &views[_i];
    struct text out = rendered(view);

    if (view->job == NULL && !view->terminal.colour)
        for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
            ck_assert_msg(strlen(line) <= view->terminal.width, "%zu: %s", strlen(line), line);
    text_free(&out);
}
END_TEST

START_TEST(table_of_a_thousand_jobs_fits_a_short_terminal)
{
    struct snapshot *snapshot = made_up_many(1000);
    struct terminal terminal = {false, 100, 24};
    struct text out = {0};
    size_t lines = 0;

    terminal_status(&out, snapshot, &terminal);
    for (size_t i = 0; i < out.length; i++)
        lines += out.data[i] == '\n';
    ck_assert_uint_lt(lines, 24);
    ck_assert_ptr_nonnull(strstr(out.data, "more\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "1000 jobs: 1000 running\n"));
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(message_of_the_server_can_not_steer_the_terminal)
{
    struct snapshot *snapshot = made_up();
    struct terminal terminal = {false, 200, 0};
    struct text out = {0};

    free(snapshot->jobs[3].why);
    snapshot->jobs[3].why = text_copy("\033]0;owned\007\nall is well");
    free(snapshot->jobs[3].error.message);
    snapshot->jobs[3].error.message = text_copy("\033[2Jgone");
    terminal_status(&out, snapshot, &terminal);
    terminal_job(&out, snapshot, &snapshot->jobs[3], &terminal);
    ck_assert_ptr_null(strchr(out.data, '\033'));
    ck_assert_ptr_null(strchr(out.data, '\007'));
    ck_assert_ptr_null(strstr(out.data, "\nall is well"));
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

/* Otherwise rows that are due and a job that sleeps look like a fault of the job. */
START_TEST(job_that_waits_says_how_many_rows_are_rejected_and_by_what)
{
    struct snapshot *snapshot = made_up();
    struct terminal terminal = {false, 160, 0};
    struct text out = {0};

    terminal_status(&out, snapshot, &terminal);
    ck_assert_ptr_nonnull(strstr(
        out.data, " next run in 13h, 12 rejected (2 foreign_key, 3 trigger, 7 exception)\n"));
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(daemon_without_jobs_has_a_status_too)
{
    struct snapshot *snapshot = snapshot_new(0, 0);
    struct terminal terminal = {false, 100, 0};
    struct text out = {0};

    snapshot->daemon.reload_ok = true;
    terminal_status(&out, snapshot, &terminal);
    ck_assert_str_eq(out.data, "pgpurged ? (pid 0), up 0s, configuration ?\n\n0 jobs\n");
    text_free(&out);
    snapshot_free(snapshot);
}
END_TEST

TCase *terminal_cases(void)
{
    TCase *tcase = tcase_create("terminal");

    tcase_add_loop_test(tcase, view_is_as_the_golden_file_has_it, 0, ARRAY_LENGTH(views));
    tcase_add_loop_test(tcase, no_line_of_the_table_is_wider_than_the_terminal, 0,
                        ARRAY_LENGTH(views));
    tcase_add_test(tcase, table_of_a_thousand_jobs_fits_a_short_terminal);
    tcase_add_test(tcase, message_of_the_server_can_not_steer_the_terminal);
    tcase_add_test(tcase, job_that_waits_says_how_many_rows_are_rejected_and_by_what);
    tcase_add_test(tcase, daemon_without_jobs_has_a_status_too);
    return tcase;
}
