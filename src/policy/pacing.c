#include "policy/pacing.h"

#include <math.h>

/* Below 1, so that one chunk of a full batch stays inside its limit although rows and blocks
 * vary. */
static const double time_aim = 0.8, rows_aim = 0.9;

/* Part of the peak that is left after a batch with fewer rows: half of it after 14 batches. */
static const double peak_fade = 0.95;

/* Weight of the last batch in the smoothed time per block. */
static const double time_weight = 0.5;

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

/* With max_rows_per_second, no batch should take more than about a second's worth at once. But a
 * block that holds more than that must still fit, or it could only be purged in pieces. */
static int64_t row_limit(const struct pace_limits *limits)
{
    double per_second = fmax(limits->max_rows_per_second, PACE_BLOCK_ROWS);

    if (limits->max_rows_per_second <= 0 || per_second > (double)limits->batch_rows)
        return limits->batch_rows;
    return (int64_t)per_second;
}

/* So many blocks hold no more rows than a batch may, even if every line pointer is a due row. */
static double blocks_of_any_density(const struct pace_limits *limits)
{
    return clamp((double)(row_limit(limits) / PACE_BLOCK_ROWS), 1, PACE_FIRST_BLOCKS);
}

void pace_start(struct pace *pace, struct pace_limits limits)
{
    *pace = (struct pace){.limits = limits,
                          .chunk_blocks = blocks_of_any_density(&limits),
                          .one_chunk = true,
                          .reach = 1};
}

void pace_go_on(struct pace *pace, struct pace_limits limits)
{
    if (pace->chunk_blocks > 0 && pace->limits.list == limits.list)
        pace->limits = limits;
    else
        pace_start(pace, limits);
}

struct pace_step pace_next(const struct pace *pace)
{
    return (struct pace_step){
        .chunk_blocks = (int64_t)pace->chunk_blocks,
        .range_blocks = (int64_t)pace->chunk_blocks * (pace->one_chunk ? 1 : pace->reach),
        .max_rows = row_limit(&pace->limits),
        .budget_ms = pace->one_chunk ? 0 : pace->limits.batch_time_ms,
    };
}

static int64_t most_blocks(const struct pace_limits *limits)
{
    return limits->list ? limits->batch_rows : PACE_MOST_BLOCKS;
}

/* The chunk that what was measured so far asks for. */
static double wanted_blocks(const struct pace *pace)
{
    double blocks = (double)most_blocks(&pace->limits);

    if (pace->ms_per_block > 0)
        blocks = fmin(blocks, time_aim * pace->limits.batch_time_ms / pace->ms_per_block);
    if (pace->peak_density > 0)
        blocks = fmin(blocks, rows_aim * (double)row_limit(&pace->limits) / pace->peak_density);
    return fmax(blocks, 1);
}

static void measure(struct pace *pace, const struct pace_sample *sample)
{
    double density = (double)sample->rows / (double)sample->blocks;
    double ms_per_block = sample->elapsed_ms / (double)sample->blocks;

    pace->peak_density = fmax(density, pace->peak_density * peak_fade);
    if (pace->ms_per_block > 0)
        ms_per_block = pace->ms_per_block + time_weight * (ms_per_block - pace->ms_per_block);
    pace->ms_per_block = ms_per_block;
}

static void learn_reach(struct pace *pace, const struct pace_sample *sample)
{
    bool spare = sample->elapsed_ms < pace->limits.batch_time_ms / 2 &&
                 sample->rows < row_limit(&pace->limits) / 2;

    if (!sample->whole)
        pace->reach = sample->chunks > 0 ? sample->chunks : 1;
    else if (spare && pace->reach < PACE_MOST_REACH)
        pace->reach *= 2;
}

void pace_learn(struct pace *pace, const struct pace_sample *sample)
{
    double most = 2 * pace->chunk_blocks;

    pace->one_chunk = false;
    if (sample->blocks <= 0)
        return;
    measure(pace, sample);
    learn_reach(pace, sample);
    if (sample->elapsed_ms > 2 * pace->limits.batch_time_ms)
        most = pace->chunk_blocks / 2;
    pace->chunk_blocks = clamp(wanted_blocks(pace), 1, fmax(most, 1));
}

void pace_shrink(struct pace *pace)
{
    pace->chunk_blocks = fmax(pace->chunk_blocks / 4, 1);
    pace->one_chunk = true;
    pace->reach = 1;
}

void pace_shrink_to_rows(struct pace *pace, int64_t rows)
{
    double density = fmin((double)rows / pace->chunk_blocks, PACE_BLOCK_ROWS);
    double half = fmax(pace->chunk_blocks / 2, 1);

    pace->peak_density = fmax(density, pace->peak_density);
    pace->chunk_blocks = fmin(half, blocks_of_any_density(&pace->limits));
    pace->one_chunk = true;
    pace->reach = 1;
}

int pace_in_flight(double round_trip_ms, double apart_ms)
{
    double travelling = round_trip_ms / fmax(apart_ms, 1); /* less than 1 ms is not worth more */

    return (int)clamp(2 + floor(travelling), 2, PACE_MOST_IN_FLIGHT);
}

double pace_rest_ms(const struct pace *pace, int64_t rows, double busy_ms, bool *by_rate)
{
    const struct pace_limits *limits = &pace->limits;
    double by_duty_ms = busy_ms * (100 - limits->duty_cycle_percent) / limits->duty_cycle_percent;
    double by_rate_ms = 0;

    if (limits->max_rows_per_second > 0)
        by_rate_ms = 1000 * (double)rows / limits->max_rows_per_second - busy_ms;
    *by_rate = by_rate_ms > by_duty_ms;
    return *by_rate ? by_rate_ms : by_duty_ms;
}
