-- Whether the role sees what other sessions do; whether it may set wal_compression = lz4, which
-- came with PostgreSQL 15 (before, wal_compression was the superuser's alone).
SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       false AS lz4
