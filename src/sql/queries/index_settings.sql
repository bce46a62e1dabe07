-- Settings as in settings.sql, for a question that only an index may answer, for this transaction
-- only: behind a pooler, the session is somebody else's afterwards.
--
-- Whatever the statistics say: a table must not be read for what an index is asked, and no worker
-- be taken from the application. An index that is so slow is no help.
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true),
       pg_catalog.set_config('TimeZone', 'UTC', true),
       pg_catalog.set_config('DateStyle', 'ISO, YMD', true),
       pg_catalog.set_config('IntervalStyle', 'postgres', true),
       pg_catalog.set_config('lock_timeout', '5s', true),
       pg_catalog.set_config('jit', 'off', true),
       pg_catalog.set_config('statement_timeout', '10s', true),
       pg_catalog.set_config('enable_seqscan', 'off', true),
       pg_catalog.set_config('enable_bitmapscan', 'off', true),
       pg_catalog.set_config('enable_indexscan', 'on', true),
       pg_catalog.set_config('enable_indexonlyscan', 'on', true),
       pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)
