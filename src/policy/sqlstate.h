/*
 * sqlstate: what the SQLSTATE of a batch means, and what that of a single rejected row means. Pure.
 *
 * The classes are those of the manual, Appendix A; PU0xx are ours, raised by the functions in
 * sql/schema.sql:
 *   PU001 the kill switch is on         PU002 another session has the job's advisory lock
 *   PU003 the database's clock jumped   PU004 the table is another one than at preflight
 *   PU005 more rows than batch_rows     PU006 the window is closed
 *   PU007 the audit table did not store the row of a batch unchanged
 *   PU008 the partition is no partition of the job's table any more
 *   PU009 rows of other tables would be deleted without being counted
 *   PU010 a trigger deletes or updates rows that nobody has counted
 */
#ifndef PGPURGED_POLICY_SQLSTATE_H
#define PGPURGED_POLICY_SQLSTATE_H

#include "model/codes.h"

/*
 * A code that we don't know is BATCH_ROW_ERROR if it is of a class that one row's data or trigger
 * can cause, BATCH_TROUBLE if its class is the server's, else BATCH_REFUSED: when unsure, do not
 * delete. "" (libpq had no code: the connection is gone) is BATCH_TROUBLE.
 *
 * Only for errors that the server has sent. A batch that was lost without an answer, with a code
 * or without, is BATCH_UNKNOWN if its COMMIT may have arrived; only the caller knows that.
 */
enum batch_outcome outcome_of_sqlstate(const char *sqlstate);

/* The reason of a single row that is rejected with an error of this code. */
enum rejected_reason rejected_reason_of_sqlstate(const char *sqlstate);

#endif
