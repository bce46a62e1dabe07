-- One line of progress: for each job a bar, the rows that its audit rows add up to, and what holds it
-- back. Before the bar: whether all is done (nobody else is at work, and each job's last run left
-- nothing behind), for the script.
WITH jobs AS (
    SELECT tbl AS job,
           due.rows - (SELECT count(*) FROM witness.restored AS r WHERE r.tbl = due.tbl AND during) AS due,
           (SELECT coalesce(sum(rows), 0) FROM pgpurged.audit WHERE job = tbl) AS gone,
           (SELECT outcome FROM pgpurged.runs WHERE job = tbl ORDER BY id DESC LIMIT 1) AS outcome
    FROM witness.due
), others AS (
    SELECT count(*) FILTER (WHERE application_name = 'demo locker') AS lockers,
           count(*) FILTER (WHERE application_name = 'demo restorer') AS restorers
    FROM pg_stat_activity
)
SELECT (lockers + restorers = 0 AND bool_and(outcome IS NOT DISTINCT FROM 'done')) AS finished,
       string_agg(format('%s [%s] %s', job, rpad(repeat('#', least(8, 8 * gone / due)::integer), 8, '.'),
                         lpad(to_char(gone, 'FM999,999'), 6)),
                  '  ' ORDER BY job DESC)
       || CASE WHEN lockers > 0 THEN '  locked' ELSE '' END AS line
FROM jobs, others
GROUP BY lockers, restorers;
