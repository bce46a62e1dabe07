-- pgpurged: what the daemon needs in a database. Schema version 3.
--
-- Read it, then apply it as a superuser or as the owner of the database (who may create roles):
--
--     pgpurged --init-sql | psql -X -v ON_ERROR_STOP=1 -d DATABASE
--
-- A schema of version 1 or 2 is brought to this version, with every row of the audit table and of the runs.
-- Applying it again changes nothing. The daemon's login role owns nothing: it gets what it needs on this
-- schema at the end; the tables that it purges are granted by you, table by table (`pgpurged --plan` prints
-- the GRANT that is missing).
--
-- To stop every purge in this database at once, from any session:
--     UPDATE pgpurged.kill_switch SET stopped = true, reason = 'why';
--
-- Promise A (accounted): a row is touched only by pgpurged.purge_batch(), which writes the audit row with
--   the exact row count in the same transaction; what goes along through a foreign key is
--   counted in audit rows of its own, and compared with what the server itself has counted.
-- Promise R (restorable until expiry): the DELETE that it executes carries the full predicate, so that a row
--   restored a moment before is looked at once more, by PostgreSQL itself, when its lock is taken.
--
-- None of the functions has a SET search_path clause: the triggers of the application fire inside the
-- DELETE and expect the database's own search_path. Every name and operator in them is qualified instead.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog; -- for the types below; function bodies qualify theirs

-- A name may have $$ in it, so that it must not stand inside of a DO block.
SET LOCAL pgpurged.login_role = @ROLE_LITERAL@;

-- What was there before must be the installer's own: whoever may CREATE in the database could have made a
-- schema of this name, with functions that would run as whoever applies this script.
DO $$
DECLARE
    found record;
    problems text[] := '{}';
    remedies text[] := '{}';
BEGIN
    FOR found IN
@INSTALLATION@
    LOOP
        -- A superuser trusts superusers, everybody else only themselves. The owner acts below, so that
        -- what is new becomes the owner's. A superuser who has SET ROLE is one again in any function.
        IF found.owner <> session_user AND found.superuser IS NOT TRUE
           AND (found.owner <> current_user OR
                (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = session_user))
           OR found.superuser AND found.owner <> current_user
              AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
            RAISE EXCEPTION 'schema pgpurged belongs to %, not to %; nothing of it was called',
                            quote_ident(found.owner), quote_ident(current_user)
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'Look at what is in it. If its owner is to be trusted, apply this script logged '
                             'in as that role; otherwise drop or rename the schema first.';
        END IF;
        IF found.finding IS NOT NULL THEN
            problems := problems || found.finding;
            remedies := remedies || found.remedy;
        ELSIF found.filled AND to_regprocedure('pgpurged.version()') IS NULL THEN
            RAISE EXCEPTION 'schema pgpurged was made by something else than this script: it is not empty and '
                            'has no version()'
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'Look at what is in it, then drop or rename the schema.';
        ELSIF found.owner <> current_user THEN
            EXECUTE format('SET LOCAL ROLE %I', found.owner);
        END IF;
    END LOOP;
    IF problems <> '{}' THEN
        RAISE EXCEPTION 'schema pgpurged is not its owner''s alone: %; nothing of it was called',
                        array_to_string(problems[1:10], '; ')
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Do with each, in this order: ' || array_to_string(remedies[1:10], '; ') || '.';
    END IF;
    IF to_regnamespace('pgpurged') IS NULL THEN
        CREATE SCHEMA pgpurged;
    END IF;
END
$$;

DO $$
DECLARE
    installed integer := 3; -- nothing is there yet: nothing to upgrade
BEGIN
    IF to_regprocedure('pgpurged.version()') IS NOT NULL THEN
        installed := pgpurged.version();
    END IF;
    IF installed > 3 THEN
        RAISE EXCEPTION 'schema pgpurged is of version %, this script knows 3 at most', installed
            USING HINT = 'Install the pgpurged that the schema was made by, or a newer one, and use its --init-sql.';
    END IF;
    PERFORM set_config('pgpurged.upgraded_from', installed::text, true);
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = current_setting('pgpurged.login_role')) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', current_setting('pgpurged.login_role'));
    END IF;
END
$$;

-- ---- upgrades from older versions; each does nothing where it was done ----

@MIGRATIONS@

-- ---- version 3 ----

-- The daemon refuses to purge where this is missing or another number than its own.
CREATE OR REPLACE FUNCTION pgpurged.version() RETURNS integer
    LANGUAGE sql IMMUTABLE AS 'SELECT 3';

-- What counts as due, in words: the rule as it is written in the configuration, and the predicate.
CREATE TABLE IF NOT EXISTS pgpurged.policies (
    hash        text PRIMARY KEY CHECK (hash = encode(sha256(convert_to(text, 'UTF8')), 'hex')),
    text        text NOT NULL,
    first_used  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One row for each run: one pass of a job over its table, or several until nothing due is left. A run that
-- was cut off (window, restart) has no outcome yet and goes on at next_block.
CREATE TABLE IF NOT EXISTS pgpurged.runs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job         text NOT NULL,
    relation    oid NOT NULL,                -- the table, as it was when the run began
    partition   text NOT NULL,               -- its name
    at_partition oid,                        -- of a partitioned table: the partition that the run has come to
    action      text NOT NULL,               -- what happens to due rows: 'delete'
    policy      text NOT NULL,               -- pgpurged.policies.hash: what counts as due; another one = another run
    scan        text NOT NULL,               -- how the rows were found, and why so
    cutoff      timestamptz NOT NULL,        -- computed once, from the database's clock
    started_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ended_at    timestamptz,
    outcome     text CHECK (outcome IN ('done', 'incomplete', 'failed', 'abandoned')),
    rows        bigint NOT NULL DEFAULT 0,   -- the sum of its audit rows, taken when it ends or pauses
    batches     bigint NOT NULL DEFAULT 0,   -- the number of those of its batches that have deleted any
    skipped     bigint NOT NULL DEFAULT 0,   -- due rows left because others had locked them
    rejected    bigint NOT NULL DEFAULT 0,   -- due rows left because the database refuses to delete them
    rejected_by jsonb NOT NULL DEFAULT '[]', -- what keeps these: [{"reason": "foreign_key", "rows": 12, "name":
                                             -- "lines_order_id_fkey on public.lines", ...}, ...]
    passes      integer NOT NULL DEFAULT 1,
    next_block  bigint NOT NULL DEFAULT 0,   -- of that partition
    reusable_bytes bigint,                   -- space of the job's own rows among them, an estimate; NULL = not
                                             -- known. Reusable once the table has been vacuumed
    vacuumed_at timestamptz,                 -- by the daemon, after the run; NULL = left to autovacuum
    detail      text,                        -- the error, or what is left and why
    daemon      text NOT NULL,               -- version of who runs it
    owner       text NOT NULL,               -- a word of the process that runs it, and its session:
    owner_pid   integer NOT NULL,            -- while that session is there, nobody else goes on with the run
    owner_since timestamptz NOT NULL,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS runs_open ON pgpurged.runs (job) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS runs_job ON pgpurged.runs (job, id);

-- One row for each batch and table that it has deleted rows of, written by the transaction that has deleted
-- them: the partition, and whatever tables refer to it and gave up rows with it.
CREATE TABLE IF NOT EXISTS pgpurged.audit (
    id          bigint GENERATED ALWAYS AS IDENTITY UNIQUE, -- increases; gaps are batches that rolled back
    run         bigint NOT NULL,             -- pgpurged.runs.id; no foreign key: it would lock runs per batch
    batch       bigint NOT NULL,             -- number within the run; gaps are batches that rolled back
    job         text NOT NULL,
    relation    oid NOT NULL,
    partition   text NOT NULL,
    action      text NOT NULL,               -- what has happened to the rows: 'delete'
    policy      text NOT NULL,               -- that of the run, why they were due; '' = of a run before version 3
                                             -- that is not in pgpurged.runs any more
    rows        bigint NOT NULL CHECK (rows >= 0),
    updated     bigint NOT NULL DEFAULT 0 CHECK (updated >= 0), -- set to NULL or a default by a foreign key
    cutoff      timestamptz NOT NULL,
    from_block  bigint,                      -- NULL: rows that referred to those of the batch
    to_block    bigint,                      -- exclusive, unless the batch was a part of one block
    elapsed_ms  double precision NOT NULL,   -- from BEGIN to this row, without the commit
    digest      bytea,                       -- SHA-256 of the rows' keys, where the job asks for it (audit_digest)
    purged_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    purged_by   name NOT NULL DEFAULT session_user,
    PRIMARY KEY (run, batch, relation),
    CHECK (rows > 0 OR updated > 0)
);

CREATE OR REPLACE FUNCTION pgpurged.audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'pgpurged.audit is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'The audit table says which rows are gone; it is never changed.';
END
$$;

CREATE OR REPLACE TRIGGER audit_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON pgpurged.audit
    FOR EACH STATEMENT EXECUTE FUNCTION pgpurged.audit_is_append_only();
-- ALWAYS: also where session_replication_role is replica.
ALTER TABLE pgpurged.audit ENABLE ALWAYS TRIGGER audit_is_append_only;

-- One row. Looked at by every batch, in its own transaction, before anything is deleted.
CREATE TABLE IF NOT EXISTS pgpurged.kill_switch (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stopped     boolean NOT NULL DEFAULT false,
    reason      text NOT NULL DEFAULT ''
);
INSERT INTO pgpurged.kill_switch DEFAULT VALUES ON CONFLICT DO NOTHING;

-- The advisory lock of a job. Batches share it, so that a run may have several workers; whoever opens a run
-- or asks what became of a batch needs it alone, so that no batch is under way meanwhile.
CREATE OR REPLACE FUNCTION pgpurged.job_key(job text) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.hashtextextended('pgpurged job ' OPERATOR(pg_catalog.||) job, 0) $$;

CREATE OR REPLACE FUNCTION pgpurged.lock_job_alone(job text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock(pgpurged.job_key(job)) THEN
        RAISE EXCEPTION 'another session is running job %', job USING ERRCODE = 'PU002';
    END IF;
END
$$;

-- The first statement of each batch after BEGIN: raises an error if the batch must not run, and sets what
-- it runs under for this transaction only, so that it works behind PgBouncer in transaction mode. Returns
-- the database's clock in microseconds since 1970.
--   expected    what the clock should say; more than 5 minutes off = it has jumped, nothing is deleted
--   wal_compression   NULL leaves it as it is
--   closes_at   the end of the window; NULL = it has none. statement_timeout never exceeds what is left
CREATE OR REPLACE FUNCTION pgpurged.guard(
    job text, expected timestamptz, closes_at timestamptz,
    lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text,
    wal_compression text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    clock pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    off_s double precision := pg_catalog.date_part('epoch', clock OPERATOR(pg_catalog.-) expected);
    timeout_ms double precision := statement_timeout_ms;
BEGIN
    IF (SELECT k.stopped FROM pgpurged.kill_switch AS k) IS NOT FALSE THEN
        RAISE EXCEPTION 'the kill switch is on: %', (SELECT k.reason FROM pgpurged.kill_switch AS k)
            USING ERRCODE = 'PU001',
                  HINT = 'UPDATE pgpurged.kill_switch SET stopped = false;';
    END IF;
    IF NOT pg_catalog.pg_try_advisory_xact_lock_shared(pgpurged.job_key(job)) THEN
        RAISE EXCEPTION 'another session is running job %', job USING ERRCODE = 'PU002';
    END IF;
    IF (pg_catalog.abs(off_s) OPERATOR(pg_catalog.<=) 300::double precision) IS NOT TRUE THEN
        RAISE EXCEPTION 'the clock of the database is % s away from where it should be', pg_catalog.round(off_s::numeric)
            USING ERRCODE = 'PU003';
    END IF;
    IF closes_at IS NOT NULL THEN
        timeout_ms := LEAST(timeout_ms,
            pg_catalog.floor(pg_catalog.date_part('epoch', closes_at OPERATOR(pg_catalog.-) clock)
                             OPERATOR(pg_catalog.*) 1000::double precision));
        IF timeout_ms OPERATOR(pg_catalog.<) 1::double precision THEN
            RAISE EXCEPTION 'the window is closed' USING ERRCODE = 'PU006';
        END IF;
    END IF;
    PERFORM pg_catalog.set_config('lock_timeout', lock_timeout_ms::pg_catalog.text, true),
            pg_catalog.set_config('statement_timeout', (timeout_ms::bigint)::pg_catalog.text, true),
            pg_catalog.set_config('synchronous_commit', synchronous_commit, true),
            pg_catalog.set_config('row_security', 'off', true),  -- a policy makes an error, not 0 rows
            pg_catalog.set_config('enable_tidscan', 'on', true), -- the scan lives by it
            pg_catalog.set_config('jit', 'off', true);           -- compiling takes longer than a batch
    IF wal_compression IS NOT NULL THEN
        PERFORM pg_catalog.set_config('wal_compression', wal_compression, true);
    END IF;
    RETURN (pg_catalog.date_part('epoch', clock) OPERATOR(pg_catalog.*) 1000000::double precision)::bigint;
END
$$;

CREATE OR REPLACE FUNCTION pgpurged.digest(keys text) RETURNS bytea
    LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.sha256(pg_catalog.convert_to(keys, 'UTF8')) $$;

-- Writes an audit row, and sees to it that it stands there as it was written (promise A). A column that it
-- doesn't set here comes from the specification of the batch, by its name (see purge_batch).
CREATE OR REPLACE FUNCTION pgpurged.write_audit(entry pgpurged.audit) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    entry.updated := COALESCE(entry.updated, 0);
    entry.purged_at := pg_catalog.clock_timestamp();
    entry.purged_by := session_user;
    INSERT INTO pgpurged.audit AS a OVERRIDING USER VALUE SELECT (entry).* RETURNING a.rows INTO written;
    -- A trigger or a rule on the audit table may swallow or change the row: then nothing goes.
    IF (written OPERATOR(pg_catalog.=) entry.rows) IS NOT TRUE THEN
        RAISE EXCEPTION 'pgpurged.audit has not taken the row of this batch as it is'
            USING ERRCODE = 'PU007', HINT = 'Look for triggers and rules on pgpurged.audit.';
    END IF;
END
$$;

-- Whether that name is still the table's. (One expression of SQL, so that it costs no call of its own.)
CREATE OR REPLACE FUNCTION pgpurged.is_called(relation oid, partition text) RETURNS boolean
    LANGUAGE sql STABLE AS
$$ SELECT COALESCE(pg_catalog.to_regclass(partition)::pg_catalog.oid OPERATOR(pg_catalog.=) relation, false) $$;

-- Whether the table is root itself, or still a partition of it.
CREATE OR REPLACE FUNCTION pgpurged.is_part_of(relation oid, root oid) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF relation OPERATOR(pg_catalog.=) root THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(relation) AS p
                    WHERE p.relid::pg_catalog.oid OPERATOR(pg_catalog.=) root);
END
$$;

-- Checks that the partition is still the table that was looked at before
-- the run, and still a partition of the job's table where it was one (under the DELETE's lock nobody can rename,
-- replace or detach it any more).
--   root   the job's table; the partition itself unless that is partitioned
CREATE OR REPLACE FUNCTION pgpurged.check_partition(entry pgpurged.audit, root oid) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pgpurged.is_called(entry.relation, entry.partition) THEN
        RAISE EXCEPTION '% is another table than the one that was looked at before the run', entry.partition
            USING ERRCODE = CASE WHEN root OPERATOR(pg_catalog.=) entry.relation THEN 'PU004' ELSE 'PU008' END;
    END IF;
    IF root OPERATOR(pg_catalog.<>) entry.relation THEN
        IF NOT pgpurged.is_part_of(entry.relation, root) THEN
            RAISE EXCEPTION '% is no partition of the job''s table any more', entry.partition
                USING ERRCODE = 'PU008';
        END IF;
        IF NOT EXISTS (SELECT FROM pgpurged.runs AS r
                        WHERE r.id OPERATOR(pg_catalog.=) entry.run AND pgpurged.is_called(root, r.partition)) THEN
            RAISE EXCEPTION 'the table of which % is a partition is not called as before the run', entry.partition
                USING ERRCODE = 'PU004';
        END IF;
    END IF;
END
$$;

-- What a batch has done becomes final here: checks the partition, and writes the audit row.
CREATE OR REPLACE FUNCTION pgpurged.account(entry pgpurged.audit, root oid) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pgpurged.check_partition(entry, root);
    IF entry.rows OPERATOR(pg_catalog.>) 0::bigint OR entry.updated OPERATOR(pg_catalog.>) 0::bigint THEN
        PERFORM pgpurged.write_audit(entry);
    END IF;
END
$$;

-- A foreign key that deletes or changes rows of other tables when rows of this one go (ON DELETE CASCADE, SET
-- NULL, SET DEFAULT) must be one that was looked at before the run: under the DELETE's lock none can be added, but
-- one may have come since. Then nothing goes (promise A).
--   watched   the tables of which such keys are known; NULL = of none
CREATE OR REPLACE FUNCTION pgpurged.check_foreign_keys(relation oid, partition text, watched jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    unknown pg_catalog.text := (
        SELECT pg_catalog.min(pg_catalog.format('%I of %s', c.conname, g.tgconstrrelid::pg_catalog.regclass))
          FROM pg_catalog.pg_trigger AS g
          JOIN pg_catalog.pg_constraint AS c ON c.oid OPERATOR(pg_catalog.=) g.tgconstraint
         WHERE g.tgrelid OPERATOR(pg_catalog.=) relation
           AND g.tgfoid OPERATOR(pg_catalog.=) ANY (ARRAY['pg_catalog."RI_FKey_cascade_del"()',
               'pg_catalog."RI_FKey_setnull_del"()', 'pg_catalog."RI_FKey_setdefault_del"()'
               ]::pg_catalog.regprocedure[]::pg_catalog.oid[])
           AND (watched OPERATOR(pg_catalog.@>) pg_catalog.to_jsonb(g.tgconstrrelid::bigint)) IS NOT TRUE);
BEGIN
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'foreign key % has come since % was looked at before the run, and would take rows along',
                        unknown, partition
            USING ERRCODE = 'PU004';
    END IF;
END
$$;

-- Rows of the watched tables and of their partitions that this transaction (and others of the session that the
-- server has not added up yet) has deleted and updated, by the server's own count:
--   {"OID": [deleted, updated], ...}
CREATE OR REPLACE FUNCTION pgpurged.changes(watched jsonb) RETURNS jsonb
    LANGUAGE sql VOLATILE AS $$
    SELECT COALESCE(pg_catalog.jsonb_object_agg(l.relation::pg_catalog.text,
               pg_catalog.jsonb_build_array(pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation),
                                            pg_catalog.pg_stat_get_xact_tuples_updated(l.relation))), '{}')
      FROM (SELECT w.relation::pg_catalog.oid
              FROM pg_catalog.jsonb_array_elements_text(watched) AS w (relation)
            UNION
            SELECT p.relid::pg_catalog.oid
              FROM pg_catalog.jsonb_array_elements_text(watched) AS w (relation),
                   LATERAL pg_catalog.pg_partition_tree(w.relation::pg_catalog.oid::pg_catalog.regclass) AS p
             WHERE p.isleaf) AS l (relation)
$$;

-- The other half of promise A, for tables that others refer to: every row of a watched table that is gone must
-- have been counted, by a step of the family or as a row of the partition. One that isn't was taken along by ON DELETE
-- CASCADE, because somebody has inserted it a moment ago, or by a trigger: then nothing goes. Writes the audit
-- rows of the family's tables.
--   entry    the audit row of the batch, family the steps (see purge_batch), gone the rows that each has deleted,
--   before   changes() at the start
CREATE OR REPLACE FUNCTION pgpurged.account_family(
    entry pgpurged.audit, family jsonb, gone bigint[], before jsonb)
    RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    watched pg_catalog.jsonb := family OPERATOR(pg_catalog.->) 'watched';
    batch_relation oid := entry.relation;
    batch_rows bigint := entry.rows;
    change record;
BEGIN
    entry.from_block := NULL;
    entry.to_block := NULL;
    entry.digest := NULL;
    IF pg_catalog.jsonb_array_length(watched) OPERATOR(pg_catalog.>) 0 THEN
        IF NOT pg_catalog.current_setting('track_counts')::boolean THEN
            RAISE EXCEPTION 'track_counts is off, so that nobody counts the rows that foreign keys take along'
                USING ERRCODE = 'PU004';
        END IF;
        SET CONSTRAINTS ALL IMMEDIATE; -- what a trigger does at COMMIT would come after the counting
    END IF;
    FOR change IN
        WITH step AS (
            SELECT (s.step OPERATOR(pg_catalog.->>) 'relation')::pg_catalog.oid AS relation,
                   (s.step OPERATOR(pg_catalog.->>) 'root')::pg_catalog.oid AS root,
                   s.step OPERATOR(pg_catalog.->>) 'partition' AS partition, gone[s.n] AS rows
              FROM pg_catalog.jsonb_array_elements(family OPERATOR(pg_catalog.->) 'steps')
                   WITH ORDINALITY AS s (step, n)),
        counted AS (
            SELECT s.relation, pg_catalog.min(s.root) AS root, pg_catalog.min(s.partition) AS partition,
                   pg_catalog.sum(s.rows)::bigint AS rows
              FROM step AS s GROUP BY s.relation),
        seen AS (
            SELECT a.key::pg_catalog.oid AS relation,
                   (a.value OPERATOR(pg_catalog.->>) 0)::bigint OPERATOR(pg_catalog.-)
                       COALESCE((before OPERATOR(pg_catalog.->) a.key OPERATOR(pg_catalog.->>) 0)::bigint, 0) AS deleted,
                   (a.value OPERATOR(pg_catalog.->>) 1)::bigint OPERATOR(pg_catalog.-)
                       COALESCE((before OPERATOR(pg_catalog.->) a.key OPERATOR(pg_catalog.->>) 1)::bigint, 0) AS updated
              FROM pg_catalog.jsonb_each(pgpurged.changes(watched)) AS a)
        SELECT COALESCE(c.relation, s.relation) AS relation, c.root,
               COALESCE(c.partition, COALESCE(c.relation, s.relation)::pg_catalog.regclass::pg_catalog.text) AS partition,
               COALESCE(c.rows, 0) AS rows, s.deleted, COALESCE(s.updated, 0) AS updated
          FROM counted AS c FULL JOIN seen AS s ON s.relation OPERATOR(pg_catalog.=) c.relation
         ORDER BY 1
    LOOP
        IF change.relation OPERATOR(pg_catalog.=) batch_relation THEN
            change.deleted := change.deleted OPERATOR(pg_catalog.-) batch_rows;
            change.updated := 0::bigint; -- its own triggers' business
        END IF;
        IF (change.deleted OPERATOR(pg_catalog.<>) change.rows) IS TRUE THEN
            RAISE EXCEPTION 'deleting would take % rows of % along that nobody has counted',
                            change.deleted OPERATOR(pg_catalog.-) change.rows, change.partition
                USING ERRCODE = 'PU009',
                      HINT = 'They were inserted a moment ago, or a trigger deletes them.';
        END IF;
        IF change.rows OPERATOR(pg_catalog.>) 0::bigint THEN
            IF NOT pgpurged.is_called(change.relation, change.partition)
               OR NOT pgpurged.is_part_of(change.relation, change.root) THEN
                RAISE EXCEPTION '% is not the table any more that was looked at before the run', change.partition
                    USING ERRCODE = 'PU004';
            END IF;
            PERFORM pgpurged.check_foreign_keys(change.relation, change.partition, watched);
        END IF;
        IF change.rows OPERATOR(pg_catalog.>) 0::bigint OR change.updated OPERATOR(pg_catalog.>) 0::bigint THEN
            entry.relation := change.relation;
            entry.partition := change.partition;
            entry.rows := change.rows;
            entry.updated := change.updated;
            PERFORM pgpurged.write_audit(entry);
        END IF;
    END LOOP;
END
$$;

-- Triggers of the application that may fire in a batch: ON DELETE on the relation, ON DELETE or UPDATE on what refers
-- to it. NULL = none. A trigger that a partition has from its parent may be marked as internal; those of foreign keys
-- are functions of the server, whose OIDs are below 16384.
--   family   as in purge_batch, changed changes() of its tables; both NULL = nothing refers to the relation
CREATE OR REPLACE FUNCTION pgpurged.triggers_of(relation oid, family jsonb, changed jsonb) RETURNS text[]
    LANGUAGE plpgsql AS $$
BEGIN
    IF family IS NULL THEN
        RETURN (SELECT pg_catalog.array_agg(g.tgname::pg_catalog.text ORDER BY g.oid)
                  FROM pg_catalog.pg_trigger AS g
                 WHERE g.tgrelid OPERATOR(pg_catalog.=) relation
                   AND (NOT g.tgisinternal OR g.tgfoid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
                   AND g.tgenabled OPERATOR(pg_catalog.<>) 'D'::"char"
                   AND (g.tgtype OPERATOR(pg_catalog.&) 8::smallint) OPERATOR(pg_catalog.<>) 0::smallint);
    END IF;
    RETURN (
        SELECT pg_catalog.array_agg(g.tgname::pg_catalog.text ORDER BY g.oid)
          FROM (SELECT relation AS oid, 8::smallint AS fires
                UNION
                SELECT (s.step OPERATOR(pg_catalog.->>) 'relation')::pg_catalog.oid, 24::smallint
                  FROM pg_catalog.jsonb_array_elements(family OPERATOR(pg_catalog.->) 'steps') AS s (step)
                UNION
                SELECT k.key::pg_catalog.oid, 24::smallint
                  FROM pg_catalog.jsonb_object_keys(changed) AS k (key)) AS t
          JOIN pg_catalog.pg_trigger AS g ON g.tgrelid OPERATOR(pg_catalog.=) t.oid
         WHERE (NOT g.tgisinternal OR g.tgfoid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
           AND g.tgenabled OPERATOR(pg_catalog.<>) 'D'::"char"
           AND (g.tgtype OPERATOR(pg_catalog.&) t.fires) OPERATOR(pg_catalog.<>) 0::smallint);
END
$$;

-- As changes(), of every table that has any; of the server's own only large objects. Temporary tables are nobody's
-- data. It looks at all of pg_class, so it is asked for only where triggers may fire.
CREATE OR REPLACE FUNCTION pgpurged.all_changes() RETURNS jsonb
    LANGUAGE sql VOLATILE AS $$
    SELECT COALESCE(pg_catalog.jsonb_object_agg(c.oid::pg_catalog.text,
                                                pg_catalog.jsonb_build_array(n.deleted, n.updated)), '{}')
      FROM pg_catalog.pg_class AS c,
           LATERAL (SELECT pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS deleted,
                           pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS updated OFFSET 0) AS n
     WHERE c.relkind OPERATOR(pg_catalog.=) 'r'::"char"
       AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
       AND (c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
            OR c.oid OPERATOR(pg_catalog.=) 'pg_catalog.pg_largeobject'::pg_catalog.regclass::pg_catalog.oid)
       AND (n.deleted OPERATOR(pg_catalog.>) 0::bigint OR n.updated OPERATOR(pg_catalog.>) 0::bigint)
$$;

-- What triggers have deleted and updated, in any table, beside the rows that the batch counts itself: a row of it may
-- be live (promise R), and nobody has counted it (promise A). The batch is taken back, unless the job accepts all of
-- the triggers by name: then these rows get audit rows of their tables. What triggers insert is their own business.
--   before     all_changes() at the start
--   accepted   the job's allow_triggers, "a, b"; NULL = none
-- Returns rows of the partition itself, which belong into the audit row of the batch.
CREATE OR REPLACE FUNCTION pgpurged.account_triggers(
    entry pgpurged.audit, family jsonb, gone bigint[], before jsonb, triggers text[], accepted text,
    OUT deleted bigint, OUT updated bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    refused pg_catalog.text := (
        SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(t.name), ', ')
          FROM pg_catalog.unnest(triggers) AS t (name)
         WHERE (t.name OPERATOR(pg_catalog.=) ANY (pg_catalog.string_to_array(accepted, ', '))) IS NOT TRUE);
    batch_relation oid := entry.relation;
    change record;
BEGIN
    deleted := 0;
    updated := 0;
    entry.from_block := NULL;
    entry.to_block := NULL;
    entry.digest := NULL;
    IF NOT pg_catalog.current_setting('track_counts')::boolean THEN
        RAISE EXCEPTION 'track_counts is off, so that nobody counts the rows that trigger % may delete',
                        pg_catalog.array_to_string(triggers, ', ')
            USING ERRCODE = 'PU004';
    END IF;
    SET CONSTRAINTS ALL IMMEDIATE; -- what a trigger does at COMMIT would come after the counting
    FOR change IN
        WITH counted AS (
            SELECT c.relation, pg_catalog.sum(c.rows)::bigint AS rows
              FROM (SELECT batch_relation AS relation, entry.rows AS rows
                    UNION ALL
                    SELECT (s.step OPERATOR(pg_catalog.->>) 'relation')::pg_catalog.oid, gone[s.n]
                      FROM pg_catalog.jsonb_array_elements(family OPERATOR(pg_catalog.->) 'steps')
                           WITH ORDINALITY AS s (step, n)) AS c
             GROUP BY c.relation),
        seen AS (
            SELECT a.key::pg_catalog.oid AS relation,
                   (a.value OPERATOR(pg_catalog.->>) 0)::bigint OPERATOR(pg_catalog.-)
                       COALESCE((before OPERATOR(pg_catalog.->) a.key OPERATOR(pg_catalog.->>) 0)::bigint, 0) AS deleted,
                   -- what foreign keys update is counted by account_family()
                   CASE WHEN a.key::pg_catalog.oid OPERATOR(pg_catalog.<>) batch_relation
                         AND a.key OPERATOR(pg_catalog.=) ANY (
                             SELECT pg_catalog.jsonb_object_keys(
                                        pgpurged.changes(family OPERATOR(pg_catalog.->) 'watched')))
                        THEN 0::bigint
                        ELSE (a.value OPERATOR(pg_catalog.->>) 1)::bigint OPERATOR(pg_catalog.-)
                             COALESCE((before OPERATOR(pg_catalog.->) a.key OPERATOR(pg_catalog.->>) 1)::bigint, 0)
                   END AS updated
              FROM pg_catalog.jsonb_each(pgpurged.all_changes()) AS a)
        SELECT s.relation, s.deleted OPERATOR(pg_catalog.-) COALESCE(c.rows, 0) AS deleted, s.updated
          FROM seen AS s LEFT JOIN counted AS c ON c.relation OPERATOR(pg_catalog.=) s.relation
         ORDER BY 1
    LOOP
        CONTINUE WHEN change.deleted OPERATOR(pg_catalog.<=) 0::bigint
                  AND change.updated OPERATOR(pg_catalog.<=) 0::bigint;
        IF refused IS NOT NULL THEN
            RAISE EXCEPTION 'trigger % deletes % and updates % rows of % that nobody has counted',
                            refused, change.deleted, change.updated, change.relation::pg_catalog.regclass
                USING ERRCODE = 'PU010', CONSTRAINT = refused,
                      HINT = 'allow_triggers accepts what a trigger does, by its name.';
        END IF;
        IF change.relation OPERATOR(pg_catalog.=) batch_relation THEN
            deleted := change.deleted;
            updated := change.updated;
        ELSIF family IS NULL OR NOT (family OPERATOR(pg_catalog.->) 'watched')
                                    OPERATOR(pg_catalog.@>) pg_catalog.to_jsonb(change.relation::bigint) THEN
            entry.relation := change.relation;
            entry.partition := change.relation::pg_catalog.regclass::pg_catalog.text;
            entry.rows := change.deleted;
            entry.updated := change.updated;
            PERFORM pgpurged.write_audit(entry);
        END IF;
    END LOOP;
END
$$;

-- A batch is few rows, and what refers to them is found by its index. The planner takes the predicate for half of
-- the table, though, and would rather read a child from end to end for each batch. With this it looks them up, for
-- the rest of the transaction; where there is no index, it reads as before.
CREATE OR REPLACE FUNCTION pgpurged.expect_few_rows() RETURNS text
    LANGUAGE sql VOLATILE AS
$$ SELECT pg_catalog.set_config('random_page_cost', '0.1', true) $$;

-- (17,4) -> 17 and 4. PostgreSQL has no functions of its own for it.
CREATE OR REPLACE FUNCTION pgpurged.block_of(tid tid) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.btrim(pg_catalog.split_part(tid::pg_catalog.text, ',', 1), '(')::bigint $$;
CREATE OR REPLACE FUNCTION pgpurged.offset_of(tid tid) RETURNS integer
    LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.btrim(pg_catalog.split_part(tid::pg_catalog.text, ',', 2), ')')::integer $$;

-- One batch: does what the specification says to the due rows of a range or of a list of TIDs, then writes the
-- audit row.
--   spec       what is the same for all batches of a relation in a run:
--     run, job, relation, partition, cutoff, action, policy, ...   columns of the audit row, by their names
--     root     OID of the job's table; the relation itself unless that is partitioned
--     sql      the statement, with the full predicate (promise R): $1 and $2 the half-open range of TIDs, $3 the
--              cutoff, $4 the list of TIDs, $5 how many rows a step of the family may delete
--     count    SELECT count(*) of due rows with the same parameters: what sql (with SKIP LOCKED) has left
--     keys     true: sql is a SELECT of the number of rows that it has taken and of their keys, a line each
--     allow_triggers   names of triggers that may delete and update what they like, "a, b"
--     family   what refers to the partition's rows:
--       steps     [{sql, relation, partition, root, again}]: each deletes rows that refer to due rows, at most $5 of
--                 them, with the parameters of sql; in this order, before the rows themselves go; where there is an
--                 "again", until none is left, because rows of such a table refer to each other. While there are
--                 more than the batch may delete, the rows themselves stay and the batch goes no further
--       watched   [OID]: tables of which foreign keys may delete or update rows when rows of the partition or of a
--                 step go
--       rejected  SELECT of a bigint[]: due rows that are left, for each reference that keeps them
--   tids       NULL, or a list in ascending order, which is one chunk. Else the range of blocks and offsets is
--              worked off in chunks of chunk_blocks, until its end, max_rows or budget_ms would be passed by one
--              more chunk
-- The range and the limits are parameters of their own because reading them from jsonb costs 3 % of a batch.
-- Returns how far it has come (of a list: whether it is done with it); rows of the partition; children: rows of
-- other tables.
CREATE OR REPLACE FUNCTION pgpurged.purge_batch(
    spec jsonb, batch bigint, from_block bigint, from_offset integer, to_block bigint, to_offset integer,
    chunk_blocks bigint, tids tid[], max_rows bigint, budget_ms double precision,
    OUT rows bigint, OUT skipped bigint, OUT chunks bigint,
    OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision,
    OUT children bigint, OUT rejected bigint[], OUT done boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    entry pgpurged.audit := pg_catalog.jsonb_populate_record(NULL::pgpurged.audit, spec);
    statement pg_catalog.text := spec OPERATOR(pg_catalog.->>) 'sql';
    count_sql pg_catalog.text := spec OPERATOR(pg_catalog.->>) 'count';
    with_keys boolean := (spec OPERATOR(pg_catalog.->) 'keys') IS NOT NULL;
    family pg_catalog.jsonb := spec OPERATOR(pg_catalog.->) 'family';
    began pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    before_ms double precision;
    range_from pg_catalog.tid;
    chunk_from pg_catalog.tid;
    chunk_to pg_catalog.tid;
    chunk_rows bigint;
    deleted bigint;
    gone bigint[];
    step pg_catalog.jsonb;
    before pg_catalog.jsonb;
    crowded boolean := false;
    seqscan pg_catalog.text;
    triggers pg_catalog.text[];
    before_triggers pg_catalog.jsonb;
    by_triggers record;
    chunk_keys pg_catalog.text;
    keys pg_catalog.text := '';
BEGIN
    rows := 0;
    children := 0;
    skipped := 0;
    chunks := 0;
    elapsed_ms := 0;
    next_block := from_block;
    next_offset := from_offset;
    entry.batch := batch;
    entry.from_block := next_block;
    IF tids IS NOT NULL THEN
        -- The planner would read a table of some thousand pages whole rather than look at a thousand TIDs.
        seqscan := pg_catalog.current_setting('enable_seqscan');
        PERFORM pg_catalog.set_config('enable_seqscan', 'off', true);
        entry.from_block := pgpurged.block_of(tids[1]);
        entry.to_block := pgpurged.block_of(tids[pg_catalog.cardinality(tids)]) OPERATOR(pg_catalog.+) 1::bigint;
    END IF;
    IF family IS NOT NULL THEN
        PERFORM pgpurged.expect_few_rows();
        before := pgpurged.changes(family OPERATOR(pg_catalog.->) 'watched');
        gone := pg_catalog.array_fill(0::bigint,
            ARRAY[pg_catalog.jsonb_array_length(family OPERATOR(pg_catalog.->) 'steps')]);
    END IF;
    triggers := pgpurged.triggers_of(entry.relation, family, before);
    IF triggers IS NOT NULL THEN
        before_triggers := pgpurged.all_changes();
    END IF;
    LOOP
        IF tids IS NULL THEN
            chunk_from := pg_catalog.format('(%s,%s)', next_block, next_offset)::pg_catalog.tid;
            range_from := COALESCE(range_from, chunk_from);
            next_block := next_block OPERATOR(pg_catalog.+) chunk_blocks;
            next_offset := 0;
            IF next_block OPERATOR(pg_catalog.>=) to_block THEN
                next_block := to_block;
                next_offset := to_offset;
            END IF;
            chunk_to := pg_catalog.format('(%s,%s)', next_block, next_offset)::pg_catalog.tid;
        END IF;
        chunk_rows := 0;

        FOR n IN 1 .. COALESCE(pg_catalog.cardinality(gone), 0) LOOP
            step := family OPERATOR(pg_catalog.->) 'steps' OPERATOR(pg_catalog.->) (n OPERATOR(pg_catalog.-) 1);
            LOOP -- a thousand at a time, so that a batch with many of them ends in time
                EXECUTE step OPERATOR(pg_catalog.->>) 'sql'
                  USING chunk_from, chunk_to, entry.cutoff, tids,
                        LEAST(1000, max_rows OPERATOR(pg_catalog.-) rows OPERATOR(pg_catalog.-) children);
                GET DIAGNOSTICS deleted = ROW_COUNT;
                gone[n] := gone[n] OPERATOR(pg_catalog.+) deleted;
                children := children OPERATOR(pg_catalog.+) deleted;
                chunk_rows := chunk_rows OPERATOR(pg_catalog.+) deleted;
                before_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) began)
                             OPERATOR(pg_catalog.*) 1000::double precision;
                crowded := rows OPERATOR(pg_catalog.+) children OPERATOR(pg_catalog.>=) max_rows
                           OR deleted OPERATOR(pg_catalog.>) 0::bigint AND before_ms OPERATOR(pg_catalog.>=) budget_ms;
                EXIT WHEN crowded OR deleted OPERATOR(pg_catalog.=) 0::bigint
                       OR deleted OPERATOR(pg_catalog.<) 1000::bigint
                          AND (step OPERATOR(pg_catalog.->) 'again') IS NULL;
            END LOOP;
            EXIT WHEN crowded;
        END LOOP;
        IF crowded THEN -- there may be more of them: the next batch goes on here
            next_block := pgpurged.block_of(chunk_from);
            next_offset := pgpurged.offset_of(chunk_from);
            chunk_to := chunk_from;
            EXIT;
        END IF;

        IF with_keys THEN
            EXECUTE statement INTO deleted, chunk_keys USING chunk_from, chunk_to, entry.cutoff, tids;
            keys := keys OPERATOR(pg_catalog.||) COALESCE(chunk_keys, '');
        ELSE
            EXECUTE statement USING chunk_from, chunk_to, entry.cutoff, tids;
            GET DIAGNOSTICS deleted = ROW_COUNT;
        END IF;
        rows := rows OPERATOR(pg_catalog.+) deleted;
        chunk_rows := chunk_rows OPERATOR(pg_catalog.+) deleted;
        chunks := chunks OPERATOR(pg_catalog.+) 1::bigint;
        IF rows OPERATOR(pg_catalog.+) children OPERATOR(pg_catalog.>) max_rows THEN
            RAISE EXCEPTION '% due rows in one batch, % allowed', rows OPERATOR(pg_catalog.+) children, max_rows
                USING ERRCODE = 'PU005', DETAIL = (rows OPERATOR(pg_catalog.+) children)::pg_catalog.text;
        END IF;

        before_ms := elapsed_ms;
        elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) began)
                      OPERATOR(pg_catalog.*) 1000::double precision;
        EXIT WHEN tids IS NOT NULL OR next_block OPERATOR(pg_catalog.=) to_block
               OR rows OPERATOR(pg_catalog.+) children OPERATOR(pg_catalog.+) chunk_rows OPERATOR(pg_catalog.>) max_rows
               OR elapsed_ms OPERATOR(pg_catalog.+) (elapsed_ms OPERATOR(pg_catalog.-) before_ms)
                  OPERATOR(pg_catalog.>) budget_ms;
    END LOOP;
    done := NOT crowded AND (tids IS NOT NULL OR next_block OPERATOR(pg_catalog.=) to_block);
    -- Of a list that is not done with, everything is left, and comes again.
    IF count_sql IS NOT NULL AND NOT crowded THEN
        EXECUTE count_sql INTO skipped USING chunk_from, chunk_to, entry.cutoff, tids;
    END IF;
    IF family IS NOT NULL AND (tids IS NULL OR done) THEN
        EXECUTE family OPERATOR(pg_catalog.->>) 'rejected' INTO rejected
          USING range_from, chunk_to, entry.cutoff, tids;
    END IF;
    IF tids IS NOT NULL THEN
        PERFORM pg_catalog.set_config('enable_seqscan', seqscan, true);
    END IF;

    elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
                  OPERATOR(pg_catalog.*) 1000::double precision;
    entry.rows := rows;
    entry.elapsed_ms := elapsed_ms;
    entry.to_block := CASE WHEN tids IS NULL THEN next_block ELSE entry.to_block END;
    IF with_keys THEN
        entry.digest := pgpurged.digest(keys);
    END IF;
    PERFORM pgpurged.check_partition(entry, (spec OPERATOR(pg_catalog.->>) 'root')::pg_catalog.oid);
    IF rows OPERATOR(pg_catalog.>) 0::bigint THEN
        PERFORM pgpurged.check_foreign_keys(entry.relation, entry.partition,
                                            family OPERATOR(pg_catalog.->) 'watched');
    END IF;
    IF family IS NOT NULL THEN
        PERFORM pgpurged.account_family(entry, family, gone, before);
    END IF;
    -- Under the DELETE's lock none can be added any more.
    IF triggers IS DISTINCT FROM pgpurged.triggers_of(entry.relation, family, before) THEN
        RAISE EXCEPTION 'a trigger has come or gone during the batch' USING ERRCODE = 'serialization_failure';
    END IF;
    IF triggers IS NOT NULL THEN
        by_triggers := pgpurged.account_triggers(entry, family, gone, before_triggers, triggers,
                                                 spec OPERATOR(pg_catalog.->>) 'allow_triggers');
        rows := rows OPERATOR(pg_catalog.+) by_triggers.deleted;
        entry.rows := rows;
        entry.updated := by_triggers.updated;
    END IF;
    IF rows OPERATOR(pg_catalog.>) 0::bigint OR entry.updated OPERATOR(pg_catalog.>) 0::bigint THEN
        PERFORM pgpurged.write_audit(entry);
    END IF;
END
$$;

-- A partition that holds nothing but due rows, and into which none can come any more, goes in one piece. The
-- rows are counted while a lock keeps writers out of it; readers go on until the DROP, which waits for the locks
-- that it needs (of the parent, too) no longer than lock_timeout. Whatever stands against it: it stays as it is,
-- and why says so.
--   spec   as for purge_batch(), but for the statements:
--     has_live   SELECT of a boolean: whether it has a row that is not due; $1 the cutoff
--     count      SELECT of its rows and of its due rows; $1 the cutoff
CREATE OR REPLACE FUNCTION pgpurged.drop_partition(
    spec jsonb, batch bigint,
    OUT dropped boolean, OUT rows bigint, OUT why text, OUT locked boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    entry pgpurged.audit := pg_catalog.jsonb_populate_record(NULL::pgpurged.audit, spec);
    found_live boolean;
    due bigint;
BEGIN
    dropped := false;
    locked := false;
    rows := 0;
    -- Without a lock first: a partition in use shall not notice that somebody asks.
    EXECUTE spec OPERATOR(pg_catalog.->>) 'has_live' INTO found_live USING entry.cutoff;
    IF found_live IS NOT FALSE THEN
        why := 'it holds rows that are not due';
        RETURN;
    END IF;
    BEGIN
        EXECUTE pg_catalog.format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', entry.partition);
        EXECUTE spec OPERATOR(pg_catalog.->>) 'count' INTO rows, due USING entry.cutoff;
        IF (rows OPERATOR(pg_catalog.=) due) IS NOT TRUE THEN
            why := 'a row of it was restored or inserted a moment ago';
            rows := 0;
            RETURN;
        END IF;
        entry.batch := batch;
        entry.rows := rows;
        entry.from_block := 0;
        entry.to_block := pg_catalog.pg_relation_size(entry.relation::pg_catalog.regclass)
                          OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size')::bigint;
        entry.elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)
                                                          pg_catalog.now())
                            OPERATOR(pg_catalog.*) 1000::double precision;
        PERFORM pgpurged.account(entry, (spec OPERATOR(pg_catalog.->>) 'root')::pg_catalog.oid);
        EXECUTE pg_catalog.format('DROP TABLE %s', entry.partition);
        -- A schema may be renamed in spite of our lock: then that was another table of the same name.
        IF EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) entry.relation) THEN
            RAISE EXCEPTION '% is another table than a moment ago', entry.partition USING ERRCODE = 'PU008';
        END IF;
        dropped := true;
    EXCEPTION
        WHEN lock_not_available THEN
            locked := true;
            rows := 0;
            why := SQLERRM;
        WHEN OTHERS THEN -- the audit row is undone with the rest of the block
            IF SQLSTATE OPERATOR(pg_catalog.~~) 'PU%' OR SQLSTATE OPERATOR(pg_catalog.~~) '40%' THEN
                RAISE;
            END IF;
            rows := 0;
            why := SQLERRM;
    END;
END
$$;

-- What the audit table says that a run has deleted (promise A): rows, those of the job's own table among them,
-- batches, and the highest number of one.
CREATE OR REPLACE FUNCTION pgpurged.accounted(
    run bigint, OUT rows bigint, OUT own_rows bigint, OUT batches bigint, OUT last_batch bigint)
    LANGUAGE sql STABLE AS $$
    SELECT COALESCE(pg_catalog.sum(a.rows), 0)::bigint,
           COALESCE(pg_catalog.sum(a.rows) FILTER (WHERE a.from_block IS NOT NULL), 0)::bigint,
           pg_catalog.count(DISTINCT a.batch), COALESCE(pg_catalog.max(a.batch), 0)
      FROM pgpurged.audit AS a WHERE a.run OPERATOR(pg_catalog.=) $1
$$;

-- Begins a run, or finds the one that was cut off: same job, same table, same rule. An open run of an
-- earlier rule or table is ended as abandoned. Raises PU002 while another session runs the job, so that
-- the numbers that it returns are final: while a batch is under way, and while the session that the run
-- belongs to is there and was busy within the last minute (behind a pooler, sessions outlive their clients).
CREATE OR REPLACE FUNCTION pgpurged.open_run(
    job text, relation oid, partition text, action text, policy_text text, scan text, retention interval,
    daemon text, owner text,
    OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint,
    OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint, OUT at_partition oid,
    OUT policy text)
    LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    entry pgpurged.runs;
BEGIN
    PERFORM pgpurged.lock_job_alone(job);
    policy := pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(policy_text, 'UTF8')), 'hex');
    SELECT r.* INTO entry FROM pgpurged.runs AS r
     WHERE r.job OPERATOR(pg_catalog.=) job AND r.ended_at IS NULL;
    IF FOUND AND entry.owner OPERATOR(pg_catalog.<>) owner AND EXISTS (
        SELECT FROM pg_catalog.pg_stat_activity AS s
         WHERE s.pid OPERATOR(pg_catalog.=) entry.owner_pid
           AND s.backend_start OPERATOR(pg_catalog.=) entry.owner_since
           AND (s.state OPERATOR(pg_catalog.<>) 'idle' OR
                s.state_change OPERATOR(pg_catalog.>) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)
                                                       '1 min'::pg_catalog.interval))) THEN
        RAISE EXCEPTION 'another session (process %) is running job %', entry.owner_pid, job
            USING ERRCODE = 'PU002';
    END IF;
    resumed := entry.id IS NOT NULL AND entry.relation OPERATOR(pg_catalog.=) relation
               AND entry.partition OPERATOR(pg_catalog.=) partition AND entry.action OPERATOR(pg_catalog.=) action
               AND entry.policy OPERATOR(pg_catalog.=) policy;
    IF entry.id IS NOT NULL AND NOT resumed THEN
        PERFORM pgpurged.close_run(entry.id, 'abandoned', entry.skipped, entry.rejected, entry.passes,
                                   'the table or the rule of the job has changed', entry.scan, NULL, entry.rejected_by);
    END IF;
    IF NOT resumed THEN
        INSERT INTO pgpurged.policies (hash, text) VALUES (policy, policy_text) ON CONFLICT DO NOTHING;
        INSERT INTO pgpurged.runs (job, relation, partition, action, policy, scan, cutoff, daemon, owner, owner_pid,
                                   owner_since)
        VALUES (job, relation, partition, action, policy, scan, pg_catalog.now() OPERATOR(pg_catalog.-) retention,
                daemon, owner, 0, pg_catalog.now())
        RETURNING * INTO entry;
    END IF;
    UPDATE pgpurged.runs AS r
       SET daemon = daemon, owner = owner, owner_pid = s.pid, owner_since = s.backend_start
      FROM pg_catalog.pg_stat_activity AS s
     WHERE r.id OPERATOR(pg_catalog.=) entry.id AND s.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid();
    id := entry.id;
    -- Written so that any DateStyle and TimeZone reads it back as the same instant.
    cutoff := pg_catalog.to_char(entry.cutoff AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') OPERATOR(pg_catalog.||) '+00';
    next_block := entry.next_block;
    at_partition := entry.at_partition;
    passes := entry.passes;
    -- Rows that were left in leaves before this one are to be counted at the run's end, and nobody knows any more
    -- which they are: all leaves have their turn again.
    IF at_partition IS NOT NULL AND (entry.skipped OPERATOR(pg_catalog.+) entry.rejected) OPERATOR(pg_catalog.>) 0::bigint THEN
        at_partition := NULL;
        next_block := 0;
        passes := 1;
    END IF;
    SELECT s.last_batch, s.rows, s.batches INTO last_batch, rows, batches FROM pgpurged.accounted(entry.id) AS s;
END
$$;

-- Notes how far a run has come, when it pauses. rows and batches are what the audit table says.
CREATE OR REPLACE FUNCTION pgpurged.save_run(
    run bigint, skipped bigint, rejected bigint, passes integer, next_block bigint, scan text, at_partition oid,
    rejected_by jsonb)
    RETURNS void
    LANGUAGE sql AS $$
    UPDATE pgpurged.runs AS r
       SET rows = s.rows, batches = s.batches, skipped = $2, rejected = $3, passes = $4, next_block = $5,
           scan = $6, at_partition = $7, rejected_by = $8
      FROM pgpurged.accounted($1) AS s
     WHERE r.id OPERATOR(pg_catalog.=) $1 AND r.ended_at IS NULL
$$;

-- Ends a run. Returns what the audit table says that it has deleted.
--   row_bytes   what a row of the job's table takes on disk; NULL = not known
CREATE OR REPLACE FUNCTION pgpurged.close_run(
    run bigint, outcome text, skipped bigint, rejected bigint, passes integer, detail text, scan text,
    row_bytes double precision, rejected_by jsonb,
    OUT rows bigint, OUT batches bigint, OUT reusable_bytes bigint)
    LANGUAGE sql AS $$
    UPDATE pgpurged.runs AS r
       SET ended_at = pg_catalog.clock_timestamp(), outcome = $2, detail = $6, scan = $7, next_block = 0,
           rows = s.rows, batches = s.batches, skipped = $3, rejected = $4, passes = $5,
           rejected_by = $9,
           reusable_bytes = (s.own_rows::double precision OPERATOR(pg_catalog.*) $8)::bigint
      FROM pgpurged.accounted($1) AS s
     WHERE r.id OPERATOR(pg_catalog.=) $1 AND r.ended_at IS NULL
    RETURNING s.rows, s.batches, r.reusable_bytes
$$;

-- Whether a batch whose COMMIT was not answered has happened: its rows, or 0. Raises PU002 while the lost
-- session may still be at work, so that the answer is final.
CREATE OR REPLACE FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) RETURNS bigint
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pgpurged.lock_job_alone(job);
    RETURN COALESCE((SELECT pg_catalog.sum(a.rows) FROM pgpurged.audit AS a
                      WHERE a.run OPERATOR(pg_catalog.=) $2 AND a.batch OPERATOR(pg_catalog.=) $3), 0);
END
$$;

-- What a row of the table takes on disk, TOAST included and nothing of it read: the mean over due rows in some
-- hundred of its pages, or over all rows there if few of them are due; NULL = none were found. Fillers between
-- columns are not counted, line pointers neither, since those are used again as such.
--   due   a condition on t, with $3 the cutoff
CREATE OR REPLACE FUNCTION pgpurged.row_bytes(relation oid, due text, cutoff timestamptz) RETURNS double precision
    LANGUAGE plpgsql AS $$
DECLARE
    header CONSTANT integer := 24;
    pages CONSTANT double precision := 300;
    enough CONSTANT integer := 30;
    blocks double precision := (
        SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_relation_size(p.relid)), pg_catalog.pg_relation_size(relation))
               OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size')::pg_catalog.numeric
          FROM pg_catalog.pg_partition_tree(relation) AS p WHERE p.isleaf);
    columns pg_catalog.text := (
        SELECT pg_catalog.string_agg(pg_catalog.format('COALESCE(pg_catalog.pg_column_size(t.%I), 0)', a.attname),
                                     ' OPERATOR(pg_catalog.+) ')
          FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid OPERATOR(pg_catalog.=) relation AND NOT a.attisdropped
           AND a.attnum OPERATOR(pg_catalog.>) 0::smallint);
    -- A table that inherits from this one is another table.
    scope pg_catalog.text := (SELECT CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'p'::"char" THEN '' ELSE 'ONLY ' END
                     FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) relation);
    mean double precision;
BEGIN
    -- Rows begin at multiples of 8.
    EXECUTE pg_catalog.format(
        'SELECT CASE WHEN pg_catalog.count(*) FILTER (WHERE s.due) OPERATOR(pg_catalog.>=) %s'
        '       THEN pg_catalog.avg(s.bytes) FILTER (WHERE s.due) ELSE pg_catalog.avg(s.bytes) END'
        '  FROM (SELECT ((%s OPERATOR(pg_catalog.+) %s OPERATOR(pg_catalog.+) 7) OPERATOR(pg_catalog./) 8)'
        '               OPERATOR(pg_catalog.*) 8 AS bytes, %s AS due'
        '          FROM %s%s AS t TABLESAMPLE SYSTEM (%s) REPEATABLE (1)) AS s',
        enough, header, columns, due, scope, relation::pg_catalog.regclass,
        LEAST(100, 100 OPERATOR(pg_catalog.*) pages OPERATOR(pg_catalog./) GREATEST(blocks, 1)))
       INTO mean USING NULL::pg_catalog.tid, NULL::pg_catalog.tid, cutoff;
    RETURN mean;
END
$$;

GRANT USAGE ON SCHEMA pgpurged TO @ROLE@;
GRANT SELECT, INSERT ON pgpurged.audit TO @ROLE@;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgpurged FROM PUBLIC;

-- What a daemon needs, for every role that may write the audit table: this one, and those of earlier calls.
DO $$
DECLARE
    role text;
BEGIN
    FOR role IN
        SELECT a.grantee::regrole FROM pg_class AS c, aclexplode(c.relacl) AS a
         WHERE c.oid = 'pgpurged.audit'::regclass AND a.privilege_type = 'INSERT'
           AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgpurged TO %s', role);
        EXECUTE format('GRANT SELECT, INSERT ON pgpurged.policies TO %s', role);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON pgpurged.runs TO %s', role);
        EXECUTE format('GRANT SELECT ON pgpurged.kill_switch TO %s', role);
    END LOOP;
END
$$;

COMMIT;
