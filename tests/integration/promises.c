#include "integration/promises.h"

#include <check.h>

#include "integration/session.h"

const char *promises_copy(PGconn *conn, const char *table)
{
    return sql_text(conn, "SELECT 'promises.' || quote_ident($name$%s$name$)", table);
}

/* The table is remembered by its OID: it may be renamed, dropped or replaced afterwards. */
void promises_watch(PGconn *conn, const char *table)
{
    sql_exec(conn, "CREATE SCHEMA IF NOT EXISTS promises");
    sql_exec(conn, "CREATE TABLE IF NOT EXISTS promises.watched (name text, relation oid)");
    sql_exec(conn, "INSERT INTO promises.watched VALUES ($name$%s$name$, $name$%s$name$::regclass)",
             table, table);
    sql_exec(conn, "CREATE TABLE %s AS TABLE %s", promises_copy(conn, table), table);
}

static int64_t accounted(PGconn *conn, const char *table)
{
    return sql_int(conn,
                   "SELECT coalesce(sum(a.rows), 0) FROM pgpurged.audit a JOIN promises.watched w"
                   " USING (relation) WHERE w.name = $name$%s$name$",
                   table);
}

int64_t promises_check(PGconn *conn, const char *table, const char *due)
{
    const char *copy = promises_copy(conn, table);
    int64_t gone, wrongly;

    /* One snapshot for all counts, so that a purge that goes on meanwhile doesn't matter. */
    sql_exec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    gone = sql_int(conn,
                   "SELECT count(*) FROM %s c WHERE NOT EXISTS"
                   " (SELECT FROM ONLY %s t WHERE t.id = c.id)",
                   copy, table);
    wrongly = sql_int(conn,
                      "SELECT count(*) FROM %s c WHERE (%s) IS NOT TRUE AND NOT EXISTS"
                      " (SELECT FROM ONLY %s t WHERE t.id = c.id)",
                      copy, due, table);
    ck_assert_msg(wrongly == 0, "promise R: %lld rows of %s are gone that were not due",
                  (long long)wrongly, table);
    ck_assert_msg(gone == accounted(conn, table),
                  "promise A: %lld rows of %s are gone, the audit table says %lld", (long long)gone,
                  table, (long long)accounted(conn, table));
    sql_exec(conn, "COMMIT");
    return gone;
}
