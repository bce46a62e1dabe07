#include "integration/walker.h"

#include <check.h>
#include <stdlib.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/session.h"
#include "purge/talk.h"
#include "sql/flights.h"

static void connected(void *arg, bool ok, const struct pg_error *error)
{
    struct walker *walker = arg;

    ck_assert_msg(ok, "%s", error->message);
    loop_stop(walker->loop);
}

struct walker walker_new(enum time_type type, const char *zone, const char *cutoff)
{
    struct walker walker = {.scene = scene_new(), .cutoff = cutoff};
    struct sql_target target = {.schema = "public",
                                .table = "marks",
                                .column = "mark",
                                .type = type,
                                .zone = zone,
                                .per_second = 1000};

    walker.sql = sql_statements_for(&target);
    slices_start(&walker.slices);
    walker.role =
        sql_connect(cluster_conninfo(harness_cluster(), walker.scene.database, "pgpurged"));
    return walker;
}

void walker_connect(struct walker *walker)
{
    const char *conninfo = cluster_conninfo(harness_cluster(), walker->scene.database, "pgpurged");

    sql_exec(walker->scene.own, "GRANT SELECT, DELETE, UPDATE ON marks TO pgpurged");
    walker->relation = sql_int(walker->scene.own, "SELECT 'marks'::regclass::oid::bigint");
    walker->loop = loop_new();
    walker->pg = pg_open(walker->loop, conninfo, "pgpurged", AWAIT_MS, connected, walker);
    loop_run(walker->loop);
}

void walker_end(struct walker *walker)
{
    slices_free(&walker->slices);
    sql_statements_free(&walker->sql);
    PQfinish(walker->role);
    pg_close(walker->pg);
    loop_free(walker->loop);
    scene_end(&walker->scene);
}

static void check_done(const struct pg_reply *reply)
{
    ck_assert_msg(pg_reply_fate(reply) == PG_DONE, "%s", pg_reply_error(reply)->message);
}

static void sliced(void *arg, const struct pg_reply *reply)
{
    struct walker *walker = arg;
    struct err err = {""};

    check_done(reply);
    ck_assert_msg(slice_read(reply, &walker->slices, &err), "%s", err.text);
    loop_stop(walker->loop);
}

void walker_take_slice(struct walker *walker, int64_t limit)
{
    if (!walker->slices.stuck)
        walker->slices.limit = limit;
    slice_send(walker->pg, &walker->slices, &walker->sql, walker->cutoff, sliced, walker);
    loop_run(walker->loop);
}

static void probed(void *arg, const struct pg_reply *reply)
{
    struct walker *walker = arg;

    check_done(reply);
    walker->probed = probe_due_read(reply);
    loop_stop(walker->loop);
}

int64_t walker_probe(struct walker *walker)
{
    probe_due_send(walker->pg, &walker->sql, walker->cutoff, probed, walker);
    loop_run(walker->loop);
    return walker->probed;
}

static void found_index(void *arg, const struct pg_reply *reply)
{
    struct walker *walker = arg;

    check_done(reply);
    probe_index_read(reply, &walker->index);
    loop_stop(walker->loop);
}

void walker_find_index(struct walker *walker)
{
    probe_index_send(walker->pg, walker->relation, "mark", found_index, walker);
    loop_run(walker->loop);
}

PGresult *walker_query(PGconn *conn, const char *sql, const char *const *values, int count)
{
    PGresult *result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);

    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s\n%s", sql, PQerrorMessage(conn));
    return result;
}

/* --- batches --- */

struct walker_batch walker_purge_limited(struct walker *walker, const char *list, bool skip_locked,
                                         int64_t max_rows)
{
    const char *values[] = {"1",
                            keep_format("%lld", (long long)++walker->batch),
                            "marks",
                            keep_format("%lld", (long long)walker->relation),
                            keep_format("%lld", (long long)walker->relation),
                            walker->sql.leaf,
                            walker->cutoff,
                            skip_locked ? walker->sql.delete_tids_skip_locked
                                        : walker->sql.delete_tids,
                            skip_locked ? walker->sql.count_tids : NULL,
                            NULL,
                            list,
                            keep_format("%lld", (long long)max_rows),
                            "false"};
    PGresult *result = PQexecParams(walker->role, sql_purge_tids, ARRAY_LENGTH(values), NULL,
                                    values, NULL, NULL, 0);
    struct walker_batch batch = {.sqlstate = "00000"};

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        batch.rows = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        batch.skipped = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    } else {
        batch.sqlstate = keep_format("%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
    }
    PQclear(result);
    return batch;
}

struct walker_batch walker_purge(struct walker *walker, const char *list)
{
    return walker_purge_limited(walker, list, false, 1000000);
}

static int64_t purge_part(struct walker *walker, const struct slice_part *part)
{
    struct walker_batch batch;
    struct text list = {0};

    slice_print(part, &list);
    batch = walker_purge(walker, list.data);
    text_free(&list);
    ck_assert_str_eq(batch.sqlstate, "00000");
    return batch.rows;
}

int64_t walker_purge_slice(struct walker *walker)
{
    enum { PART = 70 };
    size_t count = walker->slices.count;
    int64_t rows = 0;

    for (size_t i = 0; i < count; i += PART) {
        struct slice_part part = {walker->slices.tids + i, count - i < PART ? count - i : PART};

        rows += purge_part(walker, &part);
    }
    return rows;
}

const char *walker_tids(struct walker *walker, const char *condition)
{
    return sql_text(walker->scene.own, "SELECT array_agg(ctid ORDER BY ctid) FROM marks WHERE %s",
                    condition);
}

void walker_make_marks(struct walker *walker, const char *type, int nth)
{
    sql_exec(walker->scene.own,
             "CREATE TABLE marks (id bigint PRIMARY KEY, mark %s, filler text);"
             "INSERT INTO marks SELECT i, CASE WHEN i %% 3 = 0 THEN NULL"
             "  WHEN i %% %d = 0 THEN timestamp '2026-01-01' + i * interval '1 minute'"
             "  ELSE timestamp '2026-09-01' + i * interval '1 minute' END, repeat('x', 90)"
             " FROM generate_series(1, 30000) AS i",
             type, nth);
}
