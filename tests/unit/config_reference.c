/* References that no foreign key declares: what is read, how it is printed, what is refused. */
#include "base/text.h"
#include "config/reference.h"
#include "config_cases.h"

static const struct {
    const char *text, *printed;
} good[] = {
    {"", ""},
    {"comments.post_id", "public.comments.post_id"},
    {"blog.comments.post_id", "blog.comments.post_id"},
    {"comments.post_id,lines.post", "public.comments.post_id, public.lines.post"},
    {"lines.code -> code", "public.lines.code -> code"},
    {"lines.code->\"Code\"", "public.lines.code -> \"Code\""},
    {"log.subject_id where subject_type = Post", "public.log.subject_id where subject_type = Post"},
    {"log.subject_id -> id WHERE subject_type=Post , a.b",
     "public.log.subject_id -> id where subject_type = Post, public.a.b"},
    {"log.id where kind = 'a, b'", "public.log.id where kind = 'a, b'"},
    {"log.id where kind = 'it''s'", "public.log.id where kind = 'it''s'"},
    {"log.id where kind = 'plain'", "public.log.id where kind = plain"},
    {"log.id where kind = ''", "public.log.id where kind = ''"},
    {"log.id where kind = ' a'", "public.log.id where kind = ' a'"},
    {"log.id where kind = New post", "public.log.id where kind = New post"},
    {"log.id where \"Kind\" = 7", "public.log.id where \"Kind\" = 7"},
    {"\"Odd, table\".\"Odd.column\"", "public.\"Odd, table\".\"Odd.column\""},
    {"log.\"where\"", "public.log.where"},
};

START_TEST(references_are_read_and_printed)
{
    struct references references, again;
    struct text printed = {0}, once_more = {0};
    struct err err = {""};

    ck_assert_msg(references_parse(good[_i].text, &references, &err), "%s", err.text);
    references_print(&references, &printed);
    text_add(&printed, "");
    ck_assert_str_eq(printed.data, good[_i].printed);
    ck_assert_msg(references_parse(printed.data, &again, &err), "%s", err.text);
    references_print(&again, &once_more);
    text_add(&once_more, "");
    ck_assert_str_eq(once_more.data, good[_i].printed);
    references_clear(&references);
    references_clear(&again);
    text_free(&printed);
    text_free(&once_more);
}
END_TEST

START_TEST(a_reference_has_all_its_parts)
{
    struct references references;
    const struct reference *reference;
    struct err err = {""};

    ck_assert(references_parse("Blog.Log.Subject -> Code where Kind = Post", &references, &err));
    ck_assert_uint_eq(references.count, 1);
    reference = &references.list[0];
    ck_assert_str_eq(reference->table.schema, "blog");
    ck_assert_str_eq(reference->table.name, "log");
    ck_assert_str_eq(reference->column, "subject");
    ck_assert_str_eq(reference->referenced, "code");
    ck_assert_str_eq(reference->where_column, "kind");
    ck_assert_str_eq(reference->where_value, "Post");
    references_clear(&references);
}
END_TEST

static const struct {
    const char *text, *message;
} bad[] = {
    {"comments", "\"comments\" alone doesn't say which column refers to the job's table; write "
                 "TABLE.COLUMN"},
    {"comments.", "a name is missing"},
    {"a.b.c.d", "can't be read from \".d\" on; write TABLE.COLUMN, and if need be -> COLUMN and "
                "where COLUMN = VALUE behind it"},
    {"a.b,", "a name is missing"},
    {"a.b, , c.d", "a name can't begin at \", c.d\"; put an unusual name in double quotes"},
    {"a.b ->", "a name is missing"},
    {"a.b when x = 1", "can't be read from \"when x = 1\" on; write TABLE.COLUMN, and if need be "
                       "-> COLUMN and where COLUMN = VALUE behind it"},
    {"a.b where x", "can't be read from \"\" on; write where COLUMN = VALUE"},
    {"a.b where x <> 1", "can't be read from \"<> 1\" on; write where COLUMN = VALUE"},
    {"a.b where x =", "a value is missing after \"=\"; an empty one is written ''"},
    {"a.b where x = , c.d", "a value is missing after \"=\"; an empty one is written ''"},
    {"a.b where x = 'y", "'y has no closing quote"},
    {"a.b where x = 'y' z", "can't be read from \"z\" on; write TABLE.COLUMN, and if need be -> "
                            "COLUMN and where COLUMN = VALUE behind it"},
};

START_TEST(references_that_could_be_misread_are_refused)
{
    struct references references;
    struct err err = {""};

    ck_assert_msg(!references_parse(bad[_i].text, &references, &err), "%s", bad[_i].text);
    ck_assert_str_eq(err.text, bad[_i].message);
    ck_assert_uint_eq(references.count, 0);
}
END_TEST

TCase *config_reference_cases(void)
{
    TCase *tcase = tcase_create("references");

    tcase_add_loop_test(tcase, references_are_read_and_printed, 0, ARRAY_LENGTH(good));
    tcase_add_test(tcase, a_reference_has_all_its_parts);
    tcase_add_loop_test(tcase, references_that_could_be_misread_are_refused, 0, ARRAY_LENGTH(bad));
    return tcase;
}
