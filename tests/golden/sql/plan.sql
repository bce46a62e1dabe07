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

