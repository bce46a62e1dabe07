/*
 * Why: a purge that leaves its table as large and as slow to read as before has done half of its
 * work. Here the space of removed rows becomes reusable, as much of it as the run record says, and
 * whatever stands in the way of that never stops the purge, nor makes anybody wait for it.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/served.h"
#include "integration/session.h"

/* Half of the rows are due: more than VACUUM_WORTH_ROWS of ENOUGH, fewer of FEW. */
enum { ENOUGH = 24000, FEW = 4000 };

/* The daemon's role has the rights of the tables' owner. */
static void let_vacuum(struct scene *scene)
{
    sql_exec(scene->own,
             "DO $$ BEGIN CREATE ROLE shop; EXCEPTION WHEN duplicate_object THEN END $$;"
             "ALTER TABLE orders OWNER TO shop; GRANT shop TO pgpurged");
}

static struct scene vacuum_scene(int rows)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, rows);
    let_vacuum(&scene);
    return scene;
}

/* A VACUUM of ours has been there, and nobody else's: autovacuum is off. */
static bool was_vacuumed(const struct scene *scene)
{
    return sql_int(scene->own, "SELECT count(*) FROM pgpurged.runs WHERE vacuumed_at IS NOT NULL") >
           0;
}

static void check_dead_rows_are_gone(const struct scene *scene)
{
    ck_assert_int_eq(sql_int(scene->own, "SELECT pg_stat_get_dead_tuples('orders'::regclass)"), 0);
    ck_assert_int_eq(sql_int(scene->own, "SELECT pg_stat_get_vacuum_count('orders'::regclass)"), 1);
}

/* ---- what is asked for, and what is needed ---- */

static const struct wish_case {
    const char *name, *options;
    int rows;
    bool vacuumed;
} wish_cases[] = {
    {"after each run", "vacuum = after", FEW, true},
    {"never", "vacuum = never", ENOUGH, false},
    {"auto, autovacuum is off on the server", "vacuum = auto", ENOUGH, true},
    {"auto is what nobody asks for", "", ENOUGH, true},
    {"auto, few rows", "", FEW, false},
};

static void check_wish(const struct wish_case *row)
{
    struct scene scene = vacuum_scene(row->rows);
    const char *log = scene_once(scene_config(&scene, row->options), 0);

    ck_assert_msg(was_vacuumed(&scene) == row->vacuumed, "%s: %s", row->name, log);
    ck_assert_msg((strstr(log, " vacuumed public.orders in ") != NULL) == row->vacuumed, "%s: %s",
                  row->name, log);
    if (row->vacuumed)
        check_dead_rows_are_gone(&scene);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), row->rows / 2);
    scene_end(&scene);
}

START_TEST(a_table_is_vacuumed_as_configured)
{
    for (size_t i = 0; i < ARRAY_LENGTH(wish_cases); i++)
        check_wish(&wish_cases[i]);
}
END_TEST

START_TEST(a_run_that_removes_nothing_vacuums_nothing)
{
    struct scene scene = vacuum_scene(FEW);
    const char *config = scene_config(&scene, "vacuum = after");

    scene_once(config, 0);
    scene_once(config, 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT pg_stat_get_vacuum_count('orders'::regclass)"), 1);
    ck_assert_int_eq(
        sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs WHERE vacuumed_at IS NULL"), 1);
    scene_end(&scene);
}
END_TEST

/* Only the second partition has due rows. */
START_TEST(of_a_partitioned_table_the_partitions_that_lost_rows_are_vacuumed)
{
    struct scene scene = scene_new();
    const char *log;

    sql_exec(scene.own,
             "CREATE TABLE orders (id bigint, deleted_at timestamptz) PARTITION BY RANGE (id);"
             "CREATE TABLE first PARTITION OF orders FOR VALUES FROM (1) TO (1001);"
             "CREATE TABLE \"Second\" PARTITION OF orders FOR VALUES FROM (1001) TO (2001);"
             "INSERT INTO orders SELECT i, CASE WHEN i > 1500 THEN now() - interval '31 days' END"
             " FROM generate_series(1, 2000) AS i;"
             "GRANT SELECT, DELETE ON orders, first, \"Second\" TO pgpurged");
    promises_watch(scene.own, "first");
    promises_watch(scene.own, "\"Second\"");
    let_vacuum(&scene);
    sql_exec(scene.own, "ALTER TABLE first OWNER TO shop; ALTER TABLE \"Second\" OWNER TO shop");
    log = scene_once(scene_config(&scene, "vacuum = after"), 0);
    ck_assert_msg(strstr(log, " vacuumed public.\"Second\" in ") != NULL, "%s", log);
    ck_assert_int_eq(sql_int(scene.own, "SELECT pg_stat_get_vacuum_count('first'::regclass)"), 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT pg_stat_get_vacuum_count('\"Second\"'::regclass)"),
                     1);
    ck_assert_int_ge(sql_int(scene.own, "SELECT reusable_bytes FROM pgpurged.runs"), 500 * 40);
    ck_assert_int_eq(promises_check(scene.own, "first", SCENE_DUE), 0);
    ck_assert_int_eq(promises_check(scene.own, "\"Second\"", SCENE_DUE), 500);
    scene_end(&scene);
}
END_TEST

/* ---- what stands in its way ---- */

START_TEST(a_role_that_may_not_purges_all_the_same_and_is_told_what_to_grant)
{
    struct scene scene = scene_new();
    const char *config = scene_config(&scene, "vacuum = after");
    const char *plan, *log;

    scene_add_orders(&scene, FEW);
    pgpurged_run(&plan, "--config", config, "--plan", NULL);
    ck_assert_msg(strstr(plan, "GRANT postgres TO pgpurged") != NULL, "%s", plan);
    log = scene_once(config, 0);
    ck_assert_msg(
        strstr(log, "skipping VACUUM of public.orders: the role lacks the privilege; run: GRANT "
                    "postgres TO pgpurged") != NULL,
        "%s", log);
    ck_assert(!was_vacuumed(&scene));
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), FEW / 2);
    scene_end(&scene);
}
END_TEST

START_TEST(a_table_that_somebody_else_works_on_is_left_to_them)
{
    struct scene scene = vacuum_scene(FEW);
    PGconn *other = scene_connect(&scene);
    const char *log;

    /* As autovacuum, ANALYZE and CREATE INDEX CONCURRENTLY do; a DELETE doesn't mind. */
    sql_exec(other, "BEGIN; LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE");
    log = scene_once(scene_config(&scene, "vacuum = after"), 0);
    ck_assert_msg(strstr(log, "lock not available") != NULL, "%s", log);
    ck_assert(!was_vacuumed(&scene));
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), FEW / 2);
    PQfinish(other);
    scene_end(&scene);
}
END_TEST

START_TEST(rows_that_an_old_snapshot_keeps_are_said_to_stay)
{
    struct scene scene = vacuum_scene(FEW);
    PGconn *other = scene_connect(&scene);
    const char *log;

    sql_exec(other, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    log = scene_once(scene_config(&scene, "vacuum = after"), 0);
    ck_assert_msg(strstr(log, "may still see 2000 dead rows") != NULL, "%s", log);
    PQfinish(other);
    scene_end(&scene);
}
END_TEST

START_TEST(the_kill_switch_keeps_a_vacuum_away)
{
    struct scene scene = vacuum_scene(FEW);
    const char *log;

    sql_exec(scene.own, "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
                        " AS $$ BEGIN UPDATE pgpurged.kill_switch SET stopped = true; RETURN NULL;"
                        " END $$;"
                        "CREATE TRIGGER stop AFTER UPDATE ON pgpurged.runs FOR EACH ROW"
                        " WHEN (NEW.outcome IS NOT NULL) EXECUTE FUNCTION stop()");
    log = scene_once(scene_config(&scene, "vacuum = after"), 0);
    ck_assert_msg(strstr(log, "skipping VACUUM of public.orders: the kill switch is on") != NULL,
                  "%s", log);
    ck_assert_int_eq(sql_int(scene.own, "SELECT pg_stat_get_vacuum_count('orders'::regclass)"), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(none_begins_shortly_before_the_window_closes)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, FEW);
    let_vacuum(&served.scene);
    served_start(&served,
                 served_config(&served, "log_level = debug",
                               scene_job(keep_format("vacuum = after\nwindow = 06:00-12:00\n"
                                                     "timezone = %s",
                                                     scene_noon_in(&served.scene, 45)))));
    scene_await_run(&served.scene, "orders", "done");
    daemon_await_log(&served.daemon, "skipping VACUUM of public.orders: the window closes soon",
                     AWAIT_MS);
    ck_assert(!was_vacuumed(&served.scene));
    served_end(&served);
}
END_TEST

/* ---- stopping it ---- */

/* Each page that it reads costs so much that it sleeps for 8 ms. */
static void slow_down(const struct scene *scene)
{
    sql_exec(scene->own, "ALTER ROLE pgpurged IN DATABASE %s SET vacuum_cost_page_hit = 10000",
             scene->database);
}

static struct served slow_vacuum(const char *options)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ENOUGH);
    let_vacuum(&served.scene);
    slow_down(&served.scene);
    served_start(&served, served_config(&served, "", scene_job(options)));
    served_await_why(&served, "orders", "vacuuming", "none", "public.orders");
    return served;
}

static void check_nobody_vacuums(const struct served *served)
{
    await_sql(served->scene.own,
              "SELECT count(*) = 0 FROM pg_stat_activity WHERE query LIKE 'VACUUM%'"
              " AND datname = current_database()",
              5000);
    ck_assert(!was_vacuumed(&served->scene));
    ck_assert_int_eq(promises_check(served->scene.own, "orders", SCENE_DUE), ENOUGH / 2);
}

START_TEST(a_daemon_that_is_told_to_stop_does_not_wait_for_a_vacuum)
{
    struct served served = slow_vacuum("vacuum = after");

    await_sql(served.scene.own, "SELECT count(*) = 1 FROM pg_stat_progress_vacuum", AWAIT_MS);
    daemon_signal(&served.daemon, SIGTERM);
    daemon_await_exit(&served.daemon, 0, 2000);
    check_nobody_vacuums(&served);
    served_end(&served);
}
END_TEST

START_TEST(a_pause_ends_a_vacuum_and_status_shows_both)
{
    struct served served = slow_vacuum("vacuum = after");
    struct snapshot *status = served_status(&served);
    const struct job_view *job = snapshot_job(status, "orders");

    ck_assert_str_eq(job_view_why(job), "public.orders");
    ck_assert_int_eq(job->last_run.rows, ENOUGH / 2); /* of the run that has just ended */
    ck_assert_double_gt(job->last_run.reusable_bytes, 0);
    ck_assert(!wall_known(job->last_run.vacuumed));
    snapshot_free(status);
    await_sql(served.scene.own, "SELECT count(*) = 1 FROM pg_stat_progress_vacuum", AWAIT_MS);
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/pause").status, 200);
    served_await(&served, "orders", "held", "paused");
    check_nobody_vacuums(&served);
    ck_assert_double_eq(served_metric(&served, "pgpurged_job_vacuums_total{job_name=\"orders\","
                                               "database=\"d\",outcome=\"stopped\"}"),
                        1);
    ck_assert_int_eq(ask(served.socket, "POST", "/v1/jobs/orders/resume").status, 200);
    served_await(&served, "orders", "waiting", "not_due");
    served_end(&served);
}
END_TEST

START_TEST(a_vacuum_whose_connection_is_lost_is_counted_and_the_job_goes_on)
{
    struct served served = slow_vacuum("vacuum = after");

    await_sql(served.scene.own, "SELECT count(*) = 1 FROM pg_stat_progress_vacuum", AWAIT_MS);
    sql_exec(served.scene.own, "SELECT pg_terminate_backend(pid) FROM pg_stat_progress_vacuum");
    served_await(&served, "orders", "waiting", "not_due");
    check_nobody_vacuums(&served);
    ck_assert_double_eq(served_metric(&served, "pgpurged_job_vacuums_total{job_name=\"orders\","
                                               "database=\"d\",outcome=\"failed\"}"),
                        1);
    served_end(&served);
}
END_TEST

START_TEST(a_vacuum_gives_way_to_who_waits_for_its_lock)
{
    struct served served = slow_vacuum("vacuum = after");

    await_sql(served.scene.own, "SELECT count(*) = 1 FROM pg_stat_progress_vacuum", AWAIT_MS);
    sql_exec(served.scene.own, "SET statement_timeout = '5s'; ALTER TABLE orders ADD note text");
    check_nobody_vacuums(&served);
    ck_assert(daemon_log_has(&served.daemon, "somebody waits for the lock of its VACUUM"));
    served_await(&served, "orders", "waiting", "not_due");
    served_end(&served);
}
END_TEST

START_TEST(a_vacuum_ends_when_the_connection_that_watches_it_is_lost)
{
    struct served served = slow_vacuum("vacuum = after");

    await_sql(served.scene.own,
              "SELECT count(pg_terminate_backend(pid)) = 1 FROM pg_stat_activity"
              " WHERE datname = current_database() AND usename = 'pgpurged' AND state = 'idle'"
              " AND EXISTS (SELECT FROM pg_stat_progress_vacuum)",
              AWAIT_MS);
    check_nobody_vacuums(&served);
    ck_assert(daemon_log_has(&served.daemon, "the connection that watches its VACUUM is lost"));
    served_await(&served, "orders", "waiting", "not_due");
    served_end(&served);
}
END_TEST

static const char *with_connections(const struct served *served, int connections)
{
    return config_write(
        served->folder,
        "[pgpurged]\nsocket = %s\nstate_directory = %s\n[database d]\nconninfo = %s\n"
        "max_connections = %d\n[defaults]\ndatabase = d\n%s"
        "[job carts]\ntable = carts\nexpires = deleted_at + 30d\nmax_rows_per_second = 1000\n"
        "[job drafts]\ntable = drafts\nexpires = deleted_at + 30d\n",
        served->socket, served->folder,
        cluster_conninfo(harness_cluster(), served->scene.database, "pgpurged"), connections,
        scene_job("vacuum = after"));
}

static struct served three_tables(void)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, FEW);
    let_vacuum(&served.scene);
    scene_add_table(&served.scene, "carts", FEW);
    scene_add_table(&served.scene, "drafts", FEW);
    return served;
}

/* carts keeps one of two connections for a while. */
START_TEST(a_job_that_waits_for_a_connection_goes_before_a_vacuum)
{
    struct served served = three_tables();

    served_start(&served, with_connections(&served, 2));
    daemon_await_log(&served.daemon, "vacuumed public.orders", AWAIT_MS);
    ck_assert_msg(sql_int(served.scene.own,
                          "SELECT ((SELECT ended_at FROM pgpurged.runs WHERE job = 'drafts') <"
                          " (SELECT vacuumed_at FROM pgpurged.runs WHERE job = 'orders'))::int"),
                  "%s", daemon_log(&served.daemon));
    served_end(&served);
}
END_TEST

/* Once orders are vacuumed nobody gets a connection, and when that is certain carts loses its own.
 */
START_TEST(once_gives_up_on_a_database_that_is_lost_after_a_vacuum)
{
    struct scene scene = vacuum_scene(FEW);
    const char *log;

    scene_add_table(&scene, "carts", FEW);
    sql_exec(scene.own,
             "CREATE FUNCTION lock_out() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
             " BEGIN ALTER ROLE pgpurged NOLOGIN; RETURN NULL; END $$;"
             "CREATE TRIGGER lock_out AFTER UPDATE ON pgpurged.runs FOR EACH ROW"
             " WHEN (OLD.vacuumed_at IS NULL AND NEW.vacuumed_at IS NOT NULL)"
             " EXECUTE FUNCTION lock_out();"
             "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             " PERFORM pg_terminate_backend(pg_backend_pid()) FROM pg_roles"
             "  WHERE rolname = 'pgpurged' AND NOT rolcanlogin;"
             " RETURN NULL; END $$;"
             "CREATE TRIGGER leave BEFORE DELETE ON carts EXECUTE FUNCTION leave()");
    log = scene_once(
        scene_config_of(&scene, keep_format("%s[job carts]\ntable = carts\nexpires = deleted_at +"
                                            " 30d\nmax_rows_per_second = 100\n",
                                            scene_job("vacuum = after"))),
        1);
    sql_exec(scene.own, "ALTER ROLE pgpurged LOGIN");
    ck_assert_msg(strstr(log, "vacuumed public.orders") != NULL, "%s", log);
    ck_assert_msg(strstr(log, "not permitted to log in") != NULL, "%s", log);
    promises_check(scene.own, "carts", SCENE_DUE);
    scene_end(&scene);
}
END_TEST

/* carts keeps the other connection for longer than a VACUUM may be at work without being watched.
 */
START_TEST(a_vacuum_that_nobody_can_watch_is_given_up)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, ENOUGH);
    let_vacuum(&served.scene);
    slow_down(&served.scene);
    scene_add_table(&served.scene, "carts", FEW);
    scene_add_table(&served.scene, "drafts", FEW);
    sql_exec(served.scene.own,
             "CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             " PERFORM pg_sleep(0.02); RETURN OLD; END $$;"
             "CREATE TRIGGER rest BEFORE DELETE ON carts FOR EACH ROW EXECUTE FUNCTION rest()");
    served_start(&served, with_connections(&served, 2));
    daemon_await_log(&served.daemon, "no connection is free to watch its VACUUM", AWAIT_MS);
    check_nobody_vacuums(&served);
    served_end(&served);
}
END_TEST

START_TEST(on_one_connection_nothing_is_vacuumed)
{
    struct served served = three_tables();

    served_start(&served, with_connections(&served, 1));
    scene_await_run(&served.scene, "drafts", "done");
    ck_assert(daemon_log_has(&served.daemon, "with max_connections = 1 nobody could watch"));
    ck_assert(!was_vacuumed(&served.scene));
    served_end(&served);
}
END_TEST

/* ---- how much became reusable ---- */

static const struct space_case {
    const char *name, *columns, *values;
    int rows;
} space_cases[] = {
    {"narrow rows", "note text", "NULL", 40000},
    {"rows of many small columns", "a int, b bigint, c smallint, d text, e boolean, f numeric",
     "i, i, 1, 'x' || i, true, i / 7.0", 40000},
    {"rows of 700 bytes", "filler text", "repeat('x', 700)", 8000},
    {"wide rows out of line", "body text",
     "(SELECT string_agg(md5((i * 1000 + j)::text), '') FROM generate_series(1, 200) AS j)", 2000},
};

static double free_space(const struct scene *scene)
{
    return (double)sql_int(scene->own,
                           "SELECT sum((pgstattuple(r)).free_space)::bigint FROM (SELECT"
                           " 'orders'::regclass UNION SELECT reltoastrelid::regclass FROM pg_class"
                           " WHERE oid = 'orders'::regclass AND reltoastrelid <> 0) AS s (r)");
}

static void check_space(const struct space_case *row)
{
    struct scene scene = scene_new();
    double before, freed, said;

    if (sql_int(scene.own, "SELECT count(*) FROM pg_available_extensions WHERE name ="
                           " 'pgstattuple'") == 0)
        harness_skip("the server has no pgstattuple");
    sql_exec(
        scene.own,
        "CREATE EXTENSION pgstattuple;"
        "CREATE TABLE orders (id bigint, deleted_at timestamptz, %s);"
        "INSERT INTO orders SELECT i, CASE WHEN i %% 3 = 0 THEN now() - interval '31 days' END,"
        " %s FROM generate_series(1, %d) AS i;"
        "GRANT SELECT, DELETE ON orders TO pgpurged",
        row->columns, row->values, row->rows);
    let_vacuum(&scene);
    before = free_space(&scene);
    scene_once(scene_config(&scene, "vacuum = after"), 0);
    freed = free_space(&scene) - before;
    said = (double)sql_int(scene.own, "SELECT reusable_bytes FROM pgpurged.runs");
    ck_assert_msg(fabs(said - freed) <= freed / 4, "%s: %.0f bytes, and it said %.0f", row->name,
                  freed, said);
    scene_end(&scene);
}

START_TEST(the_run_record_says_within_a_quarter_how_much_space_became_reusable)
{
    for (size_t i = 0; i < ARRAY_LENGTH(space_cases); i++)
        check_space(&space_cases[i]);
}
END_TEST

START_TEST(status_and_metrics_say_what_became_reusable)
{
    struct served served = served_new();
    struct snapshot *status;
    const struct job_view *job;
    double said;

    scene_add_orders(&served.scene, FEW);
    let_vacuum(&served.scene);
    served_start(&served, served_config(&served, "", scene_job("vacuum = after")));
    daemon_await_log(&served.daemon, "vacuumed public.orders", AWAIT_MS);
    served_await(&served, "orders", "waiting", "not_due");
    said = (double)sql_int(served.scene.own, "SELECT reusable_bytes FROM pgpurged.runs");
    ck_assert_double_gt(said, FEW / 2 * 700);
    status = served_status(&served);
    job = snapshot_job(status, "orders");
    ck_assert_double_eq(job->last_run.reusable_bytes, said);
    ck_assert(wall_known(job->last_run.vacuumed));
    snapshot_free(status);
    ck_assert_double_eq(
        served_metric(&served,
                      "pgpurged_job_reusable_bytes_total{job_name=\"orders\",database=\"d\"}"),
        said);
    ck_assert_double_eq(served_metric(&served, "pgpurged_job_vacuums_total{job_name=\"orders\","
                                               "database=\"d\",outcome=\"done\"}"),
                        1);
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_table_is_vacuumed_as_configured,
        a_run_that_removes_nothing_vacuums_nothing,
        of_a_partitioned_table_the_partitions_that_lost_rows_are_vacuumed,
        a_role_that_may_not_purges_all_the_same_and_is_told_what_to_grant,
        a_table_that_somebody_else_works_on_is_left_to_them,
        rows_that_an_old_snapshot_keeps_are_said_to_stay,
        the_kill_switch_keeps_a_vacuum_away,
        none_begins_shortly_before_the_window_closes,
        a_daemon_that_is_told_to_stop_does_not_wait_for_a_vacuum,
        a_pause_ends_a_vacuum_and_status_shows_both,
        a_vacuum_whose_connection_is_lost_is_counted_and_the_job_goes_on,
        a_vacuum_gives_way_to_who_waits_for_its_lock,
        a_vacuum_ends_when_the_connection_that_watches_it_is_lost,
        a_job_that_waits_for_a_connection_goes_before_a_vacuum,
        once_gives_up_on_a_database_that_is_lost_after_a_vacuum,
        a_vacuum_that_nobody_can_watch_is_given_up,
        on_one_connection_nothing_is_vacuumed,
        the_run_record_says_within_a_quarter_how_much_space_became_reusable,
        status_and_metrics_say_what_became_reusable,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
