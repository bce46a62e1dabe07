-- The name of a time zone as PostgreSQL has it.
--
-- $1 zone
-- Returns its name, NULL = the server has none of that name.
--
-- The view reads every file of the zones, so it is left alone where the answer is known.
SELECT CASE WHEN $1 = 'UTC' THEN $1
            ELSE (SELECT z.name
                    FROM pg_timezone_names AS z
                   WHERE lower(z.name) = lower($1)
                   ORDER BY z.name <> $1
                   LIMIT 1)
       END AS name
