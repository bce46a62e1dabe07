/* A plan as a person reads it: one label for each line, and what belongs to it indented below. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/printable.h"
#include "report/human.h"
#include "report/plan_text.h"

static const char indent[] = "            ";

/* One line, whatever names and messages have in them. */
static void add_sentence(struct text *out, const char *sentence)
{
    char *copy = text_copy(sentence);

    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    printable_add_line(out, copy);
    free(copy);
}

static void add_line(struct text *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_line(struct text *out, const char *label, const char *format, ...)
{
    char line[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_addf(out, "  %-9s ", label);
    add_sentence(out, line);
    text_add(out, "\n");
}

/* A text of several lines, the first behind `lead`. */
static void add_lines(struct text *out, const char *lead, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");

        text_addf(out, "%s%.*s\n", lead, (int)length, lines);
        lead = indent;
        lines += length + (lines[length] == '\n');
    }
}

static void add_moment(struct text *out, const char *format, struct wall moment)
{
    time_t seconds = (time_t)(moment.us / 1000000);
    struct tm parts;
    char text[40];

    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, format, &parts);
    text_add(out, text);
}

/* Whether it reads as 1. */
static bool is_one(double value)
{
    return llround(value) == 1;
}

/* --- what is due --- */

static void add_table(struct text *out, const struct plan *plan)
{
    struct text_number pages;

    if (plan->pages >= 0)
        add_line(out, "table", "%s %s of %lld kB", text_grouped(&pages, plan->pages),
                 plan->pages == 1 ? "page" : "pages", (long long)plan->page_bytes / 1024);
}

static double percent_due(const struct plan *plan)
{
    return plan->rows > 0 ? 100 * plan->due / plan->rows : 0;
}

static void add_sampled(struct text *out, const struct plan *plan)
{
    struct text_number due, rows, low, high, sampled, pages;

    add_line(out, "due now",
             "about %s of %s rows (%.1f %%), likely %s to %s:", human_about(&due, plan->due),
             human_about(&rows, plan->rows), percent_due(plan), human_about(&low, plan->low),
             human_about(&high, plan->high));
    text_addf(out, "%sestimated from a sample of %s of %s pages (--exact counts)\n", indent,
              text_grouped(&sampled, plan->sampled_pages), text_grouped(&pages, plan->pages));
}

static void add_due(struct text *out, const struct plan *plan)
{
    struct text_number due, rows;

    switch (plan->sureness) {
    case PLAN_UNKNOWN:
        break;
    case PLAN_STATISTICS:
        add_line(out, "rows", "about %s, as PostgreSQL remembers; what is due could not be seen",
                 human_about(&rows, plan->rows));
        break;
    case PLAN_SAMPLED:
        add_sampled(out, plan);
        break;
    case PLAN_INDEXED:
        add_line(out, "due now", "%s of about %s rows (%.1f %%), counted through the index",
                 text_grouped(&due, llround(plan->due)), human_about(&rows, plan->rows),
                 percent_due(plan));
        break;
    case PLAN_COUNTED:
        add_line(out, "due now", "%s of %s %s (%.1f %%), counted",
                 text_grouped(&due, llround(plan->due)), text_grouped(&rows, llround(plan->rows)),
                 is_one(plan->rows) ? "row" : "rows", percent_due(plan));
        break;
    }
    if (plan->not_counted != NULL)
        text_addf(out, "%s%s\n", indent, plan->not_counted);
}

static void add_children(struct text *out, const struct plan *plan)
{
    for (size_t i = 0; i < plan->children_count; i++) {
        const struct plan_children *children = &plan->children[i];
        bool one = is_one(children->rows);
        struct text_number rows;

        if (llround(children->rows) > 0)
            add_line(out, "children", "about %s %s of %s %s with them, by statistics",
                     human_about(&rows, children->rows), one ? "row" : "rows", children->table,
                     one ? "goes" : "go");
    }
}

static void add_earliest(struct text *out, const struct plan *plan)
{
    struct text moment = {0};

    if (!wall_known(plan->earliest))
        return;
    add_moment(&moment, "%Y-%m-%d %H:%M:%S UTC", plan->earliest);
    add_line(out, plan->due > 0 ? "due since" : "first due", "%s%s", moment.data,
             plan->sureness == PLAN_COUNTED ? "" : " or earlier, going by the sample");
    text_free(&moment);
}

static void add_undated(struct text *out, const struct plan *plan)
{
    struct text_number undated;

    if (plan->undated > 0)
        add_line(out, "undated", "%s%s %s", plan->sureness == PLAN_COUNTED ? "" : "about ",
                 human_about(&undated, plan->undated),
                 is_one(plan->undated) ? "row is flagged and has no time: it is never due"
                                       : "rows are flagged and have no time: they are never due");
}

static const char *whole(struct text_number *room, double value)
{
    return text_grouped(room, llround(value));
}

static void add_partitions(struct text *out, const struct plan *plan)
{
    bool counted = plan->sureness == PLAN_COUNTED;
    const char *(*rounded)(struct text_number *, double) = counted ? whole : human_about;
    const char *in_words = counted ? "" : "about ";

    for (size_t i = 0; i < plan->partition_count; i++) {
        const struct plan_partition *partition = &plan->partitions[i];
        struct text_number due, rows, pages;

        if (isnan(partition->due))
            add_line(out, "partition", "%s: not looked at, %s pages", partition->name,
                     text_grouped(&pages, partition->pages));
        else
            add_line(out, "partition", "%s: %s%s of %s rows due, %s pages", partition->name,
                     in_words, rounded(&due, partition->due), rounded(&rows, partition->rows),
                     text_grouped(&pages, partition->pages));
    }
    if (plan->all_partitions > (int64_t)plan->partition_count)
        add_line(out, "partition", "%lld in all; the list has the %zu with the most due rows",
                 (long long)plan->all_partitions, plan->partition_count);
}

/* --- how fast --- */

static void add_pace(struct text *out, const struct plan *plan)
{
    struct text_number rows;

    if (plan->batch_rows <= 0)
        return;
    add_line(out, "pace", "batches of %lld ms and at most %s rows, %lld %% of the time",
             (long long)plan->batch_time_ms, text_grouped(&rows, plan->batch_rows),
             (long long)plan->duty_cycle_percent);
    if (plan->max_rows_per_second > 0)
        text_addf(out, "%sand no more than %s rows a second\n", indent,
                  text_grouped(&rows, plan->max_rows_per_second));
    if (plan->workers > 1)
        add_line(out, "workers", "%lld, on as many connections at once", (long long)plan->workers);
}

static void add_done(struct text *out, const struct plan *plan)
{
    struct text line = {0};

    text_add(&line, "about ");
    human_duration(&line, fmax(plan->forecast.window_s, 1));
    text_add(&line, plan->forecast.always ? ": done on " : " of window time: done on ");
    add_moment(&line, "%a %Y-%m-%d %H:%M", plan->forecast.done);
    add_line(out, "takes", "%s (%s)", line.data, plan->timezone);
    text_free(&line);
}

/* What `takes` goes by. */
static void add_rate(struct text *out, const struct plan *plan)
{
    struct text_number rows, children;

    human_about(&rows, plan->forecast.rows_per_busy_s);
    if (plan->forecast.measured)
        text_addf(out, "%sgoing by its last run, %s rows in a second of batches\n", indent,
                  rows.text);
    else if (plan->children_count > 0)
        text_addf(
            out,
            "%sif %s rows go in a second of batches, or %s children (no run was measured yet)\n",
            indent, rows.text, human_about(&children, plan->forecast.children_per_busy_s));
    else
        text_addf(
            out,
            "%sif this server deletes %s rows in a second of batches (no run was measured yet)\n",
            indent, rows.text);
}

static void add_takes(struct text *out, const struct plan *plan)
{
    if (!plan->forecast.present || plan->refused != NULL || !(plan->due > 0))
        return;
    if (plan->forecast.ends)
        add_done(out, plan);
    else
        add_line(out, "takes", "more than a hundred years with this window");
    add_rate(out, plan);
}

static void add_balance(struct text *out, const struct plan *plan)
{
    struct text_number expiring, room;

    if (!plan->forecast.present || isnan(plan->forecast.expiring_per_day))
        return;
    human_about(&expiring, plan->forecast.expiring_per_day);
    human_about(&room, plan->forecast.rows_per_day);
    add_line(out, "balance", "%sabout %s %s a day, the window takes about %s",
             plan->forecast.catches_up == MAYBE_NO ? "never catches up: " : "", expiring.text,
             is_one(plan->forecast.expiring_per_day) ? "row expires" : "rows expire", room.text);
}

static void add_window(struct text *out, const struct plan *plan)
{
    if (plan->window != NULL)
        add_line(out, "window", "%s (%s), every %s", plan->window, plan->timezone, plan->every);
}

/* --- notes --- */

enum { TEXT_COLUMNS = 100 - (sizeof indent - 1) };

/* How much of the words goes on one line; a word that is longer has a line of its own. */
static size_t fitting(const char *words)
{
    size_t length = strlen(words), fits = 0;

    if (length <= TEXT_COLUMNS)
        return length;
    for (size_t i = 0; i <= TEXT_COLUMNS; i++)
        if (words[i] == ' ')
            fits = i;
    return fits > 0 ? fits : strcspn(words, " ");
}

static void add_wrapped(struct text *out, const char *label, const char *sentence)
{
    struct text line = {0};
    const char *words;

    text_addf(out, "  %-9s ", label);
    add_sentence(&line, sentence);
    words = line.data != NULL ? line.data : "";
    for (;;) {
        size_t length = fitting(words);

        text_addf(out, "%.*s\n", (int)length, words);
        words += length + (words[length] == ' ');
        if (*words == '\0')
            break;
        text_add(out, indent);
    }
    text_free(&line);
}

static void add_notes(struct text *out, const char *label, const struct plan_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        add_wrapped(out, label, notes->notes[i].text);
        if (notes->notes[i].sql != NULL) {
            text_addf(out, "%srun: ", indent);
            add_lines(out, "", notes->notes[i].sql);
        }
    }
}

static void add_all_notes(struct text *out, const struct plan *plan)
{
    add_notes(out, "limit", &plan->limits);
    add_notes(out, "reference", &plan->references);
    add_notes(out, "trigger", &plan->triggers);
    add_notes(out, "grant", &plan->grants);
    add_notes(out, "risk", &plan->risks);
    if (plan->refused == NULL && plan->grants.count + plan->risks.count == 0)
        add_line(out, "risk", "none seen");
    add_notes(out, "hint", &plan->hints);
}

static void add_sql(struct text *out, const char *sql)
{
    struct text lines = {0};

    printable_add_sql(&lines, sql);
    add_lines(out, "  SQL       ", lines.data != NULL ? lines.data : "");
    text_free(&lines);
}

void plan_text(struct text *out, const struct plan *plan)
{
    text_addf(out, "job %s: %s in database %s\n", plan->job, plan->table, plan->database);
    if (plan->refused != NULL)
        add_wrapped(out, "refused", plan->refused);
    if (plan->meaning != NULL)
        add_line(out, "rule", "expires = %s: %s", plan->rule, plan->meaning);
    add_table(out, plan);
    add_due(out, plan);
    add_children(out, plan);
    add_earliest(out, plan);
    add_undated(out, plan);
    add_partitions(out, plan);
    if (plan->found_by.present)
        add_line(out, "found by", "%s", plan->found_by.why);
    add_pace(out, plan);
    add_takes(out, plan);
    add_window(out, plan);
    add_balance(out, plan);
    add_all_notes(out, plan);
    if (plan->sql != NULL)
        add_sql(out, plan->sql);
}
