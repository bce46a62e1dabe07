-- Which index serves each reference, and what the statistics say of it.
--
-- $1 references: [{"child", "columns", "where", "value", "parent", "keys"}]
-- Returns for each, in order: whether an index serves it, its columns as they stand in CREATE INDEX,
-- whether a unique index sees to it that a child refers to one row of the parent at most, and which
-- share of the child's rows refers to any, and how many rows of the parent they refer to, by statistics
-- (NULL = not known).
--
-- The first columns of an index, in whatever order, are those that are compared; or those and the one
-- of `where`. A partial index serves if it leaves out NULL only, which refers to nothing. A unique
-- index of a partitioned table has the partition key in it, like it or not.
WITH reference AS (
 SELECT e.number, (e.item->>'child')::oid AS child, e.item->>'where' AS condition,
        e.item->>'value' AS value,
        ARRAY(SELECT jsonb_array_elements_text(e.item->'columns')) AS cols,
        (e.item->>'parent')::oid AS parent,
        ARRAY(SELECT jsonb_array_elements_text(e.item->'keys')) AS keys
   FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e (item, number))
SELECT NOT EXISTS (
         SELECT FROM (SELECT t.relid FROM pg_partition_tree(e.child) AS t WHERE t.isleaf
                       UNION SELECT e.child WHERE NOT EXISTS
                            (SELECT FROM pg_partition_tree(e.child))) AS l
          WHERE NOT EXISTS (
            SELECT FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
              JOIN pg_am AS m ON m.oid = x.relam
             WHERE i.indrelid = l.relid AND m.amname IN ('btree', 'hash')
               AND i.indisvalid AND i.indisready AND i.indislive
               AND (i.indpred IS NULL OR EXISTS (SELECT FROM unnest(e.cols) AS u (col)
                     WHERE pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', u.col)))
               AND EXISTS (SELECT FROM (VALUES (e.cols), (e.cols || e.condition)) AS w (cols)
                     WHERE (SELECT array_agg(a.attnum ORDER BY a.attnum) FROM pg_attribute AS a
                             WHERE a.attrelid = l.relid AND a.attname = ANY (w.cols)) =
                           (SELECT array_agg(s.attnum ORDER BY s.attnum)
                              FROM unnest((i.indkey::int2[])[0:cardinality(w.cols) - 1])
                                AS s (attnum))))) AS indexed,
       (SELECT string_agg(quote_ident(u.col), ', ' ORDER BY u.n)
          FROM unnest(CASE WHEN e.condition IS NULL THEN e.cols ELSE e.condition || e.cols END)
            WITH ORDINALITY AS u (col, n)) AS index_columns,
       EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = e.parent AND i.indisunique
           AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
           AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = i.indrelid
                AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                AND a.attname <> ALL (e.keys)
                AND NOT EXISTS (SELECT FROM pg_partition_tree(i.indrelid) AS t
                     JOIN pg_partitioned_table AS q ON q.partrelid = t.relid
                     JOIN pg_attribute AS b ON b.attrelid = q.partrelid
                      AND b.attnum = ANY (q.partattrs::int2[])
                    WHERE b.attname = a.attname))) AS is_unique,
       (SELECT CASE WHEN e.condition IS NULL THEN 1 - s.null_frac
               ELSE COALESCE(s.most_common_freqs[
                               array_position(s.most_common_vals::text::text[], e.value)],
                             1 - s.null_frac -
                             COALESCE((SELECT sum(f) FROM unnest(s.most_common_freqs) AS f), 0)) END
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          JOIN pg_stats AS s ON s.schemaname = n.nspname AND s.tablename = c.relname
         WHERE c.oid = e.child AND s.attname = COALESCE(e.condition, e.cols[1])
         ORDER BY s.inherited DESC LIMIT 1) AS share,
       (SELECT CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples ELSE s.n_distinct END
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          JOIN pg_stats AS s ON s.schemaname = n.nspname AND s.tablename = c.relname
         WHERE c.oid = e.child AND s.attname = e.cols[1] AND cardinality(e.cols) = 1
         ORDER BY s.inherited DESC LIMIT 1) AS parents
 FROM reference AS e ORDER BY e.number
