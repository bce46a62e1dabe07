/*
 * posts: a scene with a table `posts` (id, deleted_at, filler), and tables that refer to it.
 *
 * Every function fails the test when something goes wrong. Strings that are returned are kept
 * (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_POSTS_H
#define PGPURGED_INTEGRATION_POSTS_H

#include "integration/scene.h"

/* Ids 1 to 100 in blocks of ten; every other one is due. */
enum { POSTS = 100, POSTS_DUE = POSTS / 2 };

/* A database with `posts`, granted; promises_watch() it when it is as the test wants it. */
struct scene posts_new(void);

/* The path of a configuration with a job on it that has these options, a line each. */
const char *posts_config(const struct scene *scene, const char *options);

/* What a job with children needs on a table. */
void posts_grant(const struct scene *scene, const char *table);

/* A table of children, made by these statements, is watched from now on. */
void posts_add_children(struct scene *scene, const char *table, const char *statements);

/* `comments`: of each post 1 to `posts` so many children, with ids of their own, indexed. `action`
 * is that of their foreign key, as SQL. */
void posts_add_comments(struct scene *scene, const char *action, int posts, int each);

/* For promises_check() of `comments`. */
#define OF_DUE_POST                                                                                \
    "EXISTS (SELECT FROM promises.posts AS p WHERE p.id = c.post_id AND p." SCENE_DUE ")"

/* What the audit table says, by table: "comments 25, posts 30". */
const char *posts_audited(const struct scene *scene);

/* The last run: "incomplete 40 10: 10 rejected by ...": outcome, rows, rejected, detail. */
const char *posts_run(const struct scene *scene);

#endif
