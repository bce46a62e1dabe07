/*
 * pass: one pass over a partition: where it begins, which scan finds its rows, what it comes to,
 * and whether another one is needed.
 *
 * A scan misses rows that are updated while it goes on: they move behind it. So a pass that has
 * deleted anything is followed by another one, until a whole pass finds nothing, with one shortcut:
 * where the transaction ids show that nobody but us has written since the pass began, nothing can
 * have moved.
 */
#ifndef PGPURGED_ENGINE_PASS_H
#define PGPURGED_ENGINE_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "engine/run_store.h"
#include "engine/scan.h"
#include "engine/scan_selection.h"

enum pass_answer {
    PASS_ASKED,      /* the answer comes from the loop */
    PASS_READY,      /* places are at hand */
    PASS_REFILL,     /* an index scan: none are at hand yet, pass_refill() gets some */
    PASS_OVER,       /* nothing is left that a further pass would find */
    PASS_AGAIN,      /* another pass is needed */
    PASS_FAILED,     /* a question has failed: outcome, error */
    PASS_UNREADABLE, /* an answer makes no sense: error.message says what */
};

struct pass_event {
    enum pass_answer answer;
    enum batch_outcome outcome;   /* PASS_FAILED */
    const struct pg_error *error; /* PASS_FAILED, PASS_UNREADABLE; valid during the callback */
};

typedef void pass_fn(void *arg, const struct pass_event *event);

/* Everything pointed to must stay as long as the partition is worked on. */
struct pass_target {
    const struct job_settings *settings;
    const struct sql_statements *sql;
    const char *cutoff;
    int64_t relation;
    double rows;        /* reltuples; -1 = never analyzed */
    double sampled_due; /* of the partition before the first pass; < 0 = not known */
    bool levels;        /* our own deletes may make other rows of it ready to go, or move them */
};

struct pass {
    struct pass_target target;
    struct scan scan;
    struct scan_selection selection;
    struct run_pass began;
    struct mono started;
    int number;   /* 1, 2, ... over this partition */
    bool whole;   /* it began at block 0, and what it has left behind it stayed as it was, as far as
                     we know */
    bool quiet;   /* no other transaction that writes was in progress when it began, and nothing
                     unknown has happened since */
    int64_t rows; /* deleted */
    int64_t writing_batches; /* batches that have deleted rows: each took a transaction id */
    int64_t skipped;         /* due rows left behind because others had locked them */
    double busy_s;           /* spent in batches */
    double busy_places;      /* of the scan done in them */
    uint32_t from_block;     /* of the pass that begins */
    struct pg *pg;
    pass_fn *fn;
    void *arg;
};

/* Once, zeroed: the callback is called for what PASS_ASKED has answered. */
void pass_init(struct pass *pass, pass_fn *fn, void *arg);
/* Another partition, or the same one in another run; `number` of the pass that begins. */
void pass_start(struct pass *pass, const struct pass_target *target, uint32_t block_size,
                int number);
void pass_free(struct pass *pass); /* a zeroed one is fine */

/* Asks for the partition's size and selects the scan. Always PASS_ASKED. */
void pass_begin(struct pass *pass, struct pg *pg, uint32_t from_block);

/* The next rows of an index scan. Always PASS_ASKED. */
void pass_refill(struct pass *pass, struct pg *pg);

/* Whether more places may come once those at hand are handed out. */
bool pass_may_refill(const struct pass *pass);

/* Whether the forecast has turned out wrong, so that the scan is to be selected again; `why`, 200
 * bytes, says what was wrong when this is found out, and is "" else. */
bool pass_review(struct pass *pass, char *why);
/* With nothing in flight: PASS_ASKED, PASS_READY or PASS_REFILL. */
enum pass_answer pass_rescan(struct pass *pass, struct pg *pg);

/* Asks whether rows may have moved: PASS_OVER, or PASS_AGAIN. Always PASS_ASKED. */
void pass_end(struct pass *pass, struct pg *pg);

/* What a connection lost means: rows may be back behind the scan, others may have written. */
void pass_recheck(struct pass *pass);

/* In places of the scan: what is left of this pass; NAN = not known. */
double pass_places_left(const struct pass *pass);

#endif
