#include "pgpurged/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/printable.h"
#include "base/text.h"
#include "config/overlap.h"
#include "net/loop.h"
#include "pgpurged/daemon.h"
#include "pgpurged/plan_fill.h"
#include "report/json.h"
#include "report/plan_text.h"

/* The jobs are looked at one after the other. */
struct planning {
    const struct settings *settings;
    const struct plan_order *order;
    const struct job_settings *job; /* the one that is being looked at */
    const struct database_settings *database;
    struct loop *loop;
    struct pg *pg;
    struct estimation *estimation;
    struct plan *plans; /* one for each job so far */
    size_t count;
};

static struct plan *current(struct planning *planning)
{
    return &planning->plans[planning->count - 1];
}

static void done(struct planning *planning)
{
    pg_close(planning->pg);
    planning->pg = NULL;
    loop_stop(planning->loop);
}

static void estimated(void *arg, const struct estimate *estimate)
{
    struct planning *planning = arg;

    plan_fill(current(planning), planning->job, planning->database, estimate,
              planning->order->count_ms);
    if (estimate->references != NULL)
        plan_fill_order(current(planning), planning->settings, planning->job, estimate->references);
    done(planning);
}

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct planning *planning = arg;

    if (ok) {
        planning->estimation = estimate_start(planning->pg, planning->job,
                                              planning->order->count_ms, estimated, planning);
        return;
    }
    current(planning)->refused = text_copy(error->message);
    done(planning);
}

static void note_overlaps(struct planning *planning, const struct job_settings *job)
{
    const struct settings *settings = planning->settings;

    for (size_t i = 0; i < settings->job_count; i++) {
        struct text sentence = {0};

        if (&settings->jobs[i] != job && overlap_of(settings, job, &settings->jobs[i], &sentence))
            plan_note(&current(planning)->risks, text_take(&sentence), NULL);
        text_free(&sentence);
    }
}

static void plan_job(struct planning *planning, const struct job_settings *job)
{
    planning->job = job;
    planning->database = settings_database(planning->settings, job->database);
    planning->plans = mem_grow(planning->plans, (planning->count + 1) * sizeof *planning->plans);
    planning->count++;
    plan_fill_settings(current(planning), job, planning->database);
    note_overlaps(planning, job);
    planning->pg = pg_open(planning->loop, planning->database->conninfo, "pgpurged plan",
                           planning->database->connect_timeout_ms, connected, planning);
    loop_run(planning->loop);
    estimate_free(planning->estimation);
    planning->estimation = NULL;
}

/* At once, so that a person has something to read while the next job is looked at. */
static void print_text(struct planning *planning)
{
    struct text plan = {0}, out = {0};

    if (planning->count > 1)
        text_add(&out, "\n");
    plan_text(&plan, current(planning));
    printable_add(&out, plan.data);
    fputs(out.data, stdout);
    fflush(stdout);
    text_free(&plan);
    text_free(&out);
}

static void print_json(const struct planning *planning)
{
    struct text out = {0};

    json_write_plans(&out, planning->plans, planning->count);
    fputs(out.data, stdout);
    text_free(&out);
}

static bool is_wanted(const struct job_settings *job, const struct plan_order *order)
{
    for (size_t i = 0; i < order->name_count; i++)
        if (text_equal(order->names[i], job->name))
            return true;
    return order->name_count == 0;
}

static enum exit_code end(struct planning *planning)
{
    enum exit_code code = EXIT_DONE;

    for (size_t i = 0; i < planning->count; i++) {
        if (planning->plans[i].refused != NULL)
            code = EXIT_FAILED;
        plan_clear(&planning->plans[i]);
    }
    free(planning->plans);
    return code;
}

int plan_run(struct settings *settings, const struct plan_order *order)
{
    struct planning planning = {.settings = settings, .order = order};
    enum exit_code code;

    planning.loop = loop_new();
    for (size_t i = 0; i < settings->job_count; i++) {
        if (!is_wanted(&settings->jobs[i], order))
            continue;
        plan_job(&planning, &settings->jobs[i]);
        if (!order->json)
            print_text(&planning);
    }
    if (order->json)
        print_json(&planning);
    code = end(&planning);
    loop_free(planning.loop);
    settings_free(settings);
    return code;
}
