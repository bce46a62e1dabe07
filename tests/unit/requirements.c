/* What is refused, advised and granted, for each use of a relation and each thing that may be wrong
 * with it: a table that is fine, with one thing changed. */
#include <check.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/requirements.h"

static const struct relation fine = {
    .oid = 7,
    .root = 7,
    .schema = "public",
    .name = "orders",
    .written = "public.orders",
    .schema_written = "public",
    .kind = "r",
    .persistence = "p",
    .access_method = "heap",
    .can_use_schema = true,
    .can_select = true,
    .can_delete = true,
    .can_lock = true,
    .is_owned = true,
    .owner = "shop",
};

/* A word that is set, or, without one, a yes that is no or the other way round. */
struct change {
    bool made;
    size_t offset;
    const char *word;
};

#define WORD(field, value)                                                                         \
    {                                                                                              \
        true, offsetof(struct relation, field), value                                              \
    }
#define TURNED(field)                                                                              \
    {                                                                                              \
        true, offsetof(struct relation, field), NULL                                               \
    }

enum { EVERY_USE = (1 << 8) - 1, ROWS_GO = USE_TABLE | USE_PARTITION | USE_CHILD };

#define NO_USAGE                                                                                   \
    "role purger may not use schema public; run: GRANT USAGE ON SCHEMA public TO purger"
#define NO_DELETE                                                                                  \
    "role purger may not read and delete rows of public.orders; run: GRANT SELECT, DELETE ON "     \
    "public.orders TO purger"
#define NO_LOCK                                                                                    \
    "role purger may not lock rows of public.orders, so that one could be restored while the "     \
    "rows that refer to it are deleted; run: GRANT UPDATE (deleted_at) ON public.orders TO purger"
#define POLICIES                                                                                   \
    "row level security of public.orders applies to role purger and would hide rows from the "     \
    "purge; run: ALTER ROLE purger BYPASSRLS"
#define RULES                                                                                      \
    "public.orders has a rule ON DELETE (keep), so that a row count would not say what is gone; "  \
    "drop the rule"
#define NOT_FIRING                                                                                 \
    "public.orders has a trigger ON DELETE FOR EACH STATEMENT (log), which would not fire, "       \
    "because each DELETE names a partition; put it on the partitions and write "                   \
    "non_firing_triggers = log"

static const struct verdict {
    const char *name;
    unsigned uses;
    struct change changes[2];
    enum finding_weight weight;
    const char *sentence; /* NULL = nothing is found */
} verdicts[] = {
    {"a plain table", EVERY_USE, {{0}}, 0, NULL},
    {"a partitioned table", USE_TABLE, {WORD(kind, "p"), WORD(access_method, NULL)}, 0, NULL},

    {"our own table",
     USE_TABLE,
     {WORD(schema, "pgpurged")},
     FINDING_REFUSES,
     "public.orders belongs to pgpurged itself and is never purged"},
    {"a temporary table is not called a system table",
     USE_TABLE,
     {WORD(persistence, "t"), TURNED(is_system)},
     FINDING_REFUSES,
     "public.orders is a temporary table of another session"},
    {"a system table",
     USE_TABLE,
     {TURNED(is_system)},
     FINDING_REFUSES,
     "public.orders is a system table and is never purged"},
    {"a view",
     USE_TABLE,
     {WORD(kind, "v")},
     FINDING_REFUSES,
     "public.orders is a view; only the rows of a plain table can be purged"},
    {"a view is not asked for a privilege",
     USE_TABLE | USE_SKIP_LOCKED,
     {WORD(kind, "v"), TURNED(can_lock)},
     FINDING_ADVICE,
     NULL},
    {"a kind that nobody knows",
     USE_TABLE,
     {WORD(kind, "?")},
     FINDING_REFUSES,
     "public.orders is not a table; only the rows of a plain table can be purged"},
    {"a foreign partition",
     USE_PARTITION,
     {WORD(kind, "f")},
     FINDING_REFUSES,
     "public.orders is a foreign table, and its rows can't be found by TID; purge it where it "
     "lives"},
    {"a foreign partition is not asked for a lock",
     USE_PARTITION | USE_SKIP_LOCKED,
     {WORD(kind, "f"), TURNED(can_lock)},
     FINDING_REFUSES,
     "public.orders is a foreign table, and its rows can't be found by TID; purge it where it "
     "lives"},
    {"a view whose rows would go first",
     USE_CHILD,
     {WORD(kind, "v")},
     FINDING_REFUSES,
     "public.orders refers to due rows, but is no plain table, so that its rows can't be deleted "
     "first; write children = skip"},
    {"a view that is only looked into", USE_LOOKUP, {WORD(kind, "v")}, 0, NULL},
    {"another access method",
     USE_TABLE,
     {WORD(access_method, "columnar")},
     FINDING_REFUSES,
     "public.orders is stored by the access method \"columnar\", which has no TID scans; only heap "
     "tables can be purged"},
    {"a hypertable",
     USE_TABLE,
     {TURNED(is_hypertable)},
     FINDING_REFUSES,
     "public.orders is a hypertable of TimescaleDB: here it is an empty shell, and its chunks are "
     "not supported; use its own add_retention_policy()"},

    {"no USAGE", USE_TABLE, {TURNED(can_use_schema)}, FINDING_REFUSES, NO_USAGE},
    {"no USAGE of a partition", USE_PARTITION, {TURNED(can_use_schema)}, FINDING_REFUSES, NO_USAGE},
    {"no USAGE to look into it", USE_LOOKUP, {TURNED(can_use_schema)}, FINDING_REFUSES, NO_USAGE},
    {"no SELECT", USE_TABLE, {TURNED(can_select)}, FINDING_REFUSES, NO_DELETE},
    {"no DELETE", USE_TABLE, {TURNED(can_delete)}, FINDING_REFUSES, NO_DELETE},
    {"no DELETE of a partition", USE_PARTITION, {TURNED(can_delete)}, FINDING_REFUSES, NO_DELETE},
    {"no DELETE of a child", USE_CHILD, {TURNED(can_delete)}, FINDING_REFUSES, NO_DELETE},
    {"no DELETE where none is needed", USE_LOOKUP | USE_LOCKED, {TURNED(can_delete)}, 0, NULL},
    {"no SELECT to look into it",
     USE_LOOKUP,
     {TURNED(can_select)},
     FINDING_REFUSES,
     "role purger can't see whether rows of public.orders refer to due ones; run: GRANT SELECT ON "
     "public.orders TO purger"},
    {"no SELECT of a child is granted once",
     USE_LOOKUP | USE_CHILD,
     {TURNED(can_select)},
     FINDING_REFUSES,
     NO_DELETE},
    {"no lock that is needed", USE_LOCKED, {TURNED(can_lock)}, FINDING_REFUSES, NO_LOCK},
    {"a lock that is needed is not advised as well",
     USE_LOCKED | USE_SKIP_LOCKED,
     {TURNED(can_lock)},
     FINDING_REFUSES,
     NO_LOCK},
    {"no lock to leave locked rows out",
     USE_TABLE | USE_SKIP_LOCKED,
     {TURNED(can_lock)},
     FINDING_ADVICE,
     "role purger may not lock rows of public.orders: where others hold locks, single rows have to "
     "be tried one by one; run: GRANT UPDATE (deleted_at) ON public.orders TO purger"},

    {"policies", USE_TABLE, {TURNED(has_policies)}, FINDING_REFUSES, POLICIES},
    {"policies of a partition", USE_PARTITION, {TURNED(has_policies)}, FINDING_REFUSES, POLICIES},
    {"policies that hide what refers",
     USE_LOOKUP,
     {TURNED(has_policies)},
     FINDING_REFUSES,
     POLICIES},
    {"policies of a child", USE_CHILD, {TURNED(has_policies)}, FINDING_REFUSES, POLICIES},
    {"a rule", USE_TABLE, {WORD(delete_rules, "keep")}, FINDING_REFUSES, RULES},
    {"a rule of a partition", USE_PARTITION, {WORD(delete_rules, "keep")}, FINDING_REFUSES, RULES},
    {"a rule of a child",
     USE_CHILD,
     {WORD(delete_rules, "keep")},
     FINDING_REFUSES,
     RULES " or write children = skip"},
    {"a rule where no row goes", USE_LOOKUP, {WORD(delete_rules, "keep")}, 0, NULL},
    {"a trigger that would not fire",
     USE_TABLE,
     {WORD(non_firing_triggers, "log")},
     FINDING_REFUSES,
     NOT_FIRING},
    {"a trigger of a child that would not fire",
     USE_CHILD_TABLE,
     {WORD(non_firing_triggers, "log")},
     FINDING_REFUSES,
     NOT_FIRING " or write children = skip"},
    {"a publication without an identity",
     USE_PARTITION,
     {WORD(without_identity, "p")},
     FINDING_REFUSES,
     "public.orders is published (p) without a replica identity, so that the server refuses each "
     "DELETE; give it a primary key, or run: ALTER TABLE public.orders REPLICA IDENTITY FULL"},

    {"a foreign key to a partition",
     USE_PARTITION | USE_DROP,
     {WORD(referenced_by, "lines_fkey")},
     FINDING_KEEPS,
     "a foreign key points at it (lines_fkey)"},
    {"triggers of a partition",
     USE_PARTITION | USE_DROP,
     {WORD(delete_triggers, "log")},
     FINDING_KEEPS,
     "its triggers ON DELETE (log) would not fire"},
    {"a publication of a partition",
     USE_PARTITION | USE_DROP,
     {WORD(published_by, "p")},
     FINDING_KEEPS,
     "it is published (p), and subscribers would keep its rows"},
    {"somebody else's partition",
     USE_PARTITION | USE_DROP,
     {TURNED(is_owned)},
     FINDING_KEEPS,
     "only its owner can drop it; run: GRANT shop TO purger"},
    {"somebody else's table", ROWS_GO | USE_LOOKUP | USE_LOCKED, {TURNED(is_owned)}, 0, NULL},
};

static struct relation changed(const struct change *changes)
{
    struct relation relation = fine;

    for (size_t i = 0; i < 2 && changes[i].made; i++) {
        char *place = (char *)&relation + changes[i].offset;
        bool is_word = changes[i].word != NULL ||
                       changes[i].offset == offsetof(struct relation, access_method);

        if (is_word)
            *(const char **)place = changes[i].word;
        else
            *(bool *)place = !*(bool *)place;
    }
    return relation;
}

START_TEST(each_requirement_says_what_is_wrong_and_what_mends_it)
{
    const struct verdict *row = &verdicts[_i];
    const struct relation_role role = {row->uses, "purger", "deleted_at"};
    struct relation relation = changed(row->changes);
    struct findings findings = {0};
    const struct finding *first;
    char *sentence;

    requirements_judge(&relation, &role, &findings);
    if (row->sentence == NULL) {
        first = findings_first(&findings, row->weight);
        ck_assert_msg(first == NULL, "%s: found %s", row->name, first != NULL ? first->text : "");
        findings_free(&findings);
        return;
    }
    first = findings_first(&findings, row->weight);
    ck_assert_msg(first != NULL, "%s: nothing was found", row->name);
    sentence = finding_sentence(first);
    ck_assert_msg(text_equal(sentence, row->sentence), "%s: %s", row->name, sentence);
    free(sentence);
    findings_free(&findings);
}
END_TEST

START_TEST(only_what_refuses_is_a_refusal)
{
    const struct relation_role role = {USE_TABLE | USE_SKIP_LOCKED, "purger", "deleted_at"};
    struct relation relation = fine;
    struct findings findings = {0};
    struct err err = {""};

    relation.can_lock = false;
    requirements_judge(&relation, &role, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert(findings_allow(&findings, &err));
    relation.can_use_schema = relation.can_delete = false;
    requirements_judge(&relation, &role, &findings);
    ck_assert(!findings_allow(&findings, &err));
    ck_assert_str_eq(err.text, NO_USAGE);
    ck_assert_uint_eq(findings.count, 4);
    findings_free(&findings);
}
END_TEST

START_TEST(one_grant_does_for_several_partitions)
{
    const struct relation_role role = {USE_PARTITION, "purger", "deleted_at"};
    struct relation relation = fine;
    struct findings findings = {0};
    char *sql, *text;

    relation.can_delete = false;
    requirements_judge(&relation, &role, &findings);
    ck_assert(findings.items[0].is_grant && findings.items[0].names_relation);
    sql = finding_sql_for(&findings.items[0], &role, "a, b");
    text = finding_text_for(&findings.items[0], &role, "2 partitions");
    ck_assert_str_eq(sql, "GRANT SELECT, DELETE ON a, b TO purger");
    ck_assert_str_eq(text, "role purger may not read and delete rows of 2 partitions");
    free(text);
    free(sql);
    findings_free(&findings);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("requirements");
    TCase *tcase = tcase_create("requirements");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, each_requirement_says_what_is_wrong_and_what_mends_it, 0,
                        ARRAY_LENGTH(verdicts));
    tcase_add_test(tcase, only_what_refuses_is_a_refusal);
    tcase_add_test(tcase, one_grant_does_for_several_partitions);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
