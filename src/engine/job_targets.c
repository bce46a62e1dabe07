/* The steps of a run that are about its partitions: which one is next, and LIST. */
#include "base/log.h"
#include "engine/job_life.h"

/* --- which partition next --- */

static void start_partition(struct job *job)
{
    struct run *run = &job->totals.run;
    struct partition *partition = job->targets.at;
    const struct reference_graph *references = job->table.references;
    const struct schedule_state *seen = schedule_state(job->schedule);
    bool resumes = !job->table.partitioned || run->at_partition == partition->relation;
    struct pass_target target = {
        .settings = job->settings,
        .sql = &job->sql,
        .cutoff = run->cutoff,
        .relation = partition->relation,
        .rows = partition->rows,
        .sampled_due = seen->sampled_at.us != 0 && !job->table.partitioned ? seen->sample.due : -1,
        .levels = references != NULL && fk_graph_needs_more_passes(&references->family),
    };

    if (!resumes) {
        run->passes = 1;
        run->next_block = 0;
    }
    run->at_partition = 0;
    job_make_statements(job);
    pass_start(&job->pass, &target, job->table.block_size, run->passes);
    if (job->table.partitioned)
        log_info("job=%s run=%lld starting partition %s", job->settings->name, job_run_id(job),
                 job->sql.partition);
}

enum job_event job_next_target(struct job *job)
{
    struct targets_facts facts = {
        .rows = job->totals.run.rows,
        .fk_blocked = fk_blocked_rows(&job->totals.fk_blocked),
        .left = job->totals.skipped > 0 || run_totals_rejected(&job->totals) > 0,
    };

    switch (targets_next(&job->targets, &facts)) {
    case TARGETS_LIST:
        return EVENT_LIST;
    case TARGETS_PARTITION:
        start_partition(job);
        return EVENT_PARTITION;
    case TARGETS_SWEEP:
        run_totals_count_anew(&job->totals, job->table.references);
        return job_next_target(job);
    case TARGETS_DONE:
        break;
    }
    return EVENT_EMPTY;
}

enum job_event job_end_partition(struct job *job)
{
    run_totals_end_partition(&job->totals, job->pass.number, job->pass.skipped);
    job->pass.skipped = 0;
    targets_over(&job->targets);
    return job_next_target(job);
}

/* --- LIST --- */

static void warn_of_refusals(const struct job *job)
{
    const struct partitions *all = &job->targets.all;

    for (size_t i = 0; i < all->count && job->targets.lists == 1; i++)
        if (all->items[i].refusal != NULL)
            log_warning("job=%s partition %s can't be purged: %s", job->settings->name,
                        all->items[i].table, all->items[i].refusal);
}

static void on_listed(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    enum job_event event = job_judge_reply(job, reply);

    if (event == EVENT_NONE) {
        targets_read(&job->targets, reply);
        warn_of_refusals(job);
        event = job_next_target(job);
    }
    job->tell(job, event);
}

enum job_event job_enter_list(struct job *job)
{
    job->resume = STEP_LIST;
    targets_send(&job->targets, job->pg, on_listed, job);
    return EVENT_NONE;
}
