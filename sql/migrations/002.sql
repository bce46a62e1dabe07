-- Version 1 -> 2: partitioned tables, and rows of other tables that go with those of the job's own.
--
-- Locks pgpurged.audit and pgpurged.runs until the end of the transaction, reads the audit table once for its
-- new primary key, and rewrites nothing.
DO $$
BEGIN
    IF current_setting('pgpurged.upgraded_from')::integer >= 2 THEN
        RETURN;
    END IF;
    ALTER TABLE pgpurged.runs
        ADD COLUMN at_leaf oid,
        -- The first of version 1 did not have these.
        ADD COLUMN IF NOT EXISTS owner text NOT NULL DEFAULT '',
        ADD COLUMN IF NOT EXISTS owner_pid integer NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS owner_since timestamptz NOT NULL DEFAULT 'epoch';
    ALTER TABLE pgpurged.runs
        ALTER COLUMN owner DROP DEFAULT,
        ALTER COLUMN owner_pid DROP DEFAULT,
        ALTER COLUMN owner_since DROP DEFAULT;
    ALTER TABLE pgpurged.audit
        DROP CONSTRAINT audit_rows_check,
        DROP CONSTRAINT audit_pkey,
        ADD COLUMN updated bigint NOT NULL DEFAULT 0 CHECK (updated >= 0),
        ALTER COLUMN from_block DROP NOT NULL,
        ALTER COLUMN to_block DROP NOT NULL,
        ADD CONSTRAINT audit_rows_check CHECK (rows >= 0),
        ADD CONSTRAINT audit_check CHECK (rows > 0 OR updated > 0),
        ADD PRIMARY KEY (run, batch, relation);
END
$$;
