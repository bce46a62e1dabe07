-- What the audit table says: the first and last batches, then the sum for each job.
\pset border 1
\pset footer off
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY purged_at) AS n, count(*) OVER () AS of FROM pgpurged.audit
)
SELECT CASE WHEN n = 4 THEN '...' ELSE run::text END AS run,
       CASE WHEN n <> 4 THEN batch END AS batch,
       CASE WHEN n <> 4 THEN job END AS job,
       CASE WHEN n <> 4 THEN rows END AS rows,
       CASE WHEN n <> 4 THEN format('%s-%s', from_block, to_block) END AS blocks,
       CASE WHEN n <> 4 THEN round(elapsed_ms::numeric, 1) END AS ms,
       CASE WHEN n <> 4 THEN to_char(purged_at, 'HH24:MI:SS.MS') END AS purged_at,
       CASE WHEN n <> 4 THEN purged_by END AS purged_by
FROM numbered WHERE n <= 4 OR n > of - 3 ORDER BY n;

SELECT job, count(*) AS batches, sum(rows) AS rows, round(avg(rows)) AS "rows/batch",
       round(avg(elapsed_ms)::numeric, 1) AS "ms/batch", round(max(elapsed_ms)::numeric, 1) AS "longest ms",
       (SELECT string_agg(outcome || CASE WHEN skipped > 0 THEN format(' (%s locked)', skipped) ELSE '' END,
                          ', then ' ORDER BY id)
        FROM pgpurged.runs WHERE runs.job = audit.job AND (rows > 0 OR skipped > 0)) AS runs
FROM pgpurged.audit GROUP BY job ORDER BY job DESC;
