/*
 * Why: the predicate is one condition of a form that PostgreSQL must not take apart. `where` may be
 * asked of due rows only: of a live row it may fail, or take long. And what refers to a row must be
 * looked for again when the row has changed while we waited for its lock: PostgreSQL does that for
 * a condition, and not for an anti-join (promise R).
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/posts.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"
#include "sql/target_statements.h"

/* --- where --- */

enum { WHERE_DUE = 300, WHERE_LIVE = 600 };

/* What a live row is, and what says that it is one. */
static const struct where_case {
    const char *columns, *live, *due; /* of a live row and of a due one, as SQL */
    const char *expires;
} where_cases[] = {
    {"mark timestamptz", "NULL", "'2020-01-01'", "mark + 30d"},
    {"mark timestamptz", "now()", "'2020-01-01'", "mark + 30d"},
    {"mark timestamptz", "'-infinity'", "'2020-01-01'", "mark + 30d"},
    {"mark timestamp", "NULL", "'2020-01-01'", "mark + 30d\ncolumn_timezone = UTC"},
    {"mark date", "NULL", "'2020-01-01'", "mark + 30d\ncolumn_timezone = UTC"},
    {"mark bigint", "NULL", "1600000000", "mark + 30d\nepoch = s"},
    {"mark timestamptz, flag bool", "'2020-01-01', NULL", "'2020-01-01', true",
     "mark + 30d\nflag = flag"},
    {"mark timestamptz, flag int", "'2020-01-01', NULL", "'2020-01-01', 1",
     "mark + 30d\nflag = flag"},
    {"mark timestamptz, days int", "'2020-01-01', NULL", "'2020-01-01', 30", "mark + days * 1d"},
    {"mark date, days int", "'5000000-01-01', NULL", "'2020-01-01', 30",
     "mark + days * 1d\ncolumn_timezone = UTC"},
};

static struct scene scene_of_amounts(const struct where_case *row)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE orders (id int PRIMARY KEY, amount int, %s);"
             "INSERT INTO orders SELECT i, 0, %s FROM generate_series(1, %d) AS i;"
             "INSERT INTO orders SELECT i, 7, %s FROM generate_series(%d, %d) AS i;"
             "GRANT SELECT, UPDATE, DELETE ON orders TO pgpurged; ANALYZE orders",
             row->columns, row->live, WHERE_LIVE, row->due, WHERE_LIVE + 1, WHERE_LIVE + WHERE_DUE);
    return scene;
}

static const char *amounts_config(const struct scene *scene, const struct where_case *row,
                                  const char *where)
{
    return scene_config_of(scene, keep_format("[job orders]\ntable = orders\nexpires = %s\n"
                                              "where = %s\n",
                                              row->expires, where));
}

/* It divides by zero on each live row, so that all of them would be rejected, one bisection each.
 */
START_TEST(where_that_fails_on_live_rows_only_rejects_nothing)
{
    for (size_t i = 0; i < ARRAY_LENGTH(where_cases); i++) {
        const struct where_case *row = &where_cases[i];
        struct scene scene = scene_of_amounts(row);
        const char *config = amounts_config(&scene, row, "100 / amount > 1"), *output;
        int code = pgpurged_run(&output, "--config", config, "--once", NULL);

        ck_assert_msg(code == 0, "%s, live is %s: %d\n%s", row->columns, row->live, code, output);
        ck_assert_str_eq(sql_text(scene.own, "SELECT concat(outcome, ' ', rows, ' ', rejected)"
                                             " FROM pgpurged.runs"),
                         keep_format("done %d 0", WHERE_DUE));
        ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders WHERE amount = 0"),
                         WHERE_LIVE);
        scene_end(&scene);
    }
}
END_TEST

/* A sequence counts the calls, whatever becomes of the transaction. */
START_TEST(where_is_not_asked_of_rows_that_have_no_mark)
{
    const struct where_case *row = &where_cases[0];
    struct scene scene = scene_of_amounts(row);
    const char *config = amounts_config(&scene, row, "public.is_draft(amount)"), *output;

    sql_exec(scene.own,
             "CREATE SEQUENCE calls; GRANT ALL ON SEQUENCE calls TO pgpurged;"
             "CREATE FUNCTION is_draft(amount int) RETURNS bool STABLE LANGUAGE plpgsql AS"
             " $$ BEGIN IF amount = 0 THEN PERFORM nextval('public.calls'); END IF;"
             " RETURN true; END $$");
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--plan", NULL), 0);
    scene_once(config, 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM orders"), WHERE_LIVE);
    ck_assert_str_eq(sql_text(scene.own, "SELECT is_called FROM calls"), "f");
    scene_end(&scene);
}
END_TEST

START_TEST(plan_of_a_where_that_fails_on_rows_without_a_mark_is_a_plan)
{
    const struct where_case *rows[] = {&where_cases[0], &where_cases[6]};

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct scene scene = scene_of_amounts(rows[i]);
        const char *config = amounts_config(&scene, rows[i], "100 / amount > 1"), *output;

        ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--plan", NULL), 0);
        ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--plan", "--exact", NULL), 0);
        ck_assert_ptr_null(strstr(output, "division by zero"));
        scene_end(&scene);
    }
}
END_TEST

/* --- a key that moves while a batch waits for the row's lock --- */

/* `likes` refers to posts that are gone, too: 1,000 is nobody's id yet. The table is one block, so
 * that a row that was changed is still in the range. */
static struct scene scene_of_likes(void)
{
    struct scene scene = posts_new();

    sql_exec(scene.own, "CREATE INDEX ON posts (deleted_at);"
                        "CREATE TABLE likes (id int, subject_id bigint);"
                        "CREATE INDEX ON likes (subject_id);"
                        "INSERT INTO likes VALUES (1, 1000); ANALYZE posts, likes");
    posts_grant(&scene, "likes");
    sql_exec(scene.own, "UPDATE posts SET filler = ''");
    sql_exec(scene.own, "VACUUM FULL posts");
    return scene;
}

static const char *likes_config(const struct scene *scene, const char *scan)
{
    return posts_config(scene, keep_format("references = likes.subject_id\n"
                                           "scan = %s\nlock_timeout = 30s\nstatement_timeout = 60s",
                                           scan));
}

static void assert_post_is_kept(const struct scene *scene)
{
    ck_assert_msg(sql_int(scene->own, "SELECT count(*) FROM posts WHERE id = 1000") == 1,
                  "something refers to post 1000, and it is gone");
    ck_assert_int_eq(sql_int(scene->own, "SELECT count(*) FROM posts WHERE id %% 2 = 1"), 0);
}

static const char daemon_waits_for_lock[] =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgpurged'"
    " AND datname = current_database() AND wait_event_type = 'Lock')";

static void move_key_while_delete_waits(const char *scan)
{
    struct scene scene = scene_of_likes();
    PGconn *application = scene_connect(&scene);

    sql_exec(application, "BEGIN; UPDATE posts SET id = 1000 WHERE id = 43");
    struct daemon daemon = daemon_start(likes_config(&scene, scan));
    await_sql(scene.own, daemon_waits_for_lock, 60000);
    sql_exec(application, "COMMIT");
    scene_await_run(&scene, "posts", "incomplete");
    assert_post_is_kept(&scene);
    daemon_stop(&daemon);
    PQfinish(application);
    scene_end(&scene);
}

START_TEST(a_row_to_which_something_refers_since_the_delete_of_a_range_waits_stays)
{
    move_key_while_delete_waits("heap");
}
END_TEST

START_TEST(a_row_to_which_something_refers_since_the_delete_of_a_list_waits_stays)
{
    move_key_while_delete_waits("index");
}
END_TEST

/* The DELETE with SKIP LOCKED is the second one, because the first one has run into the lock of
 * post 41 of a table of one block. It stands at the gate with its snapshot taken, in which nothing
 * refers to post 43. */
static void move_key_between_snapshot_and_lock(const char *scan)
{
    struct scene scene = scene_of_likes();
    PGconn *locker = scene_connect(&scene);

    gate_close_on(&scene, "posts", 2);
    sql_exec(locker, "BEGIN; SELECT FROM posts WHERE id = 41 FOR UPDATE");
    struct daemon daemon =
        daemon_start(posts_config(&scene, keep_format("references = likes.subject_id\n"
                                                      "scan = %s\nstatement_timeout = 60s",
                                                      scan)));
    gate_await(&scene);
    sql_exec(scene.own, "UPDATE posts SET id = 1000 WHERE id = 43");
    gate_open(&scene);
    scene_await_run(&scene, "posts", "incomplete");
    ck_assert_msg(sql_int(scene.own, "SELECT count(*) FROM posts WHERE id = 1000") == 1,
                  "something refers to post 1000, and it is gone");
    daemon_stop(&daemon);
    PQfinish(locker);
    scene_end(&scene);
}

START_TEST(a_row_to_which_something_refers_since_the_snapshot_of_skip_locked_stays)
{
    move_key_between_snapshot_and_lock("heap");
}
END_TEST

START_TEST(a_row_to_which_something_refers_since_the_snapshot_of_a_list_with_skip_locked_stays)
{
    move_key_between_snapshot_and_lock("index");
}
END_TEST

/* --- what PostgreSQL makes of it --- */

static struct fk_column_pair by_id[] = {{"id", "subject_id", "OPERATOR(pg_catalog.=)", ""}};
static struct fk_column_pair by_comment[] = {{"id", "comment_id", "OPERATOR(pg_catalog.=)", ""}};
static struct fk_column_pair by_parent[] = {{"id", "parent_id", "OPERATOR(pg_catalog.=)", ""}};
static struct fk_partition comments_partition[] = {{2, "\"public\".\"comments\""}};
static struct fk_table plan_tables[] = {
    {1, "\"public\".\"posts\"", false, NULL, 0},
    {2, "\"public\".\"comments\"", false, comments_partition, 1},
    {3, "\"public\".\"likes\"", false, NULL, 0}};
static struct fk_reference plan_references[] = {
    {"comments", ACTION_DECLARED, true, 0, 1, 0, by_id, 1, NULL, NULL},
    {"likes", ACTION_DECLARED, false, 0, 2, 0, by_id, 1, NULL, NULL},
    {"of comments", ACTION_DECLARED, false, 1, 2, 0, by_comment, 1, NULL, NULL},
    {"thread", ACTION_DECLARED, false, 0, 0, 0, by_parent, 1, NULL, NULL},
};
static const struct fk_graph plan_family = {plan_tables, 3, plan_references,
                                            ARRAY_LENGTH(plan_references), 3};

static const struct sql_target plan_target = {.schema = "public",
                                              .table = "posts",
                                              .column = "deleted_at",
                                              .type = TIME_TIMESTAMPTZ,
                                              .where = "filler <> 'x'",
                                              .family = &plan_family};

/* Few of many rows are due, so that an index is worth its while. */
static struct scene scene_of_many_posts(void)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (id bigint PRIMARY KEY, parent_id bigint, deleted_at timestamptz,"
             " filler text);"
             "INSERT INTO posts SELECT i, NULL, CASE WHEN i %% 100 = 1 THEN now() - interval '40 d'"
             " END, 'y' FROM generate_series(1, 50000) AS i;"
             "CREATE INDEX posts_by_mark ON posts (deleted_at);"
             "CREATE INDEX ON posts (parent_id);"
             "CREATE TABLE comments (id bigint PRIMARY KEY, subject_id bigint);"
             "INSERT INTO comments SELECT i, i FROM generate_series(1, 50000) AS i;"
             "CREATE INDEX ON comments (subject_id);"
             "CREATE TABLE likes (id bigint, subject_id bigint, comment_id bigint);"
             "INSERT INTO likes SELECT i, -i, -i FROM generate_series(1, 50000) AS i;"
             "CREATE INDEX ON likes (subject_id); CREATE INDEX ON likes (comment_id);"
             "SET max_parallel_workers_per_gather = 0");
    sql_exec(scene.own, "VACUUM ANALYZE");
    return scene;
}

/* The plan of a statement with these parameters, on lines. */
static const char *plan_of(PGconn *conn, const char *sql, const char *types, const char *values)
{
    struct text lines = {0};
    PGresult *result;

    sql_exec(conn, "PREPARE asked (%s) AS %s", types, sql);
    result = PQexec(conn, keep_format("EXPLAIN (COSTS OFF) EXECUTE asked (%s)", values));
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
    for (int row = 0; row < PQntuples(result); row++)
        text_addf(&lines, "%s\n", PQgetvalue(result, row, 0));
    PQclear(result);
    sql_exec(conn, "DEALLOCATE asked");
    return keep_text(text_take(&lines));
}

static void assert_plan(PGconn *conn, const char *sql, const char *types, const char *values,
                        const char *way)
{
    const char *plan = plan_of(conn, sql, types, values);

    ck_assert_msg(strstr(plan, "Anti Join") == NULL, "an anti-join is not looked at again: %s\n%s",
                  sql, plan);
    ck_assert_msg(strstr(plan, way) != NULL, "not by \"%s\": %s\n%s", way, sql, plan);
}

START_TEST(no_statement_has_an_anti_join_and_each_is_read_by_its_range_list_or_index)
{
#define RANGE "tid, tid, timestamptz", "'(0,0)', '(40,0)', now() - interval '30 d'"
#define LIST                                                                                       \
    "tid, tid, timestamptz, tid[]", "NULL, NULL, now() - interval '30 d', '{\"(0,1)\",\"(7,2)\"}'"
    struct scene scene = scene_of_many_posts();
    struct sql_statements sql = sql_statements_for(&plan_target);

    assert_plan(scene.own, sql.delete_range, RANGE, "Tid Range Scan on posts t");
    assert_plan(scene.own, sql.delete_skip_locked, RANGE, "Tid Range Scan on posts t");
    assert_plan(scene.own, sql.count_range, RANGE, "Tid Range Scan on posts t");
    assert_plan(scene.own, sql.delete_tids, LIST, "Tid Scan on posts t");
    assert_plan(scene.own, sql.delete_tids_skip_locked, LIST, "Tid Scan on posts t");
    assert_plan(scene.own, sql.count_tids, LIST, "Tid Scan on posts t");
    assert_plan(scene.own, sql.take_slice, "text, bigint, timestamptz",
                "NULL, 1000, now() - interval '30 d'", "Index Cond: ((deleted_at > ");
    assert_plan(scene.own, sql.probe, "timestamptz, bigint", "now() - interval '30 d', 1000",
                "Index Cond: ((deleted_at > ");
    sql_statements_free(&sql);
    scene_end(&scene);
}
END_TEST

/* A probe reads nothing but the index, where there is neither a flag nor a `where`. */
START_TEST(probe_without_a_where_needs_the_index_only)
{
    struct scene scene = scene_of_many_posts();
    struct sql_target target = plan_target;
    struct sql_statements sql;

    target.where = NULL;
    sql = sql_statements_for(&target);
    assert_plan(scene.own, sql.probe, "timestamptz, bigint", "now() - interval '30 d', 1000",
                "Index Only Scan using posts_by_mark");
    sql_statements_free(&sql);
    scene_end(&scene);
}
END_TEST

static void assert_plan_of_steps(PGconn *conn, const char *document, const char *types,
                                 const char *values)
{
    json_t *family = json_loads(document, 0, NULL), *step;
    size_t i;

    ck_assert_ptr_nonnull(family);
    ck_assert_uint_eq(json_array_size(json_object_get(family, "steps")), 1);
    json_array_foreach(json_object_get(family, "steps"), i, step) assert_plan(
        conn, json_string_value(json_object_get(step, "sql")), types, values, "on comments k1");
    json_decref(family);
}

START_TEST(no_step_that_deletes_children_has_an_anti_join)
{
    struct scene scene = scene_of_many_posts();
    struct sql_statements sql = sql_statements_for(&plan_target);

    assert_plan_of_steps(scene.own, sql.family_range, "tid, tid, timestamptz, tid[], bigint",
                         "'(0,0)', '(40,0)', now() - interval '30 d', NULL, 1000");
    assert_plan_of_steps(scene.own, sql.family_tids, "tid, tid, timestamptz, tid[], bigint",
                         "NULL, NULL, now() - interval '30 d', '{\"(0,1)\",\"(7,2)\"}', 1000");
    sql_statements_free(&sql);
    scene_end(&scene);
}
END_TEST

/* --- zones --- */

/* Each meant another moment than it says: rows went hours too early, without a word. */
START_TEST(column_timezone_or_timezone_that_is_no_name_is_refused_before_anything_is_asked)
{
    static const char *const zones[] = {"UTC-5", "GMT-5", "-05:00", "UTC+2", "+02", "<+05>-5x"};
    const char *output;

    for (size_t i = 0; i < ARRAY_LENGTH(zones); i++) {
        const char *config = scene_config_through(
            "dbname=nowhere", scene_job(keep_format("column_timezone = %s", zones[i])));

        ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--once", NULL), 2);
        ck_assert_ptr_nonnull(strstr(output, "is not the name of a time zone"));
        if (zones[i][0] == '<')
            continue;
        config = scene_config_through("dbname=nowhere",
                                      scene_job(keep_format("timezone = %s", zones[i])));
        ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 2);
        ck_assert_ptr_nonnull(strstr(output, "timezone: \""));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        where_that_fails_on_live_rows_only_rejects_nothing,
        where_is_not_asked_of_rows_that_have_no_mark,
        plan_of_a_where_that_fails_on_rows_without_a_mark_is_a_plan,
        a_row_to_which_something_refers_since_the_delete_of_a_range_waits_stays,
        a_row_to_which_something_refers_since_the_delete_of_a_list_waits_stays,
        a_row_to_which_something_refers_since_the_snapshot_of_skip_locked_stays,
        a_row_to_which_something_refers_since_the_snapshot_of_a_list_with_skip_locked_stays,
        no_statement_has_an_anti_join_and_each_is_read_by_its_range_list_or_index,
        probe_without_a_where_needs_the_index_only,
        no_step_that_deletes_children_has_an_anti_join,
        column_timezone_or_timezone_that_is_no_name_is_refused_before_anything_is_asked,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
