-- What the server is, and what the role may do there: the first question of each conversation.
-- Returns one row; times in us since 1970. usage, audit and runs are NULL where pgpurged is not
-- installed: has_table_privilege() of a table that isn't there would raise an error; of a NULL it
-- is NULL.
SELECT current_setting('server_version_num')::integer AS version,
       pg_is_in_recovery() AS standby,
       EXISTS (SELECT
                 FROM pg_proc AS p
                 JOIN pg_namespace AS n ON n.oid = p.pronamespace
                WHERE n.nspname = 'pgpurged' AND p.proname = 'version') AS installed,
       (SELECT has_schema_privilege(oid, 'USAGE')
          FROM pg_namespace
         WHERE nspname = 'pgpurged') AS usage,
       (SELECT has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')
          FROM pg_class AS c
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = 'pgpurged' AND c.relname = 'audit') AS audit,
       (SELECT bool_and(has_table_privilege(c.oid, 'INSERT')
                        AND has_table_privilege(c.oid, 'SELECT')
                        AND (has_table_privilege(c.oid, 'UPDATE') OR c.relname = 'policies'))
          FROM pg_class AS c
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = 'pgpurged' AND c.relname IN ('runs', 'policies')) AS runs,
       quote_ident(current_user) AS role,
       current_database() AS database,
       current_setting('block_size')::integer AS block_size,
       current_setting('session_replication_role') AS replication_role,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock,
       EXISTS (SELECT
                 FROM pg_class
                WHERE relname = 'pg_dist_partition'
                  AND relnamespace = 'pg_catalog'::regnamespace) AS citus,
       current_setting('track_counts')::boolean AS track_counts
