-- What keeps a job from going on (policy/limits.h), in one row.
--
-- $1 the table, "schema.name" without quotes
-- $2 application_names of the replicas that count, "a, b"; "" = all
-- Returns the position in the WAL (bytes); the replica that is furthest behind in bytes, and by
-- how much; the one that is furthest behind in time, and its lag (s); the slot that keeps back
-- most, and how much; active sessions; who has the oldest snapshot, and its age (s); whether
-- autovacuum is at the table to prevent wraparound. Only a member of pg_read_all_stats (pg_monitor
-- is one) sees what other sessions do; for everyone else most answers are NULL, which means: not
-- known.
--
-- Takes 0.6 ms, four fifths of them to be planned; 0.75 ms with 80 sessions on the server. Reads
-- the functions behind pg_stat_activity, pg_stat_replication, pg_replication_slots and
-- pg_prepared_xacts: the joins of these views take longer to plan than all of this takes to run.
--
-- A slot without restart_lsn keeps nothing back, a walsender without replay_lsn has nothing to
-- replay (a base backup). A snapshot keeps dead rows alive in its own database only, as does a
-- transaction that has an id and no snapshot; VACUUM's doesn't at all. What autovacuum is doing
-- stands in its query, as autovac_report_activity() writes it.
WITH activity AS MATERIALIZED (
    SELECT pid, datid, usesysid, application_name, backend_type, state, query, xact_start,
           coalesce(backend_xmin, backend_xid) AS xmin
      FROM pg_stat_get_activity(NULL)
), own AS MATERIALIZED (
    SELECT datid, usesysid, application_name,
           pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
           CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() END AS wal
      FROM activity
     WHERE pid = pg_backend_pid()
)
SELECT (own.wal - '0/0')::bigint AS wal,
       replica.furthest,
       (own.wal - replica.lsn)::bigint AS replica_lag,
       replica.latest,
       extract(epoch FROM replica.lag) AS replica_lag_time,
       slot.name AS slot,
       (own.wal - slot.lsn)::bigint AS slot_lag,
       CASE WHEN own.sees_all THEN
           (SELECT count(*)
              FROM activity AS a
             WHERE a.backend_type = 'client backend' AND a.state = 'active'
               AND (a.usesysid <> own.usesysid OR a.application_name <> own.application_name))
       END AS active_sessions,
       snapshot.owner AS snapshot_owner,
       extract(epoch FROM clock_timestamp() - snapshot.since) AS snapshot_age,
       EXISTS (SELECT
                 FROM activity AS a
                WHERE a.datid = own.datid
                  AND a.query = ANY (ARRAY[
                      'autovacuum: VACUUM ' || $1::text || ' (to prevent wraparound)',
                      'autovacuum: VACUUM ANALYZE ' || $1::text || ' (to prevent wraparound)'])
              ) AS wraparound
  FROM own,
       (SELECT min(w.replay_lsn) AS lsn, max(w.replay_lag) AS lag,
               (array_agg(a.application_name ORDER BY w.replay_lsn))[1] AS furthest,
               (array_agg(a.application_name ORDER BY w.replay_lag DESC NULLS LAST))[1] AS latest
          FROM pg_stat_get_wal_senders() AS w
          JOIN activity AS a ON a.pid = w.pid
         WHERE w.replay_lsn IS NOT NULL
           AND ($2::text = '' OR a.application_name = ANY (string_to_array($2::text, ', ')))
       ) AS replica,
       (SELECT min(restart_lsn) AS lsn, (array_agg(slot_name ORDER BY restart_lsn))[1] AS name
          FROM pg_get_replication_slots()
         WHERE restart_lsn IS NOT NULL) AS slot,
       (SELECT min(s.since) AS since, (array_agg(s.owner ORDER BY s.since))[1] AS owner
          FROM (SELECT datid, xact_start AS since, 'pid ' || pid AS owner
                  FROM activity
                 WHERE xmin IS NOT NULL AND pid <> pg_backend_pid()
                   AND backend_type <> 'autovacuum worker' AND query NOT ILIKE 'vacuum%'
                UNION ALL
                SELECT dbid, prepared, 'prepared transaction ' || gid
                  FROM pg_prepared_xact()) AS s
         WHERE s.datid = (SELECT datid FROM own)) AS snapshot
