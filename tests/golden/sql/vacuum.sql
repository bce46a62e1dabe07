-- row_bytes
SELECT pgpurged.row_bytes($1, $2, now() - $3::interval);

-- rights
SELECT (pg_has_role(c.relowner, 'USAGE') OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d      WHERE d.datname = current_database())), quote_ident(pg_get_userbyid(c.relowner)), pg_backend_pid() = $2  FROM pg_class AS c WHERE c.oid = $1;

-- rights, PostgreSQL 17
SELECT ((pg_has_role(c.relowner, 'USAGE') OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d      WHERE d.datname = current_database())) OR has_table_privilege(c.oid, 'MAINTAIN')), quote_ident(pg_get_userbyid(c.relowner)), pg_backend_pid() = $2  FROM pg_class AS c WHERE c.oid = $1;

-- tables
SELECT c.oid, format('%I.%I', n.nspname, c.relname), l.rows, pg_stat_get_dead_tuples(c.oid), current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean  AND coalesce((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) AS o                 WHERE o.option_name = 'autovacuum_enabled'), true), least(nullif(current_setting('autovacuum_vacuum_max_threshold', true), '-1')       ::double precision,       coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) AS o           WHERE o.option_name = 'autovacuum_vacuum_threshold'), current_setting('autovacuum_vacuum_threshold'))::double precision + greatest(c.reltuples, 0) * coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) AS o           WHERE o.option_name = 'autovacuum_vacuum_scale_factor'), current_setting('autovacuum_vacuum_scale_factor'))::double precision), CASE WHEN (pg_has_role(c.relowner, 'USAGE') OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d      WHERE d.datname = current_database())) IS NOT true THEN format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) END  FROM (SELECT a.relation, sum(a.rows)::bigint AS rows FROM pgpurged.audit AS a         WHERE a.run = $1 GROUP BY a.relation) AS l  JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE l.rows > 0 ORDER BY l.rows DESC, c.oid;

-- tables, PostgreSQL 17
SELECT c.oid, format('%I.%I', n.nspname, c.relname), l.rows, pg_stat_get_dead_tuples(c.oid), current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean  AND coalesce((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) AS o                 WHERE o.option_name = 'autovacuum_enabled'), true), least(nullif(current_setting('autovacuum_vacuum_max_threshold', true), '-1')       ::double precision,       coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) AS o           WHERE o.option_name = 'autovacuum_vacuum_threshold'), current_setting('autovacuum_vacuum_threshold'))::double precision + greatest(c.reltuples, 0) * coalesce((SELECT o.option_value FROM pg_options_to_table(c.reloptions) AS o           WHERE o.option_name = 'autovacuum_vacuum_scale_factor'), current_setting('autovacuum_vacuum_scale_factor'))::double precision), CASE WHEN ((pg_has_role(c.relowner, 'USAGE') OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d      WHERE d.datname = current_database())) OR has_table_privilege(c.oid, 'MAINTAIN')) IS NOT true THEN format('GRANT MAINTAIN ON %I.%I TO %I', n.nspname, c.relname, current_user) END  FROM (SELECT a.relation, sum(a.rows)::bigint AS rows FROM pgpurged.audit AS a         WHERE a.run = $1 GROUP BY a.relation) AS l  JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE l.rows > 0 ORDER BY l.rows DESC, c.oid;

-- settings
SELECT CASE WHEN pg_backend_pid() <> $2  THEN 'the connection goes through a pooler, which would give its settings to others' WHEN k.stopped IS NOT false THEN 'the kill switch is on' WHEN c.oid IS NULL THEN 'it is gone' WHEN (pg_has_role(c.relowner, 'USAGE') OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d      WHERE d.datname = current_database())) IS NOT true THEN 'the role lacks the privilege' WHEN set_config('vacuum_cost_delay', '2ms', false) IS NULL  OR set_config('vacuum_cost_limit', '200', false) IS NULL  OR set_config('statement_timeout', $3, false) IS NULL  OR set_config('lock_timeout', $4, false) IS NULL  OR set_config('client_min_messages', 'warning', false) IS NULL  OR set_config('client_connection_check_interval',                CASE WHEN version() ~ 'Visual C|mingw' THEN '0' ELSE '100ms' END, false)     IS NULL  THEN 'a setting can''t be changed' ELSE '' END  FROM pgpurged.kill_switch AS k LEFT JOIN pg_class AS c ON c.oid = $1;

-- settings, PostgreSQL 17
SELECT CASE WHEN pg_backend_pid() <> $2  THEN 'the connection goes through a pooler, which would give its settings to others' WHEN k.stopped IS NOT false THEN 'the kill switch is on' WHEN c.oid IS NULL THEN 'it is gone' WHEN ((pg_has_role(c.relowner, 'USAGE') OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database AS d      WHERE d.datname = current_database())) OR has_table_privilege(c.oid, 'MAINTAIN')) IS NOT true THEN 'the role lacks the privilege' WHEN set_config('vacuum_cost_delay', '2ms', false) IS NULL  OR set_config('vacuum_cost_limit', '200', false) IS NULL  OR set_config('statement_timeout', $3, false) IS NULL  OR set_config('lock_timeout', $4, false) IS NULL  OR set_config('client_min_messages', 'warning', false) IS NULL  OR set_config('client_connection_check_interval',                CASE WHEN version() ~ 'Visual C|mingw' THEN '0' ELSE '100ms' END, false)     IS NULL  THEN 'a setting can''t be changed' ELSE '' END  FROM pgpurged.kill_switch AS k LEFT JOIN pg_class AS c ON c.oid = $1;

-- vacuum
VACUUM (TRUNCATE OFF, INDEX_CLEANUP AUTO, SKIP_LOCKED, PARALLEL 0) public."Odd name";

-- waiters
SELECT EXISTS (SELECT FROM pg_locks AS l WHERE NOT l.granted AND $1::integer = ANY (pg_blocking_pids(l.pid)));

-- note
UPDATE pgpurged.runs SET vacuumed_at = clock_timestamp() WHERE id = $1 RETURNING pg_stat_get_dead_tuples($2::oid);

