/*
 * Why: rows of other tables refer to due rows. Whatever the foreign keys say and whatever the job
 * is told to do about them, each row that is gone is accounted for, in whichever table it was
 * (promise A); no child goes but that of a due parent that goes with it (promise R); and the rows
 * that stay are counted under the name of what keeps them.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/posts.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* --- skip --- */

/* Posts 1 to 20 have comments: ten of them are due. */
static void check_fk_blocked(const char *action)
{
    struct scene scene = posts_new();
    const char *log;

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, action, 20, 3);
    log = scene_once(posts_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "comments", "false"), 0);
    ck_assert_str_eq(posts_run(&scene),
                     "incomplete 40 10: 10 rejected by comments_post_id_fkey on public.comments");
    ck_assert_ptr_nonnull(strstr(log, "10 rejected by comments_post_id_fkey on public.comments"));
    scene_end(&scene);
}

START_TEST(a_due_row_with_children_stays_and_is_counted_under_the_name_of_the_constraint)
{
    check_fk_blocked("");
    check_fk_blocked("ON DELETE RESTRICT");
    check_fk_blocked("ON DELETE CASCADE");
}
END_TEST

/* --- cascade and delete --- */

static const struct {
    const char *action, *options;
} going[] = {
    {"ON DELETE CASCADE", "children = cascade"},
    {"ON DELETE CASCADE", "children = delete"},
    {"", "children = delete"},
    {"ON DELETE RESTRICT", "children = delete"},
    {"DEFERRABLE INITIALLY DEFERRED", "children = delete"},
    {"ON DELETE CASCADE", "children = cascade\nscan = heap"},
    {"ON DELETE CASCADE", "children = cascade\nbatch_rows = 3"},
    {"", "children = delete\nworkers = 3"},
};

static void check_gone(const char *action, const char *options)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, action, POSTS, 5);
    scene_once(posts_config(&scene, options), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), POSTS_DUE * 5);
    ck_assert_str_eq(posts_audited(&scene), "comments 250, posts 50");
    ck_assert_str_eq(posts_run(&scene), "done 300 0: ");
    scene_end(&scene);
}

START_TEST(children_go_with_their_parents_and_are_counted)
{
    for (size_t i = 0; i < ARRAY_LENGTH(going); i++)
        check_gone(going[i].action, going[i].options);
}
END_TEST

START_TEST(a_parent_with_many_children_goes_in_many_short_batches)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", 1, 20000);
    scene_once(posts_config(&scene, "children = cascade\nbatch_rows = 1000"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), 20000);
    ck_assert_int_le(sql_int(scene.own, "SELECT max(rows) FROM (SELECT sum(rows) AS rows FROM"
                                        " pgpurged.audit GROUP BY batch) AS b"),
                     1000);
    scene_end(&scene);
}
END_TEST

/* A thousand rows take longer than batch_time here, however many a batch may have. */
START_TEST(a_batch_of_children_ends_in_time)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", 1, 5000);
    sql_exec(scene.own,
             "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  PERFORM pg_sleep(0.06); RETURN NULL; END $$;"
             "CREATE TRIGGER dawdle BEFORE DELETE ON comments FOR EACH STATEMENT EXECUTE FUNCTION"
             " dawdle()");
    scene_once(posts_config(&scene, "children = cascade\nscan = heap\nbatch_time = 50ms"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), 5000);
    ck_assert_int_eq(sql_int(scene.own, "SELECT max(rows) FROM pgpurged.audit"), 1000);
    scene_end(&scene);
}
END_TEST

/* posts <- comments <- votes <- flags, none of them ON DELETE CASCADE. */
static struct scene scene_of_four_levels(void)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "", POSTS, 2);
    posts_add_children(
        &scene, "votes",
        "CREATE TABLE votes (id bigint PRIMARY KEY, comment_id bigint REFERENCES comments);"
        "INSERT INTO votes SELECT id, id FROM comments; CREATE INDEX ON votes (comment_id)");
    posts_add_children(
        &scene, "flags",
        "CREATE TABLE flags (id bigint PRIMARY KEY, vote_id bigint REFERENCES votes);"
        "INSERT INTO flags SELECT id, id FROM votes WHERE id <= 40 AND id % 2 = 1;"
        "CREATE INDEX ON flags (vote_id)");
    return scene;
}

#define OF_DUE_COMMENT                                                                             \
    "EXISTS (SELECT FROM promises.comments AS c2 JOIN promises.posts AS p ON p.id = c2.post_id"    \
    " WHERE c2.id = c.id AND p." SCENE_DUE ")"

START_TEST(delete_goes_three_levels_down)
{
    struct scene scene = scene_of_four_levels();

    scene_once(posts_config(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), POSTS_DUE * 2);
    ck_assert_int_eq(promises_check(scene.own, "votes", OF_DUE_COMMENT), POSTS_DUE * 2);
    ck_assert_int_eq(promises_check(scene.own, "flags", OF_DUE_COMMENT), 10);
    scene_end(&scene);
}
END_TEST

/* Below two levels flags keep what is above them, and nothing of such a family goes: one of
 * two comments of each of the posts 1 to 20 has one. */
START_TEST(children_depth_ends_the_way_down)
{
    struct scene scene = scene_of_four_levels();

    scene_once(posts_config(&scene, "children = delete\nchildren_depth = 2"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"),
                     POSTS_DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST " AND c.post_id > 20"),
                     POSTS_DUE * 2 - 20);
    ck_assert_int_eq(promises_check(scene.own, "votes", OF_DUE_COMMENT " AND c.id > 40"),
                     POSTS_DUE * 2 - 20);
    ck_assert_int_eq(promises_check(scene.own, "flags", "false"), 0);
    ck_assert_str_eq(posts_run(&scene),
                     "incomplete 200 10: 10 rejected by comments_post_id_fkey on public.comments");
    scene_end(&scene);
}
END_TEST

START_TEST(cascade_partitions_alone_what_another_reference_keeps)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", POSTS, 2);
    posts_add_children(&scene, "pins",
                       "CREATE TABLE pins (id bigint, post_id bigint REFERENCES posts);"
                       "INSERT INTO pins SELECT i, i FROM generate_series(1, 20) AS i");
    scene_once(posts_config(&scene, "children = cascade"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"),
                     POSTS_DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST " AND c.post_id > 20"),
                     POSTS_DUE * 2 - 20);
    ck_assert_int_eq(promises_check(scene.own, "pins", "false"), 0);
    ck_assert_str_eq(posts_run(&scene),
                     "incomplete 120 10: 10 rejected by pins_post_id_fkey on public.pins");
    scene_end(&scene);
}
END_TEST

/* --- what happens meanwhile --- */

/* The first DELETE on the table waits, its snapshot taken, until the gate is opened (scene.h). */
static void close_gate(const struct scene *scene, const char *table)
{
    sql_exec(scene->own,
             "CREATE SEQUENCE gate_turns;"
             "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
             "  IF nextval('public.gate_turns') = 1 THEN"
             "    PERFORM set_config('lock_timeout', '0', true);"
             "    PERFORM pg_advisory_xact_lock_shared(4242);"
             "  END IF; RETURN NULL; END $$;"
             "CREATE TRIGGER gate BEFORE DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION gate();"
             "SELECT pg_advisory_lock(4242)",
             table);
}

/* Runs the daemon up to the gate, does this, and lets it end its run as `outcome`. */
static void meanwhile(struct scene *scene, const char *options, const char *table, const char *deed,
                      const char *outcome)
{
    struct daemon daemon;

    close_gate(scene, table);
    daemon = daemon_start(posts_config(scene, options));
    gate_await(scene);
    sql_exec(scene->own, "%s", deed);
    gate_open(scene);
    scene_await_run(scene, "posts", outcome);
    daemon_stop(&daemon);
}

/* The server would take it along by ON DELETE CASCADE, uncounted. */
static void check_child_inserted(const char *options, const char *outcome, int gone)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", 0, 1);
    meanwhile(
        &scene, options, "posts",
        "INSERT INTO comments VALUES (1000, 1); INSERT INTO promises.comments VALUES (1000, 1)",
        outcome);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE - 1 + gone);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), gone);
    scene_end(&scene);
}

START_TEST(a_child_inserted_during_a_batch_does_not_vanish_uncounted)
{
    check_child_inserted("children = skip", "incomplete", 0);
    check_child_inserted("children = cascade", "done", 1);
}
END_TEST

START_TEST(children_of_a_parent_restored_during_a_batch_stay)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", POSTS, 5);
    meanwhile(&scene, "children = cascade", "comments",
              "BEGIN; UPDATE posts SET deleted_at = NULL WHERE id = 1;"
              "UPDATE promises.posts SET deleted_at = NULL WHERE id = 1; COMMIT",
              "done");
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE - 1);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), (POSTS_DUE - 1) * 5);
    scene_end(&scene);
}
END_TEST

/* The table is large enough for its rows to be found by their TIDs. */
START_TEST(a_child_given_to_a_live_parent_during_a_batch_stays)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", POSTS, 200);
    meanwhile(&scene, "children = cascade", "comments",
              "BEGIN; UPDATE comments SET post_id = 2 WHERE id = 1;"
              "UPDATE promises.comments SET post_id = 2 WHERE id = 1; COMMIT",
              "done");
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), POSTS_DUE * 200 - 1);
    scene_end(&scene);
}
END_TEST

START_TEST(a_trigger_that_deletes_children_by_itself_lets_no_row_go_uncounted)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", 20, 1);
    sql_exec(scene.own,
             "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
             "  DELETE FROM public.comments WHERE post_id = OLD.id + 1; RETURN OLD; END $$;"
             "CREATE TRIGGER tidy AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION tidy()");
    scene_once(posts_config(&scene, "children = cascade"), 3);
    promises_check(scene.own, "posts", SCENE_DUE);
    promises_check(scene.own, "comments", OF_DUE_POST);
    scene_end(&scene);
}
END_TEST

/* --- SET NULL --- */

START_TEST(rows_set_to_null_stay_and_are_counted_as_updated)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE SET NULL", POSTS, 2);
    scene_once(posts_config(&scene, ""), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", "false"), 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT sum(updated) FROM pgpurged.audit WHERE relation ="
                                        " 'comments'::regclass"),
                     POSTS_DUE * 2);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM comments WHERE post_id IS NULL"),
                     POSTS_DUE * 2);
    scene_end(&scene);
}
END_TEST

/* posts.pinned -> comments (SET NULL), comments.post_id -> posts (CASCADE). */
START_TEST(a_cycle_through_set_null_is_no_obstacle)
{
    struct scene scene = posts_new();

    posts_add_comments(&scene, "ON DELETE CASCADE", POSTS, 2);
    sql_exec(scene.own,
             "ALTER TABLE posts ADD pinned bigint REFERENCES comments ON DELETE SET NULL;"
             "UPDATE posts SET pinned = (id - 1) * 2 + 1; CREATE INDEX ON posts (pinned)");
    promises_watch(scene.own, "posts");
    scene_once(posts_config(&scene, "children = cascade"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), POSTS_DUE * 2);
    scene_end(&scene);
}
END_TEST

/* --- how they are found --- */

static int64_t scans_of(const struct scene *scene, const char *table)
{
    return sql_int(scene->own, "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = '%s'",
                   table);
}

/* Left to its guess that half of the posts are due, the planner would rather read all comments for
 * each batch than look up those of some posts. */
static void check_found_by_index(const char *options)
{
    struct scene scene = scene_new();
    PGconn *maker = scene_connect(&scene); /* what a session has read is known when it is over */
    int pid = PQbackendPID(maker);
    int64_t scans;

    sql_exec(maker,
             "CREATE TABLE posts AS SELECT i AS id, repeat('x', 200) AS filler,"
             " CASE WHEN i %% 5 = 0 THEN now() - interval '31 days' END AS deleted_at"
             " FROM generate_series(1, 10000) AS i;"
             "ALTER TABLE posts ADD PRIMARY KEY (id);"
             "CREATE TABLE comments AS SELECT i AS id, (i * 7919) %% 10000 + 1 AS post_id"
             " FROM generate_series(1, 100000) AS i;"
             "ALTER TABLE comments ADD PRIMARY KEY (id);"
             "CREATE INDEX ON comments (post_id);"
             "ALTER TABLE comments ADD FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE;"
             "ANALYZE posts, comments");
    PQfinish(maker);
    await_sql(scene.own,
              keep_format("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d)", pid),
              AWAIT_MS);
    posts_grant(&scene, "posts");
    posts_grant(&scene, "comments");
    scans = scans_of(&scene, "comments");
    scene_once(posts_config(&scene, options), 0);
    await_sql(scene.own,
              "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'pgpurged')",
              AWAIT_MS);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM posts"), 8000);
    ck_assert_int_ge(sql_int(scene.own, "SELECT max(batch) FROM pgpurged.audit"), 5);
    ck_assert_int_eq(scans_of(&scene, "comments") - scans, 0);
    scene_end(&scene);
}

START_TEST(children_are_found_by_their_index_however_many_there_are)
{
    check_found_by_index("children = cascade");
    check_found_by_index("children = cascade\nbatch_rows = 500");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_due_row_with_children_stays_and_is_counted_under_the_name_of_the_constraint,
        children_go_with_their_parents_and_are_counted,
        children_are_found_by_their_index_however_many_there_are,
        a_parent_with_many_children_goes_in_many_short_batches,
        a_batch_of_children_ends_in_time,
        delete_goes_three_levels_down,
        children_depth_ends_the_way_down,
        cascade_partitions_alone_what_another_reference_keeps,
        a_child_inserted_during_a_batch_does_not_vanish_uncounted,
        children_of_a_parent_restored_during_a_batch_stay,
        a_child_given_to_a_live_parent_during_a_batch_stays,
        a_trigger_that_deletes_children_by_itself_lets_no_row_go_uncounted,
        rows_set_to_null_stay_and_are_counted_as_updated,
        a_cycle_through_set_null_is_no_obstacle,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
