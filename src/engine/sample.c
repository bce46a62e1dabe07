#include "engine/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"

double sample_percent(int64_t blocks, int64_t pages)
{
    return blocks > pages ? 100.0 * (double)pages / (double)blocks : 100.0;
}

static char *statement_for(const struct sampled *sampled)
{
    struct sql_target target = preflight_target(sampled->job, sampled->table);
    struct sql_parts parts = partitions_sampled(sampled->job, sampled->table, sampled->partitions);
    char *sql = sql_sample(&target, &parts);

    sql_parts_free(&parts);
    return sql;
}

void sample_send(struct pg *pg, const struct sampled *sampled, const char *cutoff, pg_result_fn *fn,
                 void *arg)
{
    char percent[32], *sql = statement_for(sampled);
    const char *retention = sampled->job->expires.retention;
    const char *values[] = {percent, "1", retention != NULL ? retention : "0", cutoff};

    snprintf(percent, sizeof percent, "%.6f",
             sample_percent(sampled->table->blocks, sampled->pages));
    query_send(pg, &(struct pg_step){sql, values, ARRAY_LENGTH(values)}, true, fn, arg);
    free(sql);
}

void sample_read(const struct pg_result *reply, int64_t blocks, int64_t pages,
                 struct sample *sample)
{
    double factor = 100 / sample_percent(blocks, pages);

    sample->exact = blocks <= pages;
    sample->rows = (double)pg_result_int(reply, QUERY_STEP, 0, 0) * factor;
    sample->due = (double)pg_result_int(reply, QUERY_STEP, 0, 1) * factor;
    sample->undated = (double)pg_result_int(reply, QUERY_STEP, 0, 3) * factor;
    sample->any_marked = pg_result_text(reply, QUERY_STEP, 0, 2) != NULL;
    sample->earliest_due.us = (int64_t)(pg_result_double(reply, QUERY_STEP, 0, 2) * 1e6);
}
