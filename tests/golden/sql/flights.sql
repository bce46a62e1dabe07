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
SELECT rows, skipped, chunks, next_block, next_offset, elapsed_ms, children, rejected, done FROM pgpurged.purge_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- open_run
SELECT id, cutoff, resumed, next_block, last_batch, passes, rows, batches, (extract(epoch FROM cutoff::timestamptz) * 1000000)::bigint, at_partition, policy FROM pgpurged.open_run($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- save_run
SELECT pgpurged.save_run($1, $2, $3, $4, $5, $6, $7, $8);

-- close_run
SELECT rows, batches, reusable_bytes FROM pgpurged.close_run($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- find_batch
SELECT pgpurged.find_batch($1, $2, $3);

-- server
SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS standby, EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace          WHERE n.nspname = 'pgpurged' AND p.proname = 'version') AS installed, (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'pgpurged') AS usage, (SELECT has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace   WHERE n.nspname = 'pgpurged' AND c.relname = 'audit') AS audit, (SELECT bool_and(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')         AND (has_table_privilege(c.oid, 'UPDATE') OR c.relname = 'policies'))    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace   WHERE n.nspname = 'pgpurged' AND c.relname IN ('runs', 'policies')) AS runs, quote_ident(current_user) AS role, current_database() AS database, current_setting('block_size')::integer AS block_size, current_setting('session_replication_role') AS replication_role, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock, EXISTS (SELECT FROM pg_class WHERE relname = 'pg_dist_partition'          AND relnamespace = 'pg_catalog'::regnamespace) AS citus, current_setting('track_counts')::boolean AS track_counts;

-- version
SELECT pgpurged.version();

-- columns
WITH RECURSIVE typ AS (  SELECT a.attname, t.oid, t.typname, t.typtype, t.typbasetype, t.typnamespace,         format_type(a.atttypid, a.atttypmod) AS declared, a.attnotnull    FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid   WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped  UNION ALL  SELECT d.attname, t.oid, t.typname, t.typtype, t.typbasetype, t.typnamespace, d.declared,         d.attnotnull    FROM typ AS d JOIN pg_type AS t ON t.oid = d.typbasetype WHERE d.typtype = 'd') SELECT typ.attname, typ.declared,  CASE WHEN typ.typtype = 'e' THEN 'enum'       WHEN typ.typnamespace = 'pg_catalog'::regnamespace THEN typ.typname END AS type,  e.enumlabel AS label, NOT typ.attnotnull AS nullable, quote_ident(typ.attname) AS written  FROM typ LEFT JOIN pg_enum AS e ON e.enumtypid = typ.oid WHERE typ.typtype <> 'd' ORDER BY typ.attname, e.enumsortorder;

-- drop_partition
SELECT dropped, rows, why, locked FROM pgpurged.drop_partition($1, $2);

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

