#include "policy/next.h"

#include "base/text.h"
#include "policy.h"

/* What next_facts says: the range was at most a block, a row; SKIP LOCKED was used; it may be;
 * rows of other tables go along. */
enum { BLOCK = 1, ROW = 2, SKIPPED = 4, MAY = 8, FAMILY = 16, ALL_FACTS = 32 };

static const struct next_case {
    enum batch_outcome outcome;
    int facts;
    enum next_verb verb;
    enum reason reason;
    bool failure;
} cases[] = {
    {BATCH_COMMITTED, 0, NEXT_ADVANCE, REASON_NONE, false},
    {BATCH_COMMITTED, BLOCK | ROW | SKIPPED | MAY, NEXT_ADVANCE, REASON_NONE, false},

    /* Locks: smaller down to a block, then skip what is locked; without the privilege, on down to
     * the row. */
    {BATCH_LOCKED, 0, NEXT_SHRINK, REASON_LOCKED, false},
    {BATCH_LOCKED, MAY, NEXT_SHRINK, REASON_LOCKED, false},
    {BATCH_LOCKED, BLOCK | MAY, NEXT_SKIP_LOCKED, REASON_LOCKED, false},
    {BATCH_LOCKED, BLOCK | ROW | MAY, NEXT_SKIP_LOCKED, REASON_LOCKED, false},
    {BATCH_LOCKED, BLOCK, NEXT_SHRINK, REASON_LOCKED, false},
    {BATCH_LOCKED, BLOCK | ROW, NEXT_SET_ASIDE, REASON_LOCKED, true},
    {BATCH_LOCKED, BLOCK | SKIPPED | MAY, NEXT_RETRY, REASON_LOCKED, true},
    {BATCH_LOCKED, BLOCK | ROW | SKIPPED | MAY, NEXT_RETRY, REASON_LOCKED, true},
    {BATCH_LOCKED, SKIPPED | MAY, NEXT_RETRY, REASON_LOCKED, true},

    /* The lock may be that of a child. */
    {BATCH_LOCKED, FAMILY | BLOCK | MAY, NEXT_SKIP_LOCKED, REASON_LOCKED, false},
    {BATCH_LOCKED, FAMILY | BLOCK | SKIPPED | MAY, NEXT_SHRINK, REASON_LOCKED, false},
    {BATCH_LOCKED, FAMILY | BLOCK | ROW | SKIPPED | MAY, NEXT_SET_ASIDE, REASON_LOCKED, true},
    {BATCH_LOCKED, FAMILY | BLOCK, NEXT_SHRINK, REASON_LOCKED, false},
    {BATCH_LOCKED, FAMILY | BLOCK | ROW, NEXT_SET_ASIDE, REASON_LOCKED, true},

    {BATCH_TOO_SLOW, 0, NEXT_SHRINK, REASON_ERRORS, false},
    {BATCH_TOO_SLOW, BLOCK, NEXT_SHRINK, REASON_ERRORS, false},
    {BATCH_TOO_SLOW, BLOCK | SKIPPED | MAY, NEXT_SHRINK, REASON_ERRORS, false},
    {BATCH_TOO_SLOW, BLOCK | ROW, NEXT_SET_ASIDE, REASON_ERRORS, true},

    {BATCH_TOO_MANY, 0, NEXT_BISECT, REASON_NONE, false},
    {BATCH_TOO_MANY, BLOCK, NEXT_BISECT, REASON_NONE, false},
    {BATCH_TOO_MANY, BLOCK | ROW, NEXT_STOP, REASON_REFUSED, false}, /* one row is not too many */

    {BATCH_CONFLICT, 0, NEXT_RETRY, REASON_ERRORS, true},
    {BATCH_CONFLICT, BLOCK | ROW, NEXT_RETRY, REASON_ERRORS, true},

    {BATCH_ROW_ERROR, 0, NEXT_BISECT, REASON_NONE, false},
    {BATCH_ROW_ERROR, BLOCK, NEXT_BISECT, REASON_NONE, false},
    {BATCH_ROW_ERROR, BLOCK | ROW, NEXT_SET_ASIDE, REASON_ERRORS, false},

    /* Holds: nothing has failed, and the run stays open. */
    {BATCH_WINDOW_CLOSED, 0, NEXT_PAUSE, REASON_WINDOW, false},
    {BATCH_KILL_SWITCH, 0, NEXT_PAUSE, REASON_KILL_SWITCH, false},
    {BATCH_OTHER_DAEMON, 0, NEXT_PAUSE, REASON_OTHER_DAEMON, false},
    {BATCH_CLOCK, 0, NEXT_PAUSE, REASON_CLOCK, false},
    {BATCH_STANDBY, 0, NEXT_PAUSE, REASON_STANDBY, false},
    {BATCH_SCHEMA, 0, NEXT_PAUSE, REASON_SCHEMA, false},

    {BATCH_PARTITION_GONE, 0, NEXT_LEAVE_PARTITION, REASON_NONE, false},
    {BATCH_REFUSED, 0, NEXT_STOP, REASON_REFUSED, false},
    {BATCH_TROUBLE, 0, NEXT_RECONNECT, REASON_DATABASE, true},
    {BATCH_UNKNOWN, 0, NEXT_RESOLVE, REASON_DATABASE, true},

    {(enum batch_outcome)BATCH_OUTCOME_COUNT, 0, NEXT_STOP, REASON_REFUSED, false},
};

static struct next next_of(enum batch_outcome outcome, int facts)
{
    return next_after(&(struct next_facts){
        .outcome = outcome,
        .one_block = (facts & BLOCK) != 0,
        .one_row = (facts & ROW) != 0,
        .skip_locked = (facts & SKIPPED) != 0,
        .may_skip_locked = (facts & MAY) != 0,
        .has_family = (facts & FAMILY) != 0,
    });
}

START_TEST(batch_is_followed_by)
{
    const struct next_case *row = &cases[_i];
    struct next next = next_of(row->outcome, row->facts);

    ck_assert_msg(
        next.verb == row->verb && next.reason == row->reason && next.failure == row->failure,
        "outcome %d, facts %d: %s (%s)%s, not %s (%s)%s", row->outcome, row->facts,
        next_verb_name(next.verb), reason_code(next.reason), next.failure ? ", failure" : "",
        next_verb_name(row->verb), reason_code(row->reason), row->failure ? ", failure" : "");
}
END_TEST

START_TEST(every_outcome_has_its_case)
{
    bool found = false;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        found = found || cases[i].outcome == (enum batch_outcome)_i;
    ck_assert_msg(found, "no case for %s", batch_outcome_code((enum batch_outcome)_i));
}
END_TEST

/* Promise A: the scan moves on, or a row is counted as left behind, only for a reason that is known
 * to leave nothing uncounted, whatever the range was. */
START_TEST(scan_moves_on_only_after_a_commit_or_past_a_single_row)
{
    enum batch_outcome outcome = (enum batch_outcome)_i;

    for (int facts = 0; facts < ALL_FACTS; facts++) {
        enum next_verb verb = next_of(outcome, facts).verb;

        ck_assert_int_eq(verb == NEXT_ADVANCE, outcome == BATCH_COMMITTED);
        ck_assert_msg(verb != NEXT_SET_ASIDE || (facts & ROW) != 0, "facts %d", facts);
    }
}
END_TEST

/* One locked row, or a locked table, behind a range of 512 blocks: however the role's privileges
 * are, it comes to an end and the breaker gets to hear of a locked table. */
START_TEST(locked_range_ends_in_skipping_setting_aside_or_the_breaker)
{
    int may = _i == 0 ? 0 : MAY, facts = may, steps = 0, failures = 0;
    double line_pointers = 512 * 291.0;

    while (failures < 8 && steps++ < 100) {
        struct next next = next_of(BATCH_LOCKED, facts);

        failures += next.failure;
        if (next.verb == NEXT_SHRINK)
            line_pointers /= 4;
        if (next.verb == NEXT_SKIP_LOCKED)
            facts |= SKIPPED;
        facts |= (line_pointers <= 291 ? BLOCK : 0) | (line_pointers <= 1 ? ROW : 0);
    }
    ck_assert_int_eq(failures, 8);
    ck_assert_int_le(steps, may ? 14 : 18);
}
END_TEST

START_TEST(verbs_have_names_of_their_own)
{
    for (int i = NEXT_ADVANCE; i <= NEXT_STOP; i++)
        for (int j = NEXT_ADVANCE; j < i; j++)
            ck_assert_str_ne(next_verb_name((enum next_verb)i), next_verb_name((enum next_verb)j));
    ck_assert_str_eq(next_verb_name(NEXT_SKIP_LOCKED), "skip_locked");
}
END_TEST

TCase *next_cases(void)
{
    TCase *tcase = tcase_create("next");

    tcase_add_loop_test(tcase, batch_is_followed_by, 0, ARRAY_LENGTH(cases));
    tcase_add_loop_test(tcase, every_outcome_has_its_case, 0, BATCH_OUTCOME_COUNT);
    tcase_add_loop_test(tcase, scan_moves_on_only_after_a_commit_or_past_a_single_row, 0,
                        BATCH_OUTCOME_COUNT);
    tcase_add_loop_test(tcase, locked_range_ends_in_skipping_setting_aside_or_the_breaker, 0, 2);
    tcase_add_test(tcase, verbs_have_names_of_their_own);
    return tcase;
}
