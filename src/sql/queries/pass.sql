-- What the scan needs to know at the start of a pass: how far the table reaches, and which
-- transactions may still change it.
--
-- $1 relation (OID)
-- Returns its blocks now, and xmin and xmax of the snapshot.
SELECT pg_relation_size($1::oid::regclass) / current_setting('block_size')::bigint AS blocks,
       pg_snapshot_xmin(s)::text AS xmin,
       pg_snapshot_xmax(s)::text AS xmax
  FROM pg_current_snapshot() AS s
