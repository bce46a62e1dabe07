/*
 * next: after each batch, what now? One pure function from (outcome, range, job's condition) to a
 * verb, so that every path of a job is a row in a table of test cases.
 */
#ifndef PGPURGED_POLICY_NEXT_H
#define PGPURGED_POLICY_NEXT_H

#include <stdbool.h>

#include "model/codes.h"

enum next_verb {
    NEXT_ADVANCE,     /* committed: move the scan to the position reached, rest, next batch */
    NEXT_SHRINK,      /* back off, then the same place with a smaller range */
    NEXT_SKIP_LOCKED, /* back off, then this block with FOR UPDATE SKIP LOCKED */
    NEXT_SET_ASIDE,   /* one row alone: count it as skipped (locked) or rejected (row error), step
                         over   it */
    NEXT_BISECT,      /* a row error: at once, the same place with half the range */
    NEXT_RETRY,       /* back off, then the same again */
    NEXT_RESOLVE, /* the connection is lost: hand it back; look the batch up when there is a new one
                   */
    NEXT_PAUSE, /* the run stays open and goes on later: window, kill switch, other daemon, standby,
                   clock, drain */
    NEXT_RECONNECT, /* the server is unavailable: hand the connection back, the run stays open */
    NEXT_LEAVE_PARTITION, /* the partition is gone: go on with the next one */
    NEXT_STOP, /* end the run as failed; the job is stopped until somebody has changed something */
};

struct next_facts {
    enum batch_outcome outcome;
    bool one_block;       /* the range was a single block or less */
    bool one_row;         /* the range was a single line pointer */
    bool skip_locked;     /* the batch already used SKIP LOCKED */
    bool may_skip_locked; /* the role may lock rows (UPDATE privilege on a column), and it is not
                             known to be in vain here */
    bool has_family;      /* others' rows go or change with these, and may be what is locked */
};

struct next {
    enum next_verb verb;
    enum reason reason; /* why the job doesn't go straight on; REASON_NONE for NEXT_ADVANCE and
                           NEXT_BISECT */
    bool failure;       /* counts for the circuit breaker */
};

/*
 * With SKIP LOCKED in use, 55P03 can only be the table's lock: retry with backoff, the breaker ends
 * it. Unless rows of other tables are deleted as well: then it may be the lock of one of those,
 * and the row is searched as if SKIP LOCKED were not possible.
 *
 * An attempt counts for the circuit breaker if nothing better is left to try. A smaller range, a
 * bisection and SKIP LOCKED come to an end by themselves and may need more than 8 steps for one bad
 * row in a large range. A row that is rejected by an error of its own doesn't count either: tables
 * have thousands of them in a row (soft-deleted, still referenced). A row that is set aside because
 * of a lock or a timeout does: many in a row are a locked table or a server that hangs, and must
 * not be taken for so many rejected rows. A stop doesn't: it ends the job more firmly than the
 * breaker would.
 */
struct next next_after(const struct next_facts *facts);

const char *next_verb_name(enum next_verb verb);

#endif
