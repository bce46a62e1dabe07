-- Closes a run. Its rows and batches are summed up from the audit table, not from what the daemon
-- counted.
--
-- $1 run
-- $2 outcome
-- $3 skipped
-- $4 rejected
-- $5 passes
-- $6 detail
-- $7 scan
-- $8 row_bytes
-- $9 rejected_by
-- Returns its rows, its batches, and the bytes that it made reusable.
SELECT rows, batches, reusable_bytes
  FROM pgpurged.close_run($1, $2, $3, $4, $5, $6, $7, $8, $9)
