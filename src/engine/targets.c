#include "engine/targets.h"

#include <stdlib.h>

#include "base/log.h"

/* So deep a thread of rows that refer to each other may be, if each is in another partition. */
enum { MOST_SWEEPS = 100 };

/* The server loses the last three wal_writer_delay at most, of 10 s at most; and it takes a moment
 * until we notice that it has crashed. */
enum { LOSABLE_MS = 60 * 1000 };

/* --- the kinds --- */

static void read_table(struct targets *targets, const struct pg_result *reply)
{
    (void)reply;
    partitions_of_table(targets->settings, targets->table, &targets->all);
}

const struct target_kind target_table = {.send = NULL, .read = read_table};

static void send_partitions(struct pg *pg, const struct preflight_table *table, pg_result_fn *fn,
                            void *arg)
{
    partitions_send(pg, table->relation, fn, arg);
}

static void read_partitions(struct targets *targets, const struct pg_result *reply)
{
    struct partition *gone;

    partitions_read(reply, targets->table->role, &targets->all);
    gone = partitions_find(&targets->all, targets->gone);
    /* It is still there, and not under another name; then why did the server say so? */
    if (gone != NULL && gone->over && gone->refusal == NULL)
        gone->refusal = text_copy(targets->gone_why);
    targets->gone = 0;
}

const struct target_kind target_partitioned_table = {
    .send = send_partitions,
    .read = read_partitions,
};

/* --- a run --- */

void targets_start(struct targets *targets, const struct job_settings *settings,
                   const struct preflight_table *table, int64_t resume_at, int64_t rows)
{
    targets_free(targets);
    *targets = (struct targets){
        .kind = table->partitioned ? &target_partitioned_table : &target_table,
        .settings = settings,
        .table = table,
        .resume_at = resume_at,
        .sweeps = 1,
        .rows_at_sweep = rows,
    };
    if (targets->kind->send == NULL)
        targets_read(targets, NULL);
}

void targets_free(struct targets *targets)
{
    partitions_free(&targets->all);
    free(targets->gone_why);
    targets->gone_why = NULL;
    targets->at = NULL;
}

void targets_send(struct targets *targets, struct pg *pg, pg_result_fn *fn, void *arg)
{
    targets->kind->send(pg, targets->table, fn, arg);
}

/* What stands before the one at which an earlier process has stopped is done. */
void targets_read(struct targets *targets, const struct pg_result *reply)
{
    targets->at = NULL;
    targets->kind->read(targets, reply);
    if (targets->lists++ == 0 && partitions_find(&targets->all, targets->resume_at) != NULL)
        partitions_skip_to(&targets->all, targets->resume_at);
    targets->list_is_current = true;
}

/* --- one after the other --- */

static void begin_sweep(struct targets *targets, int64_t rows)
{
    targets->sweeps++;
    targets->rows_at_sweep = rows;
    for (size_t i = 0; i < targets->all.count; i++)
        targets->all.items[i].over = targets->all.items[i].doubtful = false;
}

/* Rows of a partition may have been kept by rows of another one that are gone by now. */
static bool needs_another_sweep(const struct targets *targets, const struct targets_facts *facts)
{
    const struct reference_graph *references = targets->table->references;

    return targets->table->partitioned && references != NULL &&
           fk_graph_needs_more_passes(&references->family) && facts->fk_blocked > 0 &&
           facts->rows > targets->rows_at_sweep && targets->sweeps < MOST_SWEEPS;
}

static bool is_any_doubtful(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (partitions->items[i].doubtful)
            return true;
    return false;
}

static void begin_doubtful_again(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        struct partition *partition = &partitions->items[i];

        if (partition->doubtful)
            partition->over = partition->doubtful = false;
    }
}

static bool take_next(struct targets *targets)
{
    targets->at = partitions_next(&targets->all);
    if (targets->at != NULL)
        targets->list_is_current = false;
    return targets->at != NULL;
}

enum targets_answer targets_next(struct targets *targets, const struct targets_facts *facts)
{
    if (targets->kind->send != NULL && targets->lists == 0)
        return TARGETS_LIST;
    if (take_next(targets))
        return TARGETS_PARTITION;
    if (targets->kind->send != NULL && !targets->list_is_current)
        return TARGETS_LIST;
    if (is_any_doubtful(&targets->all))
        log_info("job=%s re-checking what was done shortly before a connection was lost",
                 targets->settings->name);
    /* Rows that were left would be counted twice, so all begin anew. */
    if (needs_another_sweep(targets, facts) || (is_any_doubtful(&targets->all) && facts->left)) {
        begin_sweep(targets, facts->rows);
        return TARGETS_SWEEP;
    }
    begin_doubtful_again(&targets->all);
    return take_next(targets) ? TARGETS_PARTITION : TARGETS_DONE;
}

void targets_over(struct targets *targets)
{
    targets->at->over = true;
    targets->at->over_since = mono_now();
    targets->at->doubtful = false;
}

void targets_at_is_gone(struct targets *targets, const char *why)
{
    targets->at->over = true;
    targets->gone = targets->at->relation;
    free(targets->gone_why);
    targets->gone_why = text_copy(why);
    targets->list_is_current = false;
}

void targets_recheck(struct targets *targets)
{
    struct mono now = mono_now();

    for (size_t i = 0; i < targets->all.count; i++) {
        struct partition *partition = &targets->all.items[i];

        partition->doubtful |=
            partition->over && mono_ms_between(partition->over_since, now) < LOSABLE_MS;
    }
}

/* --- for people --- */

bool targets_explain_refusals(const struct targets *targets, struct text *out)
{
    const struct partitions *all = &targets->all;
    const struct partition *first = NULL;
    size_t count = 0;

    for (size_t i = all->count; i-- > 0;) {
        if (all->items[i].refusal == NULL)
            continue;
        count++;
        first = &all->items[i];
    }
    if (first != NULL)
        text_addf(out, "%zu of %zu partitions can't be purged, the first is %s: %s", count,
                  all->count, first->table, first->refusal);
    return first != NULL;
}

const char *targets_before_triggers(const struct targets *targets)
{
    for (size_t i = 0; i < targets->all.count; i++)
        if (targets->all.items[i].before_triggers != NULL)
            return targets->all.items[i].before_triggers;
    return NULL;
}
