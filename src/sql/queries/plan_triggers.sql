-- For the plan: the application's triggers on DELETE of a table and its partitions.
--
-- $1 schema, $2 table
-- Returns for each: name, "before" or "after", whether for each row, its function, whether our
-- statements leave it silent (relation.sql). A partition's own copies of the partitioned table's
-- triggers are not listed again.
WITH root AS (
    SELECT c.oid, c.relkind
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2
), partition AS (
    SELECT oid FROM root
    UNION
    SELECT p.relid
      FROM root, pg_partition_tree(CASE WHEN root.relkind = 'p' THEN root.oid END) AS p
)
SELECT quote_ident(g.tgname), CASE WHEN g.tgtype & 2 <> 0 THEN 'before' ELSE 'after' END,
       g.tgtype & 1 <> 0 AS each_row, g.tgfoid::regproc::text,
       g.tgtype & 1 = 0 AND c.relkind = 'p' AS silent
FROM pg_trigger AS g JOIN partition ON partition.oid = g.tgrelid
JOIN pg_class AS c ON c.oid = g.tgrelid
WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgtype & 8 <> 0 AND g.tgparentid = 0
ORDER BY g.tgtype & 2 = 0, g.tgname
