-- For the plan: bytes of what is stored beside the rows of a table and its partitions, as TOAST.
--
-- $1 schema, $2 table
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
SELECT coalesce(sum(pg_relation_size(c.reltoastrelid)), 0)::bigint
FROM partition JOIN pg_class AS c ON c.oid = partition.oid WHERE c.reltoastrelid <> 0
