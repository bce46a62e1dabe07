-- The witness: what an observer writes down before the purge, to judge it by afterwards. It knows the
-- rows and their marks, and nothing about pgpurged. Its tables have neither triggers nor rules.
CREATE SCHEMA witness;
SELECT setseed(0.42);

-- Some customers have changed their minds already: deleted long ago, then restored.
CREATE TABLE witness.restored (tbl text, id text, during boolean, PRIMARY KEY (tbl, id));

WITH back AS (
    UPDATE orders SET deleted_at = NULL
    WHERE deleted_at < now() - interval '30 days' AND id % 20 = 0 RETURNING id
) INSERT INTO witness.restored SELECT 'orders', id, false FROM back;
WITH back AS (
    UPDATE comments SET "deletedAt" = NULL
    WHERE "deletedAt" < now() - interval '91 days' AND id % 20 = 0 RETURNING id
) INSERT INTO witness.restored SELECT 'comments', id, false FROM back;
WITH back AS (
    UPDATE sessions SET expires_at = now() + interval '14 days'
    WHERE expires_at < now() AND random() < 0.05 RETURNING id
) INSERT INTO witness.restored SELECT 'sessions', id, false FROM back;

-- One shape for three tables: the moment at which a row may go, NULL for never.
CREATE VIEW witness.now AS
    SELECT 'orders' AS tbl, id::text, deleted_at + interval '30 days' AS may_go FROM public.orders
    UNION ALL
    SELECT 'comments', id::text, "deletedAt" AT TIME ZONE 'Europe/Berlin' + interval '90 days'
    FROM public.comments
    UNION ALL
    SELECT 'sessions', id::text, expires_at FROM public.sessions;

CREATE TABLE witness.before AS SELECT * FROM witness.now;
ALTER TABLE witness.before ADD PRIMARY KEY (tbl, id);

CREATE TABLE witness.due AS
    SELECT tbl, count(*) AS rows FROM witness.before WHERE may_go < now() GROUP BY tbl;

-- Due orders that one back-office session keeps locked during the first half of the purge.
CREATE TABLE witness.locked AS
    SELECT tbl, id FROM witness.before
    WHERE tbl = 'orders' AND may_go < now() AND id::bigint BETWEEN 40000 AND 41000;

-- Due rows that somebody wants back while the purge is running, in the order of asking. Some of
-- them will come too late.
CREATE TABLE witness.wanted AS
    SELECT row_number() OVER (ORDER BY random()) AS turn, tbl, id FROM (
        SELECT *, row_number() OVER (PARTITION BY tbl ORDER BY random()) AS n
        FROM witness.before
        WHERE may_go < now() AND (tbl, id) NOT IN (SELECT tbl, id FROM witness.locked)
    ) AS due WHERE n <= 300;

ANALYZE;
CHECKPOINT;
