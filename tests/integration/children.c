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
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* Posts 1 to 100 in blocks of ten; every other one is due. */
enum { POSTS = 100, DUE = POSTS / 2 };

static const char *config_of(const struct scene *scene, const char *options)
{
    return scene_config_of(
        scene,
        keep_format("[job posts]\ntable = posts\nexpires = deleted_at + 30d\n%s\n", options));
}

static void grant(const struct scene *scene, const char *table)
{
    sql_exec(scene->own, "GRANT SELECT, UPDATE, DELETE ON %s TO pgpurged", table);
}

static struct scene scene_of_posts(void)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (id bigint PRIMARY KEY, deleted_at timestamptz, filler text);"
             "INSERT INTO posts SELECT i, CASE WHEN i %% 2 = 1 THEN now() - interval '40 days' END,"
             " repeat('x', 700) FROM generate_series(1, %d) AS i",
             POSTS);
    grant(&scene, "posts");
    return scene;
}

/* A table of children, made by these statements, is watched from now on. */
static void add_children(struct scene *scene, const char *table, const char *statements)
{
    sql_exec(scene->own, "%s", statements);
    grant(scene, table);
    promises_watch(scene->own, table);
}

/* Of each post 1 to `posts` so many children, with ids of their own, indexed. */
static void add_comments(struct scene *scene, const char *action, int posts, int each)
{
    add_children(scene, "comments",
                 keep_format("CREATE TABLE comments (id bigint PRIMARY KEY,"
                             " post_id bigint REFERENCES posts %s);"
                             "CREATE INDEX ON comments (post_id);"
                             "INSERT INTO comments SELECT (p - 1) * %d + n, p"
                             " FROM generate_series(1, %d) AS p, generate_series(1, %d) AS n",
                             action, each, posts, each));
}

#define OF_DUE_POST                                                                                \
    "EXISTS (SELECT FROM promises.posts AS p WHERE p.id = c.post_id AND p." SCENE_DUE ")"

/* Rows of the last run's audit, by table: "comments 25, posts 30". */
static const char *audited(const struct scene *scene)
{
    return sql_text(scene->own,
                    "SELECT string_agg(t || ' ' || rows, ', ' ORDER BY t) FROM (SELECT"
                    " relation::regclass::text AS t, sum(rows) AS rows FROM pgpurged.audit"
                    " GROUP BY 1) AS a");
}

static const char *run_of(const struct scene *scene)
{
    return sql_text(scene->own, "SELECT concat(outcome, ' ', rows, ' ', blocked, ': ', detail)"
                                " FROM pgpurged.runs ORDER BY id DESC LIMIT 1");
}

/* --- skip --- */

/* Posts 1 to 20 have comments: ten of them are due. */
static void check_kept(const char *action)
{
    struct scene scene = scene_of_posts();
    const char *log;

    promises_watch(scene.own, "posts");
    add_comments(&scene, action, 20, 3);
    log = scene_once(config_of(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "comments", "false"), 0);
    ck_assert_str_eq(run_of(&scene),
                     "incomplete 40 10: 10 blocked by comments_post_id_fkey on public.comments");
    ck_assert_ptr_nonnull(strstr(log, "10 blocked by comments_post_id_fkey on public.comments"));
    scene_end(&scene);
}

START_TEST(a_due_row_with_children_stays_and_is_counted_under_the_name_of_the_constraint)
{
    check_kept("");
    check_kept("ON DELETE RESTRICT");
    check_kept("ON DELETE CASCADE");
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
    {"ON DELETE CASCADE", "children = cascade\nwalk = heap"},
    {"ON DELETE CASCADE", "children = cascade\nbatch_rows = 3"},
    {"", "children = delete\nworkers = 3"},
};

static void check_gone(const char *action, const char *options)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, action, POSTS, 5);
    scene_once(config_of(&scene, options), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE * 5);
    ck_assert_str_eq(audited(&scene), "comments 250, posts 50");
    ck_assert_str_eq(run_of(&scene), "done 300 0: ");
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
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", 1, 20000);
    scene_once(config_of(&scene, "children = cascade\nbatch_rows = 1000"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
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
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", 1, 5000);
    sql_exec(scene.own,
             "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  PERFORM pg_sleep(0.06); RETURN NULL; END $$;"
             "CREATE TRIGGER dawdle BEFORE DELETE ON comments FOR EACH STATEMENT EXECUTE FUNCTION"
             " dawdle()");
    scene_once(config_of(&scene, "children = cascade\nwalk = heap\nbatch_time = 50ms"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), 5000);
    ck_assert_int_eq(sql_int(scene.own, "SELECT max(rows) FROM pgpurged.audit"), 1000);
    scene_end(&scene);
}
END_TEST

/* posts <- comments <- votes <- flags, none of them ON DELETE CASCADE. */
static struct scene scene_of_four_levels(void)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "", POSTS, 2);
    add_children(
        &scene, "votes",
        "CREATE TABLE votes (id bigint PRIMARY KEY, comment_id bigint REFERENCES comments);"
        "INSERT INTO votes SELECT id, id FROM comments; CREATE INDEX ON votes (comment_id)");
    add_children(&scene, "flags",
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

    scene_once(config_of(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE * 2);
    ck_assert_int_eq(promises_check(scene.own, "votes", OF_DUE_COMMENT), DUE * 2);
    ck_assert_int_eq(promises_check(scene.own, "flags", OF_DUE_COMMENT), 10);
    scene_end(&scene);
}
END_TEST

/* Below two levels flags keep what is above them, and nothing of such a family goes: one of
 * two comments of each of the posts 1 to 20 has one. */
START_TEST(children_depth_ends_the_way_down)
{
    struct scene scene = scene_of_four_levels();

    scene_once(config_of(&scene, "children = delete\nchildren_depth = 2"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"), DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST " AND c.post_id > 20"),
                     DUE * 2 - 20);
    ck_assert_int_eq(promises_check(scene.own, "votes", OF_DUE_COMMENT " AND c.id > 40"),
                     DUE * 2 - 20);
    ck_assert_int_eq(promises_check(scene.own, "flags", "false"), 0);
    ck_assert_str_eq(run_of(&scene),
                     "incomplete 200 10: 10 blocked by comments_post_id_fkey on public.comments");
    scene_end(&scene);
}
END_TEST

START_TEST(cascade_leaves_alone_what_another_reference_keeps)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", POSTS, 2);
    add_children(&scene, "pins",
                 "CREATE TABLE pins (id bigint, post_id bigint REFERENCES posts);"
                 "INSERT INTO pins SELECT i, i FROM generate_series(1, 20) AS i");
    scene_once(config_of(&scene, "children = cascade"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"), DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST " AND c.post_id > 20"),
                     DUE * 2 - 20);
    ck_assert_int_eq(promises_check(scene.own, "pins", "false"), 0);
    ck_assert_str_eq(run_of(&scene),
                     "incomplete 120 10: 10 blocked by pins_post_id_fkey on public.pins");
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
    daemon = daemon_start(config_of(scene, options));
    gate_await(scene);
    sql_exec(scene->own, "%s", deed);
    gate_open(scene);
    scene_await_run(scene, "posts", outcome);
    daemon_stop(&daemon);
}

/* The server would take it along by ON DELETE CASCADE, uncounted. */
static void check_child_inserted(const char *options, const char *outcome, int gone)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", 0, 1);
    meanwhile(
        &scene, options, "posts",
        "INSERT INTO comments VALUES (1000, 1); INSERT INTO promises.comments VALUES (1000, 1)",
        outcome);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE - 1 + gone);
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
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", POSTS, 5);
    meanwhile(&scene, "children = cascade", "comments",
              "BEGIN; UPDATE posts SET deleted_at = NULL WHERE id = 1;"
              "UPDATE promises.posts SET deleted_at = NULL WHERE id = 1; COMMIT",
              "done");
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE - 1);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), (DUE - 1) * 5);
    scene_end(&scene);
}
END_TEST

/* The table is large enough for its rows to be found by their TIDs. */
START_TEST(a_child_given_to_a_live_parent_during_a_batch_stays)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", POSTS, 200);
    meanwhile(&scene, "children = cascade", "comments",
              "BEGIN; UPDATE comments SET post_id = 2 WHERE id = 1;"
              "UPDATE promises.comments SET post_id = 2 WHERE id = 1; COMMIT",
              "done");
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE * 200 - 1);
    scene_end(&scene);
}
END_TEST

START_TEST(a_trigger_that_deletes_children_by_itself_lets_no_row_go_uncounted)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", 20, 1);
    sql_exec(scene.own,
             "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
             "  DELETE FROM public.comments WHERE post_id = OLD.id + 1; RETURN OLD; END $$;"
             "CREATE TRIGGER tidy AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION tidy()");
    scene_once(config_of(&scene, "children = cascade"), 3);
    promises_check(scene.own, "posts", SCENE_DUE);
    promises_check(scene.own, "comments", OF_DUE_POST);
    scene_end(&scene);
}
END_TEST

/* --- SET NULL --- */

START_TEST(rows_set_to_null_stay_and_are_counted_as_updated)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE SET NULL", POSTS, 2);
    scene_once(config_of(&scene, ""), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", "false"), 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT sum(updated) FROM pgpurged.audit WHERE relation ="
                                        " 'comments'::regclass"),
                     DUE * 2);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM comments WHERE post_id IS NULL"),
                     DUE * 2);
    scene_end(&scene);
}
END_TEST

/* posts.pinned -> comments (SET NULL), comments.post_id -> posts (CASCADE). */
START_TEST(a_cycle_through_set_null_is_no_obstacle)
{
    struct scene scene = scene_of_posts();

    add_comments(&scene, "ON DELETE CASCADE", POSTS, 2);
    sql_exec(scene.own,
             "ALTER TABLE posts ADD pinned bigint REFERENCES comments ON DELETE SET NULL;"
             "UPDATE posts SET pinned = (id - 1) * 2 + 1; CREATE INDEX ON posts (pinned)");
    promises_watch(scene.own, "posts");
    scene_once(config_of(&scene, "children = cascade"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST), DUE * 2);
    scene_end(&scene);
}
END_TEST

/* --- kinds of references --- */

START_TEST(a_reference_may_have_several_columns_and_a_target_that_is_no_primary_key)
{
    struct scene scene = scene_of_posts();

    sql_exec(scene.own, "ALTER TABLE posts ADD tenant int DEFAULT 7, ADD code text;"
                        "UPDATE posts SET code = 'p' || id; ALTER TABLE posts ADD UNIQUE (code, "
                        "tenant)");
    promises_watch(scene.own, "posts");
    add_children(&scene, "marks",
                 "CREATE TABLE marks (id bigint, tenant int, post varchar(9),"
                 " FOREIGN KEY (tenant, post) REFERENCES posts (tenant, code));"
                 "INSERT INTO marks SELECT i, 7, 'p' || i FROM generate_series(1, 20) AS i;"
                 "INSERT INTO marks VALUES (21, NULL, 'p21'), (23, 7, NULL)");
    scene_once(config_of(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"), DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "marks", "false"), 0);

    scene_once(config_of(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "marks", "c.id % 2 = 1 AND c.id < 20"), 10);
    scene_end(&scene);
}
END_TEST

/* Audit rows name the partition, so they are added up here. */
START_TEST(children_in_partitions_go_from_each_of_them)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    sql_exec(scene.own,
             "CREATE TABLE hits (id bigint, post_id bigint REFERENCES posts) PARTITION BY"
             " LIST (id);"
             "CREATE TABLE hits_1 PARTITION OF hits FOR VALUES IN (1);"
             "CREATE TABLE hits_2 PARTITION OF hits FOR VALUES IN (2) PARTITION BY RANGE"
             " (post_id);"
             "CREATE TABLE hits_2a PARTITION OF hits_2 DEFAULT;"
             "INSERT INTO hits SELECT n, p FROM generate_series(1, %d) AS p,"
             " generate_series(1, 2) AS n",
             POSTS);
    grant(&scene, "hits, hits_1, hits_2a");
    scene_once(config_of(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), 0);

    scene_once(config_of(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_str_eq(audited(&scene), "hits_1 50, hits_2a 50, posts 50");
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(count(*), ' ', count(*) FILTER (WHERE"
                                         " post_id %% 2 = 0)) FROM hits"),
                     "100 100");
    scene_end(&scene);
}
END_TEST

/* Polymorphic: some rows of the log refer to posts, others to something else with the same ids. */
static struct scene scene_of_log(void)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_children(&scene, "log",
                 "CREATE TABLE log (id bigint, subject_type text, subject_id bigint);"
                 "INSERT INTO log SELECT i, 'Post', i FROM generate_series(1, 20) AS i;"
                 "INSERT INTO log SELECT 100 + i, 'User', i FROM generate_series(1, 40) AS i");
    return scene;
}

START_TEST(a_declared_reference_keeps_rows_as_a_foreign_key_would)
{
    struct scene scene = scene_of_log();

    scene_once(config_of(&scene, "references = log.subject_id where subject_type = Post"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"), DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "log", "false"), 0);
    ck_assert_str_eq(run_of(&scene), "incomplete 40 10: 10 blocked by public.log.subject_id where "
                                     "subject_type = Post on public.log");
    scene_end(&scene);
}
END_TEST

START_TEST(a_declared_reference_is_followed_by_delete)
{
    struct scene scene = scene_of_log();

    scene_once(config_of(&scene, "children = delete\n"
                                 "references = log.subject_id where subject_type = Post"),
               0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    ck_assert_int_eq(promises_check(scene.own, "log", "c.id % 2 = 1 AND c.id < 20"), 10);
    scene_end(&scene);
}
END_TEST

/* PostgreSQL knows nothing of the reference and would let the partition go. */
START_TEST(a_partition_to_which_a_reference_is_declared_is_not_dropped)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (id bigint, deleted_at timestamptz) PARTITION BY RANGE"
             " (deleted_at);"
             "CREATE TABLE posts_old PARTITION OF posts FOR VALUES FROM ('2020-01-01') TO"
             " ('2021-01-01'); ALTER TABLE posts_old OWNER TO pgpurged; ALTER TABLE posts OWNER TO"
             " pgpurged;"
             "INSERT INTO posts SELECT i, '2020-06-01' FROM generate_series(1, 50) AS i");
    promises_watch(scene.own, "posts_old");
    add_children(&scene, "log",
                 "CREATE TABLE log (id bigint, post_id bigint);"
                 "INSERT INTO log SELECT i, i FROM generate_series(1, 10) AS i");
    scene_once(config_of(&scene, "drop_partitions = yes\nreferences = log.post_id -> id"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts_old", "c.id > 10"), 40);
    ck_assert_int_eq(promises_check(scene.own, "log", "false"), 0);
    scene_end(&scene);
}
END_TEST

/* --- rows that refer to rows of their own table --- */

/* Threads of five: 1 <- 2 <- 3 <- 4 <- 5, 6 <- 7 ... all due, but 15 and 18 are live. */
static void check_threads(const char *action, const char *options)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (id bigint PRIMARY KEY, deleted_at timestamptz,"
             " parent_id bigint REFERENCES posts %s); CREATE INDEX ON posts (parent_id);"
             "INSERT INTO posts SELECT i, now() - interval '40 days',"
             " CASE WHEN i %% 5 <> 1 THEN i - 1 END FROM generate_series(1, 50) AS i;"
             "UPDATE posts SET deleted_at = NULL WHERE id IN (15, 18);"
             "INSERT INTO posts VALUES (51, now() - interval '40 days', 51);",
             action);
    grant(&scene, "posts");
    promises_watch(scene.own, "posts");
    scene_once(config_of(&scene, options), 3);
    /* 11 to 14 have the live reply 15; 16 and 17 have 18, and 19 and 20 hang on it. */
    ck_assert_int_eq(promises_check(scene.own, "posts",
                                    SCENE_DUE " AND c.id NOT IN"
                                              " (11, 12, 13, 14, 16, 17)"),
                     51 - 8);
    ck_assert_str_eq(run_of(&scene),
                     "incomplete 43 6: 6 blocked by posts_parent_id_fkey on public.posts");
    scene_end(&scene);
}

START_TEST(threads_go_leaves_first_and_a_live_reply_keeps_what_is_above_it)
{
    check_threads("", "");
    check_threads("ON DELETE CASCADE", "");
    check_threads("ON DELETE CASCADE", "children = cascade");
    check_threads("", "children = delete\nbatch_rows = 2");
}
END_TEST

/* A chain through all partitions, each link of which keeps the one before: in one run all the same.
 */
START_TEST(a_thread_whose_posts_lie_in_several_partitions_goes_in_one_run)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (id bigint PRIMARY KEY, deleted_at timestamptz,"
             " parent_id bigint REFERENCES posts) PARTITION BY HASH (id);"
             "CREATE TABLE posts_0 PARTITION OF posts FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
             "CREATE TABLE posts_1 PARTITION OF posts FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
             "CREATE INDEX ON posts (parent_id);"
             "INSERT INTO posts SELECT i, now() - interval '40 days', nullif(i - 1, 0)"
             " FROM generate_series(1, 20) AS i;"
             "INSERT INTO posts VALUES (21, now() - interval '40 days', NULL), (22, NULL, 21);"
             "CREATE TABLE before AS TABLE posts");
    grant(&scene, "posts, posts_0, posts_1");
    scene_once(config_of(&scene, ""), 3);
    ck_assert_str_eq(sql_text(scene.own, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM posts"),
                     "21 22");
    ck_assert_int_eq(sql_int(scene.own, "SELECT sum(rows) FROM pgpurged.audit"), 20);
    ck_assert_str_eq(run_of(&scene),
                     "incomplete 20 1: 1 blocked by posts_parent_id_fkey on public.posts");
    scene_end(&scene);
}
END_TEST

/* Comments of a post that answer each other, and one whose answer belongs to a live post. */
static void check_talk(const char *options)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    add_comments(&scene, "ON DELETE CASCADE", POSTS, 5);
    sql_exec(scene.own,
             "ALTER TABLE comments ADD parent_id bigint REFERENCES comments ON DELETE CASCADE;"
             "CREATE INDEX ON comments (parent_id);"
             "UPDATE comments SET parent_id = id - 1 WHERE id %% 5 <> 1;"
             "UPDATE comments SET parent_id = 11 WHERE id = 6"); /* of post 2; 11 is of post 3 */
    scene_once(config_of(&scene, options), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id <> 3"), DUE - 1);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST " AND c.post_id <> 3"),
                     (DUE - 1) * 5);
    ck_assert_int_le(sql_int(scene.own, "SELECT passes FROM pgpurged.runs"), 3);
    scene_end(&scene);
}

START_TEST(children_that_refer_to_each_other_go_in_passes)
{
    check_talk("children = cascade\nwalk = heap");
    check_talk("children = cascade\nbatch_rows = 3");
}
END_TEST

/* --- what is refused --- */

/* A table of 20,000 rows without an index, all of them of post 2. */
#define BIG_COMMENTS                                                                               \
    "CREATE TABLE comments (id bigint, post_id bigint REFERENCES posts);"                          \
    "INSERT INTO comments SELECT i, 2 FROM generate_series(1, 20000) AS i;"                        \
    "GRANT SELECT, DELETE ON comments TO pgpurged"

#define SMALL_COMMENTS                                                                             \
    "CREATE TABLE comments (id bigint, post_id bigint REFERENCES posts ON DELETE CASCADE);"        \
    "INSERT INTO comments VALUES (1, 1)"

static const struct refusal {
    const char *setup, *options, *message;
    const char *remedy; /* what the message says, as SQL; NULL = "run: ..." of the message itself */
} refusals[] = {
    {BIG_COMMENTS "; ANALYZE comments", "",
     "no index serves comments_post_id_fkey of public.comments, so that it would be read whole "
     "again and again; run: CREATE INDEX CONCURRENTLY ON public.comments (post_id); or write "
     "children_unindexed = comments_post_id_fkey",
     "CREATE INDEX ON comments (post_id)"},
    {BIG_COMMENTS "; ALTER TABLE comments DROP CONSTRAINT comments_post_id_fkey; ANALYZE comments",
     "references = comments.post_id", "no index serves public.comments.post_id of public.comments",
     "CREATE INDEX ON comments USING hash (post_id)"},
    {SMALL_COMMENTS, "", "run: GRANT SELECT ON public.comments TO pgpurged", NULL},
    {SMALL_COMMENTS "; GRANT SELECT ON comments TO pgpurged", "children = cascade",
     "run: GRANT SELECT, DELETE ON public.comments TO pgpurged", NULL},
    {SMALL_COMMENTS "; GRANT SELECT, DELETE ON comments TO pgpurged;"
                    "REVOKE UPDATE ON posts FROM pgpurged",
     "children = cascade", "run: GRANT UPDATE (COLUMN) ON public.posts TO pgpurged",
     "GRANT UPDATE (deleted_at) ON posts TO pgpurged"},
    {"CREATE SCHEMA \"Talk\"; CREATE TABLE \"Talk\".comments (id bigint REFERENCES posts);"
     "GRANT SELECT ON \"Talk\".comments TO pgpurged",
     "", "run: GRANT USAGE ON SCHEMA \"Talk\" TO pgpurged", NULL},
    {SMALL_COMMENTS "; GRANT SELECT ON comments TO pgpurged; ALTER TABLE comments ENABLE ROW LEVEL "
                    "SECURITY",
     "", "row level security of public.comments applies to role pgpurged",
     "ALTER TABLE comments DISABLE ROW LEVEL SECURITY"},
    {SMALL_COMMENTS "; GRANT SELECT, DELETE ON comments TO pgpurged;"
                    "CREATE RULE keep AS ON DELETE TO comments DO INSTEAD NOTHING",
     "children = cascade", "public.comments has a rule ON DELETE (keep)",
     "DROP RULE keep ON comments"},
    {"CREATE VIEW comments AS SELECT 1 AS id, 1::bigint AS post_id; GRANT SELECT ON comments TO "
     "pgpurged",
     "children = delete\nreferences = comments.post_id",
     "public.comments refers to due rows, but is no plain table",
     "DROP VIEW comments; CREATE TABLE comments (id int, post_id bigint); GRANT ALL ON comments TO "
     "pgpurged"},
    {"SELECT 1", "references = comments.post_id",
     "references: public.comments.post_id: there is no such table",
     "CREATE TABLE comments (post_id bigint); GRANT SELECT ON comments TO pgpurged"},
    {"CREATE TABLE comments (post int); GRANT SELECT ON comments TO pgpurged",
     "references = comments.post_id",
     "references: public.comments.post_id: the table has no such column",
     "ALTER TABLE comments RENAME post TO post_id"},
    {"CREATE TABLE comments (post_id text, kind text); GRANT SELECT ON comments TO pgpurged",
     "references = comments.post_id where kind = a",
     "references: public.comments.post_id where kind = a: operator does not exist",
     "ALTER TABLE comments ALTER post_id TYPE int USING 1"},
    {"CREATE TABLE comments (post_id int); GRANT SELECT ON comments TO pgpurged",
     "references = comments.post_id where kind = a",
     "references: public.comments.post_id where kind = a: the table has no such column as",
     "ALTER TABLE comments ADD kind text"},
    {"CREATE TABLE comments (post_id int); GRANT SELECT ON comments TO pgpurged;"
     "ALTER TABLE posts DROP CONSTRAINT posts_pkey",
     "references = comments.post_id", "has no such column, or no primary key of one column",
     "ALTER TABLE posts ADD PRIMARY KEY (id)"},
    {SMALL_COMMENTS "; GRANT SELECT ON comments TO pgpurged;"
                    "ALTER ROLE pgpurged SET track_counts = off",
     "", "track_counts is off", "ALTER ROLE pgpurged RESET track_counts"},
};

/* Without the last character of the line: what stands behind "run: ". */
static const char *advice_in(const char *log)
{
    const char *advice = strstr(log, "run: ");

    ck_assert_ptr_nonnull(advice);
    advice += strlen("run: ");
    return keep_format("%.*s", (int)strcspn(advice, "\n"), advice);
}

static void check_refused(const struct refusal *row)
{
    struct scene scene = scene_of_posts();
    const char *config = config_of(&scene, row->options), *log;

    promises_watch(scene.own, "posts");
    sql_exec(scene.own, "%s", row->setup);
    log = scene_once(config, 1);
    ck_assert_msg(strstr(log, row->message) != NULL, "no \"%s\" in %s", row->message,
                  keep_tail(log));
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), 0);
    sql_exec(scene.own, "%s", row->remedy != NULL ? row->remedy : advice_in(log));
    ck_assert_int_ne(pgpurged_run(&log, "--config", config, "--once", NULL), 1);
    ck_assert_msg(promises_check(scene.own, "posts", SCENE_DUE) >= DUE - 1, "%s", row->message);
    scene_end(&scene);
}

START_TEST(what_would_go_wrong_is_refused_and_goes_on_once_it_is_put_right)
{
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
        check_refused(&refusals[i]);
}
END_TEST

START_TEST(a_big_table_without_an_index_may_be_allowed_by_name)
{
    struct scene scene = scene_of_posts();

    promises_watch(scene.own, "posts");
    sql_exec(scene.own, BIG_COMMENTS "; ANALYZE comments");
    scene_once(config_of(&scene, "children_unindexed = other, comments_post_id"), 1);
    scene_once(config_of(&scene, "children_unindexed = other, comments_post_id_fkey"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), DUE);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_due_row_with_children_stays_and_is_counted_under_the_name_of_the_constraint,
        children_go_with_their_parents_and_are_counted,
        a_parent_with_many_children_goes_in_many_short_batches,
        a_batch_of_children_ends_in_time,
        delete_goes_three_levels_down,
        children_depth_ends_the_way_down,
        cascade_leaves_alone_what_another_reference_keeps,
        a_child_inserted_during_a_batch_does_not_vanish_uncounted,
        children_of_a_parent_restored_during_a_batch_stay,
        a_child_given_to_a_live_parent_during_a_batch_stays,
        a_trigger_that_deletes_children_by_itself_lets_no_row_go_uncounted,
        rows_set_to_null_stay_and_are_counted_as_updated,
        a_cycle_through_set_null_is_no_obstacle,
        a_reference_may_have_several_columns_and_a_target_that_is_no_primary_key,
        children_in_partitions_go_from_each_of_them,
        a_declared_reference_keeps_rows_as_a_foreign_key_would,
        a_declared_reference_is_followed_by_delete,
        a_partition_to_which_a_reference_is_declared_is_not_dropped,
        threads_go_leaves_first_and_a_live_reply_keeps_what_is_above_it,
        a_thread_whose_posts_lie_in_several_partitions_goes_in_one_run,
        children_that_refer_to_each_other_go_in_passes,
        what_would_go_wrong_is_refused_and_goes_on_once_it_is_put_right,
        a_big_table_without_an_index_may_be_allowed_by_name,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
