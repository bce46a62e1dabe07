/*
 * Why: what refers to a row is more than a foreign key from one table to another. Keys of several
 * columns, partitions, references that only the application knows of, threads within one table: of
 * each kind every row that is gone is accounted for (promise A), and none goes that hangs on a live
 * one (promise R). What can't be done safely is refused, and what the message says to do about it
 * helps.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/posts.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* --- kinds of references --- */

START_TEST(a_reference_may_have_several_columns_and_a_target_that_is_no_primary_key)
{
    struct scene scene = posts_new();

    sql_exec(scene.own, "ALTER TABLE posts ADD tenant int DEFAULT 7, ADD code text;"
                        "UPDATE posts SET code = 'p' || id; ALTER TABLE posts ADD UNIQUE (code, "
                        "tenant)");
    promises_watch(scene.own, "posts");
    posts_add_children(&scene, "marks",
                       "CREATE TABLE marks (id bigint, tenant int, post varchar(9),"
                       " FOREIGN KEY (tenant, post) REFERENCES posts (tenant, code));"
                       "INSERT INTO marks SELECT i, 7, 'p' || i FROM generate_series(1, 20) AS i;"
                       "INSERT INTO marks VALUES (21, NULL, 'p21'), (23, 7, NULL)");
    scene_once(posts_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"),
                     POSTS_DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "marks", "false"), 0);

    scene_once(posts_config(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(promises_check(scene.own, "marks", "c.id % 2 = 1 AND c.id < 20"), 10);
    scene_end(&scene);
}
END_TEST

/* Audit rows name the partition, so they are added up here. */
START_TEST(children_in_partitions_go_from_each_of_them)
{
    struct scene scene = posts_new();

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
    posts_grant(&scene, "hits, hits_1, hits_2a");
    scene_once(posts_config(&scene, ""), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), 0);

    scene_once(posts_config(&scene, "children = delete"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_str_eq(posts_audited(&scene), "hits_1 50, hits_2a 50, posts 50");
    ck_assert_str_eq(sql_text(scene.own, "SELECT concat(count(*), ' ', count(*) FILTER (WHERE"
                                         " post_id %% 2 = 0)) FROM hits"),
                     "100 100");
    scene_end(&scene);
}
END_TEST

/* Polymorphic: some rows of the log refer to posts, others to something else with the same ids. */
static struct scene scene_of_log(void)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_children(
        &scene, "log",
        "CREATE TABLE log (id bigint, subject_type text, subject_id bigint);"
        "INSERT INTO log SELECT i, 'Post', i FROM generate_series(1, 20) AS i;"
        "INSERT INTO log SELECT 100 + i, 'User', i FROM generate_series(1, 40) AS i");
    return scene;
}

START_TEST(a_declared_reference_keeps_rows_as_a_foreign_key_would)
{
    struct scene scene = scene_of_log();

    scene_once(posts_config(&scene, "references = log.subject_id where subject_type = Post"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id > 20"),
                     POSTS_DUE - 10);
    ck_assert_int_eq(promises_check(scene.own, "log", "false"), 0);
    ck_assert_str_eq(posts_run(&scene),
                     "incomplete 40 10: 10 rejected by public.log.subject_id where "
                     "subject_type = Post on public.log");
    scene_end(&scene);
}
END_TEST

START_TEST(a_declared_reference_is_followed_by_delete)
{
    struct scene scene = scene_of_log();

    scene_once(posts_config(&scene, "children = delete\n"
                                    "references = log.subject_id where subject_type = Post"),
               0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
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
    posts_add_children(&scene, "log",
                       "CREATE TABLE log (id bigint, post_id bigint);"
                       "INSERT INTO log SELECT i, i FROM generate_series(1, 10) AS i");
    scene_once(posts_config(&scene, "drop_partitions = yes\nreferences = log.post_id -> id"), 3);
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
    posts_grant(&scene, "posts");
    promises_watch(scene.own, "posts");
    scene_once(posts_config(&scene, options), 3);
    /* 11 to 14 have the live reply 15; 16 and 17 have 18, and 19 and 20 hang on it. */
    ck_assert_int_eq(promises_check(scene.own, "posts",
                                    SCENE_DUE " AND c.id NOT IN"
                                              " (11, 12, 13, 14, 16, 17)"),
                     51 - 8);
    ck_assert_str_eq(posts_run(&scene),
                     "incomplete 43 6: 6 rejected by posts_parent_id_fkey on public.posts");
    scene_end(&scene);
}

START_TEST(threads_go_partitions_first_and_a_live_reply_keeps_what_is_above_it)
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
    posts_grant(&scene, "posts, posts_0, posts_1");
    scene_once(posts_config(&scene, ""), 3);
    ck_assert_str_eq(sql_text(scene.own, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM posts"),
                     "21 22");
    ck_assert_int_eq(sql_int(scene.own, "SELECT sum(rows) FROM pgpurged.audit"), 20);
    ck_assert_str_eq(posts_run(&scene),
                     "incomplete 20 1: 1 rejected by posts_parent_id_fkey on public.posts");
    scene_end(&scene);
}
END_TEST

/* Comments of a post that answer each other, and one whose answer belongs to a live post. */
static void check_talk(const char *options)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    posts_add_comments(&scene, "ON DELETE CASCADE", POSTS, 5);
    sql_exec(scene.own,
             "ALTER TABLE comments ADD parent_id bigint REFERENCES comments ON DELETE CASCADE;"
             "CREATE INDEX ON comments (parent_id);"
             "UPDATE comments SET parent_id = id - 1 WHERE id %% 5 <> 1;"
             "UPDATE comments SET parent_id = 11 WHERE id = 6"); /* of post 2; 11 is of post 3 */
    scene_once(posts_config(&scene, options), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE " AND c.id <> 3"), POSTS_DUE - 1);
    ck_assert_int_eq(promises_check(scene.own, "comments", OF_DUE_POST " AND c.post_id <> 3"),
                     (POSTS_DUE - 1) * 5);
    ck_assert_int_le(sql_int(scene.own, "SELECT passes FROM pgpurged.runs"), 3);
    scene_end(&scene);
}

START_TEST(children_that_refer_to_each_other_go_in_passes)
{
    check_talk("children = cascade\nscan = heap");
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

#define LOGGED_COMMENTS                                                                            \
    "CREATE TABLE comments (id bigint, post_id bigint REFERENCES posts ON DELETE CASCADE)"         \
    " PARTITION BY HASH (id); CREATE TABLE comments_0 PARTITION OF comments"                       \
    " FOR VALUES WITH (MODULUS 1, REMAINDER 0); INSERT INTO comments VALUES (1, 1);"               \
    "GRANT SELECT, DELETE, UPDATE ON comments, comments_0 TO pgpurged;"                            \
    "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"          \
    "CREATE TRIGGER \"the log\" AFTER DELETE ON comments FOR EACH STATEMENT EXECUTE FUNCTION "     \
    "log()"

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
     "children = cascade", "run: GRANT UPDATE (\"deleted_at\") ON public.posts TO pgpurged", NULL},
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
    {LOGGED_COMMENTS, "children = cascade",
     "public.comments has a trigger ON DELETE FOR EACH STATEMENT (the log), which would not fire",
     "DROP TRIGGER \"the log\" ON comments"},
    {SMALL_COMMENTS
     "; GRANT SELECT, DELETE ON comments TO pgpurged; CREATE PUBLICATION p FOR TABLE "
     "comments",
     "children = cascade", "public.comments is published (p) without a replica identity", NULL},
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

static void check_refused(const struct refusal *row)
{
    struct scene scene = posts_new();
    const char *config = posts_config(&scene, row->options), *log;

    promises_watch(scene.own, "posts");
    sql_exec(scene.own, "%s", row->setup);
    log = scene_once(config, 1);
    ck_assert_msg(strstr(log, row->message) != NULL, "no \"%s\" in %s", row->message,
                  keep_tail(log));
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), 0);
    sql_exec(scene.own, "%s", row->remedy != NULL ? row->remedy : program_advice(log));
    ck_assert_int_ne(pgpurged_run(&log, "--config", config, "--once", NULL), 1);
    ck_assert_msg(promises_check(scene.own, "posts", SCENE_DUE) >= POSTS_DUE - 1, "%s",
                  row->message);
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
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    sql_exec(scene.own, BIG_COMMENTS "; ANALYZE comments");
    scene_once(posts_config(&scene, "children_unindexed = other, comments_post_id"), 1);
    scene_once(posts_config(&scene, "children_unindexed = other, comments_post_id_fkey"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    scene_end(&scene);
}
END_TEST

/* Where they keep what they refer to, none of them goes. */
START_TEST(a_trigger_that_stays_silent_may_be_allowed_by_name_and_counts_only_where_rows_go)
{
    struct scene scene = posts_new();

    promises_watch(scene.own, "posts");
    sql_exec(scene.own, LOGGED_COMMENTS);
    scene_once(posts_config(&scene, "children = skip"), 3);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE - 1);
    scene_once(posts_config(&scene, "children = cascade"), 1);
    scene_once(posts_config(&scene, "children = cascade\nnon_firing_triggers = the log"), 0);
    ck_assert_int_eq(promises_check(scene.own, "posts", SCENE_DUE), POSTS_DUE);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM comments"), 0);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_reference_may_have_several_columns_and_a_target_that_is_no_primary_key,
        children_in_partitions_go_from_each_of_them,
        a_declared_reference_keeps_rows_as_a_foreign_key_would,
        a_declared_reference_is_followed_by_delete,
        a_partition_to_which_a_reference_is_declared_is_not_dropped,
        threads_go_partitions_first_and_a_live_reply_keeps_what_is_above_it,
        a_thread_whose_posts_lie_in_several_partitions_goes_in_one_run,
        children_that_refer_to_each_other_go_in_passes,
        what_would_go_wrong_is_refused_and_goes_on_once_it_is_put_right,
        a_big_table_without_an_index_may_be_allowed_by_name,
        a_trigger_that_stays_silent_may_be_allowed_by_name_and_counts_only_where_rows_go,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
