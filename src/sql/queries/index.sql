-- The index that the index scan can use.
--
-- $1 relation (OID)
-- $2 column
-- Returns one row: the index's name, as SQL needs it (NULL = there is none), and how far the order
-- of the column is the order on disk (-1 to 1, NULL = not known).
--
-- An index by the sort order that PostgreSQL gives the type by default; of several, the smallest.
-- Its name as written here is qualified, because search_path is pg_catalog alone.
SELECT (SELECT i.indexrelid::regclass::text
          FROM pg_index AS i
          JOIN pg_class AS c ON c.oid = i.indexrelid
          JOIN pg_am AS m ON m.oid = c.relam
          JOIN pg_opclass AS o ON o.oid = i.indclass[0]
         WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum AND m.amname = 'btree'
           AND o.opcdefault AND i.indisvalid AND i.indisready AND i.indislive
           AND (i.indpred IS NULL
                OR pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname))
         ORDER BY pg_relation_size(i.indexrelid), i.indexrelid
         LIMIT 1) AS name,
       (SELECT s.correlation
          FROM pg_stats AS s
         WHERE s.schemaname = n.nspname AND s.tablename = r.relname AND s.attname = a.attname
           AND NOT s.inherited) AS correlation
  FROM pg_attribute AS a
  JOIN pg_class AS r ON r.oid = a.attrelid
  JOIN pg_namespace AS n ON n.oid = r.relnamespace
 WHERE a.attrelid = $1::oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped
