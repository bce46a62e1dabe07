-- What relations are, before rows of them are touched: the one reader of the catalog about tables.
-- One row for each relation, in the order in which they are asked for; partitions by their names,
-- which is the order of time where people partition by it.
--
-- $1 OIDs, or NULL
-- $2 schema and $3 name of one relation; NULL where $1 has OIDs
-- $4 what of each: "self", "partitions" (those that have rows), or "both"
-- $5 non_firing_triggers that are accepted, "a, b"
-- $6 whether locks may be taken: sizes are those on disk then, else as the last VACUUM has seen
--    them, and nothing is said of replica identities
--
-- A partition is published with any table above it. A subscriber learns of a DELETE by the row's
-- replica identity; the server refuses the DELETE where a publication of deletes has the table and
-- the table has no identity (the manual, CREATE PUBLICATION).
--
-- tgtype: 1 row, 2 before, 8 delete (pg_trigger.h). A trigger FOR EACH STATEMENT fires for the table
-- that the statement names, and for none of its partitions or of what it is a partition of (the
-- manual, "Overview of Trigger Behavior"); our statements name partitions.
--
-- `ends`: until when rows may come in is said by a range over time, of the partition or of what it
-- is a part of; a bound without a zone is taken for the latest moment that it can be, in the
-- westernmost one.
--
-- Up to version 14, the copy that a partition has of a trigger of its parent counts as internal.
WITH asked AS (
    SELECT a.oid, a.number FROM unnest($1::oid[]) WITH ORDINALITY AS a (oid, number)
    UNION ALL
    SELECT c.oid, 1
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $2 AND c.relname = $3
), wanted AS (
    SELECT a.number, a.oid AS root, a.oid, false AS is_partition
      FROM asked AS a
     WHERE $4 <> 'partitions'
    UNION ALL
    SELECT a.number, a.oid, p.relid, true
      FROM asked AS a
     CROSS JOIN LATERAL pg_partition_tree(
                            (SELECT c.oid FROM pg_class AS c
                              WHERE c.oid = a.oid AND c.relkind = 'p')) AS p
     WHERE p.isleaf AND $4 <> 'self'
), published AS MATERIALIZED (
    SELECT p.pubname::text AS name, t.relid
      FROM pg_publication AS p
     CROSS JOIN LATERAL pg_get_publication_tables(p.pubname::text) AS t
     WHERE p.pubdelete AND NOT p.puballtables
    UNION ALL
    SELECT p.pubname::text, NULL FROM pg_publication AS p WHERE p.pubdelete AND p.puballtables
), described AS (
    SELECT w.number, w.root, w.is_partition, c.*, n.nspname,
           CASE WHEN c.relpersistence = 'p' THEN
               (SELECT string_agg(DISTINCT quote_ident(p.name), ', ')
                  FROM published AS p
                 WHERE p.relid IS NULL
                    OR p.relid = c.oid
                    OR p.relid IN (SELECT relid FROM pg_partition_ancestors(c.oid)))
           END AS published_by
      FROM wanted AS w
      JOIN pg_class AS c ON c.oid = w.oid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
)
SELECT c.oid,
       c.root,
       c.is_partition,
       c.nspname AS schema,
       c.relname AS name,
       format('%I.%I', c.nspname, c.relname) AS written,
       quote_ident(c.nspname) AS schema_written,
       c.relkind AS kind,
       c.relpersistence AS persistence,
       (SELECT m.amname FROM pg_am AS m WHERE m.oid = c.relam) AS access_method,
       CASE WHEN NOT $6 THEN CASE WHEN c.relkind <> 'p' THEN c.relpages::bigint ELSE -1 END
            WHEN c.relkind <> 'p' THEN
                COALESCE(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint
            ELSE (SELECT COALESCE(sum(pg_relation_size(p.relid)), 0)::bigint
                    FROM pg_partition_tree(c.oid) AS p
                   WHERE p.isleaf) / current_setting('block_size')::bigint
       END AS blocks,
       CASE WHEN c.relkind <> 'p' THEN c.reltuples::double precision
            ELSE (SELECT COALESCE(sum(NULLIF(l.reltuples, -1)), -1)::double precision
                    FROM pg_partition_tree(c.oid) AS p
                    JOIN pg_class AS l ON l.oid = p.relid
                   WHERE p.isleaf)
       END AS rows,
       c.nspname LIKE 'pg\_%' OR c.nspname = 'information_schema' AS is_system,
       EXISTS (SELECT
                 FROM pg_inherits AS h
                 JOIN pg_class AS k ON k.oid = h.inhrelid
                WHERE h.inhparent = c.oid
                  AND k.relnamespace = to_regnamespace('_timescaledb_internal')) AS is_hypertable,
       row_security_active(c.oid) AS has_policies,
       has_schema_privilege(c.relnamespace, 'USAGE') AS can_use_schema,
       has_table_privilege(c.oid, 'SELECT') AS can_select,
       has_table_privilege(c.oid, 'DELETE') AS can_delete,
       has_any_column_privilege(c.oid, 'UPDATE') AS can_lock,
       pg_has_role(c.relowner, 'USAGE') AS is_owned,
       quote_ident(pg_get_userbyid(c.relowner)) AS owner,
       (SELECT string_agg(quote_ident(r.rulename), ', ')
          FROM pg_rewrite AS r
         WHERE r.ev_class = c.oid AND r.ev_type = '4') AS delete_rules,
       (SELECT string_agg(quote_ident(g.tgname), ', ' ORDER BY g.tgname)
          FROM pg_trigger AS g
         WHERE g.tgrelid = c.oid AND (NOT g.tgisinternal OR g.tgparentid <> 0 AND g.tgconstraint = 0)
           AND g.tgenabled <> 'D'
           AND g.tgtype & 11 = 11) AS before_triggers,
       (SELECT string_agg(DISTINCT quote_ident(g.tgname), ', ')
          FROM pg_trigger AS g
         WHERE (g.tgrelid = c.oid OR g.tgrelid IN (SELECT relid FROM pg_partition_ancestors(c.oid)))
           AND (NOT g.tgisinternal OR g.tgparentid <> 0 AND g.tgconstraint = 0)
           AND g.tgtype & 8 = 8 AND g.tgenabled <> 'D') AS delete_triggers,
       (SELECT string_agg(DISTINCT g.tgname, ', ' ORDER BY g.tgname)
          FROM pg_partition_tree(CASE WHEN c.relkind = 'p' THEN c.oid END) AS p
          JOIN pg_trigger AS g ON g.tgrelid = p.relid
         WHERE NOT p.isleaf AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
           AND g.tgtype & 9 = 8
           AND g.tgname <> ALL (string_to_array($5, ', '))) AS non_firing_triggers,
       c.published_by,
       CASE WHEN $6 AND c.relkind = 'r' AND c.relreplident <> 'f' AND c.published_by IS NOT NULL
            THEN CASE WHEN pg_get_replica_identity_index(c.oid) IS NULL THEN c.published_by END
       END AS without_identity,
       CASE WHEN c.is_partition THEN
           (SELECT string_agg(DISTINCT quote_ident(f.conname), ', ')
              FROM pg_constraint AS f
             WHERE f.contype = 'f'
               AND f.confrelid IN (SELECT relid FROM pg_partition_ancestors(c.oid)))
       END AS referenced_by,
       CASE WHEN c.is_partition THEN
           (SELECT min((extract(epoch FROM u.ends) * 1000000)::bigint)
              FROM pg_partition_ancestors(c.oid) AS a
              JOIN pg_class AS k ON k.oid = a.relid AND k.relispartition
              JOIN pg_inherits AS h ON h.inhrelid = k.oid
              JOIN pg_partitioned_table AS q ON q.partrelid = h.inhparent AND q.partstrat = 'r'
              JOIN pg_attribute AS f ON f.attrelid = h.inhparent AND f.attnum = q.partattrs[0]
               AND f.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
             CROSS JOIN LATERAL (SELECT substring(pg_get_expr(k.relpartbound, k.oid)
                                                  FROM ' TO \(''([^'']*)''') AS text) AS b
             CROSS JOIN LATERAL (SELECT CASE f.atttypid WHEN 'timestamptz'::regtype
                                             THEN b.text::timestamptz
                                             ELSE b.text::timestamp AT TIME ZONE 'Etc/GMT+12'
                                        END AS ends) AS u
             WHERE isfinite(u.ends))
       END AS ends,
       (SELECT count(*)
          FROM pg_inherits AS h
         WHERE h.inhparent = c.oid AND c.relkind = 'r') AS inheritance_children,
       (SELECT min(h.inhrelid::regclass::text)
          FROM pg_inherits AS h
         WHERE h.inhparent = c.oid AND c.relkind = 'r') AS first_inheritance_child
  FROM described AS c
 ORDER BY c.number, c.is_partition, c.relname, c.nspname
