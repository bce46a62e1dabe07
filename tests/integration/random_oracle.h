/*
 * random_oracle: says what has to become of each row of a made-up schema, in plain SQL that shares
 * nothing with src/sql, and compares that with what is there.
 *
 * A made-up schema has these tables for it: known (tbl, rn, wanted, stubborn, was_wanted, reached),
 * every row that there ever was, kept up to date by the deeds of the application; rows (tbl, rn,
 * due, stubborn, was_due), what that means for the job's last run, by its cutoff; run, that run;
 * present (tbl, rn), those that are there now; before (rn, shown), how they looked; relations (tbl,
 * relation), the tables by OID; refs (ctbl, crn, ptbl, prn, how), which row refers to which
 * (random_children.c). Strings are kept (keep.h).
 */
#ifndef PGPURGED_INTEGRATION_RANDOM_ORACLE_H
#define PGPURGED_INTEGRATION_RANDOM_ORACLE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "integration/random_schema.h"

/* The functions that made-up schemas use, once in a database. */
void random_oracle_install(PGconn *conn);

/*
 * What is wrong after a purge, line by line; "" if nothing is. Promises A and R always; with
 * `complete`, also that everything is gone that has to, and that the run has said what is left.
 */
const char *random_oracle_judge(PGconn *conn, const struct random_schema *schema, bool complete);

/* Whether due rows are left, because something keeps them. */
bool random_oracle_expects_rest(PGconn *conn, const struct random_schema *schema);

#endif
