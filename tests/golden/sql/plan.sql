-- cutoffs
SELECT to_char((now() - $1::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00', to_char((now() - $1::interval - interval '168 hours') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00', to_char((now() - $1::interval + make_interval(hours => $2::integer)) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00';

-- tally
SELECT p.partition, sum(p.rows), sum(p.due), sum(p.due * p.due), sum(p.earlier),
       sum(p.later), sum(p.marked), min(p.earliest), sum(p.undated)
  FROM (SELECT t.tableoid AS partition, count(*) AS rows,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $3::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS due,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $4::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS earlier,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $5::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS later,
               count(t."deleted_at") AS marked,
               pg_catalog.min(pg_catalog.date_part('epoch', t."deleted_at") OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', pg_catalog.now())
         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', $3::pg_catalog.timestamptz))
         FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       t."deleted_at" OPERATOR(pg_catalog.<) '9999-12-31 00:00:00+00'::pg_catalog.timestamptz) IS TRUE) AS earliest,
       0 AS undated
          FROM ONLY "public"."orders" AS t TABLESAMPLE SYSTEM ($1::float4) REPEATABLE ($2::float8)
         GROUP BY t.tableoid, split_part(t.ctid::text, ',', 1)) AS p
 GROUP BY p.partition;

-- tally of some partitions
SELECT p.partition, sum(p.rows), sum(p.due), sum(p.due * p.due), sum(p.earlier),
       sum(p.later), sum(p.marked), min(p.earliest), sum(p.undated)
  FROM (SELECT t.tableoid AS partition, count(*) AS rows,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $3::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS due,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $4::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS earlier,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $5::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS later,
               count(t."deleted_at") AS marked,
               pg_catalog.min(pg_catalog.date_part('epoch', t."deleted_at") OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', pg_catalog.now())
         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', $3::pg_catalog.timestamptz))
         FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       t."deleted_at" OPERATOR(pg_catalog.<) '9999-12-31 00:00:00+00'::pg_catalog.timestamptz) IS TRUE) AS earliest,
       0 AS undated
          FROM ONLY "public"."orders" AS t TABLESAMPLE SYSTEM ($1::float4) REPEATABLE ($2::float8)
         GROUP BY t.tableoid, split_part(t.ctid::text, ',', 1)
        UNION ALL
        SELECT t.tableoid AS partition, count(*) AS rows,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $3::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS due,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $4::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS earlier,
               count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT $5::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS later,
               count(t."deleted_at") AS marked,
               pg_catalog.min(pg_catalog.date_part('epoch', t."deleted_at") OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', pg_catalog.now())
         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', $3::pg_catalog.timestamptz))
         FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       t."deleted_at" OPERATOR(pg_catalog.<) '9999-12-31 00:00:00+00'::pg_catalog.timestamptz) IS TRUE) AS earliest,
       0 AS undated
          FROM ONLY "public"."more" AS t TABLESAMPLE SYSTEM ($1::float4) REPEATABLE ($2::float8)
         GROUP BY t.tableoid, split_part(t.ctid::text, ',', 1)) AS p
 GROUP BY p.partition;

-- sample of some partitions
SELECT pg_catalog.sum(s.rows), pg_catalog.sum(s.due),
       pg_catalog.min(s.earliest), pg_catalog.sum(s.undated)
  FROM (SELECT pg_catalog.count(*) AS rows,
       pg_catalog.count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS due,
       pg_catalog.min(pg_catalog.date_part('epoch', t."deleted_at") OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', pg_catalog.now())
         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz)))
         FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       t."deleted_at" OPERATOR(pg_catalog.<) '9999-12-31 00:00:00+00'::pg_catalog.timestamptz) IS TRUE) AS earliest,
       0 AS undated
  FROM ONLY "public"."orders" AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE ($2::pg_catalog.float8)
UNION ALL
SELECT pg_catalog.count(*) AS rows,
       pg_catalog.count(*) FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.<) (SELECT LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT '1970-01-03 00:00:00+00'::pg_catalog.timestamptz)) IS TRUE) AS due,
       pg_catalog.min(pg_catalog.date_part('epoch', t."deleted_at") OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', pg_catalog.now())
         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz)))
         FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       t."deleted_at" OPERATOR(pg_catalog.<) '9999-12-31 00:00:00+00'::pg_catalog.timestamptz) IS TRUE) AS earliest,
       0 AS undated
  FROM ONLY "public"."more" AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE ($2::pg_catalog.float8)) AS s;

-- advice: triggers
WITH root AS (SELECT c.oid, c.relkind   FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace  WHERE n.nspname = $1 AND c.relname = $2), partition AS (SELECT oid FROM root UNION SELECT p.relid   FROM root, pg_partition_tree(CASE WHEN root.relkind = 'p' THEN root.oid END) AS p) SELECT quote_ident(g.tgname), CASE WHEN g.tgtype & 2 <> 0 THEN 'before' ELSE 'after' END, g.tgtype & 1 <> 0 AS each_row, g.tgfoid::regproc::text, g.tgtype & 1 = 0 AND c.relkind = 'p' AS silent FROM pg_trigger AS g JOIN partition ON partition.oid = g.tgrelid JOIN pg_class AS c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgtype & 8 <> 0 AND g.tgparentid = 0 ORDER BY g.tgtype & 2 = 0, g.tgname;

-- advice: locks
WITH root AS (SELECT c.oid, c.relkind   FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace  WHERE n.nspname = $1 AND c.relname = $2), partition AS (SELECT oid FROM root UNION SELECT p.relid   FROM root, pg_partition_tree(CASE WHEN root.relkind = 'p' THEN root.oid END) AS p), held AS MATERIALIZED (SELECT * FROM pg_locks WHERE granted) SELECT s.who, s.application_name, s.mode, s.age, s.shuts_out FROM (  SELECT DISTINCT ON (l.virtualtransaction)         coalesce('pid ' || l.pid, 'prepared transaction ' || x.gid, 'somebody') AS who,         a.application_name, l.mode,         extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, x.prepared)) AS age,         l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',                    'AccessExclusiveLock') AS shuts_out    FROM held AS l JOIN partition ON partition.oid = l.relation    LEFT JOIN LATERAL (SELECT * FROM pg_stat_get_activity(l.pid) WHERE l.pid IS NOT NULL) AS a      ON true    LEFT JOIN LATERAL (SELECT p.gid, p.prepared FROM held AS m        JOIN pg_prepared_xact() AS p ON p.transaction = m.transactionid       WHERE m.virtualtransaction = l.virtualtransaction AND l.pid IS NULL) AS x ON true   WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_backend_pid()     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())   ORDER BY l.virtualtransaction, l.mode IN ('ShareLock', 'ShareRowExclusiveLock',                              'ExclusiveLock', 'AccessExclusiveLock') DESC,            l.mode = 'RowExclusiveLock' DESC) AS s WHERE s.shuts_out OR s.mode IN ('RowExclusiveLock', 'RowShareLock') AND s.age > 60 ORDER BY s.shuts_out DESC, s.age DESC NULLS LAST LIMIT 5;

-- advice: wraparound
WITH root AS (SELECT c.oid, c.relkind   FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace  WHERE n.nspname = $1 AND c.relname = $2), partition AS (SELECT oid FROM root UNION SELECT p.relid   FROM root, pg_partition_tree(CASE WHEN root.relkind = 'p' THEN root.oid END) AS p) SELECT a.pid FROM pg_stat_get_activity(NULL) AS a, partition  JOIN pg_class AS c ON c.oid = partition.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())   AND a.query IN (format('autovacuum: VACUUM %s.%s (to prevent wraparound)', n.nspname, c.relname),     format('autovacuum: VACUUM ANALYZE %s.%s (to prevent wraparound)', n.nspname, c.relname));

-- advice: indexes
SELECT i.indexrelid::regclass::text AS name, (SELECT string_agg(pg_get_indexdef(i.indexrelid, k.n, true), ', ' ORDER BY k.n)    FROM generate_series(1, i.indnkeyatts::integer) AS k (n)) AS keys, i.indisunique, i.indisprimary, pg_get_expr(i.indpred, i.indrelid) AS condition, a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]) AS has_column, coalesce(pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NULL)', a.attname), false)  AS of_live_rows, (SELECT quote_ident(conname) FROM pg_constraint   WHERE conindid = i.indexrelid AND contype IN ('p', 'u') LIMIT 1) AS constraint_name, EXISTS (SELECT FROM pg_constraint AS f WHERE f.contype = 'f'   AND (f.conindid = i.indexrelid OR f.conrelid = i.indrelid AND        f.conkey::smallint[] <@ (i.indkey::smallint[])[0:array_length(f.conkey, 1) - 1]))  AS needed, pg_stat_get_numscans(i.indexrelid) AS scans FROM pg_class AS r JOIN pg_namespace AS n ON n.oid = r.relnamespace JOIN pg_index AS i ON i.indrelid = r.oid JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attname = $3 AND a.attnum > 0  AND NOT a.attisdropped WHERE n.nspname = $1 AND r.relname = $2 AND m.amname = 'btree'   AND i.indisvalid AND i.indisready AND i.indislive ORDER BY i.indexrelid;

-- advice: toast
WITH root AS (SELECT c.oid, c.relkind   FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace  WHERE n.nspname = $1 AND c.relname = $2), partition AS (SELECT oid FROM root UNION SELECT p.relid   FROM root, pg_partition_tree(CASE WHEN root.relkind = 'p' THEN root.oid END) AS p) SELECT coalesce(sum(pg_relation_size(c.reltoastrelid)), 0)::bigint FROM partition JOIN pg_class AS c ON c.oid = partition.oid WHERE c.reltoastrelid <> 0;

