/*
 * The leaves of a run: the table itself, or its partitions one after the other.
 *
 *   job_begin_partitions -> [begin_partition -> job_purge_partition (job_drop.c) ->
 * job_partition_over]* -> end_run
 *
 * Where rows refer to rows of other partitions, all have their turn again until that makes no
 * difference.
 *
 * A server that crashes loses what was committed with synchronous_commit = off in its last moments,
 * rows and audit rows together (promise A). So when a connection is lost, the partitions that were
 * done shortly before have another turn as well: rows of theirs may be there and due again. So may
 * rows that the pass has behind it, which therefore is not the last one.
 *
 * Partitions are looked up again when all are done, because one may have been added meanwhile. One
 * that was detached or dropped is left alone at once: from then on its rows are none of the job's.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/query.h"
#include "engine/job_life.h"

/* So deep a thread of rows that refer to each other may be, if each is in another partition. */
enum { MOST_ROUNDS = 100 };

/* The server loses the last three wal_writer_delay at most, of 10 s at most; and until we notice
 * that it has crashed takes a moment. */
enum { LOSABLE_MS = 60 * 1000 };

static void next_partition(struct job *job);
static void list_partitions(struct job *job);

/* --- the end --- */

/* What is left, and what keeps it; false if nothing is left that is known of. */
static bool explain_rows_left(const struct job *job, struct text *detail)
{
    struct rejected_list rejected = {0};

    if (job->left.skipped > 0)
        text_addf(detail, "%lld due rows are left that others had locked",
                  (long long)job->left.skipped);
    job_list_rejected(job, &rejected);
    if (rejected.count > 0) {
        text_add(detail, detail->length > 0 ? ", " : "");
        rejected_list_explain(&rejected, detail);
    }
    rejected_list_free(&rejected);
    return detail->length > 0;
}

static void close_by_what_is_left(struct job *job)
{
    struct text detail = {0};
    bool left = explain_rows_left(job, &detail);

    job->left.only_rejected = left && job->left.skipped == 0;
    job_close_run(job, left ? RUN_INCOMPLETE : RUN_DONE, detail.data);
    text_free(&detail);
}

/* The triggers of the first partition that has some that may keep rows; NULL = no partition has. */
static const char *first_keepers(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (partitions->items[i].before_triggers != NULL)
            return partitions->items[i].before_triggers;
    return NULL;
}

/* Nothing is deleted any more; is that because nothing is due, or because a trigger keeps what is?
 * An estimate can't tell rows that are known to be left from others. */
static void kept_rows_sampled(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct rejected_cause silent = {
        .reason = REJECTED_TRIGGER,
        .name = first_keepers(&job->partitions.all),
    };
    struct sample sample;
    double known = (double)(job->left.skipped + job->left.rejected.rows +
                            fk_blocked_rows(&job->left.fk_blocked));

    if (!job_query_succeeded(job, reply))
        return;
    sample_read(reply, job->table.blocks, SAMPLE_PAGES, &sample);
    if (sample.due > known && (sample.exact || known == 0))
        rejected_add(&job->left.rejected, (int64_t)(sample.due - known), &silent);
    close_by_what_is_left(job);
}

static void sample_what_is_kept(struct job *job)
{
    struct sampled what = {job->settings, &job->table, &job->partitions.all, SAMPLE_PAGES};

    sample_send(job->pg, &what, job->run.cutoff, kept_rows_sampled, job);
}

/* Names the first partition that can't be purged; false if there is none. */
static bool explain_refusals(const struct partitions *partitions, struct text *detail)
{
    const struct partition *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < partitions->count; i++) {
        if (partitions->items[i].refusal == NULL)
            continue;
        count++;
        if (first == NULL)
            first = &partitions->items[i];
    }
    if (first != NULL)
        text_addf(detail, "%zu of %zu partitions can't be purged, the first is %s: %s", count,
                  partitions->count, first->table, first->refusal);
    return first != NULL;
}

static void end_run(struct job *job)
{
    struct text detail = {0};

    if (explain_refusals(&job->partitions.all, &detail))
        job_close_run(job, RUN_INCOMPLETE, detail.data);
    else if (job->partitions.moving)
        job_close_run(job, RUN_INCOMPLETE,
                      "due rows kept moving behind the scan; the next run goes on");
    else if (first_keepers(&job->partitions.all) != NULL)
        sample_what_is_kept(job);
    else
        close_by_what_is_left(job);
    text_free(&detail);
}

/* --- one after the other --- */

/* A run that was cut off goes on where it was; what stands before it in the list is done. */
static bool goes_on_here(struct job *job, const struct partition *partition)
{
    bool here = !job->table.partitioned || job->run.at_partition == partition->relation;

    job->run.at_partition = 0;
    return here;
}

void job_go_on_with_partition(struct job *job)
{
    if (job->partition != NULL && !job->partition->over)
        job_purge_partition(job);
    else if (job->partitions.listed) /* what is over stays over */
        list_partitions(job);
    else if (job->partition != NULL)
        next_partition(job);
    else
        job_begin_partitions(job);
}

static void begin_partition(struct job *job, struct partition *partition)
{
    job->partition = partition;
    if (!goes_on_here(job, partition)) {
        job->run.passes = 1;
        job->run.next_block = 0;
    }
    scan_free(&job->scans.heap);
    scan_start(&job->scans.heap, job->table.block_size);
    job->scan = &job->scans.heap;
    job->find.index_known = false;
    snprintf(job->find.choice.why, sizeof job->find.choice.why, "not chosen yet");
    job_make_statements(job);
    if (job->table.partitioned)
        log_info("job=%s run=%lld comes to %s", job->settings->name, (long long)job->run.id,
                 job->sql.partition);
    job_purge_partition(job);
}

static void partitions_came(void *arg, const struct pg_result *reply)
{
    struct job *job = arg;
    struct partition *gone;

    if (!job_query_succeeded(job, reply))
        return;
    job->partition = NULL;
    job->pass.scaning = false;
    partitions_read(reply, job->table.role, &job->partitions.all);
    gone = partitions_find(&job->partitions.all, job->partitions.gone);
    /* It is still there, and not under another name; then why did the server say so? */
    if (gone != NULL && gone->over && gone->refusal == NULL)
        gone->refusal = text_copy(job->why);
    job->partitions.gone = 0;
    if (!job->partitions.listed)
        for (size_t i = 0; i < job->partitions.all.count; i++)
            if (job->partitions.all.items[i].refusal != NULL)
                log_warning("job=%s partition %s can't be purged: %s", job->settings->name,
                            job->partitions.all.items[i].table,
                            job->partitions.all.items[i].refusal);
    if (!job->partitions.listed &&
        partitions_find(&job->partitions.all, job->run.at_partition) != NULL)
        partitions_skip_to(&job->partitions.all, job->run.at_partition);
    job->partitions.listed = true;
    next_partition(job);
}

static void list_partitions(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", job->partitions.gone != 0 ? job->why : "");
    partitions_send(job->pg, job->table.relation, partitions_came, job);
}

/* Rows of a partition may have been kept by rows of another one that are gone by now: then all
 * leaves have their turn once more. */
static bool needs_another_round(const struct job *job)
{
    const struct reference_graph *references = job->table.references;

    return job->table.partitioned && references != NULL &&
           fk_graph_needs_more_passes(&references->family) &&
           fk_blocked_rows(&job->left.fk_blocked) > 0 &&
           job->run.rows > job->partitions.rows_at_round && job->partitions.rounds < MOST_ROUNDS;
}

static void begin_round(struct job *job)
{
    job->partitions.rounds++;
    job->partitions.rows_at_round = job->run.rows;
    job->left.skipped = 0;
    fk_blocked_begin_run(&job->left.fk_blocked, job->table.references);
    rejected_begin_run(&job->left.rejected);
    for (size_t i = 0; i < job->partitions.all.count; i++)
        job->partitions.all.items[i].over = job->partitions.all.items[i].doubtful = false;
    next_partition(job);
}

/* --- leaves that were over when a connection was lost --- */

void job_doubt(struct job *job)
{
    struct mono now = mono_now();

    job->pass.quiet = job->pass.whole = false;
    for (size_t i = 0; i < job->partitions.all.count; i++) {
        struct partition *partition = &job->partitions.all.items[i];

        partition->doubtful |=
            partition->over && mono_ms_between(partition->over_since, now) < LOSABLE_MS;
    }
}

static bool is_any_doubtful(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (partitions->items[i].doubtful)
            return true;
    return false;
}

/* Where rows were left they would be counted twice, so there all leaves begin anew. */
static void look_again(struct job *job)
{
    bool counted = job->left.skipped > 0 || job->left.rejected.rows > 0 ||
                   fk_blocked_rows(&job->left.fk_blocked) > 0;

    log_info("job=%s run=%lld looks again at what was done shortly before a connection was lost",
             job->settings->name, (long long)job->run.id);
    if (counted) {
        begin_round(job);
        return;
    }
    for (size_t i = 0; i < job->partitions.all.count; i++) {
        struct partition *partition = &job->partitions.all.items[i];

        if (partition->doubtful)
            partition->over = partition->doubtful = false;
    }
    next_partition(job);
}

static void next_partition(struct job *job)
{
    struct partition *partition = partitions_next(&job->partitions.all);

    if (partition != NULL) {
        job->partitions.listed_since = false;
        begin_partition(job, partition);
    } else if (job->table.partitioned && !job->partitions.listed_since) {
        job->partitions.listed_since = true;
        list_partitions(job);
    } else if (is_any_doubtful(&job->partitions.all)) {
        look_again(job);
    } else if (needs_another_round(job)) {
        begin_round(job);
    } else {
        end_run(job);
    }
}

void job_begin_partitions(struct job *job)
{
    partitions_free(&job->partitions.all);
    job->partition = NULL;
    job->partitions.gone = 0;
    job->pass.scaning = job->partitions.listed = job->partitions.listed_since = false;
    job->partitions.moving = false;
    job->left.skipped = 0;
    job->partitions.most_passes = 1;
    job->partitions.rounds = 1;
    job->partitions.rows_at_round = job->run.rows;
    if (job->table.partitioned) {
        job->partitions.listed_since = true; /* also when there are none */
        list_partitions(job);
        return;
    }
    partitions_of_table(job->settings, &job->table, &job->partitions.all);
    next_partition(job);
}

void job_partition_over(struct job *job)
{
    job->partition->over = true;
    job->partition->over_since = mono_now();
    job->partition->doubtful = false;
    job->pass.scaning = false;
    job->left.skipped += job->pass.skipped;
    job->pass.skipped = 0;
    fk_blocked_end_partition(&job->left.fk_blocked);
    if (job->run.passes > job->partitions.most_passes)
        job->partitions.most_passes = job->run.passes;
    next_partition(job);
}

void job_leave_partition(struct job *job)
{
    log_info("job=%s run=%lld leaves %s: %s", job->settings->name, (long long)job->run.id,
             job->sql.partition, job->why);
    job->partition->over = true;
    job->pass.scaning = false;
    job->partitions.gone = job->partition->relation;
    job->left.skipped += job->pass.skipped;
    job->pass.skipped = 0;
    fk_blocked_end_partition(&job->left.fk_blocked);
    job->partitions.listed_since = true;
    list_partitions(job);
}
