#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* 2026-11-21 01:00:00 UTC, plus so many seconds. */
static struct wall at(int64_t seconds)
{
    return (struct wall){(INT64_C(1795222800) + seconds) * 1000000};
}

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

static void fill_daemon(struct daemon_view *daemon)
{
    daemon->version = text_copy("0.1.0");
    daemon->pid = 4242;
    daemon->now = at(0);
    daemon->started = at(-3 * DAY - 4 * HOUR);
    daemon->config_path = text_copy("/etc/pgpurged/pgpurged.conf");
    daemon->reloaded = at(-12 * MINUTE);
    daemon->reload_ok = false;
    daemon->reload_error = text_copy("pgpurged.conf:12: every: \"30\" has no unit; write 30d");
}

static void fill_up(struct database_view *database)
{
    database->name = text_copy("shop");
    database->up = true;
    database->server_version = text_copy("15.4");
    database->role = ROLE_PRIMARY;
    database->replica_lag_s = 0.25;
    database->clock_skew_s = -1.5;
    database->kill_switch = MAYBE_NO;
    database->connections = 2;
    database->max_connections = 4;
    database->counters.connection_attempts = 3;
    database->counters.connection_failures = 1;
}

static void fill_down(struct database_view *database)
{
    database->name = text_copy("archive");
    database->max_connections = 2;
    database->backoff_s = 12;
    database->failures = 4;
    database->error =
        (struct error_view){true,
                            text_copy("connection to server at \"10.0.0.7\", port 5432 failed:\n"
                                      "Connection refused"),
                            text_copy("08001"), at(-48)};
    database->counters.connection_attempts = 4;
    database->counters.connection_failures = 4;
}

static void name_job(struct job_view *job, const char *name, const char *database,
                     enum job_state state, enum reason reason)
{
    job->name = text_copy(name);
    job->database = text_copy(database);
    job->table = text_format("public.%s", name);
    job->enabled = true;
    job->state = state;
    job->reason = reason;
    job->since = at(-5);
    job->breaker = text_copy("closed");
    job->every_s = DAY;
}

static void set_window(struct job_view *job, enum maybe open, struct wall changes)
{
    job->window = (struct job_window_view){text_copy("Mon-Fri 01:00-05:00, Sat-Sun 00:00-08:00"),
                                           text_copy("Europe/Berlin"), open, changes};
}

static void fill_counters(struct job_counters *counters)
{
    counters->rows_deleted = 1234567;
    counters->audit_rows = 1250;
    counters->rows_skipped = 12;
    counters->rows_rejected[REJECTED_FOREIGN_KEY] = 2;
    counters->rows_rejected[REJECTED_EXCEPTION] = 1;
    counters->batches[BATCH_COMMITTED] = 1250;
    counters->batches[BATCH_LOCKED] = 4;
    counters->batches[BATCH_UNKNOWN] = 1;
    for (int i = 0; i < 1250; i++)
        histogram_add(&counters->batch_seconds, i % 50 == 0 ? 0.0625 : 0.03125);
    counters->wal_bytes = INT64_C(1) << 31;
    counters->runs[RUN_DONE] = 3;
    counters->runs[RUN_INCOMPLETE] = 1;
    counters->run_seconds = 754.5;
    counters->reusable_bytes = INT64_C(3) << 28;
    counters->vacuums[VACUUM_DONE] = 2;
    counters->vacuums[VACUUM_LOCKED] = 1;
    counters->vacuum_seconds = 8.25;
    counters->held_seconds[REASON_WINDOW] = 2 * DAY;
    counters->held_seconds[REASON_LOCKED] = 7.125;
}

static void fill_last_run(struct last_run_view *run)
{
    *run = (struct last_run_view){.present = true,
                                  .id = 16,
                                  .started = at(-DAY),
                                  .ended = at(-DAY + 191),
                                  .outcome = RUN_INCOMPLETE,
                                  .rows = 84211,
                                  .batches = 92,
                                  .skipped_rows = 1,
                                  .rejected_rows = 2,
                                  .reusable_bytes = 17.5 * 1024 * 1024,
                                  .vacuumed = at(-DAY + 195),
                                  .detail = text_copy("1 due rows are left that others had locked, "
                                                      "2 rejected by items_order_fkey on "
                                                      "public.items")};
    rejected_list_add(&run->rejected_by,
                      &(struct rejected_cause){REJECTED_FOREIGN_KEY,
                                               "items_order_fkey on public.items", "23503",
                                               "they are still referenced"},
                      2);
}

static void fill_run(struct run_view *run)
{
    *run = (struct run_view){.present = true,
                             .id = 17,
                             .started = at(-12 * MINUTE),
                             .cutoff = at(-12 * MINUTE - 30 * DAY),
                             .pass = 1,
                             .rows = 423000,
                             .batches = 431,
                             .skipped_rows = 3,
                             .rejected_rows = 1,
                             .rows_per_second = 12345.5,
                             .batch_rows = 980,
                             .chunk_blocks = 64,
                             .block = 52400,
                             .blocks = 100000,
                             .pass_s = 34.5};
    run_view_estimate(run);
    run->eta_s = floor(run->eta_s);
}

/* Nothing is unknown. */
static void fill_running(struct job_view *job)
{
    name_job(job, "orders", "shop", JOB_RUNNING, REASON_DUTY_CYCLE);
    job->why = text_copy("it rests half of the time");
    set_window(job, MAYBE_YES, at(4 * HOUR));
    job->next_run = at(DAY);
    fill_run(&job->run);
    rejected_list_add(&job->run.rejected_by,
                      &(struct rejected_cause){REJECTED_CONSTRAINT,
                                               "items_total_check on public.items", "23514",
                                               "the total of an invoice would be wrong"},
                      1);
    job->run.partition = text_copy("orders_2026_02");
    job->run.partition_number = 3;
    job->run.partition_count = 14;
    fill_last_run(&job->last_run);
    job->last_success = at(-2 * DAY);
    job->oldest_overdue_s = 2 * HOUR + 10 * MINUTE;
    job->due_rows = 411900;
    job->undated_rows = 17;
    job->failures = 1;
    job->backoff_s = 0.5;
    job->error = (struct error_view){true, text_copy("canceling statement due to lock timeout"),
                                     text_copy("55P03"), at(-90)};
    fill_counters(&job->counters);
}

/* One without any text, and one whose text would colour the terminal. */
static void add_causes(struct rejected_list *list)
{
    static const struct rejected_cause silent = {.reason = REJECTED_TRIGGER},
                                       raised = {REJECTED_EXCEPTION, NULL, "P0001",
                                                 "kept for the auditors"};

    rejected_list_add(list, &silent, 3);
    rejected_list_add(list, &raised, 7);
    rejected_list_sort(list);
}

static char *explained(const struct rejected_list *list)
{
    struct text text = {0};

    rejected_list_explain(list, &text);
    return text_take(&text);
}

static void fill_waiting(struct job_view *job)
{
    name_job(job, "sessions", "shop", JOB_WAITING, REASON_WINDOW);
    set_window(job, MAYBE_NO, at(13 * HOUR));
    job->next_run = at(13 * HOUR);
    job->last_success = at(-11 * HOUR);
    job->oldest_overdue_s = 0;
    job->due_rows = 0;
    fill_last_run(&job->last_run);
    job->last_run.skipped_rows = 0;
    add_causes(&job->last_run.rejected_by);
    job->last_run.rejected_rows = rejected_list_rows(&job->last_run.rejected_by);
    free(job->last_run.detail);
    job->last_run.detail = explained(&job->last_run.rejected_by);
}

static void fill_held(struct job_view *job)
{
    name_job(job, "comments", "shop", JOB_HELD, REASON_PAUSED);
    set_window(job, MAYBE_YES, at(4 * HOUR));
    job->oldest_overdue_s = 3 * DAY;
    job->due_rows = 38000;
    fill_run(&job->run);
    rejected_list_add(&job->run.rejected_by, &(struct rejected_cause){.reason = REJECTED_TOO_SLOW},
                      1);
}

static void fill_stopped(struct job_view *job)
{
    name_job(job, "carts_of_guests_and_of_customers", "shop", JOB_STOPPED, REASON_REFUSED);
    job->why = text_copy("column \"deleted_at\" of the table public.carts is not there any more "
                         "(42703); correct `expires` and reload, or resume the job");
    job->window.open = MAYBE_YES;
    job->window.spans = text_copy("always");
    job->error = (struct error_view){true, text_copy("column \"deleted_at\" does not exist"),
                                     text_copy("42703"), at(-HOUR)};
}

static void fill_backing_off(struct job_view *job)
{
    name_job(job, "events", "shop", JOB_BACKING_OFF, REASON_BREAKER);
    set_window(job, MAYBE_YES, at(30 * MINUTE));
    free(job->breaker);
    job->breaker = text_copy("open");
    job->failures = 8;
    job->backoff_s = 14 * MINUTE + 3;
    job->oldest_overdue_s = 9 * DAY;
    job->due_rows = 12345678;
    job->error = (struct error_view){true,
                                     text_copy("update or delete on table \"events\" violates"
                                               " foreign key constraint"),
                                     text_copy("23503"), at(-57)};
}

static void fill_unknown(struct job_view *job)
{
    name_job(job, "old_invoices", "archive", JOB_CONNECTING, REASON_DATABASE);
}

struct snapshot *made_up(void)
{
    static void (*const fill[])(struct job_view * job) = {
        fill_running, fill_waiting, fill_held, fill_stopped, fill_backing_off, fill_unknown};
    struct snapshot *snapshot = snapshot_new(2, ARRAY_LENGTH(fill));

    fill_daemon(&snapshot->daemon);
    fill_up(&snapshot->databases[0]);
    fill_down(&snapshot->databases[1]);
    for (size_t i = 0; i < ARRAY_LENGTH(fill); i++)
        fill[i](&snapshot->jobs[i]);
    return snapshot;
}

struct snapshot *made_up_many(size_t job_count)
{
    struct snapshot *snapshot = snapshot_new(1, job_count);

    fill_daemon(&snapshot->daemon);
    fill_up(&snapshot->databases[0]);
    for (size_t i = 0; i < job_count; i++) {
        fill_running(&snapshot->jobs[i]);
        free(snapshot->jobs[i].name);
        snapshot->jobs[i].name = text_format("job_%04zu", i);
    }
    return snapshot;
}

double slowness(void)
{
    return RUNNING_ON_VALGRIND ? 100 : 1;
}

static char *golden_path(const char *name)
{
    const char *srcdir = getenv("srcdir");

    return text_format("%s/tests/golden/report/%s", srcdir != NULL ? srcdir : ".", name);
}

static void golden_write(const char *path, const struct text *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_msg(file != NULL, "can't write %s", path);
    fwrite(text->data, 1, text->length, file);
    fclose(file);
}

static struct text golden_read(const char *path)
{
    struct text text = {0};
    char piece[4096];
    size_t n;
    FILE *file = fopen(path, "r");

    ck_assert_msg(file != NULL, "can't read %s; GOLDEN_UPDATE=1 writes it", path);
    text_add(&text, "");
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        text_add_bytes(&text, piece, n);
    fclose(file);
    return text;
}

void golden_check(const char *name, const struct text *text)
{
    char *path = golden_path(name);
    struct text wanted;

    if (getenv("GOLDEN_UPDATE") != NULL)
        golden_write(path, text);
    wanted = golden_read(path);
    ck_assert_msg(text_equal(wanted.data, text->data), "%s differs; this was printed:\n%s", name,
                  text->data);
    text_free(&wanted);
    free(path);
}
