/*
 * The state machine of a job: on_event() gives what has happened to job_step() and enters the step
 * that comes next; entering a step asks for something, or waits for a timer.
 */
#include "engine/job.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"
#include "policy/backoff.h"

enum {
    LONGEST_WAIT_S = 24 * 60 * 60,   /* then the clocks are looked at again */
    WAKE_LATE_MS = 20,               /* never a moment before the window opens */
    QUEUE_LOOK_MS = 10 * 60 * 1000,  /* at what is due, for status */
    HOLD_LOOK_MS = 60 * 1000,        /* a standby, a kill switch */
    PAUSED_LOOK_MS = 60 * 60 * 1000, /* what is due is looked at all the same */
    SCHEMA_LOOK_MS = 5 * 1000,       /* somebody is about to upgrade it */
    OTHER_DAEMON_MS = 5 * 1000,      /* it may be a session of ours that is just ending */
    ONCE_ATTEMPTS = 3,               /* so often --once waits for that */
    SOON_MS = 30 * 1000,             /* windows that open together are seen to open that exactly */
};

static void on_event(struct job *job, enum job_event event);

/* --- connections --- */

/* A sample that is still in flight would be answered to the next one who has the connection. */
static void release(struct job *job)
{
    struct lease *lease = job->lease;
    enum lease_end how = job->lease_end;

    if (how == LEASE_INTACT && throttle_in_flight(job->throttle))
        how = LEASE_SPENT;
    throttle_forget_sample(job->throttle);
    sql_statements_free(&job->sql); /* 4 kB, which a thousand idle jobs don't need */
    job->lease = NULL;
    job->pg = NULL;
    job->lease_end = LEASE_INTACT;
    pipeline_release(job->pipeline, how == LEASE_SPENT ? LEASE_SPENT : LEASE_INTACT);
    job->host.pool->end(job->host.pool->arg, lease, how);
}

static void on_lease(void *arg, const struct lease_news *news)
{
    struct job *job = arg;

    switch (news->kind) {
    case LEASE_GRANTED:
        job->pg = news->pg;
        pipeline_use(job->pipeline, job->pg);
        on_event(job, EVENT_CONNECTED);
        return;
    case LEASE_WAITS:
        job->reason = news->reason;
        snprintf(job->why, sizeof job->why, "%.*s", (int)sizeof job->why - 1, news->why);
        job_show(job, true);
        return;
    case LEASE_REFUSED:
        job_set_why(job, job->why);
        on_event(job, EVENT_GIVEN_UP);
        return;
    }
}

/* --- entering the steps that are not of a run --- */

static enum job_event enter_idle(struct job *job)
{
    (void)job;
    return EVENT_NONE;
}

static enum job_event enter_connect(struct job *job)
{
    release(job);
    job->lease = job->host.pool->ask(job->host.pool->arg, LEASE_JOB, on_lease, job);
    return EVENT_NONE;
}

static void on_preflight(void *arg, enum batch_outcome outcome, const struct preflight_table *table,
                         const struct err *err)
{
    struct job *job = arg;

    job->table = *table; /* whose references are the preflight's own: it stays until the next one */
    if (outcome != BATCH_COMMITTED) {
        on_event(job, job_failed(job, outcome, NULL, err->text));
        return;
    }
    job->checked = true;
    preflight_trim(job->preflight);
    *job->host.clock = (struct clock_anchor){true, job->table.clock, mono_now()};
    on_event(job, EVENT_DONE);
}

static enum job_event enter_preflight(struct job *job)
{
    job->table.references = NULL;
    preflight_free(job->preflight);
    job->preflight = preflight_start(job->pg, job->settings, job->host.clock, on_preflight, job);
    return EVENT_NONE;
}

/* Whether the database's clock can be trusted. */
static bool is_clock_fine(struct job *job, struct wall clock)
{
    double skew_s = 0;
    char why[200];

    if (guard_clock(job->host.clock, clock, wall_now(), mono_now(), &skew_s) == GUARD_CLOCK_FINE) {
        *job->host.clock = (struct clock_anchor){true, clock, mono_now()};
        return true;
    }
    snprintf(why, sizeof why,
             "the clocks of the database and of this machine disagree by %.0f s, or one has "
             "jumped; reload when somebody has looked",
             skew_s);
    job_set_why(job, why);
    return false;
}

static enum reason begin_gate(struct job *job, const struct gate_facts *facts)
{
    enum reason reason = admission_judge(&admission_gates, GATE_BEGIN, facts);

    return reason != REASON_NONE ? reason : admission_judge(&job->host.gates, GATE_BEGIN, facts);
}

/* A run that was cut off goes on; the others wait for jobs whose rows refer to theirs. */
static bool go_others_first(struct job *job)
{
    struct text why = {0};
    bool may;

    if (job->run_open)
        return false;
    if (job->due_since.ns == 0)
        job->due_since = mono_now();
    may = job->host.may_begin(job->host.arg, job, &why);
    if (!may)
        job_set_why(job, why.data);
    text_free(&why);
    return !may;
}

static void judge_gates(struct job *job)
{
    const struct schedule_state *seen = schedule_state(job->schedule);
    struct gate_facts facts = {
        .enabled = job->settings->enabled,
        .paused = job->asked.paused,
        .asked = job->asked.run_now || job->host.once,
        .clock_fine = is_clock_fine(job, seen->runs.clock),
        .window_open = seen->window.always || seen->window.open,
        .due_in_s = schedule_due_in_s(job->schedule),
    };

    job->gate = begin_gate(job, &facts);
    if (job->gate == REASON_NONE && go_others_first(job)) {
        facts.others_first = true;
        job->gate = begin_gate(job, &facts);
    }
    if (job->gate == REASON_NONE)
        job->due_since.ns = 0; /* it begins, so it waits for nobody, and nobody for its turn */
}

static void on_schedule(void *arg, enum batch_outcome outcome, const struct pg_error *error)
{
    struct job *job = arg;
    struct err why;

    if (outcome != BATCH_COMMITTED) {
        query_error(error, &why);
        on_event(job, job_failed(job, outcome, error, why.text));
        return;
    }
    if (job->step == STEP_SCHEDULE) { /* else it was about the run that has just ended */
        job->rows_since = 0;
        judge_gates(job);
    }
    on_event(job, EVENT_DONE);
}

static enum job_event enter_schedule(struct job *job)
{
    job_make_statements(job);
    schedule_look(job->schedule, job->pg, &job->table);
    return EVENT_NONE;
}

static void set_timer(struct job *job, double wait_ms)
{
    job->wakes.ns = mono_now().ns + (int64_t)(wait_ms * 1e6);
    loop_timer_set(&job->timer, wait_ms);
}

static double seconds_to_wait(const struct job *job)
{
    const struct schedule_state *seen = schedule_state(job->schedule);
    double changes_s = schedule_until_s(job->schedule, seen->window_changes);

    if (job->reason == REASON_WINDOW)
        return changes_s;
    /* After the window's end the next opening counts, so that has to be looked at. */
    return seen->window.always ? schedule_due_in_s(job->schedule)
                               : fmin(schedule_due_in_s(job->schedule), changes_s);
}

static enum job_event enter_wait(struct job *job)
{
    double wait_s = seconds_to_wait(job);

    if (job->due_since.ns != 0 && job->reason == REASON_WINDOW)
        log_info("job=%s has waited for jobs that go first until its window closed; it runs when "
                 "it opens again",
                 job->settings->name);
    job->due_since.ns = 0;
    release(job);
    snprintf(job->why, sizeof job->why, "checks again in %.0f s", wait_s);
    set_timer(job, fmin(wait_s, LONGEST_WAIT_S) * 1000 + WAKE_LATE_MS);
    return EVENT_NONE;
}

static enum job_event enter_queue(struct job *job)
{
    const struct schedule_state *seen = schedule_state(job->schedule);
    double wait_ms = QUEUE_LOOK_MS;

    if (job_has_closing(job))
        wait_ms = fmin(wait_ms, schedule_until_s(job->schedule, seen->window_changes) * 1000);
    release(job);
    set_timer(job, wait_ms);
    return EVENT_NONE;
}

static void on_vacuum(void *arg)
{
    on_event(arg, EVENT_DONE);
}

static enum job_event enter_vacuum(struct job *job)
{
    const struct schedule_state *seen = schedule_state(job->schedule);
    struct vacuum_run run = {
        .run = job->totals.run.id,
        .left_s = INFINITY,
        .since = mono_now(),
    };

    if (job_has_closing(job))
        run.left_s = (double)(seen->window_changes.us - seen->runs.clock.us) / 1e6;
    /* A session tells the server late how many rows it has deleted, at the latest when it ends:
     * after our VACUUM they would count as dead. */
    job->lease_end = LEASE_SPENT;
    release(job);
    vacuum_start(job->vacuum, &run);
    return EVENT_NONE;
}

static uint32_t random_bits(void)
{
    uint32_t bits = 0;

    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
        bits = (uint32_t)mono_now().ns;
    return bits;
}

/* After batches have failed, the connection is kept for the next one. */
static enum job_event enter_backoff(struct job *job)
{
    if (job->outcome != BATCH_COMMITTED)
        release(job);
    job->trouble.backoff_ms =
        (double)backoff_wait_ms(backoff_for_batches, job->trouble.failures, random_bits());
    set_timer(job, job->trouble.backoff_ms);
    return EVENT_NONE;
}

static double milliseconds_to_hold(struct job *job)
{
    if (job->reason == REASON_OTHER_DAEMON)
        return OTHER_DAEMON_MS;
    if (job->reason == REASON_BREAKER)
        return (double)breaker_wait_ms(&job->trouble.breaker, mono_now());
    if (job->reason == REASON_SCHEMA)
        return SCHEMA_LOOK_MS;
    return job->reason == REASON_PAUSED ? PAUSED_LOOK_MS : HOLD_LOOK_MS;
}

/* A clock that has jumped waits for a person. */
static enum job_event enter_hold(struct job *job)
{
    bool waits_once = job->reason == REASON_OTHER_DAEMON && job->trouble.attempts++ < ONCE_ATTEMPTS;

    job->due_since.ns = 0;
    release(job);
    if (job->host.once && !waits_once)
        job->host.ended(job->host.arg, job, RUN_INCOMPLETE);
    else if (job->reason != REASON_CLOCK)
        set_timer(job, milliseconds_to_hold(job));
    return EVENT_NONE;
}

static enum job_event enter_stop(struct job *job)
{
    job->checked = job->run_open = false;
    job->due_since.ns = 0;
    release(job);
    if (job->host.once)
        job->host.ended(job->host.arg, job, RUN_FAILED);
    return EVENT_NONE;
}

static enum job_event enter_ended(struct job *job)
{
    release(job);
    job->host.ended(job->host.arg, job, job->closing);
    return EVENT_NONE;
}

static enum job_event enter_drained(struct job *job)
{
    release(job);
    job->host.drained(job->host.arg, job);
    return EVENT_NONE;
}

/* --- the machine --- */

static enum job_event enter(struct job *job)
{
    static enum job_event (*const enter_step[JOB_STEP_COUNT])(struct job *) = {
        [STEP_IDLE] = enter_idle,
        [STEP_CONNECT] = enter_connect,
        [STEP_RESOLVE] = job_enter_resolve,
        [STEP_PREFLIGHT] = enter_preflight,
        [STEP_SCHEDULE] = enter_schedule,
        [STEP_WAIT] = enter_wait,
        [STEP_QUEUE] = enter_queue,
        [STEP_OPEN] = job_enter_open,
        [STEP_LIST] = job_enter_list,
        [STEP_DROP] = job_enter_drop,
        [STEP_SCAN] = job_enter_scan,
        [STEP_PURGE] = job_enter_purge,
        [STEP_REFILL] = job_enter_refill,
        [STEP_RESCAN] = job_enter_rescan,
        [STEP_PASS_END] = job_enter_pass_end,
        [STEP_COUNT_LEFT] = job_enter_count_left,
        [STEP_CLOSE] = job_enter_close,
        [STEP_PAUSE] = job_enter_pause,
        [STEP_VACUUM] = enter_vacuum,
        [STEP_BACKOFF] = enter_backoff,
        [STEP_HOLD] = enter_hold,
        [STEP_STOP] = enter_stop,
        [STEP_ENDED] = enter_ended,
        [STEP_DRAINED] = enter_drained,
    };

    return enter_step[job->step](job);
}

static struct job_facts facts_of(struct job *job, enum job_event event)
{
    bool in_run = job->run_open && job->step != STEP_SCHEDULE;

    return (struct job_facts){
        .reason = job->reason,
        .retry = job->retry,
        .resume = job->resume,
        .enabled = job->settings->enabled,
        .once = job->host.once,
        .draining = job->asked.draining,
        .connected = job->pg != NULL,
        .in_flight = pipeline_in_flight(job->pipeline) > 0,
        .checked = job->checked,
        .run_open = job->run_open,
        .unresolved = job->unresolved_count > 0,
        .vacuum = job->step == STEP_CLOSE && !job->asked.paused &&
                  vacuum_is_wanted(job->vacuum, job->removed_rows),
        .drop = event == EVENT_PARTITION && job_may_drop(job),
        .silent = targets_before_triggers(&job->targets) != NULL,
        .breaker_open = breaker_wait_ms(&job->trouble.breaker, mono_now()) > 0,
        .outcome = job->outcome,
        .next = job->next,
        .gate = in_run ? job_go_on_gate(job) : job->gate,
        .closing = job->closing,
    };
}

/* "8 failures in a row, one trial in 15 min; the last one: ..." */
static void explain_breaker(struct job *job)
{
    const char *last = job->trouble.message != NULL ? job->trouble.message
                       : job->next_why != NULL      ? job->next_why
                                                    : "";
    char why[sizeof job->why];

    snprintf(why, sizeof why, "%d failures in a row, one trial in %d min; the last one: %.300s",
             BREAKER_FAILURES, BREAKER_OPEN_MS / 60000, last);
    job_set_why(job, why);
}

/* A step that only ends the one before goes on telling why. */
static bool keeps_why(enum job_step from, enum job_step to)
{
    return (from == STEP_PAUSE && to == STEP_HOLD) || (from == STEP_CLOSE && to == STEP_STOP);
}

static void leave(struct job *job, struct job_next next)
{
    loop_timer_cancel(&job->timer);
    if (job->step == STEP_PURGE)
        pipeline_stop(job->pipeline);
    if (job->step == STEP_VACUUM)
        vacuum_stop(job->vacuum);
    if (next.reason == REASON_BREAKER && !keeps_why(job->step, next.step))
        explain_breaker(job);
    if (!keeps_why(job->step, next.step))
        snprintf(job->why, sizeof job->why, "%s", job->next_why != NULL ? job->next_why : "");
    free(job->next_why);
    job->next_why = NULL;
}

static enum job_event step_on(struct job *job, enum job_event event)
{
    struct job_facts facts = facts_of(job, event);
    struct job_next next = job_step(job->step, event, &facts);
    enum job_event then = EVENT_NONE;

    log_debug("job=%s %s %s -> %s", job->settings->name, job_step_name(job->step),
              job_event_name(event), job_step_name(next.step));
    if (next.enter) {
        leave(job, next);
        job->step = next.step;
        job->reason = next.reason;
        then = enter(job);
    }
    job_show(job, next.enter);
    job->outcome = BATCH_COMMITTED;
    return then;
}

static void on_event(struct job *job, enum job_event event)
{
    if (event == EVENT_NONE)
        job_show(job, false);
    while (event != EVENT_NONE)
        event = step_on(job, event);
}

static void on_timer(void *arg)
{
    struct job *job = arg;

    if (job->step == STEP_PURGE)
        on_event(job, job_enter_purge(job));
    else
        on_event(job, EVENT_TIMER);
}

/* --- what others ask of a job --- */

void job_start(struct job *job)
{
    on_event(job, job->asked.paused && !job->settings->enabled ? EVENT_NONE : EVENT_START);
}

void job_drain(struct job *job)
{
    job->asked.draining = true;
    on_event(job, EVENT_DRAIN);
}

/* Whoever resumes or runs a job that the clocks have stopped has looked at them. */
static void forget_clock(struct job *job)
{
    if (job->reason == REASON_CLOCK)
        job->host.clock->known = false;
}

void job_run_now(struct job *job)
{
    job->asked.run_now = true;
    forget_clock(job);
    on_event(job, EVENT_RUN_NOW);
}

void job_pause(struct job *job)
{
    job->asked.paused = true;
    on_event(job, EVENT_PAUSE);
}

void job_resume(struct job *job)
{
    job->asked.paused = false;
    forget_clock(job);
    on_event(job, EVENT_RESUME);
}

/* --- jobs that wait for others --- */

void job_step_forward(struct job *job)
{
    on_event(job, EVENT_TURN);
}

bool job_is_in_line(const struct job *job)
{
    return job->due_since.ns != 0 && !job->run_open;
}

bool job_has_run_since_in_line(const struct job *job, const struct job *other)
{
    return mono_ms_between(other->due_since, job->run_ended) >= 0;
}

static bool is_due_soon(const struct job *job)
{
    return loop_timer_pending(&job->timer) && mono_ms_between(mono_now(), job->wakes) <= SOON_MS;
}

/* These hold all jobs of the database alike, and max_hold ends them. */
static bool holds_all(enum reason reason)
{
    return reason == REASON_REPLICA_LAG || reason == REASON_SLOT_LAG || reason == REASON_WAL_RATE ||
           reason == REASON_ACTIVE_SESSIONS;
}

bool job_is_under_way(const struct job *job)
{
    switch (job->shown.state) {
    case JOB_CONNECTING:
    case JOB_CHECKING:
    case JOB_RUNNING:
    case JOB_RESTING:
    case JOB_BACKING_OFF:
    case JOB_RESOLVING:
    case JOB_FINISHING:
        return true;
    case JOB_WAITING:
        return job_is_in_line(job) || is_due_soon(job);
    case JOB_HELD:
        return holds_all(job->shown.reason);
    case JOB_STOPPED:
    case JOB_VACUUMING: /* its rows are gone */
        return false;
    }
    return false;
}

const struct fk_graph *job_fk_graph(const struct job *job)
{
    return job->checked && job->table.references != NULL ? &job->table.references->family : NULL;
}

/* --- its life --- */

struct job *job_new(const struct job_settings *settings, const struct job_host *host)
{
    struct job *job = mem_new(sizeof *job);
    struct vacuum_host vacuum_host = {
        host->loop,     host->pool, settings, host->database->max_connections,
        host->counters, on_vacuum,  job};

    job->settings = settings;
    job->host = *host;
    job->tell = on_event;
    job->shown = (struct job_shown){JOB_WAITING, REASON_NONE, mono_now(), wall_now()};
    job->schedule = schedule_new(settings, host->once, on_schedule, job);
    job->throttle = throttle_new(host->database, settings, job_on_throttle, job);
    job->pipeline =
        pipeline_new(host->loop, host->pool, (size_t)settings->workers, job_on_pipeline, job);
    job->vacuum = vacuum_new(&vacuum_host);
    pass_init(&job->pass, job_on_pass, job);
    loop_timer_init(&job->timer, host->loop, on_timer, job);
    return job;
}

void job_free(struct job *job)
{
    if (job == NULL)
        return;
    loop_timer_free(&job->timer);
    job->lease_end = LEASE_SPENT;
    release(job);
    preflight_free(job->preflight);
    pipeline_free(job->pipeline);
    throttle_free(job->throttle);
    schedule_free(job->schedule);
    vacuum_free(job->vacuum);
    free(job->unresolved);
    free(job->trouble.message);
    free(job->next_why);
    run_totals_free(&job->totals);
    targets_free(&job->targets);
    pass_free(&job->pass);
    free(job);
}

const struct job_settings *job_settings(const struct job *job)
{
    return job->settings;
}

enum job_state job_state(const struct job *job)
{
    return job->shown.state;
}

enum reason job_reason(const struct job *job)
{
    return job->shown.reason;
}

bool job_is_paused(const struct job *job)
{
    return job->asked.paused;
}

double job_replica_lag_s(const struct job *job)
{
    return throttle_replica_lag_s(job->throttle);
}
