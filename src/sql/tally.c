#include "sql/tally.h"

#include <stdlib.h>

#include "base/text.h"
#include "sql/quote.h"

#define AS_OPEN_RUN_WRITES(instant)                                                                \
    "to_char((" instant ") AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'"

const char sql_cutoffs[] =
    "SELECT " AS_OPEN_RUN_WRITES("now() - $1::interval") ", " AS_OPEN_RUN_WRITES(
        "now() - $1::interval - interval '168 hours'") ", " AS_OPEN_RUN_WRITES("now() - "
                                                                               "$1::interval + "
                                                                               "make_interval("
                                                                               "hours => "
                                                                               "$2::integer)");

/* Of all leaves together, where the table has several. */
static char *whole_of(const struct sql_target *target)
{
    char *table, *only;

    if (target->root_table != NULL)
        return sql_qualified(target->root_schema, target->root_table);
    table = sql_qualified(target->schema, target->table);
    only = text_format("ONLY %s", table);
    free(table);
    return only;
}

/* By page, because rows of one page expire together: from what differs between pages follows how
 * far the estimate may be off. The page of (17,4) is "(17", which is all that a group needs to be
 * told from others by. */
char *sql_tally(const struct sql_target *target)
{
    char *column = sql_identifier(target->column), *whole = whole_of(target);
    char *due = sql_predicate(target, "$3::pg_catalog.timestamptz");
    char *earlier = sql_predicate(target, "$4::pg_catalog.timestamptz");
    char *later = sql_predicate(target, "$5::pg_catalog.timestamptz");
    char *tally = text_format(
        "SELECT p.leaf, sum(p.rows), sum(p.due), sum(p.due * p.due), sum(p.earlier),\n"
        "       sum(p.later), sum(p.marked)\n"
        "  FROM (SELECT t.tableoid AS leaf, count(*) AS rows,\n"
        "               count(*) FILTER (WHERE %s) AS due,\n"
        "               count(*) FILTER (WHERE %s) AS earlier,\n"
        "               count(*) FILTER (WHERE %s) AS later,\n"
        "               count(t.%s) AS marked\n"
        "          FROM %s AS t TABLESAMPLE SYSTEM ($1::float4) REPEATABLE ($2::float8)\n"
        "         GROUP BY t.tableoid, split_part(t.ctid::text, ',', 1)) AS p\n"
        " GROUP BY p.leaf",
        due, earlier, later, column, whole);

    free(later);
    free(earlier);
    free(due);
    free(whole);
    free(column);
    return tally;
}
