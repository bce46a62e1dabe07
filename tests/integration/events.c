#include "integration/events.h"

#include <check.h>

#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/session.h"

/* Who is where: ids are unique over all leaves. promises.there() looks into every partition that
 * was ever watched and is still a table. */
static const char make_promises[] =
    "CREATE SCHEMA promises;"
    "CREATE TABLE promises.was (partition oid, id bigint PRIMARY KEY, due boolean);"
    "CREATE FUNCTION promises.there() RETURNS TABLE (at oid, key bigint) LANGUAGE plpgsql AS $$"
    " DECLARE l oid; BEGIN"
    "  FOR l IN SELECT DISTINCT w.partition FROM promises.was w JOIN pg_class c ON c.oid = "
    "w.partition"
    "           WHERE c.relkind = 'r' LOOP"
    "   RETURN QUERY EXECUTE format('SELECT tableoid, id FROM ONLY %%s', l::regclass);"
    "  END LOOP; END $$;"
    "CREATE VIEW promises.gone AS SELECT w.* FROM promises.was w"
    " JOIN pg_class c ON c.oid = w.partition AND c.relkind = 'r'"
    " WHERE w.id NOT IN (SELECT t.key FROM promises.there() t);";

void events_make(struct scene *scene)
{
    sql_exec(scene->own, make_promises);
    sql_exec(scene->own, "CREATE TABLE ev (id bigint, deleted_at timestamptz, filler text)"
                         " PARTITION BY RANGE (id);"
                         "GRANT SELECT, DELETE, UPDATE (filler) ON ev TO pgpurged");
}

struct scene events_new(void)
{
    struct scene scene = scene_new();

    events_make(&scene);
    return scene;
}

void events_add_part(struct scene *scene, const char *parent, const char *name, const char *bounds)
{
    sql_exec(scene->own,
             "CREATE TABLE %s PARTITION OF %s %s;"
             "GRANT SELECT, DELETE, UPDATE (filler) ON %s TO pgpurged",
             name, parent, bounds, name);
}

void events_add_partition(struct scene *scene, const char *parent, const char *name, int from,
                          int to)
{
    events_add_part(scene, parent, name, keep_format("FOR VALUES FROM (%d) TO (%d)", from, to));
}

void events_fill(struct scene *scene, const char *table, int from, int to)
{
    sql_exec(scene->own,
             "INSERT INTO %s SELECT i, CASE i %% 4 WHEN 0 THEN NULL"
             "  WHEN 3 THEN now() - interval '10 days'"
             "  ELSE now() - interval '31 days' - i * interval '1 minute' END, repeat('x', 720)"
             " FROM generate_series(%d, %d - 1) AS i",
             table, from, to);
}

void events_watch(struct scene *scene)
{
    sql_exec(scene->own, "INSERT INTO promises.was SELECT tableoid, id, (" SCENE_DUE ") IS TRUE"
                         " FROM ev ON CONFLICT DO NOTHING");
}

void events_add_partitions(struct scene *scene, int partitions)
{
    for (int i = 1; i <= partitions; i++)
        events_add_partition(scene, "ev", keep_format("ev_%d", i), 100 * i - 99, 100 * i + 1);
    events_fill(scene, "ev", 1, 100 * partitions + 1);
    events_watch(scene);
}

struct scene events_of(int partitions)
{
    struct scene scene = events_new();

    events_add_partitions(&scene, partitions);
    return scene;
}

/* A partition that is no table any more was dropped by somebody; then nobody can count. */
static const char unaccounted[] =
    "SELECT string_agg(format('%%s: %%s gone, %%s audited', relation::regclass, rows, audited),"
    " '; ') FROM (SELECT partition AS relation, count(*) AS rows FROM promises.gone GROUP BY "
    "partition) g"
    " FULL JOIN (SELECT relation, sum(rows) AS audited FROM pgpurged.audit JOIN pg_class c"
    "            ON c.oid = relation GROUP BY relation) a USING (relation)"
    " WHERE rows IS DISTINCT FROM audited";

int64_t events_check(const struct scene *scene)
{
    int64_t gone, wrongly;
    const char *differences;

    /* One snapshot for all counts. */
    sql_exec(scene->own, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    gone = sql_int(scene->own, "SELECT count(*) FROM promises.gone");
    wrongly = sql_int(scene->own, "SELECT count(*) FROM promises.gone WHERE NOT due");
    differences = sql_text(scene->own, unaccounted);
    sql_exec(scene->own, "COMMIT");
    ck_assert_msg(wrongly == 0, "promise R: %lld rows are gone that were not due",
                  (long long)wrongly);
    ck_assert_msg(differences[0] == '\0', "promise A: %s", differences);
    return gone;
}

int64_t events_due(const struct scene *scene, const char *table)
{
    return sql_int(scene->own, "SELECT count(*) FROM %s WHERE " SCENE_DUE, table);
}

const char *events_config(const struct scene *scene, const char *options)
{
    return scene_config_of(
        scene, keep_format("[job ev]\ntable = ev\nexpires = deleted_at + 30d\n%s\n", options));
}
