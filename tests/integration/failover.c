/*
 * Why: a failover takes all connections at once, with several batches in flight on each. It is one
 * failure: counted once for each batch, it opened the circuit breaker, and retention stood still
 * for 15 minutes although the new primary was there at once. And where the breaker does open, its
 * message says why: nobody can act on "8 failures in a row".
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/ask.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/served.h"
#include "integration/session.h"

enum { ROWS = 4000, DUE = ROWS / 2, WORKERS = 4 };

#define WAITING                                                                                    \
    "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted"  \
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"

/* One batch at least stands in its DELETE, and the ones behind it are on their way. */
static struct served served_with_batches_in_flight(void)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ROWS);
    gate_close_to_all(&served.scene, 20);
    served_start(&served, served_config(&served, "",
                                        scene_job(keep_format("workers = %d\nbatch_rows = 10\n"
                                                              "scan = heap\nlock_timeout = 60s\n",
                                                              WORKERS))));
    await_sql(served.scene.own, keep_format("SELECT " WAITING " > 0"), AWAIT_MS);
    return served;
}

static void lose_all_connections(const struct served *served)
{
    sql_exec(served->scene.own, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                " WHERE application_name = 'pgpurged' AND datname ="
                                " current_database()");
    await_sql(served->scene.own, "SELECT " WAITING " = 0", AWAIT_MS);
}

static double failures(const struct served *served)
{
    return served_metric(served,
                         "pgpurged_job_consecutive_failures{job_name=\"orders\",database=\"d\"}");
}

START_TEST(a_lost_connection_counts_once_however_many_batches_were_in_flight)
{
    struct served served = served_with_batches_in_flight();

    lose_all_connections(&served);
    await_sql(served.scene.own, "SELECT " WAITING " > 0", AWAIT_MS); /* it is there again */
    ck_assert_double_le(failures(&served), 1);
    ck_assert(!daemon_log_has(&served.daemon, "failures in a row"));
    gate_open(&served.scene);
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), DUE);
    served_end(&served);
}
END_TEST

/* A trigger that nobody expects takes the connection away in each batch: eight of them in a row. */
START_TEST(the_message_of_the_circuit_breaker_says_why)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ROWS);
    sql_exec(served.scene.own,
             "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
             " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL;"
             " END $$; CREATE TRIGGER cut BEFORE DELETE ON orders EXECUTE FUNCTION cut()");
    served_start(&served, served_config(&served, "", scene_job("")));
    /* The pool waits longer each time: a minute at most, all together. */
    daemon_await_log(&served.daemon, "failures in a row", 3 * AWAIT_MS);
    ck_assert(daemon_log_has(&served.daemon, "the last one: "));
    ck_assert(!daemon_log_has(&served.daemon, "the last one: \n"));
    ck_assert(daemon_log_has(&served.daemon, "terminating connection"));
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_lost_connection_counts_once_however_many_batches_were_in_flight,
        the_message_of_the_circuit_breaker_says_why,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
