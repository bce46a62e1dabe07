-- The schema pgpurged of version 2 as it stood on main at 71476c8, with rows of every kind (pg_dump).

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

-- Name: pgpurged; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA pgpurged;

-- Name: account(bigint, bigint, text, oid, oid, text, bigint, timestamp with time zone, bigint, bigint, double precision, bytea); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.account(run bigint, batch bigint, job text, root oid, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea DEFAULT NULL::bytea) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT pgpurged.is_called(relation, leaf) THEN
        RAISE EXCEPTION '% is another table than the one that was looked at before the run', leaf
            USING ERRCODE = CASE WHEN root OPERATOR(pg_catalog.=) relation THEN 'PU004' ELSE 'PU008' END;
    END IF;
    IF root OPERATOR(pg_catalog.<>) relation THEN
        IF NOT pgpurged.is_part_of(relation, root) THEN
            RAISE EXCEPTION '% is no partition of the job''s table any more', leaf USING ERRCODE = 'PU008';
        END IF;
        IF NOT EXISTS (SELECT FROM pgpurged.runs AS r
                        WHERE r.id OPERATOR(pg_catalog.=) run AND pgpurged.is_called(root, r.leaf)) THEN
            RAISE EXCEPTION 'the table of which % is a partition is not called as before the run', leaf
                USING ERRCODE = 'PU004';
        END IF;
    END IF;
    IF rows OPERATOR(pg_catalog.>) 0::bigint THEN
        PERFORM pgpurged.write_audit(run, batch, job, relation, leaf, rows, 0, cutoff, from_block, to_block,
                                     elapsed_ms, digest);
    END IF;
END
$$;

-- Name: account_family(bigint, bigint, text, oid, bigint, timestamp with time zone, jsonb, bigint[], jsonb, double precision); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.account_family(run bigint, batch bigint, job text, relation oid, rows bigint, cutoff timestamp with time zone, family jsonb, gone bigint[], before jsonb, elapsed_ms double precision) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    watched pg_catalog.jsonb := family OPERATOR(pg_catalog.->) 'watched';
    change record;
BEGIN
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
                   s.step OPERATOR(pg_catalog.->>) 'leaf' AS leaf, gone[s.n] AS rows
              FROM pg_catalog.jsonb_array_elements(family OPERATOR(pg_catalog.->) 'steps')
                   WITH ORDINALITY AS s (step, n)),
        counted AS (
            SELECT s.relation, pg_catalog.min(s.root) AS root, pg_catalog.min(s.leaf) AS leaf,
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
               COALESCE(c.leaf, COALESCE(c.relation, s.relation)::pg_catalog.regclass::pg_catalog.text) AS leaf,
               COALESCE(c.rows, 0) AS rows, s.deleted, COALESCE(s.updated, 0) AS updated
          FROM counted AS c FULL JOIN seen AS s ON s.relation OPERATOR(pg_catalog.=) c.relation
         ORDER BY 1
    LOOP
        IF change.relation OPERATOR(pg_catalog.=) relation THEN
            change.deleted := change.deleted OPERATOR(pg_catalog.-) rows;
            change.updated := 0::bigint; -- its own triggers' business
        END IF;
        IF (change.deleted OPERATOR(pg_catalog.<>) change.rows) IS TRUE THEN
            RAISE EXCEPTION 'deleting would take % rows of % along that nobody has counted',
                            change.deleted OPERATOR(pg_catalog.-) change.rows, change.leaf
                USING ERRCODE = 'PU009',
                      HINT = 'They were inserted a moment ago, or a trigger deletes them.';
        END IF;
        IF change.rows OPERATOR(pg_catalog.>) 0::bigint THEN
            IF NOT pgpurged.is_called(change.relation, change.leaf)
               OR NOT pgpurged.is_part_of(change.relation, change.root) THEN
                RAISE EXCEPTION '% is not the table any more that was looked at before the run', change.leaf
                    USING ERRCODE = 'PU004';
            END IF;
            PERFORM pgpurged.check_foreign_keys(change.relation, change.leaf, watched);
        END IF;
        IF change.rows OPERATOR(pg_catalog.>) 0::bigint OR change.updated OPERATOR(pg_catalog.>) 0::bigint THEN
            PERFORM pgpurged.write_audit(run, batch, job, change.relation, change.leaf, change.rows, change.updated,
                                         cutoff, NULL, NULL, elapsed_ms, NULL);
        END IF;
    END LOOP;
END
$$;

-- Name: accounted(bigint); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.accounted(run bigint, OUT rows bigint, OUT own_rows bigint, OUT batches bigint, OUT last_batch bigint) RETURNS record
    LANGUAGE sql STABLE
    AS $_$
    SELECT COALESCE(pg_catalog.sum(a.rows), 0)::bigint,
           COALESCE(pg_catalog.sum(a.rows) FILTER (WHERE a.from_block IS NOT NULL), 0)::bigint,
           pg_catalog.count(DISTINCT a.batch), COALESCE(pg_catalog.max(a.batch), 0)
      FROM pgpurged.audit AS a WHERE a.run OPERATOR(pg_catalog.=) $1
$_$;

-- Name: audit_is_append_only(); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'pgpurged.audit is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'The audit table says which rows are gone; it is never changed.';
END
$$;

-- Name: block_of(tid); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.block_of(tid tid) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT pg_catalog.btrim(pg_catalog.split_part(tid::pg_catalog.text, ',', 1), '(')::bigint $$;

-- Name: changes(jsonb); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.changes(watched jsonb) RETURNS jsonb
    LANGUAGE sql
    AS $$
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

-- Name: check_foreign_keys(oid, text, jsonb); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.check_foreign_keys(relation oid, leaf text, watched jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
                        unknown, leaf
            USING ERRCODE = 'PU004';
    END IF;
END
$$;

-- Name: close_run(bigint, text, bigint, bigint, integer, text, text, double precision, jsonb); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, row_bytes double precision, blocked_by jsonb, OUT rows bigint, OUT batches bigint, OUT reusable_bytes bigint) RETURNS record
    LANGUAGE sql
    AS $_$
    UPDATE pgpurged.runs AS r
       SET ended_at = pg_catalog.clock_timestamp(), outcome = $2, detail = $6, walk = $7, next_block = 0,
           rows = s.rows, batches = s.batches, skipped = $3, blocked = $4, passes = $5,
           blocked_by = $9,
           reusable_bytes = (s.own_rows::double precision OPERATOR(pg_catalog.*) $8)::bigint
      FROM pgpurged.accounted($1) AS s
     WHERE r.id OPERATOR(pg_catalog.=) $1 AND r.ended_at IS NULL
    RETURNING s.rows, s.batches, r.reusable_bytes
$_$;

-- Name: digest(text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.digest(keys text) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT pg_catalog.sha256(pg_catalog.convert_to(keys, 'UTF8')) $$;

-- Name: drop_leaf(bigint, bigint, text, oid, oid, text, timestamp with time zone, text, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.drop_leaf(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, has_live_sql text, count_sql text, OUT dropped boolean, OUT rows bigint, OUT why text, OUT locked boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    found_live boolean;
    due bigint;
    blocks bigint;
BEGIN
    dropped := false;
    locked := false;
    rows := 0;
    -- Without a lock first: a partition in use shall not notice that somebody asks.
    EXECUTE has_live_sql INTO found_live USING cutoff;
    IF found_live IS NOT FALSE THEN
        why := 'it holds rows that are not due';
        RETURN;
    END IF;
    BEGIN
        EXECUTE pg_catalog.format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', leaf);
        EXECUTE count_sql INTO rows, due USING cutoff;
        IF (rows OPERATOR(pg_catalog.=) due) IS NOT TRUE THEN
            why := 'a row of it was restored or inserted a moment ago';
            rows := 0;
            RETURN;
        END IF;
        blocks := pg_catalog.pg_relation_size(relation::pg_catalog.regclass)
                  OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size')::bigint;
        PERFORM pgpurged.account(run, batch, job, root, relation, leaf, rows, cutoff, 0, blocks,
            pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
            OPERATOR(pg_catalog.*) 1000::double precision);
        EXECUTE pg_catalog.format('DROP TABLE %s', leaf);
        -- A schema may be renamed in spite of our lock: then that was another table of the same name.
        IF EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) relation) THEN
            RAISE EXCEPTION '% is another table than a moment ago', leaf USING ERRCODE = 'PU008';
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

-- Name: expect_few_rows(); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.expect_few_rows() RETURNS text
    LANGUAGE sql
    AS $$ SELECT pg_catalog.set_config('random_page_cost', '0.1', true) $$;

-- Name: find_batch(text, bigint, bigint); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
BEGIN
    PERFORM pgpurged.lock_job_alone(job);
    RETURN COALESCE((SELECT pg_catalog.sum(a.rows) FROM pgpurged.audit AS a
                      WHERE a.run OPERATOR(pg_catalog.=) $2 AND a.batch OPERATOR(pg_catalog.=) $3), 0);
END
$_$;

-- Name: guard(text, timestamp with time zone, timestamp with time zone, integer, integer, text, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text, wal_compression text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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
            pg_catalog.set_config('enable_tidscan', 'on', true), -- the walk lives by it
            pg_catalog.set_config('jit', 'off', true);           -- compiling takes longer than a batch
    IF wal_compression IS NOT NULL THEN
        PERFORM pg_catalog.set_config('wal_compression', wal_compression, true);
    END IF;
    RETURN (pg_catalog.date_part('epoch', clock) OPERATOR(pg_catalog.*) 1000000::double precision)::bigint;
END
$$;

-- Name: is_called(oid, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.is_called(relation oid, leaf text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT COALESCE(pg_catalog.to_regclass(leaf)::pg_catalog.oid OPERATOR(pg_catalog.=) relation, false) $$;

-- Name: is_part_of(oid, oid); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.is_part_of(relation oid, root oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF relation OPERATOR(pg_catalog.=) root THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(relation) AS p
                    WHERE p.relid::pg_catalog.oid OPERATOR(pg_catalog.=) root);
END
$$;

-- Name: job_key(text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.job_key(job text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT pg_catalog.hashtextextended('pgpurged job ' OPERATOR(pg_catalog.||) job, 0) $$;

-- Name: lock_job_alone(text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.lock_job_alone(job text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock(pgpurged.job_key(job)) THEN
        RAISE EXCEPTION 'another session is running job %', job USING ERRCODE = 'PU002';
    END IF;
END
$$;

-- Name: offset_of(tid); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.offset_of(tid tid) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT pg_catalog.btrim(pg_catalog.split_part(tid::pg_catalog.text, ',', 2), ')')::integer $$;

-- Name: open_run(text, oid, text, text, text, interval, text, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint, OUT at_leaf oid) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_variable
DECLARE
    entry pgpurged.runs;
BEGIN
    PERFORM pgpurged.lock_job_alone(job);
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
    resumed := entry.id IS NOT NULL AND entry.relation OPERATOR(pg_catalog.=) relation AND entry.policy OPERATOR(pg_catalog.=) policy
                     AND entry.leaf OPERATOR(pg_catalog.=) leaf;
    IF entry.id IS NOT NULL AND NOT resumed THEN
        PERFORM pgpurged.close_run(entry.id, 'abandoned', entry.skipped, entry.blocked, entry.passes,
                                   'the table or the rule of the job has changed', entry.walk, NULL, entry.blocked_by);
    END IF;
    IF NOT resumed THEN
        INSERT INTO pgpurged.runs (job, relation, leaf, policy, walk, cutoff, daemon, owner, owner_pid, owner_since)
        VALUES (job, relation, leaf, policy, walk, pg_catalog.now() OPERATOR(pg_catalog.-) retention, daemon,
                owner, 0, pg_catalog.now())
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
    at_leaf := entry.at_leaf;
    passes := entry.passes;
    -- Rows that were left in leaves before this one are to be counted at the run's end, and nobody knows any more
    -- which they are: all leaves have their turn again.
    IF at_leaf IS NOT NULL AND (entry.skipped OPERATOR(pg_catalog.+) entry.blocked) OPERATOR(pg_catalog.>) 0::bigint THEN
        at_leaf := NULL;
        next_block := 0;
        passes := 1;
    END IF;
    SELECT s.last_batch, s.rows, s.batches INTO last_batch, rows, batches FROM pgpurged.accounted(entry.id) AS s;
END
$$;

-- Name: purge_batch(bigint, bigint, text, oid, oid, text, timestamp with time zone, text, text, jsonb, bigint, integer, bigint, integer, bigint, bigint, double precision, boolean); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    began pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    before_ms double precision;
    range_from pg_catalog.tid := pg_catalog.format('(%s,%s)', from_block, from_offset)::pg_catalog.tid;
    chunk_from pg_catalog.tid;
    chunk_to pg_catalog.tid;
    chunk_rows bigint;
    deleted bigint;
    gone bigint[];
    step pg_catalog.jsonb;
    before pg_catalog.jsonb;
    crowded boolean := false;
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
    IF family IS NOT NULL THEN
        PERFORM pgpurged.expect_few_rows();
        before := pgpurged.changes(family OPERATOR(pg_catalog.->) 'watched');
        gone := pg_catalog.array_fill(0::bigint,
            ARRAY[pg_catalog.jsonb_array_length(family OPERATOR(pg_catalog.->) 'steps')]);
    END IF;
    LOOP
        chunk_from := pg_catalog.format('(%s,%s)', next_block, next_offset)::pg_catalog.tid;
        next_block := next_block OPERATOR(pg_catalog.+) chunk_blocks;
        next_offset := 0;
        IF next_block OPERATOR(pg_catalog.>=) to_block THEN
            next_block := to_block;
            next_offset := to_offset;
        END IF;
        chunk_to := pg_catalog.format('(%s,%s)', next_block, next_offset)::pg_catalog.tid;
        chunk_rows := 0;

        FOR n IN 1 .. COALESCE(pg_catalog.cardinality(gone), 0) LOOP
            step := family OPERATOR(pg_catalog.->) 'steps' OPERATOR(pg_catalog.->) (n OPERATOR(pg_catalog.-) 1);
            LOOP -- a thousand at a time, so that a batch with many of them ends in time
                EXECUTE step OPERATOR(pg_catalog.->>) 'sql'
                  USING chunk_from, chunk_to, cutoff,
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
            EXECUTE delete_sql INTO deleted, chunk_keys USING chunk_from, chunk_to, cutoff;
            keys := keys OPERATOR(pg_catalog.||) COALESCE(chunk_keys, '');
        ELSE
            EXECUTE delete_sql USING chunk_from, chunk_to, cutoff;
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
        EXIT WHEN next_block OPERATOR(pg_catalog.=) to_block
               OR rows OPERATOR(pg_catalog.+) children OPERATOR(pg_catalog.+) chunk_rows OPERATOR(pg_catalog.>) max_rows
               OR elapsed_ms OPERATOR(pg_catalog.+) (elapsed_ms OPERATOR(pg_catalog.-) before_ms)
                  OPERATOR(pg_catalog.>) budget_ms;
    END LOOP;
    IF count_sql IS NOT NULL THEN
        EXECUTE count_sql INTO skipped USING chunk_from, chunk_to, cutoff;
    END IF;
    IF family IS NOT NULL THEN
        EXECUTE family OPERATOR(pg_catalog.->>) 'blocked' INTO blocked USING range_from, chunk_to, cutoff;
    END IF;

    elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
                  OPERATOR(pg_catalog.*) 1000::double precision;

    PERFORM pgpurged.account(run, batch, job, root, relation, leaf, rows, cutoff, from_block, next_block, elapsed_ms,
                             CASE WHEN with_keys THEN pgpurged.digest(keys) END);
    IF rows OPERATOR(pg_catalog.>) 0::bigint THEN
        PERFORM pgpurged.check_foreign_keys(relation, leaf, family OPERATOR(pg_catalog.->) 'watched');
    END IF;
    IF family IS NOT NULL THEN
        PERFORM pgpurged.account_family(run, batch, job, relation, rows, cutoff, family, gone, before, elapsed_ms);
    END IF;
END
$$;

-- Name: purge_tids(bigint, bigint, text, oid, oid, text, timestamp with time zone, text, text, jsonb, tid[], bigint, boolean); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, tids tid[], max_rows bigint, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[], OUT done boolean) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    last integer := COALESCE(pg_catalog.array_upper(tids, 1), 0);
    deleted bigint;
    gone bigint[];
    before pg_catalog.jsonb;
    keys pg_catalog.text := '';
BEGIN
    rows := 0;
    children := 0;
    skipped := 0;
    done := true;
    IF family IS NOT NULL THEN
        PERFORM pgpurged.expect_few_rows();
        before := pgpurged.changes(family OPERATOR(pg_catalog.->) 'watched');
        gone := pg_catalog.array_fill(0::bigint,
            ARRAY[pg_catalog.jsonb_array_length(family OPERATOR(pg_catalog.->) 'steps')]);
    END IF;
    FOR n IN 1 .. COALESCE(pg_catalog.cardinality(gone), 0) LOOP
        EXECUTE family OPERATOR(pg_catalog.->) 'steps' OPERATOR(pg_catalog.->) (n OPERATOR(pg_catalog.-) 1)
                       OPERATOR(pg_catalog.->>) 'sql'
          USING tids, cutoff, max_rows OPERATOR(pg_catalog.-) children;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        gone[n] := gone[n] OPERATOR(pg_catalog.+) deleted;
        children := children OPERATOR(pg_catalog.+) deleted;
        done := children OPERATOR(pg_catalog.<) max_rows;
        EXIT WHEN NOT done;
    END LOOP;
    IF done AND with_keys THEN
        EXECUTE delete_sql INTO rows, keys USING tids, cutoff;
    ELSIF done THEN
        EXECUTE delete_sql USING tids, cutoff;
        GET DIAGNOSTICS rows = ROW_COUNT;
    END IF;
    IF rows OPERATOR(pg_catalog.+) children OPERATOR(pg_catalog.>) max_rows THEN
        RAISE EXCEPTION '% due rows in one batch, % allowed', rows OPERATOR(pg_catalog.+) children, max_rows
            USING ERRCODE = 'PU005', DETAIL = (rows OPERATOR(pg_catalog.+) children)::pg_catalog.text;
    END IF;
    elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
                  OPERATOR(pg_catalog.*) 1000::double precision;
    IF count_sql IS NOT NULL THEN
        EXECUTE count_sql INTO skipped USING tids, cutoff;
    END IF;
    IF family IS NOT NULL AND done THEN
        EXECUTE family OPERATOR(pg_catalog.->>) 'blocked' INTO blocked USING tids, cutoff;
    END IF;
    PERFORM pgpurged.account(run, batch, job, root, relation, leaf, rows, cutoff,
                             pgpurged.block_of(tids[1]),
                             pgpurged.block_of(tids[last]) OPERATOR(pg_catalog.+) 1::bigint, elapsed_ms,
                             CASE WHEN with_keys THEN pgpurged.digest(keys) END);
    IF rows OPERATOR(pg_catalog.>) 0::bigint THEN
        PERFORM pgpurged.check_foreign_keys(relation, leaf, family OPERATOR(pg_catalog.->) 'watched');
    END IF;
    IF family IS NOT NULL THEN
        PERFORM pgpurged.account_family(run, batch, job, relation, rows, cutoff, family, gone, before, elapsed_ms);
    END IF;
END
$$;

-- Name: row_bytes(oid, text, timestamp with time zone); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.row_bytes(relation oid, due text, cutoff timestamp with time zone) RETURNS double precision
    LANGUAGE plpgsql
    AS $$
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

-- Name: save_run(bigint, bigint, bigint, integer, bigint, text, oid, jsonb); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text, at_leaf oid, blocked_by jsonb) RETURNS void
    LANGUAGE sql
    AS $_$
    UPDATE pgpurged.runs AS r
       SET rows = s.rows, batches = s.batches, skipped = $2, blocked = $3, passes = $4, next_block = $5,
           walk = $6, at_leaf = $7, blocked_by = $8
      FROM pgpurged.accounted($1) AS s
     WHERE r.id OPERATOR(pg_catalog.=) $1 AND r.ended_at IS NULL
$_$;

-- Name: version(); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.version() RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 2$$;

-- Name: write_audit(bigint, bigint, text, oid, text, bigint, bigint, timestamp with time zone, bigint, bigint, double precision, bytea); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.write_audit(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, updated bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    written bigint;
BEGIN
    INSERT INTO pgpurged.audit AS a
        (run, batch, job, relation, leaf, rows, updated, cutoff, from_block, to_block, elapsed_ms, digest)
    VALUES (run, batch, job, relation, leaf, rows, updated, cutoff, from_block, to_block, elapsed_ms, digest)
    RETURNING a.rows INTO written;
    -- A trigger or a rule on the audit table may swallow or change the row: then nothing goes.
    IF (written OPERATOR(pg_catalog.=) rows) IS NOT TRUE THEN
        RAISE EXCEPTION 'pgpurged.audit has not taken the row of this batch as it is'
            USING ERRCODE = 'PU007', HINT = 'Look for triggers and rules on pgpurged.audit.';
    END IF;
END
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

-- Name: audit; Type: TABLE; Schema: pgpurged; Owner: -

CREATE TABLE pgpurged.audit (
    run bigint NOT NULL,
    batch bigint NOT NULL,
    job text NOT NULL,
    relation oid NOT NULL,
    leaf text NOT NULL,
    rows bigint NOT NULL,
    updated bigint DEFAULT 0 NOT NULL,
    cutoff timestamp with time zone NOT NULL,
    from_block bigint,
    to_block bigint,
    elapsed_ms double precision NOT NULL,
    digest bytea,
    purged_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    purged_by name DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT audit_check CHECK (((rows > 0) OR (updated > 0))),
    CONSTRAINT audit_rows_check CHECK ((rows >= 0)),
    CONSTRAINT audit_updated_check CHECK ((updated >= 0))
);

-- Name: kill_switch; Type: TABLE; Schema: pgpurged; Owner: -

CREATE TABLE pgpurged.kill_switch (
    only_row boolean DEFAULT true NOT NULL,
    stopped boolean DEFAULT false NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT kill_switch_only_row_check CHECK (only_row)
);

-- Name: runs; Type: TABLE; Schema: pgpurged; Owner: -

CREATE TABLE pgpurged.runs (
    id bigint NOT NULL,
    job text NOT NULL,
    relation oid NOT NULL,
    leaf text NOT NULL,
    at_leaf oid,
    policy text NOT NULL,
    walk text NOT NULL,
    cutoff timestamp with time zone NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    rows bigint DEFAULT 0 NOT NULL,
    batches bigint DEFAULT 0 NOT NULL,
    skipped bigint DEFAULT 0 NOT NULL,
    blocked bigint DEFAULT 0 NOT NULL,
    blocked_by jsonb DEFAULT '[]'::jsonb NOT NULL,
    passes integer DEFAULT 1 NOT NULL,
    next_block bigint DEFAULT 0 NOT NULL,
    reusable_bytes bigint,
    vacuumed_at timestamp with time zone,
    detail text,
    daemon text NOT NULL,
    owner text NOT NULL,
    owner_pid integer NOT NULL,
    owner_since timestamp with time zone NOT NULL,
    CONSTRAINT runs_check CHECK (((ended_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT runs_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'incomplete'::text, 'failed'::text, 'abandoned'::text])))
);

-- Name: runs_id_seq; Type: SEQUENCE; Schema: pgpurged; Owner: -

ALTER TABLE pgpurged.runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pgpurged.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: purged; Type: VIEW; Schema: public; Owner: -

CREATE VIEW public.purged AS
 SELECT audit.job,
    audit.leaf AS of,
    sum(audit.rows) AS rows
   FROM pgpurged.audit
  GROUP BY audit.job, audit.leaf;

-- Data for Name: audit; Type: TABLE DATA; Schema: pgpurged; Owner: -

COPY pgpurged.audit (run, batch, job, relation, leaf, rows, updated, cutoff, from_block, to_block, elapsed_ms, digest, purged_at, purged_by) FROM stdin;
1	1	orders	16400	"public"."orders"	1000	0	2026-10-02 03:00:00+00	0	250	12.5	\N	2026-11-01 03:00:01+00	pgpurged
1	2	orders	16400	"public"."orders"	1000	0	2026-10-02 03:00:00+00	250	500	11.25	\N	2026-11-01 03:00:02+00	pgpurged
1	4	orders	16400	"public"."orders"	500	0	2026-10-02 03:00:00+00	500	600	6.5	\N	2026-11-01 03:00:03+00	pgpurged
2	1	orders	16400	"public"."orders"	1000	0	2026-10-03 03:00:00+00	0	600	13	\N	2026-11-02 03:00:01+00	pgpurged
3	1	Größe	16401	"public"."Größe"	7	0	2025-11-01 00:00:00+00	0	1	0.25	\N	2026-11-03 03:00:00.5+00	purger_two
4	1	orders	16400	"public"."orders"	600	0	2026-10-28 03:00:00+00	0	800	9.75	\N	2026-11-04 03:00:01+00	pgpurged
77	1	gone	16402	"public"."gone"	3	0	2026-10-28 03:00:00+00	4	5	0.125	\N	2026-10-01 03:00:01+00	pgpurged
1	4	orders	16405	"public"."lines"	0	40	2026-10-02 03:00:00+00	\N	\N	6.5	\\x2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881	2026-12-01 01:08:00.689887+00	pgpurged
\.

-- Data for Name: kill_switch; Type: TABLE DATA; Schema: pgpurged; Owner: -

COPY pgpurged.kill_switch (only_row, stopped, reason) FROM stdin;
t	t	incident 42
\.

-- Data for Name: runs; Type: TABLE DATA; Schema: pgpurged; Owner: -

COPY pgpurged.runs (id, job, relation, leaf, at_leaf, policy, walk, cutoff, started_at, ended_at, outcome, rows, batches, skipped, blocked, blocked_by, passes, next_block, reusable_bytes, vacuumed_at, detail, daemon, owner, owner_pid, owner_since) FROM stdin;
2	orders	16400	"public"."orders"	\N	expires = deleted_at + 30d; due: (t."deleted_at" < $3) IS TRUE	heap scan	2026-10-03 03:00:00+00	2026-11-02 03:00:00+00	2026-11-02 03:10:00+00	done	1000	1	0	0	[]	1	0	\N	\N	\N	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
3	Größe	16401	"public"."Größe"	\N	expires = "bis" + 1y; due: it's so	index scan: cheaper	2025-11-01 00:00:00+00	2026-11-03 03:00:00+00	2026-11-03 03:00:01+00	abandoned	7	1	0	0	[]	1	0	\N	\N	the table or the rule of the job has changed	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
1	orders	16400	"public"."orders"	\N	expires = deleted_at + 30d; due: (t."deleted_at" < $3) IS TRUE	heap scan	2026-10-02 03:00:00+00	2026-11-01 03:00:00+00	2026-11-01 03:10:00+00	incomplete	2500	3	2	5	[{"rows": 5, "reason": "foreign_key"}]	2	0	123456	2026-11-01 03:11:00+00	due rows are left: 5	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
4	orders	16400	"public"."orders"	16500	expires = deleted_at + 7d; due: (t."deleted_at" < $3) IS TRUE	heap scan	2026-10-28 03:00:00+00	2026-11-04 03:00:00+00	\N	\N	600	1	0	0	[]	1	800	\N	\N	\N	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
\.

-- Name: runs_id_seq; Type: SEQUENCE SET; Schema: pgpurged; Owner: -

SELECT pg_catalog.setval('pgpurged.runs_id_seq', 4, true);

-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: pgpurged; Owner: -

ALTER TABLE ONLY pgpurged.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (run, batch, relation);

-- Name: kill_switch kill_switch_pkey; Type: CONSTRAINT; Schema: pgpurged; Owner: -

ALTER TABLE ONLY pgpurged.kill_switch
    ADD CONSTRAINT kill_switch_pkey PRIMARY KEY (only_row);

-- Name: runs runs_pkey; Type: CONSTRAINT; Schema: pgpurged; Owner: -

ALTER TABLE ONLY pgpurged.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);

-- Name: runs_job; Type: INDEX; Schema: pgpurged; Owner: -

CREATE INDEX runs_job ON pgpurged.runs USING btree (job, id);

-- Name: runs_open; Type: INDEX; Schema: pgpurged; Owner: -

CREATE UNIQUE INDEX runs_open ON pgpurged.runs USING btree (job) WHERE (ended_at IS NULL);

-- Name: audit audit_is_append_only; Type: TRIGGER; Schema: pgpurged; Owner: -

CREATE TRIGGER audit_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON pgpurged.audit FOR EACH STATEMENT EXECUTE FUNCTION pgpurged.audit_is_append_only();

ALTER TABLE pgpurged.audit ENABLE ALWAYS TRIGGER audit_is_append_only;

-- Name: SCHEMA pgpurged; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA pgpurged TO pgpurged;
GRANT USAGE ON SCHEMA pgpurged TO purger_two;
GRANT USAGE ON SCHEMA pgpurged TO auditor;

-- Name: FUNCTION account(run bigint, batch bigint, job text, root oid, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.account(run bigint, batch bigint, job text, root oid, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.account(run bigint, batch bigint, job text, root oid, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.account(run bigint, batch bigint, job text, root oid, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea) TO purger_two;

-- Name: FUNCTION account_family(run bigint, batch bigint, job text, relation oid, rows bigint, cutoff timestamp with time zone, family jsonb, gone bigint[], before jsonb, elapsed_ms double precision); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.account_family(run bigint, batch bigint, job text, relation oid, rows bigint, cutoff timestamp with time zone, family jsonb, gone bigint[], before jsonb, elapsed_ms double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.account_family(run bigint, batch bigint, job text, relation oid, rows bigint, cutoff timestamp with time zone, family jsonb, gone bigint[], before jsonb, elapsed_ms double precision) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.account_family(run bigint, batch bigint, job text, relation oid, rows bigint, cutoff timestamp with time zone, family jsonb, gone bigint[], before jsonb, elapsed_ms double precision) TO purger_two;

-- Name: FUNCTION accounted(run bigint, OUT rows bigint, OUT own_rows bigint, OUT batches bigint, OUT last_batch bigint); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.accounted(run bigint, OUT rows bigint, OUT own_rows bigint, OUT batches bigint, OUT last_batch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.accounted(run bigint, OUT rows bigint, OUT own_rows bigint, OUT batches bigint, OUT last_batch bigint) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.accounted(run bigint, OUT rows bigint, OUT own_rows bigint, OUT batches bigint, OUT last_batch bigint) TO purger_two;

-- Name: FUNCTION audit_is_append_only(); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.audit_is_append_only() FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.audit_is_append_only() TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.audit_is_append_only() TO purger_two;

-- Name: FUNCTION block_of(tid tid); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.block_of(tid tid) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.block_of(tid tid) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.block_of(tid tid) TO purger_two;

-- Name: FUNCTION changes(watched jsonb); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.changes(watched jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.changes(watched jsonb) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.changes(watched jsonb) TO purger_two;

-- Name: FUNCTION check_foreign_keys(relation oid, leaf text, watched jsonb); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.check_foreign_keys(relation oid, leaf text, watched jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.check_foreign_keys(relation oid, leaf text, watched jsonb) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.check_foreign_keys(relation oid, leaf text, watched jsonb) TO purger_two;

-- Name: FUNCTION close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, row_bytes double precision, blocked_by jsonb, OUT rows bigint, OUT batches bigint, OUT reusable_bytes bigint); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, row_bytes double precision, blocked_by jsonb, OUT rows bigint, OUT batches bigint, OUT reusable_bytes bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, row_bytes double precision, blocked_by jsonb, OUT rows bigint, OUT batches bigint, OUT reusable_bytes bigint) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, row_bytes double precision, blocked_by jsonb, OUT rows bigint, OUT batches bigint, OUT reusable_bytes bigint) TO purger_two;

-- Name: FUNCTION digest(keys text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.digest(keys text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.digest(keys text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.digest(keys text) TO purger_two;

-- Name: FUNCTION drop_leaf(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, has_live_sql text, count_sql text, OUT dropped boolean, OUT rows bigint, OUT why text, OUT locked boolean); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.drop_leaf(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, has_live_sql text, count_sql text, OUT dropped boolean, OUT rows bigint, OUT why text, OUT locked boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.drop_leaf(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, has_live_sql text, count_sql text, OUT dropped boolean, OUT rows bigint, OUT why text, OUT locked boolean) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.drop_leaf(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, has_live_sql text, count_sql text, OUT dropped boolean, OUT rows bigint, OUT why text, OUT locked boolean) TO purger_two;

-- Name: FUNCTION expect_few_rows(); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.expect_few_rows() FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.expect_few_rows() TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.expect_few_rows() TO purger_two;

-- Name: FUNCTION find_batch(job text, run bigint, batch bigint); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) TO purger_two;

-- Name: FUNCTION guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text, wal_compression text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text, wal_compression text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text, wal_compression text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text, wal_compression text) TO purger_two;

-- Name: FUNCTION is_called(relation oid, leaf text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.is_called(relation oid, leaf text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.is_called(relation oid, leaf text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.is_called(relation oid, leaf text) TO purger_two;

-- Name: FUNCTION is_part_of(relation oid, root oid); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.is_part_of(relation oid, root oid) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.is_part_of(relation oid, root oid) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.is_part_of(relation oid, root oid) TO purger_two;

-- Name: FUNCTION job_key(job text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.job_key(job text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.job_key(job text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.job_key(job text) TO purger_two;

-- Name: FUNCTION lock_job_alone(job text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.lock_job_alone(job text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.lock_job_alone(job text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.lock_job_alone(job text) TO purger_two;

-- Name: FUNCTION offset_of(tid tid); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.offset_of(tid tid) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.offset_of(tid tid) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.offset_of(tid tid) TO purger_two;

-- Name: FUNCTION open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint, OUT at_leaf oid); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint, OUT at_leaf oid) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint, OUT at_leaf oid) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint, OUT at_leaf oid) TO purger_two;

-- Name: FUNCTION purge_batch(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[]); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[]) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[]) TO purger_two;

-- Name: FUNCTION purge_tids(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, tids tid[], max_rows bigint, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[], OUT done boolean); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, tids tid[], max_rows bigint, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[], OUT done boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, tids tid[], max_rows bigint, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[], OUT done boolean) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, root oid, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, family jsonb, tids tid[], max_rows bigint, with_keys boolean, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision, OUT children bigint, OUT blocked bigint[], OUT done boolean) TO purger_two;

-- Name: FUNCTION row_bytes(relation oid, due text, cutoff timestamp with time zone); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.row_bytes(relation oid, due text, cutoff timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.row_bytes(relation oid, due text, cutoff timestamp with time zone) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.row_bytes(relation oid, due text, cutoff timestamp with time zone) TO purger_two;

-- Name: FUNCTION save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text, at_leaf oid, blocked_by jsonb); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text, at_leaf oid, blocked_by jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text, at_leaf oid, blocked_by jsonb) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text, at_leaf oid, blocked_by jsonb) TO purger_two;

-- Name: FUNCTION version(); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.version() FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.version() TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.version() TO purger_two;

-- Name: FUNCTION write_audit(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, updated bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.write_audit(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, updated bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.write_audit(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, updated bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.write_audit(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, updated bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision, digest bytea) TO purger_two;

-- Name: TABLE audit; Type: ACL; Schema: pgpurged; Owner: -

GRANT SELECT,INSERT ON TABLE pgpurged.audit TO pgpurged;
GRANT SELECT,INSERT ON TABLE pgpurged.audit TO purger_two;
GRANT SELECT ON TABLE pgpurged.audit TO auditor;

-- Name: TABLE kill_switch; Type: ACL; Schema: pgpurged; Owner: -

GRANT SELECT ON TABLE pgpurged.kill_switch TO pgpurged;
GRANT SELECT ON TABLE pgpurged.kill_switch TO purger_two;

-- Name: TABLE runs; Type: ACL; Schema: pgpurged; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE pgpurged.runs TO pgpurged;
GRANT SELECT,INSERT,UPDATE ON TABLE pgpurged.runs TO purger_two;
GRANT SELECT ON TABLE pgpurged.runs TO auditor;

