/*
 * Why: everything that we say to a server goes through net/pg. What it promises about errors, lost
 * connections and deadlines is what promise A is built on, and only a real server shows it.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/session.h"
#include "net/loop.h"
#include "net/pg_conn.h"

enum { SOON_MS = 20000, FLIGHT_MS = 20000 };

/* What has happened to a connection, as one line: "connected, done 1, failed 22012 at 2, lost". */
struct witness {
    struct loop *loop;
    struct pg *pg;
    struct loop_timer timer;
    struct text said;
    int count, awaited;
    bool timed_out;
    char message[512];
    bool send_from_reply, close_in_reply;
};

static const struct pg_step select_one[] = {{"SELECT 1", NULL, 0}};

static void say(struct witness *witness, const char *what)
{
    if (witness->said.length > 0)
        text_add(&witness->said, ", ");
    text_add(&witness->said, what);
    if (++witness->count == witness->awaited)
        loop_stop(witness->loop);
}

static void describe(struct witness *witness, const struct pg_result *reply)
{
    const struct pg_error *error = pg_result_error(reply);

    switch (pg_result_status(reply)) {
    case PG_DONE:
        say(witness, keep_format("done %lld", (long long)pg_result_int(reply, 0, 0, 0)));
        break;
    case PG_FAILED:
        say(witness, keep_format("failed %s at %zu", error->sqlstate, error->step));
        break;
    case PG_LOST:
        say(witness, error->sqlstate[0] != '\0' ? keep_format("lost %s", error->sqlstate) : "lost");
        break;
    }
    snprintf(witness->message, sizeof witness->message, "%s", error->message);
}

static void replied(void *arg, const struct pg_result *reply)
{
    struct witness *witness = arg;

    describe(witness, reply);
    if (witness->send_from_reply) {
        witness->send_from_reply = false;
        pg_send(witness->pg, select_one, 1, FLIGHT_MS, replied, witness);
    }
    if (witness->close_in_reply) {
        pg_close(witness->pg);
        witness->pg = NULL;
    }
}

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct witness *witness = arg;

    if (!ok)
        snprintf(witness->message, sizeof witness->message, "%s", error->message);
    say(witness, ok ? "connected" : "not connected");
}

static void time_is_over(void *arg)
{
    struct witness *witness = arg;

    witness->timed_out = true;
    loop_stop(witness->loop);
}

/* Runs the loop for this long, or until so many things have happened in all. */
static void run_loop(struct witness *witness, int count, double ms)
{
    witness->awaited = count;
    witness->timed_out = false;
    if (witness->count >= count)
        return;
    loop_timer_set(&witness->timer, ms);
    loop_run(witness->loop);
    loop_timer_cancel(&witness->timer);
}

static void await_events(struct witness *witness, int count)
{
    run_loop(witness, count, SOON_MS);
    ck_assert_msg(!witness->timed_out, "%d were awaited, came: %s", count,
                  witness->said.data != NULL ? witness->said.data : "none");
}

static void open_with(struct witness *witness, const char *conninfo, int64_t timeout_ms)
{
    *witness = (struct witness){.loop = loop_new()};
    loop_timer_init(&witness->timer, witness->loop, time_is_over, witness);
    witness->pg = pg_open(witness->loop, conninfo, "witness", timeout_ms, connected, witness);
}

static const char *conninfo_to(const char *database)
{
    return cluster_conninfo(harness_cluster(), database, "postgres");
}

static void open_connection(struct witness *witness)
{
    open_with(witness, conninfo_to("postgres"), SOON_MS);
    await_events(witness, 1);
    ck_assert_str_eq(witness->said.data, "connected");
}

static void close_all(struct witness *witness)
{
    pg_close(witness->pg);
    loop_timer_free(&witness->timer);
    loop_free(witness->loop);
    text_free(&witness->said);
}

static PGconn *own_connection(void)
{
    return sql_connect(conninfo_to("postgres"));
}

/* Up to eight statements, ended by NULL. */
static void fly(struct witness *witness, int64_t deadline_ms, const char *const *statements)
{
    struct pg_step steps[8] = {{NULL, NULL, 0}};
    size_t count = 0;

    for (; statements[count] != NULL; count++)
        steps[count].sql = statements[count];
    pg_send(witness->pg, steps, count, deadline_ms, replied, witness);
}

#define FLY(witness, ...) fly(witness, FLIGHT_MS, (const char *const[]){__VA_ARGS__, NULL})

/* ---- answers ---- */

static void check_values(void *arg, const struct pg_result *reply)
{
    ck_assert_int_eq(pg_result_status(reply), PG_DONE);
    ck_assert_int_eq(pg_result_rows(reply, 0), 3);
    ck_assert_int_eq(pg_result_int(reply, 0, 2, 0), 9);
    ck_assert_int_eq(pg_result_int(reply, 1, 0, 0), INT64_MAX);
    ck_assert_ptr_null(pg_result_text(reply, 1, 0, 1));
    ck_assert_int_eq(pg_result_int(reply, 1, 0, 1), 0);
    ck_assert(pg_result_bool(reply, 1, 0, 2));
    ck_assert_double_eq(pg_result_double(reply, 1, 0, 3), 2.5);
    ck_assert_str_eq(pg_result_text(reply, 1, 0, 4), "it's \\");
    ck_assert_ptr_null(pg_result_text(reply, 1, 0, 5)); /* a parameter that is NULL */
    /* What is not there is NULL as well. */
    ck_assert_ptr_null(pg_result_text(reply, 1, 0, 6));
    ck_assert_ptr_null(pg_result_text(reply, 1, 1, 0));
    ck_assert_ptr_null(pg_result_text(reply, 2, 0, 0));
    ck_assert_int_eq(pg_result_rows(reply, 2), 0);
    replied(arg, reply);
}

START_TEST(a_reply_holds_the_rows_of_every_statement)
{
    struct witness witness;
    const char *values[] = {"9223372036854775807", "it's \\", NULL};
    const struct pg_step steps[] = {
        {"SELECT i * i FROM generate_series(1, 3) AS i", NULL, 0},
        {"SELECT $1::bigint, NULL, true, 2.5, $2::text, $3::text", values, 3},
    };

    open_connection(&witness);
    pg_send(witness.pg, steps, 2, FLIGHT_MS, check_values, &witness);
    await_events(&witness, 2);
    ck_assert_int_eq(pg_requests(witness.pg), 1);
    ck_assert_int_ge(pg_server_version(witness.pg), 140000);
    ck_assert_int_gt(pg_backend_pid(witness.pg), 0);
    close_all(&witness);
}
END_TEST

static void check_length(void *arg, const struct pg_result *reply)
{
    const char *text = pg_result_text(reply, 0, 0, 0);

    ck_assert_int_eq(text != NULL ? (int)strlen(text) : -1, 2000000);
    replied(arg, reply);
}

START_TEST(megabytes_go_through_in_both_directions_in_several_flights_at_once)
{
    struct witness witness;
    char *big = mem_new(1000001);
    const char *values[] = {big};
    const struct pg_step steps[] = {{"SELECT $1::text || $1::text", values, 1}};

    memset(big, '7', 1000000);
    open_connection(&witness);
    for (int i = 0; i < 4; i++)
        pg_send(witness.pg, steps, 1, FLIGHT_MS, check_length, &witness);
    free(big); /* copied: the caller may forget it */
    await_events(&witness, 5);
    close_all(&witness);
}
END_TEST

static void check_warning(void *arg, const struct pg_result *reply)
{
    const struct pg_error *warning = pg_result_warning(reply);

    ck_assert_ptr_nonnull(warning);
    ck_assert_str_eq(warning->sqlstate, "55P03");
    ck_assert_str_eq(warning->message, "first");
    ck_assert_int_eq((int)warning->step, 1);
    replied(arg, reply);
}

static void check_no_warning(void *arg, const struct pg_result *reply)
{
    ck_assert_ptr_null(pg_result_warning(reply));
    replied(arg, reply);
}

START_TEST(the_first_warning_stays_with_its_reply_and_a_notice_is_none)
{
    struct witness witness;
    const struct pg_step warned[] = {
        {"DO $$ BEGIN RAISE NOTICE 'none'; END $$", NULL, 0},
        {"DO $$ BEGIN RAISE WARNING 'first' USING ERRCODE = '55P03'; RAISE WARNING 'second';"
         " END $$",
         NULL, 0},
    };
    const struct pg_step noticed[] = {{"DO $$ BEGIN RAISE NOTICE 'none'; END $$", NULL, 0}};

    open_connection(&witness);
    pg_send(witness.pg, warned, 2, FLIGHT_MS, check_warning, &witness);
    pg_send(witness.pg, noticed, 1, FLIGHT_MS, check_no_warning, &witness);
    await_events(&witness, 3);
    close_all(&witness);
}
END_TEST

START_TEST(notices_of_the_server_are_no_answers)
{
    struct witness witness;

    open_connection(&witness);
    FLY(&witness, "DO $$ BEGIN RAISE WARNING 'ho'; END $$", "LISTEN x", "NOTIFY x");
    FLY(&witness, "SELECT 5");
    await_events(&witness, 3);
    ck_assert_str_eq(witness.said.data, "connected, done 0, done 5");
    close_all(&witness);
}
END_TEST

/* ---- errors ---- */

static void make_table(void)
{
    PGconn *own = own_connection();

    sql_exec(own, "CREATE TABLE IF NOT EXISTS t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);"
                  "TRUNCATE t");
    PQfinish(own);
}

START_TEST(an_error_in_the_middle_skips_the_rest_and_rolls_all_back)
{
    struct witness witness;

    make_table();
    open_connection(&witness);
    FLY(&witness, "BEGIN", "INSERT INTO t VALUES (1)", "SELECT 1/0", "INSERT INTO t VALUES (2)",
        "COMMIT");
    await_events(&witness, 2);
    FLY(&witness, "SELECT count(*) FROM t");
    await_events(&witness, 3);
    ck_assert_str_eq(witness.said.data, "connected, failed 22012 at 2, done 0");
    close_all(&witness);
}
END_TEST

START_TEST(an_error_at_commit_is_the_error_of_the_commit)
{
    struct witness witness;

    make_table();
    open_connection(&witness);
    FLY(&witness, "BEGIN", "INSERT INTO t VALUES (1), (1)", "COMMIT");
    await_events(&witness, 2);
    FLY(&witness, "SELECT count(*) FROM t");
    await_events(&witness, 3);
    ck_assert_str_eq(witness.said.data, "connected, failed 23505 at 2, done 0");
    close_all(&witness);
}
END_TEST

START_TEST(the_transaction_is_rolled_back_before_the_failure_is_told)
{
    struct witness witness;

    open_connection(&witness);
    witness.send_from_reply = true;
    FLY(&witness, "BEGIN", "SELECT 1/0", "COMMIT");
    await_events(&witness, 3);
    ck_assert_str_eq(witness.said.data, "connected, failed 22012 at 1, done 1");
    close_all(&witness);
}
END_TEST

START_TEST(flights_behind_a_failed_one_fail_and_the_next_one_works)
{
    struct witness witness;

    make_table();
    open_connection(&witness);
    FLY(&witness, "BEGIN", "SELECT 1/0", "COMMIT");
    FLY(&witness, "BEGIN", "INSERT INTO t VALUES (1)", "COMMIT");
    await_events(&witness, 3);
    FLY(&witness, "SELECT count(*) FROM t");
    await_events(&witness, 4);
    ck_assert_str_eq(witness.said.data, "connected, failed 22012 at 1, failed 25P02 at 0, done 0");
    close_all(&witness);
}
END_TEST

START_TEST(two_statements_in_one_step_are_refused)
{
    struct witness witness;

    open_connection(&witness);
    FLY(&witness, "SELECT 1; SELECT 2");
    FLY(&witness, "SELECT 3");
    await_events(&witness, 3);
    ck_assert_str_eq(witness.said.data, "connected, failed 42601 at 0, done 3");
    close_all(&witness);
}
END_TEST

/* ---- closing ---- */

START_TEST(a_connection_closed_in_a_reply_says_nothing_more)
{
    struct witness witness;

    open_connection(&witness);
    witness.close_in_reply = true;
    FLY(&witness, "SELECT 1");
    FLY(&witness, "SELECT 2");
    FLY(&witness, "SELECT pg_sleep(10)");
    await_events(&witness, 2);
    run_loop(&witness, 3, 200);
    ck_assert_str_eq(witness.said.data, "connected, done 1");
    close_all(&witness);
}
END_TEST

START_TEST(a_connection_closed_while_it_is_being_made_says_nothing)
{
    struct witness witness;

    open_with(&witness, conninfo_to("postgres"), SOON_MS);
    pg_close(witness.pg);
    witness.pg = NULL;
    run_loop(&witness, 1, 100);
    ck_assert_int_eq(witness.count, 0);
    close_all(&witness);
}
END_TEST

/* ---- connecting ---- */

static int listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    getsockname(fd, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return fd;
}

static void check_not_connected(const char *conninfo, int64_t timeout_ms, const char *why)
{
    struct witness witness;

    open_with(&witness, conninfo, timeout_ms);
    ck_assert_int_eq(witness.count, 0); /* told from the loop, never from inside pg_open() */
    await_events(&witness, 1);
    ck_assert_str_eq(witness.said.data, "not connected");
    ck_assert_msg(strstr(witness.message, why) != NULL, "%s", witness.message);
    close_all(&witness);
}

START_TEST(a_refused_connection_is_told_with_its_reason)
{
    int port;

    close(listener(&port));
    check_not_connected(keep_format("host=127.0.0.1 port=%d", port), SOON_MS, "refused");
    check_not_connected("host=/nowhere/at/all", SOON_MS, "No such file");
    check_not_connected("host=/tmp nonsense=1", SOON_MS, "invalid connection option");
    check_not_connected(conninfo_to("no_such_database"), SOON_MS, "does not exist");
}
END_TEST

START_TEST(a_server_that_does_not_answer_is_given_up_after_the_timeout)
{
    int port, fd = listener(&port);
    struct mono start = mono_now();

    check_not_connected(keep_format("host=127.0.0.1 port=%d", port), 300, "timeout");
    ck_assert_double_ge(mono_ms_between(start, mono_now()), 300);
    ck_assert_double_lt(mono_ms_between(start, mono_now()), 5000);
    close(fd);
}
END_TEST

static bool is_refused(void *conninfo)
{
    PGconn *conn = PQconnectdb(conninfo);
    bool refused = PQstatus(conn) == CONNECTION_BAD;

    PQfinish(conn);
    return refused;
}

/* Puts a line in front of pg_hba.conf: this role needs a password. */
static void demand_password(PGconn *own, const char *conninfo)
{
    const char *path = sql_text(own, "SHOW hba_file"), *rules = keep_file(path);
    FILE *file;

    sql_exec(own, "CREATE ROLE secretive LOGIN PASSWORD 'right'");
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "local all secretive scram-sha-256\n%s", rules);
    fclose(file);
    sql_exec(own, "SELECT pg_reload_conf()");
    await(is_refused, (void *)conninfo, AWAIT_MS, "the new rules");
}

START_TEST(a_wrong_password_is_told_and_the_right_one_works)
{
    PGconn *own = own_connection();
    const char *base = cluster_conninfo(harness_cluster(), "postgres", "secretive");
    struct witness witness;

    demand_password(own, base);
    check_not_connected(keep_format("%s password=wrong", base), SOON_MS, "password");
    check_not_connected(base, SOON_MS, "password");
    open_with(&witness, keep_format("%s password=right", base), SOON_MS);
    await_events(&witness, 1);
    ck_assert_str_eq(witness.said.data, "connected");
    close_all(&witness);
    PQfinish(own);
}
END_TEST

static const char *name_of(PGconn *own, const struct witness *witness)
{
    return sql_text(own, "SELECT application_name FROM pg_stat_activity WHERE pid = %d",
                    pg_backend_pid(witness->pg));
}

START_TEST(the_application_name_is_ours_unless_conninfo_has_one)
{
    PGconn *own = own_connection();
    struct witness witness, named;

    open_connection(&witness);
    open_with(&named, keep_format("%s application_name=theirs", conninfo_to("postgres")), SOON_MS);
    await_events(&named, 1);
    ck_assert_str_eq(name_of(own, &witness), "witness");
    ck_assert_str_eq(name_of(own, &named), "theirs");
    close_all(&named);
    close_all(&witness);
    PQfinish(own);
}
END_TEST

/* ---- losing ---- */

START_TEST(a_flight_that_is_not_answered_by_its_deadline_is_lost)
{
    struct witness witness;
    struct mono start;

    open_connection(&witness);
    start = mono_now();
    fly(&witness, 200, (const char *const[]){"SELECT pg_sleep(30)", NULL});
    FLY(&witness, "SELECT 2");
    await_events(&witness, 3);
    ck_assert_double_ge(mono_ms_between(start, mono_now()), 199);
    ck_assert_double_lt(mono_ms_between(start, mono_now()), 5000);
    ck_assert_str_eq(witness.said.data, "connected, lost, lost");
    ck_assert(strstr(witness.message, "not answer in time") != NULL);
    close_all(&witness);
}
END_TEST

static void await_sleep(const struct witness *witness)
{
    PGconn *own = own_connection();

    await_sql(own,
              keep_format("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d"
                          " AND wait_event = 'PgSleep')",
                          pg_backend_pid(witness->pg)),
              AWAIT_MS);
    PQfinish(own);
}

static void terminate(struct witness *witness)
{
    PGconn *own = own_connection();
    int pid = pg_backend_pid(witness->pg);

    sql_exec(own, "SELECT pg_terminate_backend(%d)", pid);
    await_sql(own, keep_format("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %d", pid),
              AWAIT_MS);
    PQfinish(own);
}

START_TEST(every_flight_in_the_air_is_told_once_that_the_session_was_ended)
{
    struct witness witness;

    open_connection(&witness);
    FLY(&witness, "BEGIN", "SELECT pg_sleep(30)", "COMMIT");
    FLY(&witness, "SELECT 2");
    run_loop(&witness, 2, 100); /* they are on their way */
    await_sleep(&witness);
    terminate(&witness);
    await_events(&witness, 3);
    run_loop(&witness, 4, 100);
    /* The server's last words belong to the request that it was busy with. */
    ck_assert_msg(text_starts(witness.said.data, "connected, lost 57P01, lost"), "%s",
                  witness.said.data);
    ck_assert_int_eq(witness.count, 3);
    close_all(&witness);
}
END_TEST

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

START_TEST(an_idle_connection_that_the_server_closes_is_noticed_by_the_next_flight)
{
    struct witness witness;
    double cpu;

    open_connection(&witness);
    terminate(&witness);
    cpu = cpu_seconds();
    run_loop(&witness, 2, 400);
    ck_assert_double_lt(cpu_seconds() - cpu, 0.2); /* it does not spin on the closed socket */
    ck_assert_str_eq(witness.said.data, "connected");
    FLY(&witness, "SELECT 1");
    FLY(&witness, "SELECT 2");
    ck_assert_int_eq(witness.count, 1); /* never from inside pg_send() */
    await_events(&witness, 3);
    ck_assert(strstr(witness.said.data, "connected, lost") != NULL);
    close_all(&witness);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_reply_holds_the_rows_of_every_statement,
        megabytes_go_through_in_both_directions_in_several_flights_at_once,
        notices_of_the_server_are_no_answers,
        the_first_warning_stays_with_its_reply_and_a_notice_is_none,
        an_error_in_the_middle_skips_the_rest_and_rolls_all_back,
        an_error_at_commit_is_the_error_of_the_commit,
        the_transaction_is_rolled_back_before_the_failure_is_told,
        flights_behind_a_failed_one_fail_and_the_next_one_works,
        two_statements_in_one_step_are_refused,
        a_connection_closed_in_a_reply_says_nothing_more,
        a_connection_closed_while_it_is_being_made_says_nothing,
        a_refused_connection_is_told_with_its_reason,
        a_server_that_does_not_answer_is_given_up_after_the_timeout,
        a_wrong_password_is_told_and_the_right_one_works,
        the_application_name_is_ours_unless_conninfo_has_one,
        a_flight_that_is_not_answered_by_its_deadline_is_lost,
        every_flight_in_the_air_is_told_once_that_the_session_was_ended,
        an_idle_connection_that_the_server_closes_is_noticed_by_the_next_flight,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
