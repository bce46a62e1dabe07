#include "sql/target_statements.h"

#include <stdlib.h>

#include "base/text.h"
#include "sql/action.h"
#include "sql/children.h"
#include "sql/quote.h"

/* The due rows that a batch looks at, and the parameter that is the cutoff; both kinds of batch
 * have the same parameters. */
static const char in_range[] =
    "t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2";
static const char in_list[] = "t.ctid OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.tid[])";
static const char batch_cutoff[] = "$3::pg_catalog.timestamptz";

/* --- what is due, through an index --- */

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

/* --- what a batch executes --- */

static const struct action *action_of(const struct sql_target *target)
{
    return target->action != NULL ? target->action : &action_delete;
}

/* Where the audit row is to have a digest of the rows: the same statement, and their number and
 * their keys, a line for each. */
static char *with_keys(const struct sql_target *target, char *statement)
{
    const struct columns *digest = target->digest;
    struct text key = {0};
    char *sql;

    if (digest == NULL || digest->count == 0)
        return statement;
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
                      statement, digest->count > 1 ? "ROW(" : "COALESCE(", key.data,
                      digest->count > 1 ? ")::pg_catalog.text" : "::pg_catalog.text, '')");
    text_free(&key);
    free(statement);
    return sql;
}

/* ONLY: a table that inherits from this one is another table with another rule. A TID that an index
 * gave may hold another row by now, or a restored one: promise R needs the predicate there as well.
 */
static char *act_on(const struct sql_target *target, const char *partition, const char *rows,
                    const char *due)
{
    char *condition = text_format("%s\n  AND %s", rows, due);
    char *statement = action_of(target)->statement(target, partition, condition);

    free(condition);
    return with_keys(target, statement);
}

/* The predicate stands in the statement again: between lock and action nobody can change the row,
 * but a row that changed before the lock was taken must be judged as it is now. */
static char *act_on_unlocked(const struct sql_target *target, const char *partition,
                             const char *rows, const char *due)
{
    char *unlocked = text_format("t.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(\n"
                                 "       SELECT t.ctid FROM ONLY %s AS t\n"
                                 "        WHERE %s\n"
                                 "         AND %s\n"
                                 "          FOR UPDATE SKIP LOCKED))",
                                 partition, rows, due);
    char *statement = act_on(target, partition, unlocked, due);

    free(unlocked);
    return statement;
}

static char *count_of(const char *partition, const char *rows, const char *due)
{
    return text_format("SELECT pg_catalog.count(*) FROM ONLY %s AS t\n"
                       " WHERE %s\n"
                       "  AND %s",
                       partition, rows, due);
}

static char *family_of(const struct sql_target *target, const char *partition, const char *rows)
{
    char *due, *family;

    if (target->family == NULL)
        return NULL;
    due = sql_predicate(target, batch_cutoff);
    family = fk_graph_document(target->family, &(struct sql_scope){partition, rows, due, "$5"});
    free(due);
    return family;
}

static void add_batches(const struct sql_target *target, struct sql_statements *statements)
{
    const char *partition = statements->partition;
    char *due = sql_goes(target, batch_cutoff);

    statements->delete_range = act_on(target, partition, in_range, due);
    statements->delete_skip_locked = act_on_unlocked(target, partition, in_range, due);
    statements->count_range = count_of(partition, in_range, due);
    statements->family_range = family_of(target, partition, in_range);
    statements->delete_tids = act_on(target, partition, in_list, due);
    statements->delete_tids_skip_locked = act_on_unlocked(target, partition, in_list, due);
    statements->count_tids = count_of(partition, in_list, due);
    statements->family_tids = family_of(target, partition, in_list);
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

struct sql_statements sql_statements_for(const struct sql_target *target)
{
    char *partition = sql_qualified(target->schema, target->table);
    struct sql_statements statements = {
        .action = action_of(target),
        .with_keys = target->digest != NULL && target->digest->count > 0,
        .partition = partition,
        .predicate = sql_predicate(target, batch_cutoff),
        .probe = probe_of(target, partition),
        .take_slice = take_slice_of(target, partition),
    };

    statements.table = target->root_table != NULL
                           ? sql_qualified(target->root_schema, target->root_table)
                           : text_copy(partition);
    add_batches(target, &statements);
    add_statements_for_all(target, &statements);
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
