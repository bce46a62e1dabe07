-- For the plan: the pid of an autovacuum against wraparound at a table or a partition, as its query
-- says it (limits.sql).
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
SELECT a.pid FROM pg_stat_get_activity(NULL) AS a, partition
       JOIN pg_class AS c ON c.oid = partition.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
       WHERE a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND a.query IN (format('autovacuum: VACUUM %s.%s (to prevent wraparound)', n.nspname, c.relname),
          format('autovacuum: VACUUM ANALYZE %s.%s (to prevent wraparound)', n.nspname, c.relname))
