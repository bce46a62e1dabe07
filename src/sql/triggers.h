/*
 * triggers: what both readers of the catalog ask about the application's triggers.
 *
 * tgtype: 1 row, 2 before, 8 delete (pg_trigger.h). PostgreSQL fires a trigger FOR EACH STATEMENT
 * for the table that the statement names, and for none of its partitions or of what it is a
 * partition of (the manual, "Overview of Trigger Behavior"). Our statements name leaves.
 */
#ifndef PGPURGED_SQL_TRIGGERS_H
#define PGPURGED_SQL_TRIGGERS_H

/* Of pg_trigger AS g. */
#define SQL_FIRES "NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')"

/* The names of those of a partitioned table, and of its partitions that have partitions, that our
 * statements leave silent; NULL = there is none. `accepted` is a list of names that don't count,
 * "a, b". */
#define SQL_SILENT_TRIGGERS(oid, accepted)                                                         \
    "(SELECT string_agg(DISTINCT g.tgname, ', ' ORDER BY g.tgname)"                                \
    "   FROM pg_partition_tree(" oid ") AS p JOIN pg_trigger AS g ON g.tgrelid = p.relid"          \
    "  WHERE NOT p.isleaf AND " SQL_FIRES " AND g.tgtype & 9 = 8"                                  \
    "    AND g.tgname <> ALL (string_to_array(" accepted ", ', ')))"

#endif
