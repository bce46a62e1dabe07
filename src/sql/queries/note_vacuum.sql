-- Writes down when the run's table was vacuumed.
--
-- $1 run
-- $2 relation (OID)
-- Returns the dead rows that are left in it, as far as the server knows.
UPDATE pgpurged.runs
   SET vacuumed_at = clock_timestamp()
 WHERE id = $1
RETURNING pg_stat_get_dead_tuples($2::oid) AS dead
