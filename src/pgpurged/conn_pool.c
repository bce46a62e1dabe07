#include "pgpurged/conn_pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/text.h"
#include "policy/backoff.h"

enum { ONCE_ATTEMPTS = 5 }; /* --once: for a database that was there before and went away */

enum lease_state {
    LEASE_QUEUED,  /* waits for a connection */
    LEASE_OPENING, /* one is being made for it */
    LEASE_HELD,    /* it has one */
};

struct lease {
    struct lease *next; /* in the order in which they were asked for */
    struct conn_pool *pool;
    enum lease_state state;
    enum lease_purpose purpose;
    enum reason told; /* why it waits, as the holder was told last */
    lease_fn *fn;
    void *arg;
    struct pg *pg; /* LEASE_OPENING, LEASE_HELD */
};

struct conn_pool {
    const struct database_settings *settings;
    struct loop *loop;
    struct lease_pool interface;
    bool once;
    bool seen; /* a connection has stood at some time */
    bool up;   /* the last thing that was seen of it was good */
    int server_version;
    double backoff_ms;
    struct mono backoff_began;
    struct pg_error last_error;
    struct wall last_error_at; /* {0} = none */
    struct clock_anchor clock;
    struct lease *leases;
    struct pg **idle; /* handed back, to be granted or closed in the loop's next turn */
    size_t idle_count;
    int64_t connections; /* being made, leased or idle */
    unsigned failures;   /* in a row */
    unsigned in_vain;    /* of those, while no other one stood or was being made: --once gives up by
                            them alone, since whoever has a connection will hand it on */
    struct loop_timer pump;             /* who asks is served from the loop */
    struct loop_timer retry;            /* pending: nothing is opened before */
    struct database_counters *counters; /* outlive us */
};

/* --- leases --- */

static size_t count_in(const struct conn_pool *pool, enum lease_state state)
{
    size_t count = 0;

    for (const struct lease *lease = pool->leases; lease != NULL; lease = lease->next)
        count += lease->state == state;
    return count;
}

/* The first that waits for the first purpose that anybody waits for. */
static struct lease *first_queued(const struct conn_pool *pool)
{
    struct lease *first = NULL;

    for (struct lease *lease = pool->leases; lease != NULL; lease = lease->next)
        if (lease->state == LEASE_QUEUED && (first == NULL || lease->purpose < first->purpose))
            first = lease;
    return first;
}

static void remove_lease(struct lease *lease)
{
    struct lease **link = &lease->pool->leases;

    while (*link != lease)
        link = &(*link)->next;
    *link = lease->next;
    free(lease);
}

static struct lease *ask(void *arg, enum lease_purpose purpose, lease_fn *fn, void *fn_arg)
{
    struct conn_pool *pool = arg;
    struct lease *lease = mem_new(sizeof *lease), **link = &pool->leases;

    *lease = (struct lease){.pool = pool, .purpose = purpose, .fn = fn, .arg = fn_arg};
    while (*link != NULL)
        link = &(*link)->next;
    *link = lease;
    loop_timer_set(&pool->pump, 0);
    return lease;
}

/* --- an unavailable database --- */

static int64_t retry_later(struct conn_pool *pool)
{
    uint32_t random = 0;
    int64_t wait_ms;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint32_t)mono_now().ns;
    pool->failures++;
    pool->in_vain += count_in(pool, LEASE_HELD) + count_in(pool, LEASE_OPENING) == 0;
    wait_ms = backoff_wait_ms(backoff_for_connections, pool->failures, random);
    pool->up = false;
    pool->backoff_ms = (double)wait_ms;
    pool->backoff_began = mono_now();
    loop_timer_set(&pool->retry, (double)wait_ms);
    return wait_ms;
}

static bool is_hopeless(const struct conn_pool *pool)
{
    return pool->once && pool->in_vain > 0 && (!pool->seen || pool->in_vain >= ONCE_ATTEMPTS);
}

/* A callback may end its lease, or any other one; so the list is gone through from its beginning.
 */
static void tell_waiting(struct conn_pool *pool, enum reason reason, const char *why)
{
    struct lease_news news = {.kind = LEASE_WAITS, .reason = reason, .why = why};
    struct lease *lease = pool->leases;

    while (lease != NULL) {
        if (lease->state != LEASE_QUEUED || lease->told == reason) {
            lease = lease->next;
            continue;
        }
        lease->told = reason;
        lease->fn(lease->arg, &news);
        lease = pool->leases;
    }
}

static void refuse_all(struct conn_pool *pool)
{
    struct lease_news news = {.kind = LEASE_REFUSED};
    struct lease *lease;

    while ((lease = first_queued(pool)) != NULL)
        lease->fn(lease->arg, &news);
}

/* --- connections --- */

static void grant(struct lease *lease, struct pg *pg)
{
    lease->state = LEASE_HELD;
    lease->pg = pg;
    lease->fn(lease->arg, &(struct lease_news){.kind = LEASE_GRANTED, .pg = pg});
}

static void close_connection(struct conn_pool *pool, struct pg *pg)
{
    pool->connections--;
    pg_close(pg);
}

static void connection_failed(struct conn_pool *pool, const struct pg_error *error)
{
    int64_t wait_ms = retry_later(pool);

    pool->counters->connection_failures++;
    pool->last_error = *error;
    pool->last_error_at = wall_now();
    log_warning("database=%s unavailable, next attempt in %.1f s: %s", pool->settings->name,
                (double)wait_ms / 1000, error->message);
    for (struct lease *lease = pool->leases; lease != NULL; lease = lease->next)
        lease->told = REASON_NONE; /* each failure is news */
    tell_waiting(pool, REASON_DATABASE, error->message);
    loop_timer_set(&pool->pump, 0);
}

static void note_connected(struct conn_pool *pool, const struct pg *pg)
{
    if (!pool->seen || pool->failures > 0)
        log_info("database=%s connected (PostgreSQL %d)", pool->settings->name,
                 pg_server_version(pg) / 10000);
    pool->seen = pool->up = true;
    pool->server_version = pg_server_version(pg);
}

static void on_opened(void *arg, bool ok, const struct pg_error *error)
{
    struct lease *lease = arg;
    struct conn_pool *pool = lease->pool;
    struct pg *pg = lease->pg;

    loop_timer_set(&pool->pump, 0); /* the others have waited for this one */
    if (ok) {
        note_connected(pool, pg);
        grant(lease, pg);
        return;
    }
    lease->state = LEASE_QUEUED;
    lease->pg = NULL;
    connection_failed(pool, error); /* its text belongs to pg */
    close_connection(pool, pg);
}

static void open_connection(struct conn_pool *pool, struct lease *lease)
{
    pool->connections++;
    pool->counters->connection_attempts++;
    lease->state = LEASE_OPENING;
    lease->pg = pg_open(pool->loop, pool->settings->conninfo, "pgpurged",
                        pool->settings->connect_timeout_ms, on_opened, lease);
}

/* At first and after a failure one at a time: one is enough to find out, and where the server has
 * room for one only, several that come together can all be refused. */
static bool may_open(const struct conn_pool *pool)
{
    return pool->connections < pool->settings->max_connections &&
           !loop_timer_pending(&pool->retry) && (pool->up || count_in(pool, LEASE_OPENING) == 0);
}

static void serve(struct conn_pool *pool)
{
    struct lease *lease;

    while (pool->idle_count > 0 && (lease = first_queued(pool)) != NULL)
        grant(lease, pool->idle[--pool->idle_count]);
    while (pool->idle_count > 0)
        close_connection(pool, pool->idle[--pool->idle_count]);
    while (may_open(pool) && (lease = first_queued(pool)) != NULL)
        open_connection(pool, lease);
}

static void on_pump(void *arg)
{
    struct conn_pool *pool = arg;

    serve(pool);
    if (is_hopeless(pool))
        refuse_all(pool);
    if (!loop_timer_pending(&pool->retry))
        tell_waiting(pool, REASON_CONNECTION, "");
}

/* A connection that was good until now: the server is there, and has room for one again. */
static void forget_failures(struct conn_pool *pool)
{
    pool->failures = pool->in_vain = 0;
    loop_timer_cancel(&pool->retry);
}

static void keep_idle(struct conn_pool *pool, struct pg *pg)
{
    pool->idle = mem_grow(pool->idle, (pool->idle_count + 1) * sizeof(struct pg *));
    pool->idle[pool->idle_count++] = pg;
}

static void take_back(struct conn_pool *pool, struct pg *pg, enum lease_end how)
{
    switch (how) {
    case LEASE_INTACT:
        forget_failures(pool);
        keep_idle(pool, pg);
        break;
    case LEASE_SPENT:
        forget_failures(pool);
        close_connection(pool, pg);
        break;
    case LEASE_BROKEN:
        close_connection(pool, pg);
        log_info("database=%s unavailable, next attempt in %.1f s", pool->settings->name,
                 (double)retry_later(pool) / 1000);
        break;
    }
}

static void end(void *arg, struct lease *lease, enum lease_end how)
{
    struct conn_pool *pool = arg;
    enum lease_state state;
    struct pg *pg;

    if (lease == NULL)
        return;
    state = lease->state;
    pg = lease->pg;
    remove_lease(lease);
    if (state == LEASE_OPENING)
        close_connection(pool, pg);
    else if (state == LEASE_HELD)
        take_back(pool, pg, how);
    loop_timer_set(&pool->pump, 0);
}

/* --- its life --- */

struct conn_pool *conn_pool_new(const struct database_settings *settings, struct loop *loop,
                                bool once, struct database_counters *counters)
{
    struct conn_pool *pool = mem_new(sizeof *pool);

    pool->settings = settings;
    pool->loop = loop;
    pool->interface = (struct lease_pool){pool, ask, end};
    pool->once = once;
    pool->counters = counters;
    loop_timer_init(&pool->pump, loop, on_pump, pool);
    loop_timer_init(&pool->retry, loop, on_pump, pool);
    return pool;
}

void conn_pool_free(struct conn_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->leases != NULL) {
        pg_close(pool->leases->pg);
        remove_lease(pool->leases);
    }
    while (pool->idle_count > 0)
        pg_close(pool->idle[--pool->idle_count]);
    loop_timer_free(&pool->pump);
    loop_timer_free(&pool->retry);
    free(pool->idle);
    free(pool);
}

void conn_pool_describe(const struct conn_pool *pool, struct database_view *view)
{
    double waited_ms = mono_ms_between(pool->backoff_began, mono_now());

    view->name = text_copy(pool->settings->name);
    view->up = pool->up;
    if (pool->server_version > 0)
        view->server_version =
            text_format("%d.%d", pool->server_version / 10000, pool->server_version % 10000);
    if (pool->clock.known)
        view->clock_skew_s =
            (double)(guard_expected(&pool->clock, mono_now()).us - wall_now().us) / 1e6;
    view->connections = pool->connections;
    view->max_connections = pool->settings->max_connections;
    if (loop_timer_pending(&pool->retry))
        view->backoff_s = fmax(pool->backoff_ms - waited_ms, 0) / 1000;
    view->failures = pool->failures;
    view->counters = *pool->counters;
    if (pool->last_error_at.us == 0)
        return;
    view->error.present = true;
    view->error.at = pool->last_error_at;
    view->error.message = text_copy(pool->last_error.message);
    if (pool->last_error.sqlstate[0] != '\0')
        view->error.sqlstate = text_copy(pool->last_error.sqlstate);
}

const struct lease_pool *conn_pool_leases(struct conn_pool *pool)
{
    return &pool->interface;
}

struct clock_anchor *conn_pool_clock(struct conn_pool *pool)
{
    return &pool->clock;
}

const char *conn_pool_name(const struct conn_pool *pool)
{
    return pool->settings->name;
}
