/*
 * Golden files: each tests/golden/config/NAME.conf is loaded, and what comes out, the canonical
 * form or the message, must be NAME.expected. So every message that a person can get from a
 * configuration file stands in a file where it can be read and reviewed. With UPDATE_GOLDEN set in
 * the environment the expected files are written anew.
 *
 * The files that are made from the table of options are compared in the same way.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/file.h"
#include "config/manual.h"
#include "config/settings.h"
#include "config_cases.h"

/* Of the source, whole: other tests change the working directory. */
static char source[PATH_MAX];

static void remember_source(void)
{
    const char *given = getenv("srcdir"); /* as `make check` sets it */

    if (realpath(given != NULL ? given : ".", source) == NULL)
        source[0] = '\0';
}

/* Messages then name a file without its folders. */
static void go_to(const char *folder)
{
    char *path = text_format("%s/%s", source, folder);

    ck_assert_msg(chdir(path) == 0, "%s is not there; set srcdir to the source's folder", path);
    free(path);
}

static char *outcome_of(const char *name)
{
    struct text out = {0};
    struct err err;
    struct settings *settings = settings_load(name, &err);

    if (settings != NULL)
        settings_print(settings, &out);
    else
        text_addf(&out, "%s\n", err.text);
    settings_free(settings);
    return text_take(&out);
}

static void write_anew(const char *name, const char *content)
{
    FILE *file = fopen(name, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(content, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* Moves both on behind the lines that they have in common; the number of the line where they are.
 */
static int skip_common_lines(const char **a, const char **b)
{
    int line = 1;

    for (;;) {
        size_t length = strcspn(*a, "\n");

        if (length != strcspn(*b, "\n") || strncmp(*a, *b, length) != 0 || (*a)[length] == '\0' ||
            (*b)[length] == '\0')
            return line;
        *a += length + 1;
        *b += length + 1;
        line++;
    }
}

static void expect_content(const char *name, const char *actual)
{
    struct text content = {0};
    const char *expected;
    struct err err;
    int line;

    if (getenv("UPDATE_GOLDEN") != NULL)
        write_anew(name, actual);
    ck_assert_msg(file_read(name, &content, &err), "%s", err.text);
    expected = content.length > 0 ? content.data : "";
    line = skip_common_lines(&expected, &actual);
    ck_assert_msg(text_equal(expected, actual), "%s:%d\nexpected: %.*s\nactual:   %.*s", name, line,
                  (int)strcspn(expected, "\n"), expected, (int)strcspn(actual, "\n"), actual);
    text_free(&content);
}

static void check_golden(const char *conf)
{
    char *actual = outcome_of(conf);
    char *expected = text_format("%.*s.expected", (int)(strlen(conf) - strlen(".conf")), conf);

    expect_content(expected, actual);
    free(actual);
    free(expected);
}

static int is_conf(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), suffix = strlen(".conf");

    return length > suffix && text_equal(entry->d_name + length - suffix, ".conf");
}

START_TEST(configuration_gives_what_its_golden_file_says)
{
    struct dirent **entries;
    int count;

    go_to("tests/golden/config");
    count = scandir(".", &entries, is_conf, alphasort);
    ck_assert_int_gt(count, 20);
    for (int i = 0; i < count; i++) {
        check_golden(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}
END_TEST

START_TEST(sample_configuration_is_the_one_that_the_table_makes)
{
    struct text sample = {0};

    manual_sample(&sample);
    go_to("etc");
    expect_content("pgpurged.conf.sample", sample.data);
    text_free(&sample);
}
END_TEST

START_TEST(sample_configuration_works)
{
    struct err err;
    struct settings *settings;

    go_to("etc");
    settings = settings_load("pgpurged.conf.sample", &err);
    ck_assert_msg(settings != NULL, "%s", err.text);
    ck_assert_uint_eq(settings->job_count, 2);
    settings_free(settings);
}
END_TEST

START_TEST(option_list_of_the_manual_is_the_one_that_the_table_makes)
{
    struct text list = {0};

    manual_mdoc(&list);
    go_to("doc");
    expect_content("options.mdoc", list.data);
    text_free(&list);
}
END_TEST

TCase *config_golden_cases(void)
{
    TCase *cases = tcase_create("golden");

    remember_source();
    tcase_add_test(cases, configuration_gives_what_its_golden_file_says);
    tcase_add_test(cases, sample_configuration_is_the_one_that_the_table_makes);
    tcase_add_test(cases, sample_configuration_works);
    tcase_add_test(cases, option_list_of_the_manual_is_the_one_that_the_table_makes);
    return cases;
}
