/*
 * What a made-up table is: its key, its storage, its partitions, its past, and the tables that
 * inherit from it.
 */
#include <string.h>

#include "base/text.h"
#include "integration/keep.h"
#include "integration/random_maker.h"

/* ---- partitions ---- */

static const struct layout {
    const char *by, *partitions;
    const char *column; /* what a key has to contain */
} layouts[] = {
    {"PARTITION BY LIST (part)",
     "CREATE TABLE part_0 PARTITION OF $table FOR VALUES IN (0);\n"
     "CREATE TABLE part_1 PARTITION OF $table FOR VALUES IN (1);\n"
     "CREATE TABLE \"part other\" PARTITION OF $table DEFAULT;\n",
     "part"},
    {"PARTITION BY HASH (rn)",
     "CREATE TABLE part_0 PARTITION OF $table FOR VALUES WITH (MODULUS 2, REMAINDER 0);\n"
     "CREATE TABLE part_1 PARTITION OF $table FOR VALUES WITH (MODULUS 2, REMAINDER 1);\n",
     "rn"},
    {"PARTITION BY LIST (part)",
     "CREATE TABLE part_0 PARTITION OF $table FOR VALUES IN (0, 1) PARTITION BY RANGE (part, rn);\n"
     "CREATE TABLE part_00 PARTITION OF part_0 FOR VALUES FROM (MINVALUE, MINVALUE) TO (1, 20);\n"
     "CREATE TABLE part_01 PARTITION OF part_0 DEFAULT;\n"
     "CREATE TABLE part_1 PARTITION OF $table DEFAULT;\n",
     "part, rn"},
};

/* By the mark itself, as tables often are that only grow. A restored row moves to another
 * partition. */
static const struct layout layout_by_mark = {
    "PARTITION BY RANGE ($mark)",
    "CREATE TABLE part_old PARTITION OF $table FOR VALUES FROM ('2024-01-01') TO ('2026-01-01');\n"
    "CREATE TABLE part_new PARTITION OF $table FOR VALUES FROM ('2026-01-01') TO ('2026-09-01');\n"
    "CREATE TABLE part_none PARTITION OF $table DEFAULT;\n",
    NULL};

void random_partitions(struct random_maker *maker)
{
    int choice = random_dice(maker, (int)ARRAY_LENGTH(layouts) + 2);
    const struct layout *layout =
        choice < (int)ARRAY_LENGTH(layouts) ? &layouts[choice] : &layout_by_mark;

    maker->partitioned = true;
    maker->partitioned_by_mark = layout == &layout_by_mark;
    maker->layout = layout->by;
    maker->partition_key = layout->column;
    text_add(&maker->partitions, random_put(layout->partitions, "$table", maker->table));
}

/* Leaves may go in one piece, where nothing stands against it; the role has to own them. */
void random_dropping(struct random_maker *maker)
{
    if (!maker->partitioned)
        return;
    text_add(&maker->options, "drop_partitions = yes\n");
    text_add(&maker->links, "DO $do$ DECLARE r regclass; BEGIN\n"
                            "  FOR r IN SELECT relid FROM pg_partition_tree('$table') LOOP\n"
                            "    EXECUTE format('ALTER TABLE %s OWNER TO pgpurged', r);\n"
                            "  END LOOP;\n"
                            "END $do$;\n");
}

/* ---- keys ---- */

static const struct key {
    struct random_key_column columns[2];
} keys[] = {
    {{{"k", "bigint", "i"}}},
    {{{"k", "uuid", "md5(i::text)::uuid"}}},
    {{{"k", "text", "'key ' || i"}}},
    {{{"a", "bigint", "i % 7"}, {"k", "text", "'key ' || i"}}},
};

static const struct random_key_column rn = {"rn", "bigint", "i"};
static const struct random_key_column part = {"part", "integer", "(i % 3)::integer"};

static void add_to_key(struct random_maker *maker, const struct random_key_column *column)
{
    maker->key =
        maker->key == NULL ? column->name : keep_format("%s, %s", maker->key, column->name);
    maker->key_columns[maker->key_count++] = *column;
}

/* What the partitions are made by comes first in the key. */
static void add_partition_key(struct random_maker *maker)
{
    if (strstr(maker->partition_key, "part") != NULL)
        add_to_key(maker, &part);
    if (strstr(maker->partition_key, "rn") != NULL)
        add_to_key(maker, &rn);
}

static void add_key_columns(struct random_maker *maker, const struct key *key)
{
    for (size_t i = 0; i < ARRAY_LENGTH(key->columns) && key->columns[i].name != NULL; i++) {
        random_column(maker, key->columns[i].name, key->columns[i].type, key->columns[i].value);
        add_to_key(maker, &key->columns[i]);
    }
}

void random_key(struct random_maker *maker)
{
    static const char *const kinds[] = {"PRIMARY KEY", "UNIQUE"};

    random_column(maker, rn.name, "bigint NOT NULL", rn.value);
    random_column(maker, part.name, "integer NOT NULL", part.value);
    if (maker->partitioned_by_mark || random_dice(maker, 5) == 0)
        return;
    if (maker->partitioned)
        add_partition_key(maker);
    add_key_columns(maker, &RANDOM_PICK(maker, keys));
    text_addf(&maker->columns, ", %s (%s)", RANDOM_PICK(maker, kinds), maker->key);
}

/* ---- storage ---- */

/* The last column, so that the others are seen where a row is shown. */
void random_filler(struct random_maker *maker)
{
    static const char *const fillers[] = {
        "repeat('x', 10)", "repeat('x', 720)", "repeat(md5(i::text), (i % 5)::int * 20)",
        "CASE WHEN i % 9 = 0 THEN repeat(md5(i::text), 700) END", /* beside the table */
    };

    random_column(maker, "filler", "text", RANDOM_PICK(maker, fillers));
}

void random_unlogged(struct random_maker *maker)
{
    if (!maker->partitioned &&
        maker->links.length == 0) /* what refers to it would have to be, too */
        maker->storage = "UNLOGGED";
}

void random_room_in_pages(struct random_maker *maker)
{
    if (!maker->partitioned)
        maker->layout = "WITH (fillfactor = 30)";
}

/* Rows that were deleted and changed before, so that the pages have holes and old versions. */
void random_history(struct random_maker *maker)
{
    text_addf(&maker->after,
              "DELETE FROM %s AS t WHERE dice(%u, 'past', t.rn, 5) = 0;\n"
              "UPDATE %s AS t SET filler = 'later' WHERE dice(%u, 'past', t.rn, 5) = 1;\n",
              maker->table, maker->seed, maker->table, maker->seed);
}

/* A table that inherits from ours is another table: its rows stay, however due they look. */
void random_heir(struct random_maker *maker)
{
    if (maker->partitioned)
        return;
    maker->only = "ONLY";
    text_addf(&maker->after,
              "CREATE TABLE heir () INHERITS (%s);\n"
              "INSERT INTO heir (%s) SELECT %s FROM generate_series(500001, 500030) AS i;\n",
              maker->table, maker->names.data, maker->values.data);
    text_add(&maker->tables, " UNION ALL SELECT 'heir', rn FROM heir");
}
