/*
 * Why: promise A stands on the audit table. What --init-sql makes has to be there, has to survive
 * being applied again, and has to refuse every change of an audit row, also to a superuser. What an
 * older --init-sql has made has to be upgraded without the loss of a row.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/served.h"
#include "integration/session.h"

static const char insert_audit_row[] =
    "INSERT INTO pgpurged.audit (run, batch, job, relation, partition, action, policy, rows, "
    "cutoff, from_block, to_block, elapsed_ms)"
    " VALUES (%d, 1, 'orders', 1, 'public.orders', 'delete', '', 7, now(), 0, 1, 0.5)";

static const char count_audit_rows[] = "SELECT sum(rows) FROM pgpurged.audit";

/* Everything of which a schema consists, a line each, whatever the order in which it was made. */
static const char describe_schema[] =
    "SELECT string_agg(line, E'\n' ORDER BY line) FROM ("
    " SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'pgpurged'::regnamespace"
    " UNION ALL SELECT concat_ws(' ', 'privilege', oid::regprocedure, a.grantee::regrole,"
    "   a.privilege_type, a.is_grantable) FROM pg_proc, aclexplode(proacl) AS a"
    "  WHERE pronamespace = 'pgpurged'::regnamespace"
    " UNION ALL SELECT concat_ws(' ', 'privilege', oid::regclass, a.grantee::regrole,"
    "   a.privilege_type, a.is_grantable) FROM pg_class, aclexplode(relacl) AS a"
    "  WHERE relnamespace = 'pgpurged'::regnamespace"
    " UNION ALL SELECT concat_ws(' ', 'schema', a.grantee::regrole, a.privilege_type)"
    "  FROM pg_namespace, aclexplode(nspacl) AS a WHERE nspname = 'pgpurged'"
    " UNION ALL SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relpersistence,"
    "   reloptions) FROM pg_class WHERE relnamespace = 'pgpurged'::regnamespace"
    " UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname,"
    "   format_type(atttypid, atttypmod), attnotnull, attidentity, attcollation,"
    "   pg_get_expr(d.adbin, d.adrelid))"
    "  FROM pg_attribute LEFT JOIN pg_attrdef AS d ON d.adrelid = attrelid AND d.adnum = attnum"
    "  WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pgpurged'::regnamespace"
    "                        AND relkind = 'r') AND attnum > 0 AND NOT attisdropped"
    " UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname,"
    "   pg_get_constraintdef(oid)) FROM pg_constraint"
    "  WHERE connamespace = 'pgpurged'::regnamespace AND contype <> 'n'" /* attnotnull */
    " UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index"
    "  WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pgpurged'::regnamespace)"
    " UNION ALL SELECT concat_ws(' ', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger"
    "  WHERE NOT tgisinternal"
    ") AS lines (line)";

/* A database with the schema in it, and the superuser's connection to it. */
static PGconn *installed(const char **name)
{
    *name = cluster_new_database(harness_cluster());
    cluster_install_schema(harness_cluster(), *name);
    return sql_connect(cluster_conninfo(harness_cluster(), *name, "postgres"));
}

START_TEST(schema_installs_in_an_empty_database)
{
    const char *name;
    PGconn *own = installed(&name);
    ck_assert_int_ge(sql_int(own, "SELECT pgpurged.version()"), 1);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.audit"), 0);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.runs"), 0);
    ck_assert_str_eq(sql_text(own, "SELECT stopped FROM pgpurged.kill_switch"), "f");
    PQfinish(own);
}
END_TEST

START_TEST(schema_installed_twice_changes_nothing)
{
    const char *name;
    PGconn *own = installed(&name);
    sql_exec(own, insert_audit_row, 1);
    sql_exec(own, "UPDATE pgpurged.kill_switch SET stopped = true, reason = 'a test'");
    const char *before = sql_text(own, describe_schema);
    ck_assert(strstr(before, "audit_is_append_only") != NULL);

    cluster_install_schema(harness_cluster(), name);

    ck_assert_str_eq(sql_text(own, describe_schema), before);
    ck_assert_int_eq(sql_int(own, count_audit_rows), 7);
    ck_assert_str_eq(sql_text(own, "SELECT reason FROM pgpurged.kill_switch"), "a test");
    PQfinish(own);
}
END_TEST

static const char *const forbidden[] = {
    "UPDATE pgpurged.audit SET rows = rows + 1",
    "UPDATE pgpurged.audit SET rows = rows WHERE false",
    "DELETE FROM pgpurged.audit",
    "DELETE FROM pgpurged.audit WHERE false",
    "TRUNCATE pgpurged.audit",
    "TRUNCATE pgpurged.runs, pgpurged.audit CASCADE",
    ("INSERT INTO pgpurged.audit OVERRIDING USER VALUE TABLE pgpurged.audit"
     " ON CONFLICT (run, batch, relation) DO UPDATE SET rows=1"),
    "SET session_replication_role = replica; DELETE FROM pgpurged.audit",
    "SET session_replication_role = replica; TRUNCATE pgpurged.audit",
};

static void assert_all_forbidden(PGconn *conn)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forbidden); i++)
        ck_assert_msg(text_equal(sql_error(conn, "%s", forbidden[i]), "42501"), "not refused: %s",
                      forbidden[i]);
}

START_TEST(audit_rows_cannot_be_changed_even_by_a_superuser)
{
    const char *name;
    PGconn *own = installed(&name);
    sql_exec(own, insert_audit_row, 1);
    assert_all_forbidden(own);
    ck_assert_int_eq(sql_int(own, count_audit_rows), 7);
    PQfinish(own);
}
END_TEST

START_TEST(audit_rows_cannot_be_changed_by_the_login_role_of_the_daemon)
{
    const char *name;
    PGconn *own = installed(&name);
    PGconn *role = sql_connect(cluster_conninfo(harness_cluster(), name, "pgpurged"));
    sql_exec(role, insert_audit_row, 1);
    assert_all_forbidden(role);
    ck_assert_str_eq(sql_error(role, "DELETE FROM pgpurged.runs"), "42501");
    ck_assert_str_eq(sql_error(role, "DROP TRIGGER audit_is_append_only ON pgpurged.audit"),
                     "42501");
    ck_assert_str_eq(sql_error(role, "UPDATE pgpurged.kill_switch SET stopped = false"), "42501");
    ck_assert_int_eq(sql_int(own, count_audit_rows), 7);
    PQfinish(role);
    PQfinish(own);
}
END_TEST

/* --- upgrades --- */

/* Of each version that was ever on main, the first and the last form (pg_dump), each with runs,
 * audit rows, the kill switch on, privileges of other roles, and a view of the user's. */
static const char *const old_schemas[] = {"1-first", "1-last", "2-first", "2-last", "2-renamed"};

/* The privileges that the dumps have beside those of the daemon's role. */
static const char other_privileges[] =
    "GRANT USAGE ON SCHEMA pgpurged TO auditor;"
    "GRANT SELECT ON pgpurged.audit, pgpurged.runs, pgpurged.policies TO auditor";

static void apply_old_schema(PGconn *own, const char *database, const char *which)
{
    const char *srcdir = getenv("srcdir");

    sql_exec(own, "DO $$ DECLARE r text; BEGIN"
                  " FOREACH r IN ARRAY ARRAY['pgpurged', 'purger_two', 'auditor'] LOOP"
                  "  IF to_regrole(r) IS NULL THEN EXECUTE 'CREATE ROLE ' || r || ' LOGIN'; END IF;"
                  " END LOOP; END $$");
    cluster_apply(harness_cluster(), database,
                  keep_format("%s/tests/schemas/%s.sql", srcdir != NULL ? srcdir : ".", which));
}

/* A database with an old schema in it; what it holds is noted in public.kept. */
static PGconn *with_old_schema(const char *which, const char **name)
{
    *name = cluster_new_database(harness_cluster());
    PGconn *own = sql_connect(cluster_conninfo(harness_cluster(), *name, "postgres"));
    apply_old_schema(own, *name, which);
    sql_exec(own, "CREATE TABLE public.kept AS"
                  " SELECT 'audit' AS of, to_jsonb(a) AS row FROM pgpurged.audit AS a"
                  " UNION ALL SELECT 'runs', to_jsonb(r) FROM pgpurged.runs AS r"
                  " UNION ALL SELECT 'kill_switch', to_jsonb(k) FROM pgpurged.kill_switch AS k"
                  " UNION ALL SELECT 'view', to_jsonb(v) FROM public.purged AS v");
    ck_assert_int_ge(sql_int(own, "SELECT count(*) FROM kept WHERE of = 'audit'"), 7);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM kept WHERE of = 'runs'"), 4);
    return own;
}

/* What was kept, each value under the name that it has now. */
static const char kept_renamed[] =
    "CREATE VIEW renamed AS SELECT k.of, (SELECT jsonb_object_agg(CASE e.key"
    "  WHEN 'leaf' THEN 'partition' WHEN 'at_leaf' THEN 'at_partition' WHEN 'walk' THEN 'scan'"
    "  WHEN 'blocked' THEN 'rejected' WHEN 'blocked_by' THEN 'rejected_by'"
    "  WHEN 'policy' THEN 'policy_text' ELSE e.key END, e.value) FROM jsonb_each(k.row) AS e) AS "
    "row"
    "  FROM kept AS k";

static void assert_every_row_is_there(PGconn *own)
{
    sql_exec(own, "%s", kept_renamed);
    ck_assert_int_eq(
        sql_int(own, "SELECT count(*) FROM renamed AS k WHERE NOT CASE of"
                     " WHEN 'audit' THEN EXISTS (SELECT FROM pgpurged.audit AS a"
                     "   WHERE to_jsonb(a) @> k.row AND a.action = 'delete')"
                     " WHEN 'runs' THEN EXISTS (SELECT FROM pgpurged.runs AS r"
                     "   JOIN pgpurged.policies AS p ON p.hash = r.policy"
                     "   WHERE to_jsonb(r) || jsonb_build_object('policy_text', p.text) @> k.row)"
                     " WHEN 'kill_switch' THEN k.row = (SELECT to_jsonb(s)"
                     "   FROM pgpurged.kill_switch AS s)"
                     " ELSE k.row IN (SELECT to_jsonb(v) FROM public.purged AS v) END"),
        0);
    ck_assert_int_eq(sql_int(own,
                             "SELECT (SELECT count(*) FROM pgpurged.audit)"
                             "     + (SELECT count(*) FROM pgpurged.runs)"
                             "     - (SELECT count(*) FROM kept WHERE of IN ('audit', 'runs'))"),
                     0);
}

/* Rows of the audit table say by which policy, and stand in the order in which they were written.
 */
static void assert_audit_rows_have_policy_and_number(PGconn *own)
{
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.audit AS a WHERE a.policy <>"
                                  " COALESCE((SELECT r.policy FROM pgpurged.runs AS r"
                                  "            WHERE r.id = a.run), '')"),
                     0);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.audit WHERE policy <> ''"),
                     sql_int(own, "SELECT count(*) FROM pgpurged.audit WHERE run <> 77"));
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.policies"), 3);
    ck_assert_int_eq(sql_int(own,
                             "SELECT count(*) FROM pgpurged.audit AS a JOIN pgpurged.audit AS b"
                             " ON b.run = a.run AND b.batch > a.batch AND b.id <= a.id"),
                     0);
    sql_exec(own, insert_audit_row, 5);
    ck_assert_int_eq(sql_int(own, "SELECT max(id) - count(*) FROM pgpurged.audit"), 0);
    ck_assert_int_eq(sql_int(own, "SELECT run FROM pgpurged.audit ORDER BY id DESC LIMIT 1"), 5);
}

START_TEST(every_old_schema_is_upgraded_and_keeps_every_row)
{
    for (size_t i = 0; i < ARRAY_LENGTH(old_schemas); i++) {
        const char *name;
        PGconn *own = with_old_schema(old_schemas[i], &name);
        cluster_install_schema(harness_cluster(), name);
        assert_every_row_is_there(own);
        assert_audit_rows_have_policy_and_number(own);
        assert_all_forbidden(own);
        ck_assert_str_eq(sql_text(own, "SELECT concat(stopped, reason) FROM pgpurged.kill_switch"),
                         "tincident 42");
        PQfinish(own);
    }
}
END_TEST

START_TEST(an_upgraded_schema_is_the_same_as_a_new_one)
{
    const char *name, *init_sql;
    PGconn *own = installed(&name);
    PGconn *old;
    ck_assert_int_eq(pgpurged_run(&init_sql, "--init-sql=purger_two", NULL), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(old_schemas); i++) {
        old = with_old_schema(old_schemas[i], &name);
        if (i == 0)
            sql_exec(own, "%s; %s", init_sql, other_privileges);
        cluster_install_schema(harness_cluster(), name);
        ck_assert_str_eq(sql_text(old, describe_schema), sql_text(own, describe_schema));
        cluster_install_schema(harness_cluster(), name);
        ck_assert_str_eq(sql_text(old, describe_schema), sql_text(own, describe_schema));
        assert_every_row_is_there(old);
        PQfinish(old);
    }
    PQfinish(own);
}
END_TEST

START_TEST(a_newer_schema_is_left_as_it_is)
{
    const char *name, *init_sql;
    PGconn *own = installed(&name);
    ck_assert_int_eq(pgpurged_run(&init_sql, "--init-sql", NULL), 0);
    sql_exec(own, "CREATE OR REPLACE FUNCTION pgpurged.version() RETURNS integer"
                  " LANGUAGE sql IMMUTABLE AS 'SELECT 99'");
    const char *before = sql_text(own, describe_schema);
    ck_assert_str_eq(sql_error(own, "%s", init_sql), "P0001");
    ck_assert(strstr(PQerrorMessage(own), "Install the pgpurged that the schema was made by"));
    sql_exec(own, "ROLLBACK");
    ck_assert_str_eq(sql_text(own, describe_schema), before);
    PQfinish(own);
}
END_TEST

/* A scene whose database has the schema of version 2. */
static struct served served_with_old_schema(void)
{
    struct served served = served_new();

    sql_exec(served.scene.own, "DROP SCHEMA pgpurged CASCADE");
    apply_old_schema(served.scene.own, served.scene.database, "2-last");
    sql_exec(served.scene.own, "UPDATE pgpurged.kill_switch SET stopped = false");
    scene_add_orders(&served.scene, 100);
    return served;
}

/* What to run, as a shell does it: the socket of this test's server is not the default one. */
static void run_advice(const struct served *served, const char *advice)
{
    const char *expected = keep_format("--init-sql=pgpurged | psql -X -v ON_ERROR_STOP=1 -d %s",
                                       served->scene.database);

    ck_assert_msg(strstr(advice, expected) != NULL, "no \"%s\" in %s", expected, advice);
    cluster_install_schema(harness_cluster(), served->scene.database);
}

START_TEST(a_daemon_that_meets_an_older_schema_waits_for_the_upgrade_and_goes_on)
{
    struct served served = served_with_old_schema();

    served_start(&served, served_config(&served, "", scene_job("")));
    served_await(&served, "orders", "held", "schema");
    ck_assert_int_eq(scene_due(&served.scene), 50);
    run_advice(&served, daemon_log(&served.daemon));
    await_sql(served.scene.own,
              "SELECT EXISTS (SELECT FROM pgpurged.runs WHERE id > 4 AND outcome = 'done')",
              AWAIT_MS);
    ck_assert_int_eq(promises_check(served.scene.own, "orders", SCENE_DUE), 50);
    served_end(&served);
}
END_TEST

START_TEST(plan_and_once_say_how_an_older_schema_is_upgraded_and_purge_nothing)
{
    struct served served = served_with_old_schema();
    const char *config = scene_config(&served.scene, ""), *plan;

    run_advice(&served, scene_once(config, 1));
    sql_exec(served.scene.own, "DROP SCHEMA pgpurged CASCADE; DROP VIEW IF EXISTS public.purged");
    apply_old_schema(served.scene.own, served.scene.database, "1-first");
    pgpurged_run(&plan, "--config", config, "--plan", NULL);
    ck_assert_int_eq(scene_due(&served.scene), 50);
    run_advice(&served, plan);
    scene_once(config, 3); /* the kill switch is on, which the upgrade has kept */
    served_end(&served);
}
END_TEST

START_TEST(a_daemon_that_meets_a_newer_schema_says_that_it_is_too_old)
{
    struct served served = served_new();

    scene_add_orders(&served.scene, 100);
    sql_exec(served.scene.own, "CREATE OR REPLACE FUNCTION pgpurged.version() RETURNS integer"
                               " LANGUAGE sql IMMUTABLE AS 'SELECT 99'");
    served_start(&served, served_config(&served, "", scene_job("")));
    served_await_why(&served, "orders", "held", "schema", "this pgpurged is too old");
    ck_assert_int_eq(scene_due(&served.scene), 50);
    served_end(&served);
}
END_TEST

/* --- what somebody else has made --- */

/* mallory may CREATE in the database, and nothing else. The superuser makes what only luck or an
 * older mistake can have made. */
static const struct foreign {
    const char *setup, *message;
    bool installed;
} foreign[] = {
    {"SET ROLE mallory; CREATE SCHEMA pgpurged;"
     "CREATE FUNCTION pgpurged.version() RETURNS integer LANGUAGE plpgsql AS"
     " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN 3; END'",
     "schema pgpurged belongs to mallory, not to postgres", false},
    {"SET ROLE mallory; CREATE SCHEMA pgpurged", "schema pgpurged belongs to mallory", false},
    {"CREATE SCHEMA pgpurged; CREATE TABLE pgpurged.audit (id bigint);"
     "ALTER TABLE pgpurged.audit OWNER TO mallory",
     "table pgpurged.audit belongs to mallory", false},
    {"CREATE SCHEMA pgpurged; CREATE TABLE pgpurged.audit (id bigint)",
     "was made by something else than this script", false},
    {"ALTER FUNCTION pgpurged.version() OWNER TO mallory;"
     "CREATE OR REPLACE FUNCTION pgpurged.version() RETURNS integer LANGUAGE plpgsql AS"
     " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN 3; END'",
     "function pgpurged.version() belongs to mallory", true},
    {"GRANT CREATE ON SCHEMA pgpurged TO mallory; SET ROLE mallory;"
     "CREATE FUNCTION pgpurged.purge_batch(text) RETURNS text LANGUAGE sql AS 'SELECT $1';"
     "RESET ROLE; REVOKE CREATE ON SCHEMA pgpurged FROM mallory",
     "function pgpurged.purge_batch(text) belongs to mallory", true},
    {"GRANT USAGE ON SCHEMA pgpurged TO mallory; GRANT TRIGGER ON pgpurged.audit TO mallory;"
     "SET ROLE mallory; CREATE FUNCTION theirs.act() RETURNS trigger LANGUAGE plpgsql AS"
     " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN NEW; END';"
     "CREATE TRIGGER act AFTER INSERT ON pgpurged.audit FOR EACH ROW EXECUTE FUNCTION theirs.act();"
     "RESET ROLE; REVOKE TRIGGER ON pgpurged.audit FROM mallory",
     "trigger act on table pgpurged.audit calls function theirs.act(), which belongs to mallory",
     true},
    {"GRANT CREATE ON SCHEMA pgpurged TO PUBLIC", "PUBLIC has CREATE on schema pgpurged", true},
    {"GRANT TRIGGER ON pgpurged.runs TO mallory", "mallory has TRIGGER on table pgpurged.runs",
     true},
    {"ALTER FUNCTION pgpurged.version() SECURITY DEFINER",
     "function pgpurged.version() is SECURITY DEFINER and has no search_path", true},
};

static void let_mallory_in(PGconn *own)
{
    sql_exec(own, "DO $$ BEGIN IF to_regrole('mallory') IS NULL THEN CREATE ROLE mallory; END IF;"
                  " EXECUTE format('GRANT CREATE ON DATABASE %%I TO mallory', current_database());"
                  " END $$; CREATE SCHEMA theirs AUTHORIZATION mallory");
}

static void assert_mallory_got_nothing(PGconn *own, const char *setup)
{
    ck_assert_msg(sql_int(own, "SELECT count(*) FROM pg_roles"
                               " WHERE rolname = 'mallory' AND rolsuper") == 0,
                  "mallory is a superuser: %s", setup);
}

START_TEST(init_sql_stops_at_what_others_have_made_and_calls_nothing_of_it)
{
    const char *init_sql;
    ck_assert_int_eq(pgpurged_run(&init_sql, "--init-sql", NULL), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(foreign); i++) {
        const char *name = cluster_new_database(harness_cluster());
        PGconn *own = sql_connect(cluster_conninfo(harness_cluster(), name, "postgres"));
        let_mallory_in(own);
        if (foreign[i].installed)
            sql_exec(own, "%s", init_sql);
        sql_exec(own, "%s; RESET ROLE", foreign[i].setup);
        ck_assert_msg(text_equal(sql_error(own, "%s", init_sql), "42501"), "not refused: %s",
                      foreign[i].setup);
        ck_assert_msg(strstr(PQerrorMessage(own), foreign[i].message) != NULL, "no \"%s\" in %s",
                      foreign[i].message, PQerrorMessage(own));
        sql_exec(own, "ROLLBACK");
        assert_mallory_got_nothing(own, foreign[i].setup);
        PQfinish(own);
    }
}
END_TEST

START_TEST(a_daemon_calls_nothing_of_a_schema_that_others_can_change)
{
    for (size_t i = 0; i < ARRAY_LENGTH(foreign); i++) {
        struct scene scene;
        const char *log;
        if (!foreign[i].installed)
            continue;
        scene = scene_new();
        scene_add_orders(&scene, 40);
        let_mallory_in(scene.own);
        sql_exec(scene.own, "%s; RESET ROLE", foreign[i].setup);
        log = scene_once(scene_config(&scene, ""), 1);
        ck_assert_msg(strstr(log, foreign[i].message) != NULL, "no \"%s\" in %s",
                      foreign[i].message, log);
        ck_assert_int_eq(scene_due(&scene), 20);
        assert_mallory_got_nothing(scene.own, foreign[i].setup);
        scene_end(&scene);
    }
}
END_TEST

START_TEST(a_daemon_that_may_act_as_the_owner_of_the_schema_deletes_nothing)
{
    struct scene scene = scene_new();
    const char *log;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "GRANT postgres TO pgpurged");
    log = scene_once(scene_config(&scene, ""), 1);
    sql_exec(scene.own, "REVOKE postgres FROM pgpurged");
    ck_assert_msg(strstr(log, "may act as postgres, the owner of schema pgpurged") != NULL, "%s",
                  log);
    ck_assert_int_eq(scene_due(&scene), 20);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        schema_installs_in_an_empty_database,
        schema_installed_twice_changes_nothing,
        audit_rows_cannot_be_changed_even_by_a_superuser,
        audit_rows_cannot_be_changed_by_the_login_role_of_the_daemon,
        every_old_schema_is_upgraded_and_keeps_every_row,
        an_upgraded_schema_is_the_same_as_a_new_one,
        a_newer_schema_is_left_as_it_is,
        a_daemon_that_meets_an_older_schema_waits_for_the_upgrade_and_goes_on,
        plan_and_once_say_how_an_older_schema_is_upgraded_and_purge_nothing,
        a_daemon_that_meets_a_newer_schema_says_that_it_is_too_old,
        init_sql_stops_at_what_others_have_made_and_calls_nothing_of_it,
        a_daemon_calls_nothing_of_a_schema_that_others_can_change,
        a_daemon_that_may_act_as_the_owner_of_the_schema_deletes_nothing,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
