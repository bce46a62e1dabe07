#include "pgpurged/admission.h"

#include <stdlib.h>

#include "pgpurged/job_references.h"

/* --- who refers to whom --- */

static void add_reference(struct seat *seat, size_t job, bool keeps)
{
    seat->references =
        mem_grow(seat->references, (seat->reference_count + 1) * sizeof *seat->references);
    seat->references[seat->reference_count++] = (struct order_reference){job, keeps};
}

static void find_references(const struct daemon *daemon, struct seat *seat)
{
    const struct fk_graph *family = job_family(seat->job);
    bool keeps;

    admission_leave(seat);
    if (family == NULL || family->reference_count == 0)
        return;
    for (size_t i = 0; i < daemon->seat_count; i++) {
        const struct seat *other = &daemon->seats[i];

        if (other != seat && other->database == seat->database &&
            job_references_to(family, &job_settings(other->job)->table, &keeps))
            add_reference(seat, i, keeps);
    }
}

/* --- how things stand --- */

struct standing {
    struct order_job *jobs;             /* one for each seat */
    struct order_reference *references; /* of all of them */
};

static size_t count_references(const struct daemon *daemon)
{
    size_t count = 0;

    for (size_t i = 0; i < daemon->seat_count; i++)
        count += daemon->seats[i].reference_count;
    return count;
}

/* Of those that wait. One for whose run a job has waited already is done for this time. */
static void put_references(const struct daemon *daemon, const struct seat *seat,
                           struct order_reference *room, struct order_job *job)
{
    job->references = room;
    for (size_t i = 0; i < seat->reference_count; i++)
        if (!job_has_run_since_in_line(daemon->seats[seat->references[i].job].job, seat->job))
            room[job->reference_count++] = seat->references[i];
}

static struct standing how_things_stand(const struct daemon *daemon)
{
    struct standing standing = {
        .jobs = mem_new(daemon->seat_count * sizeof *standing.jobs),
        .references = mem_new((count_references(daemon) + 1) * sizeof *standing.references),
    };
    struct order_reference *room = standing.references;

    for (size_t i = 0; i < daemon->seat_count; i++) {
        const struct seat *seat = &daemon->seats[i];

        standing.jobs[i].under_way = job_is_under_way(seat->job);
        if (!job_is_in_line(seat->job))
            continue;
        put_references(daemon, seat, room, &standing.jobs[i]);
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

bool admission_may_begin(struct daemon *daemon, struct seat *seat, struct text *why)
{
    struct standing standing;
    size_t other;

    find_references(daemon, seat);
    if (seat->reference_count == 0)
        return true;
    standing = how_things_stand(daemon);
    other = order_waits_for(standing.jobs, daemon->seat_count, (size_t)(seat - daemon->seats));
    standing_free(&standing);
    if (other == daemon->seat_count)
        return true;
    text_addf(why, "job %s runs first, because rows of %s refer to rows of %s",
              job_settings(daemon->seats[other].job)->name,
              job_settings(daemon->seats[other].job)->table.written,
              job_settings(seat->job)->table.written);
    return false;
}

void admission_look(struct daemon *daemon)
{
    struct standing standing = how_things_stand(daemon);

    for (size_t i = 0; i < daemon->seat_count; i++)
        if (job_is_in_line(daemon->seats[i].job) &&
            order_waits_for(standing.jobs, daemon->seat_count, i) == daemon->seat_count)
            job_step_forward(daemon->seats[i].job);
    standing_free(&standing);
}

void admission_leave(struct seat *seat)
{
    free(seat->references);
    seat->references = NULL;
    seat->reference_count = 0;
}
