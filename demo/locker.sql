-- A back-office session that has opened some orders for editing and keeps their rows locked until
-- half of what is due has gone (or a minute has passed).
SET application_name = 'demo locker';
BEGIN;
SELECT count(*) AS locked FROM (
    SELECT 1 FROM orders WHERE id IN (SELECT id::bigint FROM witness.locked) FOR UPDATE
) AS held;
DO $$
DECLARE
    half bigint := (SELECT sum(rows) / 2 FROM witness.due);
BEGIN
    WHILE (SELECT coalesce(sum(rows), 0) FROM pgpurged.audit) < half
          AND clock_timestamp() < now() + interval '1 minute' LOOP
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$$;
ROLLBACK;
