/*
 * Tables are drawn as letters, the jobs on them stand in the file as a, b, c, d. "b>a" says that
 * rows of b refer to those of a and keep them, "b-a" that they don't keep them.
 */
#include "policy/job_order.h"

#include <string.h>

#include "base/text.h"
#include "policy.h"

enum { JOBS = 4, MOST_REFERENCES = 12 };

static const struct order_case {
    const char *name, *references, *under_way;
    const char *waits_for[JOBS]; /* a, b, c, d; NULL = for nobody */
} cases[] = {
    {"nothing refers to anything", "", "abcd", {NULL}},
    {"a parent waits for its child", "b>a", "ab", {"b"}},
    {"the child waits for nobody", "a>b", "ab", {NULL, "a"}},
    {"three deep, in the wrong order", "b>a c>b", "abc", {"b", "c"}},
    {"two children: the first of them", "c>a b>a", "abc", {"c"}},
    {"a child that is not under way is not waited for", "b>a", "a", {NULL}},
    {"nor is one behind it", "b>a c>b", "ac", {NULL, "c"}},
    {"one behind it that is known to refer is", "b>a c>b c>a", "ac", {"c", "c"}},
    {"one child of two is under way", "b>a c>a", "ac", {"c"}},
    {"a table that refers to itself", "a>a", "a", {NULL}},
    {"rows that are only set to NULL go first as well", "b-a", "ab", {"b"}},

    {"a circle of two: the first begins", "a>b b>a", "ab", {NULL, "a"}},
    {"a circle of three", "a>b b>c c>a", "abc", {NULL, "a", "b"}},
    {"a circle of three, the other way round", "b>a c>b a>c", "abc", {NULL, NULL, "a"}},
    {"a circle, and one that waits for it", "a>b b>a b>d", "abd", {NULL, "a", NULL, "b"}},
    {"a circle that waits for one outside", "b>c c>b a>b", "abc", {NULL, "a", "b"}},
    {"a circle with one part not under way", "a>b b>c c>a", "ab", {NULL, "a", "b"}},
    {"no circle where one of it is not under way", "b>a c>b a>c", "ab", {"b", NULL, "a"}},
    {"a circle through SET NULL begins behind it", "b>a a-b", "ab", {"b", NULL}},
    {"whichever stands first in the file", "a>b b-a", "ab", {NULL, "a"}},
    {"a circle of SET NULL alone is none", "a-b b-a", "ab", {NULL}},
    {"a long circle through SET NULL", "b>a c>b a-c", "abc", {"b", "c", NULL}},
    {"two circles that share a table", "a>b b>a b>c c>b", "abc", {NULL, "a", "b"}},
};

/* What `cases` draws, as order_waits_for() takes it. */
struct drawing {
    struct order_job jobs[JOBS];
    struct order_reference references[JOBS][MOST_REFERENCES];
};

static void draw(struct drawing *drawing, const struct order_case *row)
{
    memset(drawing, 0, sizeof *drawing);
    for (size_t i = 0; i < JOBS; i++) {
        drawing->jobs[i].references = drawing->references[i];
        drawing->jobs[i].under_way = strchr(row->under_way, 'a' + (int)i) != NULL;
    }
    for (const char *word = row->references; strlen(word) >= 3; word += strspn(word + 3, " ") + 3) {
        size_t child = (size_t)(word[0] - 'a'), parent = (size_t)(word[2] - 'a');
        struct order_job *job = &drawing->jobs[parent];

        drawing->references[parent][job->reference_count++] =
            (struct order_reference){child, word[1] == '>'};
    }
}

START_TEST(who_waits_for_whom)
{
    const struct order_case *row = &cases[_i];
    struct drawing drawing;

    draw(&drawing, row);
    for (size_t i = 0; i < JOBS; i++) {
        size_t other = order_waits_for(drawing.jobs, JOBS, i);
        char letter = other < JOBS ? (char)('a' + (int)other) : '-';
        char expected = row->waits_for[i] != NULL ? row->waits_for[i][0] : '-';

        ck_assert_msg(letter == expected, "%s: %c waits for %c, not for %c", row->name,
                      'a' + (int)i, letter, expected);
    }
}
END_TEST

/* Every graph of three tables, with every part of it under way. */
START_TEST(somebody_under_way_waits_for_nobody)
{
    static const char *const pairs[] = {"ab", "ba", "ac", "ca", "bc", "cb"};

    for (int graph = 0; graph < 3 * 3 * 3 * 3 * 3 * 3; graph++) {
        for (int under_way = 1; under_way < 1 << 3; under_way++) {
            struct text references = {0};
            struct order_case row = {.under_way = ""};
            struct drawing drawing;
            bool free_one = false;

            for (int i = 0, rest = graph; i < (int)ARRAY_LENGTH(pairs); i++, rest /= 3)
                if (rest % 3 != 0)
                    text_addf(&references, "%c%c%c ", pairs[i][0], rest % 3 == 1 ? '>' : '-',
                              pairs[i][1]);
            row.references = references.data != NULL ? references.data : "";
            draw(&drawing, &row);
            for (int i = 0; i < 3; i++)
                drawing.jobs[i].under_way = (under_way >> i & 1) != 0;
            for (size_t i = 0; i < 3; i++)
                free_one |=
                    drawing.jobs[i].under_way && order_waits_for(drawing.jobs, JOBS, i) == JOBS;
            ck_assert_msg(free_one, "all wait: %s, under way %d", row.references, under_way);
            text_free(&references);
        }
    }
}
END_TEST

TCase *order_cases(void)
{
    TCase *tcase = tcase_create("order");

    tcase_add_loop_test(tcase, who_waits_for_whom, 0, ARRAY_LENGTH(cases));
    tcase_add_test(tcase, somebody_under_way_waits_for_nobody);
    return tcase;
}
