/*
 * The leaves of a run: the table itself, or its partitions one after the other.
 *
 *   job_begin_leaves -> [begin_leaf -> job_purge_leaf (job_drop.c) -> job_leaf_over]* -> end_run
 *
 * Where rows refer to rows of other leaves, all have their turn again until that makes no
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
#include "purge/job_life.h"
#include "purge/talk.h"

/* So deep a thread of rows that refer to each other may be, if each is in another leaf. */
enum { MOST_ROUNDS = 100 };

/* The server loses the last three wal_writer_delay at most, of 10 s at most; and until we notice
 * that it has crashed takes a moment. */
enum { LOSABLE_MS = 60 * 1000 };

static void next_leaf(struct job *job);
static void list_leaves(struct job *job);

/* --- the end --- */

/* What is left, and what keeps it; false if nothing is left that is known of. */
static bool explain_rows_left(const struct job *job, struct text *detail)
{
    struct blocked_list blocked = {0};

    if (job->left.skipped > 0)
        text_addf(detail, "%lld due rows are left that others had locked",
                  (long long)job->left.skipped);
    job_list_blocked(job, &blocked);
    if (blocked.count > 0) {
        text_add(detail, detail->length > 0 ? ", " : "");
        blocked_list_explain(&blocked, detail);
    }
    blocked_list_free(&blocked);
    return detail->length > 0;
}

static void close_by_what_is_left(struct job *job)
{
    struct text detail = {0};
    bool left = explain_rows_left(job, &detail);

    job->left.only_blocked = left && job->left.skipped == 0;
    job_close_run(job, left ? RUN_INCOMPLETE : RUN_DONE, detail.data);
    text_free(&detail);
}

/* The triggers of the first leaf that has some that may keep rows; NULL = no leaf has. */
static const char *first_keepers(const struct leaves *leaves)
{
    for (size_t i = 0; i < leaves->count; i++)
        if (leaves->items[i].keepers != NULL)
            return leaves->items[i].keepers;
    return NULL;
}

/* Nothing is deleted any more; is that because nothing is due, or because a trigger keeps what is?
 * An estimate can't tell rows that are known to be left from others. */
static void kept_rows_sampled(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct blocked_cause silent = {
        .reason = BLOCKED_TRIGGER,
        .name = first_keepers(&job->leaves.all),
    };
    struct sample sample;
    double known =
        (double)(job->left.skipped + job->left.blocked.rows + kept_rows(&job->left.kept));

    if (!job_talk_succeeded(job, reply))
        return;
    sample_read(reply, job->table.blocks, SAMPLE_PAGES, &sample);
    if (sample.due > known && (sample.exact || known == 0))
        blocked_add(&job->left.blocked, (int64_t)(sample.due - known), &silent);
    close_by_what_is_left(job);
}

static void sample_what_is_kept(struct job *job)
{
    struct sampled what = {job->settings, &job->table, &job->leaves.all, SAMPLE_PAGES};

    sample_send(job->pg, &what, job->run.cutoff, kept_rows_sampled, job);
}

/* Names the first leaf that can't be purged; false if there is none. */
static bool explain_refusals(const struct leaves *leaves, struct text *detail)
{
    const struct leaf *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < leaves->count; i++) {
        if (leaves->items[i].refusal == NULL)
            continue;
        count++;
        if (first == NULL)
            first = &leaves->items[i];
    }
    if (first != NULL)
        text_addf(detail, "%zu of %zu partitions can't be purged, the first is %s: %s", count,
                  leaves->count, first->table, first->refusal);
    return first != NULL;
}

static void end_run(struct job *job)
{
    struct text detail = {0};

    if (explain_refusals(&job->leaves.all, &detail))
        job_close_run(job, RUN_INCOMPLETE, detail.data);
    else if (job->leaves.moving)
        job_close_run(job, RUN_INCOMPLETE,
                      "due rows kept moving behind the walk; the next run goes on");
    else if (first_keepers(&job->leaves.all) != NULL)
        sample_what_is_kept(job);
    else
        close_by_what_is_left(job);
    text_free(&detail);
}

/* --- one after the other --- */

/* A run that was cut off goes on where it was; what stands before it in the list is done. */
static bool goes_on_here(struct job *job, const struct leaf *leaf)
{
    bool here = !job->table.partitioned || job->run.at_leaf == leaf->relation;

    job->run.at_leaf = 0;
    return here;
}

void job_go_on_with_leaf(struct job *job)
{
    if (job->leaf != NULL && !job->leaf->over)
        job_purge_leaf(job);
    else if (job->leaves.listed) /* what is over stays over */
        list_leaves(job);
    else if (job->leaf != NULL)
        next_leaf(job);
    else
        job_begin_leaves(job);
}

static void begin_leaf(struct job *job, struct leaf *leaf)
{
    job->leaf = leaf;
    if (!goes_on_here(job, leaf)) {
        job->run.passes = 1;
        job->run.next_block = 0;
    }
    walk_free(&job->walks.heap);
    walk_start(&job->walks.heap, job->table.block_size);
    job->walk = &job->walks.heap;
    job->find.index_known = false;
    snprintf(job->find.choice.why, sizeof job->find.choice.why, "not chosen yet");
    job_make_statements(job);
    if (job->table.partitioned)
        log_info("job=%s run=%lld comes to %s", job->settings->name, (long long)job->run.id,
                 job->sql.leaf);
    job_purge_leaf(job);
}

static void leaves_came(void *arg, const struct pg_reply *reply)
{
    struct job *job = arg;
    struct leaf *gone;

    if (!job_talk_succeeded(job, reply))
        return;
    job->leaf = NULL;
    job->pass.walking = false;
    leaves_read(reply, job->table.role, &job->leaves.all);
    gone = leaves_find(&job->leaves.all, job->leaves.gone);
    /* It is still there, and not under another name; then why did the server say so? */
    if (gone != NULL && gone->over && gone->refusal == NULL)
        gone->refusal = text_copy(job->why);
    job->leaves.gone = 0;
    if (!job->leaves.listed)
        for (size_t i = 0; i < job->leaves.all.count; i++)
            if (job->leaves.all.items[i].refusal != NULL)
                log_warning("job=%s partition %s can't be purged: %s", job->settings->name,
                            job->leaves.all.items[i].table, job->leaves.all.items[i].refusal);
    if (!job->leaves.listed && leaves_find(&job->leaves.all, job->run.at_leaf) != NULL)
        leaves_skip_to(&job->leaves.all, job->run.at_leaf);
    job->leaves.listed = true;
    next_leaf(job);
}

static void list_leaves(struct job *job)
{
    job_enter(job, JOB_CHECKING, REASON_NONE, "%s", job->leaves.gone != 0 ? job->why : "");
    leaves_send(job->pg, job->table.relation, leaves_came, job);
}

/* Rows of a leaf may have been kept by rows of another one that are gone by now: then all leaves
 * have their turn once more. */
static bool needs_another_round(const struct job *job)
{
    const struct reference_graph *references = job->table.references;

    return job->table.partitioned && references != NULL &&
           sql_family_needs_more_passes(&references->family) && kept_rows(&job->left.kept) > 0 &&
           job->run.rows > job->leaves.rows_at_round && job->leaves.rounds < MOST_ROUNDS;
}

static void begin_round(struct job *job)
{
    job->leaves.rounds++;
    job->leaves.rows_at_round = job->run.rows;
    job->left.skipped = 0;
    kept_begin_run(&job->left.kept, job->table.references);
    blocked_begin_run(&job->left.blocked);
    for (size_t i = 0; i < job->leaves.all.count; i++)
        job->leaves.all.items[i].over = job->leaves.all.items[i].doubtful = false;
    next_leaf(job);
}

/* --- leaves that were over when a connection was lost --- */

void job_doubt(struct job *job)
{
    struct mono now = mono_now();

    job->pass.quiet = job->pass.whole = false;
    for (size_t i = 0; i < job->leaves.all.count; i++) {
        struct leaf *leaf = &job->leaves.all.items[i];

        leaf->doubtful |= leaf->over && mono_ms_between(leaf->over_since, now) < LOSABLE_MS;
    }
}

static bool is_any_doubtful(const struct leaves *leaves)
{
    for (size_t i = 0; i < leaves->count; i++)
        if (leaves->items[i].doubtful)
            return true;
    return false;
}

/* Where rows were left they would be counted twice, so there all leaves begin anew. */
static void look_again(struct job *job)
{
    bool counted =
        job->left.skipped > 0 || job->left.blocked.rows > 0 || kept_rows(&job->left.kept) > 0;

    log_info("job=%s run=%lld looks again at what was done shortly before a connection was lost",
             job->settings->name, (long long)job->run.id);
    if (counted) {
        begin_round(job);
        return;
    }
    for (size_t i = 0; i < job->leaves.all.count; i++) {
        struct leaf *leaf = &job->leaves.all.items[i];

        if (leaf->doubtful)
            leaf->over = leaf->doubtful = false;
    }
    next_leaf(job);
}

static void next_leaf(struct job *job)
{
    struct leaf *leaf = leaves_next(&job->leaves.all);

    if (leaf != NULL) {
        job->leaves.listed_since = false;
        begin_leaf(job, leaf);
    } else if (job->table.partitioned && !job->leaves.listed_since) {
        job->leaves.listed_since = true;
        list_leaves(job);
    } else if (is_any_doubtful(&job->leaves.all)) {
        look_again(job);
    } else if (needs_another_round(job)) {
        begin_round(job);
    } else {
        end_run(job);
    }
}

void job_begin_leaves(struct job *job)
{
    leaves_free(&job->leaves.all);
    job->leaf = NULL;
    job->leaves.gone = 0;
    job->pass.walking = job->leaves.listed = job->leaves.listed_since = false;
    job->leaves.moving = false;
    job->left.skipped = 0;
    job->leaves.most_passes = 1;
    job->leaves.rounds = 1;
    job->leaves.rows_at_round = job->run.rows;
    if (job->table.partitioned) {
        job->leaves.listed_since = true; /* also when there are none */
        list_leaves(job);
        return;
    }
    leaves_of_table(job->settings, &job->table, &job->leaves.all);
    next_leaf(job);
}

void job_leaf_over(struct job *job)
{
    job->leaf->over = true;
    job->leaf->over_since = mono_now();
    job->leaf->doubtful = false;
    job->pass.walking = false;
    job->left.skipped += job->pass.skipped;
    job->pass.skipped = 0;
    kept_end_leaf(&job->left.kept);
    if (job->run.passes > job->leaves.most_passes)
        job->leaves.most_passes = job->run.passes;
    next_leaf(job);
}

void job_leave_leaf(struct job *job)
{
    log_info("job=%s run=%lld leaves %s: %s", job->settings->name, (long long)job->run.id,
             job->sql.leaf, job->why);
    job->leaf->over = true;
    job->pass.walking = false;
    job->leaves.gone = job->leaf->relation;
    job->left.skipped += job->pass.skipped;
    job->pass.skipped = 0;
    kept_end_leaf(&job->left.kept);
    job->leaves.listed_since = true;
    list_leaves(job);
}
