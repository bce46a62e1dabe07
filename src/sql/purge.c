#include "sql/purge.h"

#include <stdlib.h>

#include "base/text.h"
#include "sql/quote.h"

/*
 * The moment that the row's mark stands for, as a timestamptz. A date means the end of that day:
 * which hour of it was meant is not known, and when unsure we do not delete.
 */
static char *instant_of(const struct sql_target *target, const char *column)
{
    char *zone = sql_literal(target->zone != NULL ? target->zone : "UTC");
    char *instant = NULL;

    switch (target->type) {
    case TIME_TIMESTAMPTZ:
        instant = text_format("t.%s", column);
        break;
    case TIME_TIMESTAMP:
        instant = text_format("pg_catalog.timezone(%s, t.%s)", zone, column);
        break;
    case TIME_DATE:
        instant = text_format("pg_catalog.timezone(%s, (t.%s OPERATOR(pg_catalog.+) 1)::timestamp)",
                              zone, column);
        break;
    }
    free(zone);
    return instant;
}

/* The earliest moment whose retention has run out, for --plan. */
static char *sample_of(const struct sql_target *target, const char *leaf, const char *due)
{
    char *column = sql_identifier(target->column);
    char *instant = instant_of(target, column);
    char *sample =
        text_format("SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE %s),\n"
                    "       pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.min(%s) "
                    "FILTER (WHERE %s)),\n"
                    "                          'YYYY-MM-DD HH24:MI:SS')\n"
                    "  FROM ONLY %s AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE "
                    "($2::pg_catalog.float8)",
                    due, instant, due, leaf);

    free(instant);
    free(column);
    return sample;
}

/*
 * Promise R stands here. NULL is not due (the comparison is not true), the future and infinity are
 * not, and a mark at or before 1970-01-01 is none: -infinity, 0 and the zero dates of programming
 * languages mean "never marked". Both comparisons are under one IS TRUE because the walk must read
 * the range's pages and no index: an index scan would visit all due rows of the table for each
 * batch.
 */
static char *predicate_of(const struct sql_target *target)
{
    char *column = sql_identifier(target->column);
    char *instant = instant_of(target, column);
    char *predicate = text_format("(%s OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz AND\n"
                                  "       %s OPERATOR(pg_catalog.>) '1970-01-01 "
                                  "00:00:00+00'::pg_catalog.timestamptz) IS TRUE",
                                  instant, instant);

    free(instant);
    free(column);
    return predicate;
}

static const char in_range[] =
    "t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2";

struct sql_statements sql_statements_for(const struct sql_target *target)
{
    char *schema = sql_identifier(target->schema), *table = sql_identifier(target->table);
    char *leaf = text_format("%s.%s", schema, table);
    char *due = predicate_of(target);
    struct sql_statements statements = {.predicate = due, .leaf = leaf};

    /* ONLY: a table that inherits from this one is another table with another rule. */
    statements.delete_range = text_format("DELETE FROM ONLY %s AS t\n"
                                          " WHERE %s\n"
                                          "  AND %s",
                                          leaf, in_range, due);
    /* The predicate stands in the DELETE again: between lock and delete nobody can change the row,
     * but a row that changed before the lock was taken must be judged as it is now. */
    statements.delete_skip_locked = text_format("DELETE FROM ONLY %s AS t\n"
                                                " WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(\n"
                                                "       SELECT t.ctid FROM ONLY %s AS t\n"
                                                "        WHERE %s\n"
                                                "         AND %s\n"
                                                "          FOR UPDATE SKIP LOCKED))\n"
                                                "  AND %s",
                                                leaf, leaf, in_range, due, due);
    statements.count_range = text_format("SELECT pg_catalog.count(*) FROM ONLY %s AS t\n"
                                         " WHERE %s\n"
                                         "  AND %s",
                                         leaf, in_range, due);
    statements.sample = sample_of(target, leaf, due);
    free(table);
    free(schema);
    return statements;
}

void sql_statements_free(struct sql_statements *statements)
{
    free(statements->predicate);
    free(statements->leaf);
    free(statements->delete_range);
    free(statements->delete_skip_locked);
    free(statements->count_range);
    free(statements->sample);
    *statements = (struct sql_statements){0};
}
