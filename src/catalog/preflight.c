#include "catalog/preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/installation.h"
#include "catalog/preflight_column.h"
#include "catalog/query.h"
#include "catalog/requirements.h"
#include "catalog/sequence.h"
#include "config/timezone.h"
#include "sql/queries.h"
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
    SERVER_TRACK_COUNTS,
};

struct preflight {
    const struct job_settings *job;
    const struct clock_anchor *anchor;
    preflight_fn *fn;
    void *arg;
    bool citus;
    char *database;
    struct preflight_table table;
    struct references_asked asked;
    struct references_reading *reading;
    struct sequence *sequence;
    struct relations relations; /* the table, if there is one */
    struct findings findings;   /* about it */
};

/* --- the server --- */

static bool check_schema(const struct preflight *preflight, const struct pg_result *reply,
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
                       preflight->table.role, preflight->table.role, database);
    return true;
}

static bool check_server(const struct preflight *preflight, const struct pg_result *reply,
                         struct err *err)
{
    const char *replication_role = pg_result_text(reply, QUERY_STEP, 0, SERVER_REPLICATION_ROLE);

    if (preflight->table.server_version < SERVER_VERSION_NEEDED)
        return err_set(err, "the server is PostgreSQL %d; 14 or newer is needed",
                       preflight->table.server_version / 10000);
    if (replication_role == NULL || !text_equal(replication_role, "origin"))
        return err_set(
            err,
            "session_replication_role is \"%s\" for role %s: triggers and foreign keys would not "
            "be obeyed; reset it",
            replication_role, preflight->table.role);
    return check_schema(preflight, reply, err);
}

static bool check_clock(const struct preflight *preflight, struct err *err)
{
    double skew_s = 0;

    switch (
        guard_clock(preflight->anchor, preflight->table.clock, wall_now(), mono_now(), &skew_s)) {
    case GUARD_CLOCK_FINE:
        return true;
    case GUARD_CLOCK_SKEWED:
        return err_set(err,
                       "the database's clock and this machine's differ by %.0f s; nothing is "
                       "deleted until the wrong one is set right and pgpurged is reloaded",
                       skew_s);
    case GUARD_CLOCK_JUMPED:
        return err_set(err,
                       "the database's clock has jumped by %.0f s; nothing is deleted until "
                       "somebody has looked and reloaded pgpurged",
                       skew_s);
    }
    return false;
}

static void read_server(struct preflight *preflight, const struct pg_result *reply)
{
    const char *role = pg_result_text(reply, QUERY_STEP, 0, SERVER_ROLE);
    struct preflight_table *table = &preflight->table;

    snprintf(table->role, sizeof table->role, "%s", role != NULL ? role : "");
    table->server_version = (int)pg_result_int(reply, QUERY_STEP, 0, SERVER_VERSION);
    table->block_size = (uint32_t)pg_result_int(reply, QUERY_STEP, 0, SERVER_BLOCK_SIZE);
    table->clock.us = pg_result_int(reply, QUERY_STEP, 0, SERVER_CLOCK);
    preflight->citus = pg_result_bool(reply, QUERY_STEP, 0, SERVER_CITUS);
    preflight->database = text_copy(pg_result_text(reply, QUERY_STEP, 0, SERVER_DATABASE));
    preflight->asked.track_counts = pg_result_bool(reply, QUERY_STEP, 0, SERVER_TRACK_COUNTS);
}

static enum batch_outcome judge_server(void *data, const struct pg_result *reply, struct err *err)
{
    struct preflight *preflight = data;

    read_server(preflight, reply);
    if (pg_result_bool(reply, QUERY_STEP, 0, SERVER_STANDBY)) {
        err_set(err, "the database is a standby: nothing can be deleted here until it is promoted");
        return BATCH_STANDBY;
    }
    if (!check_clock(preflight, err))
        return BATCH_CLOCK;
    return question_fine_if(check_server(preflight, reply, err));
}

static void values_of_abilities(void *data, struct question_values *values)
{
    const struct preflight *preflight = data;

    values->sql = abilities_sql(preflight->table.server_version);
}

static void read_abilities(void *data, const struct pg_result *reply)
{
    struct preflight *preflight = data;

    abilities_read(reply, &preflight->table.abilities);
}

static enum batch_outcome judge_version(void *data, const struct pg_result *reply, struct err *err)
{
    const struct preflight *preflight = data;
    int64_t version = pg_result_int(reply, QUERY_STEP, 0, 0);

    if (version == SCHEMA_VERSION)
        return BATCH_COMMITTED;
    if (version < SCHEMA_VERSION)
        err_set(err,
                "schema pgpurged is of version %lld, this pgpurged needs %d; run: pgpurged "
                "--init-sql=%s | psql -X -v ON_ERROR_STOP=1 -d %s",
                (long long)version, SCHEMA_VERSION, preflight->table.role, preflight->database);
    else
        err_set(
            err,
            "schema pgpurged is of version %lld, this pgpurged is too old: it knows %d at most; "
            "install the version that the schema was upgraded for",
            (long long)version, SCHEMA_VERSION);
    return BATCH_SCHEMA;
}

/* --- the table --- */

static void values_of_table(void *data, struct question_values *values)
{
    const struct preflight *preflight = data;
    const struct table_name *name = &preflight->job->table;

    relation_by_name(values, name->schema, name->name, preflight->job->non_firing_triggers, true);
}

static void read_table(struct preflight_table *table, const struct relation *relation)
{
    const char *before = relation->before_triggers;

    table->relation = relation->oid;
    table->partitioned = text_equal(relation->kind, "p");
    table->blocks = relation->blocks;
    table->rows = relation->rows;
    table->may_lock = relation->can_lock;
    snprintf(table->before_triggers, sizeof table->before_triggers, "%s",
             before != NULL ? before : "");
}

void preflight_judge(const struct job_settings *job, const char *role,
                     const struct relation *relation, struct findings *findings)
{
    char *column = sql_identifier(job->expires.column);
    bool partitioned = text_equal(relation->kind, "p");
    struct relation_role use = {
        .uses = partitioned ? USE_TABLE : USE_TABLE | USE_SKIP_LOCKED,
        .role = role,
        .column = column,
    };

    requirements_judge(relation, &use, findings);
    free(column);
}

static enum batch_outcome judge_table(void *data, const struct pg_result *reply, struct err *err)
{
    struct preflight *preflight = data;
    const struct job_settings *job = preflight->job;
    struct preflight_table *table = &preflight->table;

    relations_read(reply, &preflight->relations);
    if (preflight->relations.count == 0)
        return question_fine_if(
            err_set(err, "there is no table %s in this database", job->table.written));
    read_table(table, preflight->relations.items);
    preflight->asked.relation = table->relation;
    preflight_judge(job, table->role, preflight->relations.items, &preflight->findings);
    return question_fine_if(findings_allow(&preflight->findings, err));
}

static void values_relation(void *data, struct question_values *values)
{
    const struct preflight *preflight = data;

    question_number(values, preflight->table.relation);
}

static bool has_citus(void *data)
{
    const struct preflight *preflight = data;

    return preflight->citus;
}

static enum batch_outcome judge_distributed(void *data, const struct pg_result *reply,
                                            struct err *err)
{
    const struct preflight *preflight = data;

    return question_fine_if(
        !pg_result_bool(reply, QUERY_STEP, 0, 0) ||
        err_set(err,
                "%s is a distributed table of Citus: here it is an empty shell, and its shards are "
                "not supported yet",
                preflight->job->table.written));
}

/* --- the rule --- */

static enum batch_outcome judge_columns(void *data, const struct pg_result *reply, struct err *err)
{
    struct preflight *preflight = data;

    return question_fine_if(preflight_columns(reply, preflight->job, &preflight->table, err));
}

static bool has_where(void *data)
{
    const struct preflight *preflight = data;

    return preflight->job->where[0] != '\0';
}

/* It is asked under search_path = pg_catalog, so that what it means is not a matter of whose
 * session it is. */
static void values_of_where(void *data, struct question_values *values)
{
    const struct preflight *preflight = data;
    struct sql_target target = preflight_target(preflight->job, &preflight->table);

    values->sql = question_built(values, sql_try_where(&target));
}

static enum batch_outcome where_failed(void *data, enum batch_outcome outcome, struct err *err)
{
    struct err cause = *err;

    (void)data;
    if (outcome != BATCH_REFUSED && outcome != BATCH_ROW_ERROR)
        return outcome;
    err_set(err,
            "where: %s; a function, type or operator that is not PostgreSQL's own needs its "
            "schema, as in public.is_test(email)",
            cause.text);
    return BATCH_REFUSED;
}

static void values_of_volatility(void *data, struct question_values *values)
{
    const struct preflight *preflight = data;
    struct sql_target target = preflight_target(preflight->job, &preflight->table);

    values->sql = question_built(values, sql_explain_where(&target));
}

static enum batch_outcome judge_volatility(void *data, const struct pg_result *reply,
                                           struct err *err)
{
    (void)data;
    for (int row = 0; row < pg_result_rows(reply, QUERY_STEP); row++) {
        const char *line = pg_result_text(reply, QUERY_STEP, row, 0);

        if (line != NULL && strstr(line, SQL_VOLATILE) != NULL)
            return question_fine_if(
                err_set(err, "where: it calls a function that is VOLATILE, which may say another "
                             "thing of the same row each time, like random() or "
                             "clock_timestamp(); for the time write now(), and of a function of "
                             "your own that only reads: ALTER FUNCTION ... STABLE"));
    }
    return BATCH_COMMITTED;
}

/* What can't be asked for is let pass: the expression itself was understood. */
static enum batch_outcome volatility_failed(void *data, enum batch_outcome outcome, struct err *err)
{
    (void)data;
    (void)err;
    return outcome == BATCH_REFUSED || outcome == BATCH_ROW_ERROR ? BATCH_COMMITTED : outcome;
}

/* --- zones --- */

/* Promise R: what is no name, PostgreSQL may read as a zone of POSIX, with the sign inverted. */
static enum batch_outcome judge_zone(const char *option, const char *zone,
                                     const struct pg_result *reply, struct err *err)
{
    const char *known = pg_result_text(reply, QUERY_STEP, 0, 0);

    if (known != NULL && text_equal(known, zone))
        return BATCH_COMMITTED;
    return question_fine_if(timezone_unknown(zone, known, err) || err_prefix(err, "%s", option));
}

static bool has_zone(void *data)
{
    const struct preflight *preflight = data;

    return preflight->job->column_timezone[0] != '\0';
}

static void values_of_zone(void *data, struct question_values *values)
{
    const struct preflight *preflight = data;

    question_text(values, preflight->job->column_timezone);
}

static enum batch_outcome judge_column_zone(void *data, const struct pg_result *reply,
                                            struct err *err)
{
    const struct preflight *preflight = data;

    return judge_zone("column_timezone", preflight->job->column_timezone, reply, err);
}

static bool has_window_zone(void *data)
{
    const struct preflight *preflight = data;

    return !timezone_is_posix(preflight->job->timezone);
}

static void values_of_window_zone(void *data, struct question_values *values)
{
    const struct preflight *preflight = data;

    question_text(values, preflight->job->timezone);
}

static enum batch_outcome judge_window_zone(void *data, const struct pg_result *reply,
                                            struct err *err)
{
    const struct preflight *preflight = data;

    return judge_zone("timezone", preflight->job->timezone, reply, err);
}

static const struct question questions[] = {
    {.sql = sql_server, .judge = judge_server},
    {.sql = sql_installation, .judge = installation_judge}, /* before anything of it is called */
    {.values = values_of_abilities, .read = read_abilities},
    {.sql = sql_version, .judge = judge_version},
    {.sql = sql_relation, .values = values_of_table, .judge = judge_table},
    {.sql = sql_distributed,
     .wanted = has_citus,
     .values = values_relation,
     .judge = judge_distributed},
    {.sql = sql_columns, .values = values_relation, .judge = judge_columns},
    {.wanted = has_where,
     .values = values_of_where,

     .failed = where_failed},
    {.wanted = has_where,
     .values = values_of_volatility,
     .judge = judge_volatility,
     .failed = volatility_failed},
    {.sql = sql_zone, .wanted = has_zone, .values = values_of_zone, .judge = judge_column_zone},
    {.sql = sql_zone,
     .wanted = has_window_zone,
     .values = values_of_window_zone,
     .judge = judge_window_zone},
};

/* --- the end --- */

static void answered(void *arg, enum batch_outcome outcome, const struct err *err)
{
    struct preflight *preflight = arg;

    preflight->table.readable = references_begun(preflight->reading);
    if (outcome == BATCH_COMMITTED)
        preflight->table.references = references_graph(preflight->reading);
    preflight->fn(preflight->arg, outcome, &preflight->table, err);
}

struct preflight *preflight_start(struct pg *pg, const struct job_settings *job,
                                  const struct clock_anchor *anchor, preflight_fn *fn, void *arg)
{
    struct preflight *preflight = mem_new(sizeof *preflight);

    *preflight = (struct preflight){.job = job, .anchor = anchor, .fn = fn, .arg = arg};
    preflight->asked = (struct references_asked){.job = job, .role = preflight->table.role};
    preflight->reading = references_new(&preflight->asked);
    preflight->sequence =
        sequence_start(pg,
                       (struct sequence_part[]){{questions, ARRAY_LENGTH(questions), preflight},
                                                references_questions(preflight->reading)},
                       2, answered, preflight);
    return preflight;
}

const struct reference_graph *preflight_references(const struct preflight *preflight)
{
    return references_graph(preflight->reading);
}

const struct relation *preflight_relation(const struct preflight *preflight)
{
    return preflight->relations.count > 0 ? preflight->relations.items : NULL;
}

const struct findings *preflight_findings(const struct preflight *preflight)
{
    return &preflight->findings;
}

const struct findings *preflight_reference_findings(const struct preflight *preflight)
{
    return references_findings(preflight->reading);
}

void preflight_trim(struct preflight *preflight)
{
    findings_free(&preflight->findings);
    relations_free(&preflight->relations);
    preflight->findings = (struct findings){0};
    preflight->relations = (struct relations){0};
}

void preflight_free(struct preflight *preflight)
{
    if (preflight == NULL)
        return;
    sequence_free(preflight->sequence);
    references_free(preflight->reading);
    free(preflight->database);
    findings_free(&preflight->findings);
    relations_free(&preflight->relations);
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
