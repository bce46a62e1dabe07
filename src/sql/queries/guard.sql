-- The guard of a batch, in the batch's own transaction: sets its bounds on time, and raises an
-- error (SQLSTATE PU...) where the batch must not happen: the kill switch is on, the window has
-- closed, the clock is not the one that the daemon knows.
--
-- $1 job
-- $2 expected clock (us since 1970)
-- $3 when the window closes (us since 1970), NULL = it doesn't
-- $4 lock_timeout (ms)
-- $5 statement_timeout (ms)
-- $6 synchronous_commit
-- $7 wal_compression, NULL = as it is
-- Returns the server's clock (us since 1970).
--
-- Under the database's own search_path, hence the qualified operators.
SELECT pgpurged.guard($1,
           pg_catalog.to_timestamp($2::double precision OPERATOR(pg_catalog./) 1e6::double precision),
           pg_catalog.to_timestamp($3::double precision OPERATOR(pg_catalog./) 1e6::double precision),
           $4, $5, $6, $7) AS clock
