#include "engine/tally.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sql/tally.h"

enum { HOUR_MS = 60 * 60 * 1000, WEEK_HOURS = 7 * 24, DAY_HOURS = 24 };

/*
 * How far ahead marks tell what will be due. Rows that expire by a mark of the past are all there
 * already for as long as the retention is, at most a week is looked at. Rows that hold their own
 * expiry come and go within any time: a day is taken.
 */
static int64_t hours_ahead(const struct job_settings *job)
{
    int64_t retention_hours = job->expires.retention_least_ms / HOUR_MS;

    if (job->expires.kind != EXPIRES_AFTER_MARK)
        return DAY_HOURS;
    if (retention_hours < 1)
        return 1;
    return retention_hours < WEEK_HOURS ? retention_hours : WEEK_HOURS;
}

void cutoffs_values(const struct job_settings *job, struct question_values *values)
{
    const char *retention = job->expires.retention;

    question_text(values, retention != NULL ? retention : "0");
    question_number(values, hours_ahead(job));
}

static void read_cutoff(const struct pg_result *reply, int column, char *cutoff, size_t size)
{
    const char *text = pg_result_text(reply, QUERY_STEP, 0, column);

    snprintf(cutoff, size, "%s", text != NULL ? text : "");
}

void cutoffs_read(const struct pg_result *reply, struct cutoffs *cutoffs)
{
    read_cutoff(reply, 0, cutoffs->now, sizeof cutoffs->now);
    read_cutoff(reply, 1, cutoffs->week_ago, sizeof cutoffs->week_ago);
    read_cutoff(reply, 2, cutoffs->later, sizeof cutoffs->later);
}

void tally_values(const struct sampled *sampled, const struct cutoffs *cutoffs,
                  struct question_values *values)
{
    struct sql_target target = preflight_target(sampled->job, sampled->table);
    struct sql_parts parts = partitions_sampled(sampled->job, sampled->table, sampled->partitions);
    double percent = sample_percent(sampled->table->blocks, sampled->pages);

    values->sql = question_built(values, sql_tally(&target, &parts));
    question_text(values, question_built(values, text_format("%.6f", percent)));
    question_text(values, "1");
    question_text(values, cutoffs->now);
    question_text(values, cutoffs->week_ago);
    question_text(values, cutoffs->later);
    sql_parts_free(&parts);
}

/* What was seen in the sample. */
struct seen {
    double rows, due, squares, earlier, later, marked, undated;
};

static double number(const struct pg_result *reply, int row, int column)
{
    return pg_result_double(reply, QUERY_STEP, row, column);
}

static void read_partition(const struct pg_result *reply, int row, double factor,
                           struct tally_partition *partition, struct seen *seen)
{
    partition->relation = pg_result_int(reply, QUERY_STEP, row, 0);
    partition->rows = number(reply, row, 1) * factor;
    partition->due = number(reply, row, 2) * factor;
    seen->rows += number(reply, row, 1);
    seen->due += number(reply, row, 2);
    seen->squares += number(reply, row, 3);
    seen->earlier += number(reply, row, 4);
    seen->later += number(reply, row, 5);
    seen->marked += number(reply, row, 6);
    seen->undated += number(reply, row, 8);
}

/* Of all partitions, the earliest moment; a row that never expires has none. */
static void read_earliest(const struct pg_result *reply, int row, struct tally *tally)
{
    struct wall at = {(int64_t)(number(reply, row, 7) * 1e6)};

    if (pg_result_text(reply, QUERY_STEP, row, 7) == NULL)
        return;
    if (!tally->any_marked || at.us < tally->earliest_due.us)
        tally->earliest_due = at;
    tally->any_marked = true;
}

/*
 * Each page is in the sample with the same probability, by itself, so the variance of an estimated
 * sum is (1 - p) / p^2 times the sum of the squares that were seen (Horvitz and Thompson). Where
 * nothing was seen, three pages of what was not looked at may have something all the same, with the
 * same 95 %.
 */
static void set_range(struct tally *tally, const struct seen *seen, double factor)
{
    double part = 1 / factor;
    double error = sqrt((1 - part) * seen->squares) / part;
    double unseen = part < 1 ? 3 * factor : 0;

    tally->low = fmax(tally->due - 2 * error, seen->due);
    tally->high = fmax(tally->due + 2 * error, unseen);
}

/* Of rows that hold their own expiry, those of the last week that are still there count as well: an
 * expiry that is set for minutes only is not seen ahead. */
static double expiring_per_day(const struct job_settings *job, const struct seen *seen)
{
    double ahead = (seen->later - seen->due) / (double)hours_ahead(job) * DAY_HOURS;
    double behind = (seen->due - seen->earlier) / 7;

    return job->expires.kind == EXPIRES_AFTER_MARK ? ahead : fmax(ahead, behind);
}

void tally_read(const struct pg_result *reply, const struct sampled *sampled, struct tally *tally)
{
    int64_t blocks = sampled->table->blocks;
    double factor = 100 / sample_percent(blocks, sampled->pages);
    struct seen seen = {0};

    *tally = (struct tally){
        .exact = blocks <= sampled->pages,
        .partition_count = (size_t)pg_result_rows(reply, QUERY_STEP),
    };
    tally->partitions = mem_new((tally->partition_count + 1) * sizeof *tally->partitions);
    for (size_t i = 0; i < tally->partition_count; i++) {
        read_partition(reply, (int)i, factor, &tally->partitions[i], &seen);
        read_earliest(reply, (int)i, tally);
    }
    tally->rows = seen.rows * factor;
    tally->due = seen.due * factor;
    tally->marked = seen.marked * factor;
    tally->undated = seen.undated * factor;
    tally->pages = (double)blocks / factor;
    tally->expiring_per_day = expiring_per_day(sampled->job, &seen) * factor;
    set_range(tally, &seen, factor);
}

void tally_free(struct tally *tally)
{
    free(tally->partitions);
    *tally = (struct tally){0};
}
