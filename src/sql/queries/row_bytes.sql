-- How many bytes a due row takes, so that a run can say how much space it made reusable.
--
-- $1 relation (OID)
-- $2 what makes a row due
-- $3 retention
-- Returns bytes; NULL = no due row was seen.
SELECT pgpurged.row_bytes($1, $2, now() - $3::interval) AS bytes
