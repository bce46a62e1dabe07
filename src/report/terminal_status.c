#include <math.h>
#include <string.h>

#include "report/human.h"
#include "report/paint.h"
#include "report/terminal.h"

/* Columns, and what a line must have for all of them. */
enum { STATE_WIDTH = 11, DUE_WIDTH = 5, AGE_WIDTH = 7, WINDOW_WIDTH = 15, GAP = 2 };
enum { WIDTH_WITH_WINDOW = 90 };

/* The view under construction. */
struct table {
    struct text *out;
    const struct snapshot *snapshot;
    const struct terminal *terminal;
    size_t name_width;
};

static const char *known(const char *text)
{
    return text != NULL ? text : "?";
}

/* Adds `line` cut to the terminal's width, and frees it. */
static void finish_line(struct table *table, enum tone tone, struct text *line)
{
    paint_cell(table->out, table->terminal, tone, line->data, table->terminal->width, false);
    text_add(table->out, "\n");
    text_free(line);
}

static void add_daemon(struct table *table)
{
    const struct daemon_view *daemon = &table->snapshot->daemon;
    struct text line = {0};

    text_addf(&line, "pgpurged %s (pid %lld), up ", known(daemon->version), (long long)daemon->pid);
    human_duration(&line, (double)(daemon->now.us - daemon->started.us) / 1e6);
    text_addf(&line, ", configuration %s", known(daemon->config_path));
    if (daemon->stopping)
        text_add(&line, ", stopping");
    finish_line(table, TONE_STRONG, &line);
    if (daemon->reload_ok)
        return;
    text_add(&line, "refused ");
    human_relative(&line, daemon->reloaded, daemon->now);
    text_addf(&line, ", the old settings are in force: %s", known(daemon->reload_error));
    finish_line(table, TONE_BAD, &line);
}

static void add_up(struct text *line, const struct database_view *database)
{
    static const char *const roles[] = {
        [ROLE_UNKNOWN] = "", [ROLE_PRIMARY] = ", primary", [ROLE_STANDBY] = ", standby"};

    text_addf(line, "up, PostgreSQL %s%s, %lld of %lld connections",
              known(database->server_version), roles[database->role],
              (long long)database->connections, (long long)database->max_connections);
    if (database->replica_lag_s >= 1) {
        text_add(line, ", replica lag ");
        human_duration(line, database->replica_lag_s);
    }
    if (fabs(database->clock_skew_s) >= 1) {
        text_add(line,
                 database->clock_skew_s > 0 ? ", its clock ahead by " : ", its clock behind by ");
        human_duration(line, database->clock_skew_s);
    }
    if (database->kill_switch == MAYBE_YES)
        text_add(line, ", KILL SWITCH ON");
}

static void add_down(struct text *line, const struct database_view *database)
{
    text_add(line, "down");
    if (database->backoff_s > 0) {
        text_add(line, ", next attempt in ");
        human_duration(line, database->backoff_s);
    }
    if (database->error.present)
        text_addf(line, ": %s", known(database->error.message));
}

static void add_database(struct table *table, const struct database_view *database)
{
    struct text line = {0};

    text_addf(&line, "database %s: ", known(database->name));
    if (database->up)
        add_up(&line, database);
    else
        add_down(&line, database);
    finish_line(table,
                !database->up                        ? TONE_BAD
                : database->kill_switch == MAYBE_YES ? TONE_WARNING
                                                     : TONE_PLAIN,
                &line);
}

static void add_cell(struct table *table, enum tone tone, const char *text, size_t width)
{
    paint_cell(table->out, table->terminal, tone, text, width, true);
    text_addf(table->out, "%*s", GAP, "");
}

/* On a narrow terminal what a job does now is worth more than its window. */
static bool has_window(const struct table *table)
{
    return table->terminal->width >= WIDTH_WITH_WINDOW;
}

/* What is left of the line for the last column. */
static size_t last_width(const struct table *table)
{
    size_t before = table->name_width + STATE_WIDTH + DUE_WIDTH + AGE_WIDTH + 4 * GAP;

    if (has_window(table))
        before += WINDOW_WIDTH + GAP;
    return table->terminal->width > before ? table->terminal->width - before : 0;
}

static void add_head(struct table *table)
{
    add_cell(table, TONE_STRONG, "JOB", table->name_width);
    add_cell(table, TONE_STRONG, "STATE", STATE_WIDTH);
    add_cell(table, TONE_STRONG, "DUE", DUE_WIDTH);
    add_cell(table, TONE_STRONG, "OVERDUE", AGE_WIDTH);
    if (has_window(table))
        add_cell(table, TONE_STRONG, "WINDOW", WINDOW_WIDTH);
    paint_cell(table->out, table->terminal, TONE_STRONG, "NOW", last_width(table), false);
    text_add(table->out, "\n");
}

static void describe_window(struct text *cell, const struct job_window_view *window,
                            struct wall now)
{
    if (window->open == MAYBE_UNKNOWN) {
        text_add(cell, "-");
        return;
    }
    if (!wall_known(window->changes)) {
        text_add(cell, window->open == MAYBE_YES ? "always" : "never");
        return;
    }
    text_add(cell, window->open == MAYBE_YES ? "closes in " : "opens in ");
    human_age(cell, fmax(0, (double)(window->changes.us - now.us) / 1e6));
}

/* "[####----] 52% 12k/s ETA 31s", with a bar as long as there is room for; of a partitioned table
 * it is the partition's: "3/14 [####----] 52% 12k/s ETA 31s". */
static void describe_run(struct text *cell, const struct run_view *run, size_t width)
{
    enum { REST = sizeof "[] 52% 9999/s ETA 59min" - 1, BAR_LEAST = 5, BAR_MOST = 20 };
    size_t rest = REST, bar;

    if (run->partition_number > 0) {
        text_addf(cell, "%lld/%lld ", (long long)run->partition_number,
                  (long long)run->partition_count);
        rest += cell->length;
    }
    bar = width > rest + BAR_LEAST ? width - rest : BAR_LEAST;
    if (!isfinite(run->percent))
        text_addf(cell, "run %lld starts", (long long)run->id);
    paint_bar(cell, run->percent, bar < BAR_MOST ? bar : BAR_MOST);
    if (isfinite(run->rows_per_second)) {
        text_add(cell, " ");
        human_count(cell, run->rows_per_second);
        text_add(cell, "/s");
    }
    if (isfinite(run->eta_s)) {
        text_add(cell, " ETA ");
        human_age(cell, run->eta_s);
    }
}

/* ", 20k rejected (19998 foreign_key, 4 exception)" */
static void describe_rejected(struct text *cell, const struct job_view *job)
{
    if (job_view_rejected_rows(job) == 0)
        return;
    text_add(cell, ", ");
    human_count(cell, (double)job_view_rejected_rows(job));
    text_add(cell, " rejected");
    rejected_list_summarize(job_view_rejected_by(job), cell);
}

static void describe_now(struct text *cell, const struct job_view *job, struct wall now,
                         size_t width)
{
    if (paint_needs_reason(job->state)) {
        text_add(cell, reason_code(job->reason));
        if (job->backoff_s > 0) {
            text_add(cell, ", again in ");
            human_duration(cell, job->backoff_s);
        }
        if (job->run.present && isfinite(job->run.percent))
            text_addf(cell, ", at %.0f%%", floor(job->run.percent));
    } else if (job->run.present && job->state != JOB_WAITING) {
        describe_run(cell, &job->run, width);
    } else if (wall_known(job->next_run)) {
        text_add(cell, "next run ");
        human_relative(cell, job->next_run, now);
        if (job->run.present && isfinite(job->run.percent))
            text_addf(cell, ", from %.0f%%", floor(job->run.percent));
        describe_rejected(cell, job);
    } else {
        text_add(cell, job_view_why(job));
    }
}

/* A cell made by one of the describe_ functions: filled, added, emptied. */
static void add_made(struct table *table, enum tone tone, struct text *cell, size_t width)
{
    add_cell(table, tone, cell->data, width);
    text_free(cell);
}

static void add_why(struct table *table, const struct job_view *job)
{
    size_t indent = table->name_width + GAP;
    struct text line = {0};

    text_add(&line, job_view_why(job));
    text_addf(table->out, "%*s", (int)indent, "");
    paint_cell(table->out, table->terminal, TONE_PLAIN, line.data, table->terminal->width - indent,
               false);
    text_add(table->out, "\n");
    text_free(&line);
}

static void add_job(struct table *table, const struct job_view *job)
{
    enum tone tone = paint_tone(job->state);
    struct wall now = table->snapshot->daemon.now;
    struct text cell = {0};

    add_cell(table, TONE_PLAIN, known(job->name), table->name_width);
    add_cell(table, tone, job_state_code(job->state), STATE_WIDTH);
    human_count(&cell, job->due_rows);
    add_made(table, TONE_PLAIN, &cell, DUE_WIDTH);
    human_age(&cell, job->oldest_overdue_s > 0 ? job->oldest_overdue_s : NAN);
    add_made(table, TONE_PLAIN, &cell, AGE_WIDTH);
    if (has_window(table)) {
        describe_window(&cell, &job->window, now);
        add_made(table, TONE_PLAIN, &cell, WINDOW_WIDTH);
    }
    describe_now(&cell, job, now, last_width(table));
    paint_cell(table->out, table->terminal, tone, cell.data, last_width(table), false);
    text_free(&cell);
    text_add(table->out, "\n");
    if (paint_needs_reason(job->state))
        add_why(table, job);
}

/* "4 jobs: 1 stopped, 1 held, 2 waiting". */
static void add_summary(struct table *table)
{
    size_t counts[JOB_STATE_COUNT] = {0};
    const char *separator = ": ";
    struct text line = {0};

    for (size_t i = 0; i < table->snapshot->job_count; i++)
        counts[table->snapshot->jobs[i].state]++;
    text_addf(&line, "%zu job%s", table->snapshot->job_count,
              table->snapshot->job_count == 1 ? "" : "s");
    for (size_t state = JOB_STATE_COUNT; state-- > 0;) {
        if (counts[state] == 0)
            continue;
        text_addf(&line, "%s%zu %s", separator, counts[state],
                  job_state_code((enum job_state)state));
        separator = ", ";
    }
    finish_line(table, TONE_PLAIN, &line);
}

/* The names' column: as wide as the longest, and a fifth of the line at most. */
static size_t name_width(const struct snapshot *snapshot, const struct terminal *terminal)
{
    size_t longest = strlen("JOB"), most = terminal->width / 5;

    for (size_t i = 0; i < snapshot->job_count; i++) {
        size_t length = strlen(known(snapshot->jobs[i].name));

        longest = length > longest ? length : longest;
    }
    return longest < most ? longest : most;
}

static size_t count_lines(const struct text *text)
{
    size_t count = 0;

    for (size_t i = 0; i < text->length; i++)
        count += text->data[i] == '\n';
    return count;
}

/* How soon a person wants to see it: first what waits for him, then what works. */
static int rank(const struct job_view *job)
{
    switch (paint_tone(job->state)) {
    case TONE_BAD:
        return 0;
    case TONE_WARNING:
        return 1;
    case TONE_GOOD:
        return 2;
    case TONE_PLAIN:
    case TONE_STRONG:
        break;
    }
    return 3;
}

/* Adds the jobs of one rank while there is room, and counts those that are left out; behind the
 * first of them nothing less urgent is added. */
static void add_jobs_ranked(struct table *table, int wanted, size_t last_line, size_t *left_out)
{
    for (size_t i = 0; i < table->snapshot->job_count; i++) {
        const struct job_view *job = &table->snapshot->jobs[i];
        size_t lines = 1 + paint_needs_reason(job->state);

        if (rank(job) != wanted)
            continue;
        if (*left_out > 0 || count_lines(table->out) + lines > last_line)
            (*left_out)++;
        else
            add_job(table, job);
    }
}

/* The jobs in the order of the configuration if they all fit, else the urgent ones first. */
static void add_jobs(struct table *table)
{
    size_t height = table->terminal->height, start = table->out->length, left_out = 0;
    enum { BELOW = 3 }; /* what is left out, the summary, the cursor */

    for (size_t i = 0; i < table->snapshot->job_count; i++)
        add_job(table, &table->snapshot->jobs[i]);
    if (height == 0 || count_lines(table->out) + BELOW <= height)
        return;
    table->out->length = start;
    table->out->data[start] = '\0';
    for (int wanted = 0; wanted <= 3; wanted++)
        add_jobs_ranked(table, wanted, height > BELOW ? height - BELOW : 0, &left_out);
    text_addf(table->out, "... and %zu more\n", left_out);
}

void terminal_status(struct text *out, const struct snapshot *snapshot,
                     const struct terminal *terminal)
{
    struct table table = {out, snapshot, terminal, name_width(snapshot, terminal)};

    add_daemon(&table);
    for (size_t i = 0; i < snapshot->database_count; i++)
        add_database(&table, &snapshot->databases[i]);
    text_add(out, "\n");
    if (snapshot->job_count > 0)
        add_head(&table);
    add_jobs(&table);
    add_summary(&table);
}
