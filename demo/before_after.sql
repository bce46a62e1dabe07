-- The number of rows of each kind, before and after the purge.
WITH kinds (kind, label) AS (
    VALUES (1, 'live'), (2, 'not due yet'), (3, 'restored before the purge'),
           (4, 'restored during the purge'), (5, 'due, but locked for a while'), (6, 'due'), (7, 'total')
), counted AS (
    SELECT coalesce(kind, 7) AS kind, tbl, count(*) AS before, count(*) FILTER (WHERE NOT gone) AS after
    FROM witness.verdict GROUP BY GROUPING SETS ((kind, tbl), (tbl))
), cells AS (
    SELECT kind, label, tbl, lpad(to_char(coalesce(before, 0), 'FM999,990'), 10)
                          || lpad(to_char(coalesce(after, 0), 'FM999,990'), 10) AS cell
    FROM kinds CROSS JOIN (VALUES ('orders'), ('comments'), ('sessions')) AS t (tbl)
    LEFT JOIN counted USING (kind, tbl)
)
SELECT line FROM (
    SELECT -2, format('%-29s%20s%20s%20s', '', 'orders', 'comments', 'sessions')
    UNION ALL
    SELECT -1, format('%-29s', '') || repeat(format('%10s%10s', 'before', 'after'), 3)
    UNION ALL
    SELECT kind, format('%-29s', label)
                 || max(cell) FILTER (WHERE tbl = 'orders') || max(cell) FILTER (WHERE tbl = 'comments')
                 || max(cell) FILTER (WHERE tbl = 'sessions')
    FROM cells GROUP BY kind, label
) AS lines (place, line)
ORDER BY place;
