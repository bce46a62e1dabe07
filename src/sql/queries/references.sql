-- What refers to the rows of a table, and to what refers to them, as deep as it goes.
--
-- $1 the table
-- $2 by which references to go further down, as letters: those of confdeltype (a no action, r restrict,
--    c cascade, n set null, d set default), x declared
-- $3 the declared ones: [{"name", "schema", "table", "column", "referenced", "where"}]
-- Returns a row for each pair of columns of each reference, in order: number, name, action (such a
-- letter), parent, child (OIDs), part (0 = all of the parent), column of the parent, of the child,
-- operator, collation, deferrable, whether `where` is a column. NULL for a table or a column that isn't
-- there.
--
-- What a foreign key of a table, of one of its partitions or of what it is a partition of points at. A
-- partition's copy of a foreign key (conparentid) says nothing that the original doesn't.
WITH RECURSIVE declared AS (
 SELECT d.number, d.item->>'name' AS name, d.item->>'column' AS col, d.item->>'where' AS condition,
        COALESCE(d.item->>'referenced', k.attname::text) AS referenced, c.oid AS child
   FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS d (item, number)
   LEFT JOIN (pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace)
     ON n.nspname = d.item->>'schema' AND c.relname = d.item->>'table'
   LEFT JOIN pg_index AS p ON p.indrelid = $1::oid AND p.indisprimary AND p.indnkeyatts = 1
   LEFT JOIN pg_attribute AS k ON k.attrelid = p.indrelid AND k.attnum = p.indkey[0]),
reached AS (
 (SELECT $1::oid AS relation
   UNION SELECT d.child FROM declared AS d
          WHERE d.child IS NOT NULL AND strpos($2, 'x') > 0)
  UNION
 SELECT f.conrelid
   FROM reached AS r
   CROSS JOIN LATERAL (SELECT r.relation AS relid
                        UNION SELECT relid FROM pg_partition_tree(r.relation)
                        UNION SELECT relid FROM pg_partition_ancestors(r.relation)) AS p
   JOIN pg_constraint AS f ON f.confrelid = p.relid AND f.contype = 'f' AND f.conparentid = 0
  WHERE strpos($2, f.confdeltype::text) > 0),
reference AS (
 SELECT r.relation AS parent, 0 AS number, f.oid AS id, f.conname::text AS name,
        f.confdeltype::text AS action, f.conrelid AS child,
        CASE WHEN p.below THEN p.relid ELSE 0 END AS part, f.condeferrable AS deferrable,
        f.confrelid AS referenced, f.confkey, f.conkey, f.conpfeqop,
        (SELECT array_agg(a.attname::text ORDER BY k.n)
           FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, n)
           JOIN pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS cols,
        (SELECT array_agg(a.attname::text ORDER BY k.n)
           FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, n)
           JOIN pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.attnum) AS keys,
        NULL::text AS condition
   FROM reached AS r
   CROSS JOIN LATERAL (SELECT r.relation AS relid, false AS below
                        UNION SELECT relid, true FROM pg_partition_tree(r.relation)
                               WHERE relid <> r.relation
                        UNION SELECT relid, false FROM pg_partition_ancestors(r.relation)) AS p
   JOIN pg_constraint AS f ON f.confrelid = p.relid AND f.contype = 'f' AND f.conparentid = 0
  UNION ALL
 SELECT $1::oid, d.number, 0, d.name, 'x', d.child, 0, false, $1::oid, NULL, NULL, NULL,
        ARRAY[d.col], ARRAY[d.referenced], d.condition
   FROM declared AS d),
numbered AS (
 SELECT row_number() OVER (ORDER BY e.parent <> $1::oid, e.number, e.name, e.child, e.id) AS no, e.*
   FROM reference AS e)
SELECT e.no, e.name, e.action, e.parent, e.child, e.part,
       (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = e.referenced AND a.attnum > 0
           AND NOT a.attisdropped AND a.attname = e.keys[k.n]) AS key,
       (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = e.child AND a.attnum > 0
           AND NOT a.attisdropped AND a.attname = e.cols[k.n]) AS col,
       COALESCE((SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname)
                   FROM pg_operator AS o JOIN pg_namespace AS n ON n.oid = o.oprnamespace
                  WHERE o.oid = e.conpfeqop[k.n]), 'OPERATOR(pg_catalog.=)') AS equal,
       COALESCE((SELECT format('COLLATE %I.%I', n.nspname, c.collname)
                   FROM pg_attribute AS a, pg_attribute AS b, pg_collation AS c, pg_namespace AS n
                  WHERE a.attrelid = e.referenced AND a.attname = e.keys[k.n]
                    AND b.attrelid = e.child AND b.attname = e.cols[k.n]
                    AND a.attcollation <> b.attcollation AND a.attcollation <> 0
                    AND c.oid = a.attcollation AND n.oid = c.collnamespace), '') AS collation,
       e.deferrable,
       e.condition IS NULL OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = e.child
           AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = e.condition) AS condition_known
 FROM numbered AS e CROSS JOIN LATERAL generate_subscripts(e.cols, 1) AS k (n)
ORDER BY e.no, k.n
