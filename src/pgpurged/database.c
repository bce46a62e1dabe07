#include "pgpurged/database.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/text.h"
#include "policy/backoff.h"

enum { ONCE_ATTEMPTS = 5 }; /* --once: for a database that was there before and went away */

/* A connection that is being made. */
struct opening {
    struct opening *next;
    struct database *database;
    struct job *job;
    struct pg *pg;
};

struct database {
    const struct database_settings *settings;
    struct loop *loop;
    bool once;
    bool seen; /* a connection has stood at some time */
    bool up;   /* the last thing that was seen of it was good */
    int server_version;
    double backoff_ms;
    struct mono backoff_began;
    struct pg_error last_error;
    struct wall last_error_at; /* {0} = none */
    struct clock_anchor clock;
    struct job **queue; /* jobs that want a connection, first come first served */
    size_t queued;
    struct opening *openings;
    int64_t connections; /* given out or being made */
    int64_t standing;    /* of those, given out */
    unsigned failures;   /* in a row */
    unsigned in_vain;    /* of those, while no other one stood or was being made: --once gives up by
                            them alone, since whoever has a connection will hand it on */
    struct loop_timer retry;
    struct database_counters *counters; /* outlive us */
};

static void pump(struct database *database);

static void enqueue(struct database *database, struct job *job)
{
    database->queue = mem_grow(database->queue, (database->queued + 1) * sizeof *database->queue);
    database->queue[database->queued++] = job;
}

static void remove_from_queue(struct database *database, size_t at)
{
    database->queued--;
    memmove(database->queue + at, database->queue + at + 1,
            (database->queued - at) * sizeof *database->queue);
}

/* Jobs without any connection come before those that want another worker. */
static struct job *dequeue(struct database *database)
{
    size_t at = 0;
    struct job *job;

    while (at < database->queued && job_has_connection(database->queue[at]))
        at++;
    if (at == database->queued)
        at = 0;
    job = database->queue[at];
    remove_from_queue(database, at);
    return job;
}

static void forget_opening(struct opening *opening)
{
    struct opening **link = &opening->database->openings;

    while (*link != opening)
        link = &(*link)->next;
    *link = opening->next;
    free(opening);
}

/* --- trouble --- */

static void retry_now(void *arg)
{
    pump(arg);
}

static int64_t retry_later(struct database *database)
{
    uint32_t random = 0;
    int64_t wait_ms;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint32_t)mono_now().ns;
    database->failures++;
    database->in_vain += database->standing == 0 && database->openings == NULL;
    wait_ms = backoff_wait_ms(backoff_for_connections, database->failures, random);
    database->up = false;
    database->backoff_ms = (double)wait_ms;
    database->backoff_began = mono_now();
    loop_timer_set(&database->retry, (double)wait_ms);
    return wait_ms;
}

static bool is_hopeless(const struct database *database)
{
    return database->once && database->in_vain > 0 &&
           (!database->seen || database->in_vain >= ONCE_ATTEMPTS);
}

static void tell_waiting_jobs(struct database *database, const char *why)
{
    for (size_t i = 0; i < database->queued; i++)
        job_wait_for_connection(database->queue[i], REASON_DATABASE, why);
    while (is_hopeless(database) && database->queued > 0)
        job_give_up(dequeue(database));
}

static void connection_failed(struct database *database, const struct pg_error *error)
{
    int64_t wait_ms = retry_later(database);

    database->counters->connection_failures++;
    database->last_error = *error;
    database->last_error_at = wall_now();
    log_warning("database=%s unavailable, next attempt in %.1f s: %s", database->settings->name,
                (double)wait_ms / 1000, error->message);
    tell_waiting_jobs(database, error->message);
}

/* --- connections --- */

static void opened(void *arg, bool ok, const struct pg_error *error)
{
    struct opening *opening = arg;
    struct database *database = opening->database;
    struct job *job = opening->job;
    struct pg *pg = opening->pg;

    forget_opening(opening);
    if (ok) {
        if (!database->seen || database->failures > 0)
            log_info("database=%s connected (PostgreSQL %d)", database->settings->name,
                     pg_server_version(pg) / 10000);
        database->seen = true;
        database->up = true;
        database->standing++;
        database->server_version = pg_server_version(pg);
        job_connected(job, pg);
        pump(database); /* the others have waited for this one */
        return;
    }
    database->connections--;
    enqueue(database, job);
    connection_failed(database, error); /* its text belongs to pg */
    pg_close(pg);
}

static void open_connection(struct database *database, struct job *job)
{
    struct opening *opening = mem_new(sizeof *opening);

    *opening = (struct opening){database->openings, database, job, NULL};
    database->openings = opening;
    database->connections++;
    database->counters->connection_attempts++;
    opening->pg = pg_open(database->loop, database->settings->conninfo, "pgpurged",
                          database->settings->connect_timeout_ms, opened, opening);
}

/* At first and after a failure one at a time: one is enough to find out, and where the server has
 * room for one only, several that come together can all be refused. */
static bool may_open(const struct database *database)
{
    return database->connections < database->settings->max_connections &&
           !loop_timer_pending(&database->retry) && (database->up || database->openings == NULL);
}

static void pump(struct database *database)
{
    while (database->queued > 0 && may_open(database))
        open_connection(database, dequeue(database));
    if (loop_timer_pending(&database->retry))
        return;
    for (size_t i = 0; i < database->queued; i++)
        if (job_reason(database->queue[i]) != REASON_CONNECTION)
            job_wait_for_connection(database->queue[i], REASON_CONNECTION, "");
}

void database_want(struct database *database, struct job *job)
{
    if (is_hopeless(database)) {
        job_give_up(job);
        return;
    }
    enqueue(database, job);
    pump(database);
}

static void close_connection(struct database *database, struct pg *pg)
{
    database->connections--;
    database->standing--;
    pg_close(pg);
}

void database_give_back(struct database *database, struct job *job, struct pg *pg, bool broken)
{
    (void)job;
    if (broken) {
        close_connection(database, pg);
        log_info("database=%s unavailable, next attempt in %.1f s", database->settings->name,
                 (double)retry_later(database) / 1000);
        return;
    }
    database->failures = database->in_vain = 0;
    if (database->queued > 0)
        job_connected(dequeue(database), pg);
    else
        close_connection(database, pg);
    pump(database);
}

void database_drop(struct database *database, struct pg *pg)
{
    close_connection(database, pg);
    pump(database);
}

void database_forget(struct database *database, const struct job *job)
{
    struct opening *next;

    for (size_t i = database->queued; i-- > 0;)
        if (database->queue[i] == job)
            remove_from_queue(database, i);
    for (struct opening *opening = database->openings; opening != NULL; opening = next) {
        next = opening->next;
        if (opening->job != job)
            continue;
        pg_close(opening->pg);
        database->connections--;
        forget_opening(opening);
        /* Its place is another job's: in the loop's next turn, for all jobs may be going. */
        if (!loop_timer_pending(&database->retry))
            loop_timer_set(&database->retry, 0);
    }
}

struct database *database_new(const struct database_settings *settings, struct loop *loop,
                              bool once, struct database_counters *counters)
{
    struct database *database = mem_new(sizeof *database);

    database->settings = settings;
    database->loop = loop;
    database->once = once;
    database->counters = counters;
    loop_timer_init(&database->retry, loop, retry_now, database);
    return database;
}

void database_free(struct database *database)
{
    while (database->openings != NULL) {
        pg_close(database->openings->pg);
        forget_opening(database->openings);
    }
    loop_timer_free(&database->retry);
    free(database->queue);
    free(database);
}

void database_describe(const struct database *database, struct database_view *view)
{
    double waited_ms = mono_ms_between(database->backoff_began, mono_now());

    view->name = text_copy(database->settings->name);
    view->up = database->up;
    if (database->server_version > 0)
        view->server_version = text_format("%d.%d", database->server_version / 10000,
                                           database->server_version % 10000);
    if (database->clock.known)
        view->clock_skew_s =
            (double)(guard_expected(&database->clock, mono_now()).us - wall_now().us) / 1e6;
    view->connections = database->connections;
    view->max_connections = database->settings->max_connections;
    if (loop_timer_pending(&database->retry))
        view->backoff_s = fmax(database->backoff_ms - waited_ms, 0) / 1000;
    view->failures = database->failures;
    view->counters = *database->counters;
    if (database->last_error_at.us == 0)
        return;
    view->error.present = true;
    view->error.at = database->last_error_at;
    view->error.message = text_copy(database->last_error.message);
    if (database->last_error.sqlstate[0] != '\0')
        view->error.sqlstate = text_copy(database->last_error.sqlstate);
}

struct clock_anchor *database_clock(struct database *database)
{
    return &database->clock;
}

const char *database_name(const struct database *database)
{
    return database->settings->name;
}
