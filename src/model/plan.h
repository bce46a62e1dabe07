/*
 * plan: what a run of a job would do, as plain data. The table plan_shape says which field is which
 * key in JSON; report/plan_text.h has the view for people.
 *
 * A plan starts zeroed; plan_init() makes everything in it unknown. Strings are owned by it and
 * freed by plan_clear(). What a plan doesn't know is left out of the text and is null in JSON; a
 * job that would be refused has what could be seen all the same.
 */
#ifndef PGPURGED_MODEL_PLAN_H
#define PGPURGED_MODEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/scans.h"
#include "model/shape.h"
#include "model/snapshot.h"

/* How sure the numbers of rows are, the least first. */
enum plan_sureness {
    PLAN_UNKNOWN,    /* nothing is known of rows */
    PLAN_STATISTICS, /* rows of the table only, as PostgreSQL remembers them */
    PLAN_SAMPLED,    /* estimated from some of the pages; `low` and `high` are where it may lie */
    PLAN_INDEXED,    /* what is due was counted through an index, the rest is from a sample */
    PLAN_COUNTED,    /* all pages were read */
};

/* A sentence, and the SQL that goes with it, NULL if there is none. */
struct plan_note {
    char *text, *sql;
};

struct plan_notes {
    struct plan_note *notes;
    size_t count;
};

/* Takes both strings over. */
void plan_note(struct plan_notes *notes, char *text, char *sql);

/* Rows of another table that go with the due ones. */
struct plan_children {
    char *table;
    double rows; /* as far as statistics tell */
};

/* One partition of a partitioned table. */
struct plan_partition {
    char *name;
    int64_t pages;
    double rows, due; /* NAN = not known */
};

/* How its due rows would be found. */
struct plan_scan {
    bool present;
    enum scan_kind kind;
    char *why; /* "heap scan: ..." */
};

/* When it would be done. */
struct plan_forecast {
    bool present;
    double window_s;    /* time inside the window that the run takes */
    bool ends;          /* within a lifetime */
    struct wall begins; /* local times of `timezone`, as if they were UTC; {0} unless it ends */
    struct wall done;
    double rows_per_busy_s; /* with which it reckons */
    double children_per_busy_s;
    bool measured;           /* in the job's last run; otherwise it is assumed */
    bool always;             /* the window never closes */
    double rows_per_day;     /* for which the window has room */
    double expiring_per_day; /* NAN = not known */
    enum maybe catches_up;   /* no more expires than that */
};

struct plan {
    char *job, *database, *table; /* as they are written in the configuration */
    char *rule;                   /* "deleted_at + 30d" */
    char *meaning;                /* "due is what was marked before ..."; NULL = not known */
    char *refused;                /* why the job would not run; NULL = it would */

    int64_t pages; /* -1 = not known */
    int64_t page_bytes;

    enum plan_sureness sureness;
    double rows, due;      /* NAN = not known */
    double low, high;      /* of `due`: two standard errors to each side where it is sampled, else
                              the same */
    int64_t sampled_pages; /* about so many; -1 = no sample was taken */
    double undated;        /* flagged rows without a time; NAN = there is no such thing here */
    struct wall earliest;  /* when the first row became due, or will be; {0} = there is none */
    struct plan_children *children; /* owned */
    size_t children_count;
    char *not_counted; /* why --exact has fallen back to a sample; NULL = it has not */

    struct plan_scan found_by;
    int64_t batch_time_ms, batch_rows, duty_cycle_percent, max_duty_cycle_percent,
        max_rows_per_second, workers;
    char *window, *timezone, *every;

    struct plan_forecast forecast;

    struct plan_partition *partitions; /* owned; the largest, by what is due in them */
    size_t partition_count;
    int64_t all_partitions; /* also those that are not in the list */

    struct plan_notes limits;     /* of the database, beyond the usual ones */
    struct plan_notes references; /* the foreign keys around it */
    struct plan_notes triggers;
    struct plan_notes grants; /* privileges that are missing */
    struct plan_notes risks;
    struct plan_notes hints; /* what the table would be better with */

    char *sql; /* the DELETE; NULL = not known */
};

void plan_init(struct plan *plan);
void plan_clear(struct plan *plan);

extern const struct shape plan_shape;

#endif
