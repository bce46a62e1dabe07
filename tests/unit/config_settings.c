/* Whole configurations: where values come from, the table of options against itself, files. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/manual.h"
#include "config/options.h"
#include "config/record.h"
#include "config/settings.h"
#include "config_cases.h"

static const char head[] = "[database shop]\n"
                           "conninfo = dbname=shop password=geheim\n";

static const char job[] = "[job orders]\n"
                          "database = shop\n"
                          "table = orders\n"
                          "expires = deleted_at + 30d\n";

static struct settings *parse(const char *text)
{
    struct err err;
    struct settings *settings = settings_parse("shop.conf", text, strlen(text), &err);

    ck_assert_msg(settings != NULL, "%s", err.text);
    return settings;
}

static char *print(const struct settings *settings)
{
    struct text out = {0};

    settings_print(settings, &out);
    return text_take(&out);
}

/* ---- where values come from ---- */

START_TEST(job_gets_the_documented_defaults)
{
    char *text = text_format("%s%s", head, job);
    struct settings *settings = parse(text);
    const struct job_settings *orders = settings_job(settings, "orders");
    const struct database_settings *shop = settings_database(settings, "shop");

    ck_assert_int_eq(settings->log_level, LOG_LEVEL_INFO);
    ck_assert_int_eq(settings->min_retention_ms, 86400000);
    ck_assert_str_eq(shop->conninfo, "dbname=shop password=geheim");
    ck_assert_int_eq(shop->line, 1);
    ck_assert_int_eq(shop->max_connections, 2);
    ck_assert_int_eq(shop->connect_timeout_ms, 10000);
    ck_assert_int_eq(shop->max_replica_lag_bytes, 64 << 20);
    ck_assert_int_eq(shop->max_replica_lag_ms, 10000);
    ck_assert_str_eq(shop->replicas, "");
    ck_assert_int_eq(shop->max_slot_lag_bytes, INT64_C(10) << 30);
    ck_assert_int_eq(shop->max_wal_rate_bytes, 0);
    ck_assert_int_eq(shop->max_active_sessions, 0);
    ck_assert_int_eq(shop->max_snapshot_age_ms, 3600000);
    ck_assert_int_eq(shop->max_hold_ms, 3600000);
    ck_assert_int_eq(orders->line, 3);
    ck_assert_str_eq(orders->database, "shop");
    ck_assert_str_eq(orders->table.written, "public.orders");
    ck_assert_str_eq(orders->expires.retention, "30 days");
    ck_assert(orders->enabled);
    ck_assert_str_eq(orders->column_timezone, "");
    ck_assert_uint_eq(orders->window.count, 0);
    ck_assert_str_eq(orders->window_written, "always");
    ck_assert_str_eq(orders->timezone, "UTC");
    ck_assert_int_eq(orders->every_ms, 86400000);
    ck_assert_int_eq(orders->batch_time_ms, 50);
    ck_assert_int_eq(orders->batch_rows, 1000);
    ck_assert_int_eq(orders->duty_cycle_percent, 40);
    ck_assert_int_eq(orders->max_duty_cycle_percent, 80);
    ck_assert_int_eq(orders->max_rows_per_second, 0);
    ck_assert_int_eq(orders->max_rejected_rows, 10000);
    ck_assert_int_eq(orders->lock_timeout_ms, 100);
    ck_assert_int_eq(orders->statement_timeout_ms, 5000);
    ck_assert_int_eq(orders->synchronous_commit, COMMIT_OFF);
    ck_assert_int_eq(orders->scan, SCAN_AUTO);
    ck_assert_int_eq(orders->vacuum, VACUUM_AUTO);
    ck_assert_ptr_null(settings_job(settings, "none"));
    ck_assert_ptr_null(settings_database(settings, "none"));
    settings_free(settings);
    free(text);
}
END_TEST

START_TEST(job_takes_its_own_value_before_that_of_defaults_wherever_it_stands)
{
    char *text =
        text_format("%s%s%s%s", head, job, "duty_cycle = 10%\ncolumn_timezone =\n",
                    "[defaults]\nduty_cycle = 20\nbatch_rows = 7\ncolumn_timezone = UTC\n");
    struct settings *settings = parse(text);

    ck_assert_int_eq(settings->jobs[0].duty_cycle_percent, 10);
    ck_assert_int_eq(settings->jobs[0].batch_rows, 7);
    ck_assert_str_eq(settings->jobs[0].column_timezone, "");
    settings_free(settings);
    free(text);
}
END_TEST

START_TEST(list_is_kept_with_one_blank_behind_each_comma)
{
    static const struct {
        const char *written, *stored;
    } cases[] = {
        {"", ""}, {"a", "a"}, {"a,b", "a, b"}, {"  a ,\tb  ,  my standby ", "a, b, my standby"}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char *text = text_format("%sreplicas = %s\n%s", head, cases[i].written, job);
        struct settings *settings = parse(text);

        ck_assert_str_eq(settings->databases[0].replicas, cases[i].stored);
        settings_free(settings);
        free(text);
    }
}
END_TEST

START_TEST(yes_and_no_are_read_in_every_spelling)
{
    static const struct {
        const char *word;
        bool truth;
    } cases[] = {{"yes", true}, {"no", false},  {"TRUE", true}, {"False", false},
                 {"on", true},  {"off", false}, {"1", true},    {"0", false}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char *text = text_format("%s%senabled = %s\n", head, job, cases[i].word);
        struct settings *settings = parse(text);

        ck_assert_msg(settings->jobs[0].enabled == cases[i].truth, "%s", cases[i].word);
        settings_free(settings);
        free(text);
    }
}
END_TEST

START_TEST(choices_stand_in_the_order_of_their_enums)
{
    static const char *const commits[] = {"off", "local", "remote_write", "on", "remote_apply"};
    static const char *const scans[] = {"auto", "heap", "index"};
    static const char *const vacuums[] = {"auto", "after", "never"};

    for (size_t i = 0; i < ARRAY_LENGTH(commits); i++) {
        char *text = text_format(
            "[pgpurged]\nlog_level = %s\n%s%ssynchronous_commit = %s\nscan = %s\nvacuum = %s\n",
            log_level_name(i % 4), head, job, commits[i], scans[i % 3], vacuums[i % 3]);
        struct settings *settings = parse(text);

        ck_assert_int_eq(settings->log_level, i % 4);
        ck_assert_int_eq(settings->jobs[0].synchronous_commit, i);
        ck_assert_int_eq(settings->jobs[0].scan, i % 3);
        ck_assert_int_eq(settings->jobs[0].vacuum, i % 3);
        settings_free(settings);
        free(text);
    }
}
END_TEST

START_TEST(retention_may_be_as_short_as_min_retention)
{
    char *text = text_format("[pgpurged]\nmin_retention = 30d\n%s%s", head, job);

    settings_free(parse(text));
    free(text);
}
END_TEST

/* ---- printing ---- */

static void expect_same_when_fed_back(const char *text)
{
    struct settings *settings = parse(text);
    char *printed = print(settings);
    struct settings *again = parse(printed);
    char *printed_again = print(again);

    ck_assert_str_eq(printed, printed_again);
    settings_free(settings);
    settings_free(again);
    free(printed);
    free(printed_again);
}

START_TEST(printed_settings_never_hold_the_password)
{
    char *text = text_format("%s%s", head, job);
    struct settings *settings = parse(text);
    char *printed = print(settings);

    ck_assert_ptr_null(strstr(printed, "geheim"));
    ck_assert_ptr_nonnull(strstr(printed, "conninfo = dbname=shop password=********\n"));
    settings_free(settings);
    free(printed);
    free(text);
}
END_TEST

START_TEST(masked_password_is_not_taken_back)
{
    struct err err;
    char *text = text_format("[database shop]\nconninfo = password=********\n%s", job);

    ck_assert_ptr_null(settings_parse("shop.conf", text, strlen(text), &err));
    ck_assert_str_eq(err.text, "shop.conf:2: conninfo: the password is masked (********) as "
                               "--print-config prints it; write passfile=FILE instead, or the "
                               "real password");
    free(text);
}
END_TEST

/* The longest lines that can be read must come out in lines that can be read. */
START_TEST(long_values_are_printed_in_lines_that_can_be_read)
{
    static const struct {
        const char *why, *before;
        int letters;
        const char *after;
    } cases[] = {
        {"fits only without indentation", "conninfo =\n host=", 198 - 5, ""},
        {"fits only on a line of its own", "conninfo=host=", 199 - 14, ""},
        {"goes over many lines", "conninfo = host=a\n  port=", 180, "\n  user=b\n  dbname=c"},
        {"has two blanks, which must stay two", "conninfo =\n a='", 191, "  x'\n b=c"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char *text = text_format("[database shop]\n%s%0*d%s\n%s", cases[i].before, cases[i].letters,
                                 7, cases[i].after, job);

        expect_same_when_fed_back(text);
        free(text);
    }
}
END_TEST

START_TEST(name_that_only_just_fits_is_printed_so_that_it_fits)
{
    struct text text = {0};

    text_add(&text, "[database shop]\nconninfo=dbname=shop\n"
                    "[job orders]\ndatabase=shop\nexpires=at x\ntable=\"");
    for (int i = 0; i < 63; i++)
        text_add(&text, "\"\"");
    text_add(&text, "\".\"");
    for (int i = 0; i < 30; i++)
        text_add(&text, "\"\"");
    text_add(&text, "A\"\n");
    expect_same_when_fed_back(text.data);
    text_free(&text);
}
END_TEST

/* ---- the table of options ---- */

/* Big enough and aligned for every record. */
union any_record {
    struct settings daemon;
    struct database_settings database;
    struct job_settings job;
};

/* The canonical form of a value; fails the test if the option doesn't take it. */
static char *through(const struct config_option *option, const char *value)
{
    union any_record record = {0};
    struct text out = {0};
    struct err err;

    memset(&record, 0, sizeof record);
    ck_assert_msg(option->type->parse(option, value, &record, &err), "%s = %s: %s", option->name,
                  value, err.text);
    option->type->print(option, &record, &out);
    if (option->type->clear != NULL)
        option->type->clear(option, &record);
    return text_take(&out);
}

START_TEST(option_takes_its_default_its_example_and_both_ends_of_its_range)
{
    const struct config_option *option = &config_options[_i];
    const char *values[] = {option->fallback, option->example, option->least, option->most};

    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        if (values[i] != NULL) {
            char *once = through(option, values[i]), *twice = through(option, once);

            ck_assert_str_eq(once, twice);
            if (i < 2)
                ck_assert_str_eq(once, values[i]);
            free(once);
            free(twice);
        }
    }
}
END_TEST

START_TEST(option_has_all_that_its_row_needs)
{
    const struct config_option *option = &config_options[_i];
    bool number = option->type == &option_number || option->type == &option_percent;

    ck_assert_msg(option->fallback != NULL || option->example != NULL, "%s", option->name);
    ck_assert((option->least != NULL) == (option->most != NULL));
    ck_assert_msg(!number || option->least != NULL, "%s has no range", option->name);
    ck_assert((option->type == &option_choice) == (option->choices != NULL));
    ck_assert_msg(option->doc[strlen(option->doc) - 1] == '.', "%s: no sentence", option->name);
    ck_assert_int_ne(option->section, SECTION_DEFAULTS);
    ck_assert_ptr_eq(option_find(option->section, option->name), option);
}
END_TEST

/* ---- what a reload can't change ---- */

START_TEST(options_that_need_a_restart_are_named_when_they_differ)
{
    static const struct {
        const char *old, *fresh, *names;
    } cases[] = {
        {"", "", NULL},
        {"socket = /run/a", "socket = /run/a", NULL},
        {"log_level = info", "log_level = debug", NULL},
        {"", "socket = /run/a", "socket"},
        {"metrics_listen = 127.0.0.1:1\ncontrol_group = a", "metrics_listen =\ncontrol_group = b",
         "control_group, metrics_listen"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char *old_text = text_format("[pgpurged]\n%s\n%s%s", cases[i].old, head, job);
        char *fresh_text = text_format("[pgpurged]\n%s\n%s%s", cases[i].fresh, head, job);
        struct settings *old = parse(old_text), *fresh = parse(fresh_text);
        struct text names = {0};

        settings_need_restart(old, fresh, &names);
        if (cases[i].names == NULL)
            ck_assert_msg(names.length == 0, "row %zu: %s", i, names.data);
        else
            ck_assert_str_eq(names.data, cases[i].names);
        text_free(&names);
        settings_free(old);
        settings_free(fresh);
        free(old_text);
        free(fresh_text);
    }
}
END_TEST

/* ---- files ---- */

static char *folder_path;

static void make_folder(void)
{
    const char *tmp = getenv("TMPDIR");

    folder_path = text_format("%s/pgpurged-config-XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder_path));
    ck_assert_int_eq(chdir(folder_path), 0);
}

static void remove_folder(void)
{
    if (unlink("f") != 0)
        rmdir("f");
    ck_assert_int_eq(rmdir(folder_path), 0);
    free(folder_path);
}

static void write_file(const char *bytes, size_t length)
{
    int fd = open("f", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static void expect_no_load(const char *message)
{
    struct err err;

    ck_assert_ptr_null(settings_load("f", &err));
    ck_assert_str_eq(err.text, message);
}

START_TEST(file_is_loaded)
{
    char *text = text_format("%s%s", head, job);
    struct settings *settings;
    struct err err;

    write_file(text, strlen(text));
    settings = settings_load("f", &err);
    ck_assert_msg(settings != NULL, "%s", err.text);
    ck_assert_str_eq(settings->path, "f");
    ck_assert_uint_eq(settings->job_count, 1);
    settings_free(settings);
    free(text);
}
END_TEST

START_TEST(missing_file_is_refused)
{
    expect_no_load("f: can't be opened: No such file or directory");
}
END_TEST

START_TEST(unreadable_file_is_refused)
{
    write_file("", 0);
    ck_assert_int_eq(chmod(".", 0755), 0);
    ck_assert_int_eq(chmod("f", 0), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    expect_no_load("f: can't be opened: Permission denied");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(directory_is_refused)
{
    ck_assert_int_eq(mkdir("f", 0700), 0);
    expect_no_load("f: is a directory; name the file in it");
}
END_TEST

START_TEST(fifo_is_refused_without_waiting_for_a_writer)
{
    ck_assert_int_eq(mkfifo("f", 0600), 0);
    expect_no_load("f: is not a regular file");
}
END_TEST

START_TEST(empty_file_is_refused)
{
    write_file("", 0);
    expect_no_load("f:1: there is no job, so there is nothing to do; a job looks like this: [job "
                   "orders] / database = shop / table = public.orders / expires = deleted_at + "
                   "30d");
}
END_TEST

START_TEST(line_of_a_megabyte_is_refused)
{
    char *bytes = mem_new(1000 * 1000);

    memset(bytes, 'a', 1000 * 1000);
    write_file(bytes, 1000 * 1000);
    expect_no_load("f:1: the line has 1000000 bytes, at most 199 are allowed (the value of "
                   "conninfo, window or where may go on in the next line, indented)");
    free(bytes);
}
END_TEST

START_TEST(file_over_a_mebibyte_is_refused)
{
    size_t length = 1024 * 1024 + 1;
    char *bytes = mem_new(length);

    memset(bytes, '\n', length);
    write_file(bytes, length);
    expect_no_load("f: is larger than 1 MiB; this is not a configuration file");
    write_file(bytes, length - 1);
    expect_no_load("f:1048576: there is no job, so there is nothing to do; a job looks like this: "
                   "[job orders] / database = shop / table = public.orders / expires = deleted_at "
                   "+ 30d");
    free(bytes);
}
END_TEST

TCase *config_settings_cases(void)
{
    TCase *cases = tcase_create("settings");

    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_add_test(cases, job_gets_the_documented_defaults);
    tcase_add_test(cases, job_takes_its_own_value_before_that_of_defaults_wherever_it_stands);
    tcase_add_test(cases, list_is_kept_with_one_blank_behind_each_comma);
    tcase_add_test(cases, yes_and_no_are_read_in_every_spelling);
    tcase_add_test(cases, choices_stand_in_the_order_of_their_enums);
    tcase_add_test(cases, retention_may_be_as_short_as_min_retention);
    tcase_add_test(cases, printed_settings_never_hold_the_password);
    tcase_add_test(cases, masked_password_is_not_taken_back);
    tcase_add_test(cases, long_values_are_printed_in_lines_that_can_be_read);
    tcase_add_test(cases, name_that_only_just_fits_is_printed_so_that_it_fits);
    tcase_add_loop_test(cases, option_takes_its_default_its_example_and_both_ends_of_its_range, 0,
                        (int)config_option_count);
    tcase_add_loop_test(cases, option_has_all_that_its_row_needs, 0, (int)config_option_count);
    tcase_add_test(cases, file_is_loaded);
    tcase_add_test(cases, missing_file_is_refused);
    tcase_add_test(cases, unreadable_file_is_refused);
    tcase_add_test(cases, options_that_need_a_restart_are_named_when_they_differ);
    tcase_add_test(cases, directory_is_refused);
    tcase_add_test(cases, fifo_is_refused_without_waiting_for_a_writer);
    tcase_add_test(cases, empty_file_is_refused);
    tcase_add_test(cases, line_of_a_megabyte_is_refused);
    tcase_add_test(cases, file_over_a_mebibyte_is_refused);
    return cases;
}
