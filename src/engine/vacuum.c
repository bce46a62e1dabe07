#include "engine/vacuum.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "policy/vacuum.h"
#include "sql/queries.h"
#include "sql/vacuum.h"

/* The columns of sql_vacuum_tables, in their order. */
enum table_column {
    TABLE_RELATION,
    TABLE_NAME,
    TABLE_ROWS,
    TABLE_DEAD_ROWS,
    TABLE_AUTOVACUUM,
    TABLE_THRESHOLD,
    TABLE_GRANT,
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
};

static void next_table(struct vacuum *vacuum);
static void watch(void *arg);
static void on_watcher_lease(void *arg, const struct lease_news *news);

/* --- its life --- */

struct vacuum *vacuum_new(const struct vacuum_host *host)
{
    struct vacuum *vacuum = mem_new(sizeof *vacuum);

    vacuum->host = *host;
    loop_timer_init(&vacuum->timer, host->loop, watch, vacuum);
    if (host->job->vacuum == VACUUM_AFTER && host->max_connections < CONNECTIONS_NEEDED)
        log_warning("job=%s skipping VACUUM: with max_connections = 1 nobody could watch whether "
                    "somebody waits for its lock",
                    host->job->name);
    return vacuum;
}

bool vacuum_is_wanted(const struct vacuum *vacuum, int64_t rows)
{
    return vacuum->host.job->vacuum != VACUUM_NEVER && rows > 0 &&
           vacuum->host.max_connections >= CONNECTIONS_NEEDED;
}

static void ask_session(struct vacuum *vacuum, struct session *session, lease_fn *fn)
{
    const struct lease_pool *pool = vacuum->host.pool;

    session->lease = pool->ask(pool->arg, LEASE_VACUUM, fn, vacuum);
}

static void end_session(struct vacuum *vacuum, struct session *session)
{
    struct lease *lease = session->lease;

    *session = (struct session){0};
    vacuum->host.pool->end(vacuum->host.pool->arg, lease, LEASE_SPENT);
}

static void clear(struct vacuum *vacuum)
{
    loop_timer_cancel(&vacuum->timer);
    end_session(vacuum, &vacuum->worker);
    end_session(vacuum, &vacuum->watcher);
    for (size_t i = 0; i < vacuum->count; i++)
        free(vacuum->tables[i].name);
    free(vacuum->tables);
    vacuum->tables = NULL;
    vacuum->count = vacuum->next = 0;
    vacuum->began.ns = 0;
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

/* The VACUUM is over. Returns the seconds that it took. */
static double count(struct vacuum *vacuum, enum vacuum_outcome outcome)
{
    double seconds = mono_ms_between(vacuum->began, mono_now()) / 1000;

    vacuum->host.counters->vacuums[outcome]++;
    vacuum->host.counters->vacuum_seconds += seconds;
    vacuum->began.ns = 0;
    return seconds;
}

void vacuum_stop(struct vacuum *vacuum)
{
    if (vacuum->began.ns != 0)
        log_info("job=%s VACUUM of %s was stopped after %.1f s", vacuum->host.job->name,
                 vacuum_table(vacuum), count(vacuum, VACUUM_STOPPED));
    clear(vacuum);
}

void vacuum_free(struct vacuum *vacuum)
{
    if (vacuum == NULL)
        return;
    clear(vacuum);
    loop_timer_free(&vacuum->timer);
    free(vacuum);
}

/* --- which tables --- */

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

static void log_skipped(const struct vacuum *vacuum, const char *table, enum vacuum_verdict verdict,
                        const char *grant)
{
    const char *job = vacuum->host.job->name, *why = vacuum_verdict_sentence(verdict);

    if (verdict == VACUUM_NOT_PERMITTED && vacuum->host.job->vacuum == VACUUM_AFTER)
        log_warning("job=%s skipping VACUUM of %s: %s; run: %s", job, table, why, grant);
    else
        log_debug("job=%s skipping VACUUM of %s: %s", job, table, why);
}

static void judge_table(struct vacuum *vacuum, const struct pg_result *reply, int row)
{
    const char *name = pg_result_text(reply, QUERY_STEP, row, TABLE_NAME);
    const char *grant = pg_result_text(reply, QUERY_STEP, row, TABLE_GRANT);
    struct vacuum_facts facts = {
        .wish = vacuum->host.job->vacuum,
        .removed_rows = pg_result_int(reply, QUERY_STEP, row, TABLE_ROWS),
        .dead_rows = pg_result_double(reply, QUERY_STEP, row, TABLE_DEAD_ROWS),
        .autovacuum = pg_result_bool(reply, QUERY_STEP, row, TABLE_AUTOVACUUM),
        .threshold = pg_result_double(reply, QUERY_STEP, row, TABLE_THRESHOLD),
        .may = grant == NULL,
        .left_s = seconds_left(vacuum),
    };
    enum vacuum_verdict verdict = vacuum_judge(&facts);

    if (verdict == VACUUM_NOW)
        vacuum->tables[vacuum->count++] =
            (struct table){pg_result_int(reply, QUERY_STEP, row, TABLE_RELATION), text_copy(name)};
    else
        log_skipped(vacuum, name, verdict, grant);
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

static void on_worker_lease(void *arg, const struct lease_news *news)
{
    struct vacuum *vacuum = arg;
    struct query_number run;
    const char *values[] = {query_number(&run, vacuum->run.run)};

    switch (news->kind) {
    case LEASE_GRANTED:
        vacuum->worker.pg = news->pg;
        query_send(news->pg,
                   &(struct pg_step){sql_vacuum_tables(pg_server_version(news->pg)), values, 1},
                   true, on_tables, vacuum);
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
    ask_session(vacuum, &vacuum->worker, on_worker_lease);
}

/* --- one table after the other --- */

static void skip(struct vacuum *vacuum)
{
    vacuum->next++;
    next_table(vacuum);
}

static void on_noted(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;
    double left_rows;

    if (!answered(vacuum, reply))
        return;
    left_rows = pg_result_double(reply, QUERY_STEP, 0, 0);
    if (left_rows > 0)
        log_info("job=%s an older transaction may still see %.0f dead rows of %s, which stay for "
                 "now",
                 vacuum->host.job->name, left_rows, vacuum_table(vacuum));
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

/* That it was skipped because of a lock is told by a warning. Other warnings don't mean that
 * nothing was done. */
static enum vacuum_outcome outcome_of(enum pg_status status, const struct pg_error *trouble)
{
    if (trouble != NULL && text_equal(trouble->sqlstate, "55P03"))
        return VACUUM_LOCKED;
    if (status == PG_DONE)
        return VACUUM_DONE;
    if (text_equal(trouble->sqlstate, "57014"))
        return VACUUM_STOPPED;
    return text_equal(trouble->sqlstate, "42501") ? VACUUM_REFUSED : VACUUM_FAILED;
}

static void on_vacuumed(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;
    enum pg_status status = pg_result_status(reply);
    const struct pg_error *trouble =
        status == PG_DONE ? pg_result_warning(reply) : pg_result_error(reply);
    enum vacuum_outcome outcome = outcome_of(status, trouble);
    double seconds = count(vacuum, outcome);

    if (trouble != NULL)
        log_warning("job=%s VACUUM of %s %s: %s", vacuum->host.job->name, vacuum_table(vacuum),
                    vacuum_outcome_code(outcome), trouble->message);
    if (outcome == VACUUM_DONE)
        log_info("job=%s run=%lld vacuumed %s in %.1f s", vacuum->host.job->name,
                 (long long)vacuum->run.run, vacuum_table(vacuum), seconds);
    if (status == PG_LOST)
        finish(vacuum);
    else if (outcome == VACUUM_DONE)
        note(vacuum);
    else
        skip(vacuum);
}

static void on_settings(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;
    const char *why_not = pg_result_text(reply, QUERY_STEP, 0, 0);
    char *sql;

    if (!answered(vacuum, reply))
        return;
    if (why_not == NULL) /* when unsure, none */
        why_not = "the kill switch has no row";
    if (why_not[0] != '\0') {
        log_info("job=%s skipping VACUUM of %s: %s", vacuum->host.job->name, vacuum_table(vacuum),
                 why_not);
        skip(vacuum);
        return;
    }
    sql = sql_vacuum_of(vacuum_table(vacuum));
    vacuum->began = mono_now();
    pg_send(vacuum->worker.pg, &(struct pg_step){sql, NULL, 0}, 1, vacuum->timeout_ms + DEADLINE_MS,
            on_vacuumed, vacuum);
    free(sql);
    if (vacuum->watcher.lease == NULL)
        ask_session(vacuum, &vacuum->watcher, on_watcher_lease);
    if (!loop_timer_pending(&vacuum->timer))
        loop_timer_set(&vacuum->timer, WATCH_MS);
}

static void send_settings(struct vacuum *vacuum)
{
    struct pg *pg = vacuum->worker.pg;
    struct query_number n[4];
    const char *values[] = {
        query_number(&n[0], vacuum->tables[vacuum->next].relation),
        query_number(&n[1], pg_backend_pid(pg)),
        query_number(&n[2], vacuum->timeout_ms),
        query_number(&n[3], vacuum->host.job->lock_timeout_ms),
    };
    const char *sql = sql_vacuum_settings(pg_server_version(pg));

    query_send(pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, false, on_settings,
               vacuum);
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

/* --- who watches --- */

static void give_up(struct vacuum *vacuum, const char *why)
{
    log_info("job=%s %s", vacuum->host.job->name, why);
    vacuum_stop(vacuum);
    vacuum->host.fn(vacuum->host.arg);
}

static void on_waiters(void *arg, const struct pg_result *reply)
{
    struct vacuum *vacuum = arg;

    if (pg_result_status(reply) == PG_LOST)
        give_up(vacuum, "the connection that watches its VACUUM is lost");
    else if (vacuum->began.ns != 0 && pg_result_bool(reply, QUERY_STEP, 0, 0))
        give_up(vacuum, "somebody waits for the lock of its VACUUM");
    else
        loop_timer_set(&vacuum->timer, WATCH_MS);
}

static bool is_unwatched_for_long(const struct vacuum *vacuum)
{
    return vacuum->began.ns != 0 && mono_ms_between(vacuum->began, mono_now()) > UNWATCHED_MS;
}

static void watch(void *arg)
{
    struct vacuum *vacuum = arg;
    struct query_number pid;
    const char *values[] = {query_number(&pid, pg_backend_pid(vacuum->worker.pg))};

    if (vacuum->watcher.pg != NULL)
        query_send(vacuum->watcher.pg, &(struct pg_step){sql_vacuum_waiters, values, 1}, true,
                   on_waiters, vacuum);
    else if (is_unwatched_for_long(vacuum))
        give_up(vacuum, "no connection is free to watch its VACUUM");
    else
        loop_timer_set(&vacuum->timer, WATCH_MS);
}

static void on_watcher_lease(void *arg, const struct lease_news *news)
{
    struct vacuum *vacuum = arg;

    switch (news->kind) {
    case LEASE_GRANTED:
        vacuum->watcher.pg = news->pg;
        return;
    case LEASE_WAITS:
        return;
    case LEASE_REFUSED:
        end_session(vacuum, &vacuum->watcher);
        return;
    }
}
