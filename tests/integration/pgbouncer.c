/*
 * Why: behind PgBouncer in transaction mode each transaction may be another session of the server.
 * Whatever a batch needs (timeouts, the job's lock, the kill switch) has to be in the batch itself.
 */
#include <check.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"
#include "integration/spawn.h"

static const char program[] = "/usr/sbin/pgbouncer";

static bool answers(void *arg)
{
    return PQping(arg) == PQPING_OK;
}

/* As root it would refuse to run, as PostgreSQL does. */
static const struct spawn_user *unprivileged(struct spawn_user *user)
{
    const struct passwd *entry = getpwnam("nobody");

    if (geteuid() != 0 || entry == NULL)
        return NULL;
    *user = (struct spawn_user){entry->pw_uid, entry->pw_gid};
    return user;
}

static const char *own_folder(const struct spawn_user *user)
{
    const char *folder = keep_format("%s/bouncer", cluster_folder(harness_cluster()));

    mkdir(folder, 0755);
    if (user != NULL)
        ck_assert_int_eq(chown(folder, user->uid, user->gid), 0);
    return folder;
}

/* Starts it in front of the scene's database and returns how to connect through it. The daemon's
 * sessions come and go between two server sessions. */
static const char *start_bouncer(const struct scene *scene)
{
    struct spawn_user user;
    const struct spawn_user *run_as = unprivileged(&user);
    const char *folder = own_folder(run_as);
    const char *conninfo =
        keep_format("host=%s port=6432 dbname=%s user=pgpurged", folder, scene->database);
    const char *config = config_write(
        cluster_folder(harness_cluster()),
        "[databases]\n%s = host=%s port=%d user=pgpurged\n"
        "[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = %s\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nserver_lifetime = 1\n",
        scene->database, cluster_host(harness_cluster()), cluster_port(harness_cluster()), folder);
    const char *argv[] = {program, "-q", config, NULL};

    spawn(&(struct spawn){argv, keep_format("%s.log", config), SIGKILL, run_as});
    await(answers, (void *)conninfo, AWAIT_MS, "PgBouncer");
    return conninfo;
}

START_TEST(a_run_through_pgbouncer_in_transaction_mode_keeps_both_promises)
{
    struct scene scene;
    const char *log;

    if (access(program, X_OK) != 0)
        harness_skip("the package pgbouncer is not installed");
    scene = scene_new();
    scene_add_orders(&scene, 4000);
    log =
        scene_once(scene_config_through(start_bouncer(&scene),
                                        scene_job("batch_rows = 300\nmax_rows_per_second = 1000")),
                   0);
    ck_assert_ptr_null(strstr(log, "job=orders running -> backing_off"));
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 2000);
    ck_assert_int_eq(scene_due(&scene), 0);
    scene_end(&scene);
}
END_TEST

/* Nothing of a batch is left in the server's session for whoever gets it next. */
START_TEST(a_session_that_pgbouncer_hands_on_has_its_own_settings)
{
    struct scene scene;
    const char *conninfo;
    PGconn *next;

    if (access(program, X_OK) != 0)
        harness_skip("the package pgbouncer is not installed");
    scene = scene_new();
    scene_add_orders(&scene, 400);
    conninfo = start_bouncer(&scene);
    scene_once(scene_config_through(conninfo, scene_job("lock_timeout = 123ms")), 0);
    next = sql_connect(conninfo);
    ck_assert_str_eq(sql_text(next,
                              "SELECT string_agg(current_setting(name), ' ') FROM unnest(ARRAY"
                              "['lock_timeout', 'statement_timeout', 'synchronous_commit',"
                              " 'row_security', 'search_path']) AS name"),
                     "0 0 on on \"$user\", public");
    ck_assert_int_eq(sql_int(next, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 0);
    PQfinish(next);
    scene_end(&scene);
}
END_TEST

/* What keeps a VACUUM gentle holds for a session, and here the session is not ours. */
START_TEST(a_table_is_not_vacuumed_through_pgbouncer)
{
    struct scene scene;
    const char *log;

    if (access(program, X_OK) != 0)
        harness_skip("the package pgbouncer is not installed");
    scene = scene_new();
    scene_add_orders(&scene, 400);
    sql_exec(scene.own,
             "CREATE ROLE shop; ALTER TABLE orders OWNER TO shop; GRANT shop TO pgpurged");
    log = scene_once(scene_config_through(start_bouncer(&scene), scene_job("vacuum = after")), 0);
    ck_assert_msg(strstr(log, "skipping VACUUM of public.orders: the connection goes through a"
                              " pooler") != NULL,
                  "%s", log);
    ck_assert_int_eq(sql_int(scene.own, "SELECT pg_stat_get_vacuum_count('orders'::regclass)"), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 200);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_run_through_pgbouncer_in_transaction_mode_keeps_both_promises,
        a_session_that_pgbouncer_hands_on_has_its_own_settings,
        a_table_is_not_vacuumed_through_pgbouncer,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
