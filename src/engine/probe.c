#include "engine/probe.h"

#include <stdio.h>

#include "base/text.h"
#include "catalog/query.h"
#include "policy/scan_choice.h"
#include "sql/queries.h"

void probe_index_send(struct pg *pg, int64_t relation, const char *column, pg_result_fn *fn,
                      void *arg)
{
    struct query_number oid;
    const char *values[] = {query_number(&oid, relation), column};

    query_send(pg, &(struct pg_step){sql_index, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

void probe_index_read(const struct pg_result *reply, struct probe_index *index)
{
    const char *name = pg_result_text(reply, QUERY_STEP, 0, 0);

    index->serves = name != NULL;
    snprintf(index->name, sizeof index->name, "%s", name != NULL ? name : "");
    index->correlation = pg_result_double(reply, QUERY_STEP, 0, 1);
}

void probe_due_send(struct pg *pg, const struct sql_statements *sql, const char *cutoff,
                    pg_result_fn *fn, void *arg)
{
    struct query_number limit;
    const char *values[] = {cutoff, query_number(&limit, CHOOSE_PROBE_ROWS)};

    query_send_to_index(pg, &(struct pg_step){sql->probe, values, ARRAY_LENGTH(values)}, fn, arg);
}

int64_t probe_due_read(const struct pg_result *reply)
{
    return pg_result_int(reply, QUERY_STEP, 0, 0);
}
