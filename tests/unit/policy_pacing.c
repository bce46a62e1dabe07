#include "policy/pacing.h"

#include <math.h>

#include "base/text.h"
#include "policy.h"

/*
 * A model of the server: what purge_batch of sql/schema.sql would do and how long it would take. A
 * chunk costs something by itself, so does each block, so does each row.
 */
struct server {
    int64_t blocks;
    int64_t (*rows_in)(int64_t block);
    double ms_per_chunk, ms_per_block, ms_per_row;
    double slower; /* a factor on all of them */
};

enum { ROWS_OF_A_FULL_BLOCK = 60 };

/* Some noise, the same in each run: 0 .. below - 1. */
static int64_t noise(int64_t block, int64_t below)
{
    return (int64_t)(((uint64_t)block * 2654435761u >> 7) % (uint64_t)below);
}

static int64_t uniform_rows(int64_t block)
{
    return 20 + noise(block, 3); /* 20..22: within a factor of 1.1 */
}

static int64_t full_rows(int64_t block)
{
    (void)block;
    return ROWS_OF_A_FULL_BLOCK;
}

static int64_t sparse_rows(int64_t block)
{
    return noise(block, 40) == 0;
}

static int64_t no_rows(int64_t block)
{
    (void)block;
    return 0;
}

static int64_t clustered_rows(int64_t block)
{
    return block / 150 % 6 == 0 ? ROWS_OF_A_FULL_BLOCK : 0;
}

static int64_t empty_then_dense_rows(int64_t block)
{
    return block < 20000 ? 0 : ROWS_OF_A_FULL_BLOCK;
}

static int64_t sparse_then_dense_rows(int64_t block)
{
    return block < 20011 ? 1 : ROWS_OF_A_FULL_BLOCK;
}

static int64_t crowded_rows(int64_t block)
{
    return block < 9000 ? 0 : PACE_BLOCK_ROWS;
}

static struct server server_with(int64_t (*rows_in)(int64_t block))
{
    return (struct server){.blocks = 40000,
                           .rows_in = rows_in,
                           .ms_per_chunk = 0.1,
                           .ms_per_block = 0.006,
                           .ms_per_row = 0.0012,
                           .slower = 1};
}

struct batch {
    bool too_many;
    int64_t rows, blocks, chunks;
    double elapsed_ms;
};

/* purge_batch's loop, to the letter. */
static struct batch run_batch(const struct server *server, int64_t from, struct pace_step step)
{
    struct batch batch = {0};

    for (;;) {
        int64_t found = 0, blocks = step.chunk_blocks;
        double chunk_ms;

        if (blocks > server->blocks - from - batch.blocks)
            blocks = server->blocks - from - batch.blocks;
        for (int64_t i = 0; i < blocks; i++)
            found += server->rows_in(from + batch.blocks + i);
        chunk_ms = server->slower * (server->ms_per_chunk + server->ms_per_block * (double)blocks +
                                     server->ms_per_row * (double)found);
        batch.rows += found;
        batch.blocks += blocks;
        batch.chunks++;
        batch.elapsed_ms += chunk_ms;
        batch.too_many = batch.rows > step.max_rows;
        if (batch.too_many || from + batch.blocks == server->blocks ||
            batch.rows + found > step.max_rows || batch.elapsed_ms + chunk_ms > step.budget_ms)
            return batch;
    }
}

/* What a scan over the whole partition was like. */
struct scan {
    int64_t batches, rows, most_rows;
    int64_t full_after; /* how many batches it took until the first one that was full */
    int64_t too_many, too_many_in_a_row;
    double longest_ms, longest_rollback_ms;
};

static bool batch_is_full(const struct batch *batch, struct pace_limits limits)
{
    return batch->elapsed_ms >= 0.5 * limits.batch_time_ms ||
           (double)batch->rows >= 0.5 * (double)limits.batch_rows;
}

static void note_batch(struct scan *scan, const struct batch *batch, struct pace_limits limits)
{
    scan->batches++;
    scan->rows += batch->rows;
    if (scan->full_after == 0 && batch_is_full(batch, limits))
        scan->full_after = scan->batches;
    if (batch->rows > scan->most_rows)
        scan->most_rows = batch->rows;
    scan->longest_ms = fmax(scan->longest_ms, batch->elapsed_ms);
}

static void learn_batch(struct pace *pace, const struct batch *batch)
{
    pace_learn(pace, &(struct pace_sample){batch->rows, batch->blocks, batch->chunks,
                                           batch->elapsed_ms, false});
}

static struct scan scan_partition(const struct server *server, struct pace_limits limits)
{
    struct scan scan = {0};
    struct pace pace;
    int64_t at = 0, in_a_row = 0;

    pace_start(&pace, limits);
    while (at < server->blocks) {
        struct batch batch = run_batch(server, at, pace_next(&pace));

        if (batch.too_many) {
            scan.too_many++;
            scan.longest_rollback_ms = fmax(scan.longest_rollback_ms, batch.elapsed_ms);
            if (++in_a_row > scan.too_many_in_a_row)
                scan.too_many_in_a_row = in_a_row;
            ck_assert_int_lt(in_a_row, 100);
            pace_shrink_to_rows(&pace, batch.rows);
            continue;
        }
        in_a_row = 0;
        note_batch(&scan, &batch, limits);
        learn_batch(&pace, &batch);
        at += batch.blocks;
    }
    return scan;
}

static const struct pace_limits by_rows = {.batch_time_ms = 50, .batch_rows = 1000};
static const struct pace_limits by_time = {.batch_time_ms = 5, .batch_rows = 100000};
static const struct pace_limits large = {.batch_time_ms = 1000, .batch_rows = 100000};

static const struct partition_case {
    const char *name;
    int64_t (*rows_in)(int64_t block);
    const struct pace_limits *limits;
    double longest_x;  /* the longest batch takes at most so often its time */
    double average;    /* all of them get at least so much of their time or rows */
    int64_t too_many;  /* at most so many are rolled back */
    double rollback_x; /* and the longest of those takes at most so often its time */
} partition_cases[] = {
    {"uniform, by rows", uniform_rows, &by_rows, 1, 0.7, 0, 0},
    {"uniform, by time", uniform_rows, &by_time, 1, 0.7, 0, 0},
    {"uniform, large batches", uniform_rows, &large, 1, 0.6, 0, 0},
    {"full blocks, by rows", full_rows, &by_rows, 1, 0.7, 0, 0},
    {"full blocks, by time", full_rows, &by_time, 1, 0.7, 0, 0},
    {"sparse, by rows", sparse_rows, &by_rows, 1, 0.7, 0, 0},
    {"nothing due, by rows", no_rows, &by_rows, 1, 0.7, 0, 0},
    {"nothing due, by time", no_rows, &by_time, 1, 0.6, 0, 0},
    {"clustered, by rows", clustered_rows, &by_rows, 1, 0.3, 20, 1.5},
    {"clustered, by time", clustered_rows, &by_time, 2.5, 0.5, 0, 0},
    {"empty, then dense", empty_then_dense_rows, &by_rows, 1, 0.7, 2, 1.5},
    {"sparse, then dense", sparse_then_dense_rows, &by_rows, 1, 0.7, 2, 1.5},
    {"empty, then as dense as can be", crowded_rows, &by_rows, 1, 0.6, 2, 4},
};

START_TEST(scan_keeps_its_limits_and_reaches_its_target)
{
    const struct partition_case *row = &partition_cases[_i];
    struct server server = server_with(row->rows_in);
    struct scan scan = scan_partition(&server, *row->limits);
    double full_ms, full_batches;
    int64_t due = 0;

    for (int64_t block = 0; block < server.blocks; block++)
        due += row->rows_in(block);
    full_ms = server.ms_per_block * (double)server.blocks + server.ms_per_row * (double)due;
    full_batches =
        fmax(full_ms / row->limits->batch_time_ms, (double)due / (double)row->limits->batch_rows);

    ck_assert_int_eq(scan.rows, due);
    ck_assert_msg(scan.most_rows <= row->limits->batch_rows, "%s: %lld rows", row->name,
                  (long long)scan.most_rows);
    ck_assert_msg(scan.longest_ms <= row->longest_x * row->limits->batch_time_ms, "%s: %g ms",
                  row->name, scan.longest_ms);
    ck_assert_msg(scan.full_after > 0 && scan.full_after <= 10, "%s: full after %lld batches",
                  row->name, (long long)scan.full_after);
    ck_assert_msg(scan.too_many <= row->too_many && scan.too_many_in_a_row <= 2,
                  "%s: %lld too large, %lld in a row", row->name, (long long)scan.too_many,
                  (long long)scan.too_many_in_a_row);
    ck_assert_msg(scan.longest_rollback_ms <= row->rollback_x * row->limits->batch_time_ms,
                  "%s: %g ms rolled back", row->name, scan.longest_rollback_ms);
    ck_assert_msg((double)scan.batches <= full_batches / row->average + 10,
                  "%s: %lld batches, %g full ones would do", row->name, (long long)scan.batches,
                  full_batches);
}
END_TEST

/* The chunk that a scan over full blocks has settled on. */
static struct pace settled(const struct server *server, struct pace_limits limits)
{
    struct pace pace;
    int64_t at = 0;

    pace_start(&pace, limits);
    for (int i = 0; i < 30; i++) {
        struct batch batch = run_batch(server, at, pace_next(&pace));

        learn_batch(&pace, &batch);
        at += batch.blocks;
    }
    return pace;
}

START_TEST(server_that_is_suddenly_ten_times_slower_is_left_alone_within_three_batches)
{
    struct server server = server_with(full_rows);
    struct pace pace = settled(&server, by_time);
    double elapsed_ms = 0;

    server.slower = 10;
    for (int i = 0; i < 4; i++) {
        struct pace_step step = pace_next(&pace);
        struct batch batch = run_batch(&server, 0, step);

        learn_batch(&pace, &batch);
        elapsed_ms = batch.elapsed_ms;
        if (elapsed_ms > 2 * by_time.batch_time_ms)
            ck_assert_int_le(pace_next(&pace).chunk_blocks, (step.chunk_blocks + 1) / 2);
    }
    ck_assert_double_le(elapsed_ms, 1.25 * by_time.batch_time_ms);

    server.slower = 1;
    for (int i = 0; i < 10; i++) {
        struct batch batch = run_batch(&server, 0, pace_next(&pace));

        learn_batch(&pace, &batch);
        elapsed_ms = batch.elapsed_ms;
    }
    ck_assert_double_ge(elapsed_ms, 0.7 * by_time.batch_time_ms);
}
END_TEST

START_TEST(server_that_gets_somewhat_slower_is_followed_within_five_batches)
{
    struct server server = server_with(full_rows);
    struct pace pace = settled(&server, by_time);
    struct batch batch = {0};

    server.slower = 1.8; /* too little to halve anything */
    for (int i = 0; i < 5; i++) {
        batch = run_batch(&server, 0, pace_next(&pace));
        learn_batch(&pace, &batch);
    }
    ck_assert_double_le(batch.elapsed_ms, 0.9 * by_time.batch_time_ms);
}
END_TEST

static void assert_starts(const struct pace *pace, struct pace_limits limits)
{
    struct pace fresh;

    pace_start(&fresh, limits);
    ck_assert_int_eq(pace_next(pace).chunk_blocks, pace_next(&fresh).chunk_blocks);
    ck_assert_double_eq(pace_next(pace).budget_ms, 0);
    ck_assert_double_eq(pace->peak_density, 0);
    ck_assert_double_eq(pace->ms_per_block, 0);
}

START_TEST(what_one_partition_has_taught_holds_for_the_next_one_but_not_for_a_list)
{
    struct server server = server_with(full_rows);
    struct pace_limits limits = by_time, list = by_time;
    struct pace pace = {0}, before;

    pace_go_on(&pace, limits);
    assert_starts(&pace, limits);
    before = pace = settled(&server, limits);
    limits.duty_cycle_percent = 90; /* as near the end of a window */
    pace_go_on(&pace, limits);
    ck_assert_int_eq(pace_next(&pace).chunk_blocks, pace_next(&before).chunk_blocks);
    ck_assert_double_eq(pace_next(&pace).budget_ms, by_time.batch_time_ms);
    ck_assert_int_eq(pace.limits.duty_cycle_percent, 90);
    list.list = true;
    pace_go_on(&pace, list);
    assert_starts(&pace, list);
}
END_TEST

START_TEST(batch_of_more_than_twice_its_time_halves_the_chunk_at_least)
{
    struct pace pace;

    for (double chunk = 1; chunk <= PACE_MOST_BLOCKS; chunk *= 2) {
        pace_start(&pace, by_rows);
        pace.chunk_blocks = chunk;
        pace.ms_per_block = 1e-6; /* as if it had been a hundred times faster so far */
        pace_learn(&pace, &(struct pace_sample){10, (int64_t)chunk, 1, 101, false});
        ck_assert_double_le(pace.chunk_blocks, fmax(chunk / 2, 1));
        ck_assert_int_ge(pace_next(&pace).chunk_blocks, 1);
    }
}
END_TEST

START_TEST(chunk_doubles_at_most_and_is_full_grown_within_10_batches)
{
    static const struct {
        int64_t (*rows_in)(int64_t block);
        int64_t chunk_blocks;
    } grown[] = {{no_rows, PACE_MOST_BLOCKS}, {full_rows, 15}, {uniform_rows, 43}};
    struct server server = server_with(grown[_i].rows_in);
    struct pace pace;
    int64_t before;

    pace_start(&pace, by_rows);
    for (int i = 0; i < 10; i++) {
        struct batch batch = run_batch(&server, 0, pace_next(&pace));

        before = pace_next(&pace).chunk_blocks;
        learn_batch(&pace, &batch);
        ck_assert_int_le(pace_next(&pace).chunk_blocks, 2 * before + 1);
    }
    ck_assert_int_ge(pace_next(&pace).chunk_blocks, grown[_i].chunk_blocks - 1);
    ck_assert_int_le(pace_next(&pace).chunk_blocks, grown[_i].chunk_blocks);
}
END_TEST

static const struct start_case {
    int64_t batch_rows;
    double per_second;
    int64_t chunk_blocks, max_rows;
} start_cases[] = {
    {1, 0, 1, 1},
    {100, 0, 1, 100},
    {1000, 0, 3, 1000},
    {5000, 0, 16, 5000},
    {1000000, 0, 16, 1000000},
    {1000, 5000, 3, 1000},
    {1000, 600, 2, 600},
    {1000, 5, 1, PACE_BLOCK_ROWS}, /* less than a block could not be purged at once */
    {100, 5, 1, 100},
};

START_TEST(first_batch_is_one_chunk_that_fits_however_dense_the_rows_are)
{
    const struct start_case *row = &start_cases[_i];
    struct pace pace;
    struct pace_step step;

    pace_start(&pace, (struct pace_limits){50, row->batch_rows, 50, row->per_second, 0});
    step = pace_next(&pace);
    ck_assert_int_eq(step.chunk_blocks, row->chunk_blocks);
    ck_assert_int_eq(step.max_rows, row->max_rows);
    ck_assert_double_eq(step.budget_ms, 0);
    ck_assert(step.chunk_blocks == 1 || step.chunk_blocks * PACE_BLOCK_ROWS <= step.max_rows);

    pace_learn(&pace, &(struct pace_sample){10, step.chunk_blocks, 1, 1, false});
    ck_assert_double_eq(pace_next(&pace).budget_ms, 50);
}
END_TEST

START_TEST(shrinking_goes_down_to_a_block_by_quarters_of_one_chunk)
{
    static const int64_t expected[] = {128, 32, 8, 2, 1, 1};
    struct pace pace;

    pace_start(&pace, by_rows);
    pace.chunk_blocks = 512;
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        pace_shrink(&pace);
        ck_assert_int_eq(pace_next(&pace).chunk_blocks, expected[i]);
        ck_assert_double_eq(pace_next(&pace).budget_ms, 0);
    }
}
END_TEST

START_TEST(shrinking_to_rows_fits_however_they_are_spread)
{
    struct pace pace;

    pace_start(&pace, by_rows);
    pace.chunk_blocks = 512;
    pace_shrink_to_rows(&pace, 3000);
    ck_assert_int_eq(pace_next(&pace).chunk_blocks, 1000 / PACE_BLOCK_ROWS);
    ck_assert_double_eq(pace_next(&pace).budget_ms, 0);
    pace_shrink_to_rows(&pace, 1001); /* a page size with more rows to a block */
    ck_assert_int_eq(pace_next(&pace).chunk_blocks, 1);
    pace_shrink_to_rows(&pace, 1001);
    ck_assert_int_eq(pace_next(&pace).chunk_blocks, 1);
}
END_TEST

START_TEST(rows_of_several_chunks_are_not_taken_for_those_of_one)
{
    struct pace pace;

    pace_start(&pace, by_rows);
    pace_shrink_to_rows(&pace, 1001); /* 3 blocks can't have held them */
    ck_assert_double_eq(pace.peak_density, PACE_BLOCK_ROWS);
}
END_TEST

START_TEST(peak_of_rows_fades_slowly_over_an_empty_stretch)
{
    struct pace pace;

    pace_start(&pace, by_rows);
    pace_learn(&pace, &(struct pace_sample){900, 15, 1, 2, false});
    for (int i = 0; i < 10; i++)
        pace_learn(&pace, &(struct pace_sample){0, pace_next(&pace).chunk_blocks, 1, 0.2, false});
    ck_assert_int_le(pace_next(&pace).chunk_blocks, 2 * 15); /* half of the peak is left */
    for (int i = 0; i < 90; i++)
        pace_learn(&pace, &(struct pace_sample){0, pace_next(&pace).chunk_blocks, 1, 0.2, false});
    ck_assert_int_eq(pace_next(&pace).chunk_blocks, PACE_MOST_BLOCKS);
}
END_TEST

START_TEST(a_batch_gets_more_chunks_where_it_has_time_and_rows_to_spare)
{
    struct pace pace;
    struct pace_sample spare = {0, 16, 1, 0.1, true}, full = {900, 16, 1, 5, true},
                       early = {900, 32, 2, 5, false};
    int64_t chunk;

    pace_start(&pace, by_rows);
    ck_assert_int_eq(pace_next(&pace).range_blocks, pace_next(&pace).chunk_blocks);
    for (int i = 0; i < 4; i++)
        pace_learn(&pace, &spare);
    chunk = pace_next(&pace).chunk_blocks;
    ck_assert_int_eq(pace_next(&pace).range_blocks, 16 * chunk);
    pace_learn(&pace, &full);
    ck_assert_int_eq(pace.reach, 16); /* it came to the end, with nothing to spare */
    pace_learn(&pace, &early);
    ck_assert_int_eq(pace.reach, 2); /* so many chunks were enough */
    for (int i = 0; i < 20; i++)
        pace_learn(&pace, &spare);
    ck_assert_int_eq(pace.reach, PACE_MOST_REACH);
    pace_shrink(&pace);
    ck_assert_int_eq(pace_next(&pace).range_blocks, pace_next(&pace).chunk_blocks);
}
END_TEST

/* A list: each place holds a due row. */
START_TEST(a_list_may_have_as_many_places_as_a_batch_has_rows)
{
    struct pace_limits limits = {.batch_time_ms = 50, .batch_rows = 5000, .list = true};
    struct pace pace;

    pace_start(&pace, limits);
    for (int i = 0; i < 10; i++) {
        int64_t places = pace_next(&pace).chunk_blocks;

        ck_assert_int_le(places, 5000);
        pace_learn(&pace, &(struct pace_sample){places, places, 1, (double)places / 1000, true});
    }
    ck_assert_int_eq(pace_next(&pace).chunk_blocks, 4500); /* 0.9 of batch_rows */
}
END_TEST

START_TEST(samples_without_blocks_or_time_teach_nothing_wrong)
{
    struct pace pace;
    double before;

    pace_start(&pace, by_rows);
    before = pace.chunk_blocks;
    pace_learn(&pace, &(struct pace_sample){0, 0, 0, 0, false});
    ck_assert_double_eq(pace.chunk_blocks, before);
    pace_learn(&pace, &(struct pace_sample){0, 3, 1, 0, false});
    ck_assert_double_eq(pace.chunk_blocks, 2 * before);
}
END_TEST

static const struct rest_case {
    const char *name;
    int duty_cycle_percent;
    double per_second;
    int64_t rows;
    double busy_ms, rest_ms;
    bool by_rate;
} rest_cases[] = {
    {"half", 50, 0, 1000, 40, 40, false},
    {"all of it", 100, 0, 1000, 40, 0, false},
    {"a hundredth", 1, 0, 1000, 40, 3960, false},
    {"a quarter", 25, 0, 0, 10, 30, false},
    {"rate asks for more than duty cycle", 50, 10000, 1000, 40, 60, true},
    {"duty cycle asks for more than rate", 20, 10000, 1000, 40, 160, false},
    {"rate is not reached", 100, 10000, 100, 40, 0, false},
    {"nothing deleted", 50, 10, 0, 5, 5, false},
    {"less than a row a second", 100, 0.5, 2, 10, 3990, true},
};

START_TEST(job_rests_as_duty_or_rate_asks)
{
    const struct rest_case *row = &rest_cases[_i];
    struct pace pace;
    bool by_rate = !row->by_rate;
    double rest_ms;

    pace_start(&pace, (struct pace_limits){50, 1000, row->duty_cycle_percent, row->per_second, 0});
    rest_ms = pace_rest_ms(&pace, row->rows, row->busy_ms, &by_rate);
    ck_assert_msg(fabs(rest_ms - row->rest_ms) < 1e-6 && by_rate == row->by_rate,
                  "%s: %g ms, by rate = %d", row->name, rest_ms, by_rate);
}
END_TEST

static const struct flights_case {
    const char *name;
    double round_trip_ms, apart_ms;
    int flights;
} flights_cases[] = {
    {"not known yet", 0, 0, 2},
    {"a local server", 0.3, 2, 2},
    {"a local server, batches of nothing", 0.3, 0.05, 2},
    {"as far as a batch is long", 5, 5, 3},
    {"a little nearer", 4.9, 5, 2},
    {"far, short batches with rests", 10, 2.6, 5},
    {"far, short batches", 10, 1.3, 8},
    {"far, long batches", 10, 20, 2},
    {"the other end of the world", 300, 8, 8},
};

START_TEST(as_many_batches_are_on_their_way_as_keep_the_server_busy)
{
    const struct flights_case *row = &flights_cases[_i];
    int flights = pace_in_flight(row->round_trip_ms, row->apart_ms);

    ck_assert_msg(flights == row->flights, "%s: %d", row->name, flights);
}
END_TEST

/* A hundred batches with the network's time on top; what they took and how they rested. */
static void run_hundred(struct pace_limits limits, double *busy_ms, double *rest_ms, int64_t *rows)
{
    struct server server = server_with(uniform_rows);
    struct pace pace;
    int64_t at = 0;
    bool by_rate;

    pace_start(&pace, limits);
    *busy_ms = *rest_ms = 0;
    *rows = 0;
    for (int i = 0; i < 100; i++) {
        struct batch batch = run_batch(&server, at, pace_next(&pace));
        double took_ms = batch.elapsed_ms + 0.3 + 0.05 * (double)noise(i, 20);

        learn_batch(&pace, &batch);
        at += batch.blocks;
        *rows += batch.rows;
        *busy_ms += took_ms;
        *rest_ms += pace_rest_ms(&pace, batch.rows, took_ms, &by_rate);
    }
}

START_TEST(duty_is_kept_within_5_percent)
{
    static const int percents[] = {1, 10, 50, 90, 100};
    double busy_ms, rest_ms, wanted = percents[_i] / 100.0;
    int64_t rows;

    run_hundred((struct pace_limits){50, 1000, percents[_i], 0, 0}, &busy_ms, &rest_ms, &rows);
    ck_assert_double_eq_tol(busy_ms / (busy_ms + rest_ms), wanted, 0.05 * wanted);
}
END_TEST

START_TEST(max_rows_per_second_is_kept_within_2_percent)
{
    static const double rates[] = {5, 250, 1000, 20000};
    double busy_ms, rest_ms, rate;
    int64_t rows;

    run_hundred((struct pace_limits){50, 1000, 80, rates[_i], 0}, &busy_ms, &rest_ms, &rows);
    rate = 1000 * (double)rows / (busy_ms + rest_ms);
    ck_assert_double_eq_tol(rate, rates[_i], 0.02 * rates[_i]);
}
END_TEST

START_TEST(max_rows_per_second_makes_batches_of_a_second_at_most)
{
    struct pace_limits limits = {50, 1000, 100, 400, 0};
    struct server server = server_with(uniform_rows);
    struct scan scan = scan_partition(&server, limits);

    ck_assert_int_le(scan.most_rows, 400);
    ck_assert_int_ge(scan.most_rows, 300);
    ck_assert_int_eq(scan.too_many, 0);
}
END_TEST

TCase *pace_cases(void)
{
    TCase *tcase = tcase_create("pace");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, scan_keeps_its_limits_and_reaches_its_target, 0,
                        ARRAY_LENGTH(partition_cases));
    tcase_add_test(tcase,
                   server_that_is_suddenly_ten_times_slower_is_left_alone_within_three_batches);
    tcase_add_test(tcase, server_that_gets_somewhat_slower_is_followed_within_five_batches);
    tcase_add_test(tcase, what_one_partition_has_taught_holds_for_the_next_one_but_not_for_a_list);
    tcase_add_test(tcase, rows_of_several_chunks_are_not_taken_for_those_of_one);
    tcase_add_test(tcase, batch_of_more_than_twice_its_time_halves_the_chunk_at_least);
    tcase_add_loop_test(tcase, chunk_doubles_at_most_and_is_full_grown_within_10_batches, 0, 3);
    tcase_add_loop_test(tcase, first_batch_is_one_chunk_that_fits_however_dense_the_rows_are, 0,
                        ARRAY_LENGTH(start_cases));
    tcase_add_test(tcase, shrinking_goes_down_to_a_block_by_quarters_of_one_chunk);
    tcase_add_test(tcase, shrinking_to_rows_fits_however_they_are_spread);
    tcase_add_test(tcase, peak_of_rows_fades_slowly_over_an_empty_stretch);
    tcase_add_test(tcase, samples_without_blocks_or_time_teach_nothing_wrong);
    tcase_add_loop_test(tcase, job_rests_as_duty_or_rate_asks, 0, ARRAY_LENGTH(rest_cases));
    tcase_add_loop_test(tcase, as_many_batches_are_on_their_way_as_keep_the_server_busy, 0,
                        ARRAY_LENGTH(flights_cases));
    tcase_add_loop_test(tcase, duty_is_kept_within_5_percent, 0, 5);
    tcase_add_loop_test(tcase, max_rows_per_second_is_kept_within_2_percent, 0, 4);
    tcase_add_test(tcase, max_rows_per_second_makes_batches_of_a_second_at_most);
    tcase_add_test(tcase, a_list_may_have_as_many_places_as_a_batch_has_rows);
    tcase_add_test(tcase, a_batch_gets_more_chunks_where_it_has_time_and_rows_to_spare);
    return tcase;
}
