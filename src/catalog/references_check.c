#include "catalog/references_check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/delete_hazards.h"
#include "catalog/query.h"
#include "sql/children.h"
#include "sql/quote.h"
#include "sql/references.h"

enum {
    BIG_BLOCKS = 1000, /* a table beyond either must not be read whole for each batch */
    BIG_ROWS = 10000,
    MOST_STEPS = 100 /* statements for each chunk of a batch */
};

struct judging {
    const struct references_asked *asked;
    const struct reference_graph *graph;
    const struct pg_result *reply; /* to fk_tables */
};

static const char *text_at(const struct judging *judging, int row, int column)
{
    const char *text = pg_result_text(judging->reply, QUERY_STEP, row, column);

    return text != NULL ? text : "";
}

/* --- what a table is to the family --- */

/* Whether the table is looked into for rows that keep others. */
static bool is_looked_into(const struct fk_graph *family, size_t table)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->child == table && fk_reference_keeps(reference) &&
            fk_graph_uses(family, reference))
            return true;
    }
    return false;
}

/* Whether rows of the table stand above some that go: then they are locked meanwhile. */
static bool is_locked(const struct fk_graph *family, size_t table)
{
    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->parent == table && fk_graph_level(family, reference) > 0)
            return true;
    }
    return false;
}

static bool check_usage(const struct judging *judging, int row, struct err *err)
{
    const char *role = judging->asked->role;

    if (!pg_result_bool(judging->reply, QUERY_STEP, row, REL_USAGE)) {
        char *schema = sql_identifier(text_at(judging, row, REL_SCHEMA));

        err_set(err,
                "role %s may not use schema %s, in which rows refer to %s; run: GRANT USAGE ON "
                "SCHEMA %s TO %s",
                role, schema, judging->asked->job->table.written, schema, role);
        free(schema);
        return false;
    }
    if (!pg_result_bool(judging->reply, QUERY_STEP, row, REL_SELECT))
        return err_set(err,
                       "role %s can't see whether rows of %s refer to due ones; run: GRANT SELECT "
                       "ON %s TO %s",
                       role, text_at(judging, row, REL_WRITTEN), text_at(judging, row, REL_WRITTEN),
                       role);
    if (pg_result_bool(judging->reply, QUERY_STEP, row, REL_POLICIES))
        return err_set(err,
                       "row level security of %s applies to role %s and would hide rows that refer "
                       "to due ones; run: ALTER ROLE %s BYPASSRLS",
                       text_at(judging, row, REL_WRITTEN), role, role);
    return true;
}

/* Of the job's table the partition is locked, of the others the whole. */
static bool check_locking(const struct judging *judging, int row, size_t relative, struct err *err)
{
    const char *role = judging->asked->role;
    const char *table = text_at(judging, row, relative == 0 ? REL_PARTITION_WRITTEN : REL_WRITTEN);

    return pg_result_bool(judging->reply, QUERY_STEP, row,
                          relative == 0 ? REL_PARTITION_UPDATE : REL_UPDATE) ||
           err_set(err,
                   "role %s may not lock rows of %s, so that one could be restored while the rows "
                   "that refer to it are deleted; run: GRANT UPDATE (COLUMN) ON %s TO %s for any "
                   "one of its columns",
                   role, table, table, role);
}

static bool check_effects(const struct judging *judging, int row, struct err *err)
{
    const char *otherwise = " or write children = skip";
    const char *table = text_at(judging, row, REL_WRITTEN);
    const char *partition = text_at(judging, row, REL_PARTITION_WRITTEN);
    const struct delete_hazards of_table = {
        .non_firing = pg_result_text(judging->reply, QUERY_STEP, row, REL_SILENT),
        .otherwise = otherwise,
    };
    const struct delete_hazards of_partition = {
        .rules = pg_result_text(judging->reply, QUERY_STEP, row, REL_PARTITION_RULES),
        .unidentified = pg_result_text(judging->reply, QUERY_STEP, row, REL_PARTITION_UNIDENTIFIED),
        .otherwise = otherwise,
    };

    return delete_hazards_allowed(&of_table, table, table, err) &&
           delete_hazards_allowed(&of_partition, partition, partition, err);
}

static bool check_deleting(const struct judging *judging, int row, struct err *err)
{
    const char *role = judging->asked->role,
               *partition = text_at(judging, row, REL_PARTITION_WRITTEN);
    const char *kind = text_at(judging, row, REL_PARTITION_KIND);

    if (kind[0] != 'r')
        return err_set(err,
                       "%s refers to due rows, but is no plain table: its rows can't be deleted "
                       "first; write children = skip",
                       partition);
    if (!pg_result_bool(judging->reply, QUERY_STEP, row, REL_PARTITION_USAGE) ||
        !pg_result_bool(judging->reply, QUERY_STEP, row, REL_PARTITION_SELECT) ||
        !pg_result_bool(judging->reply, QUERY_STEP, row, REL_PARTITION_DELETE))
        return err_set(err,
                       "role %s may not delete rows of %s, which refer to due ones; run: GRANT "
                       "SELECT, DELETE ON %s TO %s",
                       role, partition, partition, role);
    if (pg_result_bool(judging->reply, QUERY_STEP, row, REL_PARTITION_POLICIES))
        return err_set(err,
                       "row level security of %s applies to role %s and would hide rows from the "
                       "purge; run: ALTER ROLE %s BYPASSRLS",
                       partition, role, role);
    return check_effects(judging, row, err);
}

static bool check_relative(const struct judging *judging, int row, struct err *err)
{
    const struct fk_graph *family = &judging->graph->family;
    int64_t relation = pg_result_int(judging->reply, QUERY_STEP, row, REL_TABLE);
    size_t table = 0;

    while (family->tables[table].relation != relation)
        table++;
    if (is_looked_into(family, table) && !check_usage(judging, row, err))
        return false;
    if (is_locked(family, table) && !check_locking(judging, row, table, err))
        return false;
    return !fk_graph_leads_to(family, table) || check_deleting(judging, row, err);
}

/* Without the server's own counts, what an acting foreign key takes along would go unseen
 * (promise A). */
static bool check_counting(const struct judging *judging, struct err *err)
{
    const struct fk_graph *family = &judging->graph->family;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->action != ACTION_CASCADE && fk_reference_keeps(reference))
            continue;
        if (pg_result_rows(judging->reply, QUERY_STEP) > 0 &&
            !text_equal(text_at(judging, 0, REL_TRACK_COUNTS), "on"))
            return err_set(err,
                           "track_counts is off, so that nobody counts the rows that foreign key "
                           "%s changes when rows are deleted; run: ALTER ROLE %s SET track_counts "
                           "= on",
                           reference->name, judging->asked->role);
    }
    return true;
}

/* As a whole element of "a, b". */
static bool is_allowed_unindexed(const struct job_settings *job, const char *name)
{
    const char *list = job->children_unindexed;
    size_t length = strlen(name);

    for (const char *at = list; (at = strstr(at, name)) != NULL; at += length)
        if ((at == list || (at - list >= 2 && at[-2] == ',' && at[-1] == ' ')) &&
            (at[length] == '\0' || at[length] == ','))
            return true;
    return false;
}

static bool check_indexes(const struct judging *judging, struct err *err)
{
    const struct fk_graph *family = &judging->graph->family;
    const struct job_settings *job = judging->asked->job;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];
        const struct reference_facts *facts = &judging->graph->facts[i];
        bool big = facts->blocks > BIG_BLOCKS || facts->rows > BIG_ROWS;

        if (facts->indexed || !big || !fk_graph_uses(family, reference) ||
            is_allowed_unindexed(job, reference->name))
            continue;
        return err_set(err,
                       "no index serves %s of %s, so that it would be read whole again and again; "
                       "run: %s%s; or write children_unindexed = %s",
                       reference->name, facts->child, facts->create_index,
                       family->tables[reference->child].partition_count > 1
                           ? " and likewise on its other partitions"
                           : "",
                       reference->name);
    }
    return true;
}

static bool check_size(const struct judging *judging, struct err *err)
{
    size_t steps = fk_graph_steps(&judging->graph->family);

    return steps <= MOST_STEPS ||
           err_set(err,
                   "children would take %zu statements for each batch, one for each way to each "
                   "partition of each table; lower children_depth, or write children = skip",
                   steps);
}

/* What goes to the server as JSON has to be UTF-8, or it would not get there. */
static bool is_utf8(const char *text)
{
    json_t *string = json_string(text);
    bool fine = string != NULL;

    json_decref(string);
    return fine;
}

static bool check_names(const struct judging *judging, struct err *err)
{
    const struct fk_graph *family = &judging->graph->family;

    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_table *child = &family->tables[family->references[i].child];
        char *sql = sql_try_reference(family, &family->references[i]);
        bool fine = is_utf8(sql);

        free(sql);
        for (size_t n = 0; n < child->partition_count; n++)
            fine = fine && is_utf8(child->partitions[n].name);
        if (!fine)
            return err_set(err,
                           "the names of a table or column that refers to %s are not UTF-8; write "
                           "client_encoding=UTF8 into the conninfo",
                           judging->asked->job->table.written);
    }
    return true;
}

bool references_allowed(const struct references_asked *asked, const struct reference_graph *graph,
                        const struct pg_result *reply, struct err *err)
{
    const struct judging judging = {asked, graph, reply};

    for (int row = 0; row < pg_result_rows(reply, QUERY_STEP); row++)
        if (!check_relative(&judging, row, err))
            return false;
    return check_names(&judging, err) && check_counting(&judging, err) &&
           check_size(&judging, err) && check_indexes(&judging, err);
}
