/*
 * src/engine/ranges.c: which rows come next. Every range as a table of cases, and a model: a
 * made-up partition with rows that can't go is scanned with random failures, and what the scan
 * skips, repeats or spends is counted. The model prints its seed; SCAN_SEED=N repeats it.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "engine/scan_ranges.h"

/* Small blocks, so that a case is easy to follow: line pointers 0 to 9. */
enum { BLOCK_BYTES = 252, SLOTS = 10, BLOCKS = 8, CHUNK = 4 };

static struct scan_ranges new_scan(uint32_t from_block, uint32_t end_block)
{
    struct scan_ranges ranges;

    ranges_start(&ranges, BLOCK_BYTES);
    ck_assert_uint_eq(ranges.block_slots, SLOTS);
    ranges_begin_pass(&ranges, from_block, end_block);
    return ranges;
}

/* Everything before is handed out. */
static void stand_at(struct scan_ranges *ranges, struct tid position)
{
    ranges->pieces[0].from = position;
}

/* The next range, with nothing but the narrowing to make it short. */
static struct scan_range take(struct scan_ranges *ranges)
{
    struct scan_range next = {{{0, 0}, {0, 0}}, false, false, false};

    ranges_take(ranges, UINT32_MAX, &next);
    return next;
}

static void take_and_give_back(struct scan_ranges *ranges, struct scan_range *next)
{
    *next = take(ranges);
    ranges_give_back(ranges, next->range);
}

/* --- one range --- */

static const struct range_case {
    const char *what;
    struct tid position;
    uint64_t narrow_slots;
    struct tid rejected[3]; /* {0, 0} ends the list */
    struct tid from, to;
    bool narrowed, one_block, one_row;
} range_cases[] = {
    {"the whole partition", {0, 0}, 0, {{0, 0}}, {0, 0}, {8, 0}, false, false, false},
    {"from the middle", {3, 0}, 0, {{0, 0}}, {3, 0}, {8, 0}, false, false, false},
    {"from the middle of a block", {3, 4}, 0, {{0, 0}}, {3, 4}, {8, 0}, false, false, false},
    {"the last block", {7, 0}, 0, {{0, 0}}, {7, 0}, {8, 0}, false, true, false},
    {"the last line pointer", {7, 9}, 0, {{0, 0}}, {7, 9}, {8, 0}, false, true, true},

    {"narrowed to blocks", {2, 0}, 35, {{0, 0}}, {2, 0}, {5, 0}, true, false, false},
    {"narrowed to one block", {2, 0}, 10, {{0, 0}}, {2, 0}, {3, 0}, true, true, false},
    {"narrowed, but not to the end", {6, 0}, 500, {{0, 0}}, {6, 0}, {8, 0}, true, false, false},
    {"narrowed to half a block", {2, 0}, 5, {{0, 0}}, {2, 0}, {2, 5}, true, true, false},
    {"narrowed to a row", {2, 3}, 1, {{0, 0}}, {2, 3}, {2, 4}, true, true, true},
    {"narrowed to the last row of a block", {2, 9}, 1, {{0, 0}}, {2, 9}, {3, 0}, true, true, true},
    {"a block's end ends a narrowed range", {2, 7}, 5, {{0, 0}}, {2, 7}, {3, 0}, true, true, false},
    {"a longer one goes on in whole blocks",
     {2, 7},
     40,
     {{0, 0}},
     {2, 7},
     {6, 0},
     true,
     false,
     false},

    {"up to a rejected row", {0, 0}, 0, {{2, 5}}, {0, 0}, {2, 5}, false, false, false},
    {"over a rejected row", {2, 5}, 0, {{2, 5}}, {2, 6}, {8, 0}, false, false, false},
    {"over a rejected row at a block's end",
     {2, 9},
     0,
     {{2, 9}},
     {3, 0},
     {8, 0},
     false,
     false,
     false},
    {"over two rejected rows to a third",
     {2, 5},
     0,
     {{2, 5}, {2, 6}, {2, 8}},
     {2, 7},
     {2, 8},
     false,
     true,
     true},
    {"a rejected row behind does not matter",
     {4, 0},
     0,
     {{2, 5}},
     {4, 0},
     {8, 0},
     false,
     false,
     false},
    {"narrowed up to a rejected row", {2, 0}, 10, {{2, 3}}, {2, 0}, {2, 3}, true, true, false},
    {"narrowed before a rejected row", {2, 0}, 3, {{2, 5}}, {2, 0}, {2, 3}, true, true, false},
};

static const char *shown(char *room, size_t size, struct tid_range range)
{
    snprintf(room, size, "(%u,%u)-(%u,%u)", range.from.block, range.from.offset, range.to.block,
             range.to.offset);
    return room;
}

START_TEST(next_range_is)
{
    const struct range_case *row = &range_cases[_i];
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct tid_range wanted = {row->from, row->to};
    char is[64], should_be[64];
    struct scan_range next;

    for (size_t i = 0; i < ARRAY_LENGTH(row->rejected) && row->rejected[i].block > 0; i++)
        ranges_remember_rejected(&ranges, row->rejected[i]);
    stand_at(&ranges, row->position);
    ranges.narrow_slots = row->narrow_slots;
    next = take(&ranges);
    shown(is, sizeof is, next.range);
    shown(should_be, sizeof should_be, wanted);
    ck_assert_msg(strcmp(is, should_be) == 0, "%s: %s, not %s", row->what, is, should_be);
    ck_assert_msg(next.narrowed == row->narrowed, "%s: narrowed", row->what);
    ck_assert_msg(ranges_is_empty(&ranges) == (row->to.block >= BLOCKS), "%s: empty", row->what);
    ck_assert_msg(next.one_block == row->one_block, "%s: one block", row->what);
    ck_assert_msg(next.one_row == row->one_row, "%s: one row", row->what);
    ranges_free(&ranges);
}
END_TEST

START_TEST(a_rejected_row_at_the_end_partitions_nothing_to_take)
{
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct scan_range next;

    ranges_remember_rejected(&ranges, (struct tid){7, 9});
    stand_at(&ranges, (struct tid){7, 9});
    ck_assert(!ranges_take(&ranges, 1, &next));
    ck_assert(ranges_is_empty(&ranges));
    ck_assert_uint_eq(ranges_block(&ranges), BLOCKS);
    ranges_free(&ranges);
}
END_TEST

START_TEST(a_range_has_at_most_the_blocks_that_were_asked_for)
{
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct scan_range next;

    ck_assert(ranges_take(&ranges, 3, &next));
    ck_assert(tid_equal(next.range.to, (struct tid){3, 0}));
    ck_assert(!next.narrowed && !next.one_block);
    ck_assert_uint_eq(ranges_block(&ranges), 3);
    ranges_free(&ranges);
}
END_TEST

START_TEST(several_ranges_are_out_at_once_and_don_t_overlap)
{
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct scan_range a, b, c;

    ck_assert(ranges_take(&ranges, 3, &a) && ranges_take(&ranges, 3, &b) &&
              ranges_take(&ranges, 3, &c));
    ck_assert(tid_equal(a.range.to, b.range.from) && tid_equal(b.range.to, c.range.from));
    ck_assert(tid_equal(c.range.to, (struct tid){BLOCKS, 0}));
    ck_assert(ranges_is_empty(&ranges));
    ranges_free(&ranges);
}
END_TEST

START_TEST(what_is_given_back_comes_first_and_is_joined)
{
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct scan_range a, b;

    ck_assert(ranges_take(&ranges, 3, &a) && ranges_take(&ranges, 3, &b));
    ranges_give_back(&ranges, (struct tid_range){{1, 5}, {3, 0}}); /* the rest of a */
    ck_assert_uint_eq(ranges_block(&ranges), 1);
    ck_assert_uint_eq(ranges.piece_count, 2);
    ranges_give_back(&ranges, b.range);
    ck_assert_uint_eq(ranges.piece_count, 1);
    ck_assert(tid_equal(take(&ranges).range.from, (struct tid){1, 5}));
    ranges_give_back(&ranges, (struct tid_range){{4, 0}, {4, 0}}); /* nothing */
    ck_assert(ranges_is_empty(&ranges));
    ranges_free(&ranges);
}
END_TEST

/* --- narrowing and growing --- */

START_TEST(a_failure_narrows_down_to_one_line_pointer_and_no_further)
{
    static const uint64_t wanted[] = {20, 10, 5, 2, 1, 1, 1};
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct scan_range next;

    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        take_and_give_back(&ranges, &next);
        ranges_narrow(&ranges, &next, 2, CHUNK);
        ck_assert_uint_eq(ranges.narrow_slots, wanted[i]);
    }
    ck_assert(take(&ranges).one_row);
    ranges_free(&ranges);
}
END_TEST

START_TEST(a_divisor_of_four_narrows_to_a_quarter)
{
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct scan_range next;

    take_and_give_back(&ranges, &next);
    ranges_narrow(&ranges, &next, 4, CHUNK);
    ck_assert_uint_eq(ranges.narrow_slots, CHUNK * SLOTS / 4);
    ranges_free(&ranges);
}
END_TEST

/* What is left of the partition is shorter than a chunk. */
START_TEST(near_the_end_the_range_that_is_left_is_narrowed)
{
    struct scan_ranges ranges = new_scan(BLOCKS - 1, BLOCKS);
    struct scan_range next;

    take_and_give_back(&ranges, &next);
    ranges_narrow(&ranges, &next, 2, 1000);
    ck_assert_uint_eq(ranges.narrow_slots, SLOTS / 2);
    ranges_free(&ranges);
}
END_TEST

START_TEST(success_doubles_the_range_until_it_is_no_longer_narrow)
{
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    int batches = 0;

    ranges.narrow_slots = 1;
    while (!ranges_is_empty(&ranges) && ranges.narrow_slots > 0 && ++batches < 100) {
        take(&ranges);
        ranges_widen(&ranges);
    }
    ck_assert_uint_eq(ranges.narrow_slots, 0);
    ck_assert_int_le(batches, 8);
    ranges_free(&ranges);
}
END_TEST

START_TEST(narrowed_to_a_block_the_rest_of_it_is_next)
{
    struct scan_ranges ranges = new_scan(0, BLOCKS);
    struct scan_range next;

    stand_at(&ranges, (struct tid){3, 4});
    ranges_narrow_to_block(&ranges);
    next = take(&ranges);
    ck_assert(next.one_block && next.narrowed);
    ck_assert(tid_equal(next.range.to, (struct tid){4, 0}));
    ranges_free(&ranges);
}
END_TEST

START_TEST(an_empty_partition_has_nothing_to_take)
{
    struct scan_ranges ranges = new_scan(0, 0);
    struct scan_range next;

    ck_assert(ranges_is_empty(&ranges) && !ranges_take(&ranges, 1, &next));
    ranges_begin_pass(&ranges, 5, 3); /* it was truncated meanwhile */
    ck_assert(ranges_is_empty(&ranges));
    ranges_free(&ranges);
}
END_TEST

/* A table of 32 TB has 2^32 blocks. */
START_TEST(the_largest_partition_does_not_overflow)
{
    struct scan_ranges ranges = new_scan(UINT32_MAX - 2, UINT32_MAX);
    struct scan_range next;

    take_and_give_back(&ranges, &next);
    ck_assert(tid_equal(next.range.to, (struct tid){UINT32_MAX, 0}));
    ranges_narrow(&ranges, &next, 2, 512);
    next = take(&ranges);
    ck_assert(tid_equal(next.range.from, (struct tid){UINT32_MAX - 2, 0}));
    ck_assert(tid_equal(next.range.to, (struct tid){UINT32_MAX - 1, 0}));
    ranges_begin_pass(&ranges, 0, UINT32_MAX);
    ranges.narrow_slots = (uint64_t)UINT32_MAX * SLOTS / 2 + 1;
    ranges_widen(&ranges);
    ck_assert_uint_eq(ranges.narrow_slots, 0);
    ranges_free(&ranges);
}
END_TEST

/* --- the model --- */

enum { MODEL_SLOTS = 8192 / 28 + 1, MODEL_BLOCKS = 200, MODEL_CHUNK = 64 };

/* A partition whose bad rows make every batch fail that contains them. */
struct model {
    struct scan_ranges ranges;
    uint64_t random;
    int transient_percent; /* of the batches fail for no row's fault */
    bool *bad;             /* by slot_of() */
    unsigned char *visits; /* in this pass */
    int bad_count, batches, failures;
};

static uint32_t random_below(struct model *model, uint32_t bound)
{
    model->random = model->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)((model->random >> 33) % bound);
}

static size_t slot_of(struct tid tid)
{
    return (size_t)tid.block * MODEL_SLOTS + tid.offset;
}

static uint64_t chosen_seed(void)
{
    const char *given = getenv("SCAN_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

    printf("SCAN_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

static struct model new_model(int bad_count, int transient_percent)
{
    struct model model = {.random = chosen_seed(), .transient_percent = transient_percent};
    size_t slots = (size_t)MODEL_BLOCKS * MODEL_SLOTS;

    model.bad = mem_new(slots * sizeof *model.bad);
    model.visits = mem_new(slots);
    while (model.bad_count < bad_count) {
        size_t slot = random_below(&model, (uint32_t)slots);

        if (slot % MODEL_SLOTS != 0 && !model.bad[slot]) /* there is no line pointer 0 */
            model.bad_count += model.bad[slot] = true;
    }
    ranges_start(&model.ranges, 8192);
    ck_assert_uint_eq(model.ranges.block_slots, MODEL_SLOTS);
    return model;
}

static void free_model(struct model *model)
{
    ranges_free(&model->ranges);
    free(model->bad);
    free(model->visits);
}

/* How far a batch comes by itself: some chunks, as time and rows allow. */
static struct tid reach(struct model *model, const struct scan_range *next)
{
    uint32_t chunks = 1 + random_below(model, 4);
    struct tid reached = {next->range.from.block + chunks * MODEL_CHUNK, 0};

    return tid_before(reached, next->range.to) ? reached : next->range.to;
}

static bool has_bad_row(const struct model *model, struct tid from, struct tid to)
{
    for (size_t slot = slot_of(from); slot < slot_of(to); slot++)
        if (model->bad[slot])
            return true;
    return false;
}

static void visit(struct model *model, struct tid from, struct tid to)
{
    for (size_t slot = slot_of(from); slot < slot_of(to); slot++)
        model->visits[slot]++;
}

static void fail_on_bad_row(struct model *model, const struct scan_range *next)
{
    model->failures++;
    if (!next->one_row) {
        ranges_give_back(&model->ranges, next->range);
        ranges_narrow(&model->ranges, next, 2, MODEL_CHUNK);
        return;
    }
    ck_assert_msg(model->bad[slot_of(next->range.from)], "a good row was set aside: (%u,%u)",
                  next->range.from.block, next->range.from.offset);
    visit(model, next->range.from, next->range.to);
    ranges_remember_rejected(&model->ranges, next->range.from);
}

static void fail_for_a_moment(struct model *model, const struct scan_range *next)
{
    ranges_give_back(&model->ranges, next->range);
    if (random_below(model, 2) == 0)
        ranges_narrow(&model->ranges, next, 4, MODEL_CHUNK);
    else
        ranges_narrow_to_block(&model->ranges);
}

static void one_batch(struct model *model, const struct scan_range *next)
{
    struct tid reached = reach(model, next);

    model->batches++;
    ck_assert_msg(tid_before(next->range.from, next->range.to), "an empty range");
    if ((int)random_below(model, 100) < model->transient_percent) {
        fail_for_a_moment(model, next);
    } else if (has_bad_row(model, next->range.from, reached)) {
        fail_on_bad_row(model, next);
    } else {
        visit(model, next->range.from, reached);
        ranges_give_back(&model->ranges, (struct tid_range){reached, next->range.to});
        if (next->narrowed)
            ranges_widen(&model->ranges);
    }
}

/* Every line pointer once, but for the rejected ones of an earlier pass. */
static void check_visits(const struct model *model, bool first_pass)
{
    for (size_t slot = 0; slot < (size_t)MODEL_BLOCKS * MODEL_SLOTS; slot++) {
        int wanted = first_pass || !model->bad[slot];

        ck_assert_msg(model->visits[slot] == wanted, "(%zu,%zu) was visited %d times, not %d",
                      slot / MODEL_SLOTS, slot % MODEL_SLOTS, model->visits[slot], wanted);
    }
}

/* Two ranges are out at once while nothing is narrow, and come back in any order. */
static void one_pass(struct model *model, bool first)
{
    struct scan_range out[2], landed;
    size_t out_count = 0, pick;

    memset(model->visits, 0, (size_t)MODEL_BLOCKS * MODEL_SLOTS);
    model->batches = model->failures = 0;
    ranges_begin_pass(&model->ranges, 0, MODEL_BLOCKS);
    for (;;) {
        while (out_count < 2 && (out_count == 0 || model->ranges.narrow_slots == 0) &&
               ranges_take(&model->ranges, MODEL_CHUNK * (1 + random_below(model, 4)),
                           &out[out_count]))
            out_count++;
        if (out_count == 0)
            break;
        pick = random_below(model, (uint32_t)out_count);
        landed = out[pick];
        out[pick] = out[--out_count];
        one_batch(model, &landed);
        ck_assert_int_lt(model->batches, 1000000);
    }
    check_visits(model, first);
}

static const struct {
    int bad, transient_percent;
} models[] = {{0, 0}, {1, 0}, {20, 0}, {1000, 0}, {0, 30}, {20, 30}, {300, 50}};

START_TEST(every_line_pointer_is_visited_once_in_each_pass)
{
    struct model model = new_model(models[_i].bad, models[_i].transient_percent);

    one_pass(&model, true);
    ck_assert_uint_eq(model.ranges.rejected_count, (size_t)models[_i].bad);
    one_pass(&model, false);
    ck_assert_int_eq(model.failures, 0);
    free_model(&model);
}
END_TEST

/* Halving down to the row, where each success on the way doubles the range once more than it should
 * be, and doubling back up to the whole partition. */
START_TEST(a_bad_row_costs_batches_in_the_order_of_the_logarithm)
{
    struct model model = new_model(models[_i].bad, 0);
    double halvings = ceil(log2((double)MODEL_CHUNK * MODEL_SLOTS));
    double doublings = ceil(log2((double)MODEL_BLOCKS * MODEL_SLOTS));
    int without = 2 * MODEL_BLOCKS / MODEL_CHUNK + 2;

    one_pass(&model, true);
    ck_assert_msg(model.failures <= models[_i].bad * (2 * halvings + 2), "%d failures",
                  model.failures);
    ck_assert_msg(model.batches <= without + models[_i].bad * (3 * halvings + doublings + 2),
                  "%d batches for %d bad rows", model.batches, models[_i].bad);
    free_model(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan");
    TCase *tcase = tcase_create("scan");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, next_range_is, 0, ARRAY_LENGTH(range_cases));
    tcase_add_test(tcase, a_failure_narrows_down_to_one_line_pointer_and_no_further);
    tcase_add_test(tcase, a_divisor_of_four_narrows_to_a_quarter);
    tcase_add_test(tcase, near_the_end_the_range_that_is_left_is_narrowed);
    tcase_add_test(tcase, success_doubles_the_range_until_it_is_no_longer_narrow);
    tcase_add_test(tcase, narrowed_to_a_block_the_rest_of_it_is_next);
    tcase_add_test(tcase, an_empty_partition_has_nothing_to_take);
    tcase_add_test(tcase, a_rejected_row_at_the_end_partitions_nothing_to_take);
    tcase_add_test(tcase, a_range_has_at_most_the_blocks_that_were_asked_for);
    tcase_add_test(tcase, several_ranges_are_out_at_once_and_don_t_overlap);
    tcase_add_test(tcase, what_is_given_back_comes_first_and_is_joined);
    tcase_add_test(tcase, the_largest_partition_does_not_overflow);
    tcase_add_loop_test(tcase, every_line_pointer_is_visited_once_in_each_pass, 0,
                        ARRAY_LENGTH(models));
    tcase_add_loop_test(tcase, a_bad_row_costs_batches_in_the_order_of_the_logarithm, 0, 4);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
