#include "sql/advice.h"

#include "base/text.h"
#include "sql/triggers.h"

/* The OID of the table, and those of its partitions. */
#define WITH_TABLE                                                                                 \
    "WITH root AS (SELECT c.oid, c.relkind"                                                        \
    "   FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"                       \
    "  WHERE n.nspname = $1 AND c.relname = $2),"                                                  \
    " partition AS (SELECT oid FROM root UNION SELECT p.relid"                                     \
    "   FROM root, pg_partition_tree(CASE WHEN root.relkind = 'p' THEN root.oid END) AS p)"

/* A partition's own copies of the partitioned table's triggers are not listed again. */
const char sql_advice_triggers[] = WITH_TABLE
    " SELECT quote_ident(g.tgname), CASE WHEN g.tgtype & 2 <> 0 THEN 'before' ELSE 'after' END,"
    " g.tgtype & 1 <> 0 AS each_row, g.tgfoid::regproc::text,"
    " g.tgtype & 1 = 0 AND c.relkind = 'p' AS silent"
    " FROM pg_trigger AS g JOIN partition ON partition.oid = g.tgrelid"
    " JOIN pg_class AS c ON c.oid = g.tgrelid"
    " WHERE " SQL_FIRES " AND g.tgtype & 8 <> 0 AND g.tgparentid = 0"
    " ORDER BY g.tgtype & 2 = 0, g.tgname";

/* What a DELETE's ROW EXCLUSIVE conflicts with (the manual, 13.3.1), and transactions that may hold
 * locks on rows: those with RowExclusiveLock or RowShareLock that are more than a minute old. A
 * prepared transaction has no session; it is found by the lock on its own number, because its
 * virtual number is only then "-1/..." (52.12, pg_locks) when the server was restarted since. */
const char sql_advice_locks[] = WITH_TABLE
    ", held AS MATERIALIZED (SELECT * FROM pg_locks WHERE granted)"
    " SELECT s.who, s.application_name, s.mode, s.age, s.shuts_out FROM ("
    "  SELECT DISTINCT ON (l.virtualtransaction)"
    "         coalesce('pid ' || l.pid, 'prepared transaction ' || x.gid, 'somebody') AS who,"
    "         a.application_name, l.mode,"
    "         extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, x.prepared)) AS age,"
    "         l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',"
    "                    'AccessExclusiveLock') AS shuts_out"
    "    FROM held AS l JOIN partition ON partition.oid = l.relation"
    "    LEFT JOIN LATERAL (SELECT * FROM pg_stat_get_activity(l.pid) WHERE l.pid IS NOT NULL) AS a"
    "      ON true"
    "    LEFT JOIN LATERAL (SELECT p.gid, p.prepared FROM held AS m"
    "        JOIN pg_prepared_xact() AS p ON p.transaction = m.transactionid"
    "       WHERE m.virtualtransaction = l.virtualtransaction AND l.pid IS NULL) AS x ON true"
    "   WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_backend_pid()"
    "     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    "   ORDER BY l.virtualtransaction, l.mode IN ('ShareLock', 'ShareRowExclusiveLock',"
    "                              'ExclusiveLock', 'AccessExclusiveLock') DESC,"
    "            l.mode = 'RowExclusiveLock' DESC) AS s"
    " WHERE s.shuts_out OR s.mode IN ('RowExclusiveLock', 'RowShareLock') AND s.age > 60"
    " ORDER BY s.shuts_out DESC, s.age DESC NULLS LAST LIMIT 5";

/* As sql/limits.c has it. */
const char sql_advice_wraparound[] = WITH_TABLE
    " SELECT a.pid FROM pg_stat_get_activity(NULL) AS a, partition"
    "  JOIN pg_class AS c ON c.oid = partition.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    "   AND a.query IN (format('autovacuum: VACUUM %s.%s (to prevent wraparound)', n.nspname, "
    "c.relname),"
    "     format('autovacuum: VACUUM ANALYZE %s.%s (to prevent wraparound)', n.nspname, "
    "c.relname))";

/* Needed is what a foreign key points at, and what finds the rows of one: when its parent goes, all
 * of its rows are looked for, not only the live ones. */
const char sql_advice_indexes[] =
    "SELECT i.indexrelid::regclass::text AS name,"
    " (SELECT string_agg(pg_get_indexdef(i.indexrelid, k.n, true), ', ' ORDER BY k.n)"
    "    FROM generate_series(1, i.indnkeyatts::integer) AS k (n)) AS keys,"
    " i.indisunique, i.indisprimary, pg_get_expr(i.indpred, i.indrelid) AS condition,"
    " a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]) AS has_column,"
    " coalesce(pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NULL)', a.attname), false)"
    "  AS of_live_rows,"
    " (SELECT quote_ident(conname) FROM pg_constraint"
    "   WHERE conindid = i.indexrelid AND contype IN ('p', 'u') LIMIT 1) AS constraint_name,"
    " EXISTS (SELECT FROM pg_constraint AS f WHERE f.contype = 'f'"
    "   AND (f.conindid = i.indexrelid OR f.conrelid = i.indrelid AND"
    "        f.conkey::smallint[] <@ (i.indkey::smallint[])[0:array_length(f.conkey, 1) - 1]))"
    "  AS needed,"
    " pg_stat_get_numscans(i.indexrelid) AS scans"
    " FROM pg_class AS r JOIN pg_namespace AS n ON n.oid = r.relnamespace"
    " JOIN pg_index AS i ON i.indrelid = r.oid JOIN pg_class AS c ON c.oid = i.indexrelid"
    " JOIN pg_am AS m ON m.oid = c.relam"
    " JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attname = $3 AND a.attnum > 0"
    "  AND NOT a.attisdropped"
    " WHERE n.nspname = $1 AND r.relname = $2 AND m.amname = 'btree'"
    "   AND i.indisvalid AND i.indisready AND i.indislive"
    " ORDER BY i.indexrelid";

const char sql_advice_toast[] = WITH_TABLE
    " SELECT coalesce(sum(pg_relation_size(c.reltoastrelid)), 0)::bigint"
    " FROM partition JOIN pg_class AS c ON c.oid = partition.oid WHERE c.reltoastrelid <> 0";

char *sql_create_index(bool unique, const char *table, const char *keys, const char *condition)
{
    return text_format("CREATE %sINDEX CONCURRENTLY ON %s (%s)%s%s", unique ? "UNIQUE " : "", table,
                       keys, condition != NULL ? " WHERE " : "",
                       condition != NULL ? condition : "");
}

char *sql_drop_index(const char *table, const char *index, const char *constraint)
{
    if (constraint != NULL)
        return text_format("ALTER TABLE %s DROP CONSTRAINT %s", table, constraint);
    return text_format("DROP INDEX CONCURRENTLY %s", index);
}
