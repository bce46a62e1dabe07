#include "integration/scanner.h"

#include <check.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/session.h"
#include "sql/statements.h"

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct scaner *scaner = arg;

    ck_assert_msg(ok, "%s", error->message);
    loop_stop(scaner->loop);
}

struct scaner scaner_new(enum time_type type, const char *zone, const char *cutoff)
{
    struct scaner scaner = {.scene = scene_new(), .cutoff = cutoff};
    struct sql_target target = {.schema = "public",
                                .table = "marks",
                                .column = "mark",
                                .type = type,
                                .zone = zone,
                                .per_second = 1000};

    scaner.sql = sql_statements_for(&target);
    slices_start(&scaner.slices);
    scaner.role =
        sql_connect(cluster_conninfo(harness_cluster(), scaner.scene.database, "pgpurged"));
    return scaner;
}

void scaner_connect(struct scaner *scaner)
{
    const char *conninfo = cluster_conninfo(harness_cluster(), scaner->scene.database, "pgpurged");

    sql_exec(scaner->scene.own, "GRANT SELECT, DELETE, UPDATE ON marks TO pgpurged");
    scaner->relation = sql_int(scaner->scene.own, "SELECT 'marks'::regclass::oid::bigint");
    scaner->loop = loop_new();
    scaner->pg = pg_open(scaner->loop, conninfo, "pgpurged", AWAIT_MS, connected, scaner);
    loop_run(scaner->loop);
}

void scaner_end(struct scaner *scaner)
{
    slices_free(&scaner->slices);
    sql_statements_free(&scaner->sql);
    PQfinish(scaner->role);
    pg_close(scaner->pg);
    loop_free(scaner->loop);
    scene_end(&scaner->scene);
}

static void check_done(const struct pg_result *reply)
{
    ck_assert_msg(pg_result_status(reply) == PG_DONE, "%s", pg_result_error(reply)->message);
}

static void sliced(void *arg, const struct pg_result *reply)
{
    struct scaner *scaner = arg;
    struct err err = {""};

    check_done(reply);
    ck_assert_msg(slice_read(reply, &scaner->slices, &err), "%s", err.text);
    loop_stop(scaner->loop);
}

void scaner_take_slice(struct scaner *scaner, int64_t limit)
{
    if (!scaner->slices.stuck)
        scaner->slices.limit = limit;
    slice_send(scaner->pg, &scaner->slices, &scaner->sql, scaner->cutoff, sliced, scaner);
    loop_run(scaner->loop);
}

static void probed(void *arg, const struct pg_result *reply)
{
    struct scaner *scaner = arg;

    check_done(reply);
    scaner->probed = probe_due_read(reply);
    loop_stop(scaner->loop);
}

int64_t scaner_probe(struct scaner *scaner)
{
    probe_due_send(scaner->pg, &scaner->sql, scaner->cutoff, probed, scaner);
    loop_run(scaner->loop);
    return scaner->probed;
}

static void found_index(void *arg, const struct pg_result *reply)
{
    struct scaner *scaner = arg;

    check_done(reply);
    probe_index_read(reply, &scaner->index);
    loop_stop(scaner->loop);
}

void scaner_find_index(struct scaner *scaner)
{
    probe_index_send(scaner->pg, scaner->relation, "mark", found_index, scaner);
    loop_run(scaner->loop);
}

PGresult *scaner_query(PGconn *conn, const char *sql, const char *const *values, int count)
{
    PGresult *result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);

    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s\n%s", sql, PQerrorMessage(conn));
    return result;
}

/* --- batches --- */

char *scaner_specification(const struct scaner *scaner, enum batch_form form, bool skip_locked)
{
    struct specification about = {
        .run = 1,
        .root = scaner->relation,
        .relation = scaner->relation,
        .job = "marks",
        .cutoff = scaner->cutoff,
        .policy = "a hash",
        .statements = &scaner->sql,
    };

    return specification_of_batch(&about, form, skip_locked);
}

struct scaner_batch scaner_purge_limited(struct scaner *scaner, const char *list, bool skip_locked,
                                         int64_t max_rows)
{
    char *specification = scaner_specification(scaner, BATCH_LIST, skip_locked);
    const char *values[] = {specification,
                            keep_format("%lld", (long long)++scaner->batch),
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            list,
                            keep_format("%lld", (long long)max_rows),
                            "1000"};
    PGresult *result =
        PQexecParams(scaner->role, sql_purge, ARRAY_LENGTH(values), NULL, values, NULL, NULL, 0);
    struct scaner_batch batch = {.sqlstate = "00000"};

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        batch.rows = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        batch.skipped = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    } else {
        batch.sqlstate = keep_format("%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
    }
    PQclear(result);
    free(specification);
    return batch;
}

struct scaner_batch scaner_purge(struct scaner *scaner, const char *list)
{
    return scaner_purge_limited(scaner, list, false, 1000000);
}

static int64_t purge_part(struct scaner *scaner, const struct slice_part *part)
{
    struct scaner_batch batch;
    struct text list = {0};

    slice_print(part, &list);
    batch = scaner_purge(scaner, list.data);
    text_free(&list);
    ck_assert_str_eq(batch.sqlstate, "00000");
    return batch.rows;
}

int64_t scaner_purge_slice(struct scaner *scaner)
{
    enum { PART = 70 };
    size_t count = scaner->slices.count;
    int64_t rows = 0;

    for (size_t i = 0; i < count; i += PART) {
        struct slice_part part = {scaner->slices.tids + i, count - i < PART ? count - i : PART};

        rows += purge_part(scaner, &part);
    }
    return rows;
}

const char *scaner_tids(struct scaner *scaner, const char *condition)
{
    return sql_text(scaner->scene.own, "SELECT array_agg(ctid ORDER BY ctid) FROM marks WHERE %s",
                    condition);
}

void scaner_make_marks(struct scaner *scaner, const char *type, int nth)
{
    sql_exec(scaner->scene.own,
             "CREATE TABLE marks (id bigint PRIMARY KEY, mark %s, filler text);"
             "INSERT INTO marks SELECT i, CASE WHEN i %% 3 = 0 THEN NULL"
             "  WHEN i %% %d = 0 THEN timestamp '2026-01-01' + i * interval '1 minute'"
             "  ELSE timestamp '2026-09-01' + i * interval '1 minute' END, repeat('x', 90)"
             " FROM generate_series(1, 30000) AS i",
             type, nth);
}
