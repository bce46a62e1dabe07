-- Settings under which the catalog and our own tables are read, for this transaction only: behind
-- a pooler, the session is somebody else's afterwards.
--
-- An extension in public can make `@>` ambiguous, so the catalog is read with pg_catalog alone.
-- UTC, so that now() - '1 mon' means the same for whoever connects.
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true),
       pg_catalog.set_config('TimeZone', 'UTC', true),
       pg_catalog.set_config('DateStyle', 'ISO, YMD', true),
       pg_catalog.set_config('IntervalStyle', 'postgres', true),
       pg_catalog.set_config('lock_timeout', '5s', true),
       pg_catalog.set_config('jit', 'off', true),
       pg_catalog.set_config('statement_timeout', '30s', true)
