-- Settings as in settings.sql, where a statement may take its time, for this transaction only:
-- behind a pooler, the session is somebody else's afterwards.
--
-- $1 statement_timeout (ms)
--
-- The work may be large, and the time is the caller's; it takes no worker from the application.
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true),
       pg_catalog.set_config('TimeZone', 'UTC', true),
       pg_catalog.set_config('DateStyle', 'ISO, YMD', true),
       pg_catalog.set_config('IntervalStyle', 'postgres', true),
       pg_catalog.set_config('lock_timeout', '5s', true),
       pg_catalog.set_config('jit', 'off', true),
       pg_catalog.set_config('statement_timeout', $1, true),
       pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)
