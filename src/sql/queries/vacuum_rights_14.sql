-- What keeps the role from vacuuming a table, for --plan. PostgreSQL 14 to 16.
--
-- $1 relation (OID)
-- $2 our session's process, as libpq knows it
-- Returns the GRANT that the role lacks (NULL = none); whether the session is ours alone (false
-- behind a pooler).
--
-- The owner of the table, or of the database, or who has their rights, as VACUUM itself looks at
-- it.
SELECT CASE WHEN (pg_has_role(c.relowner, 'USAGE')
                  OR (SELECT pg_has_role(d.datdba, 'USAGE')
                        FROM pg_database AS d
                       WHERE d.datname = current_database())) IS NOT true
            THEN format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user)
       END AS missing_grant,
       pg_backend_pid() = $2 AS own_session
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = $1
