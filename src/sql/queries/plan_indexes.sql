-- For the plan: the valid B-tree indexes of a table.
--
-- $1 schema, $2 table, $3 column
-- Returns for each: name, key columns as SQL, unique, primary, the condition of a partial one (NULL = it
-- is not partial), whether the column is among the keys, whether the condition is "column IS NULL", its
-- constraint (NULL = none), whether a foreign key needs it, scans.
--
-- Needed is what a foreign key points at, and what finds the rows of one: when its parent goes, all of
-- its rows are looked for, not only the live ones.
SELECT i.indexrelid::regclass::text AS name,
       (SELECT string_agg(pg_get_indexdef(i.indexrelid, k.n, true), ', ' ORDER BY k.n)
         FROM generate_series(1, i.indnkeyatts::integer) AS k (n)) AS keys,
       i.indisunique, i.indisprimary, pg_get_expr(i.indpred, i.indrelid) AS condition,
       a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]) AS has_column,
       coalesce(pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NULL)', a.attname), false)
       AS of_live_rows,
       (SELECT quote_ident(conname) FROM pg_constraint
        WHERE conindid = i.indexrelid AND contype IN ('p', 'u') LIMIT 1) AS constraint_name,
       EXISTS (SELECT FROM pg_constraint AS f WHERE f.contype = 'f'
        AND (f.conindid = i.indexrelid OR f.conrelid = i.indrelid AND
             f.conkey::smallint[] <@ (i.indkey::smallint[])[0:array_length(f.conkey, 1) - 1]))
       AS needed,
       pg_stat_get_numscans(i.indexrelid) AS scans
FROM pg_class AS r JOIN pg_namespace AS n ON n.oid = r.relnamespace
JOIN pg_index AS i ON i.indrelid = r.oid JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = c.relam
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attname = $3 AND a.attnum > 0
 AND NOT a.attisdropped
WHERE n.nspname = $1 AND r.relname = $2 AND m.amname = 'btree'
  AND i.indisvalid AND i.indisready AND i.indislive
ORDER BY i.indexrelid
