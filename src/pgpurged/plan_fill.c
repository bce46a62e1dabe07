#include "pgpurged/plan_fill.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "config/duration.h"
#include "config/size.h"
#include "engine/children.h"
#include "policy/forecast.h"

/* What one backend was seen to do without rest, for a table that has no run of its own yet
 * (README). A last run with fewer rows than that says little about many. */
enum {
    ASSUMED_ROWS_PER_SECOND = 200000,
    ASSUMED_PARENTS_PER_SECOND = 50000,  /* for each one it is looked up what refers to it */
    ASSUMED_CHUNKS_PER_SECOND = 100000,  /* of TOAST: a long value is as many rows */
    ASSUMED_CHILDREN_PER_SECOND = 30000, /* each is found through an index, on a page of its own */
    ASSUMED_PAGES_PER_SECOND = 100000,
    ROWS_TO_MEASURE_BY = 1000
};

enum { PARTITIONS_SHOWN = 10, TOAST_CHUNK_BYTES = 2048 /* four on a page */ };

static char *duration_text(int64_t ms)
{
    struct text text = {0};

    duration_print_ms(ms, &text);
    return text_take(&text);
}

/* --- what the configuration says --- */

/* Limits that nobody has unless he asks for them. */
static void fill_limits(struct plan *plan, const struct database_settings *database)
{
    struct text rate = {0};

    if (database->max_wal_rate_bytes > 0) {
        size_print(database->max_wal_rate_bytes, &rate);
        plan_note(&plan->limits, text_format("max_wal_rate = %s", rate.data), NULL);
        text_free(&rate);
    }
    if (database->max_active_sessions > 0)
        plan_note(&plan->limits,
                  text_format("max_active_sessions = %" PRId64, database->max_active_sessions),
                  NULL);
}

void plan_fill_settings(struct plan *plan, const struct job_settings *job,
                        const struct database_settings *database)
{
    plan_init(plan);
    plan->job = text_copy(job->name);
    plan->database = text_copy(job->database);
    plan->table = text_copy(job->table.written);
    plan->rule = text_copy(job->expires.written);
    plan->batch_time_ms = job->batch_time_ms;
    plan->batch_rows = job->batch_rows;
    plan->duty_cycle_percent = job->duty_cycle_percent;
    plan->max_duty_cycle_percent = job->max_duty_cycle_percent;
    plan->max_rows_per_second = job->max_rows_per_second;
    plan->workers = job->workers;
    plan->window = text_copy(job->window_written);
    plan->timezone = text_copy(job->timezone);
    plan->every = duration_text(job->every_ms);
    fill_limits(plan, database);
}

/* --- what is due --- */

static char *meaning_of(const struct job_settings *job, const char *cutoff)
{
    switch (job->expires.kind) {
    case EXPIRES_AFTER_MARK:
        return text_format("due is what was marked before %.19s UTC", cutoff);
    case EXPIRES_AT:
        return text_format("due is what expired before %.19s UTC", cutoff);
    case EXPIRES_BY_ROW:
        return text_format("due is what had reached the age in its row by %.19s UTC", cutoff);
    }
    return NULL;
}

static enum plan_sureness sureness_of(const struct estimate *estimate)
{
    if (estimate->tally.exact)
        return PLAN_COUNTED;
    return estimate->selection.choice.exact ? PLAN_INDEXED : PLAN_SAMPLED;
}

static void fill_due(struct plan *plan, const struct job_settings *job,
                     const struct estimate *estimate, int64_t count_ms)
{
    const struct tally *tally = &estimate->tally;

    plan->sureness = sureness_of(estimate);
    plan->rows = tally->rows;
    plan->due = plan->sureness == PLAN_INDEXED ? estimate->selection.choice.due : tally->due;
    plan->low = plan->high = plan->due;
    if (plan->sureness == PLAN_SAMPLED) {
        plan->low = fmin(tally->low, plan->due);
        plan->high = fmax(tally->high, plan->due);
        plan->sampled_pages = llround(tally->pages);
    }
    if (job->flags.count > 0)
        plan->undated = tally->undated;
    if (tally->any_marked)
        plan->earliest = tally->earliest_due;
    if (estimate->gave_up) {
        char *limit = duration_text(count_ms);

        plan->not_counted = text_format("not counted: that took longer than %s", limit);
        free(limit);
    }
}

/* What is known of a table whose rows could not be looked at. */
static void fill_statistics(struct plan *plan, const struct estimate *estimate)
{
    plan->pages = estimate->relation->blocks;
    plan->page_bytes = estimate->table.block_size;
    if (estimate->relation->rows < 0)
        return;
    plan->sureness = PLAN_STATISTICS;
    plan->rows = estimate->relation->rows;
}

/* --- the partitions --- */

static void set_partition(struct plan_partition *shown, const struct partition *partition,
                          const struct tally *tally)
{
    double unseen =
        partition->refusal != NULL ? NAN : 0; /* or there is no row of it in the sample */

    *shown =
        (struct plan_partition){.name = text_format("%s.%s", partition->schema, partition->table),
                                .pages = partition->blocks,
                                .rows = unseen,
                                .due = unseen};
    for (size_t i = 0; i < tally->partition_count; i++)
        if (tally->partitions[i].relation == partition->relation) {
            shown->rows = tally->partitions[i].rows;
            shown->due = tally->partitions[i].due;
        }
}

static int more_due_first(const void *a, const void *b)
{
    const struct plan_partition *left = a, *right = b;
    double left_due = isnan(left->due) ? -1 : left->due;
    double right_due = isnan(right->due) ? -1 : right->due;

    if (left_due != right_due)
        return left_due > right_due ? -1 : 1;
    return left->pages > right->pages ? -1 : left->pages < right->pages;
}

/* What keeps partitions from being dropped, each reason once. */
static void note_kept_whole(struct plan *plan, const struct partitions *partitions)
{
    const char *said = NULL;

    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->items[i];

        if (partition->ends.us == 0 || partition->keep_whole == NULL ||
            (said != NULL && text_equal(partition->keep_whole, said)))
            continue;
        said = partition->keep_whole;
        plan_note(&plan->risks,
                  text_format("%s.%s won't be dropped in one piece, its rows go one by one: %s",
                              partition->schema, partition->table, said),
                  NULL);
    }
}

static void fill_partitions(struct plan *plan, const struct job_settings *job,
                            const struct estimate *estimate)
{
    const struct partitions *partitions = &estimate->partitions;

    plan->all_partitions = (int64_t)partitions->count;
    plan->partitions = mem_new(partitions->count * sizeof *plan->partitions);
    for (size_t i = 0; i < partitions->count; i++)
        set_partition(&plan->partitions[i], &partitions->items[i], &estimate->tally);
    if (job->drop_partitions)
        note_kept_whole(plan, partitions);
    qsort(plan->partitions, partitions->count, sizeof *plan->partitions, more_due_first);
    for (plan->partition_count = partitions->count; plan->partition_count > PARTITIONS_SHOWN;
         plan->partition_count--)
        free(plan->partitions[plan->partition_count - 1].name);
}

/* --- when it is done --- */

/* Local time, as if it were UTC. */
static struct wall wall_of(struct local_time local)
{
    return (struct wall){(local.day * 24 * 60 * 60 + local.second) * 1000000};
}

/* How many rows of TOAST there are for each row of the table. */
static double chunks_of_each(const struct plan *plan, const struct advice *advice)
{
    return plan->rows > 0 ? advice->toast_bytes / TOAST_CHUNK_BYTES / plan->rows : 0;
}

/* The last run's batches deleted both, so that one rate stands for both. */
static void fill_rates(struct plan *plan, const struct job_settings *job,
                       const struct database_settings *database, const struct estimate *estimate)
{
    int64_t workers =
        job->workers < database->max_connections ? job->workers : database->max_connections;
    bool referred =
        estimate->references != NULL && estimate->references->family.reference_count > 0;

    plan->forecast.measured =
        estimate->last_rows >= ROWS_TO_MEASURE_BY && estimate->last_busy_s > 0;
    plan->forecast.rows_per_busy_s =
        1 / (1.0 / (referred ? ASSUMED_PARENTS_PER_SECOND : ASSUMED_ROWS_PER_SECOND) +
             chunks_of_each(plan, &estimate->advice) / ASSUMED_CHUNKS_PER_SECOND);
    plan->forecast.children_per_busy_s = ASSUMED_CHILDREN_PER_SECOND;
    if (plan->forecast.measured)
        plan->forecast.rows_per_busy_s = plan->forecast.children_per_busy_s =
            estimate->last_rows / estimate->last_busy_s * (double)workers;
}

/* Of a due row on the average, or of any row where none is due yet. */
static double children_of_each(const struct plan *plan, const struct reference_graph *graph)
{
    double due = plan->due > 0 ? plan->due : plan->rows, children = 0;
    double *going = children_of_due(graph, plan->rows, due);

    for (size_t i = 0; i < graph->family.table_count; i++)
        children += going[i];
    free(going);
    return due > 0 ? children / due : 0;
}

static double pages_of(const struct estimate *estimate)
{
    if (!estimate->table.partitioned && estimate->selection.choice.scan == INDEX_SCAN)
        return fmax(estimate->selection.choice.index_pages, 0) * CHOOSE_INDEX_PAGE_COST;
    return (double)estimate->table.blocks;
}

static void fill_forecast(struct plan *plan, const struct job_settings *job,
                          const struct estimate *estimate)
{
    const struct run_schedule *schedule = &estimate->schedule;
    struct forecast_facts facts = {
        .week = &job->window,
        .now = schedule->local,
        .schedule = {.ever_ran = schedule->ever_ran,
                     .run_open = schedule->run_open,
                     .since_start_s = schedule->since_start_s,
                     .every_s = (double)job->every_ms / 1000},
        .due = plan->due,
        .children = estimate->references != NULL ? children_of_each(plan, estimate->references) : 0,
        .pages = pages_of(estimate),
        .rows_per_busy_s = plan->forecast.rows_per_busy_s,
        .children_per_busy_s = plan->forecast.children_per_busy_s,
        .pages_per_busy_s = ASSUMED_PAGES_PER_SECOND,
        .duty_cycle_percent = (int)job->duty_cycle_percent,
        .max_duty_cycle_percent = (int)job->max_duty_cycle_percent,
        .max_rows_per_second = (double)job->max_rows_per_second,
        .expiring_per_day = estimate->tally.expiring_per_day,
    };
    struct forecast forecast;

    forecast_make(&facts, &forecast);
    plan->forecast.present = true;
    plan->forecast.window_s = forecast.window_s;
    plan->forecast.ends = forecast.ends;
    if (forecast.ends) {
        plan->forecast.begins = wall_of(forecast.begins);
        plan->forecast.done = wall_of(forecast.done);
    }
    plan->forecast.always = job->window.count == 0;
    plan->forecast.rows_per_day = forecast.rows_per_day;
    plan->forecast.expiring_per_day = facts.expiring_per_day;
    plan->forecast.catches_up = forecast.never_catches_up ? MAYBE_NO : MAYBE_YES;
}

/* --- all of it --- */

/* They are tried again, and most likely rejected again. */
static void note_rejected(struct plan *plan, const struct ended_run *last)
{
    struct text note = {0};

    text_addf(&note, "the last run has left %lld rejected %s: ", (long long)last->rejected,
              last->rejected == 1 ? "row" : "rows");
    rejected_list_explain(&last->rejected_by, &note);
    plan_note(&plan->risks, text_take(&note), NULL);
}

static void fill_way(struct plan *plan, const struct estimate *estimate)
{
    bool partitioned = estimate->table.partitioned;

    plan->found_by = (struct plan_scan){
        .present = true,
        .kind = partitioned ? HEAP_SCAN : estimate->selection.choice.scan,
        .why = text_copy(partitioned ? "partition by partition, each by the scan that touches "
                                       "fewer of its pages"
                                     : estimate->selection.choice.why),
    };
    if (estimate->outcome == BATCH_COMMITTED)
        plan->sql = text_copy(plan->found_by.kind == INDEX_SCAN ? estimate->sql.delete_tids
                                                                : estimate->sql.delete_range);
}

/* What a run has seen goes before what statistics guess: the rows that it left are those that are
 * referred to. */
static void note_what_stays(struct plan *plan, const struct estimate *estimate)
{
    const struct ended_run *last = &estimate->schedule.last;

    if (last->present && last->rejected > 0)
        note_rejected(plan, last);
    else if (estimate->references != NULL)
        plan_fill_kept(plan, estimate->references);
}

static bool is_table(const struct relation *relation)
{
    return relation != NULL && (text_equal(relation->kind, "r") || text_equal(relation->kind, "p"));
}

void plan_fill(struct plan *plan, const struct job_settings *job,
               const struct database_settings *database, const struct estimate *estimate,
               int64_t count_ms)
{
    if (estimate->outcome != BATCH_COMMITTED)
        plan->refused = text_copy(estimate->why.text);
    if (estimate->complete) {
        plan->meaning = meaning_of(job, estimate->cutoffs.now);
        plan->pages = estimate->table.blocks;
        plan->page_bytes = estimate->table.block_size;
        fill_due(plan, job, estimate, count_ms);
        if (estimate->references != NULL)
            plan_fill_children(plan, estimate->references);
        fill_partitions(plan, job, estimate);
        fill_way(plan, estimate);
        fill_rates(plan, job, database, estimate);
        fill_forecast(plan, job, estimate);
        note_what_stays(plan, estimate);
    } else if (is_table(estimate->relation))
        fill_statistics(plan, estimate);
    if (estimate->references != NULL)
        plan_fill_references(plan, estimate->references);
    plan_fill_findings(plan, estimate);
    if (is_table(estimate->relation))
        plan_fill_notes(plan, job, estimate);
}
