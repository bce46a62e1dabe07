#include "net/pg_conn.h"

#include <event2/event.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/pg_result.h"

enum { ROLLBACK_DEADLINE_MS = 30 * 1000 };

/* A request in request, oldest first. */
struct request {
    struct request *next;
    struct pg_result reply;
    size_t answered; /* steps that have a result, an error or were skipped */
    struct event
        *deadline; /* runs while the request is the oldest: the server has no other to do */
    int64_t deadline_ms;
    struct mono sent;
    bool alone; /* nothing else was in request when it left */
    struct pg *pg;
    pg_result_fn *fn; /* NULL: our own ROLLBACK */
    void *arg;
};

enum pg_state {
    PG_CONNECTING, /* PQconnectPoll is being driven; pg_send is not allowed yet */
    PG_IDLE,       /* pipeline mode, nothing in request */
    PG_FLYING,     /* requests in request */
    PG_DEAD,       /* lost; everybody has been told or is about to be */
};

struct pg {
    PGconn *conn;
    enum pg_state state;
    struct event_base *base;
    struct event *io; /* readable, and writable while there is something to flush */
    struct event *connect_deadline;
    struct event *later; /* tells of a loss or a refusal outside of the call that noticed it */
    struct request *first, **last;
    pg_connected_fn *connected;
    void *arg;
    struct pg_error failure; /* why it is dead */
    int64_t requests;
    double round_trip_ms; /* 0 = not known yet */
    bool rolling_back;    /* our own ROLLBACK is in request, behind no request of the caller's */
    bool *closed;         /* set while a callback runs, to notice that it has closed us */
};

static void request_free(struct request *request)
{
    pg_result_clear(&request->reply);
    if (request->deadline != NULL)
        event_free(request->deadline);
    free(request);
}

static struct request *take_first(struct pg *pg)
{
    struct request *request = pg->first;

    pg->first = request->next;
    if (pg->first == NULL)
        pg->last = &pg->first;
    return request;
}

/* Returns false if the reply function has closed the connection: then pg is gone. */
static bool deliver(struct pg *pg, struct request *request)
{
    bool closed = false;

    pg->closed = &closed;
    if (request->fn != NULL)
        request->fn(request->arg, &request->reply);
    request_free(request);
    if (closed)
        return false;
    pg->closed = NULL;
    return true;
}

/* The loss is told from the loop, never from inside pg_send() or PQconnectStart. */
static void die(struct pg *pg, const char *message)
{
    if (pg->state == PG_DEAD)
        return;
    if (pg->failure.message[0] == '\0')
        pg_copy_message(pg->failure.message, sizeof pg->failure.message, message);
    if (pg->io != NULL)
        event_del(pg->io);
    pg->state = PG_DEAD;
    event_active(pg->later, EV_TIMEOUT, 0);
}

/* Every request that was in request may have happened or not: each is told so, oldest first. */
static void tell_of_death(evutil_socket_t fd, short what, void *arg)
{
    struct pg *pg = arg;

    (void)fd;
    (void)what;
    if (pg->connected != NULL) {
        pg_connected_fn *connected = pg->connected;
        struct pg_error failure = pg->failure;

        pg->connected = NULL;
        connected(pg->arg, false, &failure);
        return;
    }
    while (pg->first != NULL) {
        struct request *request = take_first(pg);

        if (request->reply.status == PG_DONE)
            request->reply.error = pg->failure;
        request->reply.status = PG_LOST;
        if (!deliver(pg, request))
            return;
    }
}

static void deadline_passed(evutil_socket_t fd, short what, void *arg)
{
    struct request *request = arg;

    (void)fd;
    (void)what;
    die(request->pg, "the server did not answer in time (is it frozen, or is the network down?)");
}

/* Waits for what libpq needs next; level-triggered, so that nothing is missed. */
static void watch(struct pg *pg, short what)
{
    struct event *old = pg->io;

    if (old != NULL && event_get_fd(old) == PQsocket(pg->conn) &&
        event_get_events(old) == (what | EV_PERSIST)) {
        event_add(old, NULL);
        return;
    }
    if (old != NULL) {
        event_callback_fn callback = event_get_callback(old);

        event_del(old);
        event_assign(old, pg->base, PQsocket(pg->conn), (short)(what | EV_PERSIST), callback, pg);
        event_add(old, NULL);
    }
}

static void flush(struct pg *pg)
{
    switch (PQflush(pg->conn)) {
    case 0:
        watch(pg, EV_READ);
        break;
    case 1:
        watch(pg, EV_READ | EV_WRITE);
        break;
    default:
        die(pg, PQerrorMessage(pg->conn));
        break;
    }
}

/* One result of the oldest request's next step. Takes the result over. */
static void take_result(struct request *request, PGresult *result)
{
    size_t step = request->answered;

    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (step < request->reply.count && request->reply.results[step] == NULL) {
            request->reply.results[step] = result;
            return;
        }
        break;
    case PGRES_PIPELINE_ABORTED: /* an earlier step has failed: this one was skipped */
        break;
    case PGRES_EMPTY_QUERY:
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_FATAL_ERROR:
    case PGRES_COPY_BOTH:
    case PGRES_SINGLE_TUPLE:
    case PGRES_PIPELINE_SYNC:
        if (request->reply.status == PG_DONE) { /* the first error is the cause */
            request->reply.status = PG_FAILED;
            pg_error_of_result(&request->reply.error, result, step);
        }
        break;
    }
    PQclear(result);
}

static struct timeval in_ms(int64_t ms)
{
    return (struct timeval){ms / 1000, ms % 1000 * 1000};
}

static bool send_steps(struct pg *pg, const struct pg_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (PQsendQueryParams(pg->conn, steps[i].sql, steps[i].value_count, NULL, steps[i].values,
                              NULL, NULL, 0) != 1)
            return false;
    return PQpipelineSync(pg->conn) == 1;
}

static void start_deadline(struct request *request)
{
    struct timeval deadline = in_ms(request->deadline_ms);

    evtimer_add(request->deadline, &deadline);
}

static void send_request(struct pg *pg, const struct pg_step *steps, size_t step_count,
                         int64_t deadline_ms, pg_result_fn *fn, void *arg)
{
    struct request *request = mem_new(sizeof *request);

    request->pg = pg;
    request->fn = fn;
    request->arg = arg;
    request->reply.count = step_count;
    request->reply.results = mem_new(step_count * sizeof(PGresult *));
    request->deadline = evtimer_new(pg->base, deadline_passed, request);
    request->deadline_ms = deadline_ms;
    request->sent = mono_now();
    request->alone = pg->first == NULL;
    *pg->last = request;
    pg->last = &request->next;
    if (pg->first == request)
        start_deadline(request);
    if (pg->state == PG_DEAD) {
        event_active(pg->later, EV_TIMEOUT, 0);
        return;
    }
    pg->state = PG_FLYING;
    if (send_steps(pg, steps, step_count))
        flush(pg);
    else
        die(pg, PQerrorMessage(pg->conn));
}

static void note_round_trip(struct pg *pg, const struct request *request)
{
    double ms = mono_ms_between(request->sent, mono_now());

    if (request->alone && (pg->round_trip_ms == 0 || ms < pg->round_trip_ms))
        pg->round_trip_ms = ms;
}

/* The sync of the oldest request has come. Requests that were sent behind a failed one fail as well
 * ("current transaction is aborted"); the ROLLBACK goes out behind them and before anything that
 * the caller sends from his reply function. Returns false if pg is gone. */
static bool request_landed(struct pg *pg)
{
    static const struct pg_step rollback = {"ROLLBACK", NULL, 0};
    struct request *request = take_first(pg);

    event_del(request->deadline);
    note_round_trip(pg, request);
    if (pg->first != NULL)
        start_deadline(pg->first);
    if (request->fn == NULL)
        pg->rolling_back = false;
    if (PQtransactionStatus(pg->conn) == PQTRANS_INERROR && !pg->rolling_back) {
        pg->rolling_back = true;
        send_request(pg, &rollback, 1, ROLLBACK_DEADLINE_MS, NULL, NULL);
    }
    if (pg->first == NULL && pg->state == PG_FLYING)
        pg->state = PG_IDLE;
    return deliver(pg, request);
}

/* Reads what there is. Returns when libpq would block, the connection is lost, or pg is gone. */
static void read_results(struct pg *pg)
{
    while (pg->state == PG_FLYING && !PQisBusy(pg->conn)) {
        PGresult *result = PQgetResult(pg->conn);

        if (result == NULL) { /* the end of one statement's results */
            if (PQstatus(pg->conn) == CONNECTION_BAD) {
                die(pg, PQerrorMessage(pg->conn));
                return;
            }
            pg->first->answered++;
            continue;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            if (!request_landed(pg))
                return;
            continue;
        }
        if (PQstatus(pg->conn) == CONNECTION_BAD) { /* killed: an error, then no sync ever */
            pg_error_of_result(&pg->failure, result, pg->first->answered);
            PQclear(result);
            die(pg, PQerrorMessage(pg->conn));
            return;
        }
        take_result(pg->first, result);
    }
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    struct pg *pg = arg;

    (void)fd;
    if (what & EV_WRITE)
        flush(pg);
    if (pg->state == PG_DEAD || !(what & EV_READ))
        return;
    if (PQconsumeInput(pg->conn) != 1 && pg->state != PG_FLYING) {
        die(pg, PQerrorMessage(pg->conn));
        return;
    }
    read_results(pg); /* also after a failed read: the server's last words may be in the buffer */
}

static void on_connect_io(evutil_socket_t fd, short what, void *arg);

static void connected(struct pg *pg)
{
    event_free(pg->connect_deadline);
    pg->connect_deadline = NULL;
    if (PQsetnonblocking(pg->conn, 1) != 0 || PQenterPipelineMode(pg->conn) != 1) {
        die(pg, PQerrorMessage(pg->conn));
        return;
    }
    event_del(pg->io);
    event_assign(pg->io, pg->base, PQsocket(pg->conn), EV_READ | EV_PERSIST, on_io, pg);
    event_add(pg->io, NULL);
    pg->state = PG_IDLE;
    {
        pg_connected_fn *fn = pg->connected;

        pg->connected = NULL;
        fn(pg->arg, true, NULL);
    }
}

static void poll_connect(struct pg *pg)
{
    short what = 0;

    switch (PQconnectPoll(pg->conn)) {
    case PGRES_POLLING_READING:
        what = EV_READ;
        break;
    case PGRES_POLLING_WRITING:
        what = EV_WRITE;
        break;
    case PGRES_POLLING_OK:
        connected(pg);
        return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        die(pg, PQerrorMessage(pg->conn));
        return;
    }
    /* The socket may be another one after each call (next host, SSL retry). */
    event_del(pg->io);
    event_assign(pg->io, pg->base, PQsocket(pg->conn), what, on_connect_io, pg);
    event_add(pg->io, NULL);
}

static void on_connect_io(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    poll_connect(arg);
}

static void connect_timed_out(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    die(arg, "timeout: no connection within connect_timeout");
}

/* A warning belongs to the statement that the server is at: one of the oldest request. Everything
 * below a warning is for people. */
static void note_warning(void *arg, const PGresult *result)
{
    struct pg *pg = arg;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (pg->first == NULL || pg->first->reply.warned || severity == NULL ||
        !text_equal(severity, "WARNING"))
        return;
    pg->first->reply.warned = true;
    pg_error_of_result(&pg->first->reply.warning, result, pg->first->answered);
}

static PGconn *start_connection(const char *conninfo, const char *application_name)
{
    const char *keys[] = {"fallback_application_name", "dbname", NULL};
    const char *values[] = {application_name, conninfo, NULL};

    return PQconnectStartParams(keys, values, 1); /* 1: dbname is a whole conninfo */
}

struct pg *pg_open(struct loop *loop, const char *conninfo, const char *application_name,
                   int64_t timeout_ms, pg_connected_fn *fn, void *arg)
{
    struct pg *pg = mem_new(sizeof *pg);
    struct timeval timeout = in_ms(timeout_ms);

    pg->base = loop_base(loop);
    pg->last = &pg->first;
    pg->connected = fn;
    pg->arg = arg;
    pg->state = PG_CONNECTING;
    pg->later = event_new(pg->base, -1, 0, tell_of_death, pg);
    pg->connect_deadline = evtimer_new(pg->base, connect_timed_out, pg);
    evtimer_add(pg->connect_deadline, &timeout);
    pg->conn = start_connection(conninfo, application_name);
    if (pg->conn == NULL || PQstatus(pg->conn) == CONNECTION_BAD) {
        die(pg, pg->conn != NULL ? PQerrorMessage(pg->conn) : "out of memory");
        return pg;
    }
    PQsetNoticeReceiver(pg->conn, note_warning, pg);
    pg->io = event_new(pg->base, PQsocket(pg->conn), EV_WRITE, on_connect_io, pg);
    event_add(pg->io, NULL);
    return pg;
}

void pg_send(struct pg *pg, const struct pg_step *steps, size_t step_count, int64_t deadline_ms,
             pg_result_fn *fn, void *arg)
{
    pg->requests++;
    send_request(pg, steps, step_count, deadline_ms, fn, arg);
}

void pg_close(struct pg *pg)
{
    if (pg == NULL)
        return;
    if (pg->closed != NULL)
        *pg->closed = true;
    while (pg->first != NULL)
        request_free(take_first(pg));
    if (pg->io != NULL)
        event_free(pg->io);
    if (pg->connect_deadline != NULL)
        event_free(pg->connect_deadline);
    event_free(pg->later);
    PQfinish(pg->conn);
    free(pg);
}

int pg_backend_pid(const struct pg *pg)
{
    return PQbackendPID(pg->conn);
}

int pg_server_version(const struct pg *pg)
{
    return PQserverVersion(pg->conn);
}

int64_t pg_requests(const struct pg *pg)
{
    return pg->requests;
}

double pg_round_trip_ms(const struct pg *pg)
{
    return pg->round_trip_ms;
}

bool pg_conninfo_check(const char *conninfo, struct err *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);

    if (options != NULL) {
        PQconninfoFree(options);
        return true;
    }
    err_set(err, "%s", message != NULL ? message : "out of memory");
    PQfreemem(message);
    return false;
}
