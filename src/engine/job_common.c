/* What the steps of a job have in common. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"

void job_set_why(struct job *job, const char *why)
{
    char *copy = text_copy(why); /* it may be the text that is replaced */

    free(job->next_why);
    job->next_why = copy;
}

static void note_error(struct job *job, const struct pg_error *error)
{
    free(job->trouble.message);
    job->trouble.message = text_copy(error->message);
    snprintf(job->trouble.sqlstate, sizeof job->trouble.sqlstate, "%s", error->sqlstate);
    job->trouble.at = wall_now();
}

static bool is_to_be_tried_again(const struct job *job, enum batch_outcome outcome)
{
    return outcome == BATCH_LOCKED || outcome == BATCH_TOO_SLOW || outcome == BATCH_CONFLICT ||
           (outcome == BATCH_OTHER_DAEMON && job->unresolved_count > 0);
}

/* A lock or a timeout met by a question is the table's trouble: the database's other jobs go on. */
static void count_failure(struct job *job)
{
    struct mono now = mono_now();

    job->trouble.failures++;
    breaker_wait_ms(&job->trouble.breaker, now); /* if its time is over, this was the trial */
    breaker_failure(&job->trouble.breaker, now);
}

enum job_event job_failed(struct job *job, enum batch_outcome outcome, const struct pg_error *error,
                          const char *why)
{
    job->outcome = outcome;
    job_set_why(job, why);
    if (error != NULL)
        note_error(job, error);
    if (is_to_be_tried_again(job, outcome))
        count_failure(job);
    if (outcome == BATCH_UNKNOWN || outcome == BATCH_TROUBLE) {
        job->lease_end = LEASE_BROKEN;
        job->checked = false; /* the server may have been restarted, restored, replaced */
    }
    job_recheck(job);
    return EVENT_FAILED;
}

enum job_event job_judge_reply(struct job *job, const struct pg_result *reply)
{
    enum batch_outcome outcome = query_outcome(reply);
    struct err why;

    if (outcome == BATCH_COMMITTED)
        return EVENT_NONE;
    query_error(pg_result_error(reply), &why);
    return job_failed(job, outcome, pg_result_error(reply), why.text);
}

void job_note_batch_error(struct job *job, const struct pg_error *error)
{
    note_error(job, error);
}

void job_recheck(struct job *job)
{
    if (!job->run_open)
        return;
    pass_recheck(&job->pass);
    targets_recheck(&job->targets);
}

enum reason job_go_on_gate(struct job *job)
{
    struct gate_facts facts = {
        .enabled = job->settings->enabled,
        .draining = job->asked.draining,
        .paused = job->asked.paused,
        .breaker_open = breaker_wait_ms(&job->trouble.breaker, mono_now()) > 0,
        .clock_fine = true,
        .window_open = true,
    };
    enum reason reason = admission_judge(&admission_gates, GATE_GO_ON, &facts);

    return reason != REASON_NONE ? reason : admission_judge(&job->host.gates, GATE_GO_ON, &facts);
}

bool job_has_closing(const struct job *job)
{
    return !schedule_state(job->schedule)->window.always && !job->asked.run_now && !job->host.once;
}

void job_make_statements(struct job *job)
{
    struct sql_target target = job->targets.at != NULL
                                   ? partition_target(job->settings, &job->table, job->targets.at)
                                   : preflight_target(job->settings, &job->table);

    sql_statements_free(&job->sql);
    job->sql = sql_statements_for(&target);
}

void job_note_unresolved(struct job *job, int64_t number)
{
    job->unresolved =
        mem_grow(job->unresolved, (job->unresolved_count + 1) * sizeof *job->unresolved);
    job->unresolved[job->unresolved_count++] = number;
}
