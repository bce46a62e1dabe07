-- Whether Citus distributes a table. Only where server.sql has found Citus.
--
-- $1 relation (OID)
SELECT EXISTS (SELECT
                 FROM pg_catalog.pg_dist_partition
                WHERE logicalrel = $1::oid) AS distributed
