-- How many sessions wait for locks of this one. NULL = not known. Anywhere in a transaction, under
-- any search_path; at the end of a batch it counts everyone who has come to wait for it.
--
-- pg_blocking_pids() takes all of the lock manager's locks for a moment, so it is asked only about
-- those who wait for a lock at all.
SELECT CASE WHEN pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') THEN
           (SELECT pg_catalog.count(*)
              FROM pg_catalog.pg_stat_get_activity(NULL) AS a
             WHERE CASE WHEN a.wait_event_type OPERATOR(pg_catalog.=) 'Lock'
                        THEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=)
                             ANY (pg_catalog.pg_blocking_pids(a.pid)) END)
       END AS waiting
