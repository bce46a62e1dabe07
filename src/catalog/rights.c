#include "catalog/rights.h"

#include <stdio.h>

#include "base/text.h"
#include "catalog/query.h"
#include "sql/vacuum.h"

void rights_send(struct pg *pg, const struct preflight_table *table, pg_result_fn *fn, void *arg)
{
    struct query_number oid, pid;
    const char *values[] = {query_number(&oid, table->relation),
                            query_number(&pid, pg_backend_pid(pg))};
    const char *sql = sql_vacuum_rights(table->server_version);

    query_send(pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

void rights_read(const struct pg_result *reply, struct vacuum_rights *rights)
{
    const char *owner = pg_result_text(reply, QUERY_STEP, 0, 1);

    rights->may = pg_result_bool(reply, QUERY_STEP, 0, 0);
    rights->own_session = pg_result_bool(reply, QUERY_STEP, 0, 2);
    snprintf(rights->owner, sizeof rights->owner, "%s", owner != NULL ? owner : "");
}

char *rights_complaint(const struct vacuum_rights *rights, const struct job_settings *job,
                       const struct preflight_table *table)
{
    if (!rights->own_session)
        return text_copy("the connection goes through a pooler, where the settings that keep a "
                         "VACUUM gentle would stay with other sessions");
    if (!rights->may)
        return text_format("role %s may not vacuum %s", table->role, job->table.written);
    return NULL;
}

char *rights_grant(const struct vacuum_rights *rights, const struct job_settings *job,
                   const struct preflight_table *table)
{
    if (rights->may)
        return NULL;
    if (table->server_version < VERSION_WITH_MAINTAIN)
        return text_format("GRANT %s TO %s", rights->owner, table->role);
    return text_format("GRANT MAINTAIN ON %s TO %s", job->table.written, table->role);
}
