-- Whether the role sees what other sessions do; whether it may set wal_compression = lz4. From
-- PostgreSQL 15 on, which brought lz4 and GRANT SET ON PARAMETER.
SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       has_parameter_privilege('wal_compression', 'SET')
       AND EXISTS (SELECT
                     FROM pg_settings
                    WHERE name = 'wal_compression' AND 'lz4' = ANY (enumvals)) AS lz4
