-- partition
"public"."orders";

-- predicate
((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE;

-- delete_range
DELETE FROM ONLY "public"."orders" AS t
 WHERE t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2
  AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE;

-- delete_skip_locked
DELETE FROM ONLY "public"."orders" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
       SELECT t.ctid FROM ONLY "public"."orders" AS t
        WHERE t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2
         AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE
          FOR UPDATE SKIP LOCKED))
  AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE;

-- count_range
SELECT pg_catalog.count(*) FROM ONLY "public"."orders" AS t
 WHERE t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2
  AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE;

-- has_never_expires
SELECT EXISTS (SELECT FROM ONLY "public"."orders" AS t
 WHERE NOT (((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $1::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $1::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE));

-- count_partition
SELECT pg_catalog.count(*),
       pg_catalog.count(*) FILTER (WHERE ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $1::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $1::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE)
  FROM ONLY "public"."orders" AS t;

-- sample
SELECT pg_catalog.count(*) AS rows,
       pg_catalog.count(*) FILTER (WHERE ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz))) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz) AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE) AS due,
       pg_catalog.min(pg_catalog.date_part('epoch', pg_catalog.timezone('Asia/Tokyo', t."deleted_at")) OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', pg_catalog.now())
         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, $4::pg_catalog.timestamptz)))
         FILTER (WHERE (t."deleted_at" OPERATOR(pg_catalog.>) pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.<) pg_catalog.timezone('Asia/Tokyo', '9999-12-31 00:00:00+00'::pg_catalog.timestamptz) AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE) AS earliest,
       0 AS undated
  FROM ONLY "public"."orders" AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE ($2::pg_catalog.float8);

-- probe
SELECT pg_catalog.count(*)
  FROM (SELECT t."deleted_at"
          FROM ONLY "public"."orders" AS t
         WHERE t."deleted_at" OPERATOR(pg_catalog.>) pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.<) pg_catalog.timezone('Asia/Tokyo', $1::pg_catalog.timestamptz) AND
       ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $1::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $1::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE
         ORDER BY t."deleted_at" LIMIT $2::pg_catalog.int8) AS s;

-- take_slice
SELECT pg_catalog.array_agg(s.ctid ORDER BY s.ctid),
       pg_catalog.max(s.mark)::pg_catalog.text,
       pg_catalog.count(*)
  FROM (SELECT t.ctid, t."deleted_at" AS mark
          FROM ONLY "public"."orders" AS t
         WHERE t."deleted_at" OPERATOR(pg_catalog.>) pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz) AND
       t."deleted_at" OPERATOR(pg_catalog.<) pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz) AND
       ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE
          AND t."deleted_at" OPERATOR(pg_catalog.>=) COALESCE($1::pg_catalog.timestamp, '-infinity')
         ORDER BY t."deleted_at" LIMIT $2::pg_catalog.int8) AS s;

-- delete_tids
DELETE FROM ONLY "public"."orders" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.tid[])
  AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE;

-- delete_tids_skip_locked
DELETE FROM ONLY "public"."orders" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
       SELECT t.ctid FROM ONLY "public"."orders" AS t
        WHERE t.ctid OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.tid[])
         AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE
          FOR UPDATE SKIP LOCKED))
  AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE;

-- count_tids
SELECT pg_catalog.count(*) FROM ONLY "public"."orders" AS t
 WHERE t.ctid OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.tid[])
  AND ((t."deleted_at" OPERATOR(pg_catalog.<) (SELECT pg_catalog.timezone('Asia/Tokyo', $3::pg_catalog.timestamptz)) AND
       t."deleted_at" OPERATOR(pg_catalog.>) (SELECT pg_catalog.timezone('Asia/Tokyo', '1970-01-03 00:00:00+00'::pg_catalog.timestamptz))) IS TRUE AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND
       pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.>) '1970-01-03 00:00:00+00'::pg_catalog.timestamptz AND
       NOT t."deleted_at"::pg_catalog.date OPERATOR(pg_catalog.=) '2001-01-01'::pg_catalog.date AND
       NOT t."deleted_at" OPERATOR(pg_catalog.=) '2002-02-02 00:00:00'::pg_catalog.timestamp AND
       NOT pg_catalog.timezone('Asia/Tokyo', t."deleted_at") OPERATOR(pg_catalog.=) '2003-03-03 00:00:00+02:00'::pg_catalog.timestamptz) IS TRUE;

