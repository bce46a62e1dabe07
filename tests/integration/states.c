/*
 * Why: the first question at night is what a job is doing, the second one why it is not. For each
 * state that can be brought about, status has to give the right code and a sentence from which a
 * person knows what to look at.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/served.h"
#include "integration/session.h"

/* A daemon with [job orders] and these options over so many rows. */
static struct served start_orders(int rows, const char *options)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, rows);
    served_start(&served, served_config(&served, "", scene_job(options)));
    return served;
}

static const struct job_view *orders_of(const struct snapshot *status)
{
    const struct job_view *job = snapshot_job(status, "orders");

    ck_assert_ptr_nonnull(job);
    return job;
}

static double seconds_until(struct wall moment)
{
    return (double)(moment.us - wall_now().us) / 1e6;
}

/* Waits until the job is in that state, and its sentence must hold `why`. */
static void await_state(const struct served *served, const char *state, const char *reason,
                        const char *why)
{
    served_await_why(served, "orders", state, reason, why);
}

/* ---- waiting ---- */

START_TEST(a_job_whose_run_is_over_says_when_the_next_one_is_due)
{
    struct served served = start_orders(100, "every = 2h");
    struct snapshot *status;

    await_state(&served, "waiting", "not_due", "its next run is not due yet");
    status = served_status(&served);
    const struct job_view *job = orders_of(status);
    ck_assert_double_gt(seconds_until(job->next_run), 3600);
    ck_assert_double_le(seconds_until(job->next_run), 7200);
    ck_assert_int_eq(job->window.open, MAYBE_YES);
    ck_assert_int_eq(job->last_run.outcome, RUN_DONE);
    ck_assert_int_eq(job->last_run.rows, 50);
    ck_assert_double_le(fabs(seconds_until(job->last_success)), 60);
    ck_assert_double_eq(job->oldest_overdue_s, 0);
    ck_assert_double_eq(job->due_rows, 0);
    ck_assert_int_eq(job->counters.rows_deleted, 50);
    ck_assert_str_eq(job->breaker, "closed");
    ck_assert(!job->run.present);
    ck_assert(status->databases[0].up);
    snapshot_free(status);
    served_end(&served);
}
END_TEST

START_TEST(a_job_whose_window_is_closed_says_when_it_opens_and_how_late_its_rows_are)
{
    struct served served = served_new();
    int hour = (int)sql_int(served.scene.own, "SELECT extract(hour FROM now() AT TIME ZONE 'UTC')");
    int opens = (hour + 12) % 24;
    const char *window = keep_format("window = %02d:00-%02d:30", opens, opens);
    struct snapshot *status;

    scene_add_orders(&served.scene, 100);
    served_start(&served, served_config(&served, "", scene_job(window)));
    await_state(&served, "waiting", "window", "its window is closed");
    status = served_status(&served);
    const struct job_view *job = orders_of(status);
    ck_assert_int_eq(job->window.open, MAYBE_NO);
    ck_assert_double_gt(seconds_until(job->window.changes), 10 * 3600);
    ck_assert_double_lt(seconds_until(job->window.changes), 13 * 3600);
    ck_assert(job->next_run.us == job->window.changes.us);
    /* The oldest one was deleted 31 days and 98 minutes ago. */
    ck_assert_double_ge(job->oldest_overdue_s, 86400 + 98 * 60);
    ck_assert_double_le(job->oldest_overdue_s, 86400 + 98 * 60 + 120);
    ck_assert_double_eq(job->due_rows, 50);
    ck_assert(!wall_known(job->last_success));
    snapshot_free(status);
    served_end(&served);
}
END_TEST

START_TEST(a_job_that_is_switched_off_is_shown)
{
    struct served served = start_orders(100, "enabled = no");

    await_state(&served, "waiting", "disabled", "enabled = no");
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/run").status, 409);
    ck_assert_int_eq(scene_due(&served.scene), 50);
    served_end(&served);
}
END_TEST

/* ---- at work ---- */

START_TEST(a_job_in_the_middle_of_a_run_shows_how_far_it_is)
{
    struct served served = served_new();
    struct snapshot *status;

    scene_add_orders(&served.scene, 20000);
    gate_close(&served.scene, 4);
    served_start(&served, served_config(&served, "", scene_job("statement_timeout = 60s")));
    gate_await(&served.scene);
    await_state(&served, "running", "none", "nothing holds it back");
    status = served_status(&served);
    const struct job_view *job = orders_of(status);
    ck_assert(job->run.present);
    ck_assert_int_gt(job->run.rows, 0);
    ck_assert_int_ge(job->run.batches, 1);
    ck_assert_int_gt(job->run.batch_rows, 0);
    ck_assert_int_eq(job->run.pass, 1);
    ck_assert_int_gt(job->run.block, 0);
    ck_assert_int_lt(job->run.block, job->run.blocks);
    ck_assert_double_gt(job->run.rows_per_second, 0);
    ck_assert_double_gt(job->run.percent, 0);
    ck_assert_double_lt(job->run.percent, 100);
    ck_assert_double_gt(job->due_rows, 0);
    snapshot_free(status);
    gate_open(&served.scene);
    scene_await_run(&served.scene, "orders", "done");
    served_end(&served);
}
END_TEST

START_TEST(a_job_that_rests_says_what_for)
{
    struct served by_rate = start_orders(20000, "max_rows_per_second = 100");
    struct served by_duty_cycle = start_orders(20000, "duty_cycle = 1");

    await_state(&by_rate, "resting", "rate_limit", "max_rows_per_second is reached");
    await_state(&by_duty_cycle, "resting", "duty_cycle", "as duty_cycle asks");
    served_end(&by_rate);
    served_end(&by_duty_cycle);
}
END_TEST

START_TEST(a_daemon_that_stops_says_so_until_its_batch_is_over)
{
    struct served served = served_new();
    struct snapshot *status;

    scene_add_orders(&served.scene, 1000);
    gate_close(&served.scene, 2);
    served_start(&served, served_config(&served, "", scene_job("statement_timeout = 60s")));
    gate_await(&served.scene);
    daemon_signal(&served.daemon, SIGTERM);
    daemon_await_log(&served.daemon, "stopping", AWAIT_MS);
    status = served_status(&served);
    ck_assert(status->daemon.stopping);
    ck_assert_str_eq(job_state_code(orders_of(status)->state), "running");
    snapshot_free(status);
    gate_open(&served.scene);
    daemon_await_exit(&served.daemon, 0, AWAIT_MS);
    served_end(&served);
}
END_TEST

/* ---- held ---- */

struct growing {
    const struct served *served;
    double before_s;
};

static bool has_grown(void *arg)
{
    struct growing *growing = arg;
    struct snapshot *status = served_status(growing->served);
    bool grown = orders_of(status)->oldest_overdue_s > growing->before_s;

    snapshot_free(status);
    return grown;
}

START_TEST(a_paused_job_shows_how_late_its_rows_are_and_that_it_gets_worse)
{
    struct served served = served_new();
    struct growing growing = {&served, 86400};

    scene_add_orders(&served.scene, 100);
    served_write(keep_format("%s/paused", served.folder), "orders\n");
    served_start(&served, served_config(&served, "", scene_job("")));
    await_state(&served, "held", "paused", "an operator has paused it");
    ck_assert(has_grown(&growing));
    growing.before_s = served_metric(
        &served, "pgpurged_job_oldest_overdue_seconds{job_name=\"orders\",database=\"d\"}");
    await(has_grown, &growing, AWAIT_MS, "another second of being late");
    ck_assert_double_gt(
        served_metric(&served, "pgpurged_job_held_seconds_total{job_name=\"orders\",database=\"d\","
                               "reason=\"paused\"}"),
        0);
    served_end(&served);
}
END_TEST

START_TEST(the_kill_switch_holds_a_job_and_its_reason_is_passed_on)
{
    struct served served = served_new();
    struct snapshot *status;

    scene_add_orders(&served.scene, 100);
    sql_exec(served.scene.own,
             "UPDATE pgpurged.kill_switch SET stopped = true, reason = 'ask Ada first'");
    served_start(&served, served_config(&served, "", scene_job("")));
    await_state(&served, "held", "kill_switch", "ask Ada first");
    status = served_status(&served);
    ck_assert_int_eq(status->databases[0].kill_switch, MAYBE_YES);
    snapshot_free(status);
    ck_assert_double_eq(served_metric(&served, "pgpurged_database_kill_switch{database=\"d\"}"), 1);
    ck_assert_int_eq(scene_due(&served.scene), 50);
    served_end(&served);
}
END_TEST

START_TEST(a_job_that_another_session_runs_is_held)
{
    struct served served = served_new();
    PGconn *other;

    scene_add_orders(&served.scene, 100);
    other = scene_connect(&served.scene);
    sql_exec(other, "BEGIN; SELECT pgpurged.lock_job_alone('orders')");
    served_start(&served, served_config(&served, "", scene_job("")));
    await_state(&served, "held", "other_daemon", "another session is running job orders");
    ck_assert_int_eq(scene_due(&served.scene), 50);
    PQfinish(other);
    served_end(&served);
}
END_TEST

/* ---- an unavailable database ---- */

START_TEST(a_job_without_its_table_stops_and_names_it)
{
    struct served served = served_new();
    struct snapshot *status;

    served_start(&served, served_config(&served, "", scene_job("")));
    await_state(&served, "stopped", "refused", "public.orders");
    status = served_status(&served);
    ck_assert(isnan(orders_of(status)->oldest_overdue_s));
    snapshot_free(status);
    served_end(&served);
}
END_TEST

START_TEST(a_database_that_cannot_be_reached_shows_why_and_when_it_is_tried_again)
{
    struct served served = served_new();
    const char *sections = keep_format("[database gone]\nconninfo = host=%s dbname=gone\n%s",
                                       served.folder, scene_job("database = gone"));
    struct snapshot *status;

    served_start(&served, served_config(&served, "", sections));
    await_state(&served, "connecting", "database", "No such file or directory");
    status = served_status(&served);
    const struct database_view *gone = snapshot_database(status, "gone");
    ck_assert(!gone->up);
    ck_assert_int_gt(gone->failures, 0);
    ck_assert(gone->error.present);
    ck_assert(isnan(orders_of(status)->oldest_overdue_s));
    snapshot_free(status);
    ck_assert_double_eq(served_metric(&served, "pgpurged_database_up{database=\"gone\"}"), 0);
    served_end(&served);
}
END_TEST

START_TEST(a_job_that_waits_for_a_connection_says_that_others_have_them)
{
    struct served served = served_new();
    const char *sections =
        keep_format("[database narrow]\nconninfo = %s\nmax_connections = 1\n%s"
                    "[job second]\ndatabase = narrow\ntable = second\nexpires = deleted_at + 30d\n",
                    cluster_conninfo(harness_cluster(), served.scene.database, "pgpurged"),
                    scene_job("database = narrow\nstatement_timeout = 60s"));

    scene_add_orders(&served.scene, 1000);
    scene_add_table(&served.scene, "second", 4);
    gate_close(&served.scene, 2);
    served_start(&served, served_config(&served, "", sections));
    gate_await(&served.scene);
    served_await(&served, "second", "connecting", "max_connections");
    gate_open(&served.scene);
    scene_await_run(&served.scene, "second", "done");
    served_end(&served);
}
END_TEST

START_TEST(a_job_whose_table_is_locked_backs_off_and_shows_the_error)
{
    struct served served = served_new();
    struct snapshot *status;
    PGconn *other;

    scene_add_orders(&served.scene, 100);
    other = scene_connect(&served.scene);
    sql_exec(other, "BEGIN; LOCK TABLE orders IN SHARE MODE"); /* who reads may go on */
    served_start(&served, served_config(&served, "", scene_job("")));
    await_state(&served, "backing_off", "locked", "lock timeout (55P03)");
    status = served_status(&served);
    const struct job_view *job = orders_of(status);
    ck_assert(job->error.present);
    ck_assert_str_eq(job->error.sqlstate, "55P03");
    ck_assert_int_gt(job->failures, 0);
    ck_assert_double_gt(job->oldest_overdue_s, 86400);
    snapshot_free(status);
    PQfinish(other);
    scene_await_run(&served.scene, "orders", "done");
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_job_whose_run_is_over_says_when_the_next_one_is_due,
        a_job_whose_window_is_closed_says_when_it_opens_and_how_late_its_rows_are,
        a_job_that_is_switched_off_is_shown,
        a_job_in_the_middle_of_a_run_shows_how_far_it_is,
        a_job_that_rests_says_what_for,
        a_daemon_that_stops_says_so_until_its_batch_is_over,
        a_paused_job_shows_how_late_its_rows_are_and_that_it_gets_worse,
        the_kill_switch_holds_a_job_and_its_reason_is_passed_on,
        a_job_that_another_session_runs_is_held,
        a_job_without_its_table_stops_and_names_it,
        a_database_that_cannot_be_reached_shows_why_and_when_it_is_tried_again,
        a_job_that_waits_for_a_connection_says_that_others_have_them,
        a_job_whose_table_is_locked_backs_off_and_shows_the_error,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
