/* What is done about rows that refer to due ones: as a DBA would read it (tests/golden/sql/), and
 * which references are followed how far. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "golden.h"
#include "sql/children.h"
#include "sql_cases.h"

#define EQUAL "OPERATOR(pg_catalog.=)"

static struct fk_column_pair to_id[] = {{"id", "post_id", EQUAL, ""}};
static struct fk_column_pair to_comment[] = {{"id", "comment_id", EQUAL, ""}};
static struct fk_column_pair to_parent[] = {{"id", "parent_id", EQUAL, ""}};
static struct fk_column_pair to_code[] = {{"Tenant", "tenant", EQUAL, ""},
                                          {"code", "Code", "OPERATOR(citext.=)", "COLLATE \"C\""}};

static struct fk_partition comments_partitions[] = {{21, "\"public\".\"comments_1\""},
                                                    {22, "\"public\".\"comments_2\""}};
static struct fk_partition likes_partitions[] = {{30, "\"public\".\"likes\""}};
static struct fk_partition log_partitions[] = {{40, "\"public\".\"log\""}};
static struct fk_partition pins_partitions[] = {{50, "\"public\".\"pins\""}};

/* Table 0 is posts. */
static struct fk_table tables[] = {
    {10, "\"public\".\"posts\"", false, NULL, 0},
    {20, "\"public\".\"comments\"", true, comments_partitions, 2},
    {30, "\"public\".\"likes\"", false, likes_partitions, 1},
    {40, "\"public\".\"log\"", false, log_partitions, 1},
    {50, "\"public\".\"pins\"", false, pins_partitions, 1},
};

enum { POSTS, COMMENTS, LIKES, LOG, PINS };

#define REFERENCE(name, action, follow, parent, child, pairs)                                      \
    {                                                                                              \
        name, action, follow, parent, child, 0, pairs, ARRAY_LENGTH(pairs), NULL, NULL             \
    }

static struct fk_reference skipped[] = {
    REFERENCE("comments_post_id_fkey", ACTION_CASCADE, false, POSTS, COMMENTS, to_id),
    REFERENCE("pins_post_fkey", ACTION_NO_ACTION, false, POSTS, PINS, to_code),
    REFERENCE("likes_post_id_fkey", ACTION_SET_NULL, false, POSTS, LIKES, to_id),
    REFERENCE("posts_parent_id_fkey", ACTION_CASCADE, false, POSTS, POSTS, to_parent),
    {"public.log.subject_id where kind = Post", ACTION_DECLARED, false, POSTS, LOG, 0, to_id, 1,
     "kind", "Post"},
};

/* posts <- comments <- likes go; comments may have replies and pins, posts may be in the log. */
static struct fk_reference followed[] = {
    REFERENCE("comments_post_id_fkey", ACTION_CASCADE, true, POSTS, COMMENTS, to_id),
    REFERENCE("likes_comment_id_fkey", ACTION_NO_ACTION, true, COMMENTS, LIKES, to_comment),
    REFERENCE("likes_parent_id_fkey", ACTION_CASCADE, true, LIKES, LIKES, to_parent),
    REFERENCE("comments_parent_id_fkey", ACTION_CASCADE, true, COMMENTS, COMMENTS, to_parent),
    REFERENCE("pins_comment_id_fkey", ACTION_RESTRICT, false, COMMENTS, PINS, to_comment),
    REFERENCE("posts_pinned_fkey", ACTION_NO_ACTION, true, COMMENTS, POSTS, to_parent),
    REFERENCE("log_post_id_fkey", ACTION_SET_DEFAULT, false, POSTS, LOG, to_id),
    {"public.log.post_id", ACTION_DECLARED, false, POSTS, LOG, 11, to_id, 1, NULL, NULL},
};

#define FAMILY(list, depth)                                                                        \
    {                                                                                              \
        tables, ARRAY_LENGTH(tables), list, ARRAY_LENGTH(list), depth                              \
    }

static const struct family_case {
    const char *golden;
    struct fk_graph family;
    size_t steps;
} family_cases[] = {
    {"sql/family-skipped.sql", FAMILY(skipped, 3), 0},
    {"sql/family-followed.sql", FAMILY(followed, 3), 3},
    {"sql/family-followed-1.sql", FAMILY(followed, 1), 2},
};

static const struct sql_scope scope = {"\"public\".\"posts\"", "t.ctid >= $1 AND t.ctid < $2",
                                       "(t.deleted_at < $3) IS TRUE", "$4"};

static void add_document(struct text *out, const struct fk_graph *family)
{
    char *document = fk_graph_document(family, &scope);
    json_t *json = json_loads(document, 0, NULL), *step;
    char *watched = json_dumps(json_object_get(json, "watched"), JSON_COMPACT);
    size_t i;

    json_array_foreach(json_object_get(json, "steps"), i, step)
        text_addf(out, "-- step %zu: rows of %s (%lld)\n%s;\n\n", i + 1,
                  json_string_value(json_object_get(step, "partition")),
                  (long long)json_integer_value(json_object_get(step, "relation")),
                  json_string_value(json_object_get(step, "sql")));
    text_addf(out, "-- rejected\n%s;\n\n-- watched: %s\n",
              json_string_value(json_object_get(json, "rejected")), watched);
    free(watched);
    free(document);
    json_decref(json);
}

START_TEST(family_reads_as)
{
    const struct family_case *row = &family_cases[_i];
    char *keep = fk_graph_keep(&row->family);
    struct text all = {0};

    text_addf(&all, "-- keep\n%s;\n\n", keep);
    add_document(&all, &row->family);
    golden_compare(row->golden, all.data);
    ck_assert_uint_eq(fk_graph_steps(&row->family), row->steps);
    text_free(&all);
    free(keep);
}
END_TEST

START_TEST(nothing_is_said_about_a_table_to_which_nothing_refers)
{
    struct fk_graph family = {tables, 1, NULL, 0, 3};

    ck_assert_ptr_null(fk_graph_keep(&family));
    ck_assert_ptr_null(fk_graph_document(&family, &scope));
    ck_assert(!fk_graph_needs_more_passes(&family));
}
END_TEST

START_TEST(a_reference_that_only_acts_keeps_nothing_and_is_watched)
{
    struct fk_reference acts[] = {
        REFERENCE("likes_post_id_fkey", ACTION_SET_NULL, false, POSTS, LIKES, to_id)};
    struct fk_graph family = FAMILY(acts, 3);
    char *document = fk_graph_document(&family, &scope);

    ck_assert_ptr_null(fk_graph_keep(&family));
    ck_assert_ptr_nonnull(strstr(document, "\"steps\":[]"));
    ck_assert_ptr_nonnull(strstr(document, "\"watched\":[30]"));
    ck_assert_ptr_nonnull(strstr(document, "\"rejected\":\"SELECT ARRAY[]::pg_catalog.int8[]\""));
    free(document);
}
END_TEST

static const struct {
    struct fk_reference *reference;
    size_t depth, level;
} levels[] = {
    {&followed[0], 1, 1}, {&followed[0], 3, 1}, {&followed[1], 1, 0},
    {&followed[1], 2, 2}, {&followed[2], 3, 0}, {&followed[3], 3, 0},
    {&followed[4], 3, 0}, {&followed[5], 3, 0}, {&followed[6], 3, 0},
};

START_TEST(a_reference_is_followed_down_to_its_level)
{
    struct fk_graph family = FAMILY(followed, levels[_i].depth);

    ck_assert_uint_eq(fk_graph_level(&family, levels[_i].reference), levels[_i].level);
}
END_TEST

START_TEST(a_table_that_refers_to_itself_needs_more_passes)
{
    struct fk_graph with = FAMILY(skipped, 3), without = FAMILY(skipped, 3);

    without.reference_count = 3;
    ck_assert(fk_graph_needs_more_passes(&with));
    ck_assert(!fk_graph_needs_more_passes(&without));
}
END_TEST

TCase *sql_children_cases(void)
{
    TCase *tcase = tcase_create("children");

    tcase_add_loop_test(tcase, family_reads_as, 0, ARRAY_LENGTH(family_cases));
    tcase_add_test(tcase, nothing_is_said_about_a_table_to_which_nothing_refers);
    tcase_add_test(tcase, a_reference_that_only_acts_keeps_nothing_and_is_watched);
    tcase_add_loop_test(tcase, a_reference_is_followed_down_to_its_level, 0, ARRAY_LENGTH(levels));
    tcase_add_test(tcase, a_table_that_refers_to_itself_needs_more_passes);
    return tcase;
}
