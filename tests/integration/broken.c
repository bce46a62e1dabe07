/*
 * Why: somebody changes the schema under a run, or the settings, or something dies in the middle of
 * what is more than one DELETE: a family of rows, a partition that is dropped. What the preflight
 * has looked at is no longer so then, and both promises have to hold all the same, over all tables.
 */
#include <check.h>
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

/* Posts 1 to 100 in blocks of ten, every other one due; comment i is one of post i. */
enum { POSTS = 100, DUE = POSTS / 2, MIDDLE = 3 };
#define SMALL_BATCHES "batch_rows = 10\nbatch_time = 1ms\nlock_timeout = 30s\nscan = heap\n"

static struct scene scene_of_posts(const char *reference)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (id bigint PRIMARY KEY, deleted_at timestamptz, filler text);"
             "INSERT INTO posts SELECT i, CASE WHEN i %% 2 = 1 THEN now() - interval '40 days' END,"
             " repeat('x', 700) FROM generate_series(1, %d) AS i;"
             "CREATE TABLE comments (id bigint PRIMARY KEY, post_id bigint %s);"
             "INSERT INTO comments SELECT id, id FROM posts; CREATE INDEX ON comments (post_id);"
             "GRANT SELECT, UPDATE, DELETE ON posts, comments TO pgpurged",
             POSTS, reference);
    promises_watch(scene.own, "posts");
    promises_watch(scene.own, "comments");
    return scene;
}

static const char *config_of(const struct scene *scene, const char *options)
{
    return scene_config_of(
        scene, keep_format("[job posts]\ntable = posts\nexpires = deleted_at + 30d\n%s%s\n",
                           SMALL_BATCHES, options));
}

#define OF_DUE_POST                                                                                \
    "EXISTS (SELECT FROM promises.posts AS p WHERE p.id = c.post_id AND p." SCENE_DUE ")"

/* Rows that the audit table names, of whatever table. */
static int64_t audited(const struct scene *scene)
{
    return sql_int(scene->own, "SELECT coalesce(sum(rows), 0) FROM pgpurged.audit");
}

static const char *last_run(const struct scene *scene)
{
    return sql_text(scene->own, "SELECT concat(outcome, ': ', detail) FROM pgpurged.runs"
                                " ORDER BY id DESC LIMIT 1");
}

/*
 * What comes between two batches: the statements stand in the queue for a lock that the batch at
 * the gate has, so they come before the next one. Returns how the run has ended.
 */
static const char *between_batches(struct scene *scene, const char *options, const char *deed)
{
    PGconn *other = scene_connect(scene);
    struct daemon daemon;

    sql_exec(other, "SET deadlock_timeout = '1min'"); /* it is the daemon that gives way */
    gate_close_on(scene, "posts", MIDDLE);
    daemon = daemon_start(config_of(scene, options));
    gate_await(scene);
    sql_start(other, deed);
    await_sql(scene->own,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
              " AND usename = 'postgres' AND wait_event_type = 'Lock')",
              AWAIT_MS);
    gate_open(scene);
    ck_assert_str_eq(sql_join(other), "00000");
    await_sql(scene->own, "SELECT EXISTS (SELECT FROM pgpurged.runs WHERE ended_at IS NOT NULL)",
              AWAIT_MS);
    daemon_stop(&daemon);
    PQfinish(other);
    return last_run(scene);
}

static void assert_has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in \"%s\"", part, text);
}

/* --- what the preflight has not seen --- */

/* Without a foreign key there was nothing to watch. */
START_TEST(a_foreign_key_that_comes_during_a_run_takes_no_row_along)
{
    struct scene scene = scene_of_posts("");
    const char *end = between_batches(
        &scene, "",
        "ALTER TABLE comments ADD FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE"
        " NOT VALID");

    assert_has(end, "failed: ");
    assert_has(end, "comments_post_id_fkey");
    ck_assert_int_gt(promises_check(scene.own, "posts", SCENE_DUE), 0);
    ck_assert_int_eq(promises_check(scene.own, "comments", "false"), 0);
    scene_once(config_of(&scene, "children = cascade"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    scene_end(&scene);
}
END_TEST

START_TEST(a_foreign_key_of_grandchildren_that_comes_during_a_run_takes_no_row_along)
{
    struct scene scene = scene_of_posts("REFERENCES posts ON DELETE CASCADE");

    sql_exec(scene.own, "CREATE TABLE votes AS SELECT id, id AS comment_id FROM comments;"
                        "GRANT SELECT, DELETE ON votes TO pgpurged");
    promises_watch(scene.own, "votes");
    assert_has(between_batches(&scene, "children = cascade",
                               "ALTER TABLE votes ADD FOREIGN KEY (comment_id) REFERENCES comments"
                               " ON DELETE CASCADE NOT VALID"),
               "votes_comment_id_fkey");
    ck_assert_int_gt(promises_check(scene.own, "comments", OF_DUE_POST), 0);
    ck_assert_int_eq(promises_check(scene.own, "votes", "false"), 0);
    scene_once(config_of(&scene, "children = cascade"), 0);
    ck_assert_int_eq(promises_check(scene.own, "votes", "c.id % 2 = 1"), audited(&scene) - 2 * DUE);
    scene_end(&scene);
}
END_TEST

/* The name gives it away, or the foreign key of the other table keeps the parents before that. */
START_TEST(a_table_that_takes_the_name_of_a_child_during_a_run_loses_nothing)
{
    struct scene scene = scene_of_posts("REFERENCES posts");
    const char *end = between_batches(&scene, "children = delete",
                                      "BEGIN; ALTER TABLE comments RENAME TO comments_of_old;"
                                      "CREATE TABLE comments AS TABLE comments_of_old;"
                                      "GRANT SELECT, DELETE ON comments TO pgpurged; COMMIT");

    ck_assert_msg(!text_starts(end, "done"), "%s", end);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM comments c WHERE NOT EXISTS"
                                        " (SELECT FROM comments_of_old o WHERE o.id = c.id)"),
                     0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM posts"),
                     2 * POSTS - audited(&scene) -
                         sql_int(scene.own, "SELECT count(*) FROM comments_of_old"));
    scene_end(&scene);
}
END_TEST

START_TEST(a_partition_of_children_that_is_detached_during_a_run_keeps_its_rows)
{
    struct scene scene = scene_of_posts("");
    const char *end;
    int64_t kept;

    sql_exec(scene.own, "DROP TABLE promises.comments; DELETE FROM promises.watched WHERE name ="
                        " 'comments'; DROP TABLE comments;"
                        "CREATE TABLE comments (id bigint, post_id bigint REFERENCES posts)"
                        " PARTITION BY RANGE (post_id);"
                        "CREATE TABLE comments_1 PARTITION OF comments FOR VALUES FROM (0) TO (50);"
                        "CREATE TABLE comments_2 PARTITION OF comments DEFAULT;"
                        "INSERT INTO comments SELECT id, id FROM posts;"
                        "CREATE INDEX ON comments (post_id);"
                        "GRANT SELECT, UPDATE, DELETE ON comments, comments_1, comments_2"
                        " TO pgpurged");
    promises_watch(scene.own, "comments_1");
    promises_watch(scene.own, "comments_2");
    end = between_batches(&scene, "children = delete",
                          "BEGIN; ALTER TABLE comments DETACH PARTITION comments_2;"
                          "CREATE TABLE kept AS TABLE comments_2; COMMIT");
    kept = sql_int(scene.own, "SELECT count(*) FROM kept");
    assert_has(end, "failed: ");
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM comments_2"), kept);
    promises_check(scene.own, "comments_1", OF_DUE_POST);
    promises_check(scene.own, "comments_2", OF_DUE_POST);
    scene_once(config_of(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    scene_end(&scene);
}
END_TEST

/* A partition with a foreign key of its own, which says the same, comes in mid-run; and goes. */
START_TEST(a_partition_of_children_that_is_attached_during_a_run_goes_counted)
{
    struct scene scene = scene_of_posts("");
    const char *end;

    sql_exec(scene.own,
             "DROP TABLE promises.comments; DELETE FROM promises.watched WHERE name = 'comments';"
             "ALTER TABLE comments DROP CONSTRAINT comments_pkey, ALTER post_id SET NOT NULL;"
             "DELETE FROM comments WHERE post_id <= 50;"
             "CREATE TABLE all_comments (id bigint, post_id bigint NOT NULL REFERENCES posts"
             " ON DELETE CASCADE) PARTITION BY RANGE (post_id);"
             "CREATE TABLE comments_1 PARTITION OF all_comments FOR VALUES FROM (0) TO (51);"
             "INSERT INTO all_comments SELECT id, id FROM posts WHERE id <= 50;"
             "CREATE INDEX ON all_comments (post_id);"
             "GRANT SELECT, UPDATE, DELETE ON all_comments, comments_1 TO pgpurged");
    promises_watch(scene.own, "comments_1");
    promises_watch(scene.own, "comments");
    end = between_batches(&scene, "children = cascade",
                          "ALTER TABLE all_comments ATTACH PARTITION comments FOR VALUES FROM (51)"
                          " TO (1000)");
    promises_check(scene.own, "comments_1", OF_DUE_POST);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), 0);
    assert_has(end, "incomplete: 25 rejected by all_comments_post_id_fkey");
    scene_once(config_of(&scene, "children = cascade"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE / 2);
    scene_end(&scene);
}
END_TEST

/* A name is often given again once its row is marked: then a comment on it belongs to the live row
 * as well (promise R). A partition key in the index says nothing against it being unique. */
START_TEST(children_of_a_due_row_that_a_live_row_has_as_well_stay)
{
    struct scene scene = scene_of_posts("");
    const char *config =
        config_of(&scene, "children = delete\nreferences = comments.post_id -> slug");

    sql_exec(scene.own, "ALTER TABLE posts ADD slug bigint; UPDATE posts SET slug = (id + 1) / 2;"
                        "CREATE UNIQUE INDEX ON posts (slug) WHERE deleted_at IS NULL");
    assert_has(scene_once(config, 1), "without a unique index on slug of public.posts");
    ck_assert_int_eq(promises_check(scene.own, "comments", "false"), 0);
    sql_exec(scene.own, "DROP INDEX posts_slug_idx; UPDATE posts SET slug = id;"
                        "CREATE UNIQUE INDEX ON posts (slug)");
    scene_once(config, 0);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    scene_end(&scene);
}
END_TEST

START_TEST(a_unique_index_of_a_partitioned_table_may_have_its_partition_key_in_it)
{
    struct scene scene = scene_of_posts("");

    sql_exec(scene.own,
             "ALTER TABLE posts RENAME TO posts_0; ALTER TABLE posts_0 DROP CONSTRAINT posts_pkey;"
             "CREATE TABLE posts (id bigint, deleted_at timestamptz, filler text, part int"
             " DEFAULT 0, PRIMARY KEY (part, id)) PARTITION BY LIST (part);"
             "ALTER TABLE posts_0 ADD part int NOT NULL DEFAULT 0;"
             "ALTER TABLE posts ATTACH PARTITION posts_0 FOR VALUES IN (0);"
             "GRANT SELECT, UPDATE, DELETE ON posts TO pgpurged");
    scene_once(config_of(&scene, "children = delete\nreferences = comments.post_id -> id"), 0);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE);
    ck_assert_int_eq(audited(&scene), 2 * DUE);
    scene_end(&scene);
}
END_TEST

/* Its rows are the job's own, whichever table the foreign key is written on. */
START_TEST(a_partition_that_refers_to_its_own_table_keeps_its_live_rows)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (part int, id bigint, deleted_at timestamptz, up_part int,"
             " up bigint, PRIMARY KEY (part, id)) PARTITION BY LIST (part);"
             "CREATE TABLE posts_0 PARTITION OF posts FOR VALUES IN (0);"
             "CREATE TABLE posts_1 PARTITION OF posts FOR VALUES IN (1);"
             "INSERT INTO posts SELECT i %% 2, i, CASE WHEN i %% 3 > 0 THEN now() - interval"
             " '40 days' END, (i - 1) %% 2, i - 1 FROM generate_series(1, 99) AS i;"
             "DELETE FROM posts_0 WHERE id = 0; UPDATE posts SET up = NULL WHERE up = 0;"
             "ALTER TABLE posts_1 ADD FOREIGN KEY (up_part, up) REFERENCES posts;"
             "GRANT SELECT, UPDATE, DELETE ON posts, posts_0, posts_1 TO pgpurged");
    promises_watch(scene.own, "posts_0");
    promises_watch(scene.own, "posts_1");
    pgpurged_run(NULL, "--config", config_of(&scene, "children = delete"), "--once", NULL);
    ck_assert_int_gt(promises_check(scene.own, "posts_0", SCENE_DUE), 0);
    ck_assert_int_gt(promises_check(scene.own, "posts_1", SCENE_DUE), 0);
    scene_end(&scene);
}
END_TEST

/* --- settings that nobody expects --- */

/* Triggers would not fire, foreign keys not act. */
START_TEST(nothing_is_deleted_where_triggers_are_switched_off)
{
    struct scene scene = scene_of_posts("REFERENCES posts");

    sql_exec(scene.own, "ALTER ROLE pgpurged SET session_replication_role = replica");
    assert_has(scene_once(config_of(&scene, ""), 1), "session_replication_role");
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), 0);
    sql_exec(scene.own, "ALTER ROLE pgpurged RESET session_replication_role");
    scene_once(config_of(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    scene_end(&scene);
}
END_TEST

/* Then the server counts nothing any more, and what a cascade takes along would go unseen. */
START_TEST(counts_that_are_switched_off_during_a_run_end_it)
{
    struct scene scene = scene_of_posts("");

    sql_exec(scene.own, "DELETE FROM comments; DELETE FROM promises.comments;"
                        "ALTER TABLE comments ADD FOREIGN KEY (post_id) REFERENCES posts"
                        " ON DELETE CASCADE");
    sql_exec(scene.own, "ALTER SYSTEM SET track_counts = off");
    assert_has(between_batches(&scene, "",
                               "BEGIN; LOCK TABLE posts; SELECT pg_reload_conf();"
                               "SELECT pg_sleep(1); COMMIT"),
               "track_counts");
    promises_check(scene.own, "posts", SCENE_DUE);
    sql_exec(scene.own, "ALTER SYSTEM RESET track_counts");
    sql_exec(scene.own, "SELECT pg_reload_conf()");
    scene_end(&scene);
}
END_TEST

/* --- triggers of the application --- */

static const char *run_with_trigger(struct scene *scene, const char *when, const char *body)
{
    sql_exec(scene->own,
             "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
             " %s; RETURN OLD; END $$; CREATE %s FOR EACH ROW EXECUTE FUNCTION tidy()",
             body, when);
    pgpurged_run(NULL, "--config", config_of(scene, "children = cascade"), "--once", NULL);
    promises_check(scene->own, "posts", SCENE_DUE);
    promises_check(scene->own, "comments", OF_DUE_POST);
    return last_run(scene);
}

/* It acts at COMMIT, when all has been counted; so it has to act before. */
START_TEST(a_trigger_that_deletes_children_at_commit_lets_no_row_go_uncounted)
{
    struct scene scene = scene_of_posts("REFERENCES posts ON DELETE CASCADE");
    const char *end;

    sql_exec(scene.own, "DELETE FROM comments WHERE id = 1; DELETE FROM promises.comments"
                        " WHERE id = 1");
    end = run_with_trigger(&scene,
                           "CONSTRAINT TRIGGER tidy AFTER DELETE ON posts DEFERRABLE INITIALLY"
                           " DEFERRED",
                           "DELETE FROM public.comments WHERE post_id = OLD.id + 1"
                           " AND OLD.id % 10 = 5");
    assert_has(end, "incomplete: ");
    scene_end(&scene);
}
END_TEST

/* The server counts attempts as well; then a row stays that could go, and none goes uncounted. */
START_TEST(a_trigger_that_takes_back_its_own_deletion_does_no_harm)
{
    struct scene scene = scene_of_posts("REFERENCES posts ON DELETE CASCADE");

    run_with_trigger(&scene, "TRIGGER tidy BEFORE DELETE ON posts",
                     "BEGIN DELETE FROM public.comments WHERE post_id = OLD.id + 1;"
                     " RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END");
    scene_end(&scene);
}
END_TEST

START_TEST(a_child_whose_trigger_works_in_a_subtransaction_goes_counted)
{
    struct scene scene = scene_of_posts("REFERENCES posts ON DELETE CASCADE");

    ck_assert_str_eq(run_with_trigger(&scene, "TRIGGER tidy BEFORE DELETE ON comments",
                                      "BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN"
                                      " NULL; END"),
                     "done: ");
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE);
    scene_end(&scene);
}
END_TEST

/* --- the application at work --- */

/* A child that moves to a parent which is restored in the same moment; a look at what was due when
 * the statement began would let it go. */
START_TEST(a_child_given_to_a_parent_that_is_restored_meanwhile_stays)
{
    struct scene scene = scene_of_posts("REFERENCES posts ON DELETE CASCADE");
    struct daemon daemon;

    sql_exec(scene.own, "INSERT INTO comments SELECT i, 1 FROM generate_series(1001, 20000) AS i;"
                        "INSERT INTO promises.comments SELECT i, 1 FROM"
                        " generate_series(1001, 20000) AS i; ANALYZE comments");
    gate_close_on(&scene, "comments", 1);
    daemon = daemon_start(scene_config_of(
        &scene, "[job posts]\ntable = posts\nexpires = deleted_at + 30d\nchildren = cascade\n"
                "lock_timeout = 30s\n"));
    gate_await(&scene);
    sql_exec(scene.own, "BEGIN; UPDATE posts SET deleted_at = NULL WHERE id = 3;"
                        "UPDATE promises.posts SET deleted_at = NULL WHERE id = 3;"
                        "UPDATE comments SET post_id = 3 WHERE id IN (1, 1001, 1002);"
                        "UPDATE promises.comments SET post_id = 3 WHERE id IN (1, 1001, 1002);"
                        "COMMIT");
    gate_open(&scene);
    scene_await_run(&scene, "posts", "done");
    daemon_stop(&daemon);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE - 1);
    promises_check(scene.own, "comments", OF_DUE_POST);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM comments WHERE post_id = 3"), 4);
    scene_end(&scene);
}
END_TEST

/* What is gone stays gone, for its parent was due; what is left stays with the parent. */
START_TEST(a_parent_restored_when_half_of_its_children_are_gone_keeps_the_others)
{
    struct scene scene = scene_of_posts("REFERENCES posts ON DELETE CASCADE");
    PGconn *other = scene_connect(&scene);
    struct daemon daemon;
    int64_t gone;

    sql_exec(scene.own, "INSERT INTO comments SELECT i, 1 FROM generate_series(1001, 2000) AS i;"
                        "INSERT INTO promises.comments SELECT i, 1 FROM"
                        " generate_series(1001, 2000) AS i");
    gate_close_on(&scene, "comments", 20);
    daemon = daemon_start(config_of(&scene, "children = cascade"));
    gate_await(&scene);
    sql_start(other, "UPDATE posts SET deleted_at = NULL WHERE id = 1");
    gate_open(&scene);
    ck_assert_str_eq(sql_join(other), "00000");
    scene_await_run(&scene, "posts", "done");
    daemon_stop(&daemon);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM posts WHERE id = 1"), 1);
    gone = promises_check(scene.own, "comments", OF_DUE_POST);
    ck_assert_int_gt(gone, DUE);
    ck_assert_int_lt(gone, DUE + 1000);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE - 1);
    PQfinish(other);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_foreign_key_that_comes_during_a_run_takes_no_row_along,
        a_foreign_key_of_grandchildren_that_comes_during_a_run_takes_no_row_along,
        a_table_that_takes_the_name_of_a_child_during_a_run_loses_nothing,
        a_partition_of_children_that_is_detached_during_a_run_keeps_its_rows,
        a_partition_of_children_that_is_attached_during_a_run_goes_counted,
        children_of_a_due_row_that_a_live_row_has_as_well_stay,
        a_unique_index_of_a_partitioned_table_may_have_its_partition_key_in_it,
        a_partition_that_refers_to_its_own_table_keeps_its_live_rows,
        nothing_is_deleted_where_triggers_are_switched_off,
        counts_that_are_switched_off_during_a_run_end_it,
        a_trigger_that_deletes_children_at_commit_lets_no_row_go_uncounted,
        a_trigger_that_takes_back_its_own_deletion_does_no_harm,
        a_child_whose_trigger_works_in_a_subtransaction_goes_counted,
        a_child_given_to_a_parent_that_is_restored_meanwhile_stays,
        a_parent_restored_when_half_of_its_children_are_gone_keeps_the_others,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
