-- begin
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

-- begin_read_only
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;

-- commit
COMMIT;

-- settings
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('TimeZone', 'UTC', true), pg_catalog.set_config('DateStyle', 'ISO, YMD', true), pg_catalog.set_config('IntervalStyle', 'postgres', true), pg_catalog.set_config('lock_timeout', '5s', true), pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('statement_timeout', '30s', true);

-- patient_settings
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('TimeZone', 'UTC', true), pg_catalog.set_config('DateStyle', 'ISO, YMD', true), pg_catalog.set_config('IntervalStyle', 'postgres', true), pg_catalog.set_config('lock_timeout', '5s', true), pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('max_parallel_workers_per_gather', '0', true);

-- guard
SELECT pgpurged.guard($1, pg_catalog.to_timestamp($2::double precision OPERATOR(pg_catalog./) 1e6::double precision), pg_catalog.to_timestamp($3::double precision OPERATOR(pg_catalog./) 1e6::double precision), $4, $5, $6, $7);

-- purge
SELECT rows, skipped, chunks, next_block, next_offset, elapsed_ms, children, rejected FROM pgpurged.purge_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- open_run
SELECT id, cutoff, resumed, next_block, last_batch, passes, rows, batches, (extract(epoch FROM cutoff::timestamptz) * 1000000)::bigint, at_partition, policy FROM pgpurged.open_run($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- save_run
SELECT pgpurged.save_run($1, $2, $3, $4, $5, $6, $7, $8);

-- close_run
SELECT rows, batches, reusable_bytes FROM pgpurged.close_run($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- find_batch
SELECT pgpurged.find_batch($1, $2, $3);

-- server
SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS standby, EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace          WHERE n.nspname = 'pgpurged' AND p.proname = 'version') AS installed, (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'pgpurged') AS usage, (SELECT has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace   WHERE n.nspname = 'pgpurged' AND c.relname = 'audit') AS audit, (SELECT bool_and(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')         AND (has_table_privilege(c.oid, 'UPDATE') OR c.relname = 'policies'))    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace   WHERE n.nspname = 'pgpurged' AND c.relname IN ('runs', 'policies')) AS runs, quote_ident(current_user) AS role, current_database() AS database, current_setting('block_size')::integer AS block_size, current_setting('session_replication_role') AS replication_role, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock, EXISTS (SELECT FROM pg_class WHERE relname = 'pg_dist_partition'          AND relnamespace = 'pg_catalog'::regnamespace) AS citus;

-- version
SELECT pgpurged.version();

-- table
WITH published AS MATERIALIZED (  SELECT p.pubname::text AS name, t.relid    FROM pg_publication AS p    CROSS JOIN LATERAL pg_get_publication_tables(p.pubname::text) AS t   WHERE p.pubdelete AND NOT p.puballtables   UNION ALL  SELECT p.pubname::text, NULL FROM pg_publication AS p WHERE p.pubdelete AND p.puballtables) SELECT c.oid, c.relkind, c.relpersistence, am.amname,  CASE c.relkind WHEN 'p' THEN (SELECT COALESCE(sum(pg_relation_size(p.relid)), 0)::bigint                                  FROM pg_partition_tree(c.oid) AS p WHERE p.isleaf)   ELSE pg_relation_size(c.oid) END / current_setting('block_size')::bigint AS blocks,  CASE c.relkind WHEN 'p' THEN (SELECT COALESCE(sum(NULLIF(l.reltuples, -1)), -1)                                  FROM pg_partition_tree(c.oid) AS p                                  JOIN pg_class AS l ON l.oid = p.relid WHERE p.isleaf)   ELSE c.reltuples END AS reltuples,  row_security_active(c.oid) AS policies,  has_schema_privilege(n.oid, 'USAGE') AS usage,  has_table_privilege(c.oid, 'SELECT') AS can_select,  has_table_privilege(c.oid, 'DELETE') AS can_delete,  has_any_column_privilege(c.oid, 'UPDATE') AS can_lock,  (SELECT string_agg(quote_ident(r.rulename), ', ') FROM pg_rewrite AS r    WHERE r.ev_class = c.oid AND r.ev_type = '4') AS rules,  n.nspname LIKE 'pg\_%' OR n.nspname = 'information_schema' AS system,  (SELECT string_agg(quote_ident(g.tgname), ', ' ORDER BY g.tgname) FROM pg_trigger AS g    WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D'      AND g.tgtype & 11 = 11) AS before_triggers,  (SELECT string_agg(DISTINCT g.tgname, ', ' ORDER BY g.tgname)   FROM pg_partition_tree(c.oid) AS p JOIN pg_trigger AS g ON g.tgrelid = p.relid  WHERE NOT p.isleaf AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgtype & 9 = 8    AND g.tgname <> ALL (string_to_array($3, ', '))) AS silent, CASE WHEN c.relkind = 'r' AND c.relreplident <> 'f'      AND pg_get_replica_identity_index(c.oid) IS NULL THEN CASE WHEN c.relpersistence = 'p' THEN (SELECT string_agg(DISTINCT quote_ident(p.name), ', ') FROM published AS p   WHERE p.relid IS NULL OR p.relid = ANY (ARRAY(         SELECT c.oid UNION SELECT relid FROM pg_partition_ancestors(c.oid)))) END END AS unidentified,  EXISTS (SELECT FROM pg_inherits AS h JOIN pg_class AS k ON k.oid = h.inhrelid           WHERE h.inhparent = c.oid             AND k.relnamespace = to_regnamespace('_timescaledb_internal')) AS hypertable  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace  LEFT JOIN pg_am AS am ON am.oid = c.relam WHERE n.nspname = $1 AND c.relname = $2;

-- columns
WITH RECURSIVE typ AS (  SELECT a.attname, t.oid, t.typname, t.typtype, t.typbasetype, t.typnamespace,         format_type(a.atttypid, a.atttypmod) AS declared    FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid   WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped  UNION ALL  SELECT d.attname, t.oid, t.typname, t.typtype, t.typbasetype, t.typnamespace, d.declared    FROM typ AS d JOIN pg_type AS t ON t.oid = d.typbasetype WHERE d.typtype = 'd') SELECT typ.attname, typ.declared,  CASE WHEN typ.typtype = 'e' THEN 'enum'       WHEN typ.typnamespace = 'pg_catalog'::regnamespace THEN typ.typname END AS type,  e.enumlabel  FROM typ LEFT JOIN pg_enum AS e ON e.enumtypid = typ.oid WHERE typ.typtype <> 'd' ORDER BY typ.attname, e.enumsortorder;

-- leaves
WITH published AS MATERIALIZED (  SELECT p.pubname::text AS name, t.relid    FROM pg_publication AS p    CROSS JOIN LATERAL pg_get_publication_tables(p.pubname::text) AS t   WHERE p.pubdelete AND NOT p.puballtables   UNION ALL  SELECT p.pubname::text, NULL FROM pg_publication AS p WHERE p.pubdelete AND p.puballtables) SELECT c.oid, n.nspname, c.relname, c.relkind, am.amname,  pg_relation_size(c.oid) / current_setting('block_size')::bigint AS blocks, c.reltuples,  row_security_active(c.oid) AS policies,  has_schema_privilege(n.oid, 'USAGE') AS usage,  has_table_privilege(c.oid, 'SELECT') AS can_select,  has_table_privilege(c.oid, 'DELETE') AS can_delete,  has_any_column_privilege(c.oid, 'UPDATE') AS can_lock,  (SELECT string_agg(quote_ident(r.rulename), ', ') FROM pg_rewrite AS r    WHERE r.ev_class = c.oid AND r.ev_type = '4') AS rules,  (SELECT string_agg(quote_ident(g.tgname), ', ' ORDER BY g.tgname) FROM pg_trigger AS g    WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D'      AND g.tgtype & 11 = 11) AS before_triggers,  (SELECT min((extract(epoch FROM u.ends) * 1000000)::bigint)     FROM pg_partition_ancestors(c.oid) AS a     JOIN pg_class AS k ON k.oid = a.relid AND k.relispartition     JOIN pg_inherits AS h ON h.inhrelid = k.oid     JOIN pg_partitioned_table AS q ON q.partrelid = h.inhparent AND q.partstrat = 'r'     JOIN pg_attribute AS f ON f.attrelid = h.inhparent AND f.attnum = q.partattrs[0]      AND f.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype),     LATERAL (SELECT substring(pg_get_expr(k.relpartbound, k.oid)                               FROM ' TO \(''([^'']*)''') AS text) AS b,     LATERAL (SELECT CASE f.atttypid WHEN 'timestamptz'::regtype THEN b.text::timestamptz                     ELSE b.text::timestamp AT TIME ZONE 'Etc/GMT+12' END AS ends) AS u    WHERE isfinite(u.ends)) AS ends,  (SELECT string_agg(DISTINCT quote_ident(f.conname), ', ') FROM pg_constraint AS f    WHERE f.contype = 'f'      AND f.confrelid IN (SELECT relid FROM pg_partition_ancestors(c.oid))) AS referenced,  (SELECT string_agg(DISTINCT quote_ident(g.tgname), ', ') FROM pg_trigger AS g    WHERE g.tgrelid IN (SELECT relid FROM pg_partition_ancestors(c.oid))      AND NOT g.tgisinternal AND g.tgtype & 8 = 8 AND g.tgenabled <> 'D') AS triggers,  quote_ident(pg_get_userbyid(c.relowner)) AS owner,  pg_has_role(c.relowner, 'USAGE') AS owned,  CASE WHEN c.relpersistence = 'p' THEN (SELECT string_agg(DISTINCT quote_ident(p.name), ', ') FROM published AS p   WHERE p.relid IS NULL OR p.relid = ANY (ARRAY(         SELECT c.oid UNION SELECT relid FROM pg_partition_ancestors(c.oid)))) END AS published_by, CASE WHEN c.relkind = 'r' AND c.relreplident <> 'f'      AND pg_get_replica_identity_index(c.oid) IS NULL THEN CASE WHEN c.relpersistence = 'p' THEN (SELECT string_agg(DISTINCT quote_ident(p.name), ', ') FROM published AS p   WHERE p.relid IS NULL OR p.relid = ANY (ARRAY(         SELECT c.oid UNION SELECT relid FROM pg_partition_ancestors(c.oid)))) END END AS unidentified  FROM pg_partition_tree($1::oid::regclass) AS p JOIN pg_class AS c ON c.oid = p.relid  JOIN pg_namespace AS n ON n.oid = c.relnamespace  LEFT JOIN pg_am AS am ON am.oid = c.relam WHERE p.isleaf ORDER BY c.relname, n.nspname;

-- drop_partition
SELECT dropped, rows, why, locked FROM pgpurged.drop_partition($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- distributed
SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrel = $1::oid);

-- zone
SELECT CASE WHEN $1 = 'UTC' THEN $1 ELSE (SELECT z.name FROM pg_timezone_names AS z  WHERE lower(z.name) = lower($1) ORDER BY z.name <> $1 LIMIT 1) END AS name;

-- last_batches
SELECT sum(b.rows), sum(b.elapsed_ms) / 1000 FROM (SELECT sum(a.rows) AS rows, max(a.elapsed_ms) AS elapsed_ms         FROM (SELECT r.id, (SELECT max(m.batch) FROM pgpurged.audit AS m WHERE m.run = r.id)                 FROM pgpurged.runs AS r WHERE r.job = $1 AND r.rows > 0                ORDER BY r.id DESC LIMIT 1) AS l (run, batch)         JOIN pgpurged.audit AS a ON a.run = l.run AND a.batch > l.batch - 1000        WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = a.relation)        GROUP BY a.batch) AS b;

-- pass
SELECT pg_relation_size($1::oid::regclass) / current_setting('block_size')::bigint, pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text FROM pg_current_snapshot() AS s;

-- schedule
SELECT floor(extract(epoch FROM l.local) / 86400)::bigint AS day, floor(extract(epoch FROM l.local))::bigint % 86400 AS second, (SELECT extract(epoch FROM clock_timestamp() - r.started_at) FROM pgpurged.runs AS r   WHERE r.job = $1 ORDER BY r.id DESC LIMIT 1) AS since_start, EXISTS (SELECT FROM pgpurged.runs AS r WHERE r.job = $1 AND r.ended_at IS NULL) AS run_open, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock, (SELECT (extract(epoch FROM r.ended_at) * 1000000)::bigint FROM pgpurged.runs AS r   WHERE r.job = $1 AND r.outcome = 'done' ORDER BY r.id DESC LIMIT 1) AS last_done, e.id, (extract(epoch FROM e.started_at) * 1000000)::bigint, (extract(epoch FROM e.ended_at) * 1000000)::bigint, e.outcome, e.rows, e.batches, e.skipped, e.rejected, e.reusable_bytes, (extract(epoch FROM e.vacuumed_at) * 1000000)::bigint, e.detail, e.rejected_by FROM (SELECT clock_timestamp() AT TIME ZONE $2 AS local) AS l LEFT JOIN LATERAL (SELECT r.* FROM pgpurged.runs AS r   WHERE r.job = $1 AND r.ended_at IS NOT NULL ORDER BY r.id DESC LIMIT 1) AS e ON true;

-- instant
SELECT (extract(epoch FROM i.instant) * 1000000)::bigint, extract(epoch FROM i.instant - clock_timestamp()) FROM (SELECT (timestamp '1970-01-01' + make_interval(days => $2::integer, secs => $3::double precision)) AT TIME ZONE $1 AS instant) AS i;

-- index_settings
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('TimeZone', 'UTC', true), pg_catalog.set_config('DateStyle', 'ISO, YMD', true), pg_catalog.set_config('IntervalStyle', 'postgres', true), pg_catalog.set_config('lock_timeout', '5s', true), pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('statement_timeout', '10s', true), pg_catalog.set_config('enable_seqscan', 'off', true), pg_catalog.set_config('enable_bitmapscan', 'off', true), pg_catalog.set_config('enable_indexscan', 'on', true), pg_catalog.set_config('enable_indexonlyscan', 'on', true), pg_catalog.set_config('max_parallel_workers_per_gather', '0', true);

-- index
SELECT (SELECT i.indexrelid::regclass::text   FROM pg_index AS i   JOIN pg_class AS c ON c.oid = i.indexrelid   JOIN pg_am AS m ON m.oid = c.relam   JOIN pg_opclass AS o ON o.oid = i.indclass[0]  WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum AND m.amname = 'btree'    AND o.opcdefault AND i.indisvalid AND i.indisready AND i.indislive    AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) =         format('(%I IS NOT NULL)', a.attname))  ORDER BY pg_relation_size(i.indexrelid), i.indexrelid LIMIT 1) AS name, (SELECT s.correlation FROM pg_stats AS s   WHERE s.schemaname = n.nspname AND s.tablename = r.relname AND s.attname = a.attname     AND NOT s.inherited) AS correlation FROM pg_attribute AS a JOIN pg_class AS r ON r.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = r.relnamespace WHERE a.attrelid = $1::oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped;

-- purge_tids
SELECT rows, skipped, elapsed_ms, children, rejected, done FROM pgpurged.purge_tids($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

