#include "pgpurged/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "config/duration.h"
#include "config/size.h"
#include "pgpurged/daemon.h"
#include "purge/estimate.h"
#include "sql/quote.h"
#include "wire/loop.h"

/* What one backend was seen to do without rest, for a table that has no run of its own yet
 * (README). */
enum { ASSUMED_ROWS_PER_SECOND = 200000, ASSUMED_PAGES_PER_SECOND = 100000 };

/* The jobs are looked at one after the other. */
struct planning {
    const struct settings *settings;
    const struct job_settings *job; /* the one that is being looked at */
    struct loop *loop;
    struct pg *pg;
    struct estimation *estimation;
    enum exit_code exit_code;
};

/* --- words --- */

static void print_utc(const char *label, struct wall moment)
{
    time_t seconds = (time_t)(moment.us / 1000000);
    struct tm utc;
    char text[32];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
    printf("  %-9s %s UTC\n", label, text);
}

static void print_due(const struct sample *sample)
{
    struct text_number due, rows;

    printf("  due now   %s%s of %s rows (%.1f %%), %s\n", sample->exact ? "" : "about ",
           text_grouped(&due, llround(sample->due)), text_grouped(&rows, llround(sample->rows)),
           sample->rows > 0 ? 100 * sample->due / sample->rows : 0,
           sample->exact ? "counted" : "estimated from a sample of 2,000 pages");
    if (sample->any_marked)
        print_utc(sample->due > 0 ? "due since" : "first due", sample->earliest_due);
}

static double seconds_needed(const struct job_settings *job, const struct estimate *estimate)
{
    double due = estimate->sample.due;
    double seconds;

    if (estimate->last_seconds > 0)
        return due * estimate->last_seconds / estimate->last_rows;
    seconds = fmax(due / ASSUMED_ROWS_PER_SECOND,
                   (double)estimate->table.blocks / ASSUMED_PAGES_PER_SECOND) *
              100 / (double)job->duty_percent;
    if (job->max_rows_per_second > 0)
        seconds = fmax(seconds, due / (double)job->max_rows_per_second);
    return seconds;
}

static void print_duration(const struct job_settings *job, const struct estimate *estimate)
{
    if (estimate->sample.due > 0)
        printf("  takes     about %.0f s, %s\n", ceil(seconds_needed(job, estimate)),
               estimate->last_seconds > 0
                   ? "going by its last run"
                   : "if this server deletes 200,000 rows/s (no run was measured yet)");
}

static void print_risks(const struct job_settings *job, const struct estimate *estimate)
{
    char *column = sql_identifier(job->expires.column);
    const struct abilities *abilities = &estimate->table.abilities;

    if (!estimate->table.may_lock)
        printf("  risk      role %s may not lock rows: where others hold locks, single rows have "
               "to be tried "
               "one by one;\n            run: GRANT UPDATE (%s) ON %s TO %s\n",
               estimate->table.role, column, job->table.written, estimate->table.role);
    if (!abilities->sees_all)
        printf("  risk      role %s does not see what other sessions do, so max_replica_lag, "
               "max_active_sessions,\n            max_snapshot_age and waiting sessions hold "
               "nothing back;\n            run: GRANT pg_monitor TO %s\n",
               estimate->table.role, estimate->table.role);
    if (estimate->table.may_lock && abilities->sees_all)
        printf("  risk      none seen\n");
    free(column);
}

/* The statement as the server gets it, indented. */
static void print_sql(const char *sql)
{
    const char *lead = "  SQL       ";

    while (*sql != '\0') {
        size_t length = strcspn(sql, "\n");

        printf("%s%.*s\n", lead, (int)length, sql);
        lead = "            ";
        sql += length + (sql[length] == '\n');
    }
}

/* Workers and the limits that nobody has unless he asks for them: a line only if they are set. */
static void print_pace(const struct job_settings *job, const struct database_settings *database)
{
    struct text rate = {0};

    printf("  pace      batches of %" PRId64 " ms and at most %" PRId64 " rows, %" PRId64
           " %% of the time\n",
           job->batch_time_ms, job->batch_rows, job->duty_percent);
    if (job->workers > 1)
        printf("  workers   %" PRId64 ", on as many connections at once\n", job->workers);
    if (database->max_wal_rate_bytes > 0) {
        size_print(database->max_wal_rate_bytes, &rate);
        printf("  limit     max_wal_rate = %s\n", rate.data);
        text_free(&rate);
    }
    if (database->max_active_sessions > 0)
        printf("  limit     max_active_sessions = %" PRId64 "\n", database->max_active_sessions);
}

static void print_plan(const struct job_settings *job, const struct database_settings *database,
                       const struct estimate *estimate)
{
    struct text every = {0};
    struct text_number pages;

    printf("job %s: %s in database %s\n", job->name, job->table.written, job->database);
    printf("  rule      expires = %s: due is what %s before %.19s UTC\n", job->expires.written,
           job->expires.kind == EXPIRES_AT ? "expired" : "was marked", estimate->cutoff);
    printf("  table     %s %s of %u kB\n", text_grouped(&pages, estimate->table.blocks),
           estimate->table.blocks == 1 ? "page" : "pages", estimate->table.block_size / 1024);
    print_due(&estimate->sample);
    printf("  found by  %s\n", estimate->choice.why);
    print_pace(job, database);
    print_duration(job, estimate);
    duration_print_ms(job->every_ms, &every);
    printf("  window    %s (%s), every %s\n", job->window_written, job->timezone, every.data);
    text_free(&every);
    print_risks(job, estimate);
    print_sql(estimate->choice.walk == INDEX_WALK ? estimate->sql.delete_tids
                                                  : estimate->sql.delete_range);
}

/* --- one job after the other --- */

static void done(struct planning *planning)
{
    pg_close(planning->pg);
    planning->pg = NULL;
    loop_stop(planning->loop);
}

static void refuse(struct planning *planning, const char *why)
{
    printf("job %s: %s in database %s\n  refused   %s\n", planning->job->name,
           planning->job->table.written, planning->job->database, why);
    planning->exit_code = EXIT_FAILED;
}

static void estimated(void *arg, enum batch_outcome outcome, const struct estimate *estimate,
                      const struct err *err)
{
    struct planning *planning = arg;

    if (outcome == BATCH_COMMITTED)
        print_plan(planning->job, settings_database(planning->settings, planning->job->database),
                   estimate);
    else
        refuse(planning, err->text);
    done(planning);
}

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct planning *planning = arg;

    if (ok) {
        planning->estimation = estimate_start(planning->pg, planning->job, estimated, planning);
        return;
    }
    refuse(planning, error->message);
    done(planning);
}

static void plan_job(struct planning *planning, const struct job_settings *job)
{
    const struct database_settings *database = settings_database(planning->settings, job->database);

    planning->job = job;
    planning->pg = pg_open(planning->loop, database->conninfo, "pgpurged plan",
                           database->connect_timeout_ms, connected, planning);
    loop_run(planning->loop);
    estimate_free(planning->estimation);
    planning->estimation = NULL;
}

static bool is_wanted(const struct job_settings *job, char *const *names, size_t name_count)
{
    for (size_t i = 0; i < name_count; i++)
        if (text_equal(names[i], job->name))
            return true;
    return name_count == 0;
}

int plan_run(struct settings *settings, char *const *names, size_t name_count)
{
    struct planning planning = {.settings = settings, .exit_code = EXIT_DONE};
    bool first = true;

    planning.loop = loop_new();
    for (size_t i = 0; i < settings->job_count; i++) {
        if (!is_wanted(&settings->jobs[i], names, name_count))
            continue;
        if (!first)
            putchar('\n');
        first = false;
        plan_job(&planning, &settings->jobs[i]);
    }
    loop_free(planning.loop);
    settings_free(settings);
    return planning.exit_code;
}
