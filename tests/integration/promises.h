/*
 * promises: the two promises, checked by SQL of the test's own.
 *
 * promises_watch() copies a table before the purge; promises_check() compares it with what is there
 * now and with the audit table. It installs nothing on the table itself, so nothing stands in the
 * way of the purge. Rows are told apart by a column "id", which needs no key. A session that
 * changes rows of the table meanwhile makes the same change in the copy, in the same transaction.
 */
#ifndef PGPURGED_INTEGRATION_PROMISES_H
#define PGPURGED_INTEGRATION_PROMISES_H

#include <libpq-fe.h>
#include <stdint.h>

/* `table` as it stands in SQL, here and in promises_check(): "orders", "shop.\"Odd name\"". */
void promises_watch(PGconn *conn, const char *table);

/* The name of the copy, for SQL. */
const char *promises_copy(PGconn *conn, const char *table);

/*
 * Fails the test unless
 *   A: the rows that are gone are as many as the audit table says, and
 *   R: each of them was due: `due`, a condition in SQL on the copy's columns, is true for it.
 * Returns how many are gone.
 */
int64_t promises_check(PGconn *conn, const char *table, const char *due);

#endif
