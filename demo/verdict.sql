-- The witness looks again: each row of its copy beside the tables as they are now.
CREATE TABLE witness.verdict AS
    SELECT tbl, id, b.may_go, n.id IS NULL AS gone, r.tbl IS NOT NULL AS restored,
           CASE WHEN r.during THEN 4
                WHEN r.tbl IS NOT NULL THEN 3
                WHEN l.tbl IS NOT NULL THEN 5
                WHEN b.may_go IS NULL OR b.may_go = 'infinity' THEN 1
                WHEN b.may_go > now() THEN 2
                ELSE 6 END AS kind
    FROM witness.before AS b
    LEFT JOIN witness.now AS n USING (tbl, id)
    LEFT JOIN witness.restored AS r USING (tbl, id)
    LEFT JOIN witness.locked AS l USING (tbl, id);
