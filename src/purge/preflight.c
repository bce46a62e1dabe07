#include "purge/preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "purge/preflight_column.h"
#include "purge/preflight_table.h"
#include "purge/talk.h"
#include "sql/flights.h"
#include "sql/quote.h"
#include "sql/schema.h"

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

static void finish(struct preflight *flight, enum batch_outcome outcome, const struct err *err)
{
    flight->fn(flight->arg, outcome, &flight->table, err);
}

static void refuse(struct preflight *flight, const struct err *err)
{
    finish(flight, BATCH_REFUSED, err);
}

/* Deals with a reply that is not PG_DONE. Returns whether it is. */
static bool answered(struct preflight *flight, const struct pg_reply *reply)
{
    enum batch_outcome outcome = talk_outcome(reply);
    struct err err;

    if (outcome == BATCH_COMMITTED)
        return true;
    talk_error(pg_reply_error(reply), &err);
    /* No row is touched here: what would be a row's fault in a batch is the question's fault. */
    finish(flight, outcome == BATCH_ROW_ERROR ? BATCH_REFUSED : outcome, &err);
    return false;
}

static void ask(struct preflight *flight, const char *sql, const char *const *values, int count,
                pg_reply_fn *fn)
{
    talk_send(flight->pg, &(struct pg_step){sql, values, count}, true, fn, flight);
}

static void ask_table(struct preflight *flight);

/* --- what refers to it --- */

static void references_read(void *arg, enum batch_outcome outcome, const struct err *err)
{
    struct preflight *flight = arg;

    if (outcome == BATCH_COMMITTED)
        flight->table.references = references_graph(flight->reading);
    finish(flight, outcome, err);
}

static void read_references(struct preflight *flight)
{
    flight->table.readable = true;
    flight->asked = (struct references_asked){
        .job = flight->job,
        .relation = flight->table.relation,
        .role = flight->table.role,
    };
    flight->reading = references_start(flight->pg, &flight->asked, references_read, flight);
}

static void zone_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;

    if (answered(flight, reply))
        read_references(flight);
}

/* Here a zone that nobody knows is an error of the job; in a batch it would look like one of each
 * row. */
static void check_zone(struct preflight *flight)
{
    const char *values[] = {flight->job->column_timezone};

    if (values[0][0] == '\0')
        read_references(flight);
    else
        ask(flight, sql_zone, values, 1, zone_answered);
}

/* --- the rule --- */

static bool is_volatile(const struct pg_reply *reply)
{
    for (int row = 0; row < pg_reply_rows(reply, TALK_STEP); row++)
        if (strstr(pg_reply_text(reply, TALK_STEP, row, 0), SQL_VOLATILE) != NULL)
            return true;
    return false;
}

/* What can't be asked for is let pass: the expression itself was understood. */
static void volatility_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;
    enum batch_outcome outcome = talk_outcome(reply);
    struct err err;

    if (outcome == BATCH_REFUSED || outcome == BATCH_ROW_ERROR) {
        check_zone(flight);
    } else if (answered(flight, reply)) {
        if (!is_volatile(reply)) {
            check_zone(flight);
            return;
        }
        err_set(&err, "where: it calls a function that is VOLATILE, which may say another thing of "
                      "the same row each time, like random() or clock_timestamp(); for the time "
                      "write now(), and of a function of your own that only reads: ALTER FUNCTION "
                      "... STABLE");
        refuse(flight, &err);
    }
}

static void ask_volatility(struct preflight *flight)
{
    struct sql_target target = preflight_target(flight->job, &flight->table);
    char *sql = sql_explain_where(&target);

    ask(flight, sql, NULL, 0, volatility_answered);
    free(sql);
}

/* It is asked under search_path = pg_catalog, so that what it means is not a matter of whose
 * session it is. */
static void where_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;
    enum batch_outcome outcome = talk_outcome(reply);
    struct err cause, err;

    if (outcome == BATCH_REFUSED || outcome == BATCH_ROW_ERROR) {
        talk_error(pg_reply_error(reply), &cause);
        err_set(&err,
                "where: %s; a function, type or operator that is not PostgreSQL's own needs its "
                "schema, as in public.is_test(email)",
                cause.text);
        refuse(flight, &err);
    } else if (answered(flight, reply)) {
        ask_volatility(flight);
    }
}

static void check_where(struct preflight *flight)
{
    struct sql_target target = preflight_target(flight->job, &flight->table);
    char *sql;

    if (flight->job->where[0] == '\0') {
        check_zone(flight);
        return;
    }
    sql = sql_try_where(&target);
    ask(flight, sql, NULL, 0, where_answered);
    free(sql);
}

static void columns_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;
    struct err err;

    if (!answered(flight, reply))
        return;
    if (preflight_columns(reply, flight->job, &flight->table, &err))
        check_where(flight);
    else
        refuse(flight, &err);
}

static void ask_columns(struct preflight *flight)
{
    struct talk_number oid;
    const char *values[] = {talk_number(&oid, flight->table.relation)};

    ask(flight, sql_columns, values, ARRAY_LENGTH(values), columns_answered);
}

static void distributed_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;
    struct err err;

    if (!answered(flight, reply))
        return;
    if (pg_reply_bool(reply, TALK_STEP, 0, 0)) {
        err_set(&err,
                "%s is a distributed table of Citus: here it is an empty shell, and its shards are "
                "not supported yet",
                flight->job->table.written);
        refuse(flight, &err);
        return;
    }
    ask_columns(flight);
}

static void table_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;
    struct talk_number oid;
    struct err err;

    if (!answered(flight, reply))
        return;
    if (!preflight_judge_table(reply, &flight->job->table, &flight->table, &err)) {
        refuse(flight, &err);
    } else if (flight->citus) {
        const char *values[] = {talk_number(&oid, flight->table.relation)};

        ask(flight, sql_distributed, values, ARRAY_LENGTH(values), distributed_answered);
    } else {
        ask_columns(flight);
    }
}

static void ask_table(struct preflight *flight)
{
    const struct job_settings *job = flight->job;
    const char *values[] = {job->table.schema, job->table.name, job->silent_triggers};

    ask(flight, sql_table, values, ARRAY_LENGTH(values), table_answered);
}

/* --- the schema pgpurged --- */

static void version_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;
    int64_t version;
    struct err err;

    if (!answered(flight, reply))
        return;
    version = pg_reply_int(reply, TALK_STEP, 0, 0);
    if (version != SCHEMA_VERSION) {
        err_set(&err,
                "schema pgpurged is of version %lld, this daemon needs %d; run: pgpurged "
                "--init-sql | psql",
                (long long)version, SCHEMA_VERSION);
        refuse(flight, &err);
        return;
    }
    ask_table(flight);
}

/* --- the server --- */

static bool check_schema(const struct preflight *flight, const struct pg_reply *reply,
                         struct err *err)
{
    const char *database = pg_reply_text(reply, TALK_STEP, 0, SERVER_DATABASE);

    if (!pg_reply_bool(reply, TALK_STEP, 0, SERVER_INSTALLED))
        return err_set(err,
                       "database %s has no schema pgpurged; run: pgpurged --init-sql | psql -d %s",
                       database, database);
    if (!pg_reply_bool(reply, TALK_STEP, 0, SERVER_USAGE) ||
        !pg_reply_bool(reply, TALK_STEP, 0, SERVER_AUDIT) ||
        !pg_reply_bool(reply, TALK_STEP, 0, SERVER_RUNS))
        return err_set(err,
                       "role %s may not write the audit table or the runs of schema pgpurged; "
                       "run: pgpurged --init-sql=%s | psql -d %s",
                       flight->table.role, flight->table.role, database);
    return true;
}

static bool check_server(const struct preflight *flight, const struct pg_reply *reply,
                         struct err *err)
{
    const char *replication_role = pg_reply_text(reply, TALK_STEP, 0, SERVER_REPLICATION_ROLE);

    if (flight->table.server_version < SERVER_VERSION_NEEDED)
        return err_set(err, "the server is PostgreSQL %d; 14 or newer is needed",
                       flight->table.server_version / 10000);
    if (replication_role == NULL || !text_equal(replication_role, "origin"))
        return err_set(
            err,
            "session_replication_role is \"%s\" for role %s: triggers and foreign keys would not "
            "be obeyed; reset it",
            replication_role, flight->table.role);
    return check_schema(flight, reply, err);
}

static void abilities_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;

    if (!answered(flight, reply))
        return;
    abilities_read(reply, &flight->table.abilities);
    ask(flight, sql_version, NULL, 0, version_answered);
}

static bool check_clock(const struct preflight *flight, struct err *err)
{
    double skew_s = 0;

    switch (guard_clock(flight->anchor, flight->table.clock, wall_now(), mono_now(), &skew_s)) {
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

static void server_answered(void *arg, const struct pg_reply *reply)
{
    struct preflight *flight = arg;
    const char *role;
    struct err err;

    if (!answered(flight, reply))
        return;
    role = pg_reply_text(reply, TALK_STEP, 0, SERVER_ROLE);
    snprintf(flight->table.role, sizeof flight->table.role, "%s", role != NULL ? role : "");
    flight->table.server_version = (int)pg_reply_int(reply, TALK_STEP, 0, SERVER_VERSION);
    flight->table.block_size = (uint32_t)pg_reply_int(reply, TALK_STEP, 0, SERVER_BLOCK_SIZE);
    flight->table.clock.us = pg_reply_int(reply, TALK_STEP, 0, SERVER_CLOCK);
    flight->citus = pg_reply_bool(reply, TALK_STEP, 0, SERVER_CITUS);

    if (pg_reply_bool(reply, TALK_STEP, 0, SERVER_STANDBY)) {
        err_set(&err,
                "the database is a standby: nothing can be deleted here until it is promoted");
        finish(flight, BATCH_STANDBY, &err);
    } else if (!check_clock(flight, &err)) {
        finish(flight, BATCH_CLOCK, &err);
    } else if (!check_server(flight, reply, &err)) {
        refuse(flight, &err);
    } else {
        abilities_send(flight->pg, abilities_answered, flight);
    }
}

struct preflight *preflight_start(struct pg *pg, const struct job_settings *job,
                                  const struct clock_anchor *anchor, preflight_fn *fn, void *arg)
{
    struct preflight *flight = mem_new(sizeof *flight);

    *flight = (struct preflight){.pg = pg, .job = job, .anchor = anchor, .fn = fn, .arg = arg};
    ask(flight, sql_server, NULL, 0, server_answered);
    return flight;
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
        .live = &job->live,
        .flags = &job->flags,
        .flag_types = table->flag_types,
        .where = job->where,
        .row_retention = row_retention_of(&job->expires),
        .digest = &job->audit_digest,
        .root_schema = table->partitioned ? job->table.schema : NULL,
        .root_table = table->partitioned ? job->table.name : NULL,
    };
}
