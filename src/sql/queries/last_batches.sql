-- How fast a job has been: the last batches of its last run that has deleted anything.
--
-- $1 job
-- Returns rows and seconds; NULL = there was no such run.
--
-- Rows of tables that refer to the job's own have their audit rows in the same batch, which took
-- its time once. A partition that was dropped in one piece says nothing of how fast rows go. A
-- thousand batches say enough, however many the run had.
SELECT sum(b.rows) AS rows, sum(b.elapsed_ms) / 1000 AS seconds
  FROM (SELECT sum(a.rows) AS rows, max(a.elapsed_ms) AS elapsed_ms
          FROM (SELECT r.id, (SELECT max(m.batch) FROM pgpurged.audit AS m WHERE m.run = r.id)
                  FROM pgpurged.runs AS r
                 WHERE r.job = $1 AND r.rows > 0
                 ORDER BY r.id DESC
                 LIMIT 1) AS l (run, batch)
          JOIN pgpurged.audit AS a ON a.run = l.run AND a.batch > l.batch - 1000
         WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = a.relation)
         GROUP BY a.batch) AS b
