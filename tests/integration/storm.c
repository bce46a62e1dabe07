/*
 * Why: a partition that is dropped and a family of rows that goes are more than one DELETE, and a
 * run over several leaves with several workers is more than one batch. Wherever the daemon, its
 * session, the server or the network dies in the middle of these, promise A has to hold over all
 * tables, and the next run has to finish the rest.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/proxy.h"
#include "integration/scene.h"
#include "integration/session.h"

enum { POSTS = 200, EACH = 3, PARTITION_ROWS = 50, OLD_PARTITIONS = 4 };

#define JOBS                                                                                       \
    "lock_timeout = 30s\nbatch_rows = 20\nbatch_time = 1ms\n"                                      \
    "[job events]\ntable = events\nexpires = made + 30d\ndrop_partitions = yes\nworkers = 2\n"     \
    "[job posts]\ntable = posts\nexpires = deleted_at + 30d\nchildren = delete\nworkers = 2\n"

/* Four old partitions, one of them empty, that may be dropped, and one in which every other row is
 * due. They belong to the daemon's role. */
static void add_events(const struct scene *scene)
{
    sql_exec(scene->own, "CREATE TABLE events (id bigint, made timestamptz)"
                         " PARTITION BY RANGE (made);"
                         "CREATE TABLE present PARTITION OF events FOR VALUES FROM ('2025-06-01')"
                         " TO ('2999-01-01');"
                         "ALTER TABLE present OWNER TO pgpurged;"
                         "GRANT SELECT, DELETE, UPDATE ON events TO pgpurged");
    for (int month = 1; month <= OLD_PARTITIONS; month++)
        sql_exec(scene->own,
                 "CREATE TABLE old_%d PARTITION OF events FOR VALUES FROM ('2025-0%d-01+00') TO"
                 " ('2025-0%d-01+00'); ALTER TABLE old_%d OWNER TO pgpurged;"
                 "INSERT INTO events SELECT %d * 1000 + i, '2025-0%d-10'"
                 " FROM generate_series(1, %d) AS i",
                 month, month, month + 1, month, month, month, month == 2 ? 0 : PARTITION_ROWS);
    sql_exec(scene->own,
             "INSERT INTO events SELECT i, CASE i %% 2 WHEN 0 THEN now() ELSE '2025-06-10' END"
             " FROM generate_series(1, %d) AS i; CREATE TABLE events_before AS TABLE events",
             10 * PARTITION_ROWS);
}

/* posts <- comments <- votes, none ON DELETE CASCADE; every other post is due. */
static void add_posts(const struct scene *scene)
{
    sql_exec(
        scene->own,
        "CREATE TABLE posts (id bigint PRIMARY KEY, deleted_at timestamptz, filler text);"
        "INSERT INTO posts SELECT i, CASE WHEN i %% 2 = 1 THEN now() - interval '40 days' END,"
        " repeat('x', 700) FROM generate_series(1, %d) AS i;"
        "CREATE TABLE comments (id bigint PRIMARY KEY, post_id bigint REFERENCES posts);"
        "INSERT INTO comments SELECT n * 1000 + id, id FROM posts, generate_series(1, %d) AS n;"
        "CREATE TABLE votes (id bigint PRIMARY KEY, comment_id bigint REFERENCES comments"
        " ON DELETE CASCADE);"
        "INSERT INTO votes SELECT id, id FROM comments;"
        "CREATE INDEX ON comments (post_id); CREATE INDEX ON votes (comment_id);"
        "GRANT SELECT, UPDATE, DELETE ON posts, comments, votes TO pgpurged",
        POSTS, EACH);
    promises_watch(scene->own, "posts");
    promises_watch(scene->own, "comments");
    promises_watch(scene->own, "votes");
}

static struct scene scene_of_both(void)
{
    struct scene scene = scene_new();

    add_events(&scene);
    add_posts(&scene);
    return scene;
}

#define IS_DUE "c.id % 1000 % 2 = 1"

/* Promises A and R over all tables. Returns how many rows are gone. */
static int64_t check_all(const struct scene *scene)
{
    PGconn *own = scene->own;
    int64_t gone;

    sql_exec(own, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    gone = sql_int(own, "SELECT count(*) FROM events_before b WHERE NOT EXISTS"
                        " (SELECT FROM events e WHERE e.id = b.id)");
    ck_assert_int_eq(
        sql_int(own, "SELECT coalesce(sum(rows), 0) FROM pgpurged.audit WHERE job = 'events'"),
        gone);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM events_before b WHERE made >= '2025-07-01'"
                                  " AND NOT EXISTS (SELECT FROM events e WHERE e.id = b.id)"),
                     0);
    sql_exec(own, "COMMIT");
    return gone + promises_check(own, "posts", SCENE_DUE) +
           promises_check(own, "comments", IS_DUE) + promises_check(own, "votes", IS_DUE);
}

static bool all_is_gone(void *arg)
{
    const struct scene *scene = arg;

    return sql_int(scene->own, "SELECT count(*) FROM pgpurged.runs WHERE ended_at IS NULL") == 0 &&
           sql_int(scene->own, "SELECT count(DISTINCT job) FROM pgpurged.runs"
                               " WHERE outcome = 'done'") == 2;
}

static void await_end(struct scene *scene)
{
    enum { EVENTS = 3 * PARTITION_ROWS + 5 * PARTITION_ROWS };

    if (!await_quietly(all_is_gone, scene, AWAIT_MS))
        ck_abort_msg("%s", sql_text(scene->own, "SELECT string_agg(concat(job, ' ', outcome, ' ',"
                                                " detail), '; ') FROM pgpurged.runs"));
    ck_assert_int_eq(check_all(scene), EVENTS + POSTS / 2 * (1 + EACH + EACH));
    ck_assert_str_eq(sql_text(scene->own, "SELECT string_agg(relid::text, ' ') FROM"
                                          " pg_partition_tree('events') WHERE isleaf"),
                     "present");
}

/* --- where it is stopped --- */

/* Before the n-th partition is dropped, when its rows are already in the audit table. */
static void close_gate_to_drops(const struct scene *scene, int nth)
{
    sql_exec(scene->own,
             "CREATE SEQUENCE gate_turns;"
             "CREATE FUNCTION gate() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
             " BEGIN IF nextval('public.gate_turns') = %d THEN"
             "  PERFORM set_config('lock_timeout', '0', true);"
             "  PERFORM pg_advisory_xact_lock_shared(4242);"
             " END IF; END $$;"
             "CREATE EVENT TRIGGER gate ON ddl_command_start WHEN TAG IN ('DROP TABLE')"
             " EXECUTE FUNCTION gate();"
             "SELECT pg_advisory_lock(4242)",
             nth);
}

/* In a family's batch, when some of its rows are gone; in the last partition; before a drop. */
static const char *const places[] = {"comments", "posts", "present", NULL};

static void close_gate(struct scene *scene, const char *place)
{
    if (place == NULL)
        close_gate_to_drops(scene, 2);
    else
        gate_close_on(scene, place, 3);
}

static const char *config_of(const struct scene *scene)
{
    return scene_config_of(scene, JOBS);
}

static void check_daemon_killed(const char *place)
{
    struct scene scene = scene_of_both();
    const char *config = config_of(&scene);
    struct daemon daemon, next;

    close_gate(&scene, place);
    daemon = daemon_start(config);
    gate_await(&scene);
    daemon_kill9(&daemon);
    gate_open(&scene);
    scene_await_no_daemon(&scene);
    check_all(&scene);
    next = daemon_start(config);
    await_end(&scene);
    daemon_stop(&next);
    scene_end(&scene);
}

START_TEST(a_daemon_that_is_killed_partitions_all_accounted_and_the_next_one_finishes)
{
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        check_daemon_killed(places[i]);
}
END_TEST

static void restart_server(struct scene *scene, void (*stop)(struct cluster *cluster))
{
    stop(harness_cluster());
    cluster_start(harness_cluster());
    PQfinish(scene->own);
    scene->own = scene_connect(scene);
}

static void check_server_gone(const char *place, void (*stop)(struct cluster *cluster))
{
    struct scene scene = scene_of_both();
    struct daemon daemon;

    close_gate(&scene, place);
    daemon = daemon_start(config_of(&scene));
    gate_await(&scene);
    restart_server(&scene, stop);
    check_all(&scene);
    await_end(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}

START_TEST(a_server_that_is_restarted_partitions_all_accounted_and_the_run_goes_on)
{
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        check_server_gone(places[i], i % 2 == 0 ? cluster_stop_immediate : cluster_stop_fast);
}
END_TEST

/* Its partitions are done one after the other, and what was committed without waiting for the disk
 * is lost with the crash: rows are back in partitions that were done already. */
START_TEST(rows_that_a_crash_brings_back_go_in_the_same_run)
{
    struct scene scene = scene_new();
    PGconn *locker = scene_connect(&scene);
    struct daemon daemon;

    add_events(&scene);
    sql_exec(locker, "BEGIN; LOCK TABLE present IN SHARE MODE");
    gate_close_on(&scene, "old_1", 1);
    daemon = daemon_start(scene_config_of(
        &scene, "lock_timeout = 30s\n[job events]\ntable = events\nexpires = made + 30d\n"));
    gate_await(&scene);
    sql_exec(scene.own, "CREATE TABLE waits_for_the_disk ()"); /* and so does the run's record */
    gate_open(&scene);
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'pgpurged'"
              " AND datname = current_database() AND wait_event = 'relation')",
              AWAIT_MS);
    restart_server(&scene, cluster_stop_immediate);
    PQfinish(locker);
    scene_await_run(&scene, "events", "done");
    ck_assert(daemon_log_has(&daemon, "re-checking what was done shortly before"));
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM events WHERE made < '2025-07-01'"),
                     0);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(count(DISTINCT run), ' ', sum(rows)) FROM"
                                         " pgpurged.audit"),
                     "1 400");
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* The first DELETE waits, and the first one of a second pass that is past the first block. A row
 * there is looked at in each pass and never goes. */
static void close_gates_to_both_passes(const struct scene *scene)
{
    sql_exec(
        scene->own,
        "CREATE SEQUENCE gate_turns; CREATE SEQUENCE later_passes;"
        "CREATE FUNCTION may_go(id bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY"
        " DEFINER AS $$ BEGIN"
        " IF id = 1 AND NOT EXISTS (SELECT FROM public.orders AS o WHERE o.id > 1 AND " SCENE_DUE
        ") THEN PERFORM nextval('public.later_passes'); END IF; RETURN id > 1; END $$;"
        "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        " PERFORM set_config('lock_timeout', '0', true);"
        " IF nextval('public.gate_turns') = 1 THEN"
        "  PERFORM pg_advisory_xact_lock_shared(4242);"
        " ELSIF (SELECT is_called FROM public.later_passes) THEN"
        "  PERFORM pg_advisory_xact_lock_shared(4243);"
        " END IF; RETURN NULL; END $$;"
        "CREATE TRIGGER gate BEFORE DELETE ON orders FOR EACH STATEMENT"
        " EXECUTE FUNCTION gate(); SELECT pg_advisory_lock(4242), pg_advisory_lock(4243)");
}

/* Whole pages of WAL are written at once, whatever wal_writer_delay says: what comes next is to be
 * on one page. */
static void begin_page_of_wal(const struct scene *scene)
{
    sql_exec(scene->own, "SELECT pg_logical_emit_message(false, 'test', repeat('x', (8192 -"
                         " (pg_current_wal_insert_lsn() - '0/0') %% 8192)::int))");
}

/* Rows come back behind a second pass that has not found any so far: it is not the last one. */
START_TEST(rows_that_a_crash_brings_back_behind_a_pass_go_in_the_same_run)
{
    struct scene scene = scene_new();
    PGconn *writer = scene_connect(&scene);
    struct daemon daemon;

    scene_add_orders(&scene, 1000);
    sql_exec(scene.own, "UPDATE orders SET deleted_at = NULL WHERE id > 10");
    sql_exec(writer, "BEGIN; SELECT txid_current()"); /* so that there is a second pass */
    close_gates_to_both_passes(&scene);
    daemon = daemon_start(scene_config(&scene, "lock_timeout = 30s\nwhere = public.may_go(id)\n"));
    gate_await(&scene);
    sql_exec(scene.own, "CREATE TABLE waits_for_the_disk ()"); /* and so does the run's record */
    begin_page_of_wal(&scene);
    gate_open(&scene);
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4243"
              " AND NOT granted)",
              AWAIT_MS);
    ck_assert_int_eq(scene_due(&scene), 1);
    restart_server(&scene, cluster_stop_immediate);
    PQfinish(writer);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(scene_due(&scene), 1);
    promises_check(scene.own, "orders", "id BETWEEN 2 AND 10");
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* --- a drop whose COMMIT is not answered --- */

static void check_cut(enum proxy_direction direction, bool forwarded)
{
    struct scene scene = scene_of_both();
    struct proxy proxy;
    struct proxy_options options = {.server = cluster_socket(harness_cluster())};
    struct daemon daemon;

    sql_exec(scene.own, "DROP TABLE votes, comments, posts; DROP SCHEMA promises CASCADE");
    close_gate(&scene, NULL);
    ck_assert(proxy_start(&proxy, &options));
    daemon = daemon_start(scene_config_through(
        cluster_conninfo_through(proxy.port, scene.database, "pgpurged"),
        "[job orders]\ntable = events\nexpires = made + 30d\ndrop_partitions = yes\n"));
    gate_await(&scene);
    proxy_cut_at(&proxy, direction, "COMMIT", forwarded);
    gate_open(&scene);
    scene_await_run(&scene, "orders", "done");
    ck_assert_int_eq(proxy_cuts(&proxy), 1);
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(sum(a.rows), ' ', max(r.rows), ' ',"
                                         " count(DISTINCT r.id)) FROM pgpurged.audit a"
                                         " JOIN pgpurged.runs r ON r.id = a.run"),
                     "400 400 1");
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM events"), 5 * PARTITION_ROWS);
    ck_assert_str_eq(sql_text(scene.own, "SELECT string_agg(relid::text, ' ') FROM"
                                         " pg_partition_tree('events') WHERE isleaf"),
                     "present");
    daemon_stop(&daemon);
    proxy_stop(&proxy);
    scene_end(&scene);
}

START_TEST(a_drop_whose_commit_is_not_answered_is_found_out)
{
    check_cut(PROXY_TO_CLIENT, false);
    check_cut(PROXY_TO_SERVER, true);
    check_cut(PROXY_TO_SERVER, false);
}
END_TEST

/* A schema may be renamed whatever is locked in it, and the DROP goes by the name. */
START_TEST(a_drop_takes_no_other_table_of_the_same_name)
{
    struct scene scene = scene_of_both();
    struct daemon daemon;

    sql_exec(scene.own, "CREATE SCHEMA shop; GRANT ALL ON SCHEMA shop TO pgpurged;"
                        "ALTER TABLE old_1 SET SCHEMA shop; ALTER TABLE old_3 SET SCHEMA shop");
    close_gate_to_drops(&scene, 1);
    daemon = daemon_start(config_of(&scene));
    gate_await(&scene);
    sql_exec(scene.own, "ALTER SCHEMA shop RENAME TO shop_of_old; CREATE SCHEMA shop;"
                        "GRANT ALL ON SCHEMA shop, shop_of_old TO pgpurged;"
                        "CREATE TABLE shop.old_1 AS SELECT 1 AS id;"
                        "ALTER TABLE shop.old_1 OWNER TO pgpurged");
    gate_open(&scene);
    await_end(&scene);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM shop.old_1"), 1);
    daemon_stop(&daemon);
    scene_end(&scene);
}
END_TEST

/* It comes between two partitions: neither may the next one go in one piece from under the rows
 * that refer to it, nor may they go with its rows. */
START_TEST(a_foreign_key_that_comes_between_two_partitions_takes_no_row_along)
{
    struct scene scene = scene_of_both();
    PGconn *other = scene_connect(&scene);
    struct daemon daemon;

    sql_exec(scene.own, "ALTER TABLE events ADD UNIQUE (made, id);"
                        "CREATE TABLE notes AS SELECT id, made FROM events WHERE id > 3000"
                        " OR made = '2025-06-10'");
    promises_watch(scene.own, "notes");
    close_gate_to_drops(&scene, 1);
    daemon = daemon_start(config_of(&scene));
    gate_await(&scene);
    sql_exec(other, "SET deadlock_timeout = '1min'"); /* it is the daemon that gives way */
    sql_start(other, "ALTER TABLE notes ADD FOREIGN KEY (made, id) REFERENCES events (made, id)"
                     " ON DELETE CASCADE");
    await_sql(scene.own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
              " AND usename = 'postgres' AND wait_event_type = 'Lock')",
              AWAIT_MS);
    gate_open(&scene);
    ck_assert_str_eq(sql_join(other), "00000");
    scene_await_run(&scene, "events", "failed");
    daemon_stop(&daemon);
    check_all(&scene);
    ck_assert_int_eq(promises_check(scene.own, "notes", "false"), 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM notes n WHERE NOT EXISTS"
                                        " (SELECT FROM events e WHERE e.id = n.id)"),
                     0);
    PQfinish(other);
    scene_end(&scene);
}
END_TEST

/* --- anything at any time --- */

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

struct restart {
    const struct daemon *daemon;
    int starts; /* of those before it, as the log says */
};

static bool has_started(void *arg)
{
    const struct restart *restart = arg;

    return daemon_log_count(restart->daemon, " starts: ") > restart->starts;
}

/* It may be told to stop next, and must have got as far as to listen to that. */
static void restart_daemon(struct daemon *daemon)
{
    struct restart restart = {daemon, daemon_log_count(daemon, " starts: ")};

    daemon_kill9(daemon);
    *daemon = daemon_start(daemon->config);
    await(has_started, &restart, AWAIT_MS, "a daemon that has started");
}

static void strike(struct scene *scene, struct daemon *daemon)
{
    switch (random() % 4) {
    case 0:
        restart_daemon(daemon);
        break;
    case 1:
        restart_server(scene, cluster_stop_immediate);
        break;
    case 2:
    case 3:
        sql_exec(scene->own, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                             " WHERE application_name = 'pgpurged' ORDER BY random() LIMIT 1");
        break;
    }
}

static void check_storm(unsigned seed)
{
    struct scene scene = scene_of_both();
    struct daemon daemon;

    printf("seed %u\n", seed);
    srandom(seed);
    daemon = daemon_start(config_of(&scene));
    for (int i = 0; i < 6; i++) {
        pause_ms(random() % 300);
        strike(&scene, &daemon);
        check_all(&scene);
    }
    await_end(&scene);
    daemon_stop(&daemon);
    scene_end(&scene);
}

START_TEST(whatever_dies_at_any_time_all_is_accounted_in_the_end)
{
    const char *seed = getenv("STORM_SEED");

    check_storm(seed != NULL ? (unsigned)strtoul(seed, NULL, 10)
                             : (unsigned)time(NULL) ^ (unsigned)getpid());
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_daemon_that_is_killed_partitions_all_accounted_and_the_next_one_finishes,
        a_server_that_is_restarted_partitions_all_accounted_and_the_run_goes_on,
        rows_that_a_crash_brings_back_go_in_the_same_run,
        rows_that_a_crash_brings_back_behind_a_pass_go_in_the_same_run,
        a_drop_whose_commit_is_not_answered_is_found_out,
        a_drop_takes_no_other_table_of_the_same_name,
        a_foreign_key_that_comes_between_two_partitions_takes_no_row_along,
        whatever_dies_at_any_time_all_is_accounted_in_the_end,
    };

    /* As slow as can be: a crash loses as much as it can. */
    return harness_main(tests, ARRAY_LENGTH(tests),
                        &(struct cluster_options){.settings = "wal_writer_delay = 10s"});
}
