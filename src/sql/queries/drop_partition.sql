-- Instead of a batch: drops a partition, if each row of it is due at this moment, and writes the
-- audit row from their exact count (promises A and R).
--
-- $1 specification: what the partition is of (sql/specification.h)
-- $2 batch
-- Returns whether it was dropped; its rows; why it was not; whether somebody else had it locked.
SELECT dropped, rows, why, locked
  FROM pgpurged.drop_partition($1, $2)
