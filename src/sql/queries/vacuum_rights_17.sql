-- What keeps the role from vacuuming a table, for --plan. From PostgreSQL 17 on, which brought the
-- privilege MAINTAIN.
--
-- $1 relation (OID)
-- $2 our session's process, as libpq knows it
-- Returns the GRANT that the role lacks (NULL = none); whether the session is ours alone (false
-- behind a pooler).
--
-- The owner of the table, or of the database, or who has their rights, or MAINTAIN, as VACUUM
-- itself looks at it.
SELECT CASE WHEN (pg_has_role(c.relowner, 'USAGE')
                  OR (SELECT pg_has_role(d.datdba, 'USAGE')
                        FROM pg_database AS d
                       WHERE d.datname = current_database())
                  OR has_table_privilege(c.oid, 'MAINTAIN')) IS NOT true
            THEN format('GRANT MAINTAIN ON %I.%I TO %I', n.nspname, c.relname, current_user)
       END AS missing_grant,
       pg_backend_pid() = $2 AS own_session
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = $1
