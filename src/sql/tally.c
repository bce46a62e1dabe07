#include "sql/tally.h"

#include <stdlib.h>

#include "base/text.h"
#include "sql/quote.h"

/* By page, because rows of one page expire together: from what differs between pages follows how
 * far the estimate may be off. The page of (17,4) is "(17", which is all that a group needs to be
 * told from others by. */
static char *pages_of(const struct sql_target *target, const char *part)
{
    static const char now[] = "$3::pg_catalog.timestamptz";
    char *column = sql_identifier(target->column);
    char *due = sql_predicate(target, now);
    char *earlier = sql_predicate(target, "$4::pg_catalog.timestamptz");
    char *later = sql_predicate(target, "$5::pg_catalog.timestamptz");
    char *columns = sql_sample_columns(target, now);
    char *pages = text_format(
        "SELECT t.tableoid AS partition, count(*) AS rows,\n"
        "               count(*) FILTER (WHERE %s) AS due,\n"
        "               count(*) FILTER (WHERE %s) AS earlier,\n"
        "               count(*) FILTER (WHERE %s) AS later,\n"
        "               count(t.%s) AS marked,\n"
        "               %s\n"
        "          FROM %s AS t TABLESAMPLE SYSTEM ($1::float4) REPEATABLE ($2::float8)\n"
        "         GROUP BY t.tableoid, split_part(t.ctid::text, ',', 1)",
        due, earlier, later, column, columns, part);

    free(columns);
    free(later);
    free(earlier);
    free(due);
    free(column);
    return pages;
}

char *sql_tally(const struct sql_target *target, const struct sql_parts *parts)
{
    struct text all = {0};
    char *tally;

    for (size_t i = 0; i < parts->count; i++) {
        char *pages = pages_of(target, parts->names[i]);

        text_addf(&all, "%s%s", i > 0 ? "\n        UNION ALL\n        " : "", pages);
        free(pages);
    }
    tally = text_format(
        "SELECT p.partition, sum(p.rows), sum(p.due), sum(p.due * p.due), sum(p.earlier),\n"
        "       sum(p.later), sum(p.marked), min(p.earliest), sum(p.undated)\n"
        "  FROM (%s) AS p\n"
        " GROUP BY p.partition",
        all.data);
    text_free(&all);
    return tally;
}
