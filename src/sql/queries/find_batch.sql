-- Whether a batch whose COMMIT was not answered has been committed (promise A).
--
-- $1 job
-- $2 run
-- $3 batch
-- Returns its rows; 0 = it was not committed.
SELECT pgpurged.find_batch($1, $2, $3) AS rows
