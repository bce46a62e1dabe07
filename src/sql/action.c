#include "sql/action.h"

#include <stdlib.h>

#include "base/text.h"
#include "sql/children.h"
#include "sql/quote.h"

static const char in_range[] =
    "t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2";

/* Plain comparisons of the column, which an index on it can serve, and the predicate. A partial
 * index over the marked rows (WHERE deleted_at IS NOT NULL) serves as well: PostgreSQL sees that
 * NULL is not less than anything. */
static char *through_index_of(const struct sql_target *target, const char *partition,
                              const char *cutoff)
{
    char *bounds = sql_bounds(target, cutoff), *due = sql_predicate(target, cutoff);
    char *rows = text_format("FROM ONLY %s AS t\n"
                             "         WHERE %s AND\n"
                             "       %s",
                             partition, bounds, due);

    free(due);
    free(bounds);
    return rows;
}

/*
 * The next due rows in the order of their marks. The bound moves with each slice, so that the index
 * entries of rows that are gone are not read again; rows that have the same mark as the last one
 * begin the next slice, because LIMIT may have cut between them.
 */
static char *take_slice_of(const struct sql_target *target, const char *partition)
{
    char *column = sql_identifier(target->column);
    char *rows = through_index_of(target, partition, "$3::pg_catalog.timestamptz");
    char *slice = text_format(
        "SELECT pg_catalog.array_agg(s.ctid ORDER BY s.ctid),\n"
        "       pg_catalog.max(s.mark)::pg_catalog.text,\n"
        "       pg_catalog.count(*)\n"
        "  FROM (SELECT t.ctid, t.%s AS mark\n"
        "          %s\n"
        "          AND t.%s OPERATOR(pg_catalog.>=) COALESCE($1::pg_catalog.%s, %s)\n"
        "         ORDER BY t.%s LIMIT $2::pg_catalog.int8) AS s",
        column, rows, column, sql_mark_type(target->type), sql_first_mark(target->type), column);

    free(rows);
    free(column);
    return slice;
}

/* Needs nothing but the column, so that pages which are all visible are not even looked at. */
static char *probe_of(const struct sql_target *target, const char *partition)
{
    char *column = sql_identifier(target->column);
    char *rows = through_index_of(target, partition, "$1::pg_catalog.timestamptz");
    char *probe = text_format("SELECT pg_catalog.count(*)\n"
                              "  FROM (SELECT t.%s\n"
                              "          %s\n"
                              "         ORDER BY t.%s LIMIT $2::pg_catalog.int8) AS s",
                              column, rows, column);

    free(rows);
    free(column);
    return probe;
}

/* Where the audit row is to have a digest of the rows that go: the same DELETE, and their number
 * and their keys, a line for each. */
static char *with_keys(const struct sql_target *target, char *delete_sql)
{
    const struct columns *digest = target->digest;
    struct text key = {0};
    char *sql;

    if (digest == NULL || digest->count == 0)
        return delete_sql;
    for (size_t i = 0; i < digest->count; i++) {
        char *column = sql_identifier(digest->names[i]);

        text_addf(&key, "%st.%s", i > 0 ? ", " : "", column);
        free(column);
    }
    sql = text_format("WITH gone AS (%s\n"
                      "RETURNING %s%s%s AS key)\n"
                      "SELECT pg_catalog.count(*),\n"
                      "       pg_catalog.string_agg(g.key OPERATOR(pg_catalog.||) E'\\n', '')\n"
                      "  FROM gone AS g",
                      delete_sql, digest->count > 1 ? "ROW(" : "COALESCE(", key.data,
                      digest->count > 1 ? ")::pg_catalog.text" : "::pg_catalog.text, '')");
    text_free(&key);
    free(delete_sql);
    return sql;
}

static const char in_list[] = "t.ctid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.tid[])";

/* The same three as for a range, for a list of TIDs: $1 tid[], $2 the cutoff. A TID that an index
 * gave may hold another row by now, or a restored one: promise R needs the predicate here as well.
 */
static void add_statements_for_tids(const struct sql_target *target,
                                    struct sql_statements *statements)
{
    const char *partition = statements->partition;
    char *due = sql_goes(target, "$2::pg_catalog.timestamptz");

    statements->delete_tids = text_format("DELETE FROM ONLY %s AS t\n"
                                          " WHERE %s\n"
                                          "  AND %s",
                                          partition, in_list, due);
    statements->delete_tids_skip_locked =
        text_format("DELETE FROM ONLY %s AS t\n"
                    " WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(\n"
                    "       SELECT t.ctid FROM ONLY %s AS t\n"
                    "        WHERE %s\n"
                    "         AND %s\n"
                    "          FOR UPDATE SKIP LOCKED))\n"
                    "  AND %s",
                    partition, partition, in_list, due, due);
    statements->delete_tids = with_keys(target, statements->delete_tids);
    statements->delete_tids_skip_locked = with_keys(target, statements->delete_tids_skip_locked);
    statements->count_tids = text_format("SELECT pg_catalog.count(*) FROM ONLY %s AS t\n"
                                         " WHERE %s\n"
                                         "  AND %s",
                                         partition, in_list, due);
    free(due);
}

/* About all rows of the partition. */
static void add_statements_for_all(const struct sql_target *target,
                                   struct sql_statements *statements)
{
    char *due = sql_predicate(target, "$1::pg_catalog.timestamptz");

    statements->has_never_expires = text_format("SELECT EXISTS (SELECT FROM ONLY %s AS t\n"
                                                " WHERE NOT (%s))",
                                                statements->partition, due);
    statements->count_partition = text_format("SELECT pg_catalog.count(*),\n"
                                              "       pg_catalog.count(*) FILTER (WHERE %s)\n"
                                              "  FROM ONLY %s AS t",
                                              due, statements->partition);
    free(due);
}

/* What refers to the partition's rows, for a range and for a list. */
static void add_family(const struct sql_target *target, struct sql_statements *statements)
{
    char *due_range = sql_predicate(target, "$3::pg_catalog.timestamptz");
    char *due_list = sql_predicate(target, "$2::pg_catalog.timestamptz");
    struct sql_scope range = {statements->partition, in_range, due_range, "$4"};
    struct sql_scope list = {statements->partition, in_list, due_list, "$3"};

    if (target->family != NULL) {
        statements->family_range = fk_graph_document(target->family, &range);
        statements->family_tids = fk_graph_document(target->family, &list);
    }
    free(due_range);
    free(due_list);
}

struct sql_statements sql_statements_for(const struct sql_target *target)
{
    char *partition = sql_qualified(target->schema, target->table);
    char *due = sql_goes(target, "$3::pg_catalog.timestamptz");
    struct sql_statements statements = {.partition = partition};

    statements.table = target->root_table != NULL
                           ? sql_qualified(target->root_schema, target->root_table)
                           : text_copy(partition);

    /* ONLY: a table that inherits from this one is another table with another rule. */
    statements.delete_range = text_format("DELETE FROM ONLY %s AS t\n"
                                          " WHERE %s\n"
                                          "  AND %s",
                                          partition, in_range, due);
    /* The predicate stands in the DELETE again: between lock and delete nobody can change the row,
     * but a row that changed before the lock was taken must be judged as it is now. */
    statements.delete_skip_locked = text_format("DELETE FROM ONLY %s AS t\n"
                                                " WHERE t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(\n"
                                                "       SELECT t.ctid FROM ONLY %s AS t\n"
                                                "        WHERE %s\n"
                                                "         AND %s\n"
                                                "          FOR UPDATE SKIP LOCKED))\n"
                                                "  AND %s",
                                                partition, partition, in_range, due, due);
    statements.delete_range = with_keys(target, statements.delete_range);
    statements.delete_skip_locked = with_keys(target, statements.delete_skip_locked);
    statements.count_range = text_format("SELECT pg_catalog.count(*) FROM ONLY %s AS t\n"
                                         " WHERE %s\n"
                                         "  AND %s",
                                         partition, in_range, due);
    add_statements_for_all(target, &statements);
    statements.predicate = sql_predicate(target, "$3::pg_catalog.timestamptz");
    statements.probe = probe_of(target, partition);
    statements.take_slice = take_slice_of(target, partition);
    add_statements_for_tids(target, &statements);
    add_family(target, &statements);
    free(due);
    return statements;
}

void sql_statements_free(struct sql_statements *statements)
{
    free(statements->predicate);
    free(statements->table);
    free(statements->partition);
    free(statements->family_range);
    free(statements->family_tids);
    free(statements->delete_range);
    free(statements->delete_skip_locked);
    free(statements->count_range);
    free(statements->has_never_expires);
    free(statements->count_partition);
    free(statements->probe);
    free(statements->take_slice);
    free(statements->delete_tids);
    free(statements->delete_tids_skip_locked);
    free(statements->count_tids);
    *statements = (struct sql_statements){0};
}
