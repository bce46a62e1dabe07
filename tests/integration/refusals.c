/*
 * Why: a job must look before it leaps. Whatever a table, a role or a database is like, the job
 * either purges it as promised or says clearly what stands in the way, and stops alone: the other
 * jobs of the same daemon go on, and nothing of the refused table is touched.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

static const char *role_conninfo(const struct scene *scene)
{
    return cluster_conninfo(harness_cluster(), scene->database, "pgpurged");
}

/* --- tables --- */

/* All of them are in one database and run by one daemon, beside a job that can go. %s is the name
 * of the case, which is the job's and, where nothing else is said, the table's. */
static const struct refusal {
    const char *name;
    const char *setup;   /* made by the superuser, NULL = nothing */
    const char *options; /* of the job; NULL = the usual ones */
    const char *message; /* in the log line of the job that stops */
    bool has_rows;       /* it is a table with two due rows, which must stay */
} refusals[] = {
    /* What is not a plain table. */
    {"a_view", "CREATE VIEW a_view AS TABLE plain", NULL, "public.a_view is a view", true},
    {"a_matview", "CREATE MATERIALIZED VIEW a_matview AS TABLE plain", NULL,
     "public.a_matview is a materialized view", true},
    {"a_foreign",
     "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
     "CREATE FOREIGN TABLE a_foreign (deleted_at timestamptz) SERVER s",
     NULL, "public.a_foreign is a foreign table", false},
    {"an_index", "CREATE INDEX an_index ON plain (deleted_at)", NULL, "public.an_index is an index",
     false},
    {"a_sequence", "CREATE SEQUENCE a_sequence", NULL, "public.a_sequence is a sequence", false},
    {"a_type", "CREATE TYPE a_type AS (deleted_at timestamptz)", NULL,
     "public.a_type is a composite type", false},
    {"a_catalog", NULL, "table = pg_catalog.pg_class\nexpires = deleted_at + 30d",
     "pg_catalog.pg_class is a system table", false},
    {"a_standard", NULL, "table = information_schema.sql_features\nexpires = deleted_at + 30d",
     "information_schema.sql_features is a system table", false},
    {"the_audit", NULL, "table = pgpurged.audit\nexpires = purged_at + 30d",
     "pgpurged.audit belongs to pgpurged itself", false},
    {"the_runs", NULL, "table = pgpurged.runs\nexpires = ended_at + 30d",
     "pgpurged.runs belongs to pgpurged itself", false},
    {"citus",
     "SET allow_system_table_mods = on;"
     "CREATE TABLE pg_catalog.pg_dist_partition (logicalrel regclass);"
     "GRANT SELECT ON pg_catalog.pg_dist_partition TO PUBLIC;"
     "CREATE TABLE citus AS TABLE plain; INSERT INTO pg_dist_partition VALUES ('citus')",
     NULL, "public.citus is a distributed table of Citus", true},
    {"timescale",
     "CREATE SCHEMA _timescaledb_internal; CREATE TABLE timescale AS TABLE plain;"
     "CREATE TABLE _timescaledb_internal._hyper_1_1_chunk () INHERITS (timescale)",
     NULL, "public.timescale is a hypertable of TimescaleDB", true},
    {"columnar",
     "CREATE ACCESS METHOD columns TYPE TABLE HANDLER heap_tableam_handler;"
     "CREATE TABLE columnar USING columns AS TABLE plain",
     NULL, "public.columnar is stored by the access method \"columns\"", true},
    {"a_temporary", "CREATE TEMPORARY TABLE a_temporary AS TABLE plain",
     "table = $temporary.a_temporary\nexpires = deleted_at + 30d",
     "a_temporary is a temporary table of another session", true},
    {"missing", NULL, NULL, "there is no table public.missing in this database", false},
    {"missing_schema", NULL, "table = nowhere.at_all\nexpires = deleted_at + 30d",
     "there is no table nowhere.at_all in this database", false},

    /* Columns. */
    {"no_column", "CREATE TABLE no_column AS SELECT id FROM plain", NULL,
     "public.no_column has no column \"deleted_at\"", true},
    {"dropped_column",
     "CREATE TABLE dropped_column AS TABLE plain; ALTER TABLE dropped_column DROP deleted_at", NULL,
     "public.dropped_column has no column \"deleted_at\"", true},
    {"system_column", "CREATE TABLE system_column AS TABLE plain",
     "table = system_column\nexpires = xmin + 30d", "has no column \"xmin\"", true},
    {"a_text", "CREATE TABLE a_text AS SELECT id, deleted_at::text FROM plain", NULL,
     "column \"deleted_at\" of public.a_text is of type text, which can't expire", true},
    {"a_number", "CREATE TABLE a_number AS SELECT id, 1 AS deleted_at FROM plain", NULL,
     "is of type integer, which can't expire", true},
    {"a_flag", "CREATE TABLE a_flag AS SELECT id, true AS deleted_at FROM plain", NULL,
     "is of type boolean, which can't expire", true},
    {"a_time", "CREATE TABLE a_time AS SELECT id, deleted_at::time FROM plain", NULL,
     "is of type time without time zone, which can't expire", true},
    {"an_interval",
     "CREATE TABLE an_interval AS SELECT id, now() - deleted_at AS deleted_at "
     "FROM plain",
     NULL, "is of type interval, which can't expire", true},
    {"an_array", "CREATE TABLE an_array AS SELECT id, ARRAY[deleted_at] AS deleted_at FROM plain",
     NULL, "is of type timestamp with time zone[], which can't expire", true},
    {"a_domain",
     "CREATE DOMAIN mark AS text;"
     "CREATE TABLE a_domain AS SELECT id, deleted_at::text::mark AS deleted_at FROM plain",
     NULL, "is of type public.mark, which can't expire", true},
    {"a_namesake",
     "CREATE TYPE public.timestamptz AS ENUM ('long ago');"
     "CREATE TABLE a_namesake AS SELECT id, 'long ago'::public.timestamptz AS deleted_at FROM "
     "plain",
     NULL, "is of type public.timestamptz, which can't expire", true},

    /* Zones. */
    {"zoneless", "CREATE TABLE zoneless AS SELECT id, deleted_at::timestamp FROM plain", NULL,
     "has no time zone (timestamp without time zone); say which one its values are in", true},
    {"a_date", "CREATE TABLE a_date AS SELECT id, deleted_at::date FROM plain", NULL,
     "has no time zone (date); say which one its values are in", true},
    {"two_zones", "CREATE TABLE two_zones AS TABLE plain",
     "table = two_zones\nexpires = deleted_at + 30d\ncolumn_timezone = UTC", "column_timezone",
     true},
    {"martian_column", "CREATE TABLE martian_column AS SELECT id, deleted_at::timestamp FROM plain",
     "table = martian_column\nexpires = deleted_at + 30d\ncolumn_timezone = Mars/Olympus",
     "time zone \"Mars/Olympus\" not recognized", true},
    {"martian_window", "CREATE TABLE martian_window AS TABLE plain",
     "table = martian_window\nexpires = deleted_at + 30d\ntimezone = Mars/Olympus",
     "time zone \"Mars/Olympus\" not recognized", true},

    {"posix_column", "CREATE TABLE posix_column AS SELECT id, deleted_at::timestamp FROM plain",
     "table = posix_column\nexpires = deleted_at + 30d\ncolumn_timezone = EST5",
     "column_timezone: time zone \"EST5\" not recognized", true},
    {"abbreviation", "CREATE TABLE abbreviation AS SELECT id, deleted_at::timestamp FROM plain",
     "table = abbreviation\nexpires = deleted_at + 30d\ncolumn_timezone = CEST",
     "column_timezone: time zone \"CEST\" not recognized", true},
    {"small_letters", "CREATE TABLE small_letters AS SELECT id, deleted_at::timestamp FROM plain",
     "table = small_letters\nexpires = deleted_at + 30d\ncolumn_timezone = asia/tokyo",
     "column_timezone: time zone \"asia/tokyo\" is spelled Asia/Tokyo", true},
    {"posix_window", "CREATE TABLE posix_window AS TABLE plain",
     "table = posix_window\nexpires = deleted_at + 30d\ntimezone = EST5",
     "timezone: time zone \"EST5\" not recognized", true},

    /* Privileges: the message says which GRANT is missing. */
    {"no_usage",
     "CREATE SCHEMA \"Closed\"; CREATE TABLE \"Closed\".t AS TABLE plain;"
     "GRANT ALL ON \"Closed\".t TO pgpurged",
     "table = \"Closed\".t\nexpires = deleted_at + 30d",
     "may not use schema \"Closed\"; run: GRANT USAGE ON SCHEMA \"Closed\" TO pgpurged", false},
    {"no_select", "CREATE TABLE no_select AS TABLE plain; REVOKE SELECT ON no_select FROM pgpurged",
     NULL, "run: GRANT SELECT, DELETE ON public.no_select TO pgpurged", true},
    {"no_delete", "CREATE TABLE no_delete AS TABLE plain; REVOKE DELETE ON no_delete FROM pgpurged",
     NULL, "run: GRANT SELECT, DELETE ON public.no_delete TO pgpurged", true},

    /* What would make a count untrue. */
    {"a_policy",
     "CREATE TABLE a_policy AS TABLE plain; ALTER TABLE a_policy ENABLE ROW LEVEL "
     "SECURITY",
     NULL, "row level security of public.a_policy applies to role pgpurged", true},
    {"a_rule",
     "CREATE TABLE a_rule AS TABLE plain;"
     "CREATE RULE keep AS ON DELETE TO a_rule DO INSTEAD NOTHING",
     NULL, "public.a_rule has a rule ON DELETE (keep)", true},

    /* What the server would refuse each time. */
    {"unidentified",
     "CREATE TABLE unidentified AS TABLE plain; CREATE PUBLICATION \"To Kyiv\" FOR"
     " TABLE unidentified",
     NULL, "public.unidentified is published (\"To Kyiv\") without a replica identity", true},
};

/* Privileges for all, so that each case lacks but one thing. */
static void set_up_refusals(struct scene *scene)
{
    sql_exec(scene->own, "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pgpurged");
    sql_exec(scene->own, "CREATE TABLE plain AS SELECT i AS id, now() - interval '1 year'"
                         " AS deleted_at FROM generate_series(1, 2) AS i");
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
        if (refusals[i].setup != NULL)
            sql_exec(scene->own, "%s", refusals[i].setup);
}

/* The schema of this session's temporary tables has a name of its own each time. */
static const char *options_of(const struct refusal *row, const struct scene *scene)
{
    const char *schema = sql_text(scene->own, "SELECT pg_my_temp_schema()::regnamespace");
    const char *temporary;

    if (row->options == NULL)
        return keep_format("table = %s\nexpires = deleted_at + 30d", row->name);
    temporary = strstr(row->options, "$temporary");
    if (temporary == NULL)
        return row->options;
    return keep_format("%.*s%s%s", (int)(temporary - row->options), row->options, schema,
                       temporary + strlen("$temporary"));
}

static const char *config_of_refusals(const struct scene *scene)
{
    struct text jobs = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
        text_addf(&jobs, "[job %s]\n%s\n", refusals[i].name, options_of(&refusals[i], scene));
    text_add(&jobs, scene_job(""));
    return scene_config_through(role_conninfo(scene), keep_text(text_take(&jobs)));
}

/* The line in which the job leaves the checks. */
static const char *stopping_line(const char *log, const char *job)
{
    const char *line = strstr(log, keep_format("job=%s checking -> ", job));

    return line == NULL ? "" : keep_format("%.*s", (int)strcspn(line, "\n"), line);
}

static void check_refusal(const struct refusal *row, const struct scene *scene, const char *log)
{
    const char *line = stopping_line(log, row->name);

    ck_assert_msg(strstr(line, row->message) != NULL, "%s should stop with: %s\nbut it said: %s",
                  row->name, row->message, line);
    ck_assert_msg(
        sql_int(scene->own, "SELECT count(*) FROM pgpurged.audit WHERE job = '%s'", row->name) == 0,
        "%s has deleted", row->name);
    ck_assert_msg(
        sql_int(scene->own, "SELECT count(*) FROM pgpurged.runs WHERE job = '%s'", row->name) == 0,
        "%s has begun a run", row->name);
    if (row->has_rows)
        ck_assert_msg(sql_int(scene->own, "SELECT count(*) FROM %s", row->name) == 2,
                      "rows of %s are gone", row->name);
}

START_TEST(a_table_that_cannot_be_purged_stops_its_job_and_no_other)
{
    struct scene scene = scene_new();
    const char *log;

    scene_add_orders(&scene, 400);
    set_up_refusals(&scene);
    log = scene_once(config_of_refusals(&scene), 1);
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
        check_refusal(&refusals[i], &scene, log);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 200);
    ck_assert_int_eq(scene_due(&scene), 0);
    scene_end(&scene);
}
END_TEST

/* --- privileges, put right while the daemon runs --- */

static const struct grant {
    const char *what, *missing;
} grants[] = {
    {"SELECT", "REVOKE SELECT ON orders FROM pgpurged"},
    {"DELETE", "REVOKE DELETE ON orders FROM pgpurged"},
    {"all", "REVOKE ALL ON orders FROM pgpurged"},
    {"USAGE", "REVOKE USAGE ON SCHEMA public FROM PUBLIC"},
};

static void check_grant(const struct grant *row)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "%s", row->missing);
    daemon = daemon_start(scene_config(&scene, ""));
    daemon_await_log(&daemon, "job=orders checking -> stopped", AWAIT_MS);
    ck_assert_int_eq(scene_due(&scene), 20);

    sql_exec(scene.own, "%s", program_advice(daemon_log(&daemon)));
    daemon_signal(&daemon, SIGHUP);
    scene_await_run(&scene, "orders", "done");
    ck_assert_msg(promises_check(scene.own, "orders", SCENE_DUE) == 20, "%s", row->what);
    daemon_stop(&daemon);
    scene_end(&scene);
}

START_TEST(the_grant_in_the_message_is_what_was_missing)
{
    for (size_t i = 0; i < ARRAY_LENGTH(grants); i++)
        check_grant(&grants[i]);
}
END_TEST

START_TEST(the_grant_names_a_role_as_sql_needs_it)
{
    struct scene scene = scene_new();
    const char *conninfo = keep_format("host=%s port=%d dbname=%s user='Purge \"it\"'",
                                       cluster_host(harness_cluster()),
                                       cluster_port(harness_cluster()), scene.database);
    const char *config = scene_config_through(conninfo, scene_job(""));
    const char *init_sql, *log;

    scene_add_orders(&scene, 40);
    ck_assert_int_eq(pgpurged_run(&init_sql, "--init-sql=Purge \"it\"", NULL), 0);
    sql_exec(scene.own, "%s", init_sql);
    log = scene_once(config, 1);
    sql_exec(scene.own, "%s", program_advice(log));
    scene_once(config, 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 20);
    scene_end(&scene);
}
END_TEST

/* --- databases and roles --- */

static const struct database_refusal {
    const char *what, *setup, *message;
} database_refusals[] = {
    {"no schema", "DROP SCHEMA pgpurged CASCADE",
     "has no schema pgpurged; run: pgpurged --init-sql | psql -d "},
    {"an older schema",
     "CREATE OR REPLACE FUNCTION pgpurged.version() RETURNS integer LANGUAGE sql AS 'SELECT 0'",
     "schema pgpurged is of version 0, this pgpurged needs 3; run: pgpurged --init-sql=pgpurged | "
     "psql"},
    {"a newer schema",
     "CREATE OR REPLACE FUNCTION pgpurged.version() RETURNS integer LANGUAGE sql AS 'SELECT 99'",
     "schema pgpurged is of version 99, this pgpurged is too old: it knows 3 at most"},
    {"a schema without functions", "DROP FUNCTION pgpurged.version()", "has no schema pgpurged"},
    {"no usage of the schema", "REVOKE USAGE ON SCHEMA pgpurged FROM pgpurged",
     "may not write the audit table or the runs of schema pgpurged; run: pgpurged "
     "--init-sql=pgpurged | psql"},
    {"no INSERT into the audit table", "REVOKE INSERT ON pgpurged.audit FROM pgpurged",
     "may not write the audit table"},
    {"no SELECT from the audit table", "REVOKE SELECT ON pgpurged.audit FROM pgpurged",
     "may not write the audit table"},
    {"no UPDATE of the runs", "REVOKE UPDATE ON pgpurged.runs FROM pgpurged",
     "may not write the audit table or the runs"},
    {"no INSERT into the policies", "REVOKE INSERT ON pgpurged.policies FROM pgpurged",
     "may not write the audit table or the runs"},
    {"no kill switch", "REVOKE SELECT ON pgpurged.kill_switch FROM pgpurged", "kill_switch"},
    {"functions that may not be executed",
     "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA pgpurged FROM pgpurged", "permission denied"},
    {"triggers switched off",
     "DO $$ BEGIN EXECUTE format('ALTER ROLE pgpurged IN DATABASE %I SET session_replication_role ="
     " replica', current_database()); END $$",
     "session_replication_role is \"replica\" for role pgpurged"},
};

static void check_database_refusal(const struct database_refusal *row)
{
    struct scene scene = scene_new(), other = scene_new();
    const char *log;

    scene_add_orders(&scene, 40);
    scene_add_orders(&other, 40);
    sql_exec(scene.own, "%s", row->setup);
    log = scene_once(
        scene_config_through(
            role_conninfo(&scene),
            keep_format("%s[database e]\nconninfo = %s\n"
                        "[job others]\ndatabase = e\ntable = orders\nexpires = deleted_at + 30d\n",
                        scene_job(""), role_conninfo(&other))),
        1);
    ck_assert_msg(strstr(log, row->message) != NULL, "%s: no \"%s\" in\n%s", row->what,
                  row->message, keep_tail(log));
    ck_assert_int_eq(scene_due(&scene), 20);
    ck_assert_int_eq(promises_check(other.own, "orders", SCENE_DUE), 20);
    scene_end(&scene);
    scene_end(&other);
}

START_TEST(a_database_that_is_not_set_up_stops_its_jobs_and_no_others)
{
    for (size_t i = 0; i < ARRAY_LENGTH(database_refusals); i++)
        check_database_refusal(&database_refusals[i]);
}
END_TEST

/* --- a standby --- */

static void become_standby(void)
{
    struct cluster *cluster = harness_cluster();
    const char *signal_file = keep_format("%s/data/standby.signal", cluster_folder(cluster));

    cluster_stop_fast(cluster);
    ck_assert_int_ge(creat(signal_file, 0644), 0);
    cluster_start(cluster);
}

START_TEST(a_standby_is_left_alone_until_it_is_promoted)
{
    struct scene scene = scene_new();
    struct daemon daemon;

    scene_add_orders(&scene, 40);
    PQfinish(scene.own);
    become_standby();
    scene.own = scene_connect(&scene);
    daemon = daemon_start(scene_config(&scene, ""));
    daemon_await_log(&daemon, "job=orders checking -> held (standby)", AWAIT_MS);
    scene_await_no_daemon(&scene);
    scene_once(scene_config(&scene, ""), 3);
    ck_assert_int_eq(scene_due(&scene), 20);

    ck_assert_str_eq(sql_text(scene.own, "SELECT pg_promote()"), "t");
    daemon_signal(&daemon, SIGHUP); /* it would look again by itself in a minute */
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 20);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- exit codes of --once --- */

START_TEST(once_exits_with_0_when_all_is_done)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 40);
    scene_once(scene_config(&scene, ""), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 20);
    scene_once(scene_config(&scene, "enabled = no"), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(once_exits_with_1_when_the_database_is_not_there)
{
    const char *log =
        scene_once(scene_config_through("host=127.0.0.1 port=1 dbname=nowhere connect_timeout=2",
                                        scene_job("")),
                   1);

    ck_assert_ptr_nonnull(strstr(log, "database=d unavailable"));
}
END_TEST

START_TEST(once_exits_with_2_when_a_named_job_is_not_configured)
{
    struct scene scene = scene_new();
    const char *output;

    scene_add_orders(&scene, 40);
    ck_assert_int_eq(pgpurged_run(&output, "--config", scene_config(&scene, ""), "--once", "orders",
                                  "order", NULL),
                     2);
    ck_assert_ptr_nonnull(strstr(output, "there is no [job order]"));
    ck_assert_int_eq(scene_due(&scene), 20);
    scene_end(&scene);
}
END_TEST

START_TEST(once_exits_with_3_when_the_kill_switch_holds_it)
{
    struct scene scene = scene_new();
    const char *log;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "UPDATE pgpurged.kill_switch SET stopped = true, reason = 'audit week'");
    log = scene_once(scene_config(&scene, ""), 3);
    ck_assert_ptr_nonnull(strstr(log, "the kill switch is on: audit week"));
    ck_assert_int_eq(scene_due(&scene), 20);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 0);
    scene_end(&scene);
}
END_TEST

/* A missing row of the switch is no permission. */
START_TEST(a_kill_switch_without_its_row_is_on)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "DELETE FROM pgpurged.kill_switch");
    scene_once(scene_config(&scene, ""), 3);
    ck_assert_int_eq(scene_due(&scene), 20);
    scene_end(&scene);
}
END_TEST

START_TEST(once_runs_only_the_jobs_that_are_named)
{
    struct scene scene = scene_new();
    const char *config;

    scene_add_orders(&scene, 40);
    scene_add_table(&scene, "carts", 40);
    config = scene_config(&scene, "[job carts]\ntable = carts\nexpires = deleted_at + 30d\n");
    ck_assert_int_eq(pgpurged_run(NULL, "--config", config, "--once", "carts", NULL), 0);
    ck_assert_int_eq(promises_check(scene.own, "carts", SCENE_DUE), 20);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 0);
    scene_end(&scene);
}
END_TEST

/* --- files --- */

/* Every trap of the configuration has a unit test with its message; here, that the program says it
 * and ends with 2, whatever it was asked to do. */
static const char *const bad_files[] = {
    "junk",
    "[nonsense]\n",
    "[database d]\nconninfo = dbname=d\n[job j]\ntable = t\nexpires = deleted_at + 30d\n",
    "[database d]\nconninfo = dbname=d\n[job j]\ndatabase = d\ntable = t\nexpires = a + 1h\n",
    "[database d]\nconninfo = dbname=d\n[job j]\ndatabase = d\ntable = t\nexpires = a + 30\n",
    "[database d]\nconninfo = no such thing\n",
};

static void check_bad_config(const char *path, const char *where)
{
    static const char *const verbs[] = {"--check", "--plan", "--once", "--print-config"};
    const char *output;

    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
        int code = pgpurged_run(&output, "--config", path, verbs[i], NULL);

        ck_assert_msg(code == 2 && strstr(output, where) != NULL, "%s: %d: %s", verbs[i], code,
                      output);
    }
    ck_assert_int_eq(pgpurged_run(&output, "--config", path, NULL), 2);
}

START_TEST(a_bad_configuration_file_ends_the_program_with_2_and_says_where)
{
    const char *folder = cluster_folder(harness_cluster());

    for (size_t i = 0; i < ARRAY_LENGTH(bad_files); i++) {
        const char *path = config_write(folder, "%s", bad_files[i]);

        check_bad_config(path, keep_format("%s:", path));
    }
    check_bad_config(folder, folder);
    check_bad_config("/nowhere/at/all.conf", "/nowhere/at/all.conf");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_table_that_cannot_be_purged_stops_its_job_and_no_other,
        the_grant_in_the_message_is_what_was_missing,
        the_grant_names_a_role_as_sql_needs_it,
        a_database_that_is_not_set_up_stops_its_jobs_and_no_others,
        once_exits_with_0_when_all_is_done,
        once_exits_with_1_when_the_database_is_not_there,
        once_exits_with_2_when_a_named_job_is_not_configured,
        once_exits_with_3_when_the_kill_switch_holds_it,
        a_kill_switch_without_its_row_is_on,
        once_runs_only_the_jobs_that_are_named,
        a_bad_configuration_file_ends_the_program_with_2_and_says_where,
        a_standby_is_left_alone_until_it_is_promoted,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
