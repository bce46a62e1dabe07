#include "catalog/preflight_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/delete_hazards.h"
#include "catalog/query.h"
#include "sql/quote.h"

/* The columns of sql_table, in their order. */
enum table_column {
    TABLE_OID,
    TABLE_KIND,
    TABLE_PERSISTENCE,
    TABLE_ACCESS_METHOD,
    TABLE_BLOCKS,
    TABLE_ROWS,
    TABLE_POLICIES,
    TABLE_USAGE,
    TABLE_CAN_SELECT,
    TABLE_CAN_DELETE,
    TABLE_CAN_LOCK,
    TABLE_RULES,
    TABLE_SYSTEM,
    TABLE_KEEPERS,
    TABLE_SILENT,
    TABLE_UNIDENTIFIED,
    TABLE_HYPERTABLE,
};

static const char *kind_of(char relkind)
{
    switch (relkind) {
    case 'v':
        return "a view";
    case 'm':
        return "a materialized view";
    case 'f':
        return "a foreign table";
    case 'i':
    case 'I':
        return "an index";
    case 'S':
        return "a sequence";
    case 'c':
        return "a composite type";
    default:
        return "not a table";
    }
}

static bool check_what_it_is(const struct pg_result *reply, const struct table_name *name,
                             struct err *err)
{
    const char *kind = pg_result_text(reply, QUERY_STEP, 0, TABLE_KIND);
    const char *method = pg_result_text(reply, QUERY_STEP, 0, TABLE_ACCESS_METHOD);
    const char *persistence = pg_result_text(reply, QUERY_STEP, 0, TABLE_PERSISTENCE);

    if (text_equal(name->schema, "pgpurged"))
        return err_set(err, "%s belongs to pgpurged itself and is never purged", name->written);
    /* Its schema is a system schema as well. */
    if (persistence != NULL && persistence[0] == 't')
        return err_set(err, "%s is a temporary table of another session", name->written);
    if (pg_result_bool(reply, QUERY_STEP, 0, TABLE_SYSTEM))
        return err_set(err, "%s is a system table and is never purged", name->written);
    if (kind != NULL && kind[0] == 'p')
        return true;
    if (kind == NULL || kind[0] != 'r')
        return err_set(err, "%s is %s; only the rows of a plain table can be purged", name->written,
                       kind_of(kind != NULL ? kind[0] : '?'));
    if (method == NULL || !text_equal(method, "heap"))
        return err_set(err,
                       "%s is stored by the access method \"%s\", which has no TID scans; only "
                       "heap tables can be purged",
                       name->written, method != NULL ? method : "none");
    if (pg_result_bool(reply, QUERY_STEP, 0, TABLE_HYPERTABLE))
        return err_set(err,
                       "%s is a hypertable of TimescaleDB: here it is an empty shell, and its "
                       "chunks are not supported; use its own add_retention_policy()",
                       name->written);
    return true;
}

static bool check_privileges(const struct pg_result *reply, const struct table_name *name,
                             const char *role, struct err *err)
{
    bool usage = pg_result_bool(reply, QUERY_STEP, 0, TABLE_USAGE);
    bool can_select = pg_result_bool(reply, QUERY_STEP, 0, TABLE_CAN_SELECT);
    bool can_delete = pg_result_bool(reply, QUERY_STEP, 0, TABLE_CAN_DELETE);

    if (!usage) {
        char *schema = sql_identifier(name->schema);

        err_set(err, "role %s may not use schema %s; run: GRANT USAGE ON SCHEMA %s TO %s", role,
                name->schema, schema, role);
        free(schema);
        return false;
    }
    if (!can_select || !can_delete)
        return err_set(err,
                       "role %s lacks a privilege on %s; run: GRANT SELECT, DELETE ON %s TO %s",
                       role, name->written, name->written, role);
    return true;
}

/* What would make the count of a DELETE untrue (promise A), or rows invisible to it, or the DELETE
 * invisible to the application, or fail each time. */
static bool check_side_effects(const struct pg_result *reply, const struct table_name *name,
                               const char *role, struct err *err)
{
    const struct delete_hazards hazards = {
        .rules = pg_result_text(reply, QUERY_STEP, 0, TABLE_RULES),
        .non_firing = pg_result_text(reply, QUERY_STEP, 0, TABLE_SILENT),
        .unidentified = pg_result_text(reply, QUERY_STEP, 0, TABLE_UNIDENTIFIED),
    };

    if (pg_result_bool(reply, QUERY_STEP, 0, TABLE_POLICIES))
        return err_set(
            err,
            "row level security of %s applies to role %s and would hide rows from the purge; "
            "run: ALTER ROLE %s BYPASSRLS",
            name->written, role, role);
    return delete_hazards_allowed(&hazards, name->written, name->written, err);
}

static void read_table(const struct pg_result *reply, struct preflight_table *table)
{
    const char *kind = pg_result_text(reply, QUERY_STEP, 0, TABLE_KIND);
    const char *before_triggers = pg_result_text(reply, QUERY_STEP, 0, TABLE_KEEPERS);

    table->relation = pg_result_int(reply, QUERY_STEP, 0, TABLE_OID);
    table->partitioned = kind != NULL && kind[0] == 'p';
    table->blocks = pg_result_int(reply, QUERY_STEP, 0, TABLE_BLOCKS);
    table->rows = pg_result_double(reply, QUERY_STEP, 0, TABLE_ROWS);
    table->may_lock = pg_result_bool(reply, QUERY_STEP, 0, TABLE_CAN_LOCK);
    snprintf(table->before_triggers, sizeof table->before_triggers, "%s",
             before_triggers != NULL ? before_triggers : "");
}

bool preflight_judge_table(const struct pg_result *reply, const struct table_name *name,
                           struct preflight_table *table, struct err *err)
{
    if (pg_result_rows(reply, QUERY_STEP) == 0)
        return err_set(err, "there is no table %s in this database", name->written);
    read_table(reply, table);
    return check_what_it_is(reply, name, err) && check_privileges(reply, name, table->role, err) &&
           check_side_effects(reply, name, table->role, err);
}
