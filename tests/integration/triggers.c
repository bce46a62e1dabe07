/*
 * Why: a DELETE fires the application's triggers, and these may delete or change rows that nobody
 * has looked at. A live reply that goes with its root is lost, and no audit row says so. What a
 * trigger does beside the batch takes the batch back, unless the owner has accepted it by name.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/posts.h"
#include "integration/promises.h"
#include "integration/session.h"

/* A function `act` with this body, as a trigger `tidy` on posts. */
static void add_trigger(const struct scene *scene, const char *when, const char *body)
{
    sql_exec(scene->own,
             "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s END $$;"
             "CREATE TRIGGER tidy %s EXECUTE FUNCTION act()",
             body, when);
}

/* Posts, of which 3 is a due root with the live reply 4, and a table `other`. */
static struct scene thread_new(void)
{
    struct scene scene = posts_new();

    sql_exec(scene.own, "ALTER TABLE posts ADD root bigint;"
                        "UPDATE posts SET root = 3 WHERE id = 4;"
                        "CREATE INDEX ON posts (deleted_at); ANALYZE posts;"
                        "CREATE TABLE other (id bigint, n int DEFAULT 0);"
                        "INSERT INTO other SELECT generate_series(1, 100);"
                        "GRANT SELECT, INSERT, UPDATE, DELETE ON other TO pgpurged");
    promises_watch(scene.own, "posts");
    promises_watch(scene.own, "other");
    return scene;
}

#define REJECTED_BY                                                                                \
    "SELECT string_agg(concat(b ->> 'reason', ' ', b ->> 'name', ' ', b ->> 'sqlstate'), ', ')"    \
    " FROM pgpurged.runs, jsonb_array_elements(rejected_by) AS b"                                  \
    " WHERE id = (SELECT max(id) FROM pgpurged.runs)"

#define BY_TIDY "uncounted tidy PU010"

/* For each scan: the due rows but `kept` go, and nothing else. */
static void check_kept(const char *when, const char *body, const char *kept, int count)
{
    static const char *const scans[] = {"scan = heap", "scan = index"};

    for (size_t i = 0; i < ARRAY_LENGTH(scans); i++) {
        struct scene scene = thread_new();

        add_trigger(&scene, when, body);
        for (int run = 0; run < 2; run++) {
            scene_once(posts_config(&scene, scans[i]), 3);
            ck_assert_int_eq(
                promises_check(scene.own, "posts", keep_format("%s AND NOT (%s)", SCENE_DUE, kept)),
                POSTS_DUE - count);
            ck_assert_int_eq(promises_check(scene.own, "other", "false"), 0);
            ck_assert_int_eq(sql_int(scene.own, "SELECT sum(n) FROM other"), 0);
            ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM posts WHERE " SCENE_DUE),
                             count);
            ck_assert_str_eq(sql_text(scene.own, REJECTED_BY), BY_TIDY);
        }
        scene_end(&scene);
    }
}

START_TEST(a_trigger_that_deletes_a_live_row_of_the_table_keeps_the_due_one)
{
    check_kept("AFTER DELETE ON posts FOR EACH ROW",
               "DELETE FROM posts WHERE root = OLD.id; RETURN NULL;", "c.id = 3", 1);
    check_kept("AFTER DELETE ON posts REFERENCING OLD TABLE AS gone FOR EACH STATEMENT",
               "IF EXISTS (SELECT FROM gone) THEN"
               "  DELETE FROM posts WHERE root IN (SELECT id FROM gone);"
               " END IF; RETURN NULL;",
               "c.id = 3", 1);
}
END_TEST

START_TEST(a_trigger_that_changes_another_table_keeps_the_row)
{
    check_kept("BEFORE DELETE ON posts FOR EACH ROW",
               "DELETE FROM other WHERE id = OLD.id AND id < 4; RETURN OLD;", "c.id < 4", 2);
    check_kept("AFTER DELETE ON posts FOR EACH ROW",
               "UPDATE other SET n = n + 1 WHERE id = OLD.id AND id = 51; RETURN NULL;",
               "c.id = 51", 1);
}
END_TEST

START_TEST(a_trigger_that_marks_the_row_anew_and_keeps_it_is_rejected_by_each_run)
{
    struct scene scene = thread_new();
    const char *marks = "SELECT md5(string_agg(deleted_at::text, ',' ORDER BY id)) FROM posts";
    const char *before = sql_text(scene.own, "%s", marks);

    add_trigger(&scene, "BEFORE DELETE ON posts FOR EACH ROW",
                "UPDATE posts SET deleted_at = now() WHERE id = OLD.id; RETURN NULL;");
    for (int run = 0; run < 2; run++) {
        scene_once(posts_config(&scene, run == 0 ? "scan = heap" : "scan = index"), 3);
        ck_assert_int_eq(promises_check(scene.own, "posts", "false"), 0);
        ck_assert_str_eq(sql_text(scene.own, "%s", marks), before);
        ck_assert_str_eq(sql_text(scene.own, REJECTED_BY), BY_TIDY);
    }
    scene_end(&scene);
}
END_TEST

START_TEST(a_trigger_of_the_children_that_deletes_elsewhere_keeps_the_parent)
{
    struct scene scene = thread_new();

    posts_add_comments(&scene, "ON DELETE CASCADE", POSTS, 1);
    add_trigger(&scene, "AFTER DELETE ON comments FOR EACH ROW",
                "DELETE FROM other WHERE id = OLD.id AND id = 7; RETURN NULL;");
    scene_once(posts_config(&scene, "children = cascade"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id <> 7"), POSTS_DUE - 1);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST " AND c.post_id <> 7"),
                     POSTS_DUE - 1);
    ck_assert_int_eq(promises_check(scene.own, "other", "false"), 0);
    ck_assert_str_eq(sql_text(scene.own, REJECTED_BY), BY_TIDY);
    scene_end(&scene);
}
END_TEST

START_TEST(what_an_accepted_trigger_deletes_is_in_audit_rows_of_its_tables)
{
    struct scene scene = thread_new();

    add_trigger(&scene, "AFTER DELETE ON posts FOR EACH ROW",
                "DELETE FROM posts WHERE root = OLD.id; DELETE FROM other WHERE id = OLD.id;"
                "RETURN NULL;");
    scene_once(posts_config(&scene, "allow_triggers = tidy2"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", "false"), 0);
    scene_once(posts_config(&scene, "allow_triggers = tidy2, tidy"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", "c.id = 4 OR c." SCENE_DUE), POSTS_DUE + 1);
    ck_assert_int_eq(promises_check(scene.own, "other", "mod(c.id, 2) = 1 OR c.id = 4"),
                     POSTS_DUE + 1);
    scene_end(&scene);
}
END_TEST

START_TEST(a_trigger_that_only_inserts_is_no_obstacle)
{
    struct scene scene = thread_new();

    sql_exec(scene.own, "CREATE TABLE log (id bigint); GRANT INSERT ON log TO pgpurged");
    add_trigger(&scene, "AFTER DELETE ON posts FOR EACH ROW",
                "INSERT INTO log VALUES (OLD.id); RETURN NULL;");
    scene_once(posts_config(&scene, ""), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM log"), POSTS_DUE);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_trigger_that_deletes_a_live_row_of_the_table_keeps_the_due_one,
        a_trigger_that_changes_another_table_keeps_the_row,
        a_trigger_that_marks_the_row_anew_and_keeps_it_is_rejected_by_each_run,
        a_trigger_of_the_children_that_deletes_elsewhere_keeps_the_parent,
        what_an_accepted_trigger_deletes_is_in_audit_rows_of_its_tables,
        a_trigger_that_only_inserts_is_no_obstacle,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
