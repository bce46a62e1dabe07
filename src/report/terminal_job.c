#include <math.h>

#include "report/human.h"
#include "report/paint.h"
#include "report/terminal.h"

enum { LABEL_WIDTH = 17 };

/* The view under construction: lines of a label and a value. */
struct card {
    struct text *out;
    const struct job_view *job;
    const struct terminal *terminal;
    struct wall now;
};

static const char *known(const char *text)
{
    return text != NULL ? text : "?";
}

static void add_label(struct card *card, const char *label)
{
    text_add(card->out, "  ");
    paint_cell(card->out, card->terminal, TONE_STRONG, label, LABEL_WIDTH, true);
}

/* Foreign text in full, without what could steer the terminal. */
static void add_foreign(struct card *card, const char *text)
{
    human_text(card->out, known(text), (size_t)-1);
}

static void end_line(struct card *card)
{
    text_add(card->out, "\n");
}

static void add_moment(struct card *card, const char *label, struct wall moment)
{
    add_label(card, label);
    human_moment(card->out, moment, card->now);
    end_line(card);
}

static void add_rows(struct card *card, int64_t rows, const char *what)
{
    human_count(card->out, (double)rows);
    text_add(card->out, what);
}

static void add_title(struct card *card)
{
    const struct job_view *job = card->job;
    enum tone tone = paint_tone(job->state);

    paint_cell(card->out, card->terminal, TONE_STRONG, known(job->name), (size_t)-1, false);
    text_add(card->out, " (");
    add_foreign(card, job->table);
    text_add(card->out, " in ");
    add_foreign(card, job->database);
    text_add(card->out, "): ");
    paint_cell(card->out, card->terminal, tone, job_state_code(job->state), (size_t)-1, false);
    text_addf(card->out, ", %s\n", job_state_sentence(job->state));
    if (job->reason != REASON_NONE || job->why != NULL) {
        add_label(card, "why");
        text_addf(card->out, "%s: ", reason_code(job->reason));
        add_foreign(card, job_view_why(job));
        end_line(card);
    }
    add_moment(card, "since", job->since);
}

static void add_database(struct card *card, const struct database_view *database)
{
    if (database == NULL || database->up)
        return;
    add_label(card, "database");
    paint_cell(card->out, card->terminal, TONE_BAD, "down", (size_t)-1, false);
    if (database->error.present) {
        text_add(card->out, ": ");
        add_foreign(card, database->error.message);
    }
    end_line(card);
}

static void add_window(struct card *card)
{
    const struct job_window_view *window = &card->job->window;

    add_label(card, "window");
    add_foreign(card, window->spans);
    if (window->timezone != NULL) {
        text_add(card->out, " ");
        add_foreign(card, window->timezone);
    }
    end_line(card);
    if (window->open == MAYBE_UNKNOWN || !wall_known(window->changes))
        return;
    add_moment(card, window->open == MAYBE_YES ? "closes" : "opens", window->changes);
}

static void add_due(struct card *card)
{
    add_label(card, "due");
    if (isfinite(card->job->due_rows)) {
        text_add(card->out, "about ");
        human_count(card->out, card->job->due_rows);
        text_add(card->out, " rows");
    } else {
        text_add(card->out, "not known yet");
    }
    if (card->job->oldest_overdue_s > 0) {
        text_add(card->out, ", the oldest overdue by ");
        human_duration(card->out, card->job->oldest_overdue_s);
    }
    end_line(card);
}

/* Nobody would ever look for them: they are neither live nor due. */
static void add_undated(struct card *card)
{
    if (!(card->job->undated_rows > 0))
        return;
    add_label(card, "undated");
    text_add(card->out, "about ");
    human_count(card->out, card->job->undated_rows);
    text_add(card->out, " rows have all flags but no time, so they are never due");
    end_line(card);
}

static void add_tally(struct card *card, int64_t rows, int64_t batches, int64_t skipped,
                      int64_t rejected)
{
    add_rows(card, rows, " rows deleted in ");
    add_rows(card, batches, " batches, ");
    add_rows(card, skipped, " skipped, ");
    add_rows(card, rejected, " rejected");
}

/* A line for each cause: "12 foreign_key: lines_order_id_fkey on public.lines". */
static void add_rejected(struct card *card, const struct rejected_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct rejected_by *by = &list->items[i];
        struct text what = {0};

        add_label(card, i == 0 ? "rejected" : "");
        human_count(card->out, (double)by->rows);
        text_addf(card->out, " %s: ", rejected_reason_code(by->reason));
        rejected_by_explain(by, &what);
        add_foreign(card, what.data);
        text_free(&what);
        end_line(card);
    }
}

static void add_progress(struct card *card, const struct run_view *run)
{
    add_label(card, "progress");
    paint_bar(card->out, run->percent, 40);
    if (!isfinite(run->percent))
        text_add(card->out, "not known yet");
    text_addf(card->out, " of pass %lld", (long long)run->pass);
    if (isfinite(run->eta_s)) {
        text_add(card->out, ", ETA ");
        human_duration(card->out, run->eta_s);
    }
    end_line(card);
}

static void add_partition(struct card *card, const struct run_view *run)
{
    if (run->partition == NULL)
        return;
    add_label(card, "partition");
    text_add(card->out, "\"");
    add_foreign(card, run->partition);
    text_addf(card->out, "\", %lld of %lld\n", (long long)run->partition_number,
              (long long)run->partition_count);
}

static void add_position(struct card *card, const struct run_view *run)
{
    add_label(card, "position");
    text_addf(card->out, "block %lld of %lld, %lld blocks at a time, last batch %lld rows",
              (long long)run->block, (long long)run->blocks, (long long)run->chunk_blocks,
              (long long)run->batch_rows);
    if (isfinite(run->rows_per_second)) {
        text_add(card->out, ", ");
        human_count(card->out, run->rows_per_second);
        text_add(card->out, " rows/s");
    }
    end_line(card);
}

static void add_run(struct card *card)
{
    const struct run_view *run = &card->job->run;

    if (!run->present)
        return;
    text_addf(card->out, "\nrun %lld\n", (long long)run->id);
    add_partition(card, run);
    add_progress(card, run);
    add_label(card, "so far");
    add_tally(card, run->rows, run->batches, run->skipped_rows, run->rejected_rows);
    end_line(card);
    add_rejected(card, &run->rejected_by);
    add_position(card, run);
    add_moment(card, "started", run->started);
    add_moment(card, "cutoff", run->cutoff);
}

/* "1.2 GB reusable, vacuumed" or "1.2 GB reusable once vacuumed" */
static void add_reusable(struct card *card, const struct last_run_view *run)
{
    if (!(run->reusable_bytes > 0))
        return;
    add_label(card, "space");
    text_add(card->out, "about ");
    human_bytes(card->out, run->reusable_bytes);
    text_add(card->out,
             wall_known(run->vacuumed) ? " reusable, vacuumed" : " reusable once vacuumed");
    end_line(card);
}

/* Unless the lines about rejected rows have said all of it. */
static void add_detail(struct card *card, const struct last_run_view *run)
{
    struct text said = {0};

    rejected_list_explain(&run->rejected_by, &said);
    if (run->detail != NULL && (said.data == NULL || !text_equal(said.data, run->detail))) {
        add_label(card, "detail");
        add_foreign(card, run->detail);
        end_line(card);
    }
    text_free(&said);
}

static void add_last_run(struct card *card)
{
    const struct last_run_view *run = &card->job->last_run;

    if (run->present) {
        text_addf(card->out, "\nlast run %lld: %s, %s\n", (long long)run->id,
                  run_outcome_code(run->outcome), run_outcome_sentence(run->outcome));
        add_label(card, "result");
        add_tally(card, run->rows, run->batches, run->skipped_rows, run->rejected_rows);
        text_add(card->out, ", took ");
        human_duration(card->out, (double)(run->ended.us - run->started.us) / 1e6);
        end_line(card);
        add_rejected(card, &run->rejected_by);
        add_detail(card, run);
        add_reusable(card, run);
        add_moment(card, "ended", run->ended);
    } else {
        text_add(card->out, "\nno run has ended yet\n");
    }
    add_moment(card, "last success", card->job->last_success);
}

static void add_trouble(struct card *card)
{
    const struct job_view *job = card->job;

    add_label(card, "circuit breaker");
    paint_cell(card->out, card->terminal,
               job->breaker != NULL && !text_equal(job->breaker, "closed") ? TONE_BAD : TONE_PLAIN,
               known(job->breaker), (size_t)-1, false);
    if (job->failures > 0)
        text_addf(card->out, ", %lld failure%s in a row", (long long)job->failures,
                  job->failures == 1 ? "" : "s");
    if (job->backoff_s > 0) {
        text_add(card->out, ", again in ");
        human_duration(card->out, job->backoff_s);
    }
    end_line(card);
    if (!job->error.present)
        return;
    add_label(card, "last error");
    add_foreign(card, job->error.message);
    if (job->error.sqlstate != NULL) {
        text_add(card->out, " (");
        add_foreign(card, job->error.sqlstate);
        text_add(card->out, ")");
    }
    end_line(card);
    add_moment(card, "at", job->error.at);
}

/* "1243 committed, 4 locked": only what there was. */
static void add_words(struct card *card, const char *label, enum counter_kind kind,
                      const void *values, void (*add)(struct text *out, double value))
{
    const struct counter counter = {.kind = kind};
    const char *word, *separator = "";

    add_label(card, label);
    for (size_t i = 0; (word = counter_label_value(kind, i)) != NULL; i++) {
        double value = counter_value(&counter, values, i);

        if (value <= 0)
            continue;
        text_addf(card->out, "%s%s ", separator, word);
        add(card->out, value);
        separator = ", ";
    }
    text_add(card->out, separator[0] == '\0' ? "none\n" : "\n");
}

static void add_batch_time(struct card *card)
{
    const struct histogram *batches = &card->job->counters.batch_seconds;
    double half = histogram_quantile(batches, 0.5), most = histogram_quantile(batches, 0.99);

    if (!isfinite(half) || !isfinite(most))
        return;
    add_label(card, "batch time");
    text_addf(card->out, "median under %g ms, 99%% under %g ms\n", half * 1000, most * 1000);
}

static void add_totals(struct card *card)
{
    const struct job_counters *totals = &card->job->counters;

    text_add(card->out, "\nsince the daemon's start\n");
    add_label(card, "rows");
    add_rows(card, totals->rows_deleted, " deleted, ");
    add_rows(card, totals->rows_skipped, " skipped, ");
    add_rows(card, totals->audit_rows, " audit rows\n");
    add_words(card, "runs", COUNTER_COUNT_BY_RUN_OUTCOME, totals->runs, human_count);
    add_words(card, "rejected", COUNTER_COUNT_BY_REJECTED_REASON, totals->rows_rejected,
              human_count);
    add_words(card, "batches", COUNTER_COUNT_BY_BATCH_OUTCOME, totals->batches, human_count);
    add_batch_time(card);
    add_words(card, "vacuums", COUNTER_COUNT_BY_VACUUM_OUTCOME, totals->vacuums, human_count);
    add_words(card, "held", COUNTER_SECONDS_BY_REASON, totals->held_seconds, human_duration);
    if (totals->wal_bytes > 0) {
        add_label(card, "WAL");
        human_bytes(card->out, (double)totals->wal_bytes);
        end_line(card);
    }
}

void terminal_job(struct text *out, const struct snapshot *snapshot, const struct job_view *job,
                  const struct terminal *terminal)
{
    struct card card = {out, job, terminal, snapshot->daemon.now};

    add_title(&card);
    add_database(&card, snapshot_database(snapshot, known(job->database)));
    add_window(&card);
    add_moment(&card, "next run", job->next_run);
    add_due(&card);
    add_undated(&card);
    add_trouble(&card);
    add_run(&card);
    add_last_run(&card);
    add_totals(&card);
}
