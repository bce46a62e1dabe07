#include "pgpurged/run_order.h"

#include <stdlib.h>

#include "pgpurged/job_references.h"

/* --- who refers to whom --- */

static void add_reference(struct slot *slot, size_t job, bool keeps)
{
    slot->references =
        mem_grow(slot->references, (slot->reference_count + 1) * sizeof *slot->references);
    slot->references[slot->reference_count++] = (struct order_reference){job, keeps};
}

static void find_references(const struct daemon *daemon, struct slot *slot)
{
    const struct fk_graph *family = job_fk_graph(slot->job);
    bool keeps;

    run_order_leave(slot);
    if (family == NULL || family->reference_count == 0)
        return;
    for (size_t i = 0; i < daemon->slot_count; i++) {
        const struct slot *other = &daemon->slots[i];

        if (other != slot && other->pool == slot->pool &&
            job_references_to(family, &job_settings(other->job)->table, &keeps))
            add_reference(slot, i, keeps);
    }
}

/* --- how things stand --- */

struct standing {
    struct order_job *jobs;             /* one for each slot */
    struct order_reference *references; /* of all of them */
};

static size_t count_references(const struct daemon *daemon)
{
    size_t count = 0;

    for (size_t i = 0; i < daemon->slot_count; i++)
        count += daemon->slots[i].reference_count;
    return count;
}

/* The references of a job that waits. A job that has run since then is waited for no longer. */
static void put_references(const struct daemon *daemon, const struct slot *slot,
                           struct order_reference *room, struct order_job *job)
{
    job->references = room;
    for (size_t i = 0; i < slot->reference_count; i++)
        if (!job_has_run_since_in_line(daemon->slots[slot->references[i].job].job, slot->job))
            room[job->reference_count++] = slot->references[i];
}

static struct standing how_things_stand(const struct daemon *daemon)
{
    struct standing standing = {
        .jobs = mem_new(daemon->slot_count * sizeof *standing.jobs),
        .references = mem_new((count_references(daemon) + 1) * sizeof *standing.references),
    };
    struct order_reference *room = standing.references;

    for (size_t i = 0; i < daemon->slot_count; i++) {
        const struct slot *slot = &daemon->slots[i];

        standing.jobs[i].under_way = job_is_under_way(slot->job);
        if (!job_is_in_line(slot->job))
            continue;
        put_references(daemon, slot, room, &standing.jobs[i]);
        room += standing.jobs[i].reference_count;
    }
    return standing;
}

static void standing_free(struct standing *standing)
{
    free(standing->jobs);
    free(standing->references);
}

/* --- taking turns --- */

bool run_order_may_begin(struct daemon *daemon, struct slot *slot, struct text *why)
{
    struct standing standing;
    size_t other;

    find_references(daemon, slot);
    if (slot->reference_count == 0)
        return true;
    standing = how_things_stand(daemon);
    other = order_waits_for(standing.jobs, daemon->slot_count, (size_t)(slot - daemon->slots));
    standing_free(&standing);
    if (other == daemon->slot_count)
        return true;
    text_addf(why, "job %s runs first, because rows of %s refer to rows of %s",
              job_settings(daemon->slots[other].job)->name,
              job_settings(daemon->slots[other].job)->table.written,
              job_settings(slot->job)->table.written);
    return false;
}

void run_order_look(struct daemon *daemon)
{
    struct standing standing = how_things_stand(daemon);

    for (size_t i = 0; i < daemon->slot_count; i++)
        if (job_is_in_line(daemon->slots[i].job) &&
            order_waits_for(standing.jobs, daemon->slot_count, i) == daemon->slot_count)
            job_step_forward(daemon->slots[i].job);
    standing_free(&standing);
}

void run_order_leave(struct slot *slot)
{
    free(slot->references);
    slot->references = NULL;
    slot->reference_count = 0;
}
