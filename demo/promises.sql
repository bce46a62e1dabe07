-- Checks both promises and whether all due rows are deleted, against the witness's copy: one line each,
-- with PASS or FAIL. A purge that deleted nothing, or that no session disturbed, proves nothing and fails.
SELECT CASE WHEN passed THEN 'PASS  ' ELSE 'FAIL  ' END || claim
FROM (
    SELECT 1, gone > 0 AND gone = audited,
           format('promise A: %s: %s rows are gone, the audit table says %s', tbl,
                  to_char(gone, 'FM999,990'), to_char(audited, 'FM999,990'))
    FROM (SELECT tbl, count(*) FILTER (WHERE gone) AS gone,
                 (SELECT coalesce(sum(rows), 0) FROM pgpurged.audit WHERE job = tbl) AS audited
          FROM witness.verdict GROUP BY tbl) AS tables
    UNION ALL
    SELECT 2, count(*) FILTER (WHERE wrong) = 0 AND count(*) > 0,
           format('promise R: of %s rows that are gone, %s were not due when the witness took its copy',
                  to_char(count(*), 'FM999,990'), count(*) FILTER (WHERE wrong))
    FROM (SELECT may_go IS NULL OR may_go > now() AS wrong FROM witness.verdict WHERE gone) AS gone_rows
    UNION ALL
    SELECT 3, count(*) FILTER (WHERE gone) = 0 AND count(*) > 0,
           format('promise R: of %s rows that were restored %s, %s are gone', to_char(count(*), 'FM999,990'),
                  CASE WHEN kind = 4 THEN 'during the purge' ELSE 'before it' END, count(*) FILTER (WHERE gone))
    FROM witness.verdict WHERE restored GROUP BY kind
    UNION ALL
    SELECT 4, count(*) FILTER (WHERE NOT gone) = 0 AND bool_or(kind = 5),
           format('nothing due is left: of %s due rows (%s of them locked for a while), %s are still there',
                  to_char(count(*), 'FM999,990'), count(*) FILTER (WHERE kind = 5), count(*) FILTER (WHERE NOT gone))
    FROM witness.verdict WHERE kind IN (5, 6)
) AS claims (place, passed, claim)
ORDER BY place, claim;
