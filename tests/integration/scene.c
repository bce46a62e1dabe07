#include "integration/scene.h"

#include <check.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/session.h"

PGconn *scene_connect(const struct scene *scene)
{
    return sql_connect(cluster_conninfo(harness_cluster(), scene->database, "postgres"));
}

struct scene scene_new(void)
{
    struct scene scene = {.database = cluster_new_database(harness_cluster())};

    cluster_install_schema(harness_cluster(), scene.database);
    scene.own = scene_connect(&scene);
    /* The role is the cluster's: a test that has failed may have left it changed. */
    sql_exec(scene.own, "ALTER ROLE pgpurged LOGIN CONNECTION LIMIT -1");
    return scene;
}

void scene_end(struct scene *scene)
{
    PQfinish(scene->own);
    *scene = (struct scene){0};
}

void scene_add_table(struct scene *scene, const char *table, int rows)
{
    sql_exec(scene->own,
             "CREATE TABLE %s (id bigint PRIMARY KEY, deleted_at timestamptz, filler text);"
             "INSERT INTO %s SELECT i, CASE i %% 4 WHEN 0 THEN NULL"
             "  WHEN 3 THEN now() - interval '10 days'"
             "  ELSE now() - interval '31 days' - i * interval '1 minute' END, repeat('x', 720)"
             " FROM generate_series(1, %d) AS i;"
             "GRANT SELECT, DELETE, UPDATE (filler) ON %s TO pgpurged",
             table, table, rows, table);
    promises_watch(scene->own, table);
}

void scene_add_orders(struct scene *scene, int rows)
{
    scene_add_table(scene, "orders", rows);
}

int64_t scene_due(const struct scene *scene)
{
    return sql_int(scene->own, "SELECT count(*) FROM orders WHERE " SCENE_DUE);
}

/* ---- running it ---- */

const char *scene_config_through(const char *conninfo, const char *sections)
{
    const char *folder = cluster_folder(harness_cluster());

    return config_write(folder,
                        "[pgpurged]\nlog_level = debug\nstate_directory = %s\n"
                        "[database d]\nconninfo = %s\n"
                        "[defaults]\ndatabase = d\nduty_cycle = 100\nstatement_timeout = 5min\n%s",
                        folder, conninfo, sections);
}

const char *scene_job(const char *options)
{
    return keep_format("[job orders]\ntable = orders\nexpires = deleted_at + 30d\n%s\n", options);
}

const char *scene_config_of(const struct scene *scene, const char *sections)
{
    return scene_config_through(cluster_conninfo(harness_cluster(), scene->database, "pgpurged"),
                                sections);
}

const char *scene_config(const struct scene *scene, const char *options)
{
    return scene_config_of(scene, scene_job(options));
}

const char *scene_once(const char *config, int expected_code)
{
    const char *output;
    int code = pgpurged_run(&output, "--config", config, "--once", NULL);

    ck_assert_msg(code == expected_code, "exit code %d instead of %d; it said:\n%s", code,
                  expected_code, keep_tail(output));
    return output;
}

void scene_await_run(const struct scene *scene, const char *job, const char *outcome)
{
    await_sql(scene->own,
              keep_format("SELECT EXISTS (SELECT FROM pgpurged.runs WHERE job = '%s'"
                          " AND ended_at IS NOT NULL)",
                          job),
              AWAIT_MS);
    ck_assert_str_eq(sql_text(scene->own,
                              "SELECT outcome FROM pgpurged.runs WHERE job = '%s'"
                              " AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1",
                              job),
                     outcome);
}

const char *scene_noon_in(const struct scene *scene, int seconds)
{
    return sql_text(scene->own,
                    "SELECT to_char(make_interval(secs => mod(86400 + floor(extract(epoch FROM"
                    " clock_timestamp()))::bigint - (43200 - %d), 86400)), '\"<X>+\"HH24:MI:SS')",
                    seconds);
}

#define DAEMON_SESSIONS                                                                            \
    "FROM pg_stat_activity WHERE application_name = 'pgpurged' AND datname = current_database()"

void scene_await_no_daemon(const struct scene *scene)
{
    await_sql(scene->own, "SELECT count(*) = 0 " DAEMON_SESSIONS, AWAIT_MS);
}

int scene_backend(const struct scene *scene)
{
    return (int)sql_int(scene->own, "SELECT pid " DAEMON_SESSIONS);
}

/* ---- the gate ---- */

/* SECURITY DEFINER, because the daemon's role may not use the sequence. The sequence counts on
 * where a batch is rolled back. */
static const char make_gate[] =
    "CREATE SEQUENCE gate_turns;"
    "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
    "  IF nextval('public.gate_turns') %s %d THEN"
    "    PERFORM set_config('lock_timeout', '0', true);"
    "    PERFORM pg_advisory_xact_lock_shared(4242);"
    "  END IF;"
    "  RETURN NULL;"
    " END $$;"
    "CREATE TRIGGER gate BEFORE DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION gate();"
    "SELECT pg_advisory_lock(4242)";

void gate_close(struct scene *scene, int nth)
{
    gate_close_on(scene, "orders", nth);
}

void gate_close_on(struct scene *scene, const char *table, int nth)
{
    sql_exec(scene->own, make_gate, "=", nth, table);
}

void gate_close_to_all(struct scene *scene, int nth)
{
    gate_close_to_all_on(scene, "orders", nth);
}

void gate_close_to_all_on(struct scene *scene, const char *table, int nth)
{
    sql_exec(scene->own, make_gate, ">=", nth, table);
}

void gate_await(const struct scene *scene)
{
    await_sql(scene->own,
              "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242"
              " AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname ="
              " current_database()))",
              AWAIT_MS);
}

void gate_open(struct scene *scene)
{
    sql_exec(scene->own, "SELECT pg_advisory_unlock(4242)");
}
