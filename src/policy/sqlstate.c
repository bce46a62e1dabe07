#include "policy/sqlstate.h"

#include <stdbool.h>
#include <string.h>

/*
 * The first row whose prefix fits is the answer, so single codes stand before their class. Every
 * class of the manual's Appendix A has its row, also those that can't come from a DELETE by
 * themselves: a trigger may RAISE whatever it likes.
 */
static const struct rule {
    const char *prefix;
    enum batch_outcome outcome;
} rules[] = {
    /* Ours (sql/schema.sql). */
    {"PU001", BATCH_KILL_SWITCH},
    {"PU002", BATCH_OTHER_DAEMON},
    {"PU003", BATCH_CLOCK},
    {"PU004", BATCH_REFUSED},
    {"PU005", BATCH_TOO_MANY},
    {"PU006", BATCH_WINDOW_CLOSED},
    {"PU007", BATCH_REFUSED},
    {"PU008", BATCH_PARTITION_GONE},
    {"PU009", BATCH_ROW_ERROR}, /* the row with an uncounted child, once the batch is cut to it */
    {"PU010", BATCH_ROW_ERROR}, /* the row for which a trigger deletes or updates others */

    /* Nobody says whether it was committed: the audit table must be asked (promise A). These codes
     * are made by what stands between us and the server. */
    {"08007", BATCH_UNKNOWN},
    {"40003", BATCH_UNKNOWN},

    /* Time and concurrency: the same work may succeed in a moment, or in smaller pieces. */
    {"55P03", BATCH_LOCKED},
    {"57014", BATCH_TOO_SLOW},  /* statement_timeout, or an administrator's pg_cancel_backend() */
    {"25P02", BATCH_CONFLICT},  /* sent behind a statement that had failed: nothing was done */
    {"40002", BATCH_ROW_ERROR}, /* a constraint that was checked at the transaction's end */
    {"40", BATCH_CONFLICT},
    {"72", BATCH_CONFLICT}, /* snapshot too old: the next transaction has a new one */

    /* The server, or the way to it. */
    {"", BATCH_TROUBLE},
    {"08", BATCH_TROUBLE},
    {"25P03", BATCH_TROUBLE}, /* idle_in_transaction_session_timeout has ended the session */
    {"25P04", BATCH_TROUBLE}, /* so has transaction_timeout (PostgreSQL 17) */
    {"53", BATCH_TROUBLE},
    {"57", BATCH_TROUBLE},
    {"58", BATCH_TROUBLE},
    {"F0", BATCH_TROUBLE},
    /* An internal error may pass (DDL that went on at the same time); the breaker ends it if it
     * doesn't. XX001 and XX002 stay REFUSED: on a corrupted table or index, trying again for ever
     * is no cure, and deleting on destroys what a repair would need. A person has to look. */
    {"XX000", BATCH_TROUBLE},

    {"25006", BATCH_STANDBY},

    /* What one row's data, a constraint or a trigger can cause. */
    {"09", BATCH_ROW_ERROR},
    {"20", BATCH_ROW_ERROR},
    {"21", BATCH_ROW_ERROR},
    {"22", BATCH_ROW_ERROR},
    {"23", BATCH_ROW_ERROR},
    {"27", BATCH_ROW_ERROR},
    {"2F", BATCH_ROW_ERROR},
    {"38", BATCH_ROW_ERROR},
    {"39", BATCH_ROW_ERROR},
    {"44", BATCH_ROW_ERROR},
    {"45", BATCH_ROW_ERROR}, /* not in the manual: the SQL standard's "unhandled user-defined" */
    {"54", BATCH_ROW_ERROR}, /* a trigger that recurses too deeply, for one row of a long chain */
    {"P0", BATCH_ROW_ERROR},

    /* Somebody has to change something: the table, a privilege, a setting, a trigger's code. */
    {"00", BATCH_REFUSED},
    {"01", BATCH_REFUSED},
    {"02", BATCH_REFUSED},
    {"03", BATCH_REFUSED},
    {"0A", BATCH_REFUSED},
    {"0B", BATCH_REFUSED},
    {"0F", BATCH_REFUSED},
    {"0L", BATCH_REFUSED},
    {"0P", BATCH_REFUSED},
    {"0Z", BATCH_REFUSED},
    {"24", BATCH_REFUSED}, /* we have no cursors: a trigger's code is broken, not a row */
    {"25", BATCH_REFUSED},
    {"26", BATCH_REFUSED},
    {"28", BATCH_REFUSED}, /* only while connecting: pg_hba.conf or the password */
    {"2B", BATCH_REFUSED},
    {"2D", BATCH_REFUSED},
    {"34", BATCH_REFUSED},
    {"3B", BATCH_REFUSED},
    {"3D", BATCH_REFUSED},
    {"3F", BATCH_REFUSED},
    {"42", BATCH_REFUSED},
    /* 55000 is a published table without replica identity, 55006 something that our own session
     * has in use (others' locks are 55P03): waiting helps in neither case. */
    {"55", BATCH_REFUSED},
    {"HV", BATCH_REFUSED}, /* a trigger's foreign table; the other jobs needn't suffer from it */
    {"XX", BATCH_REFUSED},
};

static bool prefix_fits(const char *prefix, const char *sqlstate)
{
    size_t length = strlen(prefix);

    return length == 0 ? *sqlstate == '\0' : strncmp(sqlstate, prefix, length) == 0;
}

enum batch_outcome outcome_of_sqlstate(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (prefix_fits(rules[i].prefix, sqlstate))
            return rules[i].outcome;
    return BATCH_REFUSED; /* a code from nowhere: when unsure, do not delete */
}

/* The reason of a rejected row, for codes that are BATCH_ROW_ERROR or BATCH_TOO_SLOW above. */
static const struct rejected_rule {
    const char *prefix;
    enum rejected_reason reason;
} rejected_rules[] = {
    {"PU009", REJECTED_UNCOUNTED},
    {"PU010", REJECTED_UNCOUNTED},
    /* The server's own, and what triggers raise under the same name. */
    {"23503", REJECTED_FOREIGN_KEY},
    {"23001", REJECTED_FOREIGN_KEY}, /* ON DELETE RESTRICT, since PostgreSQL 18 */
    {"23", REJECTED_CONSTRAINT},     /* not null, check, exclusion: of rows that refer to it */
    {"40002", REJECTED_CONSTRAINT},  /* at the transaction's end */
    {"44", REJECTED_CONSTRAINT},
    /* A trigger, a function or a rule of the application. */
    {"09", REJECTED_EXCEPTION},
    {"27", REJECTED_EXCEPTION}, /* a BEFORE trigger has changed the row that was to go */
    {"2F", REJECTED_EXCEPTION},
    {"38", REJECTED_EXCEPTION},
    {"39", REJECTED_EXCEPTION},
    {"45", REJECTED_EXCEPTION},
    {"P0", REJECTED_EXCEPTION}, /* RAISE, unless it names another code */
    /* A division by zero, a number that is no date: in such code, or in the job's `where`. */
    {"20", REJECTED_DATA},
    {"21", REJECTED_DATA},
    {"22", REJECTED_DATA},
    {"57014", REJECTED_TOO_SLOW},
};

enum rejected_reason rejected_reason_of_sqlstate(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof rejected_rules / sizeof rejected_rules[0]; i++)
        if (prefix_fits(rejected_rules[i].prefix, sqlstate))
            return rejected_rules[i].reason;
    return REJECTED_OTHER;
}
