-- Right before a VACUUM, in its session: sets its costs and its bounds on time, or says why there
-- must be no VACUUM. From PostgreSQL 17 on, which brought the privilege MAINTAIN.
--
-- $1 relation (OID)
-- $2 our session's process, as libpq knows it
-- $3 statement_timeout
-- $4 lock_timeout (ms)
-- Returns why there must be none ("the kill switch is on"); "" = the settings hold now.
--
-- For the session, since a VACUUM has no transaction of its own that they could be local to. The
-- costs are what autovacuum has by default. When we close the connection in mid-VACUUM, the server
-- notices within a tenth of a second and ends it (not on Windows, where nothing of it can be set).
SELECT CASE WHEN pg_backend_pid() <> $2
            THEN 'the connection goes through a pooler, which would give its settings to others'
            WHEN k.stopped IS NOT false THEN 'the kill switch is on'
            WHEN c.oid IS NULL THEN 'it is gone'
            WHEN (pg_has_role(c.relowner, 'USAGE')
                  OR (SELECT pg_has_role(d.datdba, 'USAGE')
                        FROM pg_database AS d
                       WHERE d.datname = current_database())
                  OR has_table_privilege(c.oid, 'MAINTAIN')) IS NOT true
            THEN 'the role lacks the privilege'
            WHEN set_config('vacuum_cost_delay', '2ms', false) IS NULL
              OR set_config('vacuum_cost_limit', '200', false) IS NULL
              OR set_config('statement_timeout', $3, false) IS NULL
              OR set_config('lock_timeout', $4, false) IS NULL
              OR set_config('client_min_messages', 'warning', false) IS NULL
              OR set_config('client_connection_check_interval',
                            CASE WHEN version() ~ 'Visual C|mingw' THEN '0' ELSE '100ms' END,
                            false) IS NULL
            THEN 'a setting can''t be changed'
            ELSE ''
       END AS reason
  FROM pgpurged.kill_switch AS k
  LEFT JOIN pg_class AS c ON c.oid = $1
