-- Who owns schema pgpurged, and what there is in it or about it that somebody else than this owner can
-- change. From the catalog alone: nothing of the schema is called, so that it may be asked before
-- anything of it is trusted (the rule behind CVE-2022-2625). --init-sql asks the same.
--
-- Returns no row if there is no schema, else rows of: its owner; whether the owner is a superuser; whether
-- who asks is the owner or a member of it; whether anything is in the schema; a finding, and what to do
-- about it. One row with NULL for the finding if there is none.
--
-- What an owner's object calls may belong to the owner or to a superuser. Functions of PostgreSQL's own
-- have no pg_depend row. The body of a function is its owner's word, and so is not looked into.
WITH schema AS (
    SELECT n.oid, n.nspowner AS owner, n.nspacl AS acl,
           pg_get_userbyid(n.nspowner) AS owner_name
      FROM pg_namespace AS n
     WHERE n.nspname = 'pgpurged'
), superusers AS (
    SELECT r.oid FROM pg_roles AS r WHERE r.rolsuper
), relations AS (
    SELECT c.oid, c.relowner AS owner, c.relacl AS acl
      FROM pg_class AS c
      JOIN schema AS s ON s.oid = c.relnamespace
     WHERE c.relkind <> ALL ('{i,I,t}')
), objects (class, oid, schema, owner) AS (
    SELECT 'pg_class'::regclass, r.oid, s.oid, r.owner FROM relations AS r CROSS JOIN schema AS s
    UNION ALL SELECT p.tableoid, p.oid, p.pronamespace, p.proowner FROM pg_proc AS p
    UNION ALL
    SELECT t.tableoid, t.oid, t.typnamespace, t.typowner FROM pg_type AS t
     WHERE t.typrelid = 0 AND t.typcategory <> 'A'
    UNION ALL SELECT o.tableoid, o.oid, o.oprnamespace, o.oprowner FROM pg_operator AS o
    UNION ALL SELECT o.tableoid, o.oid, o.opcnamespace, o.opcowner FROM pg_opclass AS o
    UNION ALL SELECT o.tableoid, o.oid, o.opfnamespace, o.opfowner FROM pg_opfamily AS o
    UNION ALL SELECT c.tableoid, c.oid, c.collnamespace, c.collowner FROM pg_collation AS c
    UNION ALL SELECT c.tableoid, c.oid, c.connamespace, c.conowner FROM pg_conversion AS c
    UNION ALL SELECT d.tableoid, d.oid, d.dictnamespace, d.dictowner FROM pg_ts_dict AS d
    UNION ALL SELECT c.tableoid, c.oid, c.cfgnamespace, c.cfgowner FROM pg_ts_config AS c
    UNION ALL SELECT e.tableoid, e.oid, e.stxnamespace, e.stxowner FROM pg_statistic_ext AS e
), attached (class, oid) AS (
    SELECT t.tableoid, t.oid FROM pg_trigger AS t WHERE t.tgrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT w.tableoid, w.oid FROM pg_rewrite AS w WHERE w.ev_class IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT p.tableoid, p.oid FROM pg_policy AS p WHERE p.polrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT d.tableoid, d.oid FROM pg_attrdef AS d WHERE d.adrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT c.tableoid, c.oid FROM pg_constraint AS c
     WHERE c.conrelid IN (SELECT r.oid FROM relations AS r)
        OR c.contypid IN (SELECT o.oid FROM objects AS o JOIN schema AS s ON s.oid = o.schema)
    UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index AS i
     WHERE i.indrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT o.class, o.oid FROM objects AS o JOIN schema AS s ON s.oid = o.schema
), called (class, oid, function) AS (
    SELECT a.class, a.oid, d.refobjid
      FROM attached AS a
      JOIN pg_depend AS d ON d.classid = a.class AND d.objid = a.oid AND d.refclassid = 'pg_proc'::regclass
    UNION
    SELECT a.class, a.oid, o.oprcode
      FROM attached AS a
      JOIN pg_depend AS d ON d.classid = a.class AND d.objid = a.oid AND d.refclassid = 'pg_operator'::regclass
      JOIN pg_operator AS o ON o.oid = d.refobjid
), findings (finding, remedy) AS (
    SELECT format('%s belongs to %I', pg_describe_object(o.class, o.oid, 0), pg_get_userbyid(o.owner)),
           'look at it, then drop it or give it to the owner of the schema'
      FROM objects AS o
      JOIN schema AS s ON s.oid = o.schema
     WHERE o.owner <> s.owner
    UNION ALL
    SELECT format('%s calls %s, which belongs to %I', pg_describe_object(c.class, c.oid, 0),
                  pg_describe_object('pg_proc'::regclass, c.function, 0), pg_get_userbyid(p.proowner)),
           'look at it, then drop it or give the function to the owner of the schema'
      FROM called AS c
      JOIN pg_proc AS p ON p.oid = c.function
      CROSS JOIN schema AS s
     WHERE p.proowner <> s.owner AND p.proowner NOT IN (SELECT u.oid FROM superusers AS u)
    UNION ALL
    SELECT format('%s inherits from %s and belongs to %I',
                  pg_describe_object('pg_class'::regclass, c.oid, 0),
                  pg_describe_object('pg_class'::regclass, r.oid, 0), pg_get_userbyid(c.relowner)),
           'ALTER TABLE ... NO INHERIT'
      FROM relations AS r
      JOIN pg_inherits AS i ON i.inhparent = r.oid
      JOIN pg_class AS c ON c.oid = i.inhrelid
      CROSS JOIN schema AS s
     WHERE c.relowner <> s.owner
    UNION ALL
    SELECT format('%s has %s on schema pgpurged',
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                  a.privilege_type),
           'REVOKE CREATE ON SCHEMA pgpurged'
      FROM schema AS s
      CROSS JOIN aclexplode(s.acl) AS a
     WHERE a.privilege_type = 'CREATE' AND a.grantee <> s.owner
       AND a.grantee NOT IN (SELECT u.oid FROM superusers AS u)
    UNION ALL
    SELECT format('%s has %s on %s',
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                  a.privilege_type, pg_describe_object('pg_class'::regclass, r.oid, 0)),
           'REVOKE TRIGGER'
      FROM relations AS r
      CROSS JOIN schema AS s
      CROSS JOIN aclexplode(r.acl) AS a
     WHERE a.privilege_type = 'TRIGGER' AND a.grantee <> s.owner
       AND a.grantee NOT IN (SELECT u.oid FROM superusers AS u)
    UNION ALL
    SELECT format('%s is SECURITY DEFINER and has no search_path of its own',
                  pg_describe_object('pg_proc'::regclass, p.oid, 0)),
           'ALTER FUNCTION ... SET search_path = pg_catalog, pg_temp'
      FROM pg_proc AS p
      JOIN schema AS s ON s.oid = p.pronamespace
     WHERE p.prosecdef
       AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE starts_with(c, 'search_path='))
)
SELECT s.owner_name AS owner,
       s.owner IN (SELECT u.oid FROM superusers AS u) AS superuser,
       pg_has_role(s.owner, 'MEMBER') AS member,
       EXISTS (SELECT FROM objects AS o WHERE o.schema = s.oid) AS filled,
       f.finding,
       f.remedy
  FROM schema AS s
  LEFT JOIN findings AS f ON true
 ORDER BY f.finding
