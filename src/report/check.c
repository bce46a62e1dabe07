#include "report/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "report/human.h"
#include "report/json.h"
#include "report/number.h"

enum { FINDINGS_SHOWN = 5, CHECK_STATUS_COUNT = CHECK_UNKNOWN + 1 };

/* What was found so far, by how bad it is. */
struct findings {
    struct text texts[CHECK_STATUS_COUNT];
    size_t counts[CHECK_STATUS_COUNT];
    size_t all;
};

__attribute__((format(printf, 3, 4))) static void
found(struct findings *findings, enum check_status status, const char *format, ...)
{
    struct text *text = &findings->texts[status];
    char sentence[512];
    va_list args;

    findings->all++;
    if (findings->counts[status]++ >= FINDINGS_SHOWN)
        return;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (text->length > 0)
        text_add(text, "; ");
    text_add(text, sentence);
}

static const char *known(const char *text)
{
    return text != NULL ? text : "?";
}

static double seconds_since(struct wall moment, struct wall now)
{
    return (double)(now.us - moment.us) / 1e6;
}

/* NAN as a limit never compares. */
static enum check_status judge(double value, double warning, double critical)
{
    return value > critical ? CHECK_CRITICAL : value > warning ? CHECK_WARNING : CHECK_OK;
}

static void check_daemon(struct findings *findings, const struct daemon_view *daemon)
{
    if (!daemon->reload_ok)
        found(findings, CHECK_WARNING, "the new configuration was refused: %s",
              known(daemon->reload_error));
}

static void check_database(struct findings *findings, const struct database_view *database)
{
    if (!database->up)
        found(findings, CHECK_CRITICAL, "database %s is down: %s", known(database->name),
              database->error.present ? known(database->error.message) : "not connected yet");
    else if (database->kill_switch == MAYBE_YES)
        found(findings, CHECK_WARNING, "the kill switch of database %s is on",
              known(database->name));
}

/* Some holds are how things should be (the window, a standby, another daemon that does the work, a
 * limit that does its work), some are told by the database. */
static enum check_status judge_hold(enum reason reason)
{
    switch (reason) {
    case REASON_CLOCK:
        return CHECK_CRITICAL;
    case REASON_PAUSED:
    case REASON_SCHEMA:
    case REASON_REFUSED:
    case REASON_LOCKED:
    case REASON_ERRORS:
    case REASON_BREAKER:
    case REASON_MAX_HOLD:
        return CHECK_WARNING;
    case REASON_NONE:
    case REASON_NOT_DUE:
    case REASON_WINDOW:
    case REASON_DISABLED:
    case REASON_CHILDREN:
    case REASON_KILL_SWITCH:
    case REASON_OTHER_DAEMON:
    case REASON_CONNECTION:
    case REASON_DATABASE:
    case REASON_STANDBY:
    case REASON_RATE:
    case REASON_DUTY_CYCLE:
    case REASON_REPLICA_LAG:
    case REASON_SLOT_LAG:
    case REASON_WAL_RATE:
    case REASON_LOCK_WAITERS:
    case REASON_ACTIVE_SESSIONS:
    case REASON_OLD_SNAPSHOT:
    case REASON_WRAPAROUND:
    case REASON_DRAIN:
        break;
    }
    return CHECK_OK;
}

/* What the job itself says. */
static void check_state(struct findings *findings, const struct job_view *job)
{
    const char *breaker = job->breaker != NULL ? job->breaker : "closed";

    if (job->state == JOB_STOPPED)
        found(findings, CHECK_CRITICAL, "%s is stopped: %s", known(job->name), job_view_why(job));
    else if (!text_equal(breaker, "closed"))
        found(findings, text_equal(breaker, "open") ? CHECK_CRITICAL : CHECK_WARNING,
              "%s has failed %lld times in a row: %s", known(job->name), (long long)job->failures,
              job->error.present ? known(job->error.message) : job_view_why(job));
    else if (job->state == JOB_HELD && judge_hold(job->reason) != CHECK_OK)
        found(findings, judge_hold(job->reason), "%s is held: %s", known(job->name),
              job_view_why(job));
    else if (job->reason == REASON_MAX_HOLD) /* no longer held, but hardly more than that */
        found(findings, judge_hold(job->reason), "%s is throttled: %s", known(job->name),
              job_view_why(job));
}

static void check_overdue(struct findings *findings, const struct job_view *job,
                          const struct check_limits *limits)
{
    enum check_status status =
        judge(job->oldest_overdue_s, limits->overdue_warning_s, limits->overdue_critical_s);
    struct text age = {0};

    if (status == CHECK_OK)
        return;
    human_duration(&age, job->oldest_overdue_s);
    found(findings, status, "%s: the oldest due row is %s late", known(job->name), age.data);
    text_free(&age);
}

/* A job that has never succeeded is as old as the daemon. */
static void check_success(struct findings *findings, const struct job_view *job,
                          const struct daemon_view *daemon, const struct check_limits *limits)
{
    bool ever = wall_known(job->last_success);
    double age_s = seconds_since(ever ? job->last_success : daemon->started, daemon->now);
    enum check_status status = judge(age_s, limits->success_warning_s, limits->success_critical_s);
    struct text age = {0};

    if (status == CHECK_OK)
        return;
    human_duration(&age, age_s);
    if (ever)
        found(findings, status, "%s: the last successful run was %s ago", known(job->name),
              age.data);
    else
        found(findings, status, "%s: no success since the daemon started %s ago", known(job->name),
              age.data);
    text_free(&age);
}

static void check_rejected(struct findings *findings, const struct job_view *job)
{
    int64_t rows = job_view_rejected_rows(job);
    struct text why = {0};

    if (rows == 0)
        return;
    text_add(&why, "");
    rejected_list_summarize(job_view_rejected_by(job), &why);
    found(findings, CHECK_WARNING, "%s: %lld %s rejected%s", known(job->name), (long long)rows,
          rows == 1 ? "row is" : "rows are", why.data);
    text_free(&why);
}

static void check_job(struct findings *findings, const struct snapshot *snapshot,
                      const struct job_view *job, const struct check_limits *limits)
{
    const struct database_view *database = snapshot_database(snapshot, known(job->database));
    size_t before = findings->all;

    if (!job->enabled)
        return;
    check_state(findings, job);
    check_overdue(findings, job, limits);
    check_success(findings, job, &snapshot->daemon, limits);
    check_rejected(findings, job);
    /* Where something else is wrong already, or the database is down, it adds nothing. */
    if (isnan(job->oldest_overdue_s) && findings->all == before && database != NULL &&
        database->up && database->role != ROLE_STANDBY)
        found(findings, CHECK_UNKNOWN, "%s: the age of the oldest due row is not known yet",
              known(job->name));
}

/* The figures of the jobs that were looked at. */
struct sums {
    int64_t jobs, states[JOB_STATE_COUNT], rejected_rows, deleted_rows;
    double overdue_s, due_rows; /* NAN while not one of them is known */
    const char *latest;         /* the job with the oldest due row */
};

static void sum_job(struct sums *sums, const struct job_view *job)
{
    sums->jobs++;
    sums->states[job->state]++;
    sums->rejected_rows += job_view_rejected_rows(job);
    sums->deleted_rows += job->counters.rows_deleted;
    if (!isnan(job->due_rows))
        sums->due_rows = isnan(sums->due_rows) ? job->due_rows : sums->due_rows + job->due_rows;
    if (!isnan(job->oldest_overdue_s) && !(sums->overdue_s >= job->oldest_overdue_s)) {
        sums->overdue_s = job->oldest_overdue_s;
        sums->latest = job->name;
    }
}

static void add_limit(struct text *out, double limit)
{
    text_add(out, ";");
    if (isfinite(limit))
        number_add(out, limit);
}

static void write_perfdata(struct text *out, const struct sums *sums,
                           const struct check_limits *limits)
{
    text_add(out, "overdue=");
    if (isnan(sums->overdue_s)) {
        text_add(out, "U");
    } else {
        number_add(out, sums->overdue_s);
        text_add(out, "s");
    }
    add_limit(out, limits->overdue_warning_s);
    add_limit(out, limits->overdue_critical_s);
    text_add(out, ";0 due_rows=");
    if (isnan(sums->due_rows))
        text_add(out, "U");
    else
        number_add(out, sums->due_rows);
    text_addf(out, ";;;0 rejected_rows=%lld;0;;0 deleted_rows=%lldc",
              (long long)sums->rejected_rows, (long long)sums->deleted_rows);
    text_addf(out, " jobs=%lld;;;0 held=%lld;0;;0 stopped=%lld;;0;0", (long long)sums->jobs,
              (long long)sums->states[JOB_HELD], (long long)sums->states[JOB_STOPPED]);
}

static void write_fine(struct text *out, const struct sums *sums)
{
    text_addf(out, "%lld job%s, ", (long long)sums->jobs, sums->jobs == 1 ? "" : "s");
    if (sums->overdue_s > 0) {
        text_addf(out, "the oldest due row is ");
        human_duration(out, sums->overdue_s);
        text_addf(out, " late (%s)", known(sums->latest));
    } else {
        text_add(out, "nothing is overdue");
    }
}

/* Worst first; unknown is less than a warning, because a warning is known. */
static void write_findings(struct check_result *result, struct findings *findings)
{
    static const enum check_status order[] = {CHECK_CRITICAL, CHECK_WARNING, CHECK_UNKNOWN};
    size_t shown = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(order) && shown < FINDINGS_SHOWN; i++) {
        size_t count = findings->counts[order[i]];

        if (count == 0)
            continue;
        if (shown == 0)
            result->status = order[i];
        else
            text_add(&result->summary, "; ");
        text_add(&result->summary, findings->texts[order[i]].data);
        shown += count < FINDINGS_SHOWN ? count : FINDINGS_SHOWN;
    }
    if (findings->all > shown)
        text_addf(&result->summary, "; and %zu more", findings->all - shown);
}

/* A bar would begin the perfdata, and a newline would end the line. */
static void make_one_line(struct text *text)
{
    for (size_t i = 0; i < text->length; i++)
        if ((unsigned char)text->data[i] < 0x20 || text->data[i] == '|' || text->data[i] == 0x7F)
            text->data[i] = ' ';
}

static void check_databases(struct findings *findings, const struct snapshot *snapshot,
                            const struct job_view *only)
{
    for (size_t i = 0; i < snapshot->database_count; i++) {
        const struct database_view *database = &snapshot->databases[i];

        if (only == NULL || text_equal(known(only->database), known(database->name)))
            check_database(findings, database);
    }
}

struct check_result check_snapshot(const struct snapshot *snapshot, const struct job_view *only,
                                   const struct check_limits *limits)
{
    struct check_result result = {.status = CHECK_OK};
    struct findings findings = {0};
    struct sums sums = {.overdue_s = NAN, .due_rows = NAN};

    check_databases(&findings, snapshot, only);
    for (size_t i = 0; i < snapshot->job_count; i++) {
        const struct job_view *job = &snapshot->jobs[i];

        if (only != NULL && job != only)
            continue;
        check_job(&findings, snapshot, job, limits);
        sum_job(&sums, job);
    }
    check_daemon(&findings, &snapshot->daemon);
    if (findings.all > 0)
        write_findings(&result, &findings);
    else
        write_fine(&result.summary, &sums);
    make_one_line(&result.summary);
    write_perfdata(&result.perfdata, &sums, limits);
    for (size_t i = 0; i < CHECK_STATUS_COUNT; i++)
        text_free(&findings.texts[i]);
    return result;
}

void check_clear(struct check_result *result)
{
    text_free(&result->summary);
    text_free(&result->perfdata);
}

const char *check_status_name(enum check_status status)
{
    switch (status) {
    case CHECK_OK:
        return "OK";
    case CHECK_WARNING:
        return "WARNING";
    case CHECK_CRITICAL:
        return "CRITICAL";
    case CHECK_UNKNOWN:
        break;
    }
    return "UNKNOWN";
}

void check_print(struct text *out, const struct check_result *result)
{
    text_addf(out, "PGPURGED %s - %s", check_status_name(result->status), result->summary.data);
    if (result->perfdata.length > 0)
        text_addf(out, " | %s", result->perfdata.data);
    text_add(out, "\n");
}

void check_print_json(struct text *out, const struct check_result *result)
{
    text_addf(out, "{\"status\":\"%s\",\"code\":%d,\"message\":", check_status_name(result->status),
              (int)result->status);
    json_write_string(out, result->summary.data);
    text_add(out, ",\"perfdata\":");
    json_write_string(out, result->perfdata.data != NULL ? result->perfdata.data : "");
    text_add(out, "}\n");
}
