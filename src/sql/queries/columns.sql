-- The columns of a relation, and the labels of those that are enums.
--
-- $1 relation (OID)
-- Returns a row for each column: its name, its declared type, its type without domains (NULL =
-- none of PostgreSQL's own and no enum), whether it may be NULL, its name as SQL needs it; an enum
-- has a row for each of its labels.
--
-- A domain stands for the type that it is over, whatever is in between. A type that only has the
-- name of one of PostgreSQL's is none of them.
WITH RECURSIVE typ AS (
    SELECT a.attname, t.oid, t.typname, t.typtype, t.typbasetype, t.typnamespace,
           format_type(a.atttypid, a.atttypmod) AS declared, a.attnotnull
      FROM pg_attribute AS a
      JOIN pg_type AS t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d.attname, t.oid, t.typname, t.typtype, t.typbasetype, t.typnamespace, d.declared,
           d.attnotnull
      FROM typ AS d
      JOIN pg_type AS t ON t.oid = d.typbasetype
     WHERE d.typtype = 'd'
)
SELECT typ.attname,
       typ.declared,
       CASE WHEN typ.typtype = 'e' THEN 'enum'
            WHEN typ.typnamespace = 'pg_catalog'::regnamespace THEN typ.typname
       END AS type,
       e.enumlabel AS label,
       NOT typ.attnotnull AS nullable,
       quote_ident(typ.attname) AS written
  FROM typ
  LEFT JOIN pg_enum AS e ON e.enumtypid = typ.oid
 WHERE typ.typtype <> 'd'
 ORDER BY typ.attname, e.enumsortorder
