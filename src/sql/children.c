#include "sql/children.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "sql/action.h"
#include "sql/quote.h"

static bool refers_to_itself(const struct fk_reference *reference)
{
    return reference->parent == reference->child;
}

/* --- conditions --- */

static void add_and(struct text *out, const char *condition)
{
    text_addf(out, "%s%s", out->length > 0 ? " AND " : "", condition);
}

/* A name that stands for all rows of a table: those of its partitions, but not those of tables
 * that inherit from it, which no foreign key of it knows. */
static const char *only(const struct fk_table *table)
{
    return table->whole ? "" : "ONLY ";
}

/* That the row `child` refers to the row `parent`. */
static char *refers(const struct fk_reference *reference, const char *parent, const char *child)
{
    struct text out = {0};

    for (size_t i = 0; i < reference->pair_count; i++) {
        const struct fk_column_pair *pair = &reference->pairs[i];
        char *key = sql_identifier(pair->parent), *column = sql_identifier(pair->child);

        text_addf(&out, "%s%s.%s %s %s.%s%s%s", i > 0 ? " AND " : "", parent, key, pair->equal,
                  child, column, pair->collation[0] != '\0' ? " " : "", pair->collation);
        free(key);
        free(column);
    }
    if (reference->where_column != NULL) {
        char *column = sql_identifier(reference->where_column);
        char *value = sql_literal(reference->where_value);

        text_addf(&out, " AND %s.%s OPERATOR(pg_catalog.=) %s", child, column, value);
        free(column);
        free(value);
    }
    if (reference->part != 0)
        text_addf(&out,
                  " AND %s.tableoid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT "
                  "p.relid::pg_catalog.oid FROM "
                  "pg_catalog.pg_partition_tree(%lld::pg_catalog.oid::pg_catalog.regclass) AS p))",
                  parent, (long long)reference->part);
    return text_take(&out);
}

/* A row that refers to itself is nobody's child. */
static const char *is_another(const struct fk_reference *reference, const char *parent,
                              char room[static 160])
{
    if (!refers_to_itself(reference))
        return "";
    snprintf(room, 160,
             " AND (r.ctid OPERATOR(pg_catalog.<>) %s.ctid OR r.tableoid OPERATOR(pg_catalog.<>) "
             "%s.tableoid)",
             parent, parent);
    return room;
}

/* EXISTS: rows that refer to `parent` by this one. */
static char *has_children(const struct fk_graph *family, const struct fk_reference *reference,
                          const char *parent)
{
    const struct fk_table *child = &family->tables[reference->child];
    char *condition = refers(reference, parent, "r");
    char room[160];
    char *exists = text_format("EXISTS (SELECT FROM %s%s AS r WHERE %s%s)", only(child),
                               child->name, condition, is_another(reference, parent, room));

    free(condition);
    return exists;
}

/* Nothing that refers to a row of this table keeps it; NULL where nothing can. For the inside of an
 * IS TRUE: see sql_goes(). */
static char *nothing_keeps(const struct fk_graph *family, size_t table, const char *row,
                           const char *and)
{
    const struct fk_reference *reference;
    struct text out = {0};

    for (size_t i = 0; (reference = fk_graph_next_blocking(family, table, &i)) != NULL;) {
        char *exists = has_children(family, reference, row);

        text_addf(&out, "%sNOT %s", out.length > 0 ? and : "", exists);
        free(exists);
    }
    return out.length > 0 ? text_take(&out) : NULL;
}

char *fk_graph_keep(const struct fk_graph *family)
{
    return nothing_keeps(family, 0, "t", " AND\n       ");
}

char *sql_try_reference(const struct fk_graph *family, const struct fk_reference *reference)
{
    const struct fk_table *parent = &family->tables[reference->parent];
    const struct fk_table *child = &family->tables[reference->child];
    char *condition = refers(reference, "t", "r");
    char *sql = text_format("SELECT FROM %s AS t, %s AS r WHERE %s LIMIT 0", parent->name,
                            child->name, condition);

    free(condition);
    return sql;
}

/* --- chains: the rows on a path from t down --- */

/* The alias of the row at a level: t at 0, then k1, k2, ... for the letter k. */
static const char *row_at(char letter, size_t level, char room[static 24])
{
    if (level == 0)
        return "t";
    snprintf(room, 24, "%c%zu", letter, level);
    return room;
}

static char *refers_at(const struct fk_path *path, char letter, size_t level)
{
    char parent[24], child[24];

    return refers(path->steps[level - 1], row_at(letter, level - 1, parent),
                  row_at(letter, level, child));
}

/* `FROM k1 AS k1 JOIN k2 AS k2 ON ...` down to a level, each joined to the one above it; the
 * condition between t and the first one goes to `where`. */
static void add_chain(const struct fk_path *path, char letter, size_t levels, struct text *from,
                      struct text *where)
{
    for (size_t level = 1; level <= levels; level++) {
        const struct fk_table *table = &path->family->tables[path->steps[level - 1]->child];
        char *condition = refers_at(path, letter, level);

        text_addf(from, "%s%s%s AS %c%zu", level > 1 ? " JOIN " : "", only(table), table->name,
                  letter, level);
        if (level > 1)
            text_addf(from, " ON %s", condition);
        else
            add_and(where, condition);
        free(condition);
    }
}

/* That the row r belongs to t by this very path. */
static char *is_of_family(const struct fk_path *path)
{
    size_t above = path->length - 1;
    struct text from = {0}, where = {0};
    char room[24];
    char *last = refers(path->steps[above], row_at('m', above, room), "r"), *condition;

    if (above == 0) {
        condition = text_format("(%s) IS TRUE", last);
    } else {
        add_chain(path, 'm', above, &from, &where);
        condition =
            text_format("EXISTS (SELECT FROM %s WHERE %s AND %s)", from.data, where.data, last);
    }
    text_free(&from);
    text_free(&where);
    free(last);
    return condition;
}

/* Between two conditions of a step. */
#define BESIDE " AND\n               "

/* EXISTS: somewhere below t, at the end of the path, a row that something else keeps. Of a table's
 * references to itself only those count that come from outside of the family: the others go with
 * it. */
static void add_kept_below(const struct fk_path *path, const struct fk_reference *keeper,
                           struct text *out)
{
    const struct fk_table *child = &path->family->tables[keeper->child];
    struct text from = {0}, where = {0};
    char room[24], another[160];
    const char *last = row_at('b', path->length, room);
    char *condition = refers(keeper, last, "r");

    add_chain(path, 'b', path->length, &from, &where);
    text_addf(&from, " JOIN %s%s AS r ON %s%s", only(child), child->name, condition,
              is_another(keeper, last, another));
    if (refers_to_itself(keeper)) {
        char *family = is_of_family(path);

        text_addf(&where, " AND NOT %s", family);
        free(family);
    }
    text_addf(out, "%sNOT EXISTS (SELECT FROM %s WHERE %s)", out->length > 0 ? BESIDE : "",
              from.data, where.data);
    text_free(&from);
    text_free(&where);
    free(condition);
}

/* Everything below t can go: whatever is not followed doesn't exist. Otherwise children would go
 * whose parent stays. */
static void add_all_clear(const struct fk_path *path, struct text *out)
{
    const struct fk_graph *family = path->family;
    const struct fk_reference *reference;
    struct fk_path longer;

    for (size_t i = 0; fk_path_next(path, &i, &longer);)
        add_all_clear(&longer, out);
    for (size_t i = 0;
         (reference = fk_graph_next_blocking(family, fk_path_end(path), &i)) != NULL;) {
        char *exists;

        if (fk_path_leads_on(path, reference))
            continue;
        if (path->length > 0) {
            add_kept_below(path, reference, out);
            continue;
        }
        exists = has_children(family, reference, "t");
        text_addf(out, "%sNOT %s", out->length > 0 ? BESIDE : "", exists);
        free(exists);
    }
}

/* --- steps --- */

/* Both are looked for under an IS TRUE of their own: see sql_goes(). Takes the conditions over. */
static void add_nothing_refers(char *conditions, struct text *out)
{
    if (conditions != NULL)
        text_addf(out, "\n          AND (%s) IS TRUE", conditions);
    free(conditions);
}

static char *keeps_of(const struct fk_path *path, const char *row)
{
    return nothing_keeps(path->family, fk_path_end(path), row, BESIDE);
}

/* t and all rows above the one that goes: while we hold them, nobody restores or moves one. */
static void add_locks(const struct fk_path *path, struct text *out)
{
    text_add(out, "FOR UPDATE OF t");
    for (size_t level = 1; level < path->length; level++)
        text_addf(out, ", k%zu", level);
    text_add(out, " SKIP LOCKED");
}

/* `FROM ONLY partition AS t JOIN ... JOIN ONLY child AS k2 ON ...`, without the last row if it is
 * the one around. */
static char *family_tree(const struct fk_path *path, const struct sql_scope *scope,
                         const struct fk_partition *last)
{
    struct text out = {0};

    text_addf(&out, "ONLY %s AS t", scope->partition);
    for (size_t level = 1; level <= path->length; level++) {
        const struct fk_table *table = &path->family->tables[path->steps[level - 1]->child];
        bool deepest = level == path->length;
        char *condition;

        if (deepest && last == NULL)
            continue;
        condition = refers_at(path, 'k', level);
        text_addf(&out, "\n          JOIN %s%s AS k%zu ON %s", deepest ? "ONLY " : only(table),
                  deepest ? last->name : table->name, level, condition);
        free(condition);
    }
    return text_take(&out);
}

/* The predicate beside other tables than t: in a query of its own, because a name in the option
 * `where` need not say whose column it is. */
static char *is_due(const struct sql_scope *scope)
{
    return text_format("%s\n          AND EXISTS (SELECT FROM (SELECT t.*) AS t WHERE %s)",
                       scope->rows, scope->due);
}

/* The children of due parents, and what is in the way of none of them. */
static char *found_sql(const struct fk_path *path, const struct sql_scope *scope,
                       const struct fk_partition *partition, const char *row)
{
    char *from = family_tree(path, scope, partition), *due = is_due(scope);
    struct text out = {0}, clear = {0};

    text_addf(&out, "       SELECT %s.ctid FROM %s\n        WHERE %s", row, from, due);
    add_all_clear(&(struct fk_path){.family = path->family}, &clear);
    add_nothing_refers(clear.length > 0 ? text_take(&clear) : NULL, &out);
    add_nothing_refers(keeps_of(path, row), &out);
    text_addf(&out, "\n        LIMIT %s\n          ", scope->limit);
    add_locks(path, &out);
    free(from);
    free(due);
    return text_take(&out);
}

/*
 * Promise R: the rows to go are found from their due and locked parents; the DELETE itself says
 * once more that the row belongs to a due one and that nothing keeps it, for it may have been given
 * to another parent or another key before we had its lock, and the older minor releases of
 * PostgreSQL don't look again whether a row that moved still has the TID that they were asked for.
 */
static char *step_sql(const struct fk_path *path, const struct sql_scope *scope,
                      const struct fk_partition *partition)
{
    char room[24];
    const char *row = row_at('k', path->length, room);
    char *found = found_sql(path, scope, partition, row);
    char *above = family_tree(path, scope, NULL), *due = is_due(scope);
    char *refers_up = refers_at(path, 'k', path->length);
    struct text condition = {0};
    char *sql;

    text_addf(&condition,
              "%s.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(\n"
              "%s))\n"
              "  AND EXISTS (SELECT FROM %s\n"
              "        WHERE %s\n"
              "          AND %s)",
              row, found, above, refers_up, due);
    add_nothing_refers(keeps_of(path, row), &condition);
    sql = sql_delete(partition->name, row, condition.data);
    text_free(&condition);
    free(found);
    free(above);
    free(due);
    free(refers_up);
    return sql;
}

/* Where rows of a table refer to each other, a step takes those to which none refers; then the next
 * ones. */
static bool has_levels(const struct fk_graph *family, size_t table)
{
    const struct fk_reference *reference;

    for (size_t i = 0; (reference = fk_graph_next_blocking(family, table, &i)) != NULL;)
        if (refers_to_itself(reference))
            return true;
    return false;
}

static void add_steps_of(const struct fk_path *path, const struct sql_scope *scope, json_t *steps)
{
    const struct fk_table *table = &path->family->tables[fk_path_end(path)];

    for (size_t i = 0; i < table->partition_count; i++) {
        char *sql = step_sql(path, scope, &table->partitions[i]);
        json_t *step = json_pack("{s:s, s:I, s:s, s:I}", "sql", sql, "relation",
                                 (json_int_t)table->partitions[i].relation, "partition",
                                 table->partitions[i].name, "root", (json_int_t)table->relation);

        if (has_levels(path->family, fk_path_end(path)))
            json_object_set_new(step, "again", json_true());
        json_array_append_new(steps, step);
        free(sql);
    }
}

/* The deepest first. */
static void add_steps(const struct fk_path *path, const struct sql_scope *scope, json_t *steps)
{
    struct fk_path longer;

    for (size_t i = 0; fk_path_next(path, &i, &longer);) {
        add_steps(&longer, scope, steps);
        add_steps_of(&longer, scope, steps);
    }
}

/* --- what else the server has to know --- */

/* Tables in which the server itself deletes or changes rows when we delete: whatever an acting
 * foreign key reaches from a table of which rows go. */
static json_t *watched(const struct fk_graph *family)
{
    bool *goes = mem_new(family->table_count * sizeof *goes);
    bool *touched = mem_new(family->table_count * sizeof *touched);
    json_t *list = json_array();
    bool more = true;

    goes[0] = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < family->reference_count; i++) {
            const struct fk_reference *reference = &family->references[i];
            bool cascades = reference->action == ACTION_CASCADE;

            if (!goes[reference->parent])
                continue;
            if (cascades || !fk_reference_keeps(reference))
                touched[reference->child] = true;
            if ((cascades || reference->follow) && !goes[reference->child])
                goes[reference->child] = more = true;
        }
    }
    for (size_t i = 0; i < family->table_count; i++)
        if (touched[i])
            json_array_append_new(list, json_integer(family->tables[i].relation));
    free(goes);
    free(touched);
    return list;
}

/* `WHEN EXISTS (...) THEN 2`, 2 being its place among those that keep rows of table 0. */
static void add_cases(const struct fk_graph *family, bool followed, struct text *out)
{
    const struct fk_path start = {.family = family};
    const struct fk_reference *reference;
    size_t n = 0;

    for (size_t i = 0; (reference = fk_graph_next_blocking(family, 0, &i)) != NULL;) {
        char *exists;

        n++;
        if (fk_path_leads_on(&start, reference) != followed)
            continue;
        exists = has_children(family, reference, "t");
        text_addf(out, "\n               WHEN %s THEN %zu", exists, n);
        free(exists);
    }
}

/* Counts each row that is left for one of the references that keep it: children that should have
 * gone are named last, because something else has kept them. */
static char *rejected_sql(const struct fk_graph *family, const struct sql_scope *scope)
{
    struct text counts = {0}, cases = {0};
    size_t n = 0;
    char *sql;

    for (size_t i = 0; fk_graph_next_blocking(family, 0, &i) != NULL; n++)
        text_addf(&counts, "%spg_catalog.count(*) FILTER (WHERE k.by OPERATOR(pg_catalog.=) %zu)",
                  n > 0 ? ", " : "", n + 1);
    if (n == 0)
        return text_copy("SELECT ARRAY[]::pg_catalog.int8[]");
    add_cases(family, false, &cases);
    add_cases(family, true, &cases);
    sql = text_format("SELECT ARRAY[%s]\n"
                      "  FROM (SELECT CASE%s END AS by\n"
                      "          FROM ONLY %s AS t\n"
                      "         WHERE %s\n"
                      "           AND %s) AS k",
                      counts.data, cases.data, scope->partition, scope->rows, scope->due);
    text_free(&counts);
    text_free(&cases);
    return sql;
}

char *fk_graph_document(const struct fk_graph *family, const struct sql_scope *scope)
{
    json_t *steps, *document;
    char *rejected, *text;

    if (family->reference_count == 0)
        return NULL;
    steps = json_array();
    add_steps(&(struct fk_path){.family = family}, scope, steps);
    rejected = rejected_sql(family, scope);
    document = json_pack("{s:o, s:o, s:s}", "steps", steps, "watched", watched(family), "rejected",
                         rejected);
    text = json_dumps(document, JSON_COMPACT);
    json_decref(document);
    free(rejected);
    return text;
}
