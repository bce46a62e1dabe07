-- keep
NOT EXISTS (SELECT FROM "public"."comments" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id") AND
       NOT EXISTS (SELECT FROM ONLY "public"."pins" AS r WHERE t."Tenant" OPERATOR(pg_catalog.=) r."tenant" AND t."code" OPERATOR(citext.=) r."Code" COLLATE "C") AND
       NOT EXISTS (SELECT FROM ONLY "public"."posts" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) t.ctid OR r.tableoid OPERATOR(pg_catalog.<>) t.tableoid)) AND
       NOT EXISTS (SELECT FROM ONLY "public"."log" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id" AND r."kind" OPERATOR(pg_catalog.=) 'Post');

-- rejected
SELECT ARRAY[pg_catalog.count(*) FILTER (WHERE k.by OPERATOR(pg_catalog.=) 1), pg_catalog.count(*) FILTER (WHERE k.by OPERATOR(pg_catalog.=) 2), pg_catalog.count(*) FILTER (WHERE k.by OPERATOR(pg_catalog.=) 3), pg_catalog.count(*) FILTER (WHERE k.by OPERATOR(pg_catalog.=) 4)]
  FROM (SELECT CASE
               WHEN EXISTS (SELECT FROM "public"."comments" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id") THEN 1
               WHEN EXISTS (SELECT FROM ONLY "public"."pins" AS r WHERE t."Tenant" OPERATOR(pg_catalog.=) r."tenant" AND t."code" OPERATOR(citext.=) r."Code" COLLATE "C") THEN 2
               WHEN EXISTS (SELECT FROM ONLY "public"."posts" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) t.ctid OR r.tableoid OPERATOR(pg_catalog.<>) t.tableoid)) THEN 3
               WHEN EXISTS (SELECT FROM ONLY "public"."log" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id" AND r."kind" OPERATOR(pg_catalog.=) 'Post') THEN 4 END AS by
          FROM ONLY "public"."posts" AS t
         WHERE t.ctid >= $1 AND t.ctid < $2
           AND (t.deleted_at < $3) IS TRUE) AS k;

-- watched: [10,20,30]
