-- Version 2 -> 3: the standard words as names (partition, scan, rejected), and what happened to the rows (action),
-- by which policy, and in which order (id), in the audit table and the runs.
--
-- Locks pgpurged.audit and pgpurged.runs until the end of the transaction, and writes the audit table and its
-- indexes anew, once: some 5 s and 340 MB for a million audit rows (doc/operations.md). Every row stays.
DO $$
DECLARE
    old record;
BEGIN
    IF current_setting('pgpurged.upgraded_from')::integer >= 3 THEN
        RETURN;
    END IF;
    -- Functions whose parameters have other names now can't be replaced; they are made again below.
    FOR old IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
         WHERE p.pronamespace = 'pgpurged'::regnamespace AND p.proname IN (
               'account', 'account_family', 'accounted', 'changes', 'check_foreign_keys', 'close_run', 'drop_leaf',
               'drop_partition', 'expect_few_rows', 'guard', 'is_called', 'is_leaf', 'is_part_of', 'open_run',
               'purge_batch', 'purge_tids', 'row_bytes', 'save_run', 'try_lock_job', 'write_audit')
    LOOP
        EXECUTE format('DROP FUNCTION %s', old.name);
    END LOOP;

    -- Version 2 grew while it was new: a column may be missing, and the latest has the new names.
    FOR old IN
        SELECT a.attrelid::regclass AS of, a.attname AS name, new.name AS new_name
          FROM (VALUES ('leaf', 'partition'), ('at_leaf', 'at_partition'), ('walk', 'scan'),
                       ('blocked', 'rejected'), ('blocked_by', 'rejected_by')) AS new (old_name, name)
          JOIN pg_attribute AS a ON a.attname = new.old_name
           AND a.attrelid IN ('pgpurged.runs'::regclass, 'pgpurged.audit'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', old.of, old.name, old.new_name);
    END LOOP;
    ALTER TABLE pgpurged.runs
        ADD COLUMN IF NOT EXISTS rejected_by jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN IF NOT EXISTS reusable_bytes bigint,
        ADD COLUMN IF NOT EXISTS vacuumed_at timestamptz,
        ADD COLUMN action text NOT NULL DEFAULT 'delete';
    ALTER TABLE pgpurged.audit
        ADD COLUMN IF NOT EXISTS digest bytea,
        ADD COLUMN action text NOT NULL DEFAULT 'delete',
        ADD COLUMN policy text NOT NULL DEFAULT '';
    ALTER TABLE pgpurged.runs ALTER COLUMN action DROP DEFAULT;
    ALTER TABLE pgpurged.audit ALTER COLUMN action DROP DEFAULT, ALTER COLUMN policy DROP DEFAULT;

    -- The text of a policy is kept once; a run and its audit rows have its hash.
    CREATE TABLE pgpurged.policies (
        hash        text PRIMARY KEY CHECK (hash = encode(sha256(convert_to(text, 'UTF8')), 'hex')),
        text        text NOT NULL,
        first_used  timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    INSERT INTO pgpurged.policies (hash, text, first_used)
    SELECT encode(sha256(convert_to(r.policy, 'UTF8')), 'hex'), r.policy, min(r.started_at)
      FROM pgpurged.runs AS r GROUP BY r.policy;
    UPDATE pgpurged.runs AS r SET policy = p.hash FROM pgpurged.policies AS p WHERE p.text = r.policy;

    -- The only way to fill a column of a table that refuses every UPDATE, and the same rewrite gives the rows
    -- their numbers, in the order in which they were written.
    CREATE FUNCTION pgpurged.policy_of(run bigint) RETURNS text LANGUAGE plpgsql STABLE AS
        'BEGIN RETURN COALESCE((SELECT r.policy FROM pgpurged.runs AS r WHERE r.id = run), ''''); END';
    ALTER TABLE pgpurged.audit
        ALTER COLUMN policy TYPE text USING pgpurged.policy_of(run),
        ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE;
    DROP FUNCTION pgpurged.policy_of(bigint);

    -- Whoever reads the runs has read the texts of the policies there.
    FOR old IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS name
          FROM pg_class AS c, aclexplode(c.relacl) AS a
         WHERE c.oid = 'pgpurged.runs'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT SELECT ON pgpurged.policies TO %s', old.name);
    END LOOP;
END
$$;
