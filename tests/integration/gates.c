/*
 * Why: what keeps a run from beginning or going on is a list to which somebody can add, and a gate
 * that is added must hold as firmly as the product's own: no row goes while it is closed, and the
 * run goes on where it was once it opens. Here a job runs inside of the test, with a host and gates
 * of the test's own.
 */
#include <check.h>

#include "base/text.h"
#include "config/settings.h"
#include "engine/job.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"
#include "net/loop.h"

enum { ROWS = 4000, DUE = ROWS / 2, DEADLINE_MS = 60 * 1000 };

/* --- the gate that is added --- */

/* Closed once so many rows are deleted; 0 = from the beginning. */
struct counted_gate {
    const struct job_counters *counters;
    int64_t closed_from; /* INT64_MAX = open */
};

static bool is_closed(const struct gate_facts *facts, void *arg)
{
    const struct counted_gate *gate = arg;

    (void)facts;
    return gate->counters->rows_deleted >= gate->closed_from;
}

/* --- a host of one job --- */

struct host {
    struct scene scene;
    struct settings *settings;
    struct loop *loop;
    struct loop_timer deadline;
    struct lease_pool pool;
    struct pg *pg; /* of the one lease */
    lease_fn *granted;
    void *granted_arg;
    struct clock_anchor clock;
    struct job_counters counters;
    struct counted_gate counted;
    struct gate gate;
    struct job *job;
    enum job_state until; /* at which the loop stops */
};

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct host *host = arg;

    ck_assert_msg(ok, "%s", error->message);
    host->granted(host->granted_arg, &(struct lease_news){.kind = LEASE_GRANTED, .pg = host->pg});
}

static struct lease *ask(void *arg, enum lease_purpose purpose, lease_fn *fn, void *fn_arg)
{
    struct host *host = arg;

    (void)purpose;
    ck_assert_ptr_null(host->pg);
    host->granted = fn;
    host->granted_arg = fn_arg;
    host->pg = pg_open(host->loop, host->settings->databases[0].conninfo, "pgpurged", DEADLINE_MS,
                       connected, host);
    return (struct lease *)host;
}

static void end(void *arg, struct lease *lease, enum lease_end how)
{
    struct host *host = arg;

    (void)how;
    if (lease == NULL)
        return;
    pg_close(host->pg);
    host->pg = NULL;
}

static bool may_begin(void *arg, struct job *job, struct text *why)
{
    (void)arg;
    (void)job;
    (void)why;
    return true;
}

static void changed(void *arg, struct job *job)
{
    struct host *host = arg;

    if (job_state(job) == host->until)
        loop_stop(host->loop);
}

static void nothing(void *arg, struct job *job)
{
    (void)arg;
    (void)job;
}

static void ended(void *arg, struct job *job, enum run_outcome outcome)
{
    (void)arg;
    (void)job;
    (void)outcome;
}

static void late(void *arg)
{
    struct host *host = arg;

    ck_abort_msg("the job is still %s", job_state_code(job_state(host->job)));
}

static void start(struct host *host, unsigned moments, int64_t closed_from)
{
    struct err err;
    struct job_host job_host = {
        .pool = &host->pool,
        .clock = &host->clock,
        .counters = &host->counters,
        .gates = {&host->gate, 1},
        .arg = host,
        .owner = "the test",
        .may_begin = may_begin,
        .changed = changed,
        .drained = nothing,
        .ended = ended,
    };

    *host = (struct host){.scene = scene_new()};
    scene_add_orders(&host->scene, ROWS);
    host->settings =
        settings_load(scene_config(&host->scene, "batch_rows = 100\nvacuum = never"), &err);
    ck_assert_msg(host->settings != NULL, "%s", err.text);
    host->loop = loop_new();
    loop_timer_init(&host->deadline, host->loop, late, host);
    host->pool = (struct lease_pool){host, ask, end};
    host->counted = (struct counted_gate){&host->counters, closed_from};
    host->gate = (struct gate){REASON_REFUSED, moments, is_closed, &host->counted};
    job_host.loop = host->loop;
    job_host.database = &host->settings->databases[0];
    host->job = job_new(&host->settings->jobs[0], &job_host);
    job_start(host->job);
}

static void run_until(struct host *host, enum job_state state)
{
    host->until = state;
    loop_timer_set(&host->deadline, DEADLINE_MS);
    if (job_state(host->job) != state)
        loop_run(host->loop);
    loop_timer_cancel(&host->deadline);
}

static void finish(struct host *host)
{
    job_free(host->job);
    loop_timer_free(&host->deadline);
    loop_free(host->loop);
    settings_free(host->settings);
    scene_end(&host->scene);
}

/* --- the tests --- */

START_TEST(no_row_goes_while_a_gate_that_was_added_is_closed)
{
    struct host host;

    start(&host, GATE_BEGIN, 0);
    run_until(&host, JOB_HELD);
    ck_assert_int_eq(job_reason(host.job), REASON_REFUSED);
    ck_assert_int_eq(promises_check(host.scene.own, "orders", SCENE_DUE), 0);
    ck_assert_int_eq(sql_int(host.scene.own, "SELECT count(*) FROM pgpurged.runs"), 0);

    host.counted.closed_from = INT64_MAX;
    job_run_now(host.job);
    run_until(&host, JOB_WAITING);
    ck_assert_int_eq(promises_check(host.scene.own, "orders", SCENE_DUE), DUE);
    finish(&host);
}
END_TEST

START_TEST(a_gate_that_closes_in_a_run_holds_it_and_it_goes_on_where_it_was)
{
    struct host host;
    int64_t rows;

    start(&host, GATE_GO_ON, 500);
    run_until(&host, JOB_HELD);
    ck_assert_int_eq(job_reason(host.job), REASON_REFUSED);
    rows = promises_check(host.scene.own, "orders", SCENE_DUE);
    ck_assert_msg(rows >= 500 && rows < 1500, "%lld rows are gone", (long long)rows);

    host.counted.closed_from = INT64_MAX;
    job_run_now(host.job);
    run_until(&host, JOB_WAITING);
    ck_assert_int_eq(promises_check(host.scene.own, "orders", SCENE_DUE), DUE);
    ck_assert_int_eq(sql_int(host.scene.own, "SELECT count(*) FROM pgpurged.runs"), 1);
    finish(&host);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        no_row_goes_while_a_gate_that_was_added_is_closed,
        a_gate_that_closes_in_a_run_holds_it_and_it_goes_on_where_it_was,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
