-- The help desk restores rows for customers during the purge. A row that is already deleted is not
-- updated, and therefore not recorded as restored.
SET application_name = 'demo restorer';
DO $$
BEGIN
    FOR hundred IN 0..8 LOOP
        FOR ten IN 0..9 LOOP
            WITH asked AS (
                SELECT * FROM witness.wanted
                WHERE turn > hundred * 100 + ten * 10 AND turn <= hundred * 100 + ten * 10 + 10
            ), orders_back AS (
                UPDATE orders SET deleted_at = NULL
                FROM asked WHERE tbl = 'orders' AND orders.id = asked.id::bigint RETURNING tbl, asked.id
            ), comments_back AS (
                UPDATE comments SET "deletedAt" = NULL
                FROM asked WHERE tbl = 'comments' AND comments.id = asked.id::bigint RETURNING tbl, asked.id
            ), sessions_back AS (
                UPDATE sessions SET expires_at = now() + interval '14 days'
                FROM asked WHERE tbl = 'sessions' AND sessions.id = asked.id::uuid RETURNING tbl, asked.id
            )
            INSERT INTO witness.restored
            SELECT *, true FROM orders_back UNION ALL SELECT *, true FROM comments_back
            UNION ALL SELECT *, true FROM sessions_back;
            COMMIT;
            PERFORM pg_sleep(0.05);
        END LOOP;
    END LOOP;
END
$$;
