/*
 * Why: promise A stands on the audit table. What --init-sql makes has to be there, has to survive
 * being applied again, and has to refuse every change of an audit row, also to a superuser.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/session.h"

static const char insert_audit_row[] =
    "INSERT INTO pgpurged.audit (run, batch, job, relation, partition, rows, cutoff, from_block, "
    "to_block, elapsed_ms) VALUES (%d, 1, 'orders', 1, 'public.orders', 7, now(), 0, 1, 0.5)";

static const char count_audit_rows[] = "SELECT sum(rows) FROM pgpurged.audit";

/* Everything that a second application could have changed, in one text. */
static const char describe_schema[] =
    "SELECT string_agg(line, E'\\n' ORDER BY line) FROM ("
    " SELECT concat(pg_get_functiondef(oid), proacl::text) FROM pg_proc"
    "  WHERE pronamespace = 'pgpurged'::regnamespace"
    " UNION ALL SELECT concat(relname, relkind, relacl::text) FROM pg_class"
    "  WHERE relnamespace = 'pgpurged'::regnamespace"
    " UNION ALL SELECT concat(pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT "
    "tgisinternal"
    " UNION ALL SELECT concat(attrelid::regclass, attname, atttypid::regtype) FROM pg_attribute"
    "  WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pgpurged'::regnamespace)"
    ") AS lines (line)";

/* A database with the schema in it, and the superuser's connection to it. */
static PGconn *installed(const char **name)
{
    *name = cluster_new_database(harness_cluster());
    cluster_install_schema(harness_cluster(), *name);
    return sql_connect(cluster_conninfo(harness_cluster(), *name, "postgres"));
}

START_TEST(schema_installs_in_an_empty_database)
{
    const char *name;
    PGconn *own = installed(&name);
    ck_assert_int_ge(sql_int(own, "SELECT pgpurged.version()"), 1);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.audit"), 0);
    ck_assert_int_eq(sql_int(own, "SELECT count(*) FROM pgpurged.runs"), 0);
    ck_assert_str_eq(sql_text(own, "SELECT stopped FROM pgpurged.kill_switch"), "f");
    PQfinish(own);
}
END_TEST

START_TEST(schema_installed_twice_changes_nothing)
{
    const char *name;
    PGconn *own = installed(&name);
    sql_exec(own, insert_audit_row, 1);
    sql_exec(own, "UPDATE pgpurged.kill_switch SET stopped = true, reason = 'a test'");
    const char *before = sql_text(own, describe_schema);
    ck_assert(strstr(before, "audit_is_append_only") != NULL);

    cluster_install_schema(harness_cluster(), name);

    ck_assert_str_eq(sql_text(own, describe_schema), before);
    ck_assert_int_eq(sql_int(own, count_audit_rows), 7);
    ck_assert_str_eq(sql_text(own, "SELECT reason FROM pgpurged.kill_switch"), "a test");
    PQfinish(own);
}
END_TEST

static const char *const forbidden[] = {
    "UPDATE pgpurged.audit SET rows = rows + 1",
    "UPDATE pgpurged.audit SET rows = rows WHERE false",
    "DELETE FROM pgpurged.audit",
    "DELETE FROM pgpurged.audit WHERE false",
    "TRUNCATE pgpurged.audit",
    "TRUNCATE pgpurged.runs, pgpurged.audit CASCADE",
    ("INSERT INTO pgpurged.audit TABLE pgpurged.audit ON CONFLICT (run, batch, relation) DO UPDATE "
     "SET rows=1"),
    "SET session_replication_role = replica; DELETE FROM pgpurged.audit",
    "SET session_replication_role = replica; TRUNCATE pgpurged.audit",
};

static void assert_all_forbidden(PGconn *conn)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forbidden); i++)
        ck_assert_msg(text_equal(sql_error(conn, "%s", forbidden[i]), "42501"), "not refused: %s",
                      forbidden[i]);
}

START_TEST(audit_rows_cannot_be_changed_even_by_a_superuser)
{
    const char *name;
    PGconn *own = installed(&name);
    sql_exec(own, insert_audit_row, 1);
    assert_all_forbidden(own);
    ck_assert_int_eq(sql_int(own, count_audit_rows), 7);
    PQfinish(own);
}
END_TEST

START_TEST(audit_rows_cannot_be_changed_by_the_login_role_of_the_daemon)
{
    const char *name;
    PGconn *own = installed(&name);
    PGconn *role = sql_connect(cluster_conninfo(harness_cluster(), name, "pgpurged"));
    sql_exec(role, insert_audit_row, 1);
    assert_all_forbidden(role);
    ck_assert_str_eq(sql_error(role, "DELETE FROM pgpurged.runs"), "42501");
    ck_assert_str_eq(sql_error(role, "DROP TRIGGER audit_is_append_only ON pgpurged.audit"),
                     "42501");
    ck_assert_str_eq(sql_error(role, "UPDATE pgpurged.kill_switch SET stopped = false"), "42501");
    ck_assert_int_eq(sql_int(own, count_audit_rows), 7);
    PQfinish(role);
    PQfinish(own);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        schema_installs_in_an_empty_database,
        schema_installed_twice_changes_nothing,
        audit_rows_cannot_be_changed_even_by_a_superuser,
        audit_rows_cannot_be_changed_by_the_login_role_of_the_daemon,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
