-- For the plan: who holds locks on a table or its partitions for which a batch may have to wait.
--
-- $1 schema, $2 table
-- Returns the worst first, 5 at most: "pid 17" or "prepared transaction x", application (NULL = none),
-- lock mode, age of the transaction in seconds (NULL = not shown to this role), whether the lock alone
-- keeps a DELETE out.
--
-- What a DELETE's ROW EXCLUSIVE conflicts with (the manual, 13.3.1), and transactions that may hold
-- locks on rows: those with RowExclusiveLock or RowShareLock that are more than a minute old. A prepared
-- transaction has no session; it is found by the lock on its own number, because its virtual number is
-- only then "-1/..." (52.12, pg_locks) when the server was restarted since.
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
), held AS MATERIALIZED (SELECT * FROM pg_locks WHERE granted)
SELECT s.who, s.application_name, s.mode, s.age, s.shuts_out FROM (
       SELECT DISTINCT ON (l.virtualtransaction)
              coalesce('pid ' || l.pid, 'prepared transaction ' || x.gid, 'somebody') AS who,
              a.application_name, l.mode,
              extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, x.prepared)) AS age,
              l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                         'AccessExclusiveLock') AS shuts_out
         FROM held AS l JOIN partition ON partition.oid = l.relation
         LEFT JOIN LATERAL (SELECT * FROM pg_stat_get_activity(l.pid) WHERE l.pid IS NOT NULL) AS a
           ON true
         LEFT JOIN LATERAL (SELECT p.gid, p.prepared FROM held AS m
             JOIN pg_prepared_xact() AS p ON p.transaction = m.transactionid
            WHERE m.virtualtransaction = l.virtualtransaction AND l.pid IS NULL) AS x ON true
        WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ORDER BY l.virtualtransaction, l.mode IN ('ShareLock', 'ShareRowExclusiveLock',
                                   'ExclusiveLock', 'AccessExclusiveLock') DESC,
                 l.mode = 'RowExclusiveLock' DESC) AS s
       WHERE s.shuts_out OR s.mode IN ('RowExclusiveLock', 'RowShareLock') AND s.age > 60
       ORDER BY s.shuts_out DESC, s.age DESC NULLS LAST LIMIT 5
