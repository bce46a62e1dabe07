#include "sql/purge.h"

#include <stdbool.h>
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

/* A mark before this moment is none. The zero of 1970-01-01 is a local time in zoneless columns,
 * and the end of that day in a date: in the westernmost zone that is 1970-01-02 12:00 UTC. */
static const char never_marked[] = "'1970-01-03 00:00:00+00'::pg_catalog.timestamptz";

/*
 * Promise R stands here. NULL is not due (the comparison is not true), the future and infinity are
 * not, and a mark before 1970-01-03 is none: -infinity, 0 and the zero dates of programming
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
static char *sample_of(const struct sql_target *target, const char *whole)
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
        "  FROM %s AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE "
        "($2::pg_catalog.float8)",
        due, instant, instant, never_marked, instant, whole);

    free(due);
    free(instant);
    free(column);
    return sample;
}

/* Of all leaves together, where the table has several. */
static char *sample_of_all(const struct sql_target *target, const char *table)
{
    char *whole = text_format("%s%s", target->root_table != NULL ? "" : "ONLY ", table);
    char *sample = sample_of(target, whole);

    free(whole);
    return sample;
}

static const char in_range[] =
    "t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2";

/*
 * A moment as the column would say it. For a zoneless column that is local time, and every row that
 * is due before the moment has a mark before it: of an hour that comes twice, PostgreSQL takes the
 * later one, and of one that doesn't exist, what it would have been without the change. So a bound
 * made of it leaves no due row out; the few others that it lets in, around the change of clocks,
 * are kept out by the predicate, which always stands beside it.
 */
static char *mark_of(const struct sql_target *target, const char *instant)
{
    char *zone = sql_literal(target->zone != NULL ? target->zone : "UTC");
    char *mark = NULL;

    switch (target->type) {
    case TIME_TIMESTAMPTZ:
        mark = text_copy(instant);
        break;
    case TIME_TIMESTAMP:
        mark = text_format("pg_catalog.timezone(%s, %s)", zone, instant);
        break;
    case TIME_DATE: /* its moment is the end of the day */
        mark = text_format("(pg_catalog.timezone(%s, %s) OPERATOR(pg_catalog.-) '1 "
                           "day'::pg_catalog.interval)",
                           zone, instant);
        break;
    }
    free(zone);
    return mark;
}

static const char *type_name(enum time_type type)
{
    switch (type) {
    case TIME_TIMESTAMPTZ:
        return "timestamptz";
    case TIME_TIMESTAMP:
        return "timestamp";
    case TIME_DATE:
        return "date";
    }
    return "timestamptz";
}

/* Plain comparisons of the column, which an index on it can serve, and the predicate. A partial
 * index over the marked rows (WHERE deleted_at IS NOT NULL) serves as well: PostgreSQL sees that
 * NULL is not less than anything. */
static char *through_index_of(const struct sql_target *target, const char *leaf, const char *cutoff)
{
    char *column = sql_identifier(target->column);
    char *from = mark_of(target, never_marked), *to = mark_of(target, cutoff);
    char *due = predicate_of(target, cutoff);
    char *rows = text_format("FROM ONLY %s AS t\n"
                             "         WHERE t.%s OPERATOR(pg_catalog.>) %s\n"
                             "          AND t.%s OPERATOR(pg_catalog.<) %s\n"
                             "          AND %s",
                             leaf, column, from, column, to, due);

    free(due);
    free(to);
    free(from);
    free(column);
    return rows;
}

/*
 * The next due rows in the order of their marks. The bound moves with each slice, so that the index
 * entries of rows that are gone are not read again; rows that have the same mark as the last one
 * begin the next slice, because LIMIT may have cut between them.
 */
static char *take_slice_of(const struct sql_target *target, const char *leaf)
{
    char *column = sql_identifier(target->column);
    char *rows = through_index_of(target, leaf, "$3::pg_catalog.timestamptz");
    const char *type = type_name(target->type);
    char *slice = text_format(
        "SELECT pg_catalog.array_agg(s.ctid ORDER BY s.ctid),\n"
        "       pg_catalog.max(s.mark)::pg_catalog.text,\n"
        "       pg_catalog.count(*)\n"
        "  FROM (SELECT t.ctid, t.%s AS mark\n"
        "          %s\n"
        "          AND t.%s OPERATOR(pg_catalog.>=) COALESCE($1::pg_catalog.%s, '-infinity')\n"
        "         ORDER BY t.%s LIMIT $2::pg_catalog.int8) AS s",
        column, rows, column, type, column);

    free(rows);
    free(column);
    return slice;
}

/* Needs nothing but the column, so that pages which are all visible are not even looked at. */
static char *probe_of(const struct sql_target *target, const char *leaf)
{
    char *column = sql_identifier(target->column);
    char *rows = through_index_of(target, leaf, "$1::pg_catalog.timestamptz");
    char *probe = text_format("SELECT pg_catalog.count(*)\n"
                              "  FROM (SELECT t.%s\n"
                              "          %s\n"
                              "         ORDER BY t.%s LIMIT $2::pg_catalog.int8) AS s",
                              column, rows, column);

    free(rows);
    free(column);
    return probe;
}

/* What makes a row go: it is due, and nothing that refers to it is in its way. */
static char *goes_of(const struct sql_target *target, const char *cutoff)
{
    char *due = predicate_of(target, cutoff), *goes;

    if (target->keep == NULL)
        return due;
    goes = text_format("%s\n  AND %s", due, target->keep);
    free(due);
    return goes;
}

static const char in_list[] = "t.ctid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.tid[])";

/* The same three as for a range, for a list of TIDs: $1 tid[], $2 the cutoff. A TID that an index
 * gave may hold another row by now, or a restored one: promise R needs the predicate here as well.
 */
static void add_statements_for_tids(const struct sql_target *target,
                                    struct sql_statements *statements)
{
    const char *leaf = statements->leaf;
    char *due = goes_of(target, "$2::pg_catalog.timestamptz");

    statements->delete_tids = text_format("DELETE FROM ONLY %s AS t\n"
                                          " WHERE %s\n"
                                          "  AND %s",
                                          leaf, in_list, due);
    statements->delete_tids_skip_locked =
        text_format("DELETE FROM ONLY %s AS t\n"
                    " WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(\n"
                    "       SELECT t.ctid FROM ONLY %s AS t\n"
                    "        WHERE %s\n"
                    "         AND %s\n"
                    "          FOR UPDATE SKIP LOCKED))\n"
                    "  AND %s",
                    leaf, leaf, in_list, due, due);
    statements->count_tids = text_format("SELECT pg_catalog.count(*) FROM ONLY %s AS t\n"
                                         " WHERE %s\n"
                                         "  AND %s",
                                         leaf, in_list, due);
    free(due);
}

static char *qualified(const char *schema, const char *table)
{
    char *quoted_schema = sql_identifier(schema), *quoted_table = sql_identifier(table);
    char *name = text_format("%s.%s", quoted_schema, quoted_table);

    free(quoted_table);
    free(quoted_schema);
    return name;
}

struct sql_statements sql_statements_for(const struct sql_target *target)
{
    char *leaf = qualified(target->schema, target->table);
    char *due = goes_of(target, "$3::pg_catalog.timestamptz");
    struct sql_statements statements = {.leaf = leaf};

    statements.table = target->root_table != NULL
                           ? qualified(target->root_schema, target->root_table)
                           : text_copy(leaf);

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
    statements.predicate = predicate_of(target, "$3::pg_catalog.timestamptz");
    statements.sample = sample_of_all(target, statements.table);
    statements.probe = probe_of(target, leaf);
    statements.take_slice = take_slice_of(target, leaf);
    add_statements_for_tids(target, &statements);
    free(due);
    return statements;
}

void sql_statements_free(struct sql_statements *statements)
{
    free(statements->predicate);
    free(statements->table);
    free(statements->leaf);
    free(statements->family_range);
    free(statements->family_tids);
    free(statements->delete_range);
    free(statements->delete_skip_locked);
    free(statements->count_range);
    free(statements->sample);
    free(statements->probe);
    free(statements->take_slice);
    free(statements->delete_tids);
    free(statements->delete_tids_skip_locked);
    free(statements->count_tids);
    *statements = (struct sql_statements){0};
}
