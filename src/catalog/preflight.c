#include "catalog/preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/preflight_column.h"
#include "catalog/preflight_table.h"
#include "catalog/query.h"
#include "sql/quote.h"
#include "sql/schema.h"
#include "sql/statements.h"

enum { SERVER_VERSION_NEEDED = 140000 }; /* Tid Range Scans (release notes of PostgreSQL 14) */

/* The columns of sql_server, in their order. */
enum server_column {
    SERVER_VERSION,
    SERVER_STANDBY,
    SERVER_INSTALLED,
    SERVER_USAGE,
    SERVER_AUDIT,
    SERVER_RUNS,
    SERVER_ROLE,
    SERVER_DATABASE,
    SERVER_BLOCK_SIZE,
    SERVER_REPLICATION_ROLE,
    SERVER_CLOCK,
    SERVER_CITUS,
};

struct preflight {
    struct pg *pg;
    const struct job_settings *job;
    const struct clock_anchor *anchor;
    preflight_fn *fn;
    void *arg;
    bool citus;
    struct preflight_table table;
    struct references_asked asked;
    struct references_reading *reading;
};

static void finish(struct preflight *request, enum batch_outcome outcome, const struct err *err)
{
    request->fn(request->arg, outcome, &request->table, err);
}

static void refuse(struct preflight *request, const struct err *err)
{
    finish(request, BATCH_REFUSED, err);
}

/* Deals with a reply that is not PG_DONE. Returns whether it is. */
static bool answered(struct preflight *request, const struct pg_result *reply)
{
    enum batch_outcome outcome = query_outcome(reply);
    struct err err;

    if (outcome == BATCH_COMMITTED)
        return true;
    query_error(pg_result_error(reply), &err);
    /* No row is touched here: what would be a row's fault in a batch is the question's fault. */
    finish(request, outcome == BATCH_ROW_ERROR ? BATCH_REFUSED : outcome, &err);
    return false;
}

static void ask(struct preflight *request, const char *sql, const char *const *values, int count,
                pg_result_fn *fn)
{
    query_send(request->pg, &(struct pg_step){sql, values, count}, true, fn, request);
}

static void ask_table(struct preflight *request);

/* --- what refers to it --- */

static void references_read(void *arg, enum batch_outcome outcome, const struct err *err)
{
    struct preflight *request = arg;

    if (outcome == BATCH_COMMITTED)
        request->table.references = references_graph(request->reading);
    finish(request, outcome, err);
}

static void read_references(struct preflight *request)
{
    request->table.readable = true;
    request->asked = (struct references_asked){
        .job = request->job,
        .relation = request->table.relation,
        .role = request->table.role,
    };
    request->reading = references_start(request->pg, &request->asked, references_read, request);
}

static void zone_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;

    if (answered(request, reply))
        read_references(request);
}

/* Here a zone that nobody knows is an error of the job; in a batch it would look like one of each
 * row. */
static void check_zone(struct preflight *request)
{
    const char *values[] = {request->job->column_timezone};

    if (values[0][0] == '\0')
        read_references(request);
    else
        ask(request, sql_zone, values, 1, zone_answered);
}

/* --- the rule --- */

static bool is_volatile(const struct pg_result *reply)
{
    for (int row = 0; row < pg_result_rows(reply, QUERY_STEP); row++)
        if (strstr(pg_result_text(reply, QUERY_STEP, row, 0), SQL_VOLATILE) != NULL)
            return true;
    return false;
}

/* What can't be asked for is let pass: the expression itself was understood. */
static void volatility_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;
    enum batch_outcome outcome = query_outcome(reply);
    struct err err;

    if (outcome == BATCH_REFUSED || outcome == BATCH_ROW_ERROR) {
        check_zone(request);
    } else if (answered(request, reply)) {
        if (!is_volatile(reply)) {
            check_zone(request);
            return;
        }
        err_set(&err, "where: it calls a function that is VOLATILE, which may say another thing of "
                      "the same row each time, like random() or clock_timestamp(); for the time "
                      "write now(), and of a function of your own that only reads: ALTER FUNCTION "
                      "... STABLE");
        refuse(request, &err);
    }
}

static void ask_volatility(struct preflight *request)
{
    struct sql_target target = preflight_target(request->job, &request->table);
    char *sql = sql_explain_where(&target);

    ask(request, sql, NULL, 0, volatility_answered);
    free(sql);
}

/* It is asked under search_path = pg_catalog, so that what it means is not a matter of whose
 * session it is. */
static void where_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;
    enum batch_outcome outcome = query_outcome(reply);
    struct err cause, err;

    if (outcome == BATCH_REFUSED || outcome == BATCH_ROW_ERROR) {
        query_error(pg_result_error(reply), &cause);
        err_set(&err,
                "where: %s; a function, type or operator that is not PostgreSQL's own needs its "
                "schema, as in public.is_test(email)",
                cause.text);
        refuse(request, &err);
    } else if (answered(request, reply)) {
        ask_volatility(request);
    }
}

static void check_where(struct preflight *request)
{
    struct sql_target target = preflight_target(request->job, &request->table);
    char *sql;

    if (request->job->where[0] == '\0') {
        check_zone(request);
        return;
    }
    sql = sql_try_where(&target);
    ask(request, sql, NULL, 0, where_answered);
    free(sql);
}

static void columns_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;
    struct err err;

    if (!answered(request, reply))
        return;
    if (preflight_columns(reply, request->job, &request->table, &err))
        check_where(request);
    else
        refuse(request, &err);
}

static void ask_columns(struct preflight *request)
{
    struct query_number oid;
    const char *values[] = {query_number(&oid, request->table.relation)};

    ask(request, sql_columns, values, ARRAY_LENGTH(values), columns_answered);
}

static void distributed_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;
    struct err err;

    if (!answered(request, reply))
        return;
    if (pg_result_bool(reply, QUERY_STEP, 0, 0)) {
        err_set(&err,
                "%s is a distributed table of Citus: here it is an empty shell, and its shards are "
                "not supported yet",
                request->job->table.written);
        refuse(request, &err);
        return;
    }
    ask_columns(request);
}

static void table_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;
    struct query_number oid;
    struct err err;

    if (!answered(request, reply))
        return;
    if (!preflight_judge_table(reply, &request->job->table, &request->table, &err)) {
        refuse(request, &err);
    } else if (request->citus) {
        const char *values[] = {query_number(&oid, request->table.relation)};

        ask(request, sql_distributed, values, ARRAY_LENGTH(values), distributed_answered);
    } else {
        ask_columns(request);
    }
}

static void ask_table(struct preflight *request)
{
    const struct job_settings *job = request->job;
    const char *values[] = {job->table.schema, job->table.name, job->non_firing_triggers};

    ask(request, sql_table, values, ARRAY_LENGTH(values), table_answered);
}

/* --- the schema pgpurged --- */

static void version_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;
    int64_t version;
    struct err err;

    if (!answered(request, reply))
        return;
    version = pg_result_int(reply, QUERY_STEP, 0, 0);
    if (version != SCHEMA_VERSION) {
        err_set(&err,
                "schema pgpurged is of version %lld, this daemon needs %d; run: pgpurged "
                "--init-sql | psql",
                (long long)version, SCHEMA_VERSION);
        refuse(request, &err);
        return;
    }
    ask_table(request);
}

/* --- the server --- */

static bool check_schema(const struct preflight *request, const struct pg_result *reply,
                         struct err *err)
{
    const char *database = pg_result_text(reply, QUERY_STEP, 0, SERVER_DATABASE);

    if (!pg_result_bool(reply, QUERY_STEP, 0, SERVER_INSTALLED))
        return err_set(err,
                       "database %s has no schema pgpurged; run: pgpurged --init-sql | psql -d %s",
                       database, database);
    if (!pg_result_bool(reply, QUERY_STEP, 0, SERVER_USAGE) ||
        !pg_result_bool(reply, QUERY_STEP, 0, SERVER_AUDIT) ||
        !pg_result_bool(reply, QUERY_STEP, 0, SERVER_RUNS))
        return err_set(err,
                       "role %s may not write the audit table or the runs of schema pgpurged; "
                       "run: pgpurged --init-sql=%s | psql -d %s",
                       request->table.role, request->table.role, database);
    return true;
}

static bool check_server(const struct preflight *request, const struct pg_result *reply,
                         struct err *err)
{
    const char *replication_role = pg_result_text(reply, QUERY_STEP, 0, SERVER_REPLICATION_ROLE);

    if (request->table.server_version < SERVER_VERSION_NEEDED)
        return err_set(err, "the server is PostgreSQL %d; 14 or newer is needed",
                       request->table.server_version / 10000);
    if (replication_role == NULL || !text_equal(replication_role, "origin"))
        return err_set(
            err,
            "session_replication_role is \"%s\" for role %s: triggers and foreign keys would not "
            "be obeyed; reset it",
            replication_role, request->table.role);
    return check_schema(request, reply, err);
}

static void abilities_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;

    if (!answered(request, reply))
        return;
    abilities_read(reply, &request->table.abilities);
    ask(request, sql_version, NULL, 0, version_answered);
}

static bool check_clock(const struct preflight *request, struct err *err)
{
    double skew_s = 0;

    switch (guard_clock(request->anchor, request->table.clock, wall_now(), mono_now(), &skew_s)) {
    case GUARD_CLOCK_FINE:
        return true;
    case GUARD_CLOCK_SKEWED:
        return err_set(err,
                       "the database's clock and this machine's differ by %.0f s; nothing is "
                       "deleted until the "
                       "wrong one is set right and pgpurged is reloaded",
                       skew_s);
    case GUARD_CLOCK_JUMPED:
        return err_set(err,
                       "the database's clock has jumped by %.0f s; nothing is deleted until "
                       "somebody has looked "
                       "and reloaded pgpurged",
                       skew_s);
    }
    return false;
}

static void server_answered(void *arg, const struct pg_result *reply)
{
    struct preflight *request = arg;
    const char *role;
    struct err err;

    if (!answered(request, reply))
        return;
    role = pg_result_text(reply, QUERY_STEP, 0, SERVER_ROLE);
    snprintf(request->table.role, sizeof request->table.role, "%s", role != NULL ? role : "");
    request->table.server_version = (int)pg_result_int(reply, QUERY_STEP, 0, SERVER_VERSION);
    request->table.block_size = (uint32_t)pg_result_int(reply, QUERY_STEP, 0, SERVER_BLOCK_SIZE);
    request->table.clock.us = pg_result_int(reply, QUERY_STEP, 0, SERVER_CLOCK);
    request->citus = pg_result_bool(reply, QUERY_STEP, 0, SERVER_CITUS);

    if (pg_result_bool(reply, QUERY_STEP, 0, SERVER_STANDBY)) {
        err_set(&err,
                "the database is a standby: nothing can be deleted here until it is promoted");
        finish(request, BATCH_STANDBY, &err);
    } else if (!check_clock(request, &err)) {
        finish(request, BATCH_CLOCK, &err);
    } else if (!check_server(request, reply, &err)) {
        refuse(request, &err);
    } else {
        abilities_send(request->pg, abilities_answered, request);
    }
}

struct preflight *preflight_start(struct pg *pg, const struct job_settings *job,
                                  const struct clock_anchor *anchor, preflight_fn *fn, void *arg)
{
    struct preflight *request = mem_new(sizeof *request);

    *request = (struct preflight){.pg = pg, .job = job, .anchor = anchor, .fn = fn, .arg = arg};
    ask(request, sql_server, NULL, 0, server_answered);
    return request;
}

const struct reference_graph *preflight_references(const struct preflight *preflight)
{
    return preflight->reading != NULL ? references_graph(preflight->reading) : NULL;
}

void preflight_free(struct preflight *preflight)
{
    if (preflight == NULL)
        return;
    references_free(preflight->reading);
    free(preflight);
}

/* A row's own retention beyond a hundred years is taken for a slip. */
#define ABSURD_MS (INT64_C(36500) * 24 * 3600 * 1000)

static struct sql_row_retention row_retention_of(const struct expires *expires)
{
    if (expires->kind != EXPIRES_BY_ROW)
        return (struct sql_row_retention){0};
    return (struct sql_row_retention){
        .column = expires->row_column,
        .unit = expires->row_unit,
        .most = ABSURD_MS / expires->row_unit_least_ms,
        .least_ms = expires->row_least_ms,
    };
}

struct sql_target preflight_target(const struct job_settings *job,
                                   const struct preflight_table *table)
{
    static const int64_t per_second[] = {
        [EPOCH_NONE] = 0, [EPOCH_S] = 1, [EPOCH_MS] = 1000, [EPOCH_US] = 1000000};

    return (struct sql_target){
        .schema = job->table.schema,
        .table = job->table.name,
        .column = job->expires.column,
        .type = table->type,
        .family = table->references != NULL ? &table->references->family : NULL,
        .zone = job->column_timezone,
        .per_second = per_second[job->epoch],
        .never_expires = &job->never_expires,
        .flags = &job->flags,
        .flag_types = table->flag_types,
        .where = job->where,
        .row_retention = row_retention_of(&job->expires),
        .digest = &job->audit_digest,
        .root_schema = table->partitioned ? job->table.schema : NULL,
        .root_table = table->partitioned ? job->table.name : NULL,
    };
}
