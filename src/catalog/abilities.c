#include "catalog/abilities.h"

#include "catalog/query.h"
#include "sql/queries.h"

const char *abilities_sql(int server_version)
{
    return server_version < 150000 ? sql_abilities_14 : sql_abilities_15;
}

void abilities_send(struct pg *pg, pg_result_fn *fn, void *arg)
{
    query_send(pg, &(struct pg_step){abilities_sql(pg_server_version(pg)), NULL, 0}, true, fn, arg);
}

void abilities_read(const struct pg_result *reply, struct abilities *abilities)
{
    abilities->sees_all = pg_result_bool(reply, QUERY_STEP, 0, 0);
    abilities->lz4 = pg_result_bool(reply, QUERY_STEP, 0, 1);
}
