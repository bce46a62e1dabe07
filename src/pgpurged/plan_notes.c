/* What a plan says beside its numbers and what the requirements find: privileges, triggers, risks,
 * and hints, each with the SQL to run where there is any. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"
#include "config/duration.h"
#include "pgpurged/plan_fill.h"
#include "policy/advice.h"
#include "report/human.h"

/* --- privileges --- */

static void note_monitor(struct plan *plan, const struct preflight_table *table)
{
    if (table->server_version > 0 && !table->abilities.sees_all)
        plan_note(&plan->grants,
                  text_format("role %s does not see what other sessions do, so max_replica_lag, "
                              "max_active_sessions, max_snapshot_age and waiting sessions hold "
                              "nothing back",
                              table->role),
                  text_format("GRANT pg_monitor TO %s", table->role));
}

static void note_vacuum(struct plan *plan, const struct job_settings *job,
                        const struct estimate *estimate)
{
    if (!estimate->own_session)
        plan_note(&plan->grants,
                  text_copy("VACUUM is skipped: the connection goes through a pooler, which would "
                            "give its settings to others"),
                  NULL);
    else if (estimate->vacuum_grant != NULL)
        plan_note(&plan->grants,
                  text_format("VACUUM is skipped: role %s may not vacuum %s", estimate->table.role,
                              job->table.written),
                  text_copy(estimate->vacuum_grant));
}

/* --- triggers and locks --- */

static const char *what_of_trigger(const struct advice_trigger *trigger)
{
    if (trigger->non_firing)
        return ", which does not fire: each DELETE names a partition";
    if (trigger->each_row && text_equal(trigger->when, "before"))
        return ", which may keep rows; they count as rejected";
    return "";
}

static void note_trigger(struct plan *plan, const struct advice_trigger *trigger)
{
    plan_note(&plan->triggers,
              text_format("%s: %s each %s, %s%s", trigger->name, trigger->when,
                          trigger->each_row ? "row" : "statement", trigger->function,
                          what_of_trigger(trigger)),
              NULL);
}

static void note_lock(struct plan *plan, const struct job_settings *job,
                      const struct advice_lock *lock)
{
    struct text note = {0};

    text_add(&note, lock->who);
    if (lock->application != NULL && lock->application[0] != '\0')
        text_addf(&note, " (%s)", lock->application);
    if (lock->shuts_out)
        text_addf(&note, " holds %s on the table", lock->mode);
    else
        text_add(&note, " has a transaction open that has locked rows of the table");
    if (lock->age_s >= 0) {
        text_add(&note, ", since ");
        human_duration(&note, lock->age_s);
    }
    if (lock->shuts_out) {
        text_add(&note, ": no batch gets past it, each gives way after lock_timeout = ");
        duration_print_ms(job->lock_timeout_ms, &note);
    } else
        text_add(&note, ": these are left for a later pass or run");
    plan_note(&plan->risks, text_take(&note), NULL);
}

static void note_risks(struct plan *plan, const struct job_settings *job,
                       const struct estimate *estimate)
{
    const struct advice *advice = &estimate->advice;
    const struct relation *relation = estimate->relation;

    for (size_t i = 0; i < advice->lock_count; i++)
        note_lock(plan, job, &advice->locks[i]);
    if (advice->wraparound_pid != 0)
        plan_note(&plan->risks,
                  text_format("autovacuum (pid %" PRId64
                              ") is at the table to prevent wraparound: the job is held until it "
                              "is done",
                              advice->wraparound_pid),
                  NULL);
    if (relation->inheritance_children > 0)
        plan_note(&plan->risks,
                  text_format("%" PRId64 " table%s from it (%s%s): their rows are not purged; "
                              "give each a job of its own",
                              relation->inheritance_children,
                              relation->inheritance_children == 1 ? " inherits" : "s inherit",
                              relation->first_inheritance_child,
                              relation->inheritance_children == 1 ? "" : ", ..."),
                  NULL);
    if (!job->enabled)
        plan_note(&plan->risks, text_copy("enabled = no: the daemon does not run this job"), NULL);
    if (plan->forecast.catches_up == MAYBE_NO)
        plan_note(
            &plan->risks,
            text_copy(
                "more expires than the window takes: widen it, or raise duty_cycle, max_duty_cycle "
                "or max_rows_per_second"),
            NULL);
}

/* --- hints --- */

/* Over `keys` (as SQL), only of rows where `condition` holds (NULL = all). Not of a partitioned
 * table, which can't have one CONCURRENTLY. */
static char *create_index(bool unique, const char *table, const char *keys, const char *condition)
{
    return text_format("CREATE %sINDEX CONCURRENTLY ON %s (%s)%s%s", unique ? "UNIQUE " : "", table,
                       keys, condition != NULL ? " WHERE " : "",
                       condition != NULL ? condition : "");
}

/* What removes the index that is no longer needed then. */
static char *drop_index(const char *table, const char *index, const char *constraint)
{
    if (constraint != NULL)
        return text_format("ALTER TABLE %s DROP CONSTRAINT %s", table, constraint);
    return text_format("DROP INDEX CONCURRENTLY %s", index);
}

/* Whether a row is live exactly if its mark is NULL. Indexes of a partitioned table are another
 * matter: they can't be made while others write. */
static bool is_soft_delete(const struct job_settings *job, const struct preflight_table *table)
{
    return job->expires.kind == EXPIRES_AFTER_MARK && table->nullable && !table->partitioned &&
           job->epoch == EPOCH_NONE && job->never_expires.count == 0 && job->flags.count == 0;
}

static struct advice_facts facts_of(const struct job_settings *job, const struct estimate *estimate)
{
    const double day_ms = 24 * 60 * 60 * 1000;

    return (struct advice_facts){
        .soft_delete = is_soft_delete(job, &estimate->table),
        .rows = estimate->tally.rows,
        .marked = estimate->tally.marked,
        .indexes = estimate->advice.indexes,
        .index_count = estimate->advice.index_count,
        .by_index = job->expires.kind != EXPIRES_BY_ROW && !estimate->table.partitioned,
        .choose = estimate->selection.facts,
        .usually_due = estimate->tally.expiring_per_day * (double)job->every_ms / day_ms,
    };
}

static void hint_live(struct plan *plan, const struct estimate *estimate, int index)
{
    const struct advice_keys *keys = &estimate->advice.keys[index];
    char *live = text_format("%s IS NULL", estimate->table.column);

    plan_note(&plan->hints,
              text_format("%.0f %% of the rows are marked, and are in every index all the same; "
                          "one of live rows alone, in place of %s, is smaller by as much",
                          100 * estimate->tally.marked / estimate->tally.rows, keys->name),
              create_index(false, estimate->relation->written, keys->keys, live));
    free(live);
}

static void hint_unique(struct plan *plan, const struct estimate *estimate, size_t index)
{
    const struct advice_keys *keys = &estimate->advice.keys[index];
    char *live = text_format("%s IS NULL", estimate->table.column);
    char *create = create_index(true, estimate->relation->written, keys->keys, live);
    char *drop = drop_index(estimate->relation->written, keys->name, keys->constraint);

    plan_note(&plan->hints,
              text_format("%s keeps what marked rows have in (%s) taken until they are purged; an "
                          "index that ignores them sets it free at once",
                          keys->name, keys->keys),
              text_format("%s;\n%s", create, drop));
    free(drop);
    free(create);
    free(live);
}

static void hint_purge(struct plan *plan, const struct advice_facts *facts,
                       const struct estimate *estimate)
{
    char *marked =
        estimate->table.nullable ? text_format("%s IS NOT NULL", estimate->table.column) : NULL;
    bool any = facts->usually_due >= 1;
    struct text_number due, pages;

    plan_note(&plan->hints,
              text_format("%s%s rows expire from one run to the next, and each run reads %s pages "
                          "for them; through an index it would read few",
                          any ? "about " : "hardly any",
                          any ? human_about(&due, facts->usually_due) : "",
                          text_grouped(&pages, facts->choose.pages)),
              create_index(false, estimate->relation->written, estimate->table.column, marked));
    free(marked);
}

static void note_hints(struct plan *plan, const struct job_settings *job,
                       const struct estimate *estimate)
{
    struct advice_facts facts = facts_of(job, estimate);
    int live = advice_live_index(&facts);

    if (live != ADVICE_NONE)
        hint_live(plan, estimate, live);
    for (size_t i = 0; i < facts.index_count; i++)
        if (advice_unique_index(&facts, i))
            hint_unique(plan, estimate, i);
    if (advice_purge_index(&facts))
        hint_purge(plan, &facts, estimate);
}

void plan_fill_notes(struct plan *plan, const struct job_settings *job,
                     const struct estimate *estimate)
{
    const struct advice *advice = &estimate->advice;

    note_monitor(plan, &estimate->table);
    if (estimate->outcome == BATCH_COMMITTED && job->vacuum == VACUUM_AFTER)
        note_vacuum(plan, job, estimate);
    for (size_t i = 0; i < advice->trigger_count; i++)
        note_trigger(plan, &advice->triggers[i]);
    note_risks(plan, job, estimate);
    if (estimate->complete)
        note_hints(plan, job, estimate);
}
