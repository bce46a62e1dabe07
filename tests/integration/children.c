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
                 "INSERT INTO flags SELECT id, id FROM votes WHERE id <= 40;"
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
    ck_assert_int_eq(promises_check(scene.own, "flags", OF_DUE_COMMENT), 20);
    scene_end(&scene);
}
END_TEST

/* Below two levels flags keep what is above them, and nothing of such a family goes: posts 1 to 20
 * have them. */
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

int main(void)
{
    const TTest *const tests[] = {
        a_due_row_with_children_stays_and_is_counted_under_the_name_of_the_constraint,
        children_go_with_their_parents_and_are_counted,
        a_parent_with_many_children_goes_in_many_short_batches,
        delete_goes_three_levels_down,
        children_depth_ends_the_way_down,
        cascade_leaves_alone_what_another_reference_keeps,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
