-- partition
"public"."posts";

-- predicate
(t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE;

-- delete_range
DELETE FROM ONLY "public"."posts" AS t
 WHERE t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2
  AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE;

-- delete_skip_locked
DELETE FROM ONLY "public"."posts" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
       SELECT t.ctid FROM ONLY "public"."posts" AS t
        WHERE t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2
         AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE
          FOR UPDATE SKIP LOCKED))
  AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE;

-- count_range
SELECT pg_catalog.count(*) FROM ONLY "public"."posts" AS t
 WHERE t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2
  AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE;

-- has_never_expires
SELECT EXISTS (SELECT FROM ONLY "public"."posts" AS t
 WHERE NOT ((t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $1::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE));

-- count_partition
SELECT pg_catalog.count(*),
       pg_catalog.count(*) FILTER (WHERE (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $1::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE)
  FROM ONLY "public"."posts" AS t;

-- sample
SELECT pg_catalog.count(*) AS rows,
       pg_catalog.count(*) FILTER (WHERE (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz))) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE) AS due,
       pg_catalog.min(t."deleteat"::pg_catalog.float8 OPERATOR(pg_catalog./) 1000::pg_catalog.float8 OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', pg_catalog.now())
         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz)))
         FILTER (WHERE (t."deleteat" OPERATOR(pg_catalog.>) '31536000000'::pg_catalog.int8 AND
       t."deleteat" OPERATOR(pg_catalog.<) '253402214400000'::pg_catalog.int8 AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE) AS earliest,
       0 AS undated
  FROM ONLY "public"."posts" AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE ($2::pg_catalog.float8);

-- probe
SELECT pg_catalog.count(*)
  FROM (SELECT t."deleteat"
          FROM ONLY "public"."posts" AS t
         WHERE t."deleteat" OPERATOR(pg_catalog.>) '31536000000'::pg_catalog.int8 AND
       t."deleteat" OPERATOR(pg_catalog.<) pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $1::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8 AND
       (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $1::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE
         ORDER BY t."deleteat" LIMIT $2::pg_catalog.int8) AS s;

-- take_slice
SELECT pg_catalog.array_agg(s.ctid ORDER BY s.ctid),
       pg_catalog.max(s.mark)::pg_catalog.text,
       pg_catalog.count(*)
  FROM (SELECT t.ctid, t."deleteat" AS mark
          FROM ONLY "public"."posts" AS t
         WHERE t."deleteat" OPERATOR(pg_catalog.>) '31536000000'::pg_catalog.int8 AND
       t."deleteat" OPERATOR(pg_catalog.<) pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8 AND
       (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE
          AND t."deleteat" OPERATOR(pg_catalog.>=) COALESCE($1::pg_catalog.int8, 0)
         ORDER BY t."deleteat" LIMIT $2::pg_catalog.int8) AS s;

-- delete_tids
DELETE FROM ONLY "public"."posts" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.tid[])
  AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE;

-- delete_tids_skip_locked
DELETE FROM ONLY "public"."posts" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
       SELECT t.ctid FROM ONLY "public"."posts" AS t
        WHERE t.ctid OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.tid[])
         AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE
          FOR UPDATE SKIP LOCKED))
  AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE;

-- count_tids
SELECT pg_catalog.count(*) FROM ONLY "public"."posts" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.tid[])
  AND (t."deleteat" OPERATOR(pg_catalog.<) (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', $3::pg_catalog.timestamptz)) OPERATOR(pg_catalog.*) 1000::pg_catalog.numeric)::pg_catalog.int8) AND
       t."deleteat" OPERATOR(pg_catalog.>) (SELECT '31536000000'::pg_catalog.int8) AND
       NOT t."deleteat" OPERATOR(pg_catalog.=) '999999999'::pg_catalog.int8) IS TRUE;

