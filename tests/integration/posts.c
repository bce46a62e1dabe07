#include "integration/posts.h"

#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/session.h"

const char *posts_config(const struct scene *scene, const char *options)
{
    return scene_config_of(
        scene,
        keep_format("[job posts]\ntable = posts\nexpires = deleted_at + 30d\n%s\n", options));
}

void posts_grant(const struct scene *scene, const char *table)
{
    sql_exec(scene->own, "GRANT SELECT, UPDATE, DELETE ON %s TO pgpurged", table);
}

struct scene posts_new(void)
{
    struct scene scene = scene_new();

    sql_exec(scene.own,
             "CREATE TABLE posts (id bigint PRIMARY KEY, deleted_at timestamptz, filler text);"
             "INSERT INTO posts SELECT i, CASE WHEN i %% 2 = 1 THEN now() - interval '40 days' END,"
             " repeat('x', 700) FROM generate_series(1, %d) AS i",
             POSTS);
    posts_grant(&scene, "posts");
    return scene;
}

void posts_add_children(struct scene *scene, const char *table, const char *statements)
{
    sql_exec(scene->own, "%s", statements);
    posts_grant(scene, table);
    promises_watch(scene->own, table);
}

void posts_add_comments(struct scene *scene, const char *action, int posts, int each)
{
    posts_add_children(scene, "comments",
                       keep_format("CREATE TABLE comments (id bigint PRIMARY KEY,"
                                   " post_id bigint REFERENCES posts %s);"
                                   "CREATE INDEX ON comments (post_id);"
                                   "INSERT INTO comments SELECT (p - 1) * %d + n, p"
                                   " FROM generate_series(1, %d) AS p, generate_series(1, %d) AS n",
                                   action, each, posts, each));
}

const char *posts_audited(const struct scene *scene)
{
    return sql_text(scene->own,
                    "SELECT string_agg(t || ' ' || rows, ', ' ORDER BY t) FROM (SELECT"
                    " relation::regclass::text AS t, sum(rows) AS rows FROM pgpurged.audit"
                    " GROUP BY 1) AS a");
}

const char *posts_run(const struct scene *scene)
{
    return sql_text(scene->own, "SELECT concat(outcome, ' ', rows, ' ', rejected, ': ', detail)"
                                " FROM pgpurged.runs ORDER BY id DESC LIMIT 1");
}
