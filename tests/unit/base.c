/*
 * Floor 0: err, text, words, log and clock. What a message looks like is part of what a person gets
 * to see, so it is spelled out here.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "base/printable.h"
#include "base/text.h"
#include "model/codes.h"
#include "model/tid.h"

START_TEST(error_is_set_and_prefixed_and_always_false)
{
    struct err err;

    ck_assert(!err_set(&err, "\"%d\" has no unit", 30));
    ck_assert_str_eq(err.text, "\"30\" has no unit");
    ck_assert(!err_prefix(&err, "%s:%d", "shop.conf", 12));
    ck_assert_str_eq(err.text, "shop.conf:12: \"30\" has no unit");
    ck_assert(!err_set(&err, "another"));
    ck_assert_str_eq(err.text, "another");
}
END_TEST

START_TEST(error_longer_than_its_room_is_cut)
{
    struct err err;
    char *longer = text_format("%0*d", 5000, 7);

    err_set(&err, "%s", longer);
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
    err_prefix(&err, "here");
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
    ck_assert_msg(text_starts(err.text, "here: 000"), "%.20s", err.text);
    err_prefix(&err, "%s", longer); /* nothing but the prefix is left */
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
    ck_assert_msg(text_starts(err.text, "000"), "%.20s", err.text);
    free(longer);
}
END_TEST

static const struct printable_case {
    const char *text, *line;
} printable_cases[] = {
    {"", ""},
    {"orders\tof \"Köln\" 日本 \U0001F600", "orders\tof \"Köln\" 日本 \U0001F600"},
    {"\033[2J", "\\x1B[2J"},
    {"a\ab\bc\x7f", "a\\x07b\\x08c\\x7F"},
    {"a\nb\r", "a\\x0Ab\\x0D"},
    {"\xc2\x9b"
     "31m",
     "\\u009B31m"},
    {"\x9b"
     "31m",
     "\\x9B31m"},
    {"a\u202Eb\u2066c\u200Fd\u061C", "a\\u202Eb\\u2066c\\u200Fd\\u061C"},
    {"a\u2028b\u2029", "a\\u2028b\\u2029"},
    {"a\u200Bb\uFEFF", "a\\u200Bb\\uFEFF"},
    {"\U000E0041", "\\U000E0041"},
    {"\xff\xc3", "\\xFF\\xC3"},
    {"\xed\xa0\x80", "\\xED\\xA0\\x80"},
};

START_TEST(text_of_others_cannot_steer_a_terminal)
{
    const struct printable_case *row = &printable_cases[_i];
    struct text out = {0};

    text_add(&out, "");
    printable_add_line(&out, row->text);
    ck_assert_str_eq(out.data != NULL ? out.data : "", row->line);
    text_free(&out);
}
END_TEST

static const struct sql_case {
    const char *sql, *printed;
} sql_cases[] = {
    {"GRANT SELECT ON public.\"it's\" TO \"a\\b\"", "GRANT SELECT ON public.\"it's\" TO \"a\\b\""},
    {"SELECT 1\n  FROM \"x\"", "SELECT 1\n  FROM \"x\""},
    {"GRANT x ON \"a\nALTER ROLE m SUPERUSER;--\" TO p",
     "GRANT x ON U&\"a\\000AALTER ROLE m SUPERUSER;--\" TO p"},
    {"\"a\"\"\n\\\"", "U&\"a\"\"\\000A\\\\\""},
    {"'a\n''b\\'", "E'a\\u000A''b\\\\'"},
    {"E'a\n\\'b'", "E'a\\u000A\\'b'"},
    {"\"\u202E\" \"\U000E0041\"", "U&\"\\202E\" U&\"\\+0E0041\""},
    {"\"not closed\n", "U&\"not closed\\000A"},
    {"\"\"", "\"\""},
};

START_TEST(sql_keeps_its_meaning_and_its_lines)
{
    struct text out = {0};

    printable_add_sql(&out, sql_cases[_i].sql);
    ck_assert_str_eq(out.data, sql_cases[_i].printed);
    text_free(&out);
}
END_TEST

START_TEST(newlines_stay_where_there_are_several_lines)
{
    struct text out = {0};

    printable_add(&out, "a\nb\033\n");
    ck_assert_str_eq(out.data, "a\nb\\x1B\n");
    text_free(&out);
}
END_TEST

START_TEST(text_grows_by_pieces)
{
    struct text text = {0};
    char *taken;

    for (int i = 0; i < 1000; i++) {
        text_add(&text, "a");
        text_addf(&text, "%d", i % 10);
        text_add_bytes(&text, ";---", 1);
        ck_assert_uint_eq(text.length, (size_t)(i + 1) * 3);
        ck_assert_uint_eq(strlen(text.data), text.length);
        ck_assert_uint_gt(text.room, text.length);
    }
    taken = text_take(&text);
    ck_assert(text_starts(taken, "a0;a1;a2;"));
    ck_assert_ptr_null(text.data);
    ck_assert_uint_eq(text.length, 0);
    free(taken);
}
END_TEST

START_TEST(text_with_nothing_in_it_is_taken_as_an_empty_string)
{
    struct text text = {0};
    char *taken = text_take(&text);

    ck_assert_str_eq(taken, "");
    free(taken);
    text_add(&text, "");
    ck_assert_str_eq(text.data, "");
    text_free(&text);
    text_free(&text); /* twice is fine */
    ck_assert_ptr_null(text.data);
}
END_TEST

static const struct {
    int64_t value;
    const char *text;
} grouped_cases[] = {
    {0, "0"},
    {999, "999"},
    {1000, "1,000"},
    {1234567, "1,234,567"},
    {-1, "-1"},
    {-999, "-999"},
    {-123456, "-123,456"},
    {INT64_MAX, "9,223,372,036,854,775,807"},
    {INT64_MIN, "-9,223,372,036,854,775,808"},
};

START_TEST(number_is_grouped_by_thousands)
{
    struct text_number room;

    ck_assert_str_eq(text_grouped(&room, grouped_cases[_i].value), grouped_cases[_i].text);
}
END_TEST

START_TEST(text_keeps_bytes_that_are_no_characters)
{
    struct text text = {0};

    text_add_bytes(&text, "a\0b", 3);
    text_add(&text, "c");
    ck_assert_uint_eq(text.length, 4);
    ck_assert_mem_eq(text.data, "a\0bc", 5);
    text_free(&text);
}
END_TEST

START_TEST(memory_comes_zeroed_and_even_for_nothing)
{
    char *bytes = mem_new(100), *nothing = mem_new(0);

    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(bytes[i], 0);
    bytes[0] = 'x';
    bytes = mem_grow(bytes, 100000);
    ck_assert_int_eq(bytes[0], 'x');
    ck_assert_ptr_nonnull(nothing);
    free(nothing);
    nothing = mem_grow(NULL, 0);
    ck_assert_ptr_nonnull(nothing);
    free(nothing);
    free(bytes);
}
END_TEST

/* AddressSanitizer ends the process by itself, and in its own way. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifndef __SANITIZE_ADDRESS__
START_TEST(memory_that_is_not_there_ends_the_process)
{
    volatile size_t more_than_any_machine_has = (size_t)1 << 60;

    free(mem_new(more_than_any_machine_has));
}
END_TEST
#endif

START_TEST(copies_and_formats_are_the_callers)
{
    char *copy = text_copy("orders"), *format = text_format("%s=%d", copy, 5);

    ck_assert_str_eq(copy, "orders");
    ck_assert_str_eq(format, "orders=5");
    free(copy);
    free(format);
}
END_TEST

START_TEST(texts_compare_by_every_byte)
{
    ck_assert(text_equal("a", "a"));
    ck_assert(!text_equal("a", "A"));
    ck_assert(!text_equal("a", "ab"));
    ck_assert(text_starts("orders", "ord"));
    ck_assert(text_starts("orders", ""));
    ck_assert(!text_starts("ord", "orders"));
}
END_TEST

#define WORD_LIST(kind)                                                                            \
    static const char *kind##_code_of(int word)                                                    \
    {                                                                                              \
        return kind##_code((enum kind)word);                                                       \
    }                                                                                              \
    static const char *kind##_sentence_of(int word)                                                \
    {                                                                                              \
        return kind##_sentence((enum kind)word);                                                   \
    }

WORD_LIST(job_state)
WORD_LIST(reason)
WORD_LIST(run_outcome)
WORD_LIST(batch_outcome)
WORD_LIST(rejected_reason)

static const struct word_list {
    const char *name;
    int count;
    const char *(*code)(int word), *(*sentence)(int word);
} word_lists[] = {
    {"job states", JOB_STATE_COUNT, job_state_code_of, job_state_sentence_of},
    {"reasons", REASON_COUNT, reason_code_of, reason_sentence_of},
    {"run outcomes", RUN_OUTCOME_COUNT, run_outcome_code_of, run_outcome_sentence_of},
    {"batch outcomes", BATCH_OUTCOME_COUNT, batch_outcome_code_of, batch_outcome_sentence_of},
    {"rejected reasons", REJECTED_REASON_COUNT, rejected_reason_code_of,
     rejected_reason_sentence_of},
};

START_TEST(every_word_has_a_code_of_its_own_fit_for_a_label)
{
    const struct word_list *list = &word_lists[_i];

    for (int i = 0; i < list->count; i++) {
        const char *code = list->code(i);

        ck_assert_msg(code != NULL && *code != '\0' &&
                          code[strspn(code, "abcdefghijklmnopqrstuvwxyz_")] == '\0',
                      "%s %d: code '%s'", list->name, i, code);
        for (int j = 0; j < i; j++)
            ck_assert_msg(!text_equal(code, list->code(j)), "%s: '%s' twice", list->name, code);
    }
}
END_TEST

START_TEST(every_word_has_a_sentence_without_its_full_stop)
{
    const struct word_list *list = &word_lists[_i];

    for (int i = 0; i < list->count; i++) {
        const char *sentence = list->sentence(i);

        ck_assert_msg(sentence != NULL && strlen(sentence) > 5, "%s %d", list->name, i);
        ck_assert_msg(sentence[strlen(sentence) - 1] != '.', "%s: '%s'", list->name, sentence);
    }
}
END_TEST

/* Runs what prints, and gives back what arrived on stderr. */
static char *stderr_of(void (*print)(void))
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    struct text text = {0};
    char piece[4096];
    size_t got;

    ck_assert_ptr_nonnull(file);
    dup2(fileno(file), STDERR_FILENO);
    print();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        text_add_bytes(&text, piece, got);
    fclose(file);
    return text_take(&text);
}

static void print_all_levels(void)
{
    log_error("job=%s failed", "orders");
    log_warning("w");
    log_info("i");
    log_debug("d");
}

static const struct level_case {
    enum log_level level;
    const char *expected;
} level_cases[] = {
    {LOG_LEVEL_ERROR, "<3>job=orders failed\n"},
    {LOG_LEVEL_WARNING, "<3>job=orders failed\n<4>w\n"},
    {LOG_LEVEL_INFO, "<3>job=orders failed\n<4>w\n<6>i\n"},
    {LOG_LEVEL_DEBUG, "<3>job=orders failed\n<4>w\n<6>i\n<7>d\n"},
};

START_TEST(log_under_journald_carries_priorities_and_no_time)
{
    char *lines;

    log_setup(level_cases[_i].level, true);
    lines = stderr_of(print_all_levels);
    ck_assert_str_eq(lines, level_cases[_i].expected);
    free(lines);
}
END_TEST

START_TEST(log_elsewhere_carries_the_local_time_and_the_level)
{
    int year, month, day, hour, minute, second, ms, end = 0;
    char *lines;

    log_setup(LOG_LEVEL_WARNING, false);
    lines = stderr_of(print_all_levels);
    ck_assert_int_eq(sscanf(lines, "%4d-%2d-%2d %2d:%2d:%2d.%3d%n", &year, &month, &day, &hour,
                            &minute, &second, &ms, &end),
                     7);
    ck_assert_int_eq(end, 23);
    ck_assert_msg(text_starts(lines + end, " error   job=orders failed\n"), "%s", lines);
    ck_assert_ptr_nonnull(strstr(lines, " warning w\n"));
    ck_assert_ptr_null(strstr(lines, " info"));
    free(lines);
}
END_TEST

START_TEST(log_says_info_and_no_priorities_before_it_is_set_up)
{
    char *lines = stderr_of(print_all_levels);

    ck_assert_ptr_nonnull(strstr(lines, " info    i\n"));
    ck_assert_ptr_null(strstr(lines, " debug"));
    ck_assert_ptr_null(strstr(lines, "<3>"));
    free(lines);
}
END_TEST

static void print_lines(void)
{
    log_error("%s", "ERROR:  first\nDETAIL:  second\r\nthird\n");
}

START_TEST(log_keeps_a_message_of_several_lines_on_one)
{
    char *lines;

    log_setup(LOG_LEVEL_INFO, true);
    lines = stderr_of(print_lines);
    ck_assert_str_eq(lines, "<3>ERROR:  first DETAIL:  second  third \n");
    free(lines);
}
END_TEST

static void print_long_line(void)
{
    log_error("%0*d", 100000, 7);
}

START_TEST(log_cuts_a_message_that_is_too_long_and_still_ends_the_line)
{
    char *line;

    log_setup(LOG_LEVEL_INFO, true);
    line = stderr_of(print_long_line);
    ck_assert_uint_gt(strlen(line), 1000);
    ck_assert_uint_lt(strlen(line), 10000);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    free(line);
}
END_TEST

/* --- a reader that has stopped --- */

static void lost_line(uint64_t lost, char *line, size_t size)
{
    snprintf(line, size, "lost %llu\n", (unsigned long long)lost);
}

enum { MANY_LINES = 10000 };

/* What was read and what is said to be lost is all that was written, each line whole and in order.
 */
static void count_lines(FILE *reader, int last, int *read, int *lost)
{
    char line[256];
    int number = -1, before = -1;

    *read = *lost = 0;
    while (number != last && fgets(line, sizeof line, reader) != NULL) {
        int more;

        if (sscanf(line, "lost %d\n", &more) == 1) {
            *lost += more;
            before += more;
            continue;
        }
        ck_assert_msg(sscanf(line, "line %d of the log\n", &number) == 1, "%s", line);
        ck_assert_int_eq(number, before + 1);
        before = number;
        ++*read;
    }
}

START_TEST(log_goes_on_with_a_reader_that_has_stopped_and_tells_what_was_lost)
{
    int ends[2], read, lost;
    char line[64];

    ck_assert_int_eq(pipe(ends), 0);
    log_writer_start(ends[1], lost_line);
    for (int i = 0; i < 6 * MANY_LINES; i++)
        log_writer_put(ends[1], line, (size_t)sprintf(line, "line %d of the log\n", i), false);
    ck_assert_uint_gt(log_writer_lost(), 0);
    ck_assert_uint_lt(log_writer_lost(), 6 * MANY_LINES);
    log_writer_put(ends[1], line, (size_t)sprintf(line, "line %d of the log\n", 6 * MANY_LINES),
                   true);
    count_lines(fdopen(ends[0], "r"), 6 * MANY_LINES, &read, &lost);
    ck_assert_int_eq(read + lost, 6 * MANY_LINES + 1);
    ck_assert_int_eq(lost, (int)log_writer_lost());
}
END_TEST

START_TEST(log_loses_nothing_to_a_reader_that_reads_and_nothing_at_the_end)
{
    int ends[2], read, lost, status;
    char line[64];
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        log_writer_start(ends[1], lost_line);
        for (int i = 0; i <= MANY_LINES; i++)
            log_writer_put(ends[1], line, (size_t)sprintf(line, "line %d of the log\n", i), false);
        exit(0);
    }
    close(ends[1]);
    count_lines(fdopen(ends[0], "r"), MANY_LINES, &read, &lost);
    ck_assert_int_eq(read, MANY_LINES + 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
}
END_TEST

START_TEST(log_writer_leaves_the_descriptor_as_others_have_it)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    log_writer_start(ends[1], lost_line);
    log_writer_put(ends[1], "x\n", 2, false);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(log_levels_have_the_names_of_the_configuration)
{
    ck_assert_str_eq(log_level_name(LOG_LEVEL_ERROR), "error");
    ck_assert_str_eq(log_level_name(LOG_LEVEL_WARNING), "warning");
    ck_assert_str_eq(log_level_name(LOG_LEVEL_INFO), "info");
    ck_assert_str_eq(log_level_name(LOG_LEVEL_DEBUG), "debug");
}
END_TEST

START_TEST(monotonic_time_goes_forward_in_milliseconds)
{
    struct mono a = {5000000000}, b = {5001500000}, before = mono_now(), after = mono_now();

    ck_assert_double_eq(mono_ms_between(a, b), 1.5);
    ck_assert_double_eq(mono_ms_between(b, a), -1.5);
    ck_assert_double_ge(mono_ms_between(before, after), 0);
}
END_TEST

START_TEST(wall_time_is_in_microseconds_since_1970)
{
    time_t before = time(NULL);
    int64_t now_s = wall_now().us / 1000000;

    ck_assert_int_ge(now_s, before - 1); /* time() may lag by a tick */
    ck_assert_int_le(now_s, time(NULL) + 1);
}
END_TEST

START_TEST(tids_are_ordered_by_block_and_then_by_line_pointer)
{
    struct tid a = {1, 9}, b = {2, 0}, c = {2, 1}, last = {UINT32_MAX, UINT16_MAX};

    ck_assert(tid_before(a, b) && tid_before(b, c) && tid_before(c, last));
    ck_assert(!tid_before(b, a) && !tid_before(c, b) && !tid_before(a, a));
    ck_assert(tid_equal(c, c) && !tid_equal(b, c) && !tid_equal(a, b));
}
END_TEST

static void add_text_cases(TCase *tcase)
{
    tcase_add_test(tcase, error_is_set_and_prefixed_and_always_false);
    tcase_add_test(tcase, error_longer_than_its_room_is_cut);
    tcase_add_loop_test(tcase, text_of_others_cannot_steer_a_terminal, 0,
                        ARRAY_LENGTH(printable_cases));
    tcase_add_loop_test(tcase, sql_keeps_its_meaning_and_its_lines, 0, ARRAY_LENGTH(sql_cases));
    tcase_add_test(tcase, newlines_stay_where_there_are_several_lines);
    tcase_add_test(tcase, text_grows_by_pieces);
    tcase_add_test(tcase, text_with_nothing_in_it_is_taken_as_an_empty_string);
    tcase_add_loop_test(tcase, number_is_grouped_by_thousands, 0, ARRAY_LENGTH(grouped_cases));
    tcase_add_test(tcase, text_keeps_bytes_that_are_no_characters);
    tcase_add_test(tcase, memory_comes_zeroed_and_even_for_nothing);
#ifndef __SANITIZE_ADDRESS__
    tcase_add_test_raise_signal(tcase, memory_that_is_not_there_ends_the_process, SIGABRT);
#endif
    tcase_add_test(tcase, copies_and_formats_are_the_callers);
    tcase_add_test(tcase, texts_compare_by_every_byte);
}

static void add_word_cases(TCase *tcase)
{
    int lists = (int)ARRAY_LENGTH(word_lists);

    tcase_add_loop_test(tcase, every_word_has_a_code_of_its_own_fit_for_a_label, 0, lists);
    tcase_add_loop_test(tcase, every_word_has_a_sentence_without_its_full_stop, 0, lists);
}

static void add_log_cases(TCase *tcase)
{
    tcase_add_loop_test(tcase, log_under_journald_carries_priorities_and_no_time, 0,
                        ARRAY_LENGTH(level_cases));
    tcase_add_test(tcase, log_elsewhere_carries_the_local_time_and_the_level);
    tcase_add_test(tcase, log_says_info_and_no_priorities_before_it_is_set_up);
    tcase_add_test(tcase, log_keeps_a_message_of_several_lines_on_one);
    tcase_add_test(tcase, log_cuts_a_message_that_is_too_long_and_still_ends_the_line);
    tcase_add_test(tcase, log_goes_on_with_a_reader_that_has_stopped_and_tells_what_was_lost);
    tcase_add_test(tcase, log_loses_nothing_to_a_reader_that_reads_and_nothing_at_the_end);
    tcase_add_test(tcase, log_writer_leaves_the_descriptor_as_others_have_it);
    tcase_add_test(tcase, log_levels_have_the_names_of_the_configuration);
}

static void add_clock_cases(TCase *tcase)
{
    tcase_add_test(tcase, monotonic_time_goes_forward_in_milliseconds);
    tcase_add_test(tcase, wall_time_is_in_microseconds_since_1970);
    tcase_add_test(tcase, tids_are_ordered_by_block_and_then_by_line_pointer);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*add)(TCase *tcase);
    } things[] = {{"text", add_text_cases},
                  {"words", add_word_cases},
                  {"log", add_log_cases},
                  {"clock", add_clock_cases}};
    Suite *suite = suite_create("base");
    SRunner *runner = srunner_create(suite);
    int failed;

    for (size_t i = 0; i < ARRAY_LENGTH(things); i++) {
        TCase *tcase = tcase_create(things[i].name);

        things[i].add(tcase);
        suite_add_tcase(suite, tcase);
    }
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
