#include "engine/vacuum.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "catalog/rights.h"
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
    WATCH_MS = 1000,
    UNWATCHED_MS = 5 * 1000, /* most that a VACUUM is at work before it is watched */
};

struct table {
    int64_t relation; /* OID */
    char *name;       /* qualified and quoted */
    int64_t rows;     /* that the run has removed from it */
    bool own;         /* a partition of the job's table, and no child */
};

/* A leased connection. */
struct session {
    struct lease *lease; /* NULL = not asked for */
    struct pg *pg;       /* NULL = not there */
};

struct vacuum {
    struct vacuum_host host;
    struct vacuum_run run;
    struct loop_timer timer;        /* the watcher's next question */
    struct session worker, watcher; /* does it; asks whether anybody waits for it */
    struct table *tables;
    size_t count, next;
    struct mono began;  /* the VACUUM; {0} = none is at work */
    int64_t timeout_ms; /* of this VACUUM */
    double seconds;     /* that the last one took */
    bool watching;      /* the watcher's question is in flight */
};

static void next_table(struct vacuum *vacuum);

/* --- its life --- */

struct vacuum *vacuum_new(const struct vacuum_host *host)
{
    struct vacuum *vacuum = mem_new(sizeof *vacuum);

    vacuum->host = *host;
    return vacuum;
}

bool vacuum_is_wanted(const struct vacuum *vacuum, int64_t rows)
{
    bool wanted = vacuum->host.job->vacuum != VACUUM_NEVER && rows > 0;

    if (wanted && vacuum->host.max_connections < CONNECTIONS_NEEDED &&
        vacuum->host.job->vacuum == VACUUM_AFTER)
        log_warning("job=%s skipping VACUUM: with max_connections = 1 nobody could watch whether "
                    "somebody waits for its lock",
                    vacuum->host.job->name);
    return wanted && vacuum->host.max_connections >= CONNECTIONS_NEEDED;
}

static void end_session(struct vacuum *vacuum, struct session *session)
{
    struct lease *lease = session->lease;

    *session = (struct session){0};
    vacuum->host.pool->end(vacuum->host.pool->arg, lease, LEASE_SPENT);
}

static void clear(struct vacuum *vacuum)
{
    loop_timer_free(&vacuum->timer);
    vacuum->timer = (struct loop_timer){0};
    end_session(vacuum, &vacuum->worker);
    end_session(vacuum, &vacuum->watcher);
    for (size_t i = 0; i < vacuum->count; i++)
        free(vacuum->tables[i].name);
    free(vacuum->tables);
    vacuum->tables = NULL;
    vacuum->count = vacuum->next = 0;
    vacuum->began.ns = 0;
    vacuum->watching = false;
}

static void finish(struct vacuum *vacuum)
{
    clear(vacuum);
    vacuum->host.fn(vacuum->host.arg);
}

const char *vacuum_table(const struct vacuum *vacuum)
{
    return vacuum->next < vacuum->count ? vacuum->tables[vacuum->next].name : "";
}

static double seconds_at_work(const struct vacuum *vacuum)
{
    return mono_ms_between(vacuum->began, mono_now()) / 1000;
}

static void count(struct vacuum *vacuum, enum vacuum_outcome outcome)
{
    vacuum->host.counters->vacuums[outcome]++;
    vacuum->host.counters->vacuum_seconds += seconds_at_work(vacuum);
    vacuum->began.ns = 0;
}

void vacuum_stop(struct vacuum *vacuum)
{
    if (vacuum->began.ns != 0) {
        log_info("job=%s VACUUM of %s was stopped after %.1f s", vacuum->host.job->name,
                 vacuum_table(vacuum), seconds_at_work(vacuum));
        count(vacuum, VACUUM_STOPPED);
    }
    clear(vacuum);
}

void vacuum_free(struct vacuum *vacuum)
{
    if (vacuum == NULL)
        return;
    clear(vacuum);
    free(vacuum);
}

/* --- who watches --- */

static void stop_and_finish(struct vacuum *vacuum, const char *why)
{
    log_info("job=%s %s", vacuum->host.job->name, why);
    vacuum_stop(vacuum);
    vacuum->host.fn(vacuum->host.arg);
}

static void on_waiters(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;

    vacuum->watching = false;
    if (vacuum->began.ns == 0)
        return;
    if (pg_result_status(reply) == PG_LOST)
        stop_and_finish(vacuum, "the connection that watches its VACUUM is lost");
    else if (pg_result_bool(reply, QUERY_STEP, 0, 0))
        stop_and_finish(vacuum, "somebody waits for the lock of its VACUUM");
    else
        loop_timer_set(&vacuum->timer, WATCH_MS);
}

static void watch(void *arg)
{
    struct vacuum *vacuum = arg;
    struct query_number pid;
    const char *values[] = {query_number(&pid, pg_backend_pid(vacuum->worker.pg))};

    if (vacuum->watcher.pg == NULL && seconds_at_work(vacuum) * 1000 > UNWATCHED_MS) {
        stop_and_finish(vacuum, "no connection is free to watch its VACUUM");
    } else if (vacuum->watcher.pg == NULL || vacuum->watching) {
        loop_timer_set(&vacuum->timer, WATCH_MS);
    } else {
        vacuum->watching = true;
        query_send(vacuum->watcher.pg, &(struct pg_step){sql_vacuum_waiters, values, 1}, true,
                   on_waiters, vacuum);
    }
}

static void on_watcher_lease(void *arg, const struct lease_news *news)
{
    struct vacuum *vacuum = arg;

    if (news->kind == LEASE_GRANTED)
        vacuum->watcher.pg = news->pg;
    else if (news->kind == LEASE_REFUSED)
        end_session(vacuum, &vacuum->watcher);
}

static void begin_watching(struct vacuum *vacuum)
{
    loop_timer_set(&vacuum->timer, WATCH_MS);
    if (vacuum->watcher.lease == NULL)
        vacuum->watcher.lease = vacuum->host.pool->ask(vacuum->host.pool->arg, LEASE_VACUUM,
                                                       on_watcher_lease, vacuum);
}

/* --- one table after the other --- */

/* Whether a question was answered; ends it all if not. */
static bool answered(struct vacuum *vacuum, const struct pg_result *reply)
{
    if (pg_result_status(reply) == PG_DONE)
        return true;
    log_warning("job=%s VACUUM after its run: %s", vacuum->host.job->name,
                pg_result_error(reply)->message);
    finish(vacuum);
    return false;
}

/* Of the window. */
static double seconds_left(const struct vacuum *vacuum)
{
    return vacuum->run.left_s - mono_ms_between(vacuum->run.since, mono_now()) / 1000;
}

static void skip(struct vacuum *vacuum)
{
    vacuum->next++;
    next_table(vacuum);
}

static void log_done(const struct vacuum *vacuum, double seconds, double left_rows)
{
    const struct table *table = &vacuum->tables[vacuum->next];
    double bytes = table->own ? (double)table->rows * vacuum->run.row_bytes : NAN;
    struct text line = {0};

    text_addf(&line, "vacuumed %s in %.1f s", table->name, seconds);
    if (bytes > 0) {
        text_add(&line, ": about ");
        human_bytes(&line, bytes);
        text_add(&line, left_rows > 0 ? " are reusable or will be" : " are reusable");
    }
    if (left_rows > 0)
        text_addf(&line, "; an older transaction may still see %.0f dead rows, which stay for now",
                  left_rows);
    log_info("job=%s run=%lld %s", vacuum->host.job->name, (long long)vacuum->run.run, line.data);
    text_free(&line);
}

static void on_noted(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;

    if (!answered(vacuum, reply))
        return;
    log_done(vacuum, vacuum->seconds, pg_result_double(reply, QUERY_STEP, 0, 0));
    skip(vacuum);
}

static void note(struct vacuum *vacuum)
{
    struct query_number run, relation;
    const char *values[] = {query_number(&run, vacuum->run.run),
                            query_number(&relation, vacuum->tables[vacuum->next].relation)};

    query_send(vacuum->worker.pg, &(struct pg_step){sql_note_vacuum, values, ARRAY_LENGTH(values)},
               false, on_noted, vacuum);
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

static void log_trouble(const struct vacuum *vacuum, const struct pg_result *reply,
                        enum vacuum_outcome outcome)
{
    const struct pg_error *warning = pg_result_warning(reply);

    if (pg_result_status(reply) == PG_DONE && warning != NULL)
        log_warning("job=%s VACUUM of %s: %s", vacuum->host.job->name, vacuum_table(vacuum),
                    warning->message);
    else if (outcome != VACUUM_DONE)
        log_warning("job=%s VACUUM of %s %s: %s", vacuum->host.job->name, vacuum_table(vacuum),
                    vacuum_outcome_code(outcome), pg_result_error(reply)->message);
}

static void on_vacuumed(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;
    enum vacuum_outcome outcome = outcome_of(reply);

    loop_timer_cancel(&vacuum->timer);
    vacuum->seconds = seconds_at_work(vacuum);
    log_trouble(vacuum, reply, outcome);
    count(vacuum, outcome);
    if (pg_result_status(reply) == PG_LOST)
        finish(vacuum);
    else if (outcome == VACUUM_DONE)
        note(vacuum);
    else
        skip(vacuum);
}

static void on_settings(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;
    char *sql;

    if (!answered(vacuum, reply))
        return;
    if (!pg_result_bool(reply, QUERY_STEP, 0, 0)) {
        log_info("job=%s skipping VACUUM of %s: the kill switch is on, or a right is gone",
                 vacuum->host.job->name, vacuum_table(vacuum));
        skip(vacuum);
        return;
    }
    sql = sql_vacuum_of(vacuum_table(vacuum));
    vacuum->began = mono_now();
    pg_send(vacuum->worker.pg, &(struct pg_step){sql, NULL, 0}, 1,
            vacuum->timeout_ms + DEADLINE_MS, on_vacuumed, vacuum);
    free(sql);
    begin_watching(vacuum);
}

static void send_settings(struct vacuum *vacuum)
{
    struct query_number n[4];
    const char *values[] = {
        query_number(&n[0], vacuum->tables[vacuum->next].relation),
        query_number(&n[1], pg_backend_pid(vacuum->worker.pg)),
        query_number(&n[2], vacuum->timeout_ms),
        query_number(&n[3], vacuum->host.job->lock_timeout_ms),
    };
    const char *sql = sql_vacuum_settings(vacuum->run.table->server_version);

    query_send(vacuum->worker.pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, false,
               on_settings, vacuum);
}

static void next_table(struct vacuum *vacuum)
{
    double left_s = seconds_left(vacuum);

    if (vacuum->next == vacuum->count || left_s < VACUUM_LEAST_S) {
        finish(vacuum);
        return;
    }
    vacuum->timeout_ms = vacuum_timeout_ms(left_s);
    send_settings(vacuum);
}

/* --- which tables --- */

static void judge_table(struct vacuum *vacuum, const struct pg_result *reply, int row)
{
    struct vacuum_facts facts = {
        .wish = vacuum->host.job->vacuum,
        .removed_rows = pg_result_int(reply, QUERY_STEP, row, TABLE_ROWS),
        .dead_rows = pg_result_double(reply, QUERY_STEP, row, TABLE_DEAD_ROWS),
        .autovacuum = pg_result_bool(reply, QUERY_STEP, row, TABLE_AUTOVACUUM),
        .threshold = pg_result_double(reply, QUERY_STEP, row, TABLE_THRESHOLD),
        .may = pg_result_bool(reply, QUERY_STEP, row, TABLE_MAY),
        .left_s = seconds_left(vacuum),
    };
    const char *name = pg_result_text(reply, QUERY_STEP, row, TABLE_NAME);
    enum vacuum_verdict verdict = vacuum_judge(&facts);

    if (verdict != VACUUM_NOW) {
        log_debug("job=%s skipping VACUUM of %s: %s", vacuum->host.job->name, name,
                  vacuum_verdict_sentence(verdict));
        return;
    }
    vacuum->tables[vacuum->count++] = (struct table){
        pg_result_int(reply, QUERY_STEP, row, TABLE_RELATION), text_copy(name),
        facts.removed_rows, pg_result_bool(reply, QUERY_STEP, row, TABLE_OWN)};
}

static void on_tables(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;
    int rows = pg_result_rows(reply, QUERY_STEP);

    if (!answered(vacuum, reply))
        return;
    vacuum->tables = mem_new((size_t)rows * sizeof *vacuum->tables);
    for (int row = 0; row < rows; row++)
        judge_table(vacuum, reply, row);
    next_table(vacuum);
}

static void warn_of_rights(const struct vacuum *vacuum, const struct vacuum_rights *rights)
{
    const struct job_settings *job = vacuum->host.job;
    char *complaint = rights_complaint(rights, job, vacuum->run.table);
    char *grant = rights_grant(rights, job, vacuum->run.table);

    if (complaint != NULL && job->vacuum == VACUUM_AFTER)
        log_warning("job=%s skipping VACUUM: %s%s%s", job->name, complaint,
                    grant != NULL ? "; run: " : "", grant != NULL ? grant : "");
    free(grant);
    free(complaint);
}

static void on_rights(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;
    struct vacuum_rights rights;
    struct query_number run;
    const char *values[] = {query_number(&run, vacuum->run.run)};
    const char *sql = sql_vacuum_tables(vacuum->run.table->server_version);

    if (!answered(vacuum, reply))
        return;
    rights_read(reply, &rights);
    warn_of_rights(vacuum, &rights);
    if (rights.own_session)
        query_send(vacuum->worker.pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, true,
                   on_tables, vacuum);
    else
        finish(vacuum);
}

static void on_worker_lease(void *arg, const struct lease_news *news)
{
    struct vacuum *vacuum = arg;

    switch (news->kind) {
    case LEASE_GRANTED:
        vacuum->worker.pg = news->pg;
        rights_send(news->pg, vacuum->run.table, on_rights, vacuum);
        return;
    case LEASE_WAITS:
        return;
    case LEASE_REFUSED:
        finish(vacuum);
        return;
    }
}

void vacuum_start(struct vacuum *vacuum, const struct vacuum_run *run)
{
    vacuum->run = *run;
    loop_timer_init(&vacuum->timer, vacuum->host.loop, watch, vacuum);
    vacuum->worker.lease = vacuum->host.pool->ask(vacuum->host.pool->arg, LEASE_VACUUM,
                                                  on_worker_lease, vacuum);
}
