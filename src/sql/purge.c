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

/* A mark at or before this moment is none. */
static const char never_marked[] = "'1970-01-01 00:00:00+00'::pg_catalog.timestamptz";

/*
 * Promise R stands here. NULL is not due (the comparison is not true), the future and infinity are
 * not, and a mark at or before 1970-01-01 is none: -infinity, 0 and the zero dates of programming
 * languages mean "never marked". Both comparisons are under one IS TRUE because the walk must read
 * the range's pages and no index: an index scan would visit all due rows of the table for each
 * batch.
 */
static char *predicate_of(const struct sql_target *target, const char *cutoff)
{
    char *column = sql_identifier(target->column);
    char *instant = instant_of(target, column);
    char *predicate = text_format("(%s OPERATOR(pg_catalog.<) %s AND\n"
                                  "       %s OPERATOR(pg_catalog.>) %s) IS TRUE",
                                  instant, cutoff, instant, never_marked);

    free(instant);
    free(column);
    return predicate;
}

/*
 * What is due in a sample of the pages, and when the earliest row becomes due or became so: for
 * people and metrics, never for a decision about a row.
 */
static char *sample_of(const struct sql_target *target, const char *leaf)
{
    static const char cutoff[] =
        "(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval)";
    char *column = sql_identifier(target->column);
    char *instant = instant_of(target, column);
    char *due = predicate_of(target, cutoff);
    char *sample = text_format(
        "SELECT pg_catalog.count(*),\n"
        "       pg_catalog.count(*) FILTER (WHERE %s),\n"
        "       pg_catalog.date_part('epoch', pg_catalog.min(%s) FILTER (WHERE %s "
        "OPERATOR(pg_catalog.>) %s AND\n"
        "           pg_catalog.isfinite(%s)) OPERATOR(pg_catalog.+) $3::pg_catalog.interval)\n"
        "  FROM ONLY %s AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE "
        "($2::pg_catalog.float8)",
        due, instant, instant, never_marked, instant, leaf);

    free(due);
    free(instant);
    free(column);
    return sample;
}

static const char in_range[] =
    "t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2";

struct sql_statements sql_statements_for(const struct sql_target *target)
{
    char *schema = sql_identifier(target->schema), *table = sql_identifier(target->table);
    char *leaf = text_format("%s.%s", schema, table);
    char *due = predicate_of(target, "$3::pg_catalog.timestamptz");
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
    statements.sample = sample_of(target, leaf);
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
