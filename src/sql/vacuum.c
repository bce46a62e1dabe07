#include "sql/vacuum.h"

#include "base/text.h"

const char sql_row_bytes[] = "SELECT pgpurged.row_bytes($1, $2, now() - $3::interval)";

/* As VACUUM itself looks at it: the table's owner, or the database's, or who has their rights. */
#define MAY_14                                                                                     \
    "(pg_has_role(c.relowner, 'USAGE')"                                                            \
    " OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d"                             \
    "      WHERE d.datname = current_database()))"
#define MAY_17 "(" MAY_14 " OR has_table_privilege(c.oid, 'MAINTAIN'))"

/* The GRANT that the role lacks; NULL = none. */
#define LACKED_14                                                                                  \
    "CASE WHEN " MAY_14 " IS NOT true"                                                             \
    " THEN format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) END"
#define LACKED_17                                                                                  \
    "CASE WHEN " MAY_17 " IS NOT true"                                                             \
    " THEN format('GRANT MAINTAIN ON %I.%I TO %I', n.nspname, c.relname, current_user) END"

#define RIGHTS(lacked)                                                                             \
    "SELECT " lacked ", pg_backend_pid() = $2"                                                     \
    "  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = $1"

const char *sql_vacuum_rights(int server_version)
{
    return server_version < VERSION_WITH_MAINTAIN ? RIGHTS(LACKED_14) : RIGHTS(LACKED_17);
}

/* The setting of that name, or what the table has of its own. */
#define OWN_OR_SETTING(name)                                                                       \
    "coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) AS o"                  \
    "           WHERE o.option_name = '" name "'), current_setting('" name "'))::double precision"

/* autovacuum_vacuum_max_threshold came with 18; -1 is none. */
#define THRESHOLD    OWN_OR_SETTING("autovacuum_vacuum_threshold")
#define SCALE_FACTOR OWN_OR_SETTING("autovacuum_vacuum_scale_factor")
#define TABLES(lacked)                                                                             \
    "SELECT c.oid, format('%I.%I', n.nspname, c.relname), l.rows, pg_stat_get_dead_tuples(c.oid)," \
    " current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean"         \
    "  AND coalesce((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) AS o"   \
    "                 WHERE o.option_name = 'autovacuum_enabled'), true),"                         \
    " least(nullif(current_setting('autovacuum_vacuum_max_threshold', true), '-1')"                \
    "       ::double precision,"                                                                   \
    "       " THRESHOLD " + greatest(c.reltuples, 0) * " SCALE_FACTOR "),"                         \
    " " lacked "  FROM (SELECT a.relation, sum(a.rows)::bigint AS rows FROM pgpurged.audit AS a"   \
    "         WHERE a.run = $1 GROUP BY a.relation) AS l"                                          \
    "  JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace"  \
    " WHERE l.rows > 0 ORDER BY l.rows DESC, c.oid"

const char *sql_vacuum_tables(int server_version)
{
    return server_version < VERSION_WITH_MAINTAIN ? TABLES(LACKED_14) : TABLES(LACKED_17);
}

/*
 * For the session, since a VACUUM has no transaction of its own that they could be local to. The
 * costs are what autovacuum has by default. When we close the connection in mid-VACUUM, the server
 * notices within a tenth of a second and ends it (not on Windows, where nothing of it can be set).
 */
#define SETTINGS(may)                                                                              \
    "SELECT CASE WHEN pg_backend_pid() <> $2"                                                      \
    "  THEN 'the connection goes through a pooler, which would give its settings to others'"       \
    " WHEN k.stopped IS NOT false THEN 'the kill switch is on'"                                    \
    " WHEN c.oid IS NULL THEN 'it is gone'"                                                        \
    " WHEN " may " IS NOT true THEN 'the role lacks the privilege'"                                \
    " WHEN set_config('vacuum_cost_delay', '2ms', false) IS NULL"                                  \
    "  OR set_config('vacuum_cost_limit', '200', false) IS NULL"                                   \
    "  OR set_config('statement_timeout', $3, false) IS NULL"                                      \
    "  OR set_config('lock_timeout', $4, false) IS NULL"                                           \
    "  OR set_config('client_min_messages', 'warning', false) IS NULL"                             \
    "  OR set_config('client_connection_check_interval',"                                          \
    "                CASE WHEN version() ~ 'Visual C|mingw' THEN '0' ELSE '100ms' END, false)"     \
    "     IS NULL"                                                                                 \
    "  THEN 'a setting can''t be changed' ELSE '' END"                                             \
    "  FROM pgpurged.kill_switch AS k LEFT JOIN pg_class AS c ON c.oid = $1"

const char *sql_vacuum_settings(int server_version)
{
    return server_version < VERSION_WITH_MAINTAIN ? SETTINGS(MAY_14) : SETTINGS(MAY_17);
}

/* TRUNCATE would take an ACCESS EXCLUSIVE lock to give the table's end back to the disk. */
char *sql_vacuum_of(const char *table)
{
    return text_format("VACUUM (TRUNCATE OFF, INDEX_CLEANUP AUTO, SKIP_LOCKED, PARALLEL 0) %s",
                       table);
}

const char sql_vacuum_waiters[] = "SELECT EXISTS (SELECT FROM pg_locks AS l WHERE NOT l.granted"
                                  " AND $1::integer = ANY (pg_blocking_pids(l.pid)))";

const char sql_note_vacuum[] =
    "UPDATE pgpurged.runs SET vacuumed_at = clock_timestamp() WHERE id = $1"
    " RETURNING pg_stat_get_dead_tuples($2::oid)";
