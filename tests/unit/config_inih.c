/*
 * What inih does with input that a person would read differently. These are the reasons for
 * src/config/line.c: if one of them turns red, inih has changed and that check may go.
 */
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config_cases.h"

static int note(void *arg, const char *section, const char *name, const char *value)
{
    text_addf(arg, "[%s]%s=%s|", section, name, value);
    return 1;
}

/* What inih sees in a text, as "[section]name=value|...", and then its return code. */
static char *seen(const char *text)
{
    struct text out = {0};
    int code = ini_parse_string(text, note, &out);

    text_addf(&out, "%d", code);
    return text_take(&out);
}

static void expect(const char *text, const char *expected)
{
    char *actual = seen(text);

    ck_assert_str_eq(actual, expected);
    free(actual);
}

/* "k=" and then so many letters that `tail` begins with byte `start` of the line. */
static char *long_line(const char *head, size_t start, const char *tail)
{
    struct text line = {0};

    text_add(&line, "[s]\n");
    text_add(&line, head);
    while (line.length < strlen("[s]\n") + start)
        text_add(&line, "a");
    text_add(&line, tail);
    return text_take(&line);
}

START_TEST(inih_takes_the_rest_of_a_long_line_for_a_new_one)
{
    char *line = long_line("k=", 199, "enabled=yes\n"), *result = seen(line);

    ck_assert_ptr_nonnull(strstr(result, "|[s]enabled=yes|0"));
    free(line);
    free(result);
}
END_TEST

START_TEST(inih_takes_the_rest_of_a_long_comment_for_an_option)
{
    char *line = long_line("#", 199, "enabled=yes\n");

    expect(line, "[s]enabled=yes|0");
    free(line);
}
END_TEST

START_TEST(inih_reads_a_line_of_199_bytes_whole)
{
    char *line = long_line("k=", 198, "z\nnext=1\n"), *result = seen(line);

    ck_assert_ptr_nonnull(strstr(result, "aaaz|[s]next=1|0"));
    free(line);
    free(result);
}
END_TEST

static const struct {
    const char *why, *text, *seen;
} traps[] = {
    {"a comment begins in the middle of a value", "[s]\nk = a ;b\n", "[s]k=a|0"},
    {"but not at a #", "[s]\nk = a #b\n", "[s]k=a #b|0"},
    {"a second value looks like a continuation", "[s]\nk = a\nk = b\n", "[s]k=a|[s]k=b|0"},
    {"an indented option becomes a part of the value before", "[s]\nk = a\n  l = b\n",
     "[s]k=a|[s]k=l = b|0"},
    {"an indented section as well", "[s]\nk = a\n  [t]\nl = b\n", "[s]k=a|[s]k=[t]|[s]l=b|0"},
    {"a section's name is cut at 49 characters",
     "[12345678901234567890123456789012345678901234567890]\nk=a\n",
     "[1234567890123456789012345678901234567890123456789]k=a|0"},
    {"text behind a section is dropped", "[s] k=b\n", "0"},
    {"a colon does for an equals sign", "[s]\nk: a=b\n", "[s]k=a=b|0"},
    {"an option may stand before the first section", "k=a\n", "[]k=a|0"},
    {"it goes on after a bad line", "[s]\nbad\nk=a\n", "[s]k=a|2"},
};

START_TEST(inih_reads_it_differently_from_a_person)
{
    expect(traps[_i].text, traps[_i].seen);
}
END_TEST

START_TEST(inih_stops_reading_a_line_at_a_nul)
{
    /* Through the reader of a file, as a daemon would use it. */
    static const char bytes[] = "[s]\nk = a\0 and more\nl = b\n";
    FILE *file = tmpfile();
    struct text out = {0};

    ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes - 1, file), sizeof bytes - 1);
    rewind(file);
    ck_assert_int_eq(ini_parse_file(file, note, &out), 0);
    ck_assert_str_eq(out.data, "[s]k=a|[s]l=b|");
    fclose(file);
    text_free(&out);
}
END_TEST

START_TEST(inih_reads_a_directory_as_an_empty_file)
{
    struct text out = {0};

    ck_assert_int_eq(ini_parse("/", note, &out), 0);
    ck_assert_uint_eq(out.length, 0);
}
END_TEST

TCase *config_inih_cases(void)
{
    TCase *cases = tcase_create("inih");

    tcase_add_test(cases, inih_takes_the_rest_of_a_long_line_for_a_new_one);
    tcase_add_test(cases, inih_takes_the_rest_of_a_long_comment_for_an_option);
    tcase_add_test(cases, inih_reads_a_line_of_199_bytes_whole);
    tcase_add_loop_test(cases, inih_reads_it_differently_from_a_person, 0, ARRAY_LENGTH(traps));
    tcase_add_test(cases, inih_stops_reading_a_line_at_a_nul);
    tcase_add_test(cases, inih_reads_a_directory_as_an_empty_file);
    return cases;
}
