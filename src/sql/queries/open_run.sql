-- Opens a run, or goes on with one that was left open: its cutoff stays what it was.
--
-- $1 job
-- $2 relation (OID)
-- $3 partition
-- $4 action
-- $5 text of the policy
-- $6 scan
-- $7 retention
-- $8 daemon
-- $9 owner
-- Returns the run: its number, its cutoff as text and in us since 1970, whether it is resumed, and
-- where; its last batch; its passes, rows and batches so far; the hash of the policy.
SELECT id, cutoff, resumed, next_block, last_batch, passes, rows, batches,
       (extract(epoch FROM cutoff::timestamptz) * 1000000)::bigint AS cutoff_us,
       at_partition, policy
  FROM pgpurged.open_run($1, $2, $3, $4, $5, $6, $7, $8, $9)
