#include "catalog/abilities.h"

#include "catalog/query.h"
#include "sql/limits.h"

void abilities_send(struct pg *pg, pg_result_fn *fn, void *arg)
{
    query_send(pg, &(struct pg_step){sql_abilities(pg_server_version(pg)), NULL, 0}, true, fn, arg);
}

void abilities_read(const struct pg_result *reply, struct abilities *abilities)
{
    abilities->sees_all = pg_result_bool(reply, QUERY_STEP, 0, 0);
    abilities->lz4 = pg_result_bool(reply, QUERY_STEP, 0, 1);
}
