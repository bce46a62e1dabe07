-- The schema pgpurged of version 1 as it stood on main at be9b50e, with rows of every kind (pg_dump).

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

-- Name: account(bigint, bigint, text, oid, text, bigint, timestamp with time zone, bigint, bigint, double precision); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.account(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    written bigint;
BEGIN
    IF NOT COALESCE(pg_catalog.to_regclass(leaf)::pg_catalog.oid OPERATOR(pg_catalog.=) relation, false) THEN
        RAISE EXCEPTION '% is another table than the one that was looked at before the run', leaf
            USING ERRCODE = 'PU004';
    END IF;
    IF rows OPERATOR(pg_catalog.>) 0::bigint THEN
        INSERT INTO pgpurged.audit AS a (run, batch, job, relation, leaf, rows, cutoff, from_block, to_block, elapsed_ms)
        VALUES (run, batch, job, relation, leaf, rows, cutoff, from_block, to_block, elapsed_ms)
        RETURNING a.rows INTO written;
        -- A trigger or a rule on the audit table may swallow or change the row: then nothing goes.
        IF (written OPERATOR(pg_catalog.=) rows) IS NOT TRUE THEN
            RAISE EXCEPTION 'pgpurged.audit has not taken the row of this batch as it is'
                USING ERRCODE = 'PU007', HINT = 'Look for triggers and rules on pgpurged.audit.';
        END IF;
    END IF;
END
$$;

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

-- Name: close_run(bigint, text, bigint, bigint, integer, text, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, OUT rows bigint, OUT batches bigint) RETURNS record
    LANGUAGE sql
    AS $_$
    UPDATE pgpurged.runs AS r
       SET ended_at = pg_catalog.clock_timestamp(), outcome = $2, detail = $6, walk = $7, next_block = 0,
           rows = s.rows, batches = s.batches, skipped = $3, blocked = $4, passes = $5
      FROM (SELECT COALESCE(pg_catalog.sum(a.rows), 0)::bigint AS rows, pg_catalog.count(*) AS batches
              FROM pgpurged.audit AS a WHERE a.run OPERATOR(pg_catalog.=) $1) AS s
     WHERE r.id OPERATOR(pg_catalog.=) $1 AND r.ended_at IS NULL
    RETURNING s.rows, s.batches
$_$;

-- Name: find_batch(text, bigint, bigint); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
BEGIN
    PERFORM pgpurged.lock_job_alone(job);
    RETURN COALESCE((SELECT a.rows FROM pgpurged.audit AS a
                      WHERE a.run OPERATOR(pg_catalog.=) $2 AND a.batch OPERATOR(pg_catalog.=) $3), 0);
END
$_$;

-- Name: guard(text, timestamp with time zone, timestamp with time zone, integer, integer, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text) RETURNS bigint
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
    RETURN (pg_catalog.date_part('epoch', clock) OPERATOR(pg_catalog.*) 1000000::double precision)::bigint;
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

-- Name: open_run(text, oid, text, text, text, interval, text, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint) RETURNS record
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
                                   'the table or the rule of the job has changed', entry.walk);
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
    passes := entry.passes;
    SELECT COALESCE(pg_catalog.max(a.batch), 0), COALESCE(pg_catalog.sum(a.rows), 0), pg_catalog.count(*)
      INTO last_batch, rows, batches
      FROM pgpurged.audit AS a WHERE a.run OPERATOR(pg_catalog.=) entry.id;
END
$$;

-- Name: purge_batch(bigint, bigint, text, oid, text, timestamp with time zone, text, text, bigint, integer, bigint, integer, bigint, bigint, double precision); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    began pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    before_ms double precision;
    chunk_from pg_catalog.tid;
    chunk_to pg_catalog.tid;
    deleted bigint;
BEGIN
    rows := 0;
    skipped := 0;
    chunks := 0;
    elapsed_ms := 0;
    next_block := from_block;
    next_offset := from_offset;
    LOOP
        chunk_from := pg_catalog.format('(%s,%s)', next_block, next_offset)::pg_catalog.tid;
        next_block := next_block OPERATOR(pg_catalog.+) chunk_blocks;
        next_offset := 0;
        IF next_block OPERATOR(pg_catalog.>=) to_block THEN
            next_block := to_block;
            next_offset := to_offset;
        END IF;
        chunk_to := pg_catalog.format('(%s,%s)', next_block, next_offset)::pg_catalog.tid;

        EXECUTE delete_sql USING chunk_from, chunk_to, cutoff;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        rows := rows OPERATOR(pg_catalog.+) deleted;
        chunks := chunks OPERATOR(pg_catalog.+) 1::bigint;
        IF rows OPERATOR(pg_catalog.>) max_rows THEN
            RAISE EXCEPTION '% due rows in one batch, % allowed', rows, max_rows
                USING ERRCODE = 'PU005', DETAIL = rows::pg_catalog.text;
        END IF;

        before_ms := elapsed_ms;
        elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) began)
                      OPERATOR(pg_catalog.*) 1000::double precision;
        EXIT WHEN next_block OPERATOR(pg_catalog.=) to_block
               OR rows OPERATOR(pg_catalog.+) deleted OPERATOR(pg_catalog.>) max_rows
               OR elapsed_ms OPERATOR(pg_catalog.+) (elapsed_ms OPERATOR(pg_catalog.-) before_ms)
                  OPERATOR(pg_catalog.>) budget_ms;
    END LOOP;
    IF count_sql IS NOT NULL THEN
        EXECUTE count_sql INTO skipped USING chunk_from, chunk_to, cutoff;
    END IF;

    elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
                  OPERATOR(pg_catalog.*) 1000::double precision;

    PERFORM pgpurged.account(run, batch, job, relation, leaf, rows, cutoff, from_block, next_block, elapsed_ms);
END
$$;

-- Name: purge_tids(bigint, bigint, text, oid, text, timestamp with time zone, text, text, tid[], bigint); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, tids tid[], max_rows bigint, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    last integer := COALESCE(pg_catalog.array_upper(tids, 1), 0);
BEGIN
    EXECUTE delete_sql USING tids, cutoff;
    GET DIAGNOSTICS rows = ROW_COUNT;
    IF rows OPERATOR(pg_catalog.>) max_rows THEN
        RAISE EXCEPTION '% due rows in one batch, % allowed', rows, max_rows
            USING ERRCODE = 'PU005', DETAIL = rows::pg_catalog.text;
    END IF;
    elapsed_ms := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())
                  OPERATOR(pg_catalog.*) 1000::double precision;
    skipped := 0;
    IF count_sql IS NOT NULL THEN
        EXECUTE count_sql INTO skipped USING tids, cutoff;
    END IF;
    PERFORM pgpurged.account(run, batch, job, relation, leaf, rows, cutoff,
                             pgpurged.block_of(tids[1]),
                             pgpurged.block_of(tids[last]) OPERATOR(pg_catalog.+) 1::bigint, elapsed_ms);
END
$$;

-- Name: save_run(bigint, bigint, bigint, integer, bigint, text); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text) RETURNS void
    LANGUAGE sql
    AS $_$
    UPDATE pgpurged.runs AS r
       SET rows = s.rows, batches = s.batches, skipped = $2, blocked = $3, passes = $4, next_block = $5,
           walk = $6
      FROM (SELECT COALESCE(pg_catalog.sum(a.rows), 0)::bigint AS rows, pg_catalog.count(*) AS batches
              FROM pgpurged.audit AS a WHERE a.run OPERATOR(pg_catalog.=) $1) AS s
     WHERE r.id OPERATOR(pg_catalog.=) $1 AND r.ended_at IS NULL
$_$;

-- Name: version(); Type: FUNCTION; Schema: pgpurged; Owner: -

CREATE FUNCTION pgpurged.version() RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$SELECT 1$$;

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
    cutoff timestamp with time zone NOT NULL,
    from_block bigint NOT NULL,
    to_block bigint NOT NULL,
    elapsed_ms double precision NOT NULL,
    purged_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    purged_by name DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT audit_rows_check CHECK ((rows > 0))
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
    passes integer DEFAULT 1 NOT NULL,
    next_block bigint DEFAULT 0 NOT NULL,
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

COPY pgpurged.audit (run, batch, job, relation, leaf, rows, cutoff, from_block, to_block, elapsed_ms, purged_at, purged_by) FROM stdin;
1	1	orders	16400	"public"."orders"	1000	2026-10-02 03:00:00+00	0	250	12.5	2026-11-01 03:00:01+00	pgpurged
1	2	orders	16400	"public"."orders"	1000	2026-10-02 03:00:00+00	250	500	11.25	2026-11-01 03:00:02+00	pgpurged
1	4	orders	16400	"public"."orders"	500	2026-10-02 03:00:00+00	500	600	6.5	2026-11-01 03:00:03+00	pgpurged
2	1	orders	16400	"public"."orders"	1000	2026-10-03 03:00:00+00	0	600	13	2026-11-02 03:00:01+00	pgpurged
3	1	Größe	16401	"public"."Größe"	7	2025-11-01 00:00:00+00	0	1	0.25	2026-11-03 03:00:00.5+00	purger_two
4	1	orders	16400	"public"."orders"	600	2026-10-28 03:00:00+00	0	800	9.75	2026-11-04 03:00:01+00	pgpurged
77	1	gone	16402	"public"."gone"	3	2026-10-28 03:00:00+00	4	5	0.125	2026-10-01 03:00:01+00	pgpurged
\.

-- Data for Name: kill_switch; Type: TABLE DATA; Schema: pgpurged; Owner: -

COPY pgpurged.kill_switch (only_row, stopped, reason) FROM stdin;
t	t	incident 42
\.

-- Data for Name: runs; Type: TABLE DATA; Schema: pgpurged; Owner: -

COPY pgpurged.runs (id, job, relation, leaf, policy, walk, cutoff, started_at, ended_at, outcome, rows, batches, skipped, blocked, passes, next_block, detail, daemon, owner, owner_pid, owner_since) FROM stdin;
1	orders	16400	"public"."orders"	expires = deleted_at + 30d; due: (t."deleted_at" < $3) IS TRUE	heap scan	2026-10-02 03:00:00+00	2026-11-01 03:00:00+00	2026-11-01 03:10:00+00	incomplete	2500	3	2	5	2	0	due rows are left: 5	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
2	orders	16400	"public"."orders"	expires = deleted_at + 30d; due: (t."deleted_at" < $3) IS TRUE	heap scan	2026-10-03 03:00:00+00	2026-11-02 03:00:00+00	2026-11-02 03:10:00+00	done	1000	1	0	0	1	0	\N	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
3	Größe	16401	"public"."Größe"	expires = "bis" + 1y; due: it's so	index scan: cheaper	2025-11-01 00:00:00+00	2026-11-03 03:00:00+00	2026-11-03 03:00:01+00	abandoned	7	1	0	0	1	0	the table or the rule of the job has changed	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
4	orders	16400	"public"."orders"	expires = deleted_at + 7d; due: (t."deleted_at" < $3) IS TRUE	heap scan	2026-10-28 03:00:00+00	2026-11-04 03:00:00+00	\N	\N	600	1	0	0	1	800	\N	pgpurged 0.1.0	a7	4711	2026-11-01 00:00:00+00
\.

-- Name: runs_id_seq; Type: SEQUENCE SET; Schema: pgpurged; Owner: -

SELECT pg_catalog.setval('pgpurged.runs_id_seq', 4, true);

-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: pgpurged; Owner: -

ALTER TABLE ONLY pgpurged.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (run, batch);

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

-- Name: FUNCTION account(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.account(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.account(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.account(run bigint, batch bigint, job text, relation oid, leaf text, rows bigint, cutoff timestamp with time zone, from_block bigint, to_block bigint, elapsed_ms double precision) TO purger_two;

-- Name: FUNCTION audit_is_append_only(); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.audit_is_append_only() FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.audit_is_append_only() TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.audit_is_append_only() TO purger_two;

-- Name: FUNCTION block_of(tid tid); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.block_of(tid tid) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.block_of(tid tid) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.block_of(tid tid) TO purger_two;

-- Name: FUNCTION close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, OUT rows bigint, OUT batches bigint); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, OUT rows bigint, OUT batches bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, OUT rows bigint, OUT batches bigint) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.close_run(run bigint, outcome text, skipped bigint, blocked bigint, passes integer, detail text, walk text, OUT rows bigint, OUT batches bigint) TO purger_two;

-- Name: FUNCTION find_batch(job text, run bigint, batch bigint); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.find_batch(job text, run bigint, batch bigint) TO purger_two;

-- Name: FUNCTION guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.guard(job text, expected timestamp with time zone, closes_at timestamp with time zone, lock_timeout_ms integer, statement_timeout_ms integer, synchronous_commit text) TO purger_two;

-- Name: FUNCTION job_key(job text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.job_key(job text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.job_key(job text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.job_key(job text) TO purger_two;

-- Name: FUNCTION lock_job_alone(job text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.lock_job_alone(job text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.lock_job_alone(job text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.lock_job_alone(job text) TO purger_two;

-- Name: FUNCTION open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.open_run(job text, relation oid, leaf text, policy text, walk text, retention interval, daemon text, owner text, OUT id bigint, OUT cutoff text, OUT resumed boolean, OUT next_block bigint, OUT last_batch bigint, OUT passes integer, OUT rows bigint, OUT batches bigint) TO purger_two;

-- Name: FUNCTION purge_batch(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.purge_batch(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, from_block bigint, from_offset integer, to_block bigint, to_offset integer, chunk_blocks bigint, max_rows bigint, budget_ms double precision, OUT rows bigint, OUT skipped bigint, OUT chunks bigint, OUT next_block bigint, OUT next_offset integer, OUT elapsed_ms double precision) TO purger_two;

-- Name: FUNCTION purge_tids(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, tids tid[], max_rows bigint, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, tids tid[], max_rows bigint, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, tids tid[], max_rows bigint, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.purge_tids(run bigint, batch bigint, job text, relation oid, leaf text, cutoff timestamp with time zone, delete_sql text, count_sql text, tids tid[], max_rows bigint, OUT rows bigint, OUT skipped bigint, OUT elapsed_ms double precision) TO purger_two;

-- Name: FUNCTION save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text) TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.save_run(run bigint, skipped bigint, blocked bigint, passes integer, next_block bigint, walk text) TO purger_two;

-- Name: FUNCTION version(); Type: ACL; Schema: pgpurged; Owner: -

REVOKE ALL ON FUNCTION pgpurged.version() FROM PUBLIC;
GRANT ALL ON FUNCTION pgpurged.version() TO pgpurged;
GRANT ALL ON FUNCTION pgpurged.version() TO purger_two;

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

