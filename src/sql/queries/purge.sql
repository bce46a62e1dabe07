-- One batch, in the transaction whose bounds guard.sql has set: acts on the rows that are due at
-- this moment, and writes the audit row from the exact count of that statement (promises A and R).
--
-- $1 specification: what is the same for all batches of a relation (sql/specification.h)
-- $2 batch
-- $3 from_block
-- $4 from_offset
-- $5 to_block
-- $6 to_offset
-- $7 chunk_blocks
-- $8 TIDs, in order, instead of a range; or NULL
-- $9 max_rows
-- $10 budget_ms
-- Returns one row: rows acted on; rows that others have locked; chunks; the block and the offset
-- to go on from; the time that it took; rows of children; rejected rows (an array, one for each
-- reference; or NULL); whether the range or the list is done with.
SELECT rows, skipped, chunks, next_block, next_offset, elapsed_ms, children, rejected, done
  FROM pgpurged.purge_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
