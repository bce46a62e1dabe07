-- The tables that a run has removed rows of, those with the most first. PostgreSQL 14 to 16.
--
-- $1 run
-- Returns for each its OID, its qualified and quoted name, rows, dead rows, whether autovacuum is
-- on for it, the dead rows at which autovacuum comes, the GRANT that the role lacks (NULL = none).
--
-- Autovacuum's settings are those of the table, or else the server's.
-- autovacuum_vacuum_max_threshold came with PostgreSQL 18; -1 is none.
SELECT c.oid,
       format('%I.%I', n.nspname, c.relname) AS written,
       l.rows,
       pg_stat_get_dead_tuples(c.oid) AS dead,
       current_setting('autovacuum')::boolean
       AND current_setting('track_counts')::boolean
       AND coalesce((SELECT o.option_value::boolean
                       FROM pg_options_to_table(c.reloptions) AS o
                      WHERE o.option_name = 'autovacuum_enabled'), true) AS autovacuum,
       least(nullif(current_setting('autovacuum_vacuum_max_threshold', true), '-1')::double precision,
             coalesce((SELECT o.option_value
                         FROM pg_options_to_table(c.reloptions) AS o
                        WHERE o.option_name = 'autovacuum_vacuum_threshold'),
                      current_setting('autovacuum_vacuum_threshold'))::double precision
             + greatest(c.reltuples, 0)
             * coalesce((SELECT o.option_value
                           FROM pg_options_to_table(c.reloptions) AS o
                          WHERE o.option_name = 'autovacuum_vacuum_scale_factor'),
                        current_setting('autovacuum_vacuum_scale_factor'))::double precision
       ) AS threshold,
       CASE WHEN (pg_has_role(c.relowner, 'USAGE')
                  OR (SELECT pg_has_role(d.datdba, 'USAGE')
                        FROM pg_database AS d
                       WHERE d.datname = current_database())) IS NOT true
            THEN format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user)
       END AS missing_grant
  FROM (SELECT a.relation, sum(a.rows)::bigint AS rows
          FROM pgpurged.audit AS a
         WHERE a.run = $1
         GROUP BY a.relation) AS l
  JOIN pg_class AS c ON c.oid = l.relation
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE l.rows > 0
 ORDER BY l.rows DESC, c.oid
