/*
 * Why: the digest in an audit row is worth something only if somebody who knows which rows there
 * were can compute it again, by himself, and gets another one if a single key is another.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

enum { ROWS = 2000, DUE = ROWS / 2 };

#define BLOCK_OF(tid) "split_part(btrim(" tid "::text, '()'), ',', 1)::bigint"

/* Batches whose digest is that of the rows that were due in their blocks. */
static int64_t batches_that_agree(const struct scene *scene, const char *key)
{
    return sql_int(scene->own,
                   "SELECT count(*) FROM (SELECT a.digest = sha256(convert_to("
                   "   string_agg(%s::text || E'\\n', '' ORDER BY b.place), 'UTF8')) AS agrees"
                   "  FROM pgpurged.audit a JOIN before b ON " BLOCK_OF(
                       "b.place") "       BETWEEN a.from_block AND a.to_block - 1"
                                  " GROUP BY a.run, a.batch, a.digest) AS s WHERE agrees",
                   key);
}

static const struct digest_case {
    const char *columns, *key, *options;
} cases[] = {
    {"id", "b.id", ""},
    {"id, filler", "ROW(b.id, b.filler)", "batch_rows = 100"},
    {"id", "b.id", "batch_rows = 300\nscan = index"},
};

static void check_case(const struct digest_case *row)
{
    struct scene scene = scene_new();
    int64_t batches;

    scene_add_orders(&scene, ROWS);
    sql_exec(scene.own,
             "CREATE INDEX ON orders (deleted_at);"
             "CREATE TABLE before AS SELECT o.*, o.ctid AS place FROM orders o WHERE " SCENE_DUE);
    scene_once(scene_config(&scene, keep_format("audit_digest = %s\nvacuum = never\n%s",
                                                row->columns, row->options)),
               0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), DUE);
    batches = sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit");
    ck_assert_int_gt(batches, 0);
    if (strstr(row->options, "index") == NULL) /* those of an index scan share blocks */
        ck_assert_int_eq(batches_that_agree(&scene, row->key), batches);
    sql_exec(scene.own, "UPDATE before SET id = -id WHERE id = (SELECT min(id) FROM before)");
    if (strstr(row->options, "index") == NULL)
        ck_assert_int_eq(batches_that_agree(&scene, row->key), batches - 1);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.audit"
                                        " WHERE length(digest) = 32"),
                     batches);
    scene_end(&scene);
}

START_TEST(digest_is_that_of_the_keys_of_the_rows_that_are_gone)
{
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        check_case(&cases[i]);
}
END_TEST

/* Where a single batch has taken everything, the list that an index gave is in the order of the
 * table as well. */
START_TEST(digest_of_an_index_scan_is_in_the_order_of_the_table)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 100);
    sql_exec(scene.own,
             "CREATE INDEX ON orders (deleted_at);"
             "CREATE TABLE before AS SELECT o.*, o.ctid AS place FROM orders o WHERE " SCENE_DUE);
    scene_once(scene_config(&scene, "audit_digest = id\nscan = index\nbatch_rows = 5000"), 0);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 50);
    ck_assert_int_eq(batches_that_agree(&scene, "b.id"), 1);
    scene_end(&scene);
}
END_TEST

START_TEST(a_column_that_is_not_there_is_refused)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 20);
    ck_assert_ptr_nonnull(strstr(scene_once(scene_config(&scene, "audit_digest = idd"), 1),
                                 "audit_digest: public.orders has no column \"idd\"; did you mean "
                                 "\"id\"?"));
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 0);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        digest_is_that_of_the_keys_of_the_rows_that_are_gone,
        digest_of_an_index_scan_is_in_the_order_of_the_table,
        a_column_that_is_not_there_is_refused,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
