/*
 * published: what readers of the catalog ask about logical replication.
 *
 * A subscriber learns of a DELETE by the row's replica identity; the server refuses the DELETE
 * where a publication of deletes has the table, and the table has no identity (the manual, CREATE
 * PUBLICATION). It learns nothing of a DROP TABLE. A partition is published with any table above
 * it.
 */
#ifndef PGPURGED_SQL_PUBLISHED_H
#define PGPURGED_SQL_PUBLISHED_H

/* A CTE, read once: a publication of deletes and a table in it, or NULL for all tables. */
#define SQL_PUBLISHED                                                                              \
    "published AS MATERIALIZED ("                                                                  \
    "  SELECT p.pubname::text AS name, t.relid"                                                    \
    "    FROM pg_publication AS p"                                                                 \
    "    CROSS JOIN LATERAL pg_get_publication_tables(p.pubname::text) AS t"                       \
    "   WHERE p.pubdelete AND NOT p.puballtables"                                                  \
    "   UNION ALL"                                                                                 \
    "  SELECT p.pubname::text, NULL FROM pg_publication AS p WHERE p.pubdelete AND "               \
    "p.puballtables)"

/* The publications of deletes that have a row of pg_class; NULL = none has. */
#define SQL_PUBLISHED_BY(c)                                                                        \
    "CASE WHEN " c ".relpersistence = 'p' THEN"                                                    \
    " (SELECT string_agg(DISTINCT quote_ident(p.name), ', ') FROM published AS p"                  \
    "   WHERE p.relid IS NULL OR p.relid = ANY (ARRAY("                                            \
    "         SELECT " c ".oid UNION SELECT relid FROM pg_partition_ancestors(" c ".oid)))) END"

/* The same where the server refuses the DELETE for it. */
#define SQL_UNIDENTIFIED(c)                                                                        \
    "CASE WHEN " c ".relkind = 'r' AND " c ".relreplident <> 'f'"                                  \
    "      AND pg_get_replica_identity_index(" c ".oid) IS NULL THEN " SQL_PUBLISHED_BY(c) " END"

#endif
