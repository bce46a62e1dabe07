/*
 * After a run: what it has removed becomes reusable when a VACUUM has been there, and that is ours
 * where policy/vacuum.h says so.
 *
 *   job_vacuum_after_run -> look at schedule and tables -> [let others have the connection first]
 *   job_vacuum_connected -> [settings -> VACUUM -> note]* -> close the connection -> end
 *
 * It runs on a connection of its own, asked from the host like any other, which is closed
 * afterwards: its settings hold for the session, and nobody else is to get them. Whatever goes
 * wrong is logged and counted, and never stops the purge. To stop one, the connection is closed:
 * the server notices within a second (sql/vacuum.c), and nothing has to be waited for.
 */
#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "policy/vacuum.h"
#include "report/human.h"
#include "sql/vacuum.h"

/* The columns of sql_vacuum_tables, in their order. */
enum table_column {
    TABLE_RELATION,
    TABLE_NAME,
    TABLE_ROWS,
    TABLE_DEAD_ROWS,
    TABLE_AUTOVACUUM,
    TABLE_THRESHOLD,
    TABLE_MAY,
    TABLE_OWN,
};

enum {
    DEADLINE_MS = 30 * 1000, /* beyond the server's own */
    CONNECTIONS_NEEDED = 2,  /* one of them watches it */
};

static void next_table(struct job *job);

/* --- after preflight --- */

static void warn_of_rights(const struct job *job)
{
    char *complaint = rights_complaint(&job->rights, job->settings, &job->table);
    char *grant = rights_grant(&job->rights, job->settings, &job->table);

    if (complaint == NULL && job->host.database->max_connections < CONNECTIONS_NEEDED)
        complaint = text_copy("with max_connections = 1 nobody could watch whether somebody waits "
                              "for its lock");
    if (complaint != NULL)
        log_warning("job=%s vacuum = after is left to autovacuum: %s%s%s", job->settings->name,
                    complaint, grant != NULL ? "; run: " : "", grant != NULL ? grant : "");
    free(grant);
    free(complaint);
}

static void rights_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    if (!job_query_succeeded(job, reply))
        return;
    rights_read(reply, &job->rights);
    if (job->settings->vacuum == VACUUM_AFTER)
        warn_of_rights(job);
    job_look_at_schedule(job);
}

void job_learn_rights(struct job *job)
{
    if (job->settings->vacuum == VACUUM_NEVER)
        job_look_at_schedule(job);
    else
        rights_send(job->pg, &job->table, rights_answered, job);
}

/* --- before a run: how much space a row takes --- */

static void rows_measured(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    if (pg_result_status(reply) == PG_LOST) {
        job_query_succeeded(job, reply);
        return;
    }
    job->course.row_bytes = NAN; /* for people only: no reason not to purge */
    if (query_outcome(reply) == BATCH_COMMITTED && pg_result_text(reply, QUERY_STEP, 0, 0) != NULL)
        job->course.row_bytes = pg_result_double(reply, QUERY_STEP, 0, 0);
    job_open_run(job);
}

void job_measure_rows(struct job *job)
{
    struct query_number oid;
    const char *retention = job->settings->expires.retention;
    const char *values[] = {query_number(&oid, job->table.relation), job->sql.predicate,
                            retention != NULL ? retention : "0"};

    query_send(job->pg, &(struct pg_step){sql_row_bytes, values, ARRAY_LENGTH(values)}, true,
               rows_measured, job);
}

/* --- the end --- */

static void free_tables(struct job_vacuum *vacuum)
{
    for (size_t i = 0; i < vacuum->count; i++)
        free(vacuum->tables[i].name);
    free(vacuum->tables);
}

static void forget(struct job *job)
{
    struct job_vacuum vacuum = job->vacuum;

    job->vacuum = (struct job_vacuum){0};
    free_tables(&vacuum);
    if (vacuum.watcher_wanted)
        job->host.unwant(job->host.arg, job);
    if (vacuum.watcher != NULL)
        job->host.drop(job->host.arg, job, vacuum.watcher);
}

void job_vacuum_free(struct job *job)
{
    pg_close(job->vacuum.watcher);
    free_tables(&job->vacuum);
}

void job_end_run(struct job *job)
{
    forget(job);
    if (job->host.once) {
        job_release(job, false);
        job_enter(job, JOB_WAITING, REASON_NOT_DUE, "%s", "");
        job->host.ended(job->host.arg, job, job->course.closing);
    } else if (job->pg != NULL) {
        job_look_at_schedule(job);
    } else {
        job_want_connection(job);
    }
}

/* It has our session's settings, and perhaps a VACUUM still at work. */
static void close_connection(struct job *job)
{
    struct pg *pg = job->pg;

    job->lanes.all[0] = (struct lane){.job = job};
    job->pg = NULL;
    job_release(job, false);
    job->host.drop(job->host.arg, job, pg);
}

static void count(struct job *job, enum vacuum_outcome outcome)
{
    job->host.counters->vacuums[outcome]++;
    job->host.counters->vacuum_seconds += mono_ms_between(job->vacuum.began, mono_now()) / 1000;
}

void job_abandon_vacuum(struct job *job)
{
    const struct job_vacuum *vacuum = &job->vacuum;

    if (vacuum->at_work) {
        count(job, VACUUM_STOPPED);
        log_info("job=%s VACUUM of %s was stopped after %.1f s", job->settings->name,
                 vacuum->tables[vacuum->next].name,
                 mono_ms_between(vacuum->began, mono_now()) / 1000);
    }
    loop_timer_cancel(&job->timer);
    forget(job);
    close_connection(job);
}

/* --- which tables --- */

/* Deals with a reply that is not PG_DONE. Returns whether it is. */
static bool answered(struct job *job, const struct pg_result *reply)
{
    if (pg_result_status(reply) == PG_DONE)
        return true;
    log_warning("job=%s VACUUM after its run: %s", job->settings->name,
                pg_result_error(reply)->message);
    forget(job);
    if (pg_result_status(reply) == PG_LOST) {
        job_query_succeeded(job, reply);
        return false;
    }
    if (job->state == JOB_VACUUMING)
        close_connection(job);
    job_end_run(job);
    return false;
}

/* Of the window. */
static double seconds_left(const struct job *job)
{
    double since_s = mono_ms_between(job->vacuum.asked, mono_now()) / 1000;

    if (!job->look.has_closing)
        return INFINITY;
    return (double)(job->look.window_changes.us - job->look.schedule.clock.us) / 1e6 - since_s;
}

static void judge_table(struct job *job, const struct pg_result *reply, int row)
{
    struct job_vacuum *vacuum = &job->vacuum;
    struct vacuum_facts facts = {
        .wish = job->settings->vacuum,
        .removed_rows = pg_result_int(reply, QUERY_STEP, row, TABLE_ROWS),
        .dead_rows = pg_result_double(reply, QUERY_STEP, row, TABLE_DEAD_ROWS),
        .autovacuum = pg_result_bool(reply, QUERY_STEP, row, TABLE_AUTOVACUUM),
        .threshold = pg_result_double(reply, QUERY_STEP, row, TABLE_THRESHOLD),
        .may = pg_result_bool(reply, QUERY_STEP, row, TABLE_MAY),
        .left_s = seconds_left(job),
    };
    const char *name = pg_result_text(reply, QUERY_STEP, row, TABLE_NAME);
    enum vacuum_verdict verdict = vacuum_judge(&facts);

    if (verdict == VACUUM_NOW) {
        vacuum->tables[vacuum->count++] = (struct vacuum_table){
            pg_result_int(reply, QUERY_STEP, row, TABLE_RELATION), text_copy(name),
            facts.removed_rows, pg_result_bool(reply, QUERY_STEP, row, TABLE_OWN)};
        return;
    }
    log_debug("job=%s leaves %s to autovacuum: %s", job->settings->name, name,
              vacuum_verdict_sentence(verdict));
}

static void tables_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    int rows = pg_result_rows(reply, QUERY_STEP);

    if (!answered(job, reply))
        return;
    job->vacuum.tables = mem_new((size_t)rows * sizeof *job->vacuum.tables);
    for (int row = 0; row < rows; row++)
        judge_table(job, reply, row);
    if (job->vacuum.count == 0 || job->draining || job->paused) {
        job_end_run(job);
        return;
    }
    /* Whoever waits for a connection has it first. */
    job->vacuum.wanted = true;
    job_release(job, false);
    job_want_connection(job);
}

/* The clock of the database, and the run that has just ended for all who look meanwhile. */
static void schedule_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct query_number run;
    const char *values[] = {query_number(&run, job->run.id)};
    const char *sql = sql_vacuum_tables(job->table.server_version);

    if (!answered(job, reply))
        return;
    run_schedule_read(reply, &job->look.schedule);
    job->vacuum.asked = mono_now();
    query_send(job->pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, true, tables_answered,
               job);
}

void job_vacuum_after_run(struct job *job, int64_t rows)
{
    if (job->settings->vacuum == VACUUM_NEVER || rows == 0 || job->draining || job->paused ||
        !job->rights.own_session || job->host.database->max_connections < CONNECTIONS_NEEDED)
        job_end_run(job);
    else
        run_schedule_send(job->pg, job->settings, schedule_answered, job);
}

/* --- one table after the other --- */

static void go_on(struct job *job)
{
    job->vacuum.next++;
    next_table(job);
}

static void log_done(const struct job *job, double left_rows)
{
    const struct vacuum_table *table = &job->vacuum.tables[job->vacuum.next];
    double bytes = table->own ? (double)table->rows * job->course.row_bytes : NAN;
    struct text line = {0};

    text_addf(&line, "vacuumed %s in %.1f s", table->name,
              mono_ms_between(job->vacuum.began, mono_now()) / 1000);
    if (bytes > 0) {
        text_add(&line, ": about ");
        human_bytes(&line, bytes);
        text_add(&line, left_rows > 0 ? " are reusable or will be" : " are reusable");
    }
    if (left_rows > 0)
        text_addf(&line, "; an older transaction may still see %.0f dead rows, which stay for now",
                  left_rows);
    log_info("job=%s run=%lld %s", job->settings->name, (long long)job->run.id, line.data);
    text_free(&line);
}

static void noted(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;

    if (!answered(job, reply))
        return;
    log_done(job, pg_result_double(reply, QUERY_STEP, 0, 0));
    go_on(job);
}

static void note(struct job *job)
{
    struct query_number run, relation;
    const char *values[] = {query_number(&run, job->run.id),
                            query_number(&relation, job->vacuum.tables[job->vacuum.next].relation)};

    query_send(job->pg, &(struct pg_step){sql_note_vacuum, values, ARRAY_LENGTH(values)}, false,
               noted, job);
}

static enum vacuum_outcome outcome_of_error(const struct pg_error *error)
{
    if (text_equal(error->sqlstate, "55P03"))
        return VACUUM_LOCKED;
    if (text_equal(error->sqlstate, "57014"))
        return VACUUM_STOPPED;
    return text_equal(error->sqlstate, "42501") ? VACUUM_REFUSED : VACUUM_FAILED;
}

/* Skipped because of a lock is a warning. So is that the role may not; but that was looked at a
 * moment ago, and other warnings don't mean that nothing was done. */
static enum vacuum_outcome outcome_of(const struct pg_result *reply)
{
    const struct pg_error *warning = pg_result_warning(reply);

    if (pg_result_status(reply) != PG_DONE)
        return outcome_of_error(pg_result_error(reply));
    if (warning != NULL && text_equal(warning->sqlstate, "55P03"))
        return VACUUM_LOCKED;
    return VACUUM_DONE;
}

static void vacuumed(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    enum vacuum_outcome outcome = outcome_of(reply);
    const struct pg_error *warning = pg_result_warning(reply);

    loop_timer_cancel(&job->timer);
    job->vacuum.at_work = false;
    count(job, outcome);
    if (pg_result_status(reply) == PG_DONE && warning != NULL)
        log_warning("job=%s VACUUM of %s: %s", job->settings->name,
                    job->vacuum.tables[job->vacuum.next].name, warning->message);
    else if (outcome != VACUUM_DONE)
        log_warning("job=%s VACUUM of %s %s: %s", job->settings->name,
                    job->vacuum.tables[job->vacuum.next].name, vacuum_outcome_code(outcome),
                    pg_result_error(reply)->message);
    if (pg_result_status(reply) == PG_LOST) {
        forget(job);
        job_query_succeeded(job, reply);
    } else if (outcome == VACUUM_DONE) {
        note(job);
    } else {
        go_on(job);
    }
}

static void settings_answered(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct job_vacuum *vacuum = &job->vacuum;
    char *sql;

    if (!answered(job, reply))
        return;
    if (!pg_result_bool(reply, QUERY_STEP, 0, 0)) {
        log_info("job=%s leaves %s to autovacuum: the kill switch is on, or a right is gone",
                 job->settings->name, vacuum->tables[vacuum->next].name);
        go_on(job);
        return;
    }
    sql = sql_vacuum_of(vacuum->tables[vacuum->next].name);
    vacuum->began = mono_now();
    vacuum->at_work = true;
    pg_send(job->pg, &(struct pg_step){sql, NULL, 0}, 1, vacuum->timeout_ms + DEADLINE_MS, vacuumed,
            job);
    free(sql);
    job_watch_vacuum(job);
}

static void send_settings(struct job *job)
{
    struct job_vacuum *vacuum = &job->vacuum;
    struct query_number n[4];
    const char *values[] = {
        query_number(&n[0], vacuum->tables[vacuum->next].relation),
        query_number(&n[1], pg_backend_pid(job->pg)),
        query_number(&n[2], vacuum->timeout_ms),
        query_number(&n[3], job->settings->lock_timeout_ms),
    };
    const char *sql = sql_vacuum_settings(job->table.server_version);

    job_enter(job, JOB_VACUUMING, REASON_NONE, "%s", vacuum->tables[vacuum->next].name);
    query_send(job->pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, false,
               settings_answered, job);
}

static void next_table(struct job *job)
{
    struct job_vacuum *vacuum = &job->vacuum;
    double left_s = seconds_left(job);

    if (vacuum->next < vacuum->count && left_s >= VACUUM_LEAST_S) {
        vacuum->timeout_ms = vacuum_timeout_ms(left_s);
        send_settings(job);
        return;
    }
    forget(job);
    close_connection(job);
    job_end_run(job);
}

void job_vacuum_connected(struct job *job)
{
    job->vacuum.wanted = false;
    if (job->paused)
        job_end_run(job);
    else
        next_table(job);
}
