/*
 * Why: two batches of a worker are on their way at a time, and more if the server is far. Whatever
 * the first one dies of, what the server has made of those behind it has to be known exactly:
 * refused with it, so that their rows are still to be purged, or committed all the same, so that
 * they are not counted again.
 */
#include <check.h>

#include "base/text.h"
#include "integration/ask.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/proxy.h"
#include "integration/scene.h"
#include "integration/served.h"
#include "integration/session.h"

enum { ROWS = 400, DUE = ROWS / 2 };
#define SMALL_BATCHES "batch_rows = 20\nbatch_time = 1ms\nlock_timeout = 30s\n"
#define MIDDLE        8

/* What the batch at the gate does, in PL/pgSQL, once the gate is open; no other batch does it. */
static void add_stumble(const struct scene *scene, const char *deed)
{
    sql_exec(scene->own,
             "CREATE TABLE lines (order_id bigint REFERENCES orders DEFERRABLE INITIALLY DEFERRED);"
             "GRANT SELECT ON lines TO pgpurged;"
             "CREATE SEQUENCE stumbles;"
             "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
             " BEGIN IF nextval('public.stumbles') = %d THEN %s; END IF; RETURN NULL; END $$;"
             "CREATE TRIGGER stumble BEFORE DELETE ON orders FOR EACH STATEMENT EXECUTE FUNCTION"
             " stumble()",
             MIDDLE, deed);
}

static double rows_deleted(const struct served *served)
{
    return served_metric(served,
                         "pgpurged_job_rows_deleted_total{job_name=\"orders\",database=\"d\"}");
}

/* Until a batch is at the gate and the next one behind it: the daemon has sent that before it
 * answers any question. Returns the number of the first. */
static int64_t await_flights(const struct served *served)
{
    gate_await(&served->scene);
    ck_assert_double_gt(rows_deleted(served), 0);
    return sql_int(served->scene.own, "SELECT max(batch) + 1 FROM pgpurged.audit");
}

static struct served served_with_gate(const char *deed)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ROWS);
    gate_close(&served.scene, MIDDLE);
    add_stumble(&served.scene, deed);
    return served;
}

static int64_t start_and_await_two_flights(struct served *served, const char *options,
                                           const char *deed)
{
    *served = served_with_gate(deed);
    served_start(served, served_config(served, "", scene_job(options)));
    return await_flights(served);
}

static bool is_audited(const struct served *served, int64_t batch)
{
    return sql_int(served->scene.own, "SELECT count(*) FROM pgpurged.audit WHERE batch = %lld",
                   (long long)batch) == 1;
}

/* The one run that there is ended like this, and each row that went is counted once, wherever it is
 * counted. */
static void check_run(const struct served *served, const char *outcome, int gone, const char *what)
{
    scene_await_run(&served->scene, "orders", outcome);
    ck_assert_msg(promises_check(served->scene.own, "orders", SCENE_DUE) == gone, "%s", what);
    ck_assert_msg(text_equal(sql_text(served->scene.own,
                                      "SELECT concat(count(*), ' ', sum(rows), ' ', sum(batches) ="
                                      " (SELECT count(*) FROM pgpurged.audit)) FROM pgpurged.runs"),
                             keep_format("1 %d t", gone)),
                  "%s: the run says something else", what);
    ck_assert_msg((int)rows_deleted(served) == gone, "%s: %.0f rows in the metrics", what,
                  rows_deleted(served));
}

/* ---- the first one fails ---- */

static const struct failure {
    const char *what, *deed, *options;
} failures[] = {
    {"a row error", "RAISE 'this row stays'", ""},
    {"a lock", "RAISE 'locked' USING ERRCODE = '55P03'", ""},
    {"too many rows", "RAISE 'too many' USING ERRCODE = 'PU005', DETAIL = '25'", ""},
    {"a serialization failure", "RAISE 'again' USING ERRCODE = '40001'", ""},
    {"a deadlock", "RAISE 'again' USING ERRCODE = '40P01'", ""},
    {"a full disk", "RAISE 'full' USING ERRCODE = '53100'", ""},
    {"statement_timeout", "PERFORM pg_sleep(60)", "statement_timeout = 2s"},
    /* Where triggers may fire, what is deferred to the COMMIT is looked at before the rows are
       counted. */
    {"an error that is deferred", "INSERT INTO public.lines VALUES (-1)", ""},
};

static void check_failure(const struct failure *failure)
{
    struct served served;
    int64_t first = start_and_await_two_flights(
        &served, keep_format(SMALL_BATCHES "%s", failure->options), failure->deed);

    gate_open(&served.scene);
    check_run(&served, "done", DUE, failure->what);
    ck_assert_msg(!is_audited(&served, first), "%s: the first", failure->what);
    ck_assert_msg(!is_audited(&served, first + 1), "%s: the second", failure->what);
    served_end(&served);
}

START_TEST(whatever_the_first_of_two_flights_fails_of_no_row_is_lost_or_counted_twice)
{
    for (size_t i = 0; i < ARRAY_LENGTH(failures); i++)
        check_failure(&failures[i]);
}
END_TEST

/* The server is so far away that as many as can be are on their way. */
static void check_failure_far_away(const struct failure *failure)
{
    struct served served = served_with_gate(failure->deed);
    struct proxy_options far = {.server = cluster_socket(harness_cluster()), .delay_ms = 20};
    struct proxy proxy;
    const char *job = scene_job(keep_format(SMALL_BATCHES "%s", failure->options)), *conninfo;
    int64_t first;

    ck_assert(proxy_start(&proxy, &far));
    conninfo = cluster_conninfo_through(proxy.port, served.scene.database, "pgpurged");
    served_start(&served, served_config_through(&served, conninfo, "", job));
    first = await_flights(&served);
    gate_open(&served.scene);
    check_run(&served, "done", DUE, failure->what);
    ck_assert_msg(!is_audited(&served, first), "%s: the first", failure->what);
    for (int64_t batch = first + 1; batch < first + 4; batch++)
        ck_assert_msg(!is_audited(&served, batch), "%s: the one after %lld", failure->what,
                      (long long)(batch - 1));
    served_end(&served);
    proxy_stop(&proxy);
}

START_TEST(whatever_the_first_of_many_flights_fails_of_no_row_is_lost_or_counted_twice)
{
    for (size_t i = 0; i < ARRAY_LENGTH(failures); i++)
        check_failure_far_away(&failures[i]);
}
END_TEST

/* The gate has taken the batch's lock_timeout away. */
START_TEST(a_locked_row_in_the_first_of_two_flights_is_all_that_stays)
{
    struct served served;
    int64_t first = start_and_await_two_flights(&served, "batch_rows = 20\nlock_timeout = 20ms\n",
                                                "PERFORM set_config('lock_timeout', '20', true)");
    PGconn *locker = scene_connect(&served.scene);

    sql_exec(locker,
             "BEGIN; SELECT FROM orders WHERE " SCENE_DUE " ORDER BY ctid LIMIT 3 FOR UPDATE");
    gate_open(&served.scene);
    check_run(&served, "incomplete", DUE - 3, "locked");
    ck_assert(!is_audited(&served, first));
    ck_assert(!is_audited(&served, first + 1));
    ck_assert_int_eq(sql_int(served.scene.own, "SELECT skipped FROM pgpurged.runs"), 3);
    PQfinish(locker);
    served_end(&served);
}
END_TEST

/* ---- the kill switch comes between them ---- */

static void check_kill_switch(const char *deed, bool first_goes)
{
    struct served served;
    int64_t first = start_and_await_two_flights(&served, SMALL_BATCHES, deed);

    sql_exec(served.scene.own, "UPDATE pgpurged.kill_switch SET stopped = true, reason = 'stop'");
    gate_open(&served.scene);
    served_await(&served, "orders", "held", "kill_switch");
    ck_assert(is_audited(&served, first) == first_goes);
    ck_assert_int_eq(sql_int(served.scene.own,
                             "SELECT count(*) FROM pgpurged.audit"
                             " WHERE batch > %lld",
                             (long long)first),
                     0);
    promises_check(served.scene.own, "orders", SCENE_DUE);

    sql_exec(served.scene.own, "UPDATE pgpurged.kill_switch SET stopped = false");
    ck_assert_int_lt(ask(served.socket, "POST", "/v1/jobs/orders/run").status, 300);
    check_run(&served, "done", DUE, "kill switch");
    served_end(&served);
}

START_TEST(a_kill_switch_set_between_two_flights_stops_the_second)
{
    check_kill_switch("NULL", true);
    check_kill_switch("RAISE 'this row stays'", false);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        whatever_the_first_of_two_flights_fails_of_no_row_is_lost_or_counted_twice,
        whatever_the_first_of_many_flights_fails_of_no_row_is_lost_or_counted_twice,
        a_locked_row_in_the_first_of_two_flights_is_all_that_stays,
        a_kill_switch_set_between_two_flights_stops_the_second,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
