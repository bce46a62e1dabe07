-- keep
NOT EXISTS (SELECT FROM "public"."comments" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id") AND
       NOT EXISTS (SELECT FROM ONLY "public"."log" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id" AND t.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(11::pg_catalog.oid::pg_catalog.regclass) AS p)));

-- step 1: rows of "public"."likes" (30)
DELETE FROM ONLY "public"."likes" AS k2
 WHERE k2.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
       SELECT k2.ctid FROM ONLY "public"."posts" AS t
          JOIN "public"."comments" AS k1 ON t."id" OPERATOR(pg_catalog.=) k1."post_id"
          JOIN ONLY "public"."likes" AS k2 ON k1."id" OPERATOR(pg_catalog.=) k2."comment_id"
        WHERE t.ctid >= $1 AND t.ctid < $2
          AND EXISTS (SELECT FROM (SELECT t.*) AS t WHERE (t.deleted_at < $3) IS TRUE)
          AND (NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."likes" AS b2 ON b1."id" OPERATOR(pg_catalog.=) b2."comment_id" JOIN ONLY "public"."likes" AS r ON b2."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) b2.ctid OR r.tableoid OPERATOR(pg_catalog.<>) b2.tableoid) WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id" AND NOT EXISTS (SELECT FROM "public"."comments" AS m1 WHERE t."id" OPERATOR(pg_catalog.=) m1."post_id" AND m1."id" OPERATOR(pg_catalog.=) r."comment_id")) AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN "public"."comments" AS r ON b1."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) b1.ctid OR r.tableoid OPERATOR(pg_catalog.<>) b1.tableoid) WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id" AND NOT (t."id" OPERATOR(pg_catalog.=) r."post_id") IS TRUE) AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."pins" AS r ON b1."id" OPERATOR(pg_catalog.=) r."comment_id" WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id") AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."posts" AS r ON b1."id" OPERATOR(pg_catalog.=) r."parent_id" WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id") AND
               NOT EXISTS (SELECT FROM ONLY "public"."log" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id" AND t.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(11::pg_catalog.oid::pg_catalog.regclass) AS p)))) IS TRUE
          AND (NOT EXISTS (SELECT FROM ONLY "public"."likes" AS r WHERE k2."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) k2.ctid OR r.tableoid OPERATOR(pg_catalog.<>) k2.tableoid))) IS TRUE
        LIMIT $4
          FOR UPDATE OF t, k1 SKIP LOCKED))
  AND EXISTS (SELECT FROM ONLY "public"."posts" AS t
          JOIN "public"."comments" AS k1 ON t."id" OPERATOR(pg_catalog.=) k1."post_id"
        WHERE k1."id" OPERATOR(pg_catalog.=) k2."comment_id"
          AND t.ctid >= $1 AND t.ctid < $2
          AND EXISTS (SELECT FROM (SELECT t.*) AS t WHERE (t.deleted_at < $3) IS TRUE))
          AND (NOT EXISTS (SELECT FROM ONLY "public"."likes" AS r WHERE k2."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) k2.ctid OR r.tableoid OPERATOR(pg_catalog.<>) k2.tableoid))) IS TRUE;

-- step 2: rows of "public"."comments_1" (21)
DELETE FROM ONLY "public"."comments_1" AS k1
 WHERE k1.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
       SELECT k1.ctid FROM ONLY "public"."posts" AS t
          JOIN ONLY "public"."comments_1" AS k1 ON t."id" OPERATOR(pg_catalog.=) k1."post_id"
        WHERE t.ctid >= $1 AND t.ctid < $2
          AND EXISTS (SELECT FROM (SELECT t.*) AS t WHERE (t.deleted_at < $3) IS TRUE)
          AND (NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."likes" AS b2 ON b1."id" OPERATOR(pg_catalog.=) b2."comment_id" JOIN ONLY "public"."likes" AS r ON b2."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) b2.ctid OR r.tableoid OPERATOR(pg_catalog.<>) b2.tableoid) WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id" AND NOT EXISTS (SELECT FROM "public"."comments" AS m1 WHERE t."id" OPERATOR(pg_catalog.=) m1."post_id" AND m1."id" OPERATOR(pg_catalog.=) r."comment_id")) AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN "public"."comments" AS r ON b1."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) b1.ctid OR r.tableoid OPERATOR(pg_catalog.<>) b1.tableoid) WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id" AND NOT (t."id" OPERATOR(pg_catalog.=) r."post_id") IS TRUE) AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."pins" AS r ON b1."id" OPERATOR(pg_catalog.=) r."comment_id" WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id") AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."posts" AS r ON b1."id" OPERATOR(pg_catalog.=) r."parent_id" WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id") AND
               NOT EXISTS (SELECT FROM ONLY "public"."log" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id" AND t.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(11::pg_catalog.oid::pg_catalog.regclass) AS p)))) IS TRUE
          AND (NOT EXISTS (SELECT FROM ONLY "public"."likes" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM "public"."comments" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) k1.ctid OR r.tableoid OPERATOR(pg_catalog.<>) k1.tableoid)) AND
               NOT EXISTS (SELECT FROM ONLY "public"."pins" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM ONLY "public"."posts" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id")) IS TRUE
        LIMIT $4
          FOR UPDATE OF t SKIP LOCKED))
  AND EXISTS (SELECT FROM ONLY "public"."posts" AS t
        WHERE t."id" OPERATOR(pg_catalog.=) k1."post_id"
          AND t.ctid >= $1 AND t.ctid < $2
          AND EXISTS (SELECT FROM (SELECT t.*) AS t WHERE (t.deleted_at < $3) IS TRUE))
          AND (NOT EXISTS (SELECT FROM ONLY "public"."likes" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM "public"."comments" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) k1.ctid OR r.tableoid OPERATOR(pg_catalog.<>) k1.tableoid)) AND
               NOT EXISTS (SELECT FROM ONLY "public"."pins" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM ONLY "public"."posts" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id")) IS TRUE;

-- step 3: rows of "public"."comments_2" (22)
DELETE FROM ONLY "public"."comments_2" AS k1
 WHERE k1.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
       SELECT k1.ctid FROM ONLY "public"."posts" AS t
          JOIN ONLY "public"."comments_2" AS k1 ON t."id" OPERATOR(pg_catalog.=) k1."post_id"
        WHERE t.ctid >= $1 AND t.ctid < $2
          AND EXISTS (SELECT FROM (SELECT t.*) AS t WHERE (t.deleted_at < $3) IS TRUE)
          AND (NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."likes" AS b2 ON b1."id" OPERATOR(pg_catalog.=) b2."comment_id" JOIN ONLY "public"."likes" AS r ON b2."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) b2.ctid OR r.tableoid OPERATOR(pg_catalog.<>) b2.tableoid) WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id" AND NOT EXISTS (SELECT FROM "public"."comments" AS m1 WHERE t."id" OPERATOR(pg_catalog.=) m1."post_id" AND m1."id" OPERATOR(pg_catalog.=) r."comment_id")) AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN "public"."comments" AS r ON b1."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) b1.ctid OR r.tableoid OPERATOR(pg_catalog.<>) b1.tableoid) WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id" AND NOT (t."id" OPERATOR(pg_catalog.=) r."post_id") IS TRUE) AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."pins" AS r ON b1."id" OPERATOR(pg_catalog.=) r."comment_id" WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id") AND
               NOT EXISTS (SELECT FROM "public"."comments" AS b1 JOIN ONLY "public"."posts" AS r ON b1."id" OPERATOR(pg_catalog.=) r."parent_id" WHERE t."id" OPERATOR(pg_catalog.=) b1."post_id") AND
               NOT EXISTS (SELECT FROM ONLY "public"."log" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id" AND t.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(11::pg_catalog.oid::pg_catalog.regclass) AS p)))) IS TRUE
          AND (NOT EXISTS (SELECT FROM ONLY "public"."likes" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM "public"."comments" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) k1.ctid OR r.tableoid OPERATOR(pg_catalog.<>) k1.tableoid)) AND
               NOT EXISTS (SELECT FROM ONLY "public"."pins" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM ONLY "public"."posts" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id")) IS TRUE
        LIMIT $4
          FOR UPDATE OF t SKIP LOCKED))
  AND EXISTS (SELECT FROM ONLY "public"."posts" AS t
        WHERE t."id" OPERATOR(pg_catalog.=) k1."post_id"
          AND t.ctid >= $1 AND t.ctid < $2
          AND EXISTS (SELECT FROM (SELECT t.*) AS t WHERE (t.deleted_at < $3) IS TRUE))
          AND (NOT EXISTS (SELECT FROM ONLY "public"."likes" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM "public"."comments" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id" AND (r.ctid OPERATOR(pg_catalog.<>) k1.ctid OR r.tableoid OPERATOR(pg_catalog.<>) k1.tableoid)) AND
               NOT EXISTS (SELECT FROM ONLY "public"."pins" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."comment_id") AND
               NOT EXISTS (SELECT FROM ONLY "public"."posts" AS r WHERE k1."id" OPERATOR(pg_catalog.=) r."parent_id")) IS TRUE;

-- rejected
SELECT ARRAY[pg_catalog.count(*) FILTER (WHERE k.by OPERATOR(pg_catalog.=) 1), pg_catalog.count(*) FILTER (WHERE k.by OPERATOR(pg_catalog.=) 2)]
  FROM (SELECT CASE
               WHEN EXISTS (SELECT FROM ONLY "public"."log" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id" AND t.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT p.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(11::pg_catalog.oid::pg_catalog.regclass) AS p))) THEN 2
               WHEN EXISTS (SELECT FROM "public"."comments" AS r WHERE t."id" OPERATOR(pg_catalog.=) r."post_id") THEN 1 END AS by
          FROM ONLY "public"."posts" AS t
         WHERE t.ctid >= $1 AND t.ctid < $2
           AND (t.deleted_at < $3) IS TRUE) AS k;

-- watched: [20,30,40]
