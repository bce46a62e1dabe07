/*
 * Why: pace is decided by a model of the server (tests/unit/decide_pace.c). Here a real one keeps
 * the time: a job that knows nothing of its table has to find its pace within ten batches, and has
 * to get out of the way of an autovacuum that the server can't do without.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/served.h"
#include "integration/session.h"

/* ---- from a cold start ---- */

enum { BATCH_MS = 20, ROWS = 1200000 };

/* Narrow rows: a batch of 20 ms has some thousands of them. */
static void add_many_orders(struct scene *scene)
{
    sql_exec(scene->own,
             "CREATE TABLE orders (id bigint, deleted_at timestamptz);"
             "INSERT INTO orders SELECT i, CASE i %% 2 WHEN 0 THEN now() - interval '31 days' END"
             " FROM generate_series(1, %d) AS i;"
             "GRANT SELECT, DELETE ON orders TO pgpurged",
             ROWS);
    promises_watch(scene->own, "orders");
}

/* The middle of several, because others are at work on the machine as well. */
START_TEST(batches_take_their_time_within_ten_of_a_cold_start)
{
    struct scene scene = scene_new();
    double middle_ms;

    add_many_orders(&scene);
    scene_once(scene_config(&scene, keep_format("batch_time = %dms\nbatch_rows = 1000000\n"
                                                "scan = heap\nvacuum = never\n",
                                                BATCH_MS)),
               0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), ROWS / 2);
    ck_assert_int_ge(sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit"), 15);
    /* The first one does not know yet. */
    ck_assert_int_le(sql_int(scene.own, "SELECT to_block - from_block FROM pgpurged.audit"
                                        " ORDER BY batch LIMIT 1"),
                     16);
    middle_ms =
        (double)sql_int(scene.own, "SELECT (percentile_cont(0.5) WITHIN GROUP (ORDER BY elapsed_ms)"
                                   " * 1000)::bigint FROM (SELECT elapsed_ms FROM pgpurged.audit"
                                   " ORDER BY batch OFFSET 9 LIMIT 9) AS a") /
        1000;
    ck_assert_double_ge(middle_ms, 0.25 * BATCH_MS); /* the first one takes a tenth */
    ck_assert_double_le(middle_ms, 2 * BATCH_MS);
    scene_end(&scene);
}
END_TEST

/* ---- out of the way of autovacuum ---- */

/* A vacuum so slow that it can be met, of a table whose rows have become old enough; one for its
 * new rows, which could come before that and is as slow, is switched off. */
static void start_freezing(const struct scene *scene)
{
    sql_exec(scene->own, "ALTER TABLE orders SET (autovacuum_freeze_max_age = 100000,"
                         " autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, "
                         "autovacuum_vacuum_cost_limit = 1)");
    sql_exec(scene->own, "DO $$ BEGIN FOR i IN 1..101000 LOOP PERFORM pg_current_xact_id(); COMMIT;"
                         " END LOOP; END $$");
    await_sql(scene->own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE"
              " '%public.orders (to prevent wraparound)' AND backend_type = 'autovacuum worker')",
              AWAIT_MS);
}

/* A worker that is against wraparound gives way to nobody, and the next one would come at once; so
 * who says that there is no need for it has to stand in line before it is ended. */
static void end_freezing(const struct scene *scene)
{
    PGconn *owner = scene_connect(scene);

    sql_start(owner, "ALTER TABLE orders RESET (autovacuum_freeze_max_age)");
    await_sql(scene->own,
              "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation ="
              " 'orders'::regclass)",
              AWAIT_MS);
    sql_exec(scene->own, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE backend_type = 'autovacuum worker'");
    ck_assert_str_eq(sql_join(owner), "00000");
    PQfinish(owner);
}

START_TEST(a_run_is_held_while_autovacuum_is_at_its_table_to_prevent_wraparound)
{
    struct served served = served_new();
    struct snapshot *status;

    scene_add_orders(&served.scene, 4000);
    sql_exec(served.scene.own, "GRANT pg_monitor TO pgpurged");
    sql_exec(served.scene.own, "ALTER SYSTEM SET autovacuum = on");
    sql_exec(served.scene.own, "SELECT pg_reload_conf()");
    start_freezing(&served.scene);
    served_start(&served, served_config(&served, "", scene_job("")));
    served_await(&served, "orders", "held", "wraparound");
    status = served_status(&served);
    ck_assert_str_eq(job_view_why(snapshot_job(status, "orders")),
                     reason_sentence(REASON_WRAPAROUND));
    snapshot_free(status);
    ck_assert_int_eq(scene_due(&served.scene), 2000);
    /* With autovacuum out of the way it goes on by itself. */
    end_freezing(&served.scene);
    scene_await_run(&served.scene, "orders", "done");
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), 2000);
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        batches_take_their_time_within_ten_of_a_cold_start,
        a_run_is_held_while_autovacuum_is_at_its_table_to_prevent_wraparound,
    };

    return harness_main(tests, ARRAY_LENGTH(tests),
                        &(struct cluster_options){.settings = "autovacuum_naptime = 1s\n"});
}
