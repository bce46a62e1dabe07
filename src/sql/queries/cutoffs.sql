-- The cutoffs that the plan counts with, as open_run() writes them.
--
-- $1 retention
-- $2 hours
-- Returns the cutoff of a run that would begin now, that of a week ago, and that of so many hours
-- from now. Days of 24 hours, whatever clocks do.
SELECT to_char((now() - $1::interval) AT TIME ZONE 'UTC',
               'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS now,
       to_char((now() - $1::interval - interval '168 hours') AT TIME ZONE 'UTC',
               'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS earlier,
       to_char((now() - $1::interval + make_interval(hours => $2::integer)) AT TIME ZONE 'UTC',
               'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS later
