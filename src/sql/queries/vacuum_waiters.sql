-- Whether anybody waits for the locks of a VACUUM. Asked in another session while it is at work.
--
-- $1 the VACUUM's process
SELECT EXISTS (SELECT
                 FROM pg_locks AS l
                WHERE NOT l.granted
                  AND $1::integer = ANY (pg_blocking_pids(l.pid))) AS waits
