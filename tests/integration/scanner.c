#include "integration/scanner.h"

#include <check.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/session.h"
#include "sql/queries.h"

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct scanner *scanner = arg;

    ck_assert_msg(ok, "%s", error->message);
    loop_stop(scanner->loop);
}

struct scanner scanner_new(enum time_type type, const char *zone, const char *cutoff)
{
    struct scanner scanner = {.scene = scene_new(), .cutoff = cutoff};
    struct sql_target target = {.schema = "public",
                                .table = "marks",
                                .column = "mark",
                                .type = type,
                                .zone = zone,
                                .per_second = 1000};

    scanner.sql = sql_statements_for(&target);
    slices_start(&scanner.slices);
    scanner.role =
        sql_connect(cluster_conninfo(harness_cluster(), scanner.scene.database, "pgpurged"));
    return scanner;
}

void scanner_connect(struct scanner *scanner)
{
    const char *conninfo = cluster_conninfo(harness_cluster(), scanner->scene.database, "pgpurged");

    sql_exec(scanner->scene.own, "GRANT SELECT, DELETE, UPDATE ON marks TO pgpurged");
    scanner->relation = sql_int(scanner->scene.own, "SELECT 'marks'::regclass::oid::bigint");
    scanner->loop = loop_new();
    scanner->pg = pg_open(scanner->loop, conninfo, "pgpurged", AWAIT_MS, connected, scanner);
    loop_run(scanner->loop);
}

void scanner_end(struct scanner *scanner)
{
    slices_free(&scanner->slices);
    sql_statements_free(&scanner->sql);
    PQfinish(scanner->role);
    pg_close(scanner->pg);
    loop_free(scanner->loop);
    scene_end(&scanner->scene);
}

static void check_done(const struct pg_result *reply)
{
    ck_assert_msg(pg_result_status(reply) == PG_DONE, "%s", pg_result_error(reply)->message);
}

static void sliced(void *arg, const struct pg_result *reply)
{
    struct scanner *scanner = arg;
    struct err err = {""};

    check_done(reply);
    ck_assert_msg(slice_read(reply, &scanner->slices, &err), "%s", err.text);
    loop_stop(scanner->loop);
}

void scanner_take_slice(struct scanner *scanner, int64_t limit)
{
    if (!scanner->slices.stuck)
        scanner->slices.limit = limit;
    slice_send(scanner->pg, &scanner->slices, &scanner->sql, scanner->cutoff, sliced, scanner);
    loop_run(scanner->loop);
}

static void probed(void *arg, const struct pg_result *reply)
{
    struct scanner *scanner = arg;

    check_done(reply);
    scanner->probed = probe_due_read(reply);
    loop_stop(scanner->loop);
}

int64_t scanner_probe(struct scanner *scanner)
{
    probe_due_send(scanner->pg, &scanner->sql, scanner->cutoff, probed, scanner);
    loop_run(scanner->loop);
    return scanner->probed;
}

static void found_index(void *arg, const struct pg_result *reply)
{
    struct scanner *scanner = arg;

    check_done(reply);
    probe_index_read(reply, &scanner->index);
    loop_stop(scanner->loop);
}

void scanner_find_index(struct scanner *scanner)
{
    probe_index_send(scanner->pg, scanner->relation, "mark", found_index, scanner);
    loop_run(scanner->loop);
}

PGresult *scanner_query(PGconn *conn, const char *sql, const char *const *values, int count)
{
    PGresult *result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);

    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s\n%s", sql, PQerrorMessage(conn));
    return result;
}

/* --- batches --- */

char *scanner_specification(const struct scanner *scanner, enum batch_form form, bool skip_locked)
{
    struct specification about = {
        .run = 1,
        .root = scanner->relation,
        .relation = scanner->relation,
        .job = "marks",
        .cutoff = scanner->cutoff,
        .policy = "a hash",
        .statements = &scanner->sql,
    };

    return specification_of_batch(&about, form, skip_locked);
}

struct scanner_batch scanner_purge_limited(struct scanner *scanner, const char *list,
                                           bool skip_locked, int64_t max_rows)
{
    char *specification = scanner_specification(scanner, BATCH_LIST, skip_locked);
    const char *values[] = {specification,
                            keep_format("%lld", (long long)++scanner->batch),
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            list,
                            keep_format("%lld", (long long)max_rows),
                            "1000"};
    PGresult *result =
        PQexecParams(scanner->role, sql_purge, ARRAY_LENGTH(values), NULL, values, NULL, NULL, 0);
    struct scanner_batch batch = {.sqlstate = "00000"};

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

struct scanner_batch scanner_purge(struct scanner *scanner, const char *list)
{
    return scanner_purge_limited(scanner, list, false, 1000000);
}

static int64_t purge_part(struct scanner *scanner, const struct slice_part *part)
{
    struct scanner_batch batch;
    struct text list = {0};

    slice_print(part, &list);
    batch = scanner_purge(scanner, list.data);
    text_free(&list);
    ck_assert_str_eq(batch.sqlstate, "00000");
    return batch.rows;
}

int64_t scanner_purge_slice(struct scanner *scanner)
{
    enum { PART = 70 };
    size_t count = scanner->slices.count;
    int64_t rows = 0;

    for (size_t i = 0; i < count; i += PART) {
        struct slice_part part = {scanner->slices.tids + i, count - i < PART ? count - i : PART};

        rows += purge_part(scanner, &part);
    }
    return rows;
}

const char *scanner_tids(struct scanner *scanner, const char *condition)
{
    return sql_text(scanner->scene.own, "SELECT array_agg(ctid ORDER BY ctid) FROM marks WHERE %s",
                    condition);
}

void scanner_make_marks(struct scanner *scanner, const char *type, int nth)
{
    sql_exec(scanner->scene.own,
             "CREATE TABLE marks (id bigint PRIMARY KEY, mark %s, filler text);"
             "INSERT INTO marks SELECT i, CASE WHEN i %% 3 = 0 THEN NULL"
             "  WHEN i %% %d = 0 THEN timestamp '2026-01-01' + i * interval '1 minute'"
             "  ELSE timestamp '2026-09-01' + i * interval '1 minute' END, repeat('x', 90)"
             " FROM generate_series(1, 30000) AS i",
             type, nth);
}
