-- What decides whether a run may begin: the local time of the job, and its last runs.
--
-- $1 job
-- $2 zone of its window
-- Returns one row: local day since 1970 and local second of the day; seconds since the last run
-- started (NULL = there was none); whether a run is open; the clock; when one was last done (NULL
-- = never); and of the last run that has ended (all NULL = there is none) what the table
-- pgpurged.runs has of it. Times in us since 1970.
SELECT floor(extract(epoch FROM l.local) / 86400)::bigint AS day,
       floor(extract(epoch FROM l.local))::bigint % 86400 AS second,
       (SELECT extract(epoch FROM clock_timestamp() - r.started_at)
          FROM pgpurged.runs AS r
         WHERE r.job = $1
         ORDER BY r.id DESC
         LIMIT 1) AS since_start,
       EXISTS (SELECT
                 FROM pgpurged.runs AS r
                WHERE r.job = $1 AND r.ended_at IS NULL) AS run_open,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock,
       (SELECT (extract(epoch FROM r.ended_at) * 1000000)::bigint
          FROM pgpurged.runs AS r
         WHERE r.job = $1 AND r.outcome = 'done'
         ORDER BY r.id DESC
         LIMIT 1) AS last_done,
       e.id,
       (extract(epoch FROM e.started_at) * 1000000)::bigint AS started_at,
       (extract(epoch FROM e.ended_at) * 1000000)::bigint AS ended_at,
       e.outcome,
       e.rows,
       e.batches,
       e.skipped,
       e.rejected,
       e.reusable_bytes,
       (extract(epoch FROM e.vacuumed_at) * 1000000)::bigint AS vacuumed_at,
       e.detail,
       e.rejected_by
  FROM (SELECT clock_timestamp() AT TIME ZONE $2 AS local) AS l
  LEFT JOIN LATERAL (SELECT r.*
                       FROM pgpurged.runs AS r
                      WHERE r.job = $1 AND r.ended_at IS NOT NULL
                      ORDER BY r.id DESC
                      LIMIT 1) AS e ON true
