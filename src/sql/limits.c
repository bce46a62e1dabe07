#include "sql/limits.h"

/*
 * Reads the functions behind pg_stat_activity, pg_stat_replication, pg_replication_slots and
 * pg_prepared_xacts: the joins of these views take longer to plan than all of this takes to run.
 *
 * A slot without restart_lsn keeps nothing back, a walsender without replay_lsn has nothing to
 * replay (a base backup). A snapshot keeps dead rows alive in its own database only, as does a
 * transaction that has an id and no snapshot; VACUUM's doesn't at all. What autovacuum is doing
 * stands in its query, as autovac_report_activity() writes it.
 */
const char sql_limits[] =
    "WITH activity AS MATERIALIZED ("
    "  SELECT pid, datid, usesysid, application_name, backend_type, state, query, xact_start,"
    "         coalesce(backend_xmin, backend_xid) AS xmin"
    "    FROM pg_stat_get_activity(NULL)"
    "), own AS MATERIALIZED ("
    "  SELECT datid, usesysid, application_name,"
    "         pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,"
    "         CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() END AS wal"
    "    FROM activity WHERE pid = pg_backend_pid()"
    ")"
    " SELECT (own.wal - '0/0')::bigint AS wal,"
    "  replica.furthest, (own.wal - replica.lsn)::bigint AS replica_lag,"
    "  replica.latest, extract(epoch FROM replica.lag) AS replica_lag_time,"
    "  slot.name, (own.wal - slot.lsn)::bigint AS slot_lag,"
    "  CASE WHEN own.sees_all THEN (SELECT count(*) FROM activity AS a"
    "    WHERE a.backend_type = 'client backend' AND a.state = 'active'"
    "      AND (a.usesysid <> own.usesysid OR a.application_name <> own.application_name))"
    "  END AS active_sessions,"
    "  snapshot.owner, extract(epoch FROM clock_timestamp() - snapshot.since) AS snapshot_age,"
    "  EXISTS (SELECT FROM activity AS a WHERE a.datid = own.datid AND a.query ="
    "           ANY (ARRAY['autovacuum: VACUUM ' || $1::text || ' (to prevent wraparound)',"
    "             'autovacuum: VACUUM ANALYZE ' || $1::text || ' (to prevent wraparound)']))"
    "   AS wraparound"
    "  FROM own,"
    "   (SELECT min(w.replay_lsn) AS lsn, max(w.replay_lag) AS lag,"
    "           (array_agg(a.application_name ORDER BY w.replay_lsn))[1] AS furthest,"
    "           (array_agg(a.application_name ORDER BY w.replay_lag DESC NULLS LAST))[1] AS latest"
    "      FROM pg_stat_get_wal_senders() AS w JOIN activity AS a ON a.pid = w.pid"
    "     WHERE w.replay_lsn IS NOT NULL"
    "       AND ($2::text = '' OR a.application_name = ANY (string_to_array($2::text, ', '))))"
    "   AS replica,"
    "   (SELECT min(restart_lsn) AS lsn, (array_agg(slot_name ORDER BY restart_lsn))[1] AS name"
    "      FROM pg_get_replication_slots() WHERE restart_lsn IS NOT NULL) AS slot,"
    "   (SELECT min(s.since) AS since, (array_agg(s.owner ORDER BY s.since))[1] AS owner FROM"
    "     (SELECT datid, xact_start AS since, 'pid ' || pid AS owner FROM activity"
    "       WHERE xmin IS NOT NULL AND pid <> pg_backend_pid()"
    "         AND backend_type <> 'autovacuum worker' AND query NOT ILIKE 'vacuum%'"
    "      UNION ALL"
    "      SELECT dbid, prepared, 'prepared transaction ' || gid FROM pg_prepared_xact()) AS s"
    "     WHERE s.datid = (SELECT datid FROM own)) AS snapshot";

/* pg_blocking_pids() takes all of the lock manager's locks for a moment, so it is asked only about
 * those who wait for a lock at all. */
const char sql_lock_waiters[] =
    "SELECT CASE WHEN pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') THEN"
    " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_get_activity(NULL) AS a"
    "   WHERE CASE WHEN a.wait_event_type OPERATOR(pg_catalog.=) 'Lock'"
    "           THEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=)"
    "                ANY (pg_catalog.pg_blocking_pids(a.pid)) END)"
    " END";

/* 15 brought lz4 and GRANT SET ON PARAMETER; before, wal_compression was the superuser's alone. */
static const char abilities_14[] =
    "SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all, false AS lz4";

static const char abilities_15[] =
    "SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,"
    " has_parameter_privilege('wal_compression', 'SET')"
    "  AND EXISTS (SELECT FROM pg_settings"
    "               WHERE name = 'wal_compression' AND 'lz4' = ANY (enumvals)) AS lz4";

const char *sql_abilities(int server_version)
{
    return server_version < 150000 ? abilities_14 : abilities_15;
}
